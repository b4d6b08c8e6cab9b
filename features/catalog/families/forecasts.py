"""Forecasts: what account managers expect one rung more to bring."""

from features.catalog.declarations import NO_EVENT, Context, Family, Feature
from features.histories.streams import FIXED_POINT, ratio
from features.histories.views import View
from features.instants import FloatArray

FAMILY = Family("forecasts", "forecasts")


def last_estimate(view: View, _: Context) -> FloatArray:
    """Return the last estimate; the mean of those made at the same instant."""
    return view.cached("last estimate", lambda: view.stream("forecasts").last_mean("extra"))


def mean_estimate(view: View) -> FloatArray:
    """Average the managers' estimates of the last 365 days."""
    made = view.stream("forecasts")
    return ratio(made.amount("extra", 365), made.count(365))


def against_revenue(view: View, context: Context) -> FloatArray:
    """Return the last estimate over the revenue of 180 days; NaN without any."""
    return ratio(last_estimate(view, context), view.stream("orders").total("gross", 180) / FIXED_POINT)


FEATURES: tuple[Feature, ...] = (
    FAMILY.feature(
        "forecast_last", "money", "the account manager's last estimate of one rung more, over its horizon",
        "never estimated", last_estimate),
    FAMILY.feature(
        "forecast_mean_365d", "money", "mean of the managers' estimates of one rung more in the last 365 days", NO_EVENT,
        lambda view, _: mean_estimate(view)),
    FAMILY.feature(
        "forecast_change", "money", "the last estimate of one rung more less the mean of a year", NO_EVENT,
        lambda view, context: last_estimate(view, context) - mean_estimate(view)),
    FAMILY.feature(
        "forecast_against_revenue", "ratio", "the last estimate of one rung more against the revenue of 180 days",
        "never estimated, or no order in 180 days", against_revenue, tables=("forecasts", "orders")),
    FAMILY.recency("forecasts", "days_since_forecast", "the last estimate by the account manager"),
)  # fmt: skip
