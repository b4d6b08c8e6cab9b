"""What a model remembers of the raw columns that it learnt from: the last year before its training, in shares."""

import math
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from features.histories.column_profiles import (
    MISSING,
    MOST_PARTS,
    ROWS,
    WEEK,
    Counts,
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
LATELY = 91 * MICROSECONDS_PER_DAY
"""Of the last of it is remembered how full a column was: what is written up later is emptier there."""
MOST_VALUES = 50
"""Values of a column that are remembered by name, the most frequent."""
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
LEAST_SHARE = 0.0005
"""Of a size of numbers, below which it is not remembered."""
BLOCKS_DAYS, LEAST_OF_BLOCK = (28, 91), 30
"""The spans of the year that are held against the whole of it, and the cells that each must have."""
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
    found: dict[str, Any] = {}
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
            if days is None and table not in STANDING:
                if name_of_part == table:
                    found[table] |= {"by_week": weeks, "until_week": end // WEEK}
                for name, about in found[name_of_part]["columns"].items():
                    lately = values_between(columns[name], end - LATELY, end)
                    filled = _remembered(table, name, lately)["filled"]
                    if sum(lately.values()) >= LEAST_OF_BLOCK and filled < about["filled"]:
                        about["filled_lately"] = filled
                    if "values" in about or "sizes" in about:
                        about |= _usual(table, name, columns[name], end)
    return found


def difference(before: Mapping[str, Any], now: Mapping[str, Any]) -> float:
    """Return the share of cells that would have to move to make a column as it was, 0 .. 1.

    Of numbers by the Kolmogorov-Smirnov distance, of values by total variation; 0 of what is neither.
    """
    if "sizes" in before and "sizes" in now:
        order = sorted({*before["sizes"], *now["sizes"]}, key=number_of)
        apart = np.cumsum([now["sizes"].get(size, 0.0) - before["sizes"].get(size, 0.0) for size in order])
        return float(np.abs(apart).max(initial=0.0))
    if "values" in before and "values" in now:
        was, share = before["values"], now["values"]
        return math.fsum(abs(share.get(value, 0.0) - was.get(value, 0.0)) for value in {*was, *share}) / 2
    return 0.0


def _usual(table: str, name: str, counts: Counts, end: int) -> dict[str, float]:
    """Return as `usual` how far the spans of the year before lay from the whole of it, at most; nothing of too few."""
    year = _remembered(table, name, values_between(counts, end - YEAR, end))
    for days in BLOCKS_DAYS:
        length = days * MICROSECONDS_PER_DAY
        spans = [values_between(counts, end - (k + 1) * length, end - k * length) for k in range(YEAR // length)]
        filled = [sum(n for value, n in span.items() if value != MISSING) for span in spans]
        if np.median(filled) >= LEAST_OF_BLOCK:
            apart = [
                difference(year, _remembered(table, name, span))
                for span, n in zip(spans, filled, strict=True) if n >= LEAST_OF_BLOCK
            ]  # fmt: skip
            return {"usual": round(max(apart), 4)}
    return {}


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
        shares = ((size, round(n / filled, 4)) for size, n in sorted(known.items()))
        about["sizes"] = {size: share for size, share in shares if share >= LEAST_SHARE}
        about["negative"] = round(sum(n for value, n in sizes if value < 0) / filled, 4)
    elif kind is Kind.TIME:
        about["hours"] = [round(known.get(f"{hour}", 0) / filled, 4) for hour in range(24)]
    else:
        first = sorted(known, key=lambda value: (-known[value], value))[:MOST_VALUES]
        about["values"] = {value: round(known[value] / filled, 4) for value in first}
    return about
