"""The parts of written dates: three numbers or a month's name, a clock, an offset; and the instant they give."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.instants import BoolArray, IntArray
from features.sources.readings.evidence import choose, matches

_ZONES = {
    "UTC": 0, "GMT": 0, "WET": 0, "WEST": 60, "CET": 60, "CEST": 120, "EET": 120, "EEST": 180, "EST": -300, "EDT": -240,
    "MDT": -360, "PST": -480, "PDT": -420, "JST": 540,
}  # fmt: skip
"""Name of a time zone that only one has -> minutes east of UTC."""
_CLOCK = (
    r"(?:(?:[T,]|[T,]?\s+)(?P<h>[0-9]{1,2})(?::(?P<m>[0-9]{2})(?::(?P<s>[0-9]{2})(?:[.,](?P<f>[0-9]{1,9}))?)?)?"
    r"\s*(?P<half>[AaPp]\.?[Mm]\.?)?\s*"
    rf"(?P<zone>[Zz]|{'|'.join(_ZONES)}|(?:UTC|GMT)?[+-][0-9]{{1,2}}(?::?[0-9]{{2}})?)?)?"
)
_NAME = r"\pL{3,12}"
_PLAIN = (
    rf"\s*(?:[A-Za-z]{{2,9}},\s*)?(?P<a>[0-9]{{1,4}})(?:[-/.]\s*|\s+)(?:de\s+)?(?P<b>[0-9]{{1,2}}|{_NAME})\.?"
    rf"(?:[-/.]\s*|,?\s+)(?:del?\s+)?(?P<c>[0-9]{{1,4}}){_CLOCK}\s*"
)
_MONTH_FIRST = (
    rf"\s*(?:[A-Za-z]{{2,9}},?\s+)?(?P<b>{_NAME})\.?\s+(?P<a>[0-9]{{1,2}})(?:st|nd|rd|th)?,?\s+"
    rf"(?P<c>[0-9]{{4}}){_CLOCK}\s*(?:\([^)]*\)\s*)?"
)
_YEAR_BEHIND = (
    r"^\s*[A-Za-z]{3} ([A-Za-z]{3}) +([0-9]{1,2}) ([0-9:]{8})( [A-Z]{1,4}(?:[+-][0-9:]{2,5})?)? ([0-9]{4})\s*$"
)
"""How C, Java and Unix write a time: `Sun Jan 01 10:11:12 CET 2023`."""
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january januari januar janvier janv jänner ene enero gennaio gen janeiro stycznia sty",
            "feb february februari februar février fév févr fevrier febrero febbraio fevereiro fev lutego lut",
            "mar march maart mrt märz mär mrz mars marzo março marts marca",
            "apr april avril avr abr abril aprile kwietnia kwi",
            "may mei mai maj mayo maggio mag maio maja", "jun june juni juin junio giugno giu junho czerwca cze",
            "jul july juli juillet juil julio luglio lug julho lipca lip",
            "aug august augustus août aoû aout ago agosto augusti sierpnia sie",
            "sep sept september septembre sep septiembre settembre set setembro września wrz",
            "oct october oktober okt octobre octubre ottobre ott outubro out października paź",
            "nov november novembre noviembre novembro listopada lis",
            "dec december dezember dez décembre déc dic diciembre dicembre dezembro grudnia gru",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
"""Month's name in English, Dutch, German, French, Spanish, Italian, Portuguese, Polish or Nordic -> its number."""


@dataclass(frozen=True)
class Parsed:
    """The parts of distinct cells, shape (n,) each.

    a, b, c : the numbers in their places, -1 where there is none.  wide_a, wide_c : digits of a and c.
    clock : microseconds into the day, -1 where that is impossible.  offset : minutes east of UTC.
    """

    matched: BoolArray
    named: BoolArray
    a: IntArray
    b: IntArray
    c: IntArray
    wide_a: IntArray
    wide_c: IntArray
    clock: IntArray
    offset: IntArray
    zoned: BoolArray

    @cached_property
    def year_first(self) -> BoolArray:
        return np.asarray(self.matched & (self.wide_a == 4) & (self.wide_c <= 2))

    @cached_property
    def year_last(self) -> BoolArray:
        return np.asarray(self.matched & ~self.named & (self.wide_a <= 2) & (self.wide_c == 4))

    @cached_property
    def short_year(self) -> BoolArray:
        short = (self.wide_a <= 2) & (self.wide_c <= 2) & (self.wide_a + self.wide_c > 2)
        return np.asarray(self.matched & ~self.named & short)

    @cached_property
    def with_name(self) -> BoolArray:
        return np.asarray(self.matched & self.named & (self.wide_a <= 2) & np.isin(self.wide_c, (2, 4)))


_SIGNS_OF_PARTS = ("[年月년월]", "[日일]")
"""What stands behind year and month, and behind the day, in Chinese, Japanese and Korean."""


def parse(cells: pa.Array) -> Parsed:
    if np.asarray(pc.match_substring_regex(cells, "[年년]").fill_null(False)).any():
        between, behind = _SIGNS_OF_PARTS
        cells = pc.replace_substring_regex(pc.replace_substring_regex(cells, between, "-"), behind, "")
    if np.asarray(pc.match_substring_regex(cells, _YEAR_BEHIND).fill_null(False)).any():
        cells = pc.replace_substring_regex(cells, _YEAR_BEHIND, r"\1 \2 \5 \3\4")
    plain = pc.extract_regex(cells, f"^{_PLAIN}$")
    is_plain = there(plain)
    reverse = plain if is_plain.all() else pc.extract_regex(cells, f"^{_MONTH_FIRST}$")
    is_reverse = np.zeros(len(cells), bool) if is_plain.all() else there(reverse)

    def text(name: str) -> pa.Array:
        if is_plain.all():
            return plain.field(name).fill_null("")
        either = choose(is_plain, plain.field(name), choose(is_reverse, reverse.field(name), pa.scalar("")))
        return either.fill_null("")

    a, b, c = text("a"), text("b"), text("c")
    named = ~matches(b, "[0-9]*")
    month = (
        np.zeros(len(b), np.int64)
        if not named.any()
        else _by_value(b, lambda name: _MONTHS.get(name.casefold(), -1) if name and not name.isdigit() else -1)
    )
    numeric = number(choose(named, pa.scalar(""), b))
    clock, zone = _clock(text), text("zone")
    offset = _by_value(zone, _minutes)
    matched = (is_plain | is_reverse) & (~named | (month > 0)) & (np.abs(offset) < 24 * 60)
    return Parsed(
        matched=matched, named=named, a=number(a), b=np.where(named, month, numeric), c=number(c),
        wide_a=np.asarray(pc.utf8_length(a)), wide_c=np.asarray(pc.utf8_length(c)), clock=clock,
        offset=offset, zoned=matched & np.asarray(pc.not_equal(zone, "")),
    )  # fmt: skip


def _clock(text: Callable[[str], pa.Array]) -> IntArray:
    """Return the microseconds into the day, -1 where there is no such time."""
    hour, minute, second = (number(text(name)) for name in ("h", "m", "s"))
    half = _by_value(text("half"), lambda cell: {"a": 1, "p": 2}.get(cell[:1].lower(), 0))
    fraction = number(pc.utf8_slice_codeunits(pc.utf8_rpad(text("f"), 6, "0"), 0, 6))
    wrong = (hour > 23) | (minute > 59) | (second > 59) | ((half > 0) & ((hour > 12) | (hour < 1)))
    hour = np.where(half > 0, np.maximum(hour, 0) % 12 + 12 * (half == 2), np.maximum(hour, 0))
    total = (hour * 3600 + np.maximum(minute, 0) * 60 + np.maximum(second, 0)) * 1_000_000 + np.maximum(fraction, 0)
    return np.where(wrong, -1, total)


def instants_of(
    year: IntArray, month: IntArray, day: IntArray, clock: IntArray, known: BoolArray
) -> tuple[IntArray, BoolArray]:
    valid = known & (year >= 1) & (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31) & (clock >= 0)
    year, month, day = np.where(valid, year, 1970), np.where(valid, month, 1), np.where(valid, day, 1)
    begin = ((year - 1970) * 12 + month - 1).astype("M8[M]")
    date = begin.astype("M8[D]") + (day - 1)
    valid = valid & (date.astype("M8[M]") == begin)
    return date.astype("M8[us]").astype(np.int64) + np.maximum(clock, 0), valid


def there(found: pa.Array) -> BoolArray:
    return np.asarray(found.is_valid())


def number(cells: pa.Array) -> IntArray:
    """Return whole numbers, -1 where the text is empty."""
    filled = choose(np.asarray(pc.not_equal(cells, "")), cells, pa.scalar("-1"))
    return np.asarray(filled.cast(pa.int64()))


def _by_value(cells: pa.Array, of: Callable[[str], int]) -> IntArray:
    """Return a number for each text, computed once for every different one."""
    coded = cells.dictionary_encode()
    numbers = np.array([of(text) for text in coded.dictionary.to_pylist()] or [0], np.int64)
    return numbers[np.asarray(coded.indices)] if len(cells) else np.empty(0, np.int64)


def _minutes(zone: str) -> int:
    if zone.upper() in _ZONES or zone[-1:].isalpha() or not zone:
        return _ZONES.get(zone.upper(), 0)
    zone = zone.removeprefix("UTC").removeprefix("GMT")
    hours, _, rest = zone[1:].partition(":") if ":" in zone else (zone[1:3], "", zone[3:])
    minutes = int(hours) * 60 + int(rest or 0)
    return -minutes if zone[0] == "-" else minutes
