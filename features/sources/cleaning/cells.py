"""The parsers of single cells: text, number, time, category, flag.

Every cell passes through here or is read as if it had, whether it comes with ten million orders from a file or with
twenty from an HTTP request. A parser raises one of UNFIT where it cannot read a cell.
"""

import datetime as dt
import math
import re
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

import numpy as np

DAY_US = 86_400_000_000
NAT = int(np.iinfo(np.int64).min)
FIRST_US = -62_135_596_800_000_000
LAST_US = 253_402_300_799_999_999
"""The first instant of the year 1 and the last of 9999, the years that can be written with four digits."""

TIME_PATTERN = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}(:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?)?(Z|[+-][0-9]{2}(:?[0-9]{2})?)?)?"
)
_TIME_SHAPE = re.compile(TIME_PATTERN)
NUMBER_PATTERN = r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?"
_NUMBER_SHAPE = re.compile(NUMBER_PATTERN)
_FLAGS = dict.fromkeys(
    "1 -1 1.0 true t yes y on ja j waar oui vrai si sí wahr vero sim x ✓ ✔".split(), 1
) | dict.fromkeys("0 0.0 false f no n off nee onwaar non faux nein falsch falso não nao ✗ ✘".split(), 0)
"""Words for yes and no; -1 is how Access and Visual Basic write true."""
_PANDAS_MISSING = ("NAType", "NaTType")
"""The types of pandas' missing values, by name: pandas is imported only where a DataFrame is used."""
_EPOCH = dt.datetime(1970, 1, 1)
_EPOCH_UTC = _EPOCH.replace(tzinfo=dt.UTC)
UNFIT = (ValueError, OverflowError)


def text_cell(cell: Any) -> str | None:
    """Read a name or an id.

    Text stays as it is, a whole number loses its decimal point, a blank is missing (None).
    """
    if isinstance(cell, str):
        if not cell or cell.isspace():
            return None
        if not cell.isascii():
            cell.encode()
        return str(cell)
    if _is_empty(cell):
        return None
    if isinstance(cell, (bool, np.bool_, np.timedelta64)):  # NumPy counts a span of time among the integers
        raise ValueError
    if isinstance(cell, (int, np.integer, UUID)):
        return str(cell)
    if isinstance(cell, (float, np.floating, Decimal)) and math.isfinite(cell):
        return str(int(cell)) if cell == int(cell) else str(cell)
    raise ValueError


def number_cell(cell: Any) -> float:
    """Read a number, or its decimal notation with a point.

    NaN is missing; true and false are not numbers.
    """
    if type(cell) is float:
        return cell
    if isinstance(cell, str):
        text = cell.strip()
        if not text or text.lower() == "nan":
            return math.nan
        if _NUMBER_SHAPE.fullmatch(text) is None:
            raise ValueError
        return float(text)
    if _is_empty(cell):
        return math.nan
    if isinstance(cell, (int, float, Decimal, np.integer, np.floating)) and not isinstance(
        cell, (bool, np.timedelta64)
    ):
        return float(cell)
    raise ValueError


def time_cell(cell: Any) -> int:
    """Read a date, a time or its ISO 8601 notation as microseconds since 1970-01-01 UTC.

    A time without a zone is UTC, a date means its midnight, a blank is NAT.
    """
    if isinstance(cell, str):
        text = cell.strip()
        if not text:
            return NAT
        if _TIME_SHAPE.fullmatch(text) is None:
            raise ValueError
        return _microseconds(dt.datetime.fromisoformat(text))
    if type(cell) is dt.datetime:
        return _microseconds(cell)
    if _is_empty(cell):
        return NAT
    if isinstance(cell, np.datetime64):
        cell = cell.astype("datetime64[us]").item()
    if isinstance(cell, dt.datetime):
        return _microseconds(cell)
    if isinstance(cell, dt.date):
        return (cell.toordinal() - _EPOCH.toordinal()) * DAY_US
    raise ValueError


def _microseconds(moment: dt.datetime) -> int:
    span = moment - (_EPOCH if moment.tzinfo is None else _EPOCH_UTC)
    value = span.days * DAY_US + span.seconds * 1_000_000 + span.microseconds
    if not FIRST_US <= value <= LAST_US:
        raise ValueError
    return value


@lru_cache(maxsize=64)
def category_cell(values: tuple[str, ...]) -> Callable[[Any], int]:
    """Return the parser of a category, which gives the position of a cell in `values`, -1 if it is missing."""
    codes = {value: code for code, value in enumerate(values)}

    def parse(cell: Any) -> int:
        if isinstance(cell, str):
            text = cell.strip().lower()
            if text and text not in codes:
                raise ValueError
            return codes.get(text, -1)
        if _is_empty(cell):
            return -1
        raise ValueError

    return parse


def flag_cell(cell: Any) -> int:
    """Read a yes or no: 1 for yes, 0 for no, -1 for missing."""
    if isinstance(cell, str):
        text = cell.strip().lower()
        if text and text not in _FLAGS:
            raise ValueError
        return _FLAGS.get(text, -1)
    if _is_empty(cell):
        return -1
    if isinstance(cell, (bool, int, float, Decimal, np.bool_, np.integer, np.floating)) and cell in (0, 1):
        return int(cell)
    raise ValueError


def _is_empty(cell: Any) -> bool:
    if cell is None or type(cell).__name__ in _PANDAS_MISSING:
        return True
    if isinstance(cell, (float, np.floating)):
        return math.isnan(cell)
    if isinstance(cell, Decimal):
        return cell.is_nan()
    return isinstance(cell, np.datetime64) and bool(np.isnat(cell))


def quote(cell: Any) -> str:
    """Write a cell as it appears in a reason, shortened to 60 characters."""
    try:
        text = repr(cell.item() if isinstance(cell, np.generic) else cell)
    except ValueError:
        text = f"a {type(cell).__name__}"
    return text if len(text) <= 60 else text[:57] + "..."
