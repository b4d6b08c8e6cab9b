"""What a model remembers of the raw columns that it learnt from: the last year before its training, in shares."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from features.histories.column_profiles import (
    MISSING,
    ROWS,
    Profiles,
    number_of,
    rows_by_week,
    values_between,
)
from features.instants import ALWAYS, MICROSECONDS_PER_DAY
from features.schema import Kind
from features.tables import TABLE

YEAR = 364 * MICROSECONDS_PER_DAY
MOST_VALUES = 50
"""Values of a column that are remembered by name, the most frequent."""
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
STANDING = frozenset({"accounts", "contacts"})
"""Tables that say how things stand, of which every row counts, however old."""


def remember_columns(profiles: Profiles, end: int, days: int | None = None) -> dict[str, Any]:
    """Return, by table, its rows a week and what its columns hold; plain values, kept with the model.

    end : microseconds; weeks that are not over by then count nothing.  days : that are looked at; None = a year.
    """
    found = {}
    length = YEAR if days is None else days * MICROSECONDS_PER_DAY
    for table in sorted(profiles):
        columns, since = profiles[table], ALWAYS // 2 if table in STANDING else end - length
        rows = sum(values_between(columns[ROWS], since, end).values())
        if rows:
            weeks = rows_by_week(columns[ROWS], end - length, end) if table not in STANDING else []
            found[table] = {
                "rows": rows,
                "weekly": [round(float(value), 1) for value in np.quantile(weeks, (0, 0.5, 1))] if weeks else [],
                "columns": {
                    name: _remembered(table, name, values_between(columns[name], since, end))
                    for name in sorted(columns) if name != ROWS
                },
            }  # fmt: skip
    return found


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
