"""The work list: what is to be done, by whom and until when; what is done becomes feedback for the next training."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

import sqlalchemy as sa
from starlette.responses import Response

from features.errors import InvalidRequest
from features.instants import iso
from features.tables import NO_INVESTMENT
from serving.api.errors import HttpError
from serving.api.store_endpoints.feedback_parsing import read_event
from serving.scoring.advice.advice import INVEST, TEST
from serving.store.audit_log import CHANGES
from serving.store.bulk_insert import among
from serving.store.database import reading, writing
from serving.store.feedback.feedback import FAILED, file_feedback
from serving.store.feedback.feedback_events import INVESTMENT, OUTCOME, SWITCHED, FeedbackEvent, RejectedEvent
from serving.store.feedback.work_list import (
    DONE,
    OUTCOMES,
    STATUSES,
    WHAT,
    WORK_ITEMS,
    WorkItem,
    change_work,
    read_item,
)
from serving.store.lookups import required_run
from serving.store.people.page_settings import LONGEST_VIEW_NAME, MINE, VIEW, keep_setting, settings_of
from serving.store.people.visibility import is_limited
from serving.store.scores.scoring_runs import ACCOUNTS, INVESTMENT_SCORES, SCORES, Current
from serving.web.lists.filters import OPEN_WORK, page_of, work_is_open
from serving.web.lists.former_customers import standing_words
from serving.web.lists.priorities import owners_of
from serving.web.visit import Visit, own_path, redirect, render

ROWS = 100
FIELDS = ("status", "owner", "due", "snoozed_until", "action", "note", "outcome")
MOST_HISTORY = 20


@dataclass(frozen=True)
class WorkRow:
    """An entry with its account's name and where it stands, in words.  late : whether it should have been done."""

    item: WorkItem
    name: str | None
    standing: str
    late: bool


def show(visit: Visit) -> Response:
    """Answer GET /work."""
    return _page(visit, 200, None)


def change(visit: Visit) -> Response:
    """Answer POST /work: change the entries of the accounts that were picked.

    form : FIELDS, where empty ones stay as they are; `back`, where to go afterwards.
    """
    visitor = visit.visitor
    if visitor is None or not visitor.may("feedback"):
        raise HttpError(403, "scope_missing", "This key may look but not change the work list.")
    if not visit.picked:
        return _page(visit, 422, visit.say("work.wrong.none"))
    try:
        put_on_list(visit, visit.picked, {name: visit.form[name].strip() for name in FIELDS if visit.form.get(name)})
    except InvalidRequest as error:
        return _page(visit, 422, visit.say(f"work.wrong.{error.field}") if error.field in FIELDS else str(error))
    return redirect(own_path(visit.form.get("back", "/work")))


def put_on_list(visit: Visit, ids: Sequence[str], changes: Mapping[str, str]) -> None:
    """Change the entries of these accounts and file what is done as feedback: all of it, or nothing.

    Raises InvalidRequest where a value is none.
    """
    assert visit.visitor is not None
    author, given = visit.visitor.author, dict(changes)
    given.setdefault("status", STATUSES[0])
    if is_limited(visit.engine):  # who writes sees all
        with reading(visit.engine) as connection:
            seen = among(connection, ACCOUNTS.c.account_id, list(ids))
            known = set(connection.execute(sa.select(ACCOUNTS.c.account_id).where(seen)).scalars())
        if not set(ids) <= known:
            raise InvalidRequest("There is no such account.", "not_known", "account_id")
    with writing(visit.engine) as connection:
        current = required_run(connection)
        if given.get("action") not in (None, *current.options):
            raise InvalidRequest("There is no such investment.", "unknown_value", "action")
        made = change_work(connection, ids, given, author, visit.now, begun=_advised(connection, ids, visit.today))
        done = [new for old, new in made if new.status == DONE and old.status != DONE]
        events = [event for item in done for event in _feedback(connection, visit, current, item)]
        for receipt in file_feedback(connection, events, author, visit.now):
            if receipt.status == FAILED and receipt.error is not None:
                raise InvalidRequest(receipt.error.message, receipt.error.code, receipt.error.field)


def _advised(connection: sa.Connection, ids: Sequence[str], today: str) -> dict[str, dict[str, str | None]]:
    """Return what each account is advised: the investment, if any, and the day by which to act, unless it is past."""
    score = SCORES.c
    query = sa.select(score.account_id, score.recommended_investment, score.advice, score.act_by)
    found: dict[str, dict[str, str | None]] = {}
    for row in connection.execute(query.where(among(connection, score.account_id, list(ids)))):
        pays = row.advice in (INVEST, TEST) and row.recommended_investment != NO_INVESTMENT
        found[row.account_id] = {
            "action": row.recommended_investment if pays else None,
            "due": row.act_by if row.act_by and row.act_by >= today else None,
        }
    return found


def _feedback(
    connection: sa.Connection, visit: Visit, current: Current, item: WorkItem
) -> list[FeedbackEvent | RejectedEvent]:
    """Return what the next training has to know of an entry that is done: the investment made, the account lost."""
    found: list[dict[str, object]] = []
    at, own = iso(visit.now), f"work-{visit.now}-{item.account_id}"[:190]
    if item.action is not None and item.action != NO_INVESTMENT:
        cell = INVESTMENT_SCORES.c
        same = (cell.account_id == item.account_id) & (cell.investment == item.action)
        cost = connection.execute(sa.select(cell.cost).where(same)).scalar()
        event = {"event_id": f"{own}-i", INVESTMENT: item.action, "made_at": at, "assignment": "chosen"}
        found.append(event | ({} if cost is None else {"cost": cost}))
    if item.outcome == "lost":
        found.append({"event_id": f"{own}-o", OUTCOME: SWITCHED, "switched_at": at})
    return [read_event({"account_id": item.account_id, **one}, visit.now, current.options) for one in found]


def _page(visit: Visit, status: int, refused: str | None) -> Response:
    with reading(visit.engine) as connection:
        current = required_run(connection)
        visit = visit.about(current.facts)
        mine = settings_of(connection, visit.person, MINE).get("owner")
        owner = visit.query.get("owner", mine or "")
        wanted = visit.query.get("status", OPEN_WORK)
        wanted = wanted if wanted in STATUSES else OPEN_WORK
        page, item = page_of(visit.query), WORK_ITEMS.c
        where = [work_is_open(visit.now) if wanted == OPEN_WORK else item.status == wanted]
        where += [sa.func.coalesce(item.owner, ACCOUNTS.c.owner) == owner] if owner else []
        tables = WORK_ITEMS.join(SCORES, SCORES.c.account_id == item.account_id).outerjoin(
            ACCOUNTS, ACCOUNTS.c.account_id == item.account_id
        )
        count = connection.execute(sa.select(sa.func.count()).select_from(tables).where(*where)).scalar_one()
        query = (
            sa.select(WORK_ITEMS, ACCOUNTS.c.name, SCORES.c.rung, SCORES.c.former, ACCOUNTS.c.owner.label("of"))
            .select_from(tables).where(*where)
            .order_by(sa.nulls_last(item.due), item.changed_at.desc(), item.account_id)
            .limit(ROWS).offset(ROWS * (page - 1))
        )  # fmt: skip
        rows = [_row(visit, row) for row in connection.execute(query)]
        owners = owners_of(connection, current, visit.engine)
    return render(
        visit, "work.html", status, rows=rows, refused=refused, wanted=wanted, owner=owner, owners=owners,
        current=current, count=count, page=page, pages=max(1, -(-count // ROWS)), outcomes=OUTCOMES,
        options=[one for one in current.options if one != NO_INVESTMENT], form=visit.form, picked=set(visit.picked),
        back=own_path(visit.form.get("back", "/work")),
    )  # fmt: skip


def _row(visit: Visit, row: Any) -> WorkRow:
    item = read_item(row)
    late = item.due is not None and item.due < visit.today and item.status != DONE
    return WorkRow(item, row.name, standing_words(visit, row.rung, row.former), late)


@dataclass(frozen=True)
class WorkChange:
    """One change of an entry, as the history lists it."""

    at: Any
    who: str
    what: str


def history_of(connection: sa.Connection, visit: Visit, account: str) -> list[WorkChange]:
    """Return the changes of an account's entry, latest first."""
    query = (
        CHANGES.select()
        .where(CHANGES.c.about == account, CHANGES.c.what == WHAT)
        .order_by(CHANGES.c.seq.desc())
        .limit(MOST_HISTORY)
    )
    found = []
    for row in connection.execute(query):
        told = [f"{visit.say(f'work.{name}')}: {_words(visit, name, value)}" for name, value in
                json.loads(row.detail).items() if name in FIELDS]  # fmt: skip
        found.append(WorkChange(row.at, row.who or visit.say("site.open"), "; ".join(told)))
    return found


def _words(visit: Visit, name: str, value: str | None) -> str:
    if value is None:
        return "–"
    if name in ("status", "outcome"):
        return visit.say(f"work.{name}.{value}")
    if name in ("due", "snoozed_until"):
        return visit.formats.date(value)
    return visit.option(value) if name == "action" else value


def keep_view(visit: Visit) -> Response:
    """Answer POST /views: save the list as it is filtered, sorted and laid out under a name, or forget one."""
    name = " ".join(visit.form.get("forget", visit.form.get("name", "")).replace("\x00", "").split())
    query = urlencode([pair for pair in parse_qsl(visit.form.get("query", "")) if pair[0] not in ("page", "language")])
    if not name or len(name) > LONGEST_VIEW_NAME:
        raise HttpError(422, "no_name", visit.say("priorities.views.wrong"))
    with writing(visit.engine) as connection:
        keep_setting(connection, visit.person, VIEW, name, None if "forget" in visit.form else query[:2_000])
    return redirect("/accounts" if "forget" in visit.form or not query else f"/accounts?{query}")
