"""What broke in the source since training: its raw columns against what the model remembers of them.

The memory is the bundle's own, so a column that was changed for all rows, old ones too, is seen as well: a reference
computed again from the changed source would have changed with it. Only gross differences are told, far outside what
seasons and growth do: a column that is empty, values under other names, amounts several times as large throughout,
times at other hours, a table with hardly any rows. What moves slowly is drift, which `training.monitoring.drift` finds.

The same is asked of the rows of each country, segment, industry and currency, as far as the model remembers them: where
a part alone broke, it is named with what it is a part of, once, by the first such division that shows it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.stats import binom

from features.histories.column_profiles import Profiles, table_of
from features.instants import FloatArray
from training.data.raw_columns import remember_columns

WINDOWS_DAYS = (28, 91, 364)
"""The last days that are looked at: the shortest with enough rows."""
LEAST_ROWS = 30
LEAST_FILLED, EMPTY = 0.05, 0.1
"""The share filled before that a column must have had, and the part of it below which it counts as emptied."""
HALF_LOST = 0.5
"""The part of the share filled that may go before it is said that the column is filled less."""
KNOWN_SHARE, STILL_KNOWN = 0.8, 0.5
"""The share that the remembered values must have had together, and the share now below which they are others."""
LEAST_FACTOR = 5.0
"""How many times as large numbers must be, at every quantile alike, before they count as in another unit."""
ALIKE = 0.15
"""How far the factor may differ from quantile to quantile, in powers of ten."""
SIGN = 0.5
LEAST_OVERLAP, GAINED, PEAKED = 0.75, 0.2, 0.2
"""Of profiles of hours: how alike a shifted one must be, how much more so than unshifted, and how far from flat."""
FEWER, MORE = 0.2, 4.0
"""Rows a week, as a part of the usual median, and beyond anything seen in the year before."""
MOST_NAMED = 5
BY_CHANCE = 1e-6
"""The chance that a value or a filled cell is missing among so many rows, below which it is not by chance."""
LEAST_VALUE, AS_FREQUENT = 0.02, 2.0
"""The share of the rows that a value must have had, and by what factor the one in its place may differ."""
DIVISIONS = ("currency", "country", "segment", "industry")
"""The kinds of parts in the order in which they are believed."""

NEW_SHARE = 0.1
"""The share from which on a value that nobody knew is told of, beside those that are there yet."""
ONE_HOUR, SEVERAL_HOURS = 0.95, 0.6
"""The share of times in a single hour that have lost it, and the share of the fullest one before."""

EMPTIED, LESS, RENAMED, ONE_RENAMED, RESCALED, SIGNS, SHIFTED, ROWS_FEWER, ROWS_MORE = (
    "emptied", "filled_less", "renamed", "one_renamed", "rescaled", "sign", "shifted", "fewer_rows", "more_rows",
)  # fmt: skip
NEW, CONSTANT, HOUR_LOST, REPEATED = "new_value", "constant", "hour_lost", "repeated"


@dataclass(frozen=True)
class BrokenColumn:
    """A column, or all rows of a table, that is not as it was.

    column : empty of a whole table.  kind : one of the constants above.
    before, now : shares filled, known, negative or repeated; medians; rows a week.
    change : the factor of numbers, the hours of a shift; 0.0 where that says nothing.
    names : the most frequent of the values that nobody knew; of one value under another name, both names.
    part : `currency=USD`, of which alone it is said; empty = of the whole table.
    """

    table: str
    column: str
    kind: str
    before: float
    now: float
    change: float = 0.0
    names: tuple[str, ...] = ()
    part: str = ""

    @property
    def where(self) -> str:
        """Return the table, and which part of it, as `orders[currency=USD]`."""
        return f"{self.table}[{self.part}]" if self.part else self.table


def broken_columns(remembered: Mapping[str, Any], profiles: Profiles, as_of: int) -> tuple[BrokenColumn, ...]:
    """Return what broke, table by table.

    remembered : of the bundle; empty of one that kept nothing, and then nothing is found.
    profiles : of the source as it is now.  as_of : microseconds.
    """
    windows = [remember_columns(profiles, as_of, days, remembered) for days in WINDOWS_DAYS]
    found: list[BrokenColumn] = []
    for name_of_part, before in remembered.items():
        table, kind, name = table_of(name_of_part)
        now = next((one[name_of_part] for one in windows if _has_enough(one.get(name_of_part))), None)
        if before["rows"] < LEAST_ROWS:
            continue
        if name_of_part in profiles:
            latest = windows[0].get(name_of_part)
            goes_on = bool(kind) and _has_enough(windows[0].get(table))
            mine = [*_rows(table, before, latest, goes_on)]
            if now is not None:
                for column, was in before["columns"].items():
                    mine += _column(table, column, was, now["columns"].get(column, {"filled": 0.0}), now["rows"])
            found += [replace(one, part=f"{kind}={name}") for one in mine] if kind else mine
    return _told_once(found)


def _has_enough(window: Mapping[str, Any] | None) -> bool:
    return window is not None and window["rows"] >= LEAST_ROWS


def _told_once(found: Sequence[BrokenColumn]) -> tuple[BrokenColumn, ...]:
    """Leave out what is true of the whole table, or of parts by a division that is believed more."""
    seen: dict[tuple[str, str, str], str] = {}
    kept = []
    for one in sorted(found, key=lambda one: (bool(one.part), _place(one), one.table)):
        division = one.part.partition("=")[0]
        if seen.setdefault((one.table, one.column, one.kind), division) == division:
            kept.append(one)
    return tuple(kept)


def _place(one: BrokenColumn) -> int:
    division = one.part.partition("=")[0]
    return DIVISIONS.index(division) if division in DIVISIONS else -1


def _rows(
    table: str, before: Mapping[str, Any], now: Mapping[str, Any] | None, goes_on: bool
) -> Iterator[BrokenColumn]:
    """Yield that rows became far fewer or more a week.

    goes_on : whether it is a part of a table that has rows yet; that a whole table has none, `table_freshness` says.
    """
    if not before["weekly"]:
        return
    (least, usual, most), median = before["weekly"], now["weekly"][1] if now is not None and now["weekly"] else 0.0
    few = median < min(FEWER * usual, least)
    if usual * WINDOWS_DAYS[0] / 7 >= LEAST_ROWS and few and (median > 0 or goes_on):
        yield BrokenColumn(table, "", ROWS_FEWER, usual, median)
    if median * WINDOWS_DAYS[0] / 7 >= LEAST_ROWS and usual > 0 and median > max(MORE * usual, most):
        yield BrokenColumn(table, "", ROWS_MORE, usual, median)


def _column(
    table: str, name: str, before: Mapping[str, Any], now: Mapping[str, Any], rows: int
) -> Iterator[BrokenColumn]:
    """Yield what is wrong with a column.  rows : that are looked at now."""
    was, share = before["filled"], now["filled"]
    if was < LEAST_FILLED:
        return
    if share < HALF_LOST * was and binom.cdf(round(share * rows), rows, was) < BY_CHANCE:
        yield BrokenColumn(table, name, EMPTIED if share < EMPTY * was else LESS, was, share)
        return
    if "values" in before and "values" in now:
        yield from _values(table, name, before["values"], now["values"], round(share * rows))
    elif "quantiles" in before and "quantiles" in now:
        yield from _numbers(table, name, before, now)
    elif "hours" in before and "hours" in now:
        yield from _hours(table, name, np.array(before["hours"]), np.array(now["hours"]))


def _values(
    table: str, name: str, before: Mapping[str, float], now: Mapping[str, float], filled: int
) -> Iterator[BrokenColumn]:
    """Yield values under other names, most of them or one.  filled : cells that are looked at now."""
    known, still = sum(before.values()), sum(share for value, share in now.items() if value in before)
    new = sorted((value for value in now if value not in before), key=lambda value: (-now[value], value))
    if known >= KNOWN_SHARE and still < STILL_KNOWN:
        yield BrokenColumn(table, name, RENAMED, known, still, names=tuple(new[:MOST_NAMED]))
        return
    for value, was in before.items():
        gone = binom.cdf(round(now.get(value, 0.0) * filled), filled, was) < BY_CHANCE
        if was >= LEAST_VALUE and now.get(value, 0.0) < EMPTY * was and gone:
            alike = [other for other in new if was / AS_FREQUENT <= now[other] <= was * AS_FREQUENT]
            if alike:
                nearest = min(alike, key=lambda other: abs(now[other] - was))
                new.remove(nearest)
                yield BrokenColumn(table, name, ONE_RENAMED, was, now[nearest], names=(value, nearest))
    many = [value for value in new if now[value] >= NEW_SHARE]
    if known >= KNOWN_SHARE and many:
        yield BrokenColumn(table, name, NEW, 0.0, sum(now[value] for value in many), names=tuple(many[:MOST_NAMED]))


def _numbers(table: str, name: str, before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[BrokenColumn]:
    if abs(now["negative"] - before["negative"]) > SIGN:
        yield BrokenColumn(table, name, SIGNS, before["negative"], now["negative"])
        return
    middle = len(before["quantiles"]) // 2
    if len({*now["quantiles"]}) == 1 < len({*before["quantiles"][1:-1]}):
        yield BrokenColumn(table, name, CONSTANT, before["quantiles"][middle], now["quantiles"][middle])
        return
    factor = _factor(before["quantiles"], now["quantiles"])
    if factor is not None:
        yield BrokenColumn(
            table, name, RESCALED, before=before["quantiles"][middle], now=now["quantiles"][middle], change=factor
        )


def _factor(before: Sequence[float], now: Sequence[float]) -> float | None:
    """Return how many times as large numbers are at every quantile alike; None where they are not in another unit."""
    logs = [np.log10(n / b) for b, n in zip(before[1:-1], now[1:-1], strict=True) if b and n and (b > 0) == (n > 0)]
    if len(logs) < len(before) - 2 or max(logs) - min(logs) > 2 * ALIKE or abs(np.mean(logs)) < np.log10(LEAST_FACTOR):
        return None
    factor = float(10 ** np.mean(logs))
    exact = 10.0 ** round(np.log10(factor))
    return exact if abs(np.log10(factor / exact)) <= ALIKE else float(f"{factor:.2g}")


def _hours(table: str, name: str, before: FloatArray, now: FloatArray) -> Iterator[BrokenColumn]:
    if now.max() >= ONE_HOUR and before.max() < SEVERAL_HOURS:
        yield BrokenColumn(table, name, HOUR_LOST, before=float(before.max()), now=float(now.max()),
                           change=float(now.argmax()))  # fmt: skip
        return
    if np.abs(before - 1 / 24).sum() / 2 < PEAKED:  # around the clock: a shift would not show
        return
    overlaps = {shift: float(np.minimum(np.roll(before, shift), now).sum()) for shift in range(-11, 13)}
    best = max(overlaps, key=lambda shift: (overlaps[shift], -abs(shift)))
    if best and overlaps[best] >= LEAST_OVERLAP and overlaps[best] >= overlaps[0] + GAINED:
        yield BrokenColumn(table, name, SHIFTED, before=overlaps[0], now=overlaps[best], change=float(best))
