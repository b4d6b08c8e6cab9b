"""Partnership: what the account does together with us, and where its account manager sees it on the ladder."""

import numpy as np

from features.catalog.declarations import Context, Family, Feature
from features.histories.views import View
from features.instants import FloatArray
from features.ladder.rules import rungs

COLLABORATIONS = Family("partnership", "collaborations")
ASSESSMENTS = Family("partnership", "assessments")
ASSESSED_DAYS = 365
"""An account manager's view of a rung is taken for the present one for so many days."""


def assessed_rung(view: View) -> FloatArray:
    """Return the rung of the latest assessment of the last ASSESSED_DAYS, NaN where there is none.

    Of several at one instant the highest counts.
    """
    made = view.stream("assessments")
    last, first = made.edge(0) - 1, made.edge(ASSESSED_DAYS)
    exists = last >= first
    if not len(made.time):
        return np.full(len(view), np.nan)
    return np.where(exists, made.value("rung")[np.where(exists, last, 0)], np.nan)


def assessed_above(view: View, context: Context) -> FloatArray:
    """Return how many rungs the manager sees the account above where the rule puts it."""
    return assessed_rung(view) - rungs(view, context.rules)


FEATURES: tuple[Feature, ...] = (
    COLLABORATIONS.count("collaborations", 730, "developments, investments and exchanges of data together with us"),
    COLLABORATIONS.recency("collaborations", "days_since_collaboration", "the last of them together with us"),
    ASSESSMENTS.feature(
        "assessed_above_rule", "steps", "how many rungs higher than the rule its account manager sees it",
        "no assessment in the last 365 days", assessed_above),
)  # fmt: skip
