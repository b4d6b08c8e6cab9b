"""What a model remembers of the raw columns that it learnt from: the last year before its training, in shares."""

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from features.histories.column_profiles import (
    MISSING,
    MOST_PARTS,
    ROWS,
    Profiles,
    number_of,
    rows_by_week,
    table_of,
    values_between,
)
from features.instants import ALWAYS, MICROSECONDS_PER_DAY
from features.schema import Kind
from features.tables import TABLE

YEAR = 364 * MICROSECONDS_PER_DAY
MOST_VALUES = 50
"""Values of a column that are remembered by name, the most frequent."""
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
MOST_REMEMBERED, LEAST_OF_PART = 8, 60
"""Parts of a table by each column that are remembered, the largest, and the rows that each must have."""
STANDING = frozenset({"accounts", "contacts"})
"""Tables that say how things stand, of which every row counts, however old."""


def remember_columns(
    profiles: Profiles, end: int, days: int | None = None, among: Collection[str] | None = None
) -> dict[str, Any]:
    """Return, by table and by part of a table, the rows a week and what the columns hold; plain values, kept with the
    model.

    end : microseconds; weeks that are not over by then count nothing.  days : that are looked at; None = a year.
    among : the tables and parts that are wanted, as far as there are any; None = all tables and their larger parts.
    """
    found = {}
    length = YEAR if days is None else days * MICROSECONDS_PER_DAY
    wanted = _worth_remembering(profiles, end, length) if among is None else sorted(profiles.keys() & set(among))
    for name_of_part in wanted:
        table, *_ = table_of(name_of_part)
        columns, since = profiles[name_of_part], _since(table, end, length)
        rows = sum(values_between(columns[ROWS], since, end).values())
        if rows:
            weeks = rows_by_week(columns[ROWS], end - length, end) if table not in STANDING else []
            found[name_of_part] = {
                "rows": rows,
                "weekly": [round(float(value), 1) for value in np.quantile(weeks, (0, 0.5, 1))] if weeks else [],
                "columns": {
                    name: _remembered(table, name, values_between(columns[name], since, end))
                    for name in sorted(columns) if name != ROWS
                },
            }  # fmt: skip
    return found


def _since(table: str, end: int, length: int) -> int:
    return ALWAYS // 2 if table in STANDING else end - length


def _worth_remembering(profiles: Profiles, end: int, length: int) -> list[str]:
    """Return the tables, and of the parts of each the largest; a division with a single part is none."""
    parts: dict[tuple[str, str], list[tuple[int, str]]] = {}
    chosen = []
    for name in profiles:
        table, kind, _ = table_of(name)
        if kind:
            rows = sum(values_between(profiles[name][ROWS], _since(table, end, length), end).values())
            parts.setdefault((table, kind), []).append((-rows, name))
        else:
            chosen.append(name)
    for those in parts.values():
        if 1 < len(those) <= MOST_PARTS:
            chosen += [name for rows, name in sorted(those)[:MOST_REMEMBERED] if -rows >= LEAST_OF_PART]
    return sorted(chosen)


def _remembered(table: str, name: str, values: Mapping[str, int]) -> dict[str, Any]:
    rows = sum(values.values())
    known = {value: n for value, n in values.items() if value != MISSING}
    filled = sum(known.values())
    about: dict[str, Any] = {"filled": round(filled / rows, 4) if rows else 0.0}
    if not filled:
        return about
    kind = TABLE[table].column(name).kind
    if kind in (Kind.MONEY, Kind.NUMBER):
        sizes = sorted(((number_of(size), n) for size, n in known.items()))
        reached = np.cumsum([n for _, n in sizes]) / filled
        at = [int(np.searchsorted(reached, share)) for share in QUANTILES]
        about["quantiles"] = [float(f"{sizes[min(k, len(sizes) - 1)][0]:.4g}") for k in at]
        about["negative"] = round(sum(n for value, n in sizes if value < 0) / filled, 4)
    elif kind is Kind.TIME:
        about["hours"] = [round(known.get(f"{hour}", 0) / filled, 4) for hour in range(24)]
    else:
        first = sorted(known, key=lambda value: (-known[value], value))[:MOST_VALUES]
        about["values"] = {value: round(known[value] / filled, 4) for value in first}
    return about
