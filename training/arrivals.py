"""Tables that stopped arriving: no new rows for longer than their pauses last, while others go on.

What stops is judged by when rows were recorded. A table has stopped where its silence at as_of is at least so many
days, at least twice the longest pause between two of its days with rows in the year before, and another table has had
rows since. *Blind* to a table that was always rare, and to one that still trickles.
"""

from dataclasses import dataclass

import numpy as np

from features.histories import Histories, event_times
from features.snapshots import MICROSECONDS_PER_DAY

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
    tables = event_times(histories.streams)
    arrived = {name: histories.streams[name].recorded for name, times in tables.items() if len(times)}
    if not arrived:
        return ()
    latest = {name: int(times.max()) for name, times in arrived.items()}
    newest, found = max(latest.values()), []
    for name, times in arrived.items():
        silent = (as_of - latest[name]) / MICROSECONDS_PER_DAY
        days = np.unique(times // MICROSECONDS_PER_DAY)
        days = days[days >= days[-1] - YEAR_DAYS]
        others_go_on = (newest - latest[name]) / MICROSECONDS_PER_DAY >= least_days
        if len(days) < LEAST_DAYS or not others_go_on or silent < least_days:
            continue
        pause = float(np.diff(days).max())
        if silent >= PAUSES * pause:
            found.append(Stopped(_TABLE.get(name, name), latest[name], silent, pause))
    return tuple(sorted(found, key=lambda one: (-one.silent_days, one.table)))


_TABLE = {"assignments": "investments"}
"""Streams that are called otherwise than their table."""
