"""Contributions of features -> the few reasons that a manager can act on, as data.

Features of one topic tell of one thing: their contributions are added up, and the strongest of them speaks. What
nobody can change comes first; what somebody can act on follows.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from features.catalog import catalog
from features.catalog.catalog import Feature
from features.deadlines import check_deadline
from features.instants import FloatArray, IntArray
from training.model.bundle import Facts
from training.model.reasons import CLIMBING, LEAVING, Reason, Value
from training.model.text.feature_phrases import PHRASE
from training.model.text.words import CODE, TREND, has_something_to_say, shown_figure

MOST_UP, MOST_DOWN = 3, 2
"""Reasons told for the outcome, and against it."""
LEAST_CONTRIBUTION = 0.02
"""Log odds: what moves a chance by less than about half a percentage point is not worth a sentence."""

NO_REASONS = frozenset(("forecasts",))
"""Families of features that are no reason to a manager: what managers themselves expect."""

_TOLD = tuple(
    (k, PHRASE[feature.name].topic)
    for k, feature in enumerate(catalog.FEATURES)
    if feature.name in PHRASE and feature.family not in NO_REASONS
)
TOPICS: tuple[str, ...] = tuple(dict.fromkeys(topic for _, topic in _TOLD))
MEMBERS: tuple[tuple[int, ...], ...] = tuple(tuple(k for k, of in _TOLD if of == topic) for topic in TOPICS)
"""Topic -> where its features stand in the catalogue."""


class Explainer:
    """Chooses reasons; the same value is looked at once.

    tables : that the source holds; a feature of any other tells nothing, least of all that something never happened.
    """

    def __init__(self, facts: Facts, tables: Iterable[str]) -> None:
        held = frozenset(tables)
        self._facts = facts
        self._there = tuple(held.issuperset(feature.tables) for feature in catalog.FEATURES)
        self._seen: dict[tuple[int, int, float], tuple[Value, float | None] | None] = {}

    def tell(
        self, contributions: FloatArray, values: FloatArray, rungs: IntArray, leaving: bool
    ) -> list[tuple[Reason, ...]]:
        """Return the reasons of every account: facts first, then levers, each strongest first.

        contributions, values : shape (n, n_features), in the order of the catalogue.  rungs : shape (n,), now.
        leaving : whether they are contributions to leaving; else to climbing.
        """
        totals = _topic_totals(contributions)
        strong = np.abs(totals) >= LEAST_CONTRIBUTION
        order = np.argsort(-np.abs(totals), axis=1, kind="stable")
        outcome = LEAVING if leaving else CLIMBING
        reasons = []
        for row in range(len(values)):
            check_deadline()
            topics = [topic for topic in order[row].tolist() if strong[row, topic]]
            reasons.append(
                self._tell_one(
                    topics,
                    totals=totals[row],
                    contributions=contributions[row],
                    values=values[row],
                    rung=int(rungs[row]),
                    outcome=outcome,
                )
            )
        return reasons

    def _tell_one(
        self, topics: Sequence[int], *, totals: FloatArray, contributions: FloatArray, values: FloatArray, rung: int,
        outcome: str,
    ) -> tuple[Reason, ...]:  # fmt: skip
        room = {1: MOST_UP, -1: MOST_DOWN}
        reasons: list[Reason] = []
        for topic in topics:
            total = float(totals[topic])
            direction = 1 if total > 0 else -1
            if room[direction] == 0:
                continue
            strengthens = direction if outcome == CLIMBING else -direction
            found = self._fact(
                MEMBERS[topic],
                direction,
                strengthens=strengthens,
                contributions=contributions,
                values=values,
                rung=rung,
            )
            if found is None:
                continue
            room[direction] -= 1
            position, value, peer = found
            reasons.append(
                Reason(
                    outcome=outcome,
                    feature=catalog.NAMES[position],
                    value=value,
                    peer=peer,
                    direction=direction,
                    strength=total,
                )
            )
            if not any(room.values()):
                break
        return tuple(sorted(reasons, key=lambda reason: reason.lever))  # a stable sort: each part strongest first

    def _fact(
        self, members: Sequence[int], direction: int, *, strengthens: int, contributions: FloatArray,
        values: FloatArray, rung: int,
    ) -> tuple[int, Value, float | None] | None:  # fmt: skip
        """Return the strongest feature of a topic that has something to say, with its value and that of its peers.

        strengthens : 1 where the reason says that the tie is strong, -1 where weak: what a feature's value, beside its
            peers', says the opposite of, or hardly differs in, is no reason.
        """
        pulls = [(direction * float(contributions[k]), k) for k in members]
        for _, position in sorted(((pull, k) for pull, k in pulls if pull > 0), key=lambda pair: -pair[0]):
            if not self._there[position]:
                continue
            seen = self._look(position, float(values[position]), rung)
            if seen is not None and is_sensible(catalog.FEATURES[position], *seen, strengthens):
                return position, *seen
        return None

    def _look(self, position: int, value: float, rung: int) -> tuple[Value, float | None] | None:
        """Return the value and its peers' as a reason holds them; None where they have nothing to say."""
        key = (position, rung, value if value == value else np.inf)  # NaN is unlike itself, and would never be found
        if key not in self._seen:
            feature = catalog.FEATURES[position]
            peer = self._facts.peers[rung].get(feature.name)
            figure: Value = None if np.isnan(value) else value
            if feature.unit == CODE:
                figure, peer = self._category(feature.name, figure), None
            elif peer is not None and not np.isfinite(peer):
                peer = None
            self._seen[key] = (figure, peer) if has_something_to_say(feature, figure, peer) else None
        return self._seen[key]

    def _category(self, name: str, code: Value) -> Value:
        """Return the name behind a code; the code where the model has none for it."""
        names = self._facts.vocabulary.get(name.removesuffix("_code"), ())
        return names[int(code)] if isinstance(code, float) and 0 <= code < len(names) else code


LEAST_DIFFERENCE = 0.1
"""A value that differs from its peers' by less than a tenth of it is no reason."""
LEAST_BY_UNIT: Mapping[str, float] = {
    "share": 0.01, "share, change": 0.01, "share of the scale": 0.05, "share of the scale, change": 0.05, "ratio": 0.1,
}  # fmt: skip
"""What else it must differ by where figures lie near zero, and a tenth of them is nothing."""
CHANGES = frozenset((TREND, "share, change", "share of the scale, change"))
"""Units whose zero is no change."""


def is_sensible(feature: Feature, value: Value, peer: float | None, strengthens: int) -> bool:
    """Return whether a value beside its peers' says what the reason says.

    A missing value is a reason where it tells that nothing happened, and that speaks for one side; what is simply not
    known is none. Peers without a value are like it: nothing happened to most of them.
    """
    if feature.unit == CODE:
        return isinstance(value, str)
    if isinstance(value, str):
        return True
    direction = feature.told_direction
    if value is None:
        return peer is not None and feature.missing_direction == strengthens
    if peer is None and feature.missing_direction:
        return feature.missing_direction == -strengthens
    if peer is None:
        return feature.unit not in CHANGES or direction == 0 or value * direction * strengthens > 0
    if not _differs(feature.unit, value, peer):
        return False
    return direction == 0 or (value > peer) == (direction == strengthens)


def _differs(unit: str, value: float, peer: float) -> bool:
    """Return whether two values differ by what a manager would call a difference, as they are and as they are shown."""
    figures = ((value, peer), (shown_figure(unit, value), shown_figure(unit, peer)))
    if any(ours == theirs or abs(ours - theirs) < LEAST_DIFFERENCE * abs(theirs) for ours, theirs in figures):
        return False
    if unit == TREND:  # what is now of what was before
        now, usual = (1 + value) / max(1 - value, TINY), (1 + peer) / max(1 - peer, TINY)
        return abs(now - usual) >= LEAST_DIFFERENCE * max(1.0, usual)
    return abs(value - peer) >= LEAST_BY_UNIT.get(unit, 0.0)


TINY = 1e-9


def _topic_totals(contributions: FloatArray) -> FloatArray:
    """Return the sum of every topic, shape (n, n_topics), added up in one order so that neighbours change no bit."""
    totals = np.zeros((len(contributions), len(TOPICS)))
    for topic, members in enumerate(MEMBERS):
        for position in members:
            totals[:, topic] += contributions[:, position]
    return totals
