"""Money, numbers, shares and dates as an English or a Dutch reader writes them (Babel); what is missing is a dash."""

import math
import re
from dataclasses import dataclass
from datetime import datetime

from babel.dates import format_date
from babel.numbers import format_decimal

from serving.store.database import moment

MISSING = "–"
_MINUS, _FIXED_SPACE = "\u2212", "\u00a0"


@dataclass(frozen=True)
class Formats:
    """One reader's way of writing.  currency : sign before amounts."""

    language: str
    currency: str = "€"

    def number(self, value: float | None, decimals: int = 0) -> str:
        """Return 1,234.5 or 1.234,5."""
        if value is None or not math.isfinite(value):
            return MISSING
        pattern = f"#,##0.{'0' * decimals}" if decimals else "#,##0"
        text = format_decimal(abs(value), pattern, self.language)
        negative = value < 0 and any(digit in text for digit in "123456789")
        return f"{_MINUS}{text}" if negative else text

    def money(self, value: float | None, decimals: int = 0) -> str:
        """€1,234 or € 1.234: whole units unless asked otherwise."""
        shown = self.number(value, decimals)
        if shown == MISSING:
            return shown
        space = _FIXED_SPACE if self.language == "nl" else ""
        sign, digits = (_MINUS, shown[1:]) if shown.startswith(_MINUS) else ("", shown)
        return f"{sign}{self.currency}{space}{digits}"

    def percent(self, value: float | None, decimals: int = 0) -> str:
        """A share as 12% or 12 %; what is not nought never reads as nought."""
        if value is None or not math.isfinite(value):
            return MISSING
        space = _FIXED_SPACE if self.language == "nl" else ""
        if 0 < value < 0.5 * 10 ** -(decimals + 2):
            return f"<{space}{self.number(10.0**-decimals, decimals)}{space}%"
        return f"{self.number(100 * value, decimals)}{space}%"

    def date(self, at: datetime | int | None) -> str:
        """3 March 2026 or 3 maart 2026.  at : UTC, an int in microseconds since 1970."""
        if at is None:
            return MISSING
        day = moment(at) if isinstance(at, int) else at
        return format_date(day, "d MMMM y", self.language)

    def time(self, at: datetime | int | None) -> str:
        """The date with the minute, UTC."""
        if at is None:
            return MISSING
        moment_of = moment(at) if isinstance(at, int) else at
        return f"{self.date(moment_of)}, {moment_of:%H:%M} UTC"


def read_number(text: str) -> float | None:
    """What somebody typed as an amount in either language, such as 20,000 or 20.000 or 1.234,50; None if it is none.

    A single separator that three digits follow parts thousands, in both languages.
    """
    plain = "".join(c for c in text.strip()[:40] if c not in " \u00a0'€$£")
    for shape in _AMOUNTS:
        found = shape.fullmatch(plain)
        if found:
            whole, fraction = re.sub(r"[.,]", "", found["whole"]), found["fraction"] or "0"
            return float(f"{whole}.{fraction}")
    return None


_AMOUNTS = (
    re.compile(r"(?P<whole>[0-9]{1,3}(,[0-9]{3}){1,4})(\.(?P<fraction>[0-9]{1,2}))?"),
    re.compile(r"(?P<whole>[0-9]{1,3}(\.[0-9]{3}){1,4})(,(?P<fraction>[0-9]{1,2}))?"),
    re.compile(r"(?P<whole>[0-9]{1,15})([.,](?P<fraction>[0-9]{1,2}))?"),
)
