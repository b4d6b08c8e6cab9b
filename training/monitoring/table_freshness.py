"""Tables that stopped arriving: no new rows for longer than their pauses last, while others go on.

A table has stopped where, since its own last row, others have had rows for at least so many days, for at least twice
the longest pause between two of its days with rows in the year before, leaving one such as a closing between the years,
and not by chance, as rare as its days with rows are. Both when rows happened and when they were recorded
are looked at: what stops happening may still be written up for weeks. Where nothing at all has come for so long, it is
the whole source. *Blind* to a table that was always rare, and to one that still trickles.
"""

from dataclasses import dataclass

import numpy as np

from features.histories.histories import Histories, event_times
from features.instants import MICROSECONDS_PER_DAY, IntArray

LEAST_DAYS = 8
"""Days with rows in the year before, below which a table has no rhythm to fall out of."""
PAUSES = 2.0
CHANCE = 1e-3
"""Of a pause so long, in any of the tables, between days with rows that fall at random."""
YEAR_DAYS = 365
WHOLE = "the whole source"
"""Stands for the table where nothing at all came."""
_TABLE = {"assignments": "investments"}
"""Streams that are called otherwise than their table."""


@dataclass(frozen=True)
class StaleTable:
    """A table without rows since `last` (microseconds).  silent_days : since then.  usual_days : its longest pause."""

    table: str
    last: int
    silent_days: float
    usual_days: float


def stale_tables(histories: Histories, as_of: int, least_days: float) -> tuple[StaleTable, ...]:
    """Return the tables that stopped, the longest silent first.  histories : as known at as_of (microseconds)."""
    happened = {name: times for name, times in event_times(histories.streams).items() if len(times)}
    if not happened:
        return ()
    everything = np.concatenate(list(happened.values()))
    whole = _silence(WHOLE, everything, as_of, least_days, CHANCE)
    if whole is not None:
        return (whole,)  # that of every single table follows from it
    newest, found = int(everything.max()), []
    for name, times in happened.items():
        for one in (times, histories.streams[name].recorded):
            silence = _silence(_TABLE.get(name, name), one, newest, least_days, CHANCE / len(happened))
            if silence is not None:
                found.append(silence)
                break
    return tuple(sorted(found, key=lambda one: (-one.silent_days, one.table)))


def _silence(name: str, times: IntArray, until: int, least_days: float, chance: float) -> StaleTable | None:
    """Return how long the table has been silent, if that is long for it; None where it is not, or had no rhythm.

    until : microseconds.  chance : that so long a silence may have.
    """
    days = np.unique(times // MICROSECONDS_PER_DAY)
    days = days[days >= days[-1] - YEAR_DAYS]
    last = int(times.max())
    silent = (until - last) / MICROSECONDS_PER_DAY
    if len(days) < LEAST_DAYS or silent < least_days:
        return None
    *_, second, longest = np.sort(np.diff(days)).tolist()
    by_chance = np.log(1 / chance) * (days[-1] - days[0]) / len(days)
    stopped = silent > max(longest, min(PAUSES * second, PAUSES * longest), by_chance)
    return StaleTable(name, last, silent, float(longest)) if stopped else None
