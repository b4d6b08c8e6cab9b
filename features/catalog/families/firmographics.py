"""Firmographics: what kind of business it is, how it came to us, and how long we have known it."""

import numpy as np

from features.catalog.declarations import Compute, Context, Family, Feature
from features.histories.streams import ratio
from features.histories.views import View
from features.instants import MICROSECONDS_PER_DAY, FloatArray

FAMILY = Family("firmographics", "accounts")
CODED_COLUMNS = ("industry", "country", "segment", "acquisition_channel")


def days_known(view: View, _: Context) -> FloatArray:
    """Return the days since its creation or its first event; NaN where neither is known yet."""
    since = view.histories.first_seen[view.snapshots.account]
    return np.where(since < view.as_of, (view.as_of - since) / MICROSECONDS_PER_DAY, np.nan)


def coded(column: str) -> Compute:
    """Return the computation of a text's position in the model's vocabulary.

    A rare or new text has the position after the last.
    """

    def compute(view: View, context: Context) -> FloatArray:
        names = context.vocabulary.get(column, ())
        values = view.histories.profile.get(column)
        if values is None:
            return np.full(len(view), np.nan)
        position = {name: float(k) for k, name in enumerate(names)}
        chosen = values[view.snapshots.account]
        codes = np.array([np.nan if v is None else position.get(v, float(len(names))) for v in chosen], np.float64)
        known = view.histories.profile_known[view.snapshots.account] < view.as_of
        return np.where(known, codes, np.nan)

    return compute


_UNKNOWN = "not known"

FEATURES: tuple[Feature, ...] = (
    FAMILY.feature("employees", "persons", "headcount", _UNKNOWN, lambda view, _: view.profile("employees")),
    FAMILY.feature(
        "revenue_per_employee_365d", "money", "revenue for each employee in the last 365 days", "headcount is not known",
        lambda view, _: ratio(view.stream("orders").amount("revenue", 365), view.profile("employees")),
        tables=("accounts", "orders")),
    FAMILY.feature(
        "acquisition_cost", "money", "what winning it cost", _UNKNOWN, lambda view, _: view.profile("acquisition_cost")),
    FAMILY.feature("days_known", "days", "days since we know the account", "not known yet", days_known, tables=()),
    *(FAMILY.feature(f"{column}_code", "code", f"{column.replace('_', ' ')}, most frequent first", _UNKNOWN, coded(column))
      for column in CODED_COLUMNS),
)  # fmt: skip
