"""Events that lie far beyond all others, by a slip of the pen."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from features.histories.histories import Histories, event_times
from features.instants import MICROSECONDS_PER_DAY, IntArray


@dataclass(frozen=True)
class OutlierDates:
    """Events that lie far beyond all others: typing errors such as the year 2999, most of the time.

    tables : table -> how many of its rows.  last_before : microseconds, the last event but for them.
    gap_days : from that event to the first stray.
    """

    tables: Mapping[str, int]
    last_before: int
    gap_days: float


def outlier_dates(histories: Histories, gap_days: float = 180, most_share: float = 0.01) -> OutlierDates | None:
    """The few events after a silence of at least gap_days, with which the default as_of ends up in the future.

    *Dangerous* to leave standing: with one order in the year 2999 the default as_of is 2999, and every account
    looks as if it had bought nothing for centuries.

    most_share : what makes up more of all events than this share, 0..1, is no stray.
    """
    times = event_times(histories.streams)
    once = {name: np.ones(len(time), np.int64) for name, time in times.items()}
    return outlier_dates_among(times, once, gap_days, most_share)


def outlier_dates_among(
    times: Mapping[str, IntArray], counts: Mapping[str, IntArray], gap_days: float = 180, most_share: float = 0.01
) -> OutlierDates | None:
    """The same, where the events of each table are given as instants and how many happened at each."""
    every = np.concatenate([*times.values(), np.empty(0, np.int64)])
    order = np.argsort(every, kind="stable")
    every, often = every[order], np.concatenate([*counts.values(), np.empty(0, np.int64)])[order]
    after = often.sum() - np.cumsum(often)
    wide = np.flatnonzero(np.diff(every) >= gap_days * MICROSECONDS_PER_DAY)
    wide = wide[after[wide] <= most_share * often.sum()]
    if not len(wide):
        return None
    last, first = int(every[wide[0]]), int(every[wide[0] + 1])
    beyond = {name: int(counts[name][time >= first].sum()) for name, time in times.items()}
    return OutlierDates({name: n for name, n in beyond.items() if n}, last, (first - last) / MICROSECONDS_PER_DAY)
