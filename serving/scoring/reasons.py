"""Contributions of features -> sentences that a manager can act on.

Features of one topic tell of one thing: their contributions are added up, and the strongest of them speaks. What
nobody can change comes first; what somebody can act on follows, and says so.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from features.catalog import catalog
from features.instants import FloatArray, IntArray
from training.model.bundle import Facts
from training.model.text.feature_phrases import PHRASE
from training.model.text.words import WORDS, say

MOST_UP, MOST_DOWN = 3, 2
"""Reasons told for the outcome, and against it."""
LEAST_CONTRIBUTION = 0.02
"""Log odds: what moves a chance by less than about half a percentage point is not worth a sentence."""

_TOLD = tuple((k, PHRASE[name].topic) for k, name in enumerate(catalog.NAMES) if name in PHRASE)
TOPICS: tuple[str, ...] = tuple(dict.fromkeys(topic for _, topic in _TOLD))
MEMBERS: tuple[tuple[int, ...], ...] = tuple(tuple(k for k, of in _TOLD if of == topic) for topic in TOPICS)
"""Topic -> where its features stand in the catalogue."""


@dataclass(frozen=True)
class Reason:
    """One reason in words.

    direction : 1 speaks for the outcome (leaving, or climbing), -1 against it.  strength : log odds, of the topic.
    lever : somebody of ours can act on it.  value, peer : of the feature; peer is None where it is not known.
    """

    text: str
    direction: int
    strength: float
    lever: bool
    feature: str
    value: float
    peer: float | None


class Explainer:
    """Tells reasons in one language; the same fact is put into words once.

    tables : that the source holds; a feature of any other tells nothing, least of all that something never happened.
    """

    def __init__(self, facts: Facts, tables: Iterable[str], language: str) -> None:
        held = frozenset(tables)
        self._facts, self._language, self._words = facts, language, WORDS[language]
        self._there = tuple(held.issuperset(feature.tables) for feature in catalog.FEATURES)
        self._said: dict[tuple[int, int, float], str | None] = {}

    def tell(
        self, contributions: FloatArray, values: FloatArray, rungs: IntArray, leaving: bool
    ) -> list[tuple[Reason, ...]]:
        """The reasons of every account: facts first, then levers, each strongest first.

        contributions, values : shape (n, n_features), in the order of the catalogue.  rungs : shape (n,), now.
        leaving : whether they are contributions to leaving; else to climbing.
        """
        totals = _topic_totals(contributions)
        strong = np.abs(totals) >= LEAST_CONTRIBUTION
        order = np.argsort(-np.abs(totals), axis=1, kind="stable")
        beginnings = self._words.leaving if leaving else self._words.climbing
        told = []
        for row in range(len(values)):
            topics = [topic for topic in order[row].tolist() if strong[row, topic]]
            told.append(
                self._tell_one(topics, totals[row], contributions[row], values[row], int(rungs[row]), beginnings)
            )
        return told

    def _tell_one(
        self, topics: Sequence[int], totals: FloatArray, contributions: FloatArray, values: FloatArray, rung: int,
        beginnings: tuple[str, str],
    ) -> tuple[Reason, ...]:  # fmt: skip
        room = {1: MOST_UP, -1: MOST_DOWN}
        reasons: list[Reason] = []
        for topic in topics:
            total = float(totals[topic])
            direction = 1 if total > 0 else -1
            if room[direction] == 0:
                continue
            found = self._fact(MEMBERS[topic], direction, contributions, values, rung)
            if found is None:
                continue
            room[direction] -= 1
            position, said = found
            feature = catalog.FEATURES[position]
            peer = self._facts.peers[rung].get(feature.name)
            beginning = beginnings[direction < 0]
            beginning = f"{beginning}, {self._words.lever}" if feature.lever else beginning
            text, value = f"{beginning}: {said}", float(values[position])
            reasons.append(Reason(text, direction, total, feature.lever, feature.name, value, peer))
            if not any(room.values()):
                break
        return tuple(sorted(reasons, key=lambda reason: reason.lever))  # a stable sort: each part strongest first

    def _fact(
        self, members: Sequence[int], direction: int, contributions: FloatArray, values: FloatArray, rung: int
    ) -> tuple[int, str] | None:
        """The strongest feature of a topic that has something to say, and what it says."""
        pulls = [(direction * float(contributions[k]), k) for k in members]
        for _, position in sorted(((pull, k) for pull, k in pulls if pull > 0), key=lambda pair: -pair[0]):
            if self._there[position] and (said := self._say(position, float(values[position]), rung)):
                return position, said
        return None

    def _say(self, position: int, value: float, rung: int) -> str | None:
        key = (position, rung, value if value == value else np.inf)  # NaN is unlike itself, and would never be found
        if key not in self._said:
            feature = catalog.FEATURES[position]
            peer = self._facts.peers[rung].get(feature.name)
            missing_means_nothing = value != value and not PHRASE[feature.name].never
            told = None if missing_means_nothing else say(feature, value, peer, self._language, self._facts.vocabulary)
            self._said[key] = told
        return self._said[key]


def _topic_totals(contributions: FloatArray) -> FloatArray:
    """The sum of every topic, shape (n, n_topics), added up in one order so that neighbours change no bit."""
    totals = np.zeros((len(contributions), len(TOPICS)))
    for topic, members in enumerate(MEMBERS):
        for position in members:
            totals[:, topic] += contributions[:, position]
    return totals
