"""Reasons in the words of a language: how numbers read, and what frames a statement."""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from features.catalog import catalog
from features.catalog.declarations import YES_OR_NO, Feature
from training.model.reasons import LEAVING, Reason, Stored, Value, read_reasons
from training.model.text.feature_phrases import PHRASE

LANGUAGES = ("en", "nl")
"""Of findings and of everything else that a program writes; reasons are in all of WORDS."""
PAGE_LANGUAGES = (*LANGUAGES, "de")
"""Of the managers' page, which tells findings in German too."""
DEFAULT_LANGUAGE = "en"
Spoken = Callable[[str], str]
CODE = "code"
"""The unit of a category."""
TREND = "share -1..1"
"""The unit of (now - before) / (now + before), told as now against before."""
_KEPT = 1 << 14
"""Statements that are remembered: accounts share most of them."""


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
    percent: str


WORDS: Mapping[str, Words] = {
    "en": Words(
        ".", ",", "no",
        {"days": ("day", "days"), "hours": ("hour", "hours"), "minutes": ("minute", "minutes"),
         "persons": ("person", "people")},
        ("suspect", "prospect", "shopper", "customer", "member", "advocate", "raving fan"),
        ("more likely to leave", "more likely to stay"), ("more likely to climb", "less likely to climb"),
        "can be acted on", "similar accounts", "unlike most similar accounts", "times", "more than 10 times as much",
        "percentage points", "out of 100", "other", "%",
    ),
    "nl": Words(
        ",", ".", "geen",
        {"days": ("dag", "dagen"), "hours": ("uur", "uur"), "minutes": ("minuut", "minuten"),
         "persons": ("persoon", "personen")},
        ("suspect", "prospect", "shopper", "klant", "lid", "pleitbezorger", "enthousiaste fan"),
        ("grotere kans op vertrek", "kleinere kans op vertrek"),
        ("grotere kans op een hogere trede", "kleinere kans op een hogere trede"),
        "beïnvloedbaar", "vergelijkbare accounts", "anders dan de meeste vergelijkbare accounts", "keer",
        "meer dan 10 keer zo veel", "procentpunt", "van de 100", "overig", " %",
    ),
    "de": Words(
        ",", ".", "keine",
        {"days": ("Tag", "Tage"), "hours": ("Stunde", "Stunden"), "minutes": ("Minute", "Minuten"),
         "persons": ("Person", "Personen")},
        ("Zielkunde", "Interessent", "Erstkäufer", "Stammkunde", "Mitglied", "Fürsprecher", "begeisterter Fan"),
        ("spricht für Abwanderung", "spricht gegen Abwanderung"),
        ("spricht für einen Aufstieg", "spricht gegen einen Aufstieg"),
        "beeinflussbar", "vergleichbare Kunden", "anders als die meisten vergleichbaren Kunden", "mal",
        "mehr als das Zehnfache", "Prozentpunkte", "von 100", "sonstige", " %",
    ),
}  # fmt: skip
_HOLE = re.compile(r"\{([^{}]*)\}")
_MOST = 9 / 11
"""A trend of (now - before) / (now + before) at which now is ten times before."""


def render_reasons(text: str, language: str) -> list[str]:
    """Return an account's reasons, JSON text as a store or a file holds it, as sentences in that language."""
    return [render_reason(reason, language) for reason in read_reasons(text)]


def render_reason(reason: Stored, language: str) -> str:
    """Return the reason as a sentence in that language, from itself alone.

    A sentence of an earlier release stays as it is; a feature that this program has no words for is told by its name.
    """
    if isinstance(reason, str):
        return reason
    words = WORDS[language]
    beginning = (words.leaving if reason.outcome == LEAVING else words.climbing)[reason.direction < 0]
    if reason.lever:
        beginning = f"{beginning}, {words.lever}"
    return f"{beginning}: {render_statement(reason, language)}"


def render_statement(reason: Reason, language: str) -> str:
    """Return what a reason says of the account, without what it speaks for."""
    return _statement(reason.feature, reason.value, reason.peer, language)


@lru_cache(_KEPT)
def _statement(name: str, value: Value, peer: float | None, language: str) -> str:
    feature, words = catalog.BY_NAME.get(name), WORDS[language]
    known = feature is not None and (value is not None or language in PHRASE[name].never)
    if feature is None or not known or (isinstance(value, str) and feature.unit != CODE):
        return f"{name} {number(value, words) if isinstance(value, float) else value or '?'}"
    return say(feature, value, peer, language)


def say(feature: Feature, value: Value, peer: float | None, language: str) -> str:
    """Return the account's value as a statement, with its peers' beside it.

    value, peer : as `Reason` has them; a missing value needs a feature that can be missing.
    """
    phrase, words = PHRASE[feature.name], WORDS[language]
    template, peer = phrase.said[language], peer if peer is not None and math.isfinite(peer) else None
    if value is None:
        never = phrase.never[language]
        if peer is None or feature.unit in (YES_OR_NO, CODE):
            return never
        return f"{never}; {words.peers}: {_peer(template, feature.unit, peer, words, True)}"
    if feature.unit == CODE:
        said = value if isinstance(value, str) else words.other
        return _fill(template, lambda _: said)
    if isinstance(value, str):
        raise TypeError(f"{feature.name} is a number and not {value!r}")
    if feature.unit == YES_OR_NO:
        yes, no = template.split(" // ")
        said = yes if value > 0 else no
        return f"{said}; {words.unlike_peers}" if _differs_from(value, peer) else said
    said = _told(template, feature.unit, value, words)
    return said if peer is None else f"{said}; {words.peers}: {_peer(template, feature.unit, peer, words)}"


def has_something_to_say(feature: Feature, value: Value, peer: float | None) -> bool:
    """Return whether a value tells anything: it does not read as its peers' does, and means something if missing.

    Values are compared as English writes them, so that every language tells the same reasons.
    """
    phrase, words = PHRASE[feature.name], WORDS[DEFAULT_LANGUAGE]
    if value is None:
        return bool(phrase.never)
    if isinstance(value, str) or feature.unit == CODE or peer is None or not math.isfinite(peer):
        return True
    if feature.unit == YES_OR_NO:
        return peer == 0.5 or _differs_from(value, peer)
    template = phrase.said[DEFAULT_LANGUAGE]
    return _told(template, feature.unit, value, words) != _told(template, feature.unit, peer, words)


def _differs_from(value: float, peer: float | None) -> bool:
    """Whether most similar accounts differ in what is so or not."""
    return peer is not None and peer != 0.5 and (peer > 0.5) != (value > 0)


def _told(template: str, unit: str, value: float, words: Words) -> str:
    return _fill(template, lambda hole: _value(hole, unit, value, words))


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
        one, many, *nought = hole.split("|")
        count = number(value, words)
        if value == 0:
            return nought[0] if nought else f"{words.none} {many}"
        return f"{count} {one if count == '1' else many}"
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
    if unit == TREND:
        return words.tenfold if value > _MOST else _percent(_against_before(value), words, signed=True)
    if unit == "share of the scale":
        return f"{number(round(100 * value), words)} {words.of_scale}"
    if unit == "share of the scale, change":
        return f"{_signed(round(100 * value), words)} {words.of_scale}"
    if unit == "ratio":
        return f"{number(value, words)} {words.times}"
    if unit == "rung 0..6":
        return words.rungs[min(max(round(value), 0), len(words.rungs) - 1)]
    return number(value, words)


def _against_before(trend: float) -> float:
    return 2 * trend / (1 - max(trend, -1.0))


def shown_figure(unit: str, value: float) -> float:
    """Return a value as precisely as a reader sees it: no decimals from ten on, one below; of parts a hundred."""
    if unit == TREND:
        value = _against_before(min(value, _MOST))
    if unit.startswith("share"):
        value = 100 * value
    return round(value) if abs(value) >= 9.95 else round(value, 1)


def number(value: float, words: Words) -> str:
    """A whole number from ten on, one decimal below; 1,250 or 1.250."""
    shown = f"{value:,.0f}" if abs(value) >= 9.95 else f"{value:.1f}".removesuffix(".0")
    shown = "0" if shown in ("-0", "-0.0") else shown
    return shown.replace(",", "_").replace(".", words.decimal).replace("_", words.thousands)


def _percent(value: float, words: Words, signed: bool = False) -> str:
    return f"{_signed(100 * value, words) if signed else number(100 * value, words)}{words.percent}"


def _signed(value: float, words: Words) -> str:
    shown = number(value, words)
    return f"+{shown}" if value > 0 and shown != "0" else shown
