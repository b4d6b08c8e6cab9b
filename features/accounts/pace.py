"""The pace of an account while it bought: revenue a year over its own active time, be that long ago."""

import numpy as np

from features.histories.order_days import order_days
from features.histories.streams import FIXED_POINT
from features.histories.views import View
from features.instants import MICROSECONDS_PER_DAY, FloatArray

ACTIVE_DAYS = 1095
"""Only so many days before the last order day count: an account of today is not what it was long ago."""
LEAST_ACTIVE_DAYS = 90.0
ONCE_DAYS = 365.0
"""A single order day stands for a year."""


def own_pace(view: View) -> FloatArray:
    """Return the revenue a year of each account between its first and its last order day, shape (n,), money.

    Of at most ACTIVE_DAYS before the last one; a mean gap is added, for the last order lasts until the next. Zero
    without an order day, and where credit notes outweigh the orders.
    """
    return view.cached("own pace", lambda: _own_pace(view))


def _own_pace(view: View) -> FloatArray:
    days, orders = order_days(view), view.stream("orders")
    since, total = days.days_since(0), days.total()
    known = total > 0
    last = view.as_of - (np.where(known, since, 0.0) * MICROSECONDS_PER_DAY).astype(np.int64)
    start = last - ACTIVE_DAYS * MICROSECONDS_PER_DAY
    sums, end = orders.running("revenue"), orders.edge(0)
    revenue = (sums[end] - sums[np.minimum(orders.position(start), end)]) / FIXED_POINT
    number, mean, _ = days.gaps(ACTIVE_DAYS + 365)
    first = np.where(known, orders.days_since_first(), 0.0)
    active = np.minimum(first - np.where(known, since, 0.0), float(ACTIVE_DAYS))
    span = np.maximum(active + np.where(number > 0, mean, 0.0), LEAST_ACTIVE_DAYS)
    span = np.where(total < 2, ONCE_DAYS, span)
    return np.where(known, np.maximum(revenue, 0.0) * 365.0 / span, 0.0)
