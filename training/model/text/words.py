"""Values and sentences in the words of a language: how numbers read, and what frames a reason."""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from features.catalog.declarations import YES_OR_NO, Feature
from training.model.text.feature_phrases import PHRASE

LANGUAGES = ("en", "nl")
DEFAULT_LANGUAGE = "en"
Spoken = Callable[[str], str]
Vocabulary = Mapping[str, tuple[str, ...]]
"""Column of `accounts` -> its names, as the bundle's facts hold them."""


@dataclass(frozen=True)
class Words:
    """One language.  units : unit -> one and many.  rungs : labels, lowest first.

    leaving, climbing : how a sentence begins that speaks for it, and one that speaks against it.
    """

    decimal: str
    thousands: str
    none: str
    units: Mapping[str, tuple[str, str]]
    rungs: tuple[str, ...]
    leaving: tuple[str, str]
    climbing: tuple[str, str]
    lever: str
    peers: str
    unlike_peers: str
    times: str
    tenfold: str
    points: str
    of_scale: str
    other: str


WORDS: Mapping[str, Words] = {
    "en": Words(
        ".", ",", "no",
        {"days": ("day", "days"), "hours": ("hour", "hours"), "minutes": ("minute", "minutes"),
         "persons": ("person", "people")},
        ("suspect", "prospect", "shopper", "customer", "member", "advocate", "raving fan"),
        ("more likely to leave", "more likely to stay"), ("more likely to climb", "less likely to climb"),
        "can be acted on", "similar accounts", "unlike most similar accounts", "times", "more than 10 times as much",
        "percentage points", "out of 100", "other",
    ),
    "nl": Words(
        ",", ".", "geen",
        {"days": ("dag", "dagen"), "hours": ("uur", "uur"), "minutes": ("minuut", "minuten"),
         "persons": ("persoon", "personen")},
        ("suspect", "prospect", "shopper", "klant", "lid", "pleitbezorger", "enthousiaste fan"),
        ("grotere kans op vertrek", "kleinere kans op vertrek"),
        ("grotere kans op een hogere trede", "kleinere kans op een hogere trede"),
        "beïnvloedbaar", "vergelijkbare accounts", "anders dan de meeste vergelijkbare accounts", "keer",
        "meer dan 10 keer zo veel", "procentpunt", "op 100", "overig",
    ),
}  # fmt: skip
_HOLE = re.compile(r"\{([^{}]*)\}")
_MOST = 9 / 11
"""A trend of (now - before) / (now + before) at which now is ten times before."""


def say(feature: Feature, value: float, peer: float | None, language: str, vocabulary: Vocabulary) -> str | None:
    """The account's value as a statement, with its peers' beside it; None where both read the same.

    peer : the median of similar accounts, None where it is not known.
    """
    phrase, words = PHRASE[feature.name], WORDS[language]
    template = phrase.said[language]
    if feature.unit == YES_OR_NO:
        return _say_whether(template, phrase.never[language] if math.isnan(value) else None, value, peer, words)
    if feature.unit == "code":
        names = vocabulary.get(feature.name.removesuffix("_code"), ())
        said = names[int(value)] if 0 <= value < len(names) else words.other
        return phrase.never[language] if math.isnan(value) else _fill(template, lambda _: said)
    known = peer is not None and math.isfinite(peer)
    if math.isnan(value):
        if peer is None or not known:
            return phrase.never[language]
        return f"{phrase.never[language]}; {words.peers}: {_peer(template, feature.unit, peer, words, True)}"
    said = _fill(template, lambda hole: _value(hole, feature.unit, value, words))
    if peer is None or not known:
        return said
    if said == _fill(template, lambda hole: _value(hole, feature.unit, peer, words)):
        return None
    return f"{said}; {words.peers}: {_peer(template, feature.unit, peer, words)}"


def _say_whether(template: str, never: str | None, value: float, peer: float | None, words: Words) -> str | None:
    """The statement that holds, and whether most similar accounts differ; None where they do not."""
    yes, no = template.split(" // ")
    if never is not None:
        return never
    said = yes if value > 0 else no
    if peer is None or not math.isfinite(peer) or peer == 0.5:
        return said
    return None if (peer > 0.5) == (value > 0) else f"{said}; {words.unlike_peers}"


def _fill(template: str, spoken: Spoken) -> str:
    return _HOLE.sub(lambda found: spoken(found.group(1)), template)


def _peer(template: str, unit: str, peer: float, words: Words, with_unit: bool = False) -> str:
    """The peers' value where the sentence has named the unit already, or with its unit."""
    hole = next(_HOLE.finditer(template)).group(1)
    if (unit in words.units and not with_unit) or "|" in hole:
        return number(peer, words)
    return _value(hole, unit, peer, words)


def _value(hole: str, unit: str, value: float, words: Words) -> str:
    """What stands in the place of a hole in a template."""
    if "|" in hole:
        one, many = hole.split("|")
        count = number(value, words)
        return f"{words.none} {many}" if value == 0 else f"{count} {one if count == '1' else many}"
    if hole in ("%", "+%"):
        return _percent(value, words, signed=hole == "+%")
    if hole == "+":
        return ("+" if value > 0 else "") + _by_unit(unit, value, words)
    return _by_unit(unit, value, words)


def _by_unit(unit: str, value: float, words: Words) -> str:
    if unit in words.units:
        count = number(value, words)
        return f"{count} {words.units[unit][count != '1']}"
    if unit == "share":
        return _percent(value, words)
    if unit == "share, change":
        return f"{_signed(100 * value, words)} {words.points}"
    if unit == "share -1..1":  # of (now - before) / (now + before): told as now against before
        return words.tenfold if value > _MOST else _percent(2 * value / (1 - max(value, -1.0)), words, signed=True)
    if unit == "share of the scale":
        return f"{number(round(100 * value), words)} {words.of_scale}"
    if unit == "share of the scale, change":
        return f"{_signed(round(100 * value), words)} {words.of_scale}"
    if unit == "ratio":
        return f"{number(value, words)} {words.times}"
    if unit == "rung 0..6":
        return words.rungs[min(max(round(value), 0), len(words.rungs) - 1)]
    return number(value, words)


def number(value: float, words: Words) -> str:
    """A whole number from ten on, one decimal below; 1,250 or 1.250."""
    shown = f"{value:,.0f}" if abs(value) >= 9.95 else f"{value:.1f}".removesuffix(".0")
    shown = "0" if shown in ("-0", "-0.0") else shown
    return shown.replace(",", "_").replace(".", words.decimal).replace("_", words.thousands)


def _percent(value: float, words: Words, signed: bool = False) -> str:
    return f"{_signed(100 * value, words) if signed else number(100 * value, words)} %"


def _signed(value: float, words: Words) -> str:
    shown = number(value, words)
    return f"+{shown}" if value > 0 and shown != "0" else shown
