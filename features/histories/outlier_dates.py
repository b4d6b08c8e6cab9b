"""Outlier dates: events that lie far beyond all others, usually by a typing error."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from features.histories.histories import Histories, event_times
from features.instants import MICROSECONDS_PER_DAY, IntArray


@dataclass(frozen=True)
class OutlierDates:
    """Events that lie far beyond all others, such as an order in the year 2999.

    tables : table -> how many of its rows.
    last_before : microseconds, the last event apart from them.
    gap_days : from that event to the first outlier.
    """

    tables: Mapping[str, int]
    last_before: int
    gap_days: float


GAP_DAYS = 180
"""A silence that is too long for any business."""
LEAST_GAP_DAYS, TIMES_LONGER = 20, 5
"""Else a silence of so many days that is so many times longer than any before it: of a business that never slept."""


def outlier_dates(histories: Histories, gap_days: float = GAP_DAYS, most_share: float = 0.01) -> OutlierDates | None:
    """Return the few events after a silence of at least gap_days, which put the default as_of in the future.

    A shorter silence counts where it is far longer than any before it: call-offs that are dated ahead of the export.

    *Dangerous* to leave standing: with one order in the year 2999 the default as_of is 2999, and every account looks as
    if it had bought nothing for centuries.

    most_share : events that make up more than this share of all, 0..1, are not outliers.
    """
    times = event_times(histories.streams)
    once = {name: np.ones(len(time), np.int64) for name, time in times.items()}
    return outlier_dates_among(times, once, gap_days, most_share)


def outlier_dates_among(
    times: Mapping[str, IntArray], counts: Mapping[str, IntArray], gap_days: float = GAP_DAYS, most_share: float = 0.01
) -> OutlierDates | None:
    """Return the outlier dates among events that are summarised as instants and counts.

    times : table -> instants, microseconds.
    counts : table -> how many events happened at each of them.
    gap_days, most_share : as in `outlier_dates`.
    """
    every = np.concatenate([*times.values(), np.empty(0, np.int64)])
    order = np.argsort(every, kind="stable")
    every, often = every[order], np.concatenate([*counts.values(), np.empty(0, np.int64)])[order]
    after = often.sum() - np.cumsum(often)
    gaps = np.diff(every) / MICROSECONDS_PER_DAY
    longest = np.maximum.accumulate(np.append(0.0, gaps))[:-1] if len(gaps) else gaps
    unusual = (gaps >= LEAST_GAP_DAYS) & (gaps >= TIMES_LONGER * longest) & (np.arange(len(gaps)) >= 1)
    wide = np.flatnonzero((gaps >= gap_days) | unusual)
    wide = wide[after[wide] <= most_share * often.sum()]
    if not len(wide):
        return None
    last, first = int(every[wide[0]]), int(every[wide[0] + 1])
    beyond = {name: int(counts[name][time >= first].sum()) for name, time in times.items()}
    return OutlierDates({name: n for name, n in beyond.items() if n}, last, (first - last) / MICROSECONDS_PER_DAY)
