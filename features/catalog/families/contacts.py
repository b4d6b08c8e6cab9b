"""The decision-making unit: who is present_people, who came and went, and whom we reach."""

from functools import partial

import numpy as np

from features.catalog.declarations import NEVER_MISSING, YES_OR_NO, Context, Family, Feature
from features.histories.distinct_things import DistinctThings, distinct_things, keys
from features.histories.streams import ratio
from features.histories.views import View
from features.instants import BoolArray, FloatArray, IntArray
from features.tables import TABLE

ROLES = TABLE["contacts"].column("role").values
INTERESTS = TABLE["contacts"].column("interest").values
SHOWN_ROLES = ("user", "influencer", "decider", "buyer")
"""The roles that get a feature of their own; initiators and gatekeepers never improved a prediction."""
FAMILY = Family("decision-making unit", "contacts")
SPOKEN = Family("decision-making unit", "interactions")
BOTH = ("contacts", "interactions")


class People:
    """The contacts at the account now, as far as is known, one entry for each (snapshot, person).

    snapshot, role, interest, key : shape (n_people,); role and interest -1 = unknown, key as in `DistinctThings`.
    """

    def __init__(self, view: View) -> None:
        contacts = view.stream("contacts")
        snapshot, row = contacts.pairs()
        if len(row):
            as_of = view.as_of[snapshot]
            now = (contacts.raw("time")[row] < as_of) & (contacts.raw("until")[row] >= as_of)
            snapshot, row = snapshot[now], row[now]
        self.snapshot, self.size = snapshot, len(view)
        self.role, self.interest, code = (
            contacts.raw(name)[row] if len(row) else row for name in ("role", "interest", "contact")
        )
        self.key = keys(snapshot, code)
        self.present = np.bincount(snapshot, minlength=self.size)

    def table(self, codes: IntArray, values: tuple[str, ...], which: BoolArray | None = None) -> IntArray:
        """Count the people by code (those for whom `which` holds), shape (n, number of values)."""
        known = codes >= 0 if which is None else which & (codes >= 0)
        cells = np.bincount(self.snapshot[known] * len(values) + codes[known], minlength=self.size * len(values))
        return cells.reshape(self.size, len(values))

    def share_reached(self, codes: IntArray, values: tuple[str, ...], spoken: DistinctThings) -> FloatArray:
        """Return the share of the values present of which somebody was spoken to."""
        reached = self.table(codes, values, spoken.holds(self.key)) > 0
        present = self.table(codes, values) > 0
        return ratio(reached.sum(axis=1), present.sum(axis=1))


def people(view: View) -> People:
    """Return the contacts of a view, computed once."""
    return view.cached("people", lambda: People(view))


def by_role(view: View) -> IntArray:
    """Count the people there now by role, shape (n, 6)."""
    return view.cached("by_role", lambda: people(view).table(people(view).role, ROLES))


def spoken_to(view: View, days: int) -> DistinctThings:
    """Return the people named in the interactions of the last `days`."""
    return distinct_things(view, "interactions", "contact", days)


def roles_reached(view: View, _: Context, days: int) -> FloatArray:
    """Return the share of the roles present of which somebody was spoken to in the last `days`."""
    return people(view).share_reached(people(view).role, ROLES, spoken_to(view, days))


def interests_reached(view: View, _: Context, days: int) -> FloatArray:
    """Return the share of the interests present of which a holder was spoken to in the last `days`."""
    return people(view).share_reached(people(view).interest, INTERESTS, spoken_to(view, days))


def decider_unreached(view: View, _: Context, days: int) -> FloatArray:
    """Return 1 where no decider present was spoken to in the last `days`; NaN where no decider is known."""
    present_people, decider = people(view), ROLES.index("decider")
    met = np.zeros(len(view), np.int64)
    deciders = present_people.role == decider
    met[present_people.snapshot[deciders & spoken_to(view, days).holds(present_people.key)]] = 1
    return np.where(by_role(view)[:, decider] > 0, 1.0 - met, np.nan)


def people_spoken(view: View, _: Context) -> FloatArray:
    """Count the different people named in the interactions of the last 365 days; NaN where nobody is named."""
    spoken = spoken_to(view, 365)
    return spoken.or_missing(spoken.count())


def single_threaded(view: View, _: Context) -> FloatArray:
    """Return 1 where all named interactions of the last 365 days were with one person; NaN where nobody is named."""
    spoken = spoken_to(view, 365)
    return spoken.or_missing((spoken.count() == 1).astype(np.int64))


def left_share(view: View, _: Context) -> FloatArray:
    """Return the share that left of those present in the last 365 days."""
    left = view.stream("contacts_left").count(365)
    return ratio(left, left + people(view).present)


def price_share(view: View, _: Context) -> FloatArray:
    """Return the share that cares about the price most, of the people present whose interest is known."""
    present_people = people(view)
    held = view.cached("interests", lambda: present_people.table(present_people.interest, INTERESTS))
    return ratio(held[:, INTERESTS.index("price")], held.sum(axis=1))


_NOBODY = "nobody is named"

FEATURES: tuple[Feature, ...] = (
    FAMILY.feature(
        "contacts_now", "number", "people we know there now", NEVER_MISSING, lambda view, _: people(view).present),
    FAMILY.feature(
        "roles_now", "number", "different roles among the people we know there", NEVER_MISSING,
        lambda view, _: (by_role(view) > 0).sum(axis=1)),
    *(FAMILY.feature(
        f"{role}s_now", "number", f"{role}s we know there now", NEVER_MISSING,
        lambda view, _, k=k: by_role(view)[:, k]) for k, role in enumerate(ROLES) if role in SHOWN_ROLES),  # type: ignore[misc]
    FAMILY.count("contacts", 180, "people who joined", name="contacts_joined", trigger="situational"),
    FAMILY.count("contacts_left", 180, "people who left", trigger="situational"),
    FAMILY.count("contacts_left", 365, "deciders who left", mark="decider", name="deciders_left", trigger="situational"),
    FAMILY.recency("contacts_left", "days_since_contact_left", "somebody we knew left", trigger="situational"),
    FAMILY.feature(
        "price_minded_share_now", "share", "part of the people there who care about the price most",
        "nobody's interest is known", price_share, trigger="influential"),
    SPOKEN.feature(
        "contacts_spoken_to_365d", "number", "different people spoken to in the last 365 days", _NOBODY,
        people_spoken, lever=True),
    SPOKEN.feature(
        "single_threaded_365d", YES_OR_NO, "all contact of the last 365 days went through one person", _NOBODY,
        single_threaded, lever=True),
    *(FAMILY.feature(
        f"roles_reached_share_{days}d", "share", f"share of the roles there that we spoke to in the last {days} days",
        "no role is known", partial(roles_reached, days=days), tables=BOTH, lever=True) for days in (90, 365)),
    FAMILY.feature(
        "interests_reached_share_365d", "share",
        "share of the interests there whose holders we spoke to in the last 365 days", "no interest is known",
        partial(interests_reached, days=365), tables=BOTH, lever=True),
    FAMILY.feature(
        "decider_unreached_365d", YES_OR_NO, "no decider there was spoken to in the last 365 days",
        "no decider is known", partial(decider_unreached, days=365), tables=BOTH, lever=True),
    FAMILY.feature(
        "days_since_decider", "days", "days since we spoke to a decider", "never, as far as is known",
        lambda view, _: view.stream("interactions_by_role").days_since_last_marked("decider"), tables=BOTH, lever=True),
)  # fmt: skip
