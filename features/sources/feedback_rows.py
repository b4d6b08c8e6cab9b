"""Rows that came another way than the source, such as feedback, joined to it before histories are built.

What stands in both is counted once: rows of the same account, the same day and, of investments, the same investment.
The row that was recorded first stays, since it is what was known until the other came; that is the source's where both
were recorded at the same instant. How an investment was assigned, which no feature looks at, is taken from the other
row where the one that stays does not say it: a CRM that exports the investment rarely knows that it was made by lot.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from features.sources.cells import DAY_US
from features.sources.cleaning import Columns, clean
from features.sources.concatenation import stack
from features.sources.partitioned import Partitions, part_numbers
from features.sources.source import Source
from features.tables import TABLE, Kind, Table

Raw = Mapping[str, Mapping[str, Sequence[Any]]]
"""Raw columns by table, as `features.sources.cleaning.clean` takes them."""
ADDED = ("investments", "switches")
"""Tables that rows may be added to."""
_LATER = ("assignment", "propensity")


def add_rows(source: Source, raw: Raw, only: Collection[str] | None = None) -> Source:
    """The source with these rows as well.

    only : tables to add to; others are left as they are, such as those that a model was not trained on.

    Raises
    ------
    ColumnMissing
        If a required column is not there.
    """
    tables, rows_read = dict(source.tables), dict(source.rows_read)
    set_aside, notes = list(source.set_aside), list(source.notes)
    for name in ADDED:
        if name not in raw or (only is not None and name not in only):
            continue
        table = TABLE[name]
        cleaned = clean(table, raw[name])
        before = tables.get(name)
        tables[name], twice = _once(table, before, cleaned.columns)
        rows_read[name] = rows_read.get(name, 0) + cleaned.rows_read
        set_aside += cleaned.set_aside
        count = cleaned.rows_read - len(cleaned.set_aside)
        also = f", of which {twice:,} stand in the source too or are repeated: counted once" if twice else ""
        notes.append(f"{name}: {count:,} rows of feedback{also}")
    return Source(tables, tuple(set_aside), tuple(notes), rows_read)


def add_rows_to_parts(partitions: Partitions, raw: Raw, only: Collection[str] | None = None) -> Partitions:
    """The parts, each with those of these rows that are of its accounts."""
    number = len(partitions.parts)
    added: list[dict[str, dict[str, list[Any]]]] = [{} for _ in partitions.parts]
    for name in ADDED:
        if name not in raw or (only is not None and name not in only):
            continue
        place = part_numbers(raw[name]["account_id"], number)
        for part in range(number):  # every part has the table, as it has every other
            rows = np.flatnonzero(place == part).tolist()
            added[part][name] = {column: [cells[row] for row in rows] for column, cells in raw[name].items()}
    parts = tuple(replace(part, added=more) for part, more in zip(partitions.parts, added, strict=True))
    return replace(partitions, parts=parts)


def _once(table: Table, before: Columns | None, more: Columns) -> tuple[Columns, int]:
    """All rows, but those that tell what another told first; and how many were left out."""
    held = {name: values[:0] for name, values in more.items()} if before is None else before
    start, joined = len(held["account_id"]), stack(table, [held, more])
    concerned = {name: k for k, name in enumerate(set(more["account_id"].tolist()))}
    rows = np.flatnonzero(joined["account_id"].placed(concerned) >= 0)  # of other accounts nothing can be told twice
    recorded, kept = joined["recorded_at"], np.ones(len(joined["account_id"]), bool)
    same: dict[tuple[Any, ...], list[int]] = {}
    for key, row in zip(_keys(table, {n: v[rows] for n, v in joined.items()}), rows.tolist(), strict=True):
        same.setdefault(key, []).append(row)
    for alike in same.values():
        told = [row for row in alike if row >= start]
        own = sorted((row for row in alike if row < start), key=recorded.__getitem__)[:1]
        # Of two rows of the source neither is doubted: only one of them can be the one that was told as well.
        if told:
            stays = min([*own, *told], key=recorded.__getitem__)
            others = [row for row in (*own, *told) if row != stays]
            kept[others] = False
            _fill(table, joined, stays, others)
    return {name: values[kept] for name, values in joined.items()}, int((~kept).sum())


def _keys(table: Table, columns: Columns) -> list[tuple[Any, ...]]:
    """What makes two rows one: account and day, and for investments the investment."""
    days = (columns[str(table.time)] // DAY_US).tolist()
    parts = [columns["account_id"].tolist(), days]
    if "investment" in columns:
        parts.append(columns["investment"].tolist())
    return list(zip(*parts, strict=True))


def _fill(table: Table, columns: Columns, row: int, others: Sequence[int]) -> None:
    """What the row that stays does not say of its lot, from the others."""
    for name in _LATER:
        if name in columns:
            values = columns[name]
            for other in others:
                if _absent(values[row], table.column(name).kind):
                    values[row] = values[other]


def _absent(value: Any, kind: Kind) -> bool:
    return bool(value < 0) if kind is Kind.CATEGORY else bool(np.isnan(value))
