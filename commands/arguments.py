"""What a program hands to `import ladder`, understood or refused in a sentence: days, amounts, languages, frames."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from numbers import Real
from typing import TYPE_CHECKING

from features.errors import SettingsError

if TYPE_CHECKING:
    import pandas as pd


def instant_of(day: object) -> int:
    """Return the instant of a day, microseconds: a text, or a date or time of Python, pandas or NumPy."""
    import numpy as np

    from features.instants import instant

    if isinstance(day, np.datetime64):
        day = day.astype("datetime64[us]").item()
    if isinstance(day, (str, date)) and day == day:  # NaT of pandas is a datetime that is not itself
        return instant(day if isinstance(day, (str, datetime)) else day.isoformat())
    raise SettingsError(f"{day!r} is not a date or time. Write it as 2026-01-31, or give a date or time of Python.")


def several(given: object) -> list[object]:
    """Return one value, or each of several: of a list, an array, a column, an index."""
    return list(given) if isinstance(given, Iterable) and not isinstance(given, str) else [given]


def whole(name: str, number: object) -> int:
    """Return a whole number of zero or more."""
    try:
        found = -1 if isinstance(number, bool) else operator.index(number)  # type: ignore[arg-type]
    except TypeError:
        found = -1
    if found < 0:
        raise SettingsError(f"{name} is {number!r}; it should be a whole number of zero or more.")
    return found


def amount(name: str, number: object) -> float:
    """Return an amount of any kind of number; what it may be is asked where it is used."""
    if isinstance(number, bool) or not isinstance(number, (Real, Decimal)):
        raise SettingsError(f"{name} is {number!r}; it should be a number.")
    return float(number)


def of_kind(name: str, given: object, kind: type | tuple[type, ...], wanted: str) -> None:
    """Refuse what is not of the kind that is needed.  wanted : where one gets it, as `ladder.read` returned it."""
    if not isinstance(given, kind):
        raise SettingsError(f"{name} is a {type(given).__name__}: give {wanted}.")


def language_of(language: str) -> str:
    """Return a language that there is."""
    from training.model.text.words import PAGE_LANGUAGES

    if language not in PAGE_LANGUAGES:
        raise SettingsError(f"There is no language {language!r}; there are {', '.join(PAGE_LANGUAGES)}.")
    return language


def with_columns(name: str, frame: pd.DataFrame, needed: Sequence[str]) -> pd.DataFrame:
    """Return a table of scores with what stands in its named index as columns, once all that is needed is there."""
    index = [level for level in frame.index.names if level is not None and level not in frame]
    frame = frame.reset_index(level=index) if index else frame
    missing = [column for column in needed if column not in frame]
    if missing:
        raise SettingsError(f"{name} lacks {' and '.join(missing)}. Give the scores of one run as they came.")
    return frame
