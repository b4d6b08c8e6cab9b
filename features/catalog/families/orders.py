"""Orders: how often, how much, at what margin, how regularly, and all that against the account's own past."""

import numpy as np

from features.catalog.declarations import NEVER_MISSING, Context, Family, Feature, trend
from features.histories.distinct_things import DistinctThings, distinct_things
from features.histories.order_days import order_days
from features.histories.streams import FIXED_POINT, ratio
from features.histories.views import View
from features.instants import BoolArray, FloatArray, IntArray
from features.ladder.rhythm import days_within_rhythm, usual_pause

FAMILY = Family("orders", "orders")


def gross(view: View, days: float, until: float = 0) -> IntArray:
    """Sum the revenue of a window without the credit notes, in the stored unit."""
    return view.stream("orders").total("gross", days, until)


def overdue_ratio(view: View, _: Context) -> FloatArray:
    """Return the time since the last order day over the account's own mean gap of two years."""
    return ratio(order_days(view).days_since(0), np.nan_to_num(_gaps(view, 730)[1]))


def _gaps(view: View, days: int) -> tuple[IntArray, FloatArray, FloatArray]:
    return view.cached(("gaps", days), lambda: order_days(view).gaps(days))


def season_revenue(view: View, context: Context) -> FloatArray:
    """Sum the revenue of the horizon's own weeks, a year earlier."""
    return view.stream("orders").amount("revenue", 365, 365 - min(context.horizon_days, 365))


def season_order_days(view: View, context: Context) -> IntArray:
    """Count the order days of the horizon's own weeks, a year earlier."""
    return order_days(view).in_window(365, 365 - min(context.horizon_days, 365))


def season_share(view: View, context: Context) -> FloatArray:
    """Return the share of a year's revenue, credit notes apart, that fell in the horizon's own weeks."""
    return ratio(gross(view, 365, 365 - min(context.horizon_days, 365)), gross(view, 365))


def revenue_lost(view: View, _: Context) -> FloatArray:
    """Return how far the revenue of the last 365 days is below that of the 365 before; 0 where it is not."""
    orders = view.stream("orders")
    behind: IntArray = np.maximum(orders.total("revenue", 730, 365) - orders.total("revenue", 365), 0)
    return behind / FIXED_POINT


def share_of_best(view: View, _: Context) -> FloatArray:
    """Return the revenue of the last half year over the best of the last four; NaN without any."""
    orders = view.stream("orders")
    halves = [orders.total("revenue", days, until) for days, until in ((180, 0), (365, 180), (545, 365), (730, 545))]
    best = np.maximum(np.maximum(halves[0], halves[1]), np.maximum(halves[2], halves[3]))
    return ratio(np.maximum(halves[0], 0), best)


def gap_regularity(view: View, _: Context) -> FloatArray:
    """Return the deviation of the gaps between order days over their mean: 0 = like clockwork."""
    number, mean, deviation = _gaps(view, 730)
    return np.where(number > 1, ratio(deviation, np.nan_to_num(mean)), np.nan)


def gap_change(view: View, _: Context) -> FloatArray:
    """Return the mean gap of the last 180 days over that of two years, less one: above 0 = slower than usual."""
    return _gaps(view, 180)[1] / _gaps(view, 730)[1] - 1


def basket_trend(view: View, _: Context) -> FloatArray:
    """Compare the revenue per order day of the last 180 days with that of two years, from -1 to 1."""
    return trend(*(ratio(gross(view, days), order_days(view).in_window(days)) for days in (180, 730)))


def margin(view: View, _: Context) -> FloatArray:
    """Return revenue less cost of goods, over orders whose cost is known; NaN where none is."""
    orders = view.stream("orders")
    costed = orders.total("costed", 365) > 0
    return np.where(costed, (orders.total("costed_revenue", 365) - orders.total("cost", 365)) / FIXED_POINT, np.nan)


def cost_share(view: View, _: Context) -> FloatArray:
    """Return the cost of goods over revenue, where the cost is known."""
    orders = view.stream("orders")
    return ratio(orders.total("cost", 365), orders.total("costed_revenue", 365))


def discount(view: View, days: int) -> FloatArray:
    """Average the discount over orders whose discount is known."""
    orders = view.stream("orders")
    return ratio(orders.total("discount", days) / FIXED_POINT, orders.total("discount_known", days))


def lines(view: View) -> DistinctThings:
    """Return the product lines of two years of orders."""
    return distinct_things(view, "orders", "line", 730)


def lines_bought(view: View, _: Context) -> FloatArray:
    """Count the product lines of the last 365 days; NaN where no line is known in two years."""
    groups = lines(view)
    return groups.or_missing(groups.count(_recent(view, groups.last)))


def lines_lost(view: View, _: Context) -> FloatArray:
    """Count the product lines of the year before that were not bought again in the last 365 days."""
    groups = lines(view)
    return groups.or_missing(groups.count(~_recent(view, groups.last)))


def lost_lines_share(view: View, _: Context) -> FloatArray:
    """Return the share of the year before that was spent on lines not bought again."""
    groups, orders = lines(view), view.stream("orders")
    lost = ~_recent(view, groups.last)
    spent = np.zeros(len(view), np.int64)
    np.add.at(spent, groups.snapshot[lost], groups.total(orders.value("gross"))[lost])
    return np.where(groups.present(), ratio(spent, gross(view, 730, 365)), np.nan)


def _recent(view: View, row: IntArray) -> BoolArray:
    """Return whether some rows, one for each group of `lines`, lie in the last 365 days."""
    recent: BoolArray = row >= view.stream("orders").edge(365)[lines(view).snapshot]
    return recent


def _order_days(days: int) -> Feature:
    return FAMILY.feature(
        f"order_days_{days}d", "days", f"days with an order in the last {days} days", NEVER_MISSING,
        lambda view, _: order_days(view).in_window(days),
    )  # fmt: skip


def _revenue(days: int) -> Feature:
    return FAMILY.feature(
        f"revenue_{days}d", "money", f"revenue in the last {days} days", NEVER_MISSING,
        lambda view, _: view.stream("orders").amount("revenue", days),
    )  # fmt: skip


def _nth_order_day(nth: int, name: str, phrase: str) -> Feature:
    return FAMILY.feature(
        name, "days", f"days since the {phrase} order day", "fewer order days are known",
        lambda view, _: order_days(view).days_since(nth),
    )  # fmt: skip


def _revenue_trend(days: int) -> Feature:
    return FAMILY.feature(
        f"revenue_trend_{days}d", "share -1..1", f"revenue of the last {days} days against the {days} before",
        f"no order in {2 * days} days", lambda view, _: trend(gross(view, days), gross(view, 2 * days, days)),
    )  # fmt: skip


_ONE_DAY, _NO_LINE = "fewer than two order days", "no product line is known in two years"

FEATURES: tuple[Feature, ...] = (
    *(_order_days(days) for days in (30, 90, 180, 365, 730)),
    *(_revenue(days) for days in (30, 90, 180, 365, 730)),
    FAMILY.recency("orders", "days_since_last_order", "the last order or credit note"),
    _nth_order_day(0, "days_since_order_day", "last"),
    _nth_order_day(1, "days_since_second_last_order_day", "second last"),
    _nth_order_day(2, "days_since_third_last_order_day", "third last"),
    FAMILY.feature(
        "days_since_first_order", "days", "days since the first known order", "no order is known",
        lambda view, _: view.stream("orders").days_since_first()),
    FAMILY.feature(
        "order_days_total", "days", "days with an order since the data begin", NEVER_MISSING,
        lambda view, _: order_days(view).total()),
    FAMILY.feature(
        "revenue_per_order_day_365d", "money", "revenue per order day in the last 365 days", "no order day",
        lambda view, _: ratio(view.stream("orders").amount("revenue", 365), order_days(view).in_window(365))),
    FAMILY.feature(
        "order_gap_mean_730d", "days", "mean gap between order days in the last 730 days", _ONE_DAY,
        lambda view, _: _gaps(view, 730)[1]),
    FAMILY.feature(
        "order_gap_deviation_730d", "days", "irregularity of the gaps between order days", _ONE_DAY,
        lambda view, _: _gaps(view, 730)[2]),
    FAMILY.feature(
        "order_gap_regularity_730d", "ratio", "irregularity of the gaps between order days as a part of their mean",
        "fewer than three order days", gap_regularity),
    FAMILY.feature(
        "order_gap_change_180d", "ratio", "gap between order days of the last 180 days beyond the usual one (0 = usual)",
        "no gap between order days ended in the last 180 days", gap_change),
    FAMILY.feature(
        "order_gap_last", "days", "gap between the last two order days", _ONE_DAY,
        lambda view, _: order_days(view).days_since(1) - order_days(view).days_since(0)),
    FAMILY.feature(
        "days_within_rhythm", "days", "days left of the silence that the account's own gaps explain",
        "no order is known", lambda view, _: days_within_rhythm(view)),
    FAMILY.feature(
        "usual_pause_days", "days", "days of the long pause that began at the time of the year of the last order before",
        NEVER_MISSING, lambda view, _: usual_pause(view)),
    FAMILY.feature(
        "order_overdue_ratio", "ratio", "time since the last order day against the account's usual gap", _ONE_DAY,
        overdue_ratio),
    *(_revenue_trend(days) for days in (90, 180)),
    FAMILY.feature(
        "order_days_trend_90d", "share -1..1", "order days of the last 90 days against the 90 before",
        "no order day in 180 days",
        lambda view, _: trend(order_days(view).in_window(90), order_days(view).in_window(180, 90))),
    FAMILY.feature(
        "revenue_against_last_year_90d", "share -1..1", "revenue of the last 90 days against the same days a year ago",
        "no order in either", lambda view, _: trend(gross(view, 90), gross(view, 455, 365))),
    FAMILY.feature(
        "revenue_per_order_day_trend_180d", "share -1..1",
        "revenue per order day of the last 180 days against that of two years", "no order day in 180 days",
        basket_trend),
    FAMILY.feature(
        "revenue_lost_365d", "money", "revenue that the last 365 days stay behind the 365 before", NEVER_MISSING,
        revenue_lost),
    FAMILY.feature(
        "revenue_share_of_best_180d", "share", "revenue of the last half year against the best of the last four",
        "no revenue in two years", share_of_best),
    FAMILY.feature(
        "revenue_same_season", "money", "revenue in the same season a year ago", NEVER_MISSING, season_revenue),
    FAMILY.feature(
        "order_days_same_season", "days", "order days in the same season a year ago", NEVER_MISSING, season_order_days),
    FAMILY.feature(
        "revenue_season_share", "share", "part of last year's revenue that fell in the season that now comes",
        "no order in 365 days", season_share),
    FAMILY.count("orders", 180, "credit notes", mark="credit_notes", trigger="reactional"),
    FAMILY.feature(
        "credit_share_365d", "share", "money credited as a part of what was invoiced in the last 365 days",
        "no order in 365 days",
        lambda view, _: ratio(
            gross(view, 365) - view.stream("orders").total("revenue", 365), gross(view, 365)), trigger="reactional"),
    FAMILY.feature(
        "cost_share_365d", "share", "cost of goods as a share of revenue in the last 365 days",
        "no order with a known cost in 365 days", cost_share),
    FAMILY.feature(
        "margin_365d", "money", "gross margin in the last 365 days", "no order with a known cost in 365 days", margin),
    FAMILY.feature(
        "discount_mean_365d", "share", "mean discount in the last 365 days", "no order with a known discount in 365 days",
        lambda view, _: discount(view, 365), trigger="influential", lever=True),
    FAMILY.feature(
        "discount_change_180d", "share, change", "mean discount of the last 180 days less that of two years",
        "no order with a known discount in 180 days", lambda view, _: discount(view, 180) - discount(view, 730),
        trigger="influential", lever=True),
    FAMILY.feature(
        "product_lines_365d", "number", "product lines bought in the last 365 days", _NO_LINE, lines_bought),
    FAMILY.feature(
        "product_lines_lost_365d", "number", "product lines of the year before that were not bought in the last 365 days",
        _NO_LINE, lines_lost),
    FAMILY.feature(
        "product_lines_lost_share_365d", "share", "part of the year before spent on product lines not bought since",
        "no product line, or no order in the year before", lost_lines_share),
)  # fmt: skip
