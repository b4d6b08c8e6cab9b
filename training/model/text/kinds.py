"""How a template's hole writes its value: numbers, money, dates, names, one or many; in the reader's language.

Functions stand here only where grammar needs them: lists, variants, how often.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from training.model.text.formats import Formats
from training.model.text.names import NAMES, manager_name, name
from training.model.text.words import PAGE_LANGUAGES, WORDS
from training.model.text.words import number as short

Kind = Callable[[Any, Formats], str]


def written(kind: str, value: Any, formats: Formats) -> str:
    """Return a value as a template's hole asks for it.

    Raises
    ------
    KeyError
        If there is no such kind.
    """
    if "|" in kind:
        return _counted(kind.split("|"), value, formats)
    if kind in NAMES:
        return name(kind, value, formats.language)
    return KINDS[kind](value, formats)


def option_name(option: str) -> str:
    """Return an investment's name as people write it."""
    return option.replace("_", " ")


def _say(formats: Formats, english: str, dutch: str, german: str) -> str:
    return (english, dutch, german)[PAGE_LANGUAGES.index(formats.language)]


def _counted(forms: Sequence[str], count: int, formats: Formats) -> str:
    """Return one of two forms, for one and for many, or of three, for none before them; # stands for the number.

    A negative number takes the form of its size: -1 that for one.
    """
    place = (0 if abs(count) == 1 else 1) if len(forms) == 2 else min(abs(count), 2)
    return forms[place].replace("#", formats.number(count))


def _number(decimals: int, signed: bool = False) -> Kind:
    return lambda value, formats: formats.number(value, decimals, signed)


def _percent(decimals: int, signed: bool = False) -> Kind:
    return lambda value, formats: formats.percent(value, decimals, signed)


def _names(kind: str, english: str = ", ", dutch: str = ", ", german: str = ", ") -> Kind:
    """Write a list of machine names, what stands between the last two in each language."""
    return lambda value, formats: _say(formats, english, dutch, german).join(
        name(kind, item, formats.language) for item in value
    )


def _less(value: float, formats: Formats) -> str:
    """Return by how much a score is lower, or higher where it is below zero."""
    return f"{formats.percent(abs(value), 1)} {_lower(formats) if value >= 0 else _higher(formats)}"


def _lower(formats: Formats) -> str:
    return _say(formats, "lower", "lager", "niedriger")


def _higher(formats: Formats) -> str:
    return _say(formats, "higher", "hoger", "höher")


def _of_revenue(value: float, formats: Formats) -> str:
    """Return how far an effect lies above another, or below, as a share of expected revenue."""
    way = _higher(formats) if value >= 0 else _lower(formats)
    share = formats.percent(abs(value), 1)
    return _say(
        formats, f"{share} of expected revenue {way}", f"{share} van de verwachte omzet {way}",
        f"{share} des erwarteten Umsatzes {way}",
    )  # fmt: skip


def _points(value: float, formats: Formats) -> str:
    """Return a change of a chance in percentage points, and whether it goes the way that is expected."""
    way = _say(formats, "points the expected way", "punt de verwachte kant op", "Punkte in die erwartete Richtung")
    if value < 0:
        way = _say(formats, "points the wrong way", "punt de verkeerde kant op", "Punkte in die falsche Richtung")
    return f"{formats.number(100 * abs(value), 1)} {way}"


def _times(level: float, formats: Formats) -> str:
    """Return how often an interval of that level holds the truth.

    >>> _times(0.9, Formats("en")), _times(0.95, Formats("nl")), _times(0.875, Formats("en"))
    ('nine times out of ten', '19 van de 20 keer', 'in 87.5% of cases')
    """
    tenths = round(10 * level, 6)
    if tenths in _TENTHS:
        english, dutch, german = _TENTHS[tenths]
        return _say(formats, f"{english} times out of ten", f"{dutch} van de tien keer", f"{german} von zehn Mal")
    for whole in (20, 100):
        part = round(whole * level, 6)
        if part == int(part):
            return _say(
                formats, f"{part:.0f} times out of {whole}", f"{part:.0f} van de {whole} keer",
                f"{part:.0f} von {whole} Mal",
            )  # fmt: skip
    share = formats.percent(level, 1)
    return _say(formats, f"in {share} of cases", f"in {share} van de gevallen", f"in {share} der Fälle")


_TENTHS = {5.0: ("five", "vijf", "fünf"), 6.0: ("six", "zes", "sechs"), 7.0: ("seven", "zeven", "sieben"),
           8.0: ("eight", "acht", "acht"), 9.0: ("nine", "negen", "neun")}  # fmt: skip


def _ran(elapsed: float, formats: Formats) -> str:
    """Return how much of its horizon a plan has run."""
    if elapsed >= 1:
        return _say(formats, "over its whole horizon", "over de hele looptijd", "über die ganze Laufzeit")
    share = formats.percent(elapsed)
    return _say(
        formats, f"in the {share} of its horizon so far", f"in de {share} van de looptijd tot nu toe",
        f"in den bisherigen {share} der Laufzeit",
    )  # fmt: skip


def _roi(value: float | None, formats: Formats) -> str:
    """Return the return on investment after a semicolon; nothing where nothing is spent."""
    return "" if value is None else f"; ROI {formats.number(value, 2)}"


def _alone(features: Sequence[Sequence[Any]], formats: Formats) -> str:
    """Return features of which the value, or the mere absence, tells the outcome."""
    missing = _say(formats, "whether {} is missing", "of {} ontbreekt", "ob {} fehlt")
    return ", ".join(missing.format(feature) if absent else feature for feature, absent in features)


def _moved(rungs: Sequence[str], formats: Formats) -> str:
    """Return the rung before and the rung after, after a semicolon; nothing where it is the same."""
    before, after = rungs
    if before == after:
        return ""
    first, last = (name("rung", rung, formats.language) for rung in (before, after))
    return _say(formats, f"; from {first} to {last}", f"; van {first} naar {last}", f"; von {first} zu {last}")


def _segments(segments: Sequence[Sequence[Any]], formats: Formats) -> str:
    """Return parts of the accounts that are worse off, each against whom and by how much."""
    told, language = [], formats.language
    for kind, value, task, worse, rival, accounts in segments:
        part = f"{name('segment', kind, language)} {name(kind, value, language) if kind in NAMES else value}"
        against = f"{_say(formats, 'against', 'tegenover', 'gegenüber')} {name('baseline', rival, language)}"
        told.append(
            f"{part}, {name('task', task, language)}: log loss {formats.number(worse, 3, True)} {against} "
            f"({formats.number(accounts)} {_say(formats, 'accounts', 'accounts', 'Kunden')})"
        )
    return "; ".join(told)


def _changes(changes: Sequence[Sequence[Any]], formats: Formats) -> str:
    """Return settings with their new and their former value, as TOML has them."""
    return ", ".join(
        f"{setting} {value} ({_say(formats, 'was', 'was', 'war')} {before})" for setting, value, before in changes
    )


KINDS: Mapping[str, Kind] = {
    "": lambda value, _: "–" if value is None else str(value),
    "count": _number(0), ".1": _number(1), ".2": _number(2), ".3": _number(3), ".4": _number(4),
    "+.3": _number(3, True), "+.4": _number(4, True),
    "short": lambda value, formats: short(value, WORDS[formats.language]),
    "money": lambda value, formats: formats.money(value),
    "+money": lambda value, formats: formats.money(value, 0, True),
    "%": _percent(0), "%1": _percent(1), "%3": _percent(3), "+%1": _percent(1, True), "+%2": _percent(2, True),
    "100": lambda value, formats: formats.number(100 * value),
    "+100.1": lambda value, formats: formats.number(100 * value, 1, True),
    "date": lambda value, formats: formats.instant(value),
    "dates": lambda value, formats: ", ".join(formats.instant(item) for item in value),
    "list": lambda value, _: ", ".join(value),
    "tasks": _names("task", " and ", " en ", " und "), "happenings": _names("happened", " or ", " of ", " oder "),
    "questions": _names("question"),
    "option": lambda value, _: option_name(value),
    "manager": lambda value, formats: manager_name(value, formats.language),
    "less": _less, "of_revenue": _of_revenue, "points": _points, "times": _times, "ran": _ran, "roi": _roi,
    "alone_features": _alone, "segments": _segments, "changes": _changes,
    "moved": _moved,
}  # fmt: skip
"""How a hole's value is written, beside names (`names.NAMES`), counted forms, `account` and `accounts`."""
