"""Rows that are missing, or too many: of what was learnt from, and of what came since.

The weeks before the training are held against what the model remembers of them: they are over, so what they lack now
was lost, and what they have more came twice or late. What came since is held against what was to be expected: the
level of the weeks before, or the same weeks a year earlier times the growth since, whichever of the two foretold the
earlier weeks better. Where no year before is known, a season explains a fall as well as a loss, and that is said.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from features.histories.column_profiles import WEEK, Counts, rows_by_week
from features.instants import FloatArray
from training.monitoring.broken_column import (
    ADDED,
    FELL,
    FELL_UNKNOWN,
    GONE,
    LEAST_ROWS,
    ROWS_FEWER,
    ROWS_MORE,
    WINDOWS_DAYS,
    BrokenColumn,
)

FEWER, MORE = 0.2, 4.0
"""Rows a week, as a part of the usual median, and beyond anything seen in the year before."""
KEPT, GROWN, LATE_WEEKS = 0.9, 1.2, 2
"""Of the rows that were learnt from, the part that must be there still, and how many times as many there may be; the
last weeks are left out, of which rows still came in."""
SPAN, LEVEL_WEEKS, YEAR_WEEKS, LEAST_WEEKS = 4, 13, 52, 8
"""Weeks that are added up, the weeks before them that give the level, those of a year, and the fewest of a level."""
FALLEN, SURE, LEAST_ERROR = 0.68, 3.5, 0.1
"""The part of the expected rows that counts as fallen, beyond so many times the usual error, which is so large at
least (as a logarithm)."""
OUTLYING = 3.0
"""How many times the median week a week counts at most, in a level."""


def row_counts(table: str, before: Mapping[str, Any], rows: Counts, as_of: int) -> Iterator[BrokenColumn]:
    """Yield that rows of a whole table are missing, or were added.

    before : what the model remembers of the table.  rows : of the source as it is now.  as_of : microseconds.
    """
    if "by_week" not in before:
        return
    learnt, until = before["by_week"], before["until_week"]
    then = sum(learnt[:-LATE_WEEKS])
    still = sum(rows_by_week(rows, (until - len(learnt)) * WEEK, (until - LATE_WEEKS) * WEEK))
    if as_of // WEEK >= until and then >= LEAST_ROWS and not KEPT * then <= still <= GROWN * then:
        yield BrokenColumn(table, "", GONE if still < then else ADDED, then, still)
        return
    first = int(rows.weeks.min()) + 1  # the first week may have begun before the data did
    weeks = np.array(rows_by_week(rows, first * WEEK, as_of), float)
    yield from _fallen(table, weeks, until - first)


def rows_a_week(
    table: str, before: Mapping[str, Any], now: Mapping[str, Any] | None, goes_on: bool
) -> Iterator[BrokenColumn]:
    """Yield that rows became far fewer or more a week than in any week of the year before training.

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


def _fallen(table: str, weeks: FloatArray, trained: int) -> Iterator[BrokenColumn]:
    """Yield the fall that is least like chance, of the last weeks or of all since a date after the training.

    weeks : rows of each whole week.  trained : position of the week of the training.
    """
    now = len(weeks)
    past = np.array([_misses(weeks, end, SPAN) for end in range(now + 1)])
    falls = []
    for begin in {now - SPAN, *range(max(trained, LEVEL_WEEKS), now - SPAN, SPAN)}:
        if begin < max(LEAST_WEEKS, trained - SPAN):
            continue
        level, season = _misses(weeks, now, now - begin)
        earlier = past[: begin + 1]
        both = earlier[np.isfinite(earlier).all(axis=1)]
        if np.isfinite(season) and len(both) >= LEAST_WEEKS:
            better = int((both[:, 1] ** 2).mean() < (both[:, 0] ** 2).mean())
            miss, errors = (level, season)[better], both[:, better]
        elif np.isfinite(season):
            miss, errors = max(level, season), np.empty(0)
        else:
            miss, errors = level, earlier[np.isfinite(earlier[:, 0]), 0]
        came = float(weeks[begin:].sum())
        expected = (came + 0.5) / np.exp(miss)
        if np.isfinite(miss) and miss < np.log(FALLEN) and expected >= LEAST_ROWS:
            usual = np.sqrt((errors**2).mean()) if len(errors) >= LEAST_WEEKS else 1.5 * LEAST_ERROR
            sure = miss / max(usual, LEAST_ERROR, expected**-0.5)
            if sure < -SURE:
                kind = FELL if np.isfinite(season) else FELL_UNKNOWN
                span = now - begin
                found = BrokenColumn(table, "", kind, round(expected / span, 1), round(came / span, 1), change=span)
                falls.append((sure, found))
    if falls:
        yield min(falls, key=lambda one: one[0])[1]


def _misses(weeks: FloatArray, end: int, span: int) -> tuple[float, float]:
    """Return the logarithm of the rows of the last weeks before `end` over what the level, and the season, foretold.

    NaN where that foretells nothing.
    """
    begin = end - span
    before = weeks[max(begin - LEVEL_WEEKS, 0) : max(begin, 0)]
    if len(before) < LEAST_WEEKS or np.median(before) == 0:
        return np.nan, np.nan
    came = weeks[begin:end].sum() + 0.5
    level = np.log(came / (np.minimum(before, OUTLYING * np.median(before)).mean() * span))
    known = min(begin - YEAR_WEEKS, LEVEL_WEEKS)
    if known < SPAN:
        return float(level), np.nan
    year_ago = weeks[begin - YEAR_WEEKS : end - YEAR_WEEKS].sum()
    growth = weeks[begin - known : begin].sum() / max(weeks[begin - YEAR_WEEKS - known : begin - YEAR_WEEKS].sum(), 1.0)
    return float(level), float(np.log(came / (year_ago * growth))) if year_ago and growth else np.nan
