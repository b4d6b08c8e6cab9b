"""Rows that do not come with the source, such as feedback, joined to it before histories are built.

A fact that stands in both is counted once: rows of the same account, the same day and, of investments, the same
investment; of what managers say, the same manager and the same word. The row that was recorded first stays, since it is
what was known until the other came; the source's, where both were recorded at the same instant. How an investment was
assigned, which no feature looks at, is taken from the other row where the one that stays lacks it: a CRM that exports
the investment rarely knows that it was randomised.

Rows that are added say nothing of where the data end: feedback of today would move the default as_of past the export.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from features.instants import ALWAYS, BoolArray
from features.schema import Kind, Table
from features.sources.cleaning.cells import DAY_US
from features.sources.cleaning.cleaning import Cleaned, Columns, clean
from features.sources.concatenation import concatenate
from features.sources.partitioned import Partitions, part_numbers
from features.sources.source import Source
from features.tables import TABLE

Raw = Mapping[str, Mapping[str, Sequence[Any]]]
"""Raw columns by table, as `features.sources.cleaning.cleaning.clean` takes them."""
ADDED = ("investments", "switches", "forecasts", "assessments")
"""The tables that rows may be added to."""
ASIDE, UNKNOWN_OPTION = "aside", "unknown_option"
"""A raw column beside a table's own: why a row does not count yet; and one of the words in it."""
_ASSIGNMENT = ("assignment", "propensity")
_TOLD = ("investment", "made_by", "rung", "extra_revenue")
"""What tells facts of the same account and day apart."""


def add_rows(source: Source, raw: Raw, only: Collection[str] | None = None) -> Source:
    """Add rows to a source.

    raw : table -> raw columns.
    only : the tables to add to; others are left as they are, such as those that a model was not trained on. None = all
        of ADDED.

    Raises
    ------
    ColumnMissing
        If a required column is not there.
    """
    tables, rows_read = dict(source.tables), dict(source.rows_read)
    set_aside, notes, last_events = list(source.set_aside), list(source.notes), dict(source.last_events)
    for name in ADDED:
        if name not in raw or (only is not None and name not in only):
            continue
        table = TABLE[name]
        own_columns = {column: cells for column, cells in raw[name].items() if column != ASIDE}
        cleaned = clean(table, own_columns)
        counts, unknown = _that_count(source, cleaned, raw[name].get(ASIDE))
        before = tables.get(name)
        own = [] if before is None else before[str(table.time)]
        last_events.setdefault(name, int(max(own)) if len(own) else ALWAYS)
        tables[name], repeated = _join_once(table, before, counts)
        rows_read[name] = rows_read.get(name, 0) + cleaned.rows_read
        set_aside += cleaned.set_aside
        count = cleaned.rows_read - len(cleaned.set_aside) - unknown
        also = f", of which {repeated:,} stand in the source too or are repeated: counted once" if repeated else ""
        notes.append(f"{name}: {count:,} rows of feedback{also}")
        if unknown:
            notes.append(f"{name}: {unknown:,} rows of feedback are kept aside: the source does not know their account")
    return replace(
        source, tables=tables, set_aside=tuple(set_aside), notes=tuple(notes), rows_read=rows_read,
        last_events=last_events,
    )  # fmt: skip


def add_rows_to_parts(partitions: Partitions, raw: Raw, only: Collection[str] | None = None) -> Partitions:
    """Add rows to the parts of a source, to each part those of its own accounts."""
    number = len(partitions.parts)
    added: list[dict[str, dict[str, list[Any]]]] = [{} for _ in partitions.parts]
    for name in ADDED:
        if name not in raw or (only is not None and name not in only):
            continue
        part_of_row = part_numbers(raw[name]["account_id"], number)
        for part in range(number):  # every part has the table, as it has every other
            rows = np.flatnonzero(part_of_row == part).tolist()
            added[part][name] = {column: [cells[row] for row in rows] for column, cells in raw[name].items()}
    parts = tuple(replace(part, added=more) for part, more in zip(partitions.parts, added, strict=True))
    return replace(partitions, parts=parts)


def _that_count(source: Source, cleaned: Cleaned, aside: Sequence[str | None] | None) -> tuple[Columns, int]:
    """Return the rows that count, and the number of the others.

    A row counts if the source knows its account; feedback alone makes no account. One whose option nobody knew when it
    was told counts if the source declares the option, or holds it itself.
    """
    columns = cleaned.columns
    accounts = columns["account_id"].tolist()
    keep = _known(source, tuple(source.tables), "account_id", accounts)
    if aside is not None and "investment" in columns:
        lost = {bad.row for bad in cleaned.set_aside}
        told = [why or "" for row, why in enumerate(aside) if row not in lost]
        strange = np.array([UNKNOWN_OPTION in why.split() for why in told], bool)
        keep &= ~strange | _known(
            source, ("investment_options", "investments"), "investment", columns["investment"].tolist()
        )
    kept = {id(values): values[keep] for values in columns.values()}  # two names may share a column
    return {name: kept[id(values)] for name, values in columns.items()}, int((~keep).sum())


def _known(source: Source, tables: Collection[str], name: str, wanted: Sequence[str]) -> BoolArray:
    """Return which of these texts stand in a column of that name."""
    place = {text: k for k, text in enumerate(dict.fromkeys(wanted))}
    seen = np.zeros(len(place), bool)
    for table in tables:
        column = source.tables.get(table, {}).get(name)
        if column is not None and place:
            found = column.positions(place)
            seen[found[found >= 0]] = True
    return np.array([seen[place[text]] for text in wanted], bool)


def _join_once(table: Table, before: Columns | None, more: Columns) -> tuple[Columns, int]:
    """Join the rows of both, each fact once, and count the rows that were left out."""
    own = {name: values[:0] for name, values in more.items()} if before is None else before
    start, joined = len(own["account_id"]), concatenate(table, [own, more])
    concerned = {name: k for k, name in enumerate(set(more["account_id"].tolist()))}
    rows = np.flatnonzero(joined["account_id"].positions(concerned) >= 0)  # no other account can have repeated rows
    recorded, kept = joined["recorded_at"], np.ones(len(joined["account_id"]), bool)
    same: dict[tuple[Any, ...], list[int]] = {}
    for key, row in zip(_keys(table, {n: v[rows] for n, v in joined.items()}), rows.tolist(), strict=True):
        same.setdefault(key, []).append(row)
    for equal in same.values():
        added = [row for row in equal if row >= start]
        # Two equal rows of the source are two facts; an added row can repeat only one of them, the first recorded.
        first = sorted((row for row in equal if row < start), key=recorded.__getitem__)[:1]
        if added:
            stays = min([*first, *added], key=recorded.__getitem__)
            others = [row for row in (*first, *added) if row != stays]
            kept[others] = False
            _fill_assignment(table, joined, stays, others)
    return {name: values[kept] for name, values in joined.items()}, int((~kept).sum())


def _keys(table: Table, columns: Columns) -> list[tuple[Any, ...]]:
    """Return what identifies the fact of each row: account and day, and what of _TOLD the table has."""
    days = (columns[str(table.time)] // DAY_US).tolist()
    told = [columns[name].tolist() for name in _TOLD if name in columns]
    return list(zip(columns["account_id"].tolist(), days, *told, strict=True))


def _fill_assignment(table: Table, columns: Columns, row: int, others: Sequence[int]) -> None:
    """Fill in how the investment was assigned, where the row that stays lacks it, from the other rows."""
    for name in _ASSIGNMENT:
        if name in columns:
            values = columns[name]
            for other in others:
                if _is_missing(values[row], table.column(name).kind):
                    values[row] = values[other]


def _is_missing(value: Any, kind: Kind) -> bool:
    return bool(value < 0) if kind is Kind.CATEGORY else bool(np.isnan(value))
