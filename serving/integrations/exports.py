"""Scores as CSV files that a CRM's importer takes as they are: UTF-8, commas, one heading line, split where too large.

People open such files in spreadsheets before they import them, and a spreadsheet runs some texts as formulas: they get
an apostrophe (`features.spreadsheets`). An id cannot: the import would take it for another
account's, so an account with such an id, or with a line end in it, is left out and counted.
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import sqlalchemy as sa

from features.atomic_write import write_whole
from features.errors import SettingsError
from features.finite import known_cells
from features.spreadsheets import plain
from serving.integrations.crm import CRMS, FIELDS, Crm, Field, Form
from serving.store.database import moment, reading
from serving.store.feedback.export_marks import exported_run
from serving.store.lookups import required_run
from serving.store.scores.gone_accounts import gone_since
from serving.store.scores.scoring_runs import SCORES
from training.model.text.words import DEFAULT_LANGUAGE, render_reasons

LONGEST_REASONS = 10_000
"""Characters: what the smallest of the long texts holds."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
"""Line ends and the like: not every importer reads them within a cell."""
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")


@dataclass(frozen=True)
class Exported:
    """files : written, in order.  left_out : accounts whose id a spreadsheet would run or an importer misread."""

    files: tuple[Path, ...]
    accounts: int
    left_out: int


def export(scores: pd.DataFrame, crm: str, out: Path, language: str = DEFAULT_LANGUAGE) -> Exported:
    """Write the scores for that CRM: FILE.csv, or FILE-1.csv, FILE-2.csv, ... where one would be too large.

    scores : columns as the contract's; those that FIELDS names.
    language : of the reasons; a file's are sentences already, in the language that they were written in.

    Raises
    ------
    SettingsError
        If the CRM is unknown or the file's name does not end in .csv.
    """
    if crm not in CRMS:
        raise SettingsError(f"There is no export for {crm!r}; there is one for {', '.join(CRMS)}.")
    if out.suffix.lower() != ".csv":
        raise SettingsError(f"{out} should end in .csv.")
    target = CRMS[crm]
    ids = scores["account_id"].astype(str)
    safe = ~ids.map(_would_run).to_numpy(bool)
    names = [target.field_name(field) for field in FIELDS]
    columns = [[_cell(value, field, target, language) for value in _values(scores[safe], field)] for field in FIELDS]
    pieces = list(_pieces(_lines([names])[0], _lines(zip(*columns, strict=True)), target))
    out.parent.mkdir(parents=True, exist_ok=True)
    files = []
    for number, piece in enumerate(pieces, 1):
        file = out if len(pieces) == 1 else out.with_name(f"{out.stem}-{number}{out.suffix}")
        files.append(write_whole(file, piece))
    return Exported(tuple(files), int(safe.sum()), int((~safe).sum()))


@dataclass(frozen=True)
class StoredScores:
    """Scores of the store.  gone : accounts that are no more since the last export.  run_id : of their run."""

    scores: pd.DataFrame
    gone: Sequence[str]
    run_id: int


def stored_scores(engine: sa.Engine, target: str, changed: bool = False) -> StoredScores:
    """Return the scores in the store, in the contract's columns.

    changed : only those that changed since the last export to the target, and who is gone since; all before the first.

    Raises
    ------
    NotReady
        If there are none yet.
    """
    with reading(engine) as connection:
        current = required_run(connection)
        query, gone = SCORES.select().order_by(SCORES.c.account_id), list[str]()
        since = exported_run(connection, target) if changed else 0
        if since:
            query = query.where(SCORES.c.changed_run > since)
            gone = gone_since(connection, since)
        rows = connection.execute(query).mappings().all()
    facts = current.facts
    frame = pd.DataFrame([dict(row) for row in rows], columns=SCORES.columns.keys())
    frame = frame.assign(as_of=pd.Timestamp(moment(facts.as_of)), model_version=facts.model_version)
    return StoredScores(frame, gone, current.run_id)


def export_gone(gone: Sequence[str], crm: str, out: Path) -> Path:
    """Write the ids of accounts that are gone beside an export, as FILE-gone.csv; none at all is a heading alone."""
    target = CRMS[crm]
    rows = [[target.field_name(FIELDS[0])], *([account] for account in gone if not _would_run(account))]
    return write_whole(out.with_name(f"{out.stem}-gone{out.suffix}"), b"".join(_lines(rows)))


def _would_run(account: str) -> bool:
    formula = plain(account) != account and _NUMBER.fullmatch(account) is None
    return formula or _CONTROL.search(account) is not None


def _values(scores: pd.DataFrame, field: Field) -> list[Any]:
    if field.name == "can_switch":
        return scores["p_switch"].notna().tolist()
    return known_cells(scores[field.name])


def _cell(value: Any, field: Field, crm: Crm, language: str) -> str:
    """Return a value as the CRM's importer reads it; empty where it is missing."""
    if value is None:
        return ""
    if field.form is Form.FLAG:
        return crm.yes if value else crm.no
    if field.form is Form.DATE:
        return pd.Timestamp(value).strftime("%Y-%m-%d")
    if field.form is Form.SHARE:
        return _number(value * crm.percent, crm.decimals)
    if field.form in (Form.MONEY, Form.NUMBER):
        return _number(value, 2 if field.form is Form.MONEY else 4)
    if field.form is Form.WHOLE:
        return str(int(value))
    if field.form is Form.KEY:
        return str(value)
    text = " | ".join(render_reasons(value, language)) if field.form is Form.LONG else str(value)
    text = _CONTROL.sub(" ", text).strip()[:LONGEST_REASONS]
    return plain(text)


def _number(value: float, decimals: int) -> str:
    text = f"{value:.{decimals}f}"
    return text.removeprefix("-") if float(text) == 0 else text


def _lines(rows: Any) -> list[bytes]:
    """Return each row as a line of CSV."""
    lines = []
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    for row in rows:
        writer.writerow(row)
        lines.append(buffer.getvalue().encode())
        buffer.seek(0)
        buffer.truncate()
    return lines


def _pieces(heading: bytes, lines: Sequence[bytes], crm: Crm) -> Iterator[bytes]:
    """Yield the files' contents, at least one, each with the heading and within the importer's limits."""
    piece, size = [heading], len(heading)
    for line in lines:
        if len(piece) > crm.most_rows or size + len(line) > crm.most_bytes:
            yield b"".join(piece)
            piece, size = [heading], len(heading)
        piece.append(line)
        size += len(line)
    yield b"".join(piece)
