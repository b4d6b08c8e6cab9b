"""Triggers of switching, recorded and derived, in the three families of Roos (1999).

Situational: something changed at the customer. Reactional: we failed it. Influential: the market pulls. A derived sign
is yes or no; where a source does not record something there is no sign of it.

Source: Roos (1999).
"""

from collections.abc import Callable

import numpy as np

from features.catalog.declarations import NEVER_MISSING, Compute, Context, Family, Feature
from features.catalog.families.bonds import contracts, days_to_last_end
from features.catalog.families.contacts import left_share
from features.catalog.families.orders import discount
from features.catalog.families.service import open_now, tickets_against_norm
from features.histories.views import View
from features.instants import BoolArray
from features.tables import TRIGGER_FAMILIES

FAMILY = Family("triggers", "triggers")
SWITCHES = Family("triggers", "switches")
Sign = Callable[[View, Context], BoolArray]
LEFT_MANY = 0.5
"""If half of the people left in a year, those whom we knew no longer decide."""
DISCOUNT_FELL = -0.01
"""A percentage point of discount less than usual is felt as a higher price."""
ABOVE_NORM = 0.5
"""Half as many tickets again as usual."""


def _some(stream: str, days: int, mark: str = "") -> Sign:
    def sign(view: View, _: Context) -> BoolArray:
        events = view.stream(stream)
        return (events.total(mark, days) if mark else events.count(days)) > 0

    return sign


SIGNS: dict[str, tuple[Sign, ...]] = {
    "situational": (
        _some("contacts_left", 365, "decider"),
        lambda view, context: left_share(view, context) >= LEFT_MANY,
        lambda view, context: days_to_last_end(view, context) <= context.horizon_days,
        lambda view, _: contracts(view).count(contracts(view).noticed) > 0,
        _some("triggers", 180, "situational"),
    ),
    "reactional": (
        _some("sla_breaches", 180),
        _some("tickets", 180, "severe"),
        _some("surveys", 365, "very_low"),
        _some("orders", 180, "credit_notes"),
        lambda view, _: open_now(view).overdue > 0,
        lambda view, context: tickets_against_norm(view, context) >= ABOVE_NORM,
        _some("triggers", 180, "reactional"),
    ),
    "influential": (
        _some("inquiries_closed", 365, "lost_to_rival"),
        _some("inquiries_closed", 180, "lost"),
        lambda view, _: discount(view, 180) - discount(view, 730) <= DISCOUNT_FELL,
        _some("triggers", 180, "influential"),
        lambda view, _: view.stream("switches").count() > 0,
    ),
}
"""What counts as a sign of each family: a decider left, many left, all contracts end within the horizon, notice was
given; a broken service level, a severe ticket, a very low score, a credit note, an overdue ticket, more tickets than
usual; an inquiry lost, one lost to a competitor, less discount than usual, a switch before: who switches often does so
for the market's pull; and in each a recorded trigger."""
SIGN_WORDS = {
    "situational": "a change at the customer (people who left, contracts that end)",
    "reactional": "our own failures (service levels, severe or overdue tickets, low scores, credit notes)",
    "influential": "the market's pull (inquiries lost, less discount, switches before)",
}


def signs(kind: str) -> Compute:
    """Return the computation of how many different signs of one family there are."""
    return lambda view, context: np.sum([sign(view, context) for sign in SIGNS[kind]], axis=0)


FEATURES: tuple[Feature, ...] = (
    *(FAMILY.count("triggers", 180, f"recorded {kind} triggers", mark=kind, name=f"triggers_{kind}", trigger=kind)
      for kind in TRIGGER_FAMILIES),
    *(FAMILY.recency("triggers", f"days_since_{kind}_trigger", f"the last recorded {kind} trigger", mark=kind, trigger=kind)
      for kind in TRIGGER_FAMILIES),
    FAMILY.recency("triggers", "days_since_trigger", "the last recorded trigger"),
    *(FAMILY.feature(
        f"signs_{kind}", "number", f"different signs of {SIGN_WORDS[kind]}", NEVER_MISSING, signs(kind),
        tables=("orders",), trigger=kind) for kind in TRIGGER_FAMILIES),
    SWITCHES.feature(
        "switches_before", "number", "times it has left us before", NEVER_MISSING,
        lambda view, _: view.stream("switches").count(), trigger="influential"),
    SWITCHES.recency("switches", "days_since_switch", "it last left us", trigger="influential"),
)  # fmt: skip
