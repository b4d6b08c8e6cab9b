"""Who is convinced: whose interest was spoken of, and whom we have something to tell that nobody told yet.

A person at the account counts as addressed where somebody spoke with that person, in the last 365 days, about what that
person cares about most (`interactions.topic` = `contacts.interest`). The more of a decision-making unit recognise
themselves in what is said, the broader is our support in it.
"""

import numpy as np

from features.catalog.declarations import NEVER_MISSING, Context, Family, Feature
from features.catalog.families.contacts import INTERESTS, ROLES, People, people
from features.histories.distinct_things import keys
from features.histories.streams import expand, ratio
from features.histories.views import View
from features.instants import BoolArray, FloatArray, IntArray

FAMILY = Family("decision-making unit", "contacts")
TABLES = ("contacts", "interactions")
YEAR = 365
"""Days in which an interest that was spoken of counts as addressed."""
ROLE_WEIGHTS = {"decider": 3, "influencer": 2, "buyer": 2, "initiator": 1, "user": 1, "gatekeeper": 1}
"""How much each part in the decision counts; a person whose part is unknown counts once."""
_WEIGHTS = np.array([*(ROLE_WEIGHTS[role] for role in ROLES), 1], np.int64)


def addressed(view: View) -> BoolArray:
    """Return whether each of `people(view)` was spoken with about what that person cares about, shape (n_people,)."""
    return view.cached("addressed", lambda: _addressed(view, people(view)))


def _addressed(view: View, present: People) -> BoolArray:
    spoken = np.zeros(len(present.snapshot), bool)
    talks = view.stream("interactions")
    if not (talks.has("topic") and talks.has("contact")):
        return spoken
    snapshot, row = expand(talks.edge(YEAR), talks.edge(0))
    topic, contact = talks.value("topic")[row], talks.value("contact")[row]
    for code in range(len(INTERESTS)):
        about = (topic == code + 1) & (contact > 0)
        theirs = np.flatnonzero(present.interest == code)
        spoken[theirs] = np.isin(present.key[theirs], keys(snapshot[about], contact[about]))
    return spoken


def last_addressed(view: View) -> IntArray:
    """Return when each of `people(view)` was last spoken with about the own interest, microseconds, 0 = never."""
    present, talks = people(view), view.stream("interactions")
    last = np.zeros(len(present.snapshot), np.int64)
    if not (talks.has("topic") and talks.has("contact")):
        return last
    snapshot, row = expand(talks.start, talks.edge(0))
    topic, contact = talks.value("topic")[row], talks.value("contact")[row]
    for code in range(len(INTERESTS)):
        about = (topic == code + 1) & (contact > 0)
        when = dict(zip(keys(snapshot[about], contact[about]).tolist(), talks.time[row[about]].tolist(), strict=True))
        theirs = np.flatnonzero(present.interest == code)
        last[theirs] = [when.get(key, 0) for key in present.key[theirs].tolist()]
    return last


def weights(present: People) -> IntArray:
    """Return how much each person counts, shape (n_people,)."""
    counted: IntArray = _WEIGHTS[present.role]
    return counted


def support(view: View, _: Context) -> FloatArray:
    """Return the share of the people there, weighted by role, whose interest was addressed in the last 365 days.

    NaN where nobody's interest is known, and where people were spoken with and no topic was written down.
    """
    present = people(view)
    weight = weights(present)
    whole = np.bincount(present.snapshot, weight, minlength=len(view))
    heard = np.bincount(present.snapshot, weight * addressed(view), minlength=len(view))
    known = np.bincount(present.snapshot[present.interest >= 0], minlength=len(view)) > 0
    talks = view.stream("interactions")
    written = running_topics(view) > 0
    return np.where(known & (written | (talks.count(YEAR) == 0)), ratio(heard, whole), np.nan)


def running_topics(view: View) -> IntArray:
    """Count the interactions of the last 365 days with a topic, shape (n,)."""
    talks = view.stream("interactions")
    if not talks.has("topic"):
        return np.zeros(len(view), np.int64)
    snapshot, row = expand(talks.edge(YEAR), talks.edge(0))
    return np.bincount(snapshot[talks.value("topic")[row] > 0], minlength=len(view))


def to_tell(view: View, _: Context) -> IntArray:
    """Count the people there for whom we have a benefit and whose interest was not addressed in the last 365 days."""
    present = people(view)
    meant = np.zeros((len(INTERESTS) + 1, len(ROLES) + 1), bool)  # the last of each stands for unknown
    for benefit in view.histories.benefits:
        for interest in range(len(INTERESTS)):
            meant[interest, :] |= [benefit.speaks_to(interest, role) for role in (*range(len(ROLES)), -1)]
    waits = meant[present.interest, present.role] & ~addressed(view)
    return np.bincount(present.snapshot[waits], minlength=len(view))


FEATURES: tuple[Feature, ...] = (
    FAMILY.feature(
        "support", "share", "part of the people there, by their say, whose interest we spoke of in the last 365 days",
        "no interest is known, or no topic was written down", support, tables=TABLES, lever=True),
    FAMILY.feature(
        "people_to_tell", "number", "people there for whom we have a benefit that nobody told them in the last 365 days",
        NEVER_MISSING, to_tell, tables=(*TABLES, "benefits"), lever=True),
)  # fmt: skip
