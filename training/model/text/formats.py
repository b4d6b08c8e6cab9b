"""Numbers, money, shares and dates as an English, Dutch or German reader writes them (Babel); a dash where missing."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal

MISSING = "–"
_FIXED_SPACE = "\u00a0"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Moment = datetime | int | str
"""UTC; an int is microseconds since 1970, a text ISO 8601."""


@dataclass(frozen=True)
class Formats:
    """One reader's way of writing.  currency : sign before amounts.  minus : sign of what lies below zero."""

    language: str
    currency: str = ""
    minus: str = "\u2212"

    def number(self, value: float | None, decimals: int = 0, signed: bool = False) -> str:
        """Write 1,234.5 or 1.234,5.

        >>> Formats("nl").number(1234.5, 1)
        '1.234,5'
        """
        if value is None or not math.isfinite(value):
            return MISSING
        text = format_decimal(abs(value), f"#,##0.{'0' * decimals}" if decimals else "#,##0", self.language)
        return f"{self._sign(value, text, signed)}{text}"

    def money(self, value: float | None, decimals: int = 0, signed: bool = False) -> str:
        """Write €1,234, € 1.234 or 1.234 €: whole units unless asked otherwise."""
        if value is None or not math.isfinite(value):
            return MISSING
        digits = self.number(abs(value), decimals)
        sign, space = self._sign(value, digits, signed), _FIXED_SPACE if self.currency else ""
        if self.language == "de":
            return f"{sign}{digits}{space}{self.currency}"
        return f"{sign}{self.currency}{space if self.language == 'nl' else ''}{digits}"

    def percent(self, value: float | None, decimals: int = 0, signed: bool = False) -> str:
        """Write a share as 12% or 12 %; what is not zero never reads as zero."""
        if value is None or not math.isfinite(value):
            return MISSING
        space = _FIXED_SPACE if self.language in ("nl", "de") else ""
        if 0 < value < 0.5 * 10 ** -(decimals + 2) and not signed:
            return f"<{space}{self.number(10.0**-decimals, decimals)}{space}%"
        return f"{self.number(100 * value, decimals, signed)}{space}%"

    def date(self, at: Moment | None) -> str:
        """Write 3 March 2026, 3 maart 2026 or 3. März 2026."""
        return MISSING if at is None else format_date(_datetime(at), self._pattern("d MMMM y"), self.language)

    def day(self, at: Moment | None) -> str:
        """Write 3 Mar 2026, 3 mrt 2026 or 3. März 2026, where there is little room."""
        return MISSING if at is None else format_date(_datetime(at), self._pattern("d MMM y"), self.language)

    def time(self, at: Moment | None) -> str:
        """Write the date with the minute, UTC."""
        return MISSING if at is None else f"{self.date(at)}, {_datetime(at):%H:%M} UTC"

    def instant(self, at: Moment | None) -> str:
        """Write the date where it is a midnight, else the date with the minute."""
        if at is None:
            return MISSING
        moment = _datetime(at)
        return self.date(at) if (moment.hour, moment.minute) == (0, 0) else self.time(at)

    def country(self, code: str) -> str:
        """Write a country of ISO 3166; what is none stays as it is.

        >>> Formats("nl").country("FR")
        'Frankrijk'
        """
        known = {"UK": "GB"}.get(code.upper(), code.upper())
        found = Locale(self.language).territories.get(known) if len(known) == 2 else None
        return str(found) if found else code

    def _pattern(self, plain: str) -> str:
        """Return the pattern of a date: in German a full stop follows the day."""
        return plain.replace("d ", "d. ", 1) if self.language == "de" else plain

    def _sign(self, value: float, digits: str, signed: bool) -> str:
        """Return the sign before these digits; none where they read as zero."""
        if not any(digit in digits for digit in "123456789"):
            return ""
        return self.minus if value < 0 else "+" if signed else ""


def _datetime(at: Moment) -> datetime:
    if isinstance(at, datetime):
        return at
    return _EPOCH + timedelta(microseconds=at) if isinstance(at, int) else datetime.fromisoformat(at)
