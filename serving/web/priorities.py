"""Whom to invest in first: the accounts of the last scoring run, ranked, filtered, a page at a time."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

import sqlalchemy as sa
from starlette.responses import Response

from features.spreadsheets import plain
from features.tables import NO_INVESTMENT
from serving.scoring.score_columns import ADVICE
from serving.scoring.scoring import INSUFFICIENT
from serving.store.database import reading
from serving.store.lookups import required_run
from serving.store.overrides import overrides_of
from serving.store.scoring_runs import ACCOUNTS, INVESTMENT_SCORES, SCORES, Current
from serving.web.charts import interval
from serving.web.filters import (
    ALONE,
    PAYS,
    SORTS,
    STATES,
    UNKNOWN,
    Filters,
    chosen,
    conditions,
    filters_of,
    order_of,
    source,
    state_is,
)
from serving.web.ttl_cache import TTLCache
from serving.web.visit import Visit, account_url, download, redirect, render
from training.model.text.words import render_reasons

ROWS = 50
"""Accounts on a page."""
MOST_CHOICES = 500
"""Owners, countries or industries in a list of choices."""
IDS_AT_ONCE = 1_000
_totals: TTLCache["Totals"] = TTLCache()
_choices: TTLCache["Choices"] = TTLCache()


@dataclass(frozen=True)
class Priority:
    """One account as the list shows it.

    state : one of STATES.  advice : None in scores that release 0.2 wrote.
    best_gain : where nothing pays, what the best option is expected to bring, below nought.
    wanted : what a manager wants instead of the recommendation, with who and why.
    """

    account_id: str
    name: str | None
    owner: str | None
    rung: str
    next_rung: str
    p_upgrade: float | None
    p_downgrade: float | None
    p_switch: float | None
    trigger: str | None
    state: str
    advice: str | None
    investment: str | None
    bond: str | None
    cost: float | None
    gain: float | None
    gain_low: float | None
    gain_high: float | None
    roi: float | None
    reasons: tuple[str, ...]
    best_option: str | None
    best_gain: float | None
    wanted: str | None
    wanted_by: str | None
    wanted_why: str | None


@dataclass(frozen=True)
class Totals:
    """Of all accounts that a filter lets through.  cost, gain : of the recommended options together."""

    accounts: int
    states: Mapping[str, int]
    cost: float
    gain: float


@dataclass(frozen=True)
class Choices:
    """What there is to filter by."""

    owners: Sequence[str]
    countries: Sequence[str]
    industries: Sequence[str]


def show(visit: Visit) -> Response:
    """Answer GET / with the list; a search for an id leads to the account itself."""
    asked, order = filters_of(visit.query), order_of(visit.query)
    with reading(visit.engine) as connection:
        current = required_run(connection)
        found = visit.query.get("find", "").strip().replace("\x00", "")
        if found:
            if connection.execute(sa.select(SCORES.c.account_id).where(SCORES.c.account_id == found)).first():
                return redirect(account_url(found))
            return redirect(visit.here(find=None, q=found))
        query = chosen(asked, order).limit(ROWS).offset(ROWS * (order.page - 1))
        ids = list(connection.execute(query).scalars())
        rows = priorities_of(connection, ids, visit.now, visit.language)
        totals = totals_of(connection, current, asked, visit.engine)
        choices = choices_of(connection, current, visit.engine)
    visit = visit.about(current.facts)
    least = min((row.gain_low for row in rows if row.gain_low is not None), default=0.0)
    most = max((row.gain_high for row in rows if row.gain_high is not None), default=0.0)

    def drawn(row: Priority) -> object:
        told = visit.between(row.gain_low, row.gain_high, current.facts.level)
        return interval(row.gain, row.gain_low, row.gain_high, least=least, most=most, told=told)

    pages = max(1, -(-totals.accounts // ROWS))
    return render(
        visit, "priorities.html", rows=rows, totals=totals, asked=asked, order=order, choices=choices,
        current=current, pages=pages, first=ROWS * (order.page - 1) + 1, drawn=drawn,
        states=STATES, advices=ADVICE, sorts=SORTS, plan_url=_plan_url(asked),
    )  # fmt: skip


def download_list(visit: Visit) -> Response:
    """Answer GET /accounts.csv: all accounts that pass the filter, in the list's order."""
    asked, order = filters_of(visit.query), order_of(visit.query)
    with reading(visit.engine) as connection:
        required_run(connection)
        ids = list(connection.execute(chosen(asked, order)).scalars())
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\r\n")
        writer.writerow(CSV_COLUMNS)
        for begin in range(0, len(ids), IDS_AT_ONCE):
            for row in priorities_of(connection, ids[begin : begin + IDS_AT_ONCE], visit.now, visit.language):
                writer.writerow(_csv_row(row))
    return download(b"\xef\xbb\xbf" + text.getvalue().encode(), "text/csv; charset=utf-8", "accounts.csv")


def _plan_url(asked: Filters) -> str:
    """Return the plan for the part of the accounts that a plan can be made for: an owner's, a rung's."""
    part = {name: value for name, value in (("owner", asked.owner), ("rung", asked.rung)) if value}
    return f"/plan?{urlencode(part)}" if part else "/plan"


CSV_COLUMNS = (
    "account_id name owner rung next_rung p_upgrade p_downgrade p_switch switch_trigger state advice "
    "recommended_investment bond cost expected_gain gain_low gain_high roi reason"
).split()


def _csv_row(row: Priority) -> list[object]:
    """Return a cell for a spreadsheet, a formula escaped as in `serving.integrations.exports`."""
    cells = (
        row.account_id, row.name, row.owner, row.rung, row.next_rung, row.p_upgrade, row.p_downgrade, row.p_switch,
        row.trigger, row.state, row.advice, row.investment, row.bond, row.cost, row.gain, row.gain_low, row.gain_high,
        row.roi, row.reasons[0] if row.reasons else None,
    )  # fmt: skip
    return [safe_cell(cell) for cell in cells]


def safe_cell(cell: object) -> object:
    """Return a cell that no spreadsheet runs as a formula."""
    return plain(cell) if isinstance(cell, str) else "" if cell is None else cell


def priorities_of(connection: sa.Connection, ids: Sequence[str], now: int, language: str) -> list[Priority]:
    """Return these accounts, in this order.  now : microseconds; decisions that ended before it are over.

    language : of the reasons.
    """
    score, account, option = SCORES.c, ACCOUNTS.c, INVESTMENT_SCORES.c
    query = (
        sa.select(
            score.account_id, account.name, account.owner, score.rung, score.next_rung, score.p_upgrade,
            score.p_downgrade, score.p_switch, score.switch_trigger, score.recommended_investment, option.bond,
            option.cost, score.expected_gain, option.gain_low, option.gain_high, score.roi, score.reasons, score.advice,
        )
        .select_from(source(True, True))
        .where(score.account_id.in_(ids))
    )  # fmt: skip
    found = {row.account_id: row for row in connection.execute(query)}
    idle = [a for a in ids if _pays_nothing(found[a].recommended_investment)]
    best = _best_options(connection, idle)
    standing = overrides_of(connection, ids, now)
    rows = []
    for one in ids:
        row = found[one]
        pays = not _pays_nothing(row.recommended_investment)
        decision = standing[one].decisions.get("recommended_investment") if one in standing else None
        best_option, best_gain = best.get(one, (None, None))
        rows.append(
            Priority(
                account_id=one,
                name=row.name,
                owner=row.owner,
                rung=row.rung,
                next_rung=row.next_rung,
                p_upgrade=row.p_upgrade,
                p_downgrade=row.p_downgrade,
                p_switch=row.p_switch,
                trigger=row.switch_trigger,
                state=PAYS if pays else UNKNOWN if best_option is None else ALONE,
                advice=row.advice,
                investment=row.recommended_investment if pays else None,
                bond=row.bond if pays else None,
                cost=row.cost if pays else None,
                gain=row.expected_gain if pays else None,
                gain_low=row.gain_low if pays else None,
                gain_high=row.gain_high if pays else None,
                roi=row.roi if pays else None,
                reasons=tuple(render_reasons(row.reasons, language)),
                best_option=best_option,
                best_gain=best_gain,
                wanted=None if decision is None else str(decision.value),
                wanted_by=None if decision is None else decision.made_by,
                wanted_why=None if decision is None else decision.reason,
            )
        )
    return rows


def totals_of(connection: sa.Connection, current: Current, asked: Filters, engine: sa.Engine) -> Totals:
    """Return counts and sums of all accounts that pass the filter; kept for a minute."""
    return _totals.get((str(engine.url), current.run_id, asked), lambda: _count(connection, asked))


def _count(connection: sa.Connection, asked: Filters) -> Totals:
    """Count and sum in one query; an option's cost is its gain over its ROI, so its row is not read."""
    where, of_account, of_option = conditions(asked)
    score, tables = SCORES.c, source(of_account, of_option)
    pays = sa.case((state_is(PAYS), 1), else_=0)
    gain = sa.func.sum(sa.case((state_is(PAYS), score.expected_gain), else_=0.0))
    cost = sa.func.sum(sa.case((score.roi > 0, score.expected_gain / score.roi), else_=0.0))
    row = connection.execute(
        sa.select(sa.func.count(), sa.func.sum(pays), gain, cost).select_from(tables).where(*where)
    ).one()
    n, paying = int(row[0]), int(row[1] or 0)
    alone = 0
    if asked.state is not None:
        alone = n if asked.state == ALONE else 0
    elif n > paying:
        query = sa.select(sa.func.count()).select_from(tables).where(*where, state_is(ALONE))
        alone = int(connection.execute(query).scalar_one())
    states = {PAYS: paying, ALONE: alone, UNKNOWN: n - paying - alone}
    return Totals(n, states, float(row[3] or 0.0), float(row[2] or 0.0))


def _best_options(connection: sa.Connection, ids: Sequence[str]) -> dict[str, tuple[str, float]]:
    """Return each account's option of highest expected gain among those whose effect is known."""
    option = INVESTMENT_SCORES.c
    query = sa.select(option.account_id, option.investment, option.gain).where(
        option.account_id.in_(ids), option.basis != INSUFFICIENT, option.gain.is_not(None)
    )
    best: dict[str, tuple[str, float]] = {}
    for account, name, gain in connection.execute(query):
        if account not in best or gain > best[account][1]:
            best[account] = (name, gain)
    return best


def choices_of(connection: sa.Connection, current: Current, engine: sa.Engine) -> Choices:
    """Return what there is to filter by; kept for a minute."""
    return _choices.get((str(engine.url), current.run_id), lambda: _read_choices(connection))


def _read_choices(connection: sa.Connection) -> Choices:
    def distinct(name: str) -> list[str]:
        column = ACCOUNTS.c[name]
        query = sa.select(column).where(column.is_not(None), column != "").distinct().order_by(column)
        return list(connection.execute(query.limit(MOST_CHOICES)).scalars())

    return Choices(distinct("owner"), distinct("country"), distinct("industry"))


def _pays_nothing(recommended: str | None) -> bool:
    return recommended is None or recommended == NO_INVESTMENT
