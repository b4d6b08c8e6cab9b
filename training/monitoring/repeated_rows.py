"""Rows that come twice since a while: a feed that is sent again under new numbers, which no key shows.

Asked of the source itself, recent rows against those of the year before the training: what was always written down
twice is no news.
"""

import numpy as np
import pandas as pd

from features.histories.histories import Histories
from features.histories.streams import Stream
from features.instants import MICROSECONDS_PER_DAY, NEVER
from training.monitoring.broken_column import LEAST_ROWS, REPEATED, WINDOWS_DAYS, BrokenColumn

MOST_BEFORE, LEAST_NOW = 0.1, 0.25
"""The share of rows that may have been as another is before, and from which on they are too many now: where a third
comes twice, a quarter is repeated."""
TABLES = ("orders", "tickets", "interactions", "inquiries", "referrals", "surveys")


def repeated_rows(known: Histories, as_of: int, trained_until: int) -> tuple[BrokenColumn, ...]:
    """Return the tables whose recent rows repeat others: the same account, time and values.

    known : as it stood at as_of (microseconds).  trained_until : microseconds.
    """
    found = []
    for table in TABLES:
        stream = known.streams.get(table)
        if stream is None or len(stream) < LEAST_ROWS:
            continue
        again = _again(stream)
        for days in WINDOWS_DAYS:
            begin = as_of - days * MICROSECONDS_PER_DAY
            recent = stream.time >= begin
            if recent.sum() >= LEAST_ROWS:
                until = min(begin, trained_until)
                earlier = (stream.time >= until - 365 * MICROSECONDS_PER_DAY) & (stream.time < until)
                before = float(again[earlier].mean()) if earlier.any() else 0.0
                now = float(again[recent].mean())
                if now >= LEAST_NOW and before <= MOST_BEFORE:
                    found.append(BrokenColumn(table, "", REPEATED, round(before, 4), round(now, 4)))
                break
    return tuple(found)


def _again(stream: Stream) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Return which rows are as an earlier one is, but for when they came and what is filled in later, shape (n,)."""
    values = {name: column for name, column in stream.values.items() if not _is_moment(column)}
    frame = pd.DataFrame({"account": stream.account, "time": stream.time, **values})
    return frame.duplicated().to_numpy(bool)


def _is_moment(column: np.ndarray[tuple[int], np.dtype[np.int64]]) -> bool:
    return bool(len(column)) and int(column.max()) == NEVER
