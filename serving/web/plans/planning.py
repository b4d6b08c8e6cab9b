"""What a budget buys: the plan made, explained, downloaded, accepted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from starlette.datastructures import QueryParams
from starlette.responses import Response

from features.errors import SettingsError
from features.finite import finite_or_none
from features.tables import BONDS, NO_INVESTMENT, RUNGS
from serving.api.errors import HttpError
from serving.planning.accepted import accept_plan, accepted_plan
from serving.planning.arms import Draw
from serving.planning.plan import TREAT, Allowance, Plan
from serving.planning.plan_findings import claim, plan_findings
from serving.planning.planner import PlanQuery
from serving.store.audit_log import Entry, record
from serving.store.database import reading, writing
from serving.store.feedback.accepted_plans import accepted_plans
from serving.store.feedback.verdicts import Verdict, plan_verdicts
from serving.store.lookups import required_run
from serving.store.scores.scoring_runs import ACCOUNTS, SCORES
from serving.web.amounts import read_number
from serving.web.charts.charts import break_even, interval
from serving.web.lists.filters import Filters, Order, chosen, filters_of, forgiving, page_of
from serving.web.lists.former_customers import standing_words
from serving.web.lists.priorities import chips_of, choices_of
from serving.web.plans.hand_out import as_hand_out, plan_names, progress_of
from serving.web.plans.plan_downloads import SHEET, as_csv, as_program_file, as_sheet
from serving.web.ttl_cache import TTLCache
from serving.web.visit import Visit, download, redirect, render
from training.model.findings import Finding, from_json

ROWS = 100
HOURS, SOCIAL = "hours_", "social"
"""How the fields begin that tell how many visits or hours an option takes."""
"""Accounts of a plan on a page."""
USUAL_BUDGET, USUAL_HOLDOUT = 20_000.0, 0.1
MOST_MONEY = 1e15
MOST_SLIDER = 100_000
"""To the right of the slider, unless all that pays costs more."""
LIMITS = ("owner_budget", "owner_hours", "group_budget", *(f"{bond}_budget" for bond in BONDS))
"""Fields of what a plan keeps to beside the budget: money and visits or hours of each account manager, money of each
group of companies, money of all options of a bond."""
IN_THE_SUMS = frozenset(
    "plan_treated plan_empty plan_gain plan_gain_open plan_interval plan_claim plan_unclaimed".split()
)
"""Codes of findings that the page shows as figures."""
_made: TTLCache[Plan] = TTLCache(most=4)


@dataclass(frozen=True)
class PlanForm:
    """The form as it was filled in.  budget, holdout, explore, limits : texts as typed.  query : None where it is no
    plan.

    limits : field -> text, see LIMITS.  hours : option -> visits or hours that it takes, as typed.
    wrong : names of the fields that cannot be read.
    """

    budget: str
    holdout: str
    explore: str
    limits: Mapping[str, str]
    hours: Mapping[str, str]
    query: PlanQuery | None
    wrong: tuple[str, ...] = ()


@dataclass(frozen=True)
class PlanRow:
    """An account on the plan as it is shown."""

    account_id: str
    name: str | None
    owner: str | None
    standing: str
    investment: str
    cost: float
    gain: float
    gain_low: float | None
    gain_high: float | None
    roi: float | None
    treated: bool
    advice: str | None
    instead_of: str | None
    why: str | None


def show(visit: Visit) -> Response:
    """Answer GET /plan: the form, and the plan where there is a budget."""
    form = _asked(visit, visit.query)
    plan = None if form.query is None else _plan(visit, form.query)
    return _shown(visit, form, plan, None)


def download_csv(visit: Visit) -> Response:
    """Answer GET /plan.csv."""
    plan = _wanted(visit, visit.query)
    return download(as_csv(plan), "text/csv; charset=utf-8", f"plan-{plan.record['plan_id']}.csv")


def download_sheet(visit: Visit) -> Response:
    """Answer GET /plan.xlsx."""
    plan = _wanted(visit, visit.query)
    return download(as_sheet(plan, visit), SHEET, f"plan-{plan.record['plan_id']}.xlsx")


def accept(visit: Visit) -> Response:
    """Answer POST /plans: keep the plan that was shown.

    form : `asked`, the query that the plan was made from, and `plan_id`, so that no other plan than the one seen is
        accepted.
    """
    visitor = visit.visitor
    if visitor is None or not visitor.may("plan"):
        raise HttpError(403, "scope_missing", "This key may look at plans but not accept one: it lacks the scope plan.")
    plan = _wanted(visit, QueryParams(visit.form.get("asked", "")))
    plan_id = plan.record["plan_id"]
    if plan_id != visit.form.get("plan_id"):
        raise HttpError(409, "plan_changed", "The scores or a decision changed since the plan was shown. Look again.")
    with writing(visit.engine) as connection:
        if accept_plan(connection, plan, visit.now, visitor.name):
            sums = {name: plan.record[name] for name in ("budget", "spent", "treated", "held_out", "expected_gain")}
            record(connection, visit.now, visitor.author, [Entry("plan accepted", plan_id, sums)])
    return redirect(f"/plans/{plan_id}?accepted=1")


def show_accepted(visit: Visit) -> Response:
    """Answer GET /plans/ID with an accepted plan; /plans/ID.csv, .xlsx and .zip with a file."""
    plan_id, _, form = visit.tail.partition(".")
    try:
        with reading(visit.engine) as connection:
            kept, plan = accepted_plan(connection, plan_id)
    except SettingsError as error:
        raise HttpError(404, "not_found", str(error)) from None
    name = f"plan-{kept.plan_id}.{form}"
    if form == "csv":
        return download(as_csv(plan), "text/csv; charset=utf-8", name)
    if form == "xlsx":
        return download(as_sheet(plan, visit), SHEET, name)
    if form == "handout":
        return download(as_hand_out(plan, visit), SHEET, f"plan-{kept.plan_id}-hand-out.xlsx")
    if form == "zip":
        return download(as_program_file(plan), "application/zip", name)
    if form:
        raise HttpError(404, "not_found", "A plan comes as csv, xlsx or zip.")
    return _shown(visit, form_of(visit.query), plan, kept)


def form_of(query: QueryParams, accounts: frozenset[str] | None = None) -> PlanForm:
    """Return the form's fields, in either language's numbers; shares in percent.

    accounts : that the filters of a list let through; None = all.
    """
    budget, holdout, explore = (_typed(query, name) for name in ("budget", "holdout", "explore"))
    limits = {name: _typed(query, name) for name in LIMITS}
    money, most = _amount(budget), {name: _amount(text) for name, text in limits.items()}
    held, explored = _share(holdout, USUAL_HOLDOUT), _share(explore, 0.0)
    wrong = [name for name, share in (("holdout", held), ("explore", explored)) if share is None]
    hours = {name.removeprefix(HOURS): text.strip()[:10] for name, text in query.items() if name.startswith(HOURS)}
    taken = {option: amount for option, text in hours.items() if (amount := _amount(text)) is not None}
    typed = [(text, most[name]) for name, text in limits.items()] + [(hours[one], taken.get(one)) for one in hours]
    wrong += ["limits"] if any(text and amount is None for text, amount in typed) else []
    wrong += ["hours"] if limits["owner_hours"] and not any(taken.values()) and not wrong else []
    if budget and money is None:
        wrong.append("budget")
    wanted = None
    if money is not None and held is not None and explored is not None and not wrong:
        bonds = {bond: limit for bond in BONDS if (limit := most[f"{bond}_budget"]) is not None}
        wanted = PlanQuery(
            Allowance(
                money,
                most["owner_budget"],
                bonds,
                taken,
                owner_hours=most["owner_hours"],
                group_budget=most["group_budget"],
            ),
            Draw(held, explored),
            on="low" if query.get("on") == "low" else "expected",
            owner=query.get("owner") or None,
            rungs=tuple(rung for rung in dict.fromkeys(query.getlist("rung")) if rung in RUNGS) or None,
            investments=tuple(name[:200] for name in dict.fromkeys(query.getlist("investment")) if name) or None,
            accounts=accounts,
        )
    return PlanForm(
        budget=budget, holdout=holdout, explore=explore, limits=limits, hours=hours, query=wanted, wrong=tuple(wrong)
    )


def _typed(query: QueryParams, name: str) -> str:
    return query.get(name, "").strip()[:30]


def _amount(text: str) -> float | None:
    """Return money as typed; None where there is none, or none that can be read."""
    money = read_number(text) if text else None
    return money if money is not None and 0 <= money <= MOST_MONEY else None


def _share(text: str, usual: float) -> float | None:
    """Return a percentage as typed as a share; None where it is none or more than half."""
    if not text:
        return usual
    percent = read_number(text.rstrip("% \u00a0"))
    return percent / 100 if percent is not None and 0 <= percent <= 50 else None


def list_filters(query: QueryParams) -> Filters:
    """Return the filters of a list that came along, besides what the form itself asks: owner and rungs."""
    return replace(filters_of(query), owner=None, rung=None)


def _without_groups(visit: Visit, query: QueryParams) -> QueryParams:
    """Return the query without a limit for groups where no account belongs to one: the form does not ask for it."""
    if not query.get("group_budget") or visit.planner.read(visit.engine, visit.now)[0].menu.group is not None:
        return query
    return QueryParams([(name, value) for name, value in query.multi_items() if name != "group_budget"])


def _with_visits(visit: Visit, query: QueryParams) -> QueryParams:
    """Return the query where it limits visits and does not say what takes how many: each social action takes one."""
    named = any(name.startswith(HOURS) and text.strip() for name, text in query.multi_items())
    if not query.get("owner_hours") or named:
        return query
    menu = visit.planner.read(visit.engine, visit.now)[0].menu
    social = [option for option, bond in zip(menu.options, menu.bonds, strict=True) if bond == SOCIAL]
    asked = [(name, text) for name, text in query.multi_items() if not name.startswith(HOURS)]
    return QueryParams([*asked, *((f"{HOURS}{option}", "1") for option in social)])


def _asked(visit: Visit, query: QueryParams) -> PlanForm:
    """Return the form, for the accounts that the filters of the list let through."""
    filters, query = list_filters(query), _with_visits(visit, _without_groups(visit, query))
    if not filters.active:
        return form_of(query)
    with reading(visit.engine) as connection:
        visit = visit.about(required_run(connection).facts)
        filters = forgiving(connection, visit, filters)
        ids = frozenset(connection.execute(chosen(visit, filters, Order())).scalars())
    return form_of(query, ids)


def _wanted(visit: Visit, query: QueryParams) -> Plan:
    wanted = _asked(visit, query).query
    if wanted is None:
        raise HttpError(422, "no_budget", "Give a budget.", "budget")
    return _plan(visit, wanted)


def _plan(visit: Visit, query: PlanQuery) -> Plan:
    """Return the plan, kept for a minute: leafing through it and downloading it make it once."""
    options, wishes = visit.planner.read(visit.engine, visit.now)
    key = (str(visit.engine.url), options.run_id, tuple(sorted(wishes.items())), repr(query))
    return _made.get(key, lambda: visit.planner.make(visit.engine, query, visit.now))


def _shown(visit: Visit, form: PlanForm, plan: Plan | None, kept: Any) -> Response:
    page_number = page_of(visit.query)
    with reading(visit.engine) as connection:
        current = required_run(connection)
        rows = [] if plan is None else _rows(connection, visit, plan, page_number)
        names = {} if plan is None else _named(connection, plan.record)
        choices = choices_of(connection, current, visit.engine)
        plans, judged = accepted_plans(connection), plan_verdicts(connection)
        plan_named, progress = (
            plan_names(connection, plans),
            None if kept is None or plan is None else progress_of(connection, plan),
        )
    visit, level = visit.about(current.facts), current.facts.level if plan is None else plan.record.get("level")
    least = min((row.gain_low for row in rows if row.gain_low is not None), default=0.0)
    most = max((row.gain_high for row in rows if row.gain_high is not None), default=0.0)

    def drawn(row: PlanRow) -> object:
        told = visit.between(row.gain_low, row.gain_high, level)
        return interval(row.gain, row.gain_low, row.gain_high, least=least, most=most, told=told)

    count = 0 if plan is None else len(plan.rows)
    return render(
        visit, "plan.html", asked=form, plan=plan, record=None if plan is None else plan.record, rows=rows, kept=kept,
        claim=None if plan is None else claim(plan.record), plans=plans,
        plan_named=plan_named, progress=progress, beside=plans[0] if plans and kept is None else None,
        hours=form.hours, judged=judged, brought=_brought(judged, kept), current=current, choices=choices, drawn=drawn,
        told=[] if plan is None else [visit.tell(one, names) for one in _below_the_sums(plan)], page=page_number,
        pages=max(1, -(-count // ROWS)), options=[o for o in current.options if o != NO_INVESTMENT],
        picture=None if plan is None else _picture(visit, plan.record), chosen_rungs=visit.query.getlist("rung"),
        chosen_options=visit.query.getlist("investment"), slider=MOST_SLIDER, usual_budget=USUAL_BUDGET,
        filters=list_filters(visit.query), chips=chips_of(visit, list_filters(visit.query), choices.groups),
        may_accept=visit.visitor is not None and visit.visitor.may("plan"),
        accepted_ids={one.plan_id for one in plans}, first=ROWS * (page_number - 1) + 1,
    )  # fmt: skip


def _brought(judged: Mapping[str, Verdict], kept: Any) -> Sequence[Finding]:
    """Return what became of an accepted plan, as far as `ladder monitor` has judged it."""
    verdict = None if kept is None else judged.get(kept.plan_id)
    return () if verdict is None else from_json(verdict.figures.get("findings", []))


def _below_the_sums(plan: Plan) -> list[Finding]:
    """Return what a plan says, without what stands in its sums."""
    return [finding for finding in plan_findings(plan.record) if finding.code not in IN_THE_SUMS]


def _rows(connection: sa.Connection, visit: Visit, plan: Plan, page: int) -> list[PlanRow]:
    piece = plan.records(ROWS * (page - 1), ROWS * page)
    known = _known(connection, [row["account_id"] for row in piece])
    rows = []
    for row in piece:
        name, rung, former = known.get(row["account_id"], (None, None, None))
        rows.append(
            PlanRow(
                account_id=row["account_id"],
                name=name,
                owner=row["owner"],
                standing=standing_words(visit, rung, former),
                investment=row["investment"],
                cost=row["cost"],
                gain=row["expected_gain"],
                gain_low=row["gain_low"],
                gain_high=row["gain_high"],
                roi=row["roi"],
                treated=row["arm"] == TREAT,
                advice=row["advice"],
                instead_of=row["instead_of"],
                why=row["why"],
            )
        )
    return rows


def _named(connection: sa.Connection, told: Mapping[str, Any]) -> dict[str, str]:
    """Return names of the accounts that the record speaks of."""
    ids = [one["account_id"] for one in told["next_money"]["first"]]
    if told["first_to_go"] is not None:
        ids.append(told["first_to_go"]["account_id"])
    return {account: name for account, (name, *_) in _known(connection, ids).items() if name}


def _known(connection: sa.Connection, ids: Sequence[str]) -> dict[str, tuple[str | None, str | None, bool | None]]:
    """Return name, rung and whether it is a former customer of each account that there still is."""
    joined = SCORES.outerjoin(ACCOUNTS, SCORES.c.account_id == ACCOUNTS.c.account_id)
    query = sa.select(SCORES.c.account_id, ACCOUNTS.c.name, SCORES.c.rung, SCORES.c.former).select_from(joined)
    rows = connection.execute(query.where(SCORES.c.account_id.in_(ids)))
    return {row.account_id: (row.name, row.rung, row.former) for row in rows}


def _picture(visit: Visit, told: Mapping[str, Any]) -> object:
    """Return what the plan costs beside the extra margin that it should bring."""
    spent, money = told["spent"], visit.formats.money
    margin, low, high = (
        None if finite_or_none(told[name]) is None else told[name] + spent
        for name in ("expected_gain", "gain_low", "gain_high")
    )
    words = visit.say("plan.picture", spent=money(spent), margin=money(margin), low=money(low), high=money(high))
    labels = (visit.say("plan.picture.spent"), visit.say("plan.picture.margin"))
    return break_even(
        spent, margin, low=low, high=high, amounts=(money(spent), money(margin)), labels=labels, told=words
    )
