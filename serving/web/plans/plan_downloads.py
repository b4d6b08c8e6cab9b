"""A plan as a file: CSV and Excel for people, and a ZIP with what `ladder monitor --plan` reads.

In the first two a text that a spreadsheet would run as a formula cannot: in CSV an apostrophe stands before it, in a
sheet it is marked as text. The ZIP is for the program, so ids stand there as they are.
"""

import csv
import io
import re
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from serving.planning.files import write_plan
from serving.planning.plan import PLAN_COLUMNS, Plan
from serving.web.lists.list_csv import safe_cell
from serving.web.visit import Visit

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""What a sheet cannot hold."""
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_SUMS = "budget spent treated held_out expected_gain gain_low gain_high claimed_gain roi horizon_days as_of".split()


def as_csv(plan: Plan) -> bytes:
    """Return the contract's columns as CSV, in UTF-8 that a spreadsheet recognises."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(PLAN_COLUMNS)
    writer.writerows([safe_cell(cell) for cell in row.values()] for row in plan.records())
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def as_sheet(plan: Plan, visit: Visit) -> bytes:
    """Return two sheets, the accounts and the plan as a whole, with headings in the reader's language."""
    book = Workbook(write_only=True)
    accounts, whole = book.create_sheet(visit.say("nav.plan")), book.create_sheet(visit.say("plan.whole"))
    level = plan.record.get("level")
    accounts.append(_cells(accounts, [_column(visit, name, level) for name in PLAN_COLUMNS]))
    for row in plan.records():
        accounts.append(_cells(accounts, [*row.values()]))
    for name in _SUMS:
        whole.append(_cells(whole, [visit.say(f"plan.sum.{name}"), plan.record[name]]))
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _column(visit: Visit, name: str, level: float | None) -> str:
    """Return a column's heading, with the level of an interval's ends where it is known."""
    heading = visit.say(f"plan.column.{name}")
    if level is None or name not in ("gain_low", "gain_high"):
        return heading
    return f"{heading} ({visit.formats.percent(level)})"


def as_program_file(plan: Plan) -> bytes:
    """Return a ZIP of the plan and its record, as `ladder plan` writes them."""
    content, name = io.BytesIO(), f"plan-{plan.record['plan_id']}.csv"
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in write_plan(plan, Path(folder) / name):
            archive.write(file, file.name)
    return content.getvalue()


def plain_text(text: str) -> str:
    """Return a text as a sheet can hold it."""
    return _CONTROL.sub(" ", text)[:32_000]


def _cells(sheet: Any, row: Sequence[object]) -> list[Any]:
    cells = []
    for value in row:
        text = isinstance(value, str)
        cell = WriteOnlyCell(sheet, plain_text(value) if isinstance(value, str) else value)
        if text:
            cell.data_type = "s"  # else what begins with = would be a formula
        cells.append(cell)
    return cells
