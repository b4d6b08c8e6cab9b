"""An accepted plan in the hands of those who carry it out: a sheet for each manager, names, progress."""

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from starlette.responses import Response

from features.errors import SettingsError
from serving.api.errors import HttpError
from serving.planning.accepted import accepted_plan
from serving.planning.plan import TREAT, Plan
from serving.store.bulk_insert import among
from serving.store.database import reading, writing
from serving.store.feedback.accepted_plans import Accepted
from serving.store.feedback.work_list import DOING, DONE, TO_DO, WORK_ITEMS
from serving.store.lookups import required_run
from serving.store.people.page_settings import LONGEST_VIEW_NAME, keep_setting, settings_of
from serving.web.lists.filters import Filters, Order, chosen
from serving.web.lists.former_customers import standing_words
from serving.web.lists.priorities import Priority, priorities_of
from serving.web.lists.work import put_on_list
from serving.web.plans.plan_downloads import plain_text
from serving.web.visit import Visit, redirect

PLAN_NAMES = "plan"
"""Kind of the setting that holds plans' names: everybody's, so of nobody."""
AT_ONCE = 500
_HEADS = "account rung action cost gain arm seen opening due note".split()
_WIDTHS = (34, 13, 24, 12, 14, 24, 48, 48, 14, 30)
_NO_TITLE = re.compile(r"[\[\]:*?/\\\x00-\x1f']")


@dataclass(frozen=True)
class Progress:
    """Of the accounts that a plan invests in.  listed : on the work list, in whatever state."""

    treated: int
    listed: int
    doing: int
    done: int


def as_hand_out(plan: Plan, visit: Visit) -> bytes:
    """Return a workbook with a sheet for each manager: names, rung, action, why, opening line, with a filter."""
    rows = plan.records()
    with reading(visit.engine) as connection:
        visit = visit.about(required_run(connection).facts)
        known = _known(connection, visit, [row["account_id"] for row in rows])
    by_owner: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        by_owner.setdefault(row["owner"] or visit.say("none.owner"), []).append(row)
    book, titles = Workbook(), set[str]()
    book.remove(book.active)
    for owner, own in sorted(by_owner.items()):
        sheet = book.create_sheet(_title(owner, titles))
        sheet.append([visit.say(f"hand_out.{head}") for head in _HEADS])
        for row in own:
            sheet.append(_cells(visit, row, known.get(row["account_id"])))
        _dress(sheet, len(own) + 1, visit)
    if not by_owner:
        book.create_sheet(visit.say("nav.plan"))
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _known(connection: sa.Connection, visit: Visit, ids: Sequence[str]) -> dict[str, Priority]:
    """Return what there is to say of these accounts, of those that still have scores and may be seen."""
    found: dict[str, Priority] = {}
    for begin in range(0, len(ids), AT_ONCE):
        some = list(ids[begin : begin + AT_ONCE])
        query = chosen(visit, Filters(), Order())
        column = next(iter(query.selected_columns))
        here = list(connection.execute(query.where(among(connection, column, some))).scalars())
        found |= {row.account_id: row for row in priorities_of(connection, here, visit)}
    return found


def _cells(visit: Visit, row: Mapping[str, Any], known: Priority | None) -> list[Any]:
    treated = row["arm"] == TREAT
    name = row["account_id"] if known is None or known.name is None else f"{known.name} ({row['account_id']})"
    work = None if known is None else known.work
    texts = (
        name,
        "" if known is None else _standing(visit, known),
        visit.option(row["investment"]) if treated else visit.say("plan.hold"),
    )
    seen = ("", "") if known is None else (known.talk.signal, known.talk.opening)
    after = ("", "") if work is None else (work.due or "", work.note or "")
    arm = visit.say("hand_out.do" if treated else "hand_out.leave")
    shown = (*texts, row["cost"] if treated else 0.0, row["expected_gain"], arm, *seen, *after)
    return [plain_text(cell) or None if isinstance(cell, str) else cell for cell in shown]


def _standing(visit: Visit, known: Priority) -> str:
    words = standing_words(visit, known.rung, known.former)
    return words if known.past is None else f"{words}: {known.past.words(visit)}"


def _dress(sheet: Any, rows: int, visit: Visit) -> None:
    """Give the sheet its formats, a filter, a fixed first row, and print it on one page's width."""
    for column, width in enumerate(_WIDTHS, 1):
        sheet.column_dimensions[get_column_letter(column)].width = width
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for line in sheet.iter_rows(min_row=2, max_row=rows):
        for cell in line:
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            if isinstance(cell.value, str):
                cell.data_type = "s"  # else what begins with = would be a formula
            elif cell.value is not None:
                cell.number_format = f'"{visit.currency}" #,##0'
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(_HEADS))}{rows}"
    sheet.freeze_panes = "B2"
    sheet.page_setup.orientation, sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = "landscape", 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True


def _title(owner: str, taken: set[str]) -> str:
    """Return a sheet's title that is none yet: at most 31 characters, without those that it may not hold."""
    plain = _NO_TITLE.sub(" ", plain_text(owner)).strip()[:28] or "-"
    title, number = plain, 1
    while title.lower() in taken:
        number += 1
        title = f"{plain[:26]} {number}"
    taken.add(title.lower())
    return title


def progress_of(connection: sa.Connection, plan: Plan) -> Progress:
    """Return how far a plan is carried out, by the work list."""
    ids = [row["account_id"] for row in plan.records() if row["arm"] == TREAT]
    item = WORK_ITEMS.c
    query = sa.select(item.status, sa.func.count()).where(among(connection, item.account_id, ids)).group_by(item.status)
    counts = {status: int(count) for status, count in connection.execute(query)}
    return Progress(len(ids), sum(counts.values()), counts.get(DOING, 0), counts.get(DONE, 0))


def plan_names(connection: sa.Connection, plans: Sequence[Accepted]) -> dict[str, str]:
    """Return the name of each plan that has one; of several of one name with its version, the oldest first."""
    names = settings_of(connection, "", PLAN_NAMES)
    found: dict[str, str] = {}
    counts: dict[str, int] = {}
    for one in reversed(plans):
        name = names.get(one.plan_id)
        if name is not None:
            counts[name] = counts.get(name, 0) + 1
            found[one.plan_id] = name if counts[name] == 1 else f"{name} ({counts[name]})"
    return found


def change(visit: Visit) -> Response:
    """Answer POST /plans/ID: give the plan a name, or put what it plans on the work list."""
    visitor = visit.visitor
    if visitor is None or not visitor.may("plan"):
        raise HttpError(403, "scope_missing", "This key may look at plans but not change one.")
    try:
        with reading(visit.engine) as connection:
            kept, plan = accepted_plan(connection, visit.tail)
    except SettingsError as error:
        raise HttpError(404, "not_found", str(error)) from None
    if "name" in visit.form:
        name = " ".join(visit.form["name"].replace("\x00", "").split())[:LONGEST_VIEW_NAME]
        with writing(visit.engine) as connection:
            keep_setting(connection, "", PLAN_NAMES, kept.plan_id, name or None)
    else:
        by_action: dict[tuple[str, str | None], list[str]] = {}
        with reading(visit.engine) as connection:
            known = _known(connection, visit, [row["account_id"] for row in plan.records()])
        for row in plan.records():
            if row["arm"] == TREAT and row["account_id"] in known and known[row["account_id"]].work is None:
                by_action.setdefault((row["investment"], row["owner"]), []).append(row["account_id"])
        for (action, owner), ids in by_action.items():
            put_on_list(visit, ids, {"status": TO_DO, "action": action} | ({"owner": owner} if owner else {}))
    return redirect(f"/plans/{kept.plan_id}")
