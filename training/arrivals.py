"""Tables that stopped arriving: no new rows for longer than their pauses last, while others go on.

A table has stopped where its silence at as_of is at least so many days, at least twice the longest pause between two of
its days with rows in the year before, and another table has had rows since. Both when rows happened and when they were
recorded are looked at: what stops happening may still be written up for weeks. *Blind* to a table that was always rare,
and to one that still trickles.
"""

from dataclasses import dataclass

import numpy as np

from features.histories import Histories, event_times
from features.snapshots import MICROSECONDS_PER_DAY, IntArray

LEAST_DAYS = 8
"""Days with rows in the year before, below which a table has no rhythm to fall out of."""
PAUSES = 2.0
YEAR_DAYS = 365


@dataclass(frozen=True)
class Stopped:
    """A table without rows since `last` (microseconds).  silent_days : since then.  usual_days : its longest pause."""

    table: str
    last: int
    silent_days: float
    usual_days: float


def stopped_tables(histories: Histories, as_of: int, least_days: float) -> tuple[Stopped, ...]:
    """The tables that stopped, the longest silent first.  histories : as they stood at as_of (microseconds)."""
    happened = {name: times for name, times in event_times(histories.streams).items() if len(times)}
    newest, found = max((int(times.max()) for times in happened.values()), default=0), []
    for name, times in happened.items():
        if (newest - int(times.max())) / MICROSECONDS_PER_DAY < least_days:
            continue  # nothing else goes on either
        silences = [
            one for one in (_silence(name, times, as_of), _silence(name, histories.streams[name].recorded, as_of))
            if one is not None and one.silent_days >= max(least_days, PAUSES * one.usual_days)
        ]  # fmt: skip
        found += silences[:1]
    return tuple(sorted(found, key=lambda one: (-one.silent_days, one.table)))


def _silence(name: str, times: IntArray, as_of: int) -> Stopped | None:
    """How long it has been silent and used to be; None where it had no rhythm."""
    days = np.unique(times // MICROSECONDS_PER_DAY)
    days = days[days >= days[-1] - YEAR_DAYS]
    if len(days) < LEAST_DAYS:
        return None
    last = int(times.max())
    return Stopped(_TABLE.get(name, name), last, (as_of - last) / MICROSECONDS_PER_DAY, float(np.diff(days).max()))


_TABLE = {"assignments": "investments"}
"""Streams that are called otherwise than their table."""
