"""Dates and times in a column of text: the order of day, month and year is settled from all of them together."""

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.instants import BoolArray, IntArray, iso
from features.sources.cleaning.cells import FIRST_US, LAST_US, TIME_PATTERN
from features.sources.readings.date_parts import Parsed, instants_of, number, parse, there
from features.sources.readings.evidence import Evidence, choose, matches

ORDERS = ("dmy", "mdy", "ymd")
EPOCHS = {"epoch_s": 1_000_000, "epoch_ms": 1000, "epoch_us": 1, "epoch_ns": 0.001, "excel": 86_400_000_000}
"""Code -> microseconds in its unit."""
EXCEL_BEGINS = -25_569 * 86_400_000_000
"""1899-12-30, from which Excel counts its days, microseconds."""
DIGITS = {
    "epoch_s": r"[0-9]{9,10}(\.[0-9]+)?", "epoch_ms": "[0-9]{12,13}", "epoch_us": "[0-9]{15,16}",
    "epoch_ns": "[0-9]{18,19}", "excel": r"[2-7][0-9]{4}(\.[0-9]+)?",
}  # fmt: skip
_COMPACT = (
    r"(?P<year>[12][0-9]{3})(?P<month>[0-9]{2})(?P<day>[0-9]{2})(?:T?(?P<h>[0-9]{2})(?P<m>[0-9]{2})(?P<s>[0-9]{2})Z?)?"
)
CLEAR = 0.95
"""Share of the telling cells that must agree on an order; beyond, the few others are set aside."""
FEWER = 3
"""Of two places, the one with so many times fewer different values holds the year, if nothing speaks against it."""


def gather(cells: pa.Array, times: IntArray, until: int | None) -> Evidence:
    """Return what distinct cells say about their order.

    times : how often each stands there.  until : microseconds, the end of the day of the export, where it is known.
    """
    seen, parts = Evidence(), parse(cells)
    if not parts.matched.all():
        for unit, digits in DIGITS.items():
            seen.see(unit, matches(cells, rf"\s*{digits}\s*"), cells, times)
        seen.see("compact", matches(cells, rf"\s*{_plain(_COMPACT)}\s*"), cells, times)
    if parts.year_first.any():
        strict = matches(cells, STRICT)
        seen.see("ymd", parts.year_first & ~strict, cells, times)
        seen.see("iso", parts.year_first & strict, cells, times)
    seen.see("named", parts.with_name, cells, times)
    seen.see("zoned", parts.zoned, cells, times)
    seen.see("offset", parts.zoned & (parts.offset != 0), cells, times)
    if parts.year_last.any():
        dmy, mdy = (_instants(parts, order, until)[1] for order in ("dmy", "mdy"))
        alike = parts.a == parts.b
        marks = {"dmy_only": dmy & ~mdy, "mdy_only": mdy & ~dmy, "dmy_or_mdy": dmy & mdy & ~alike, "alike": dmy & alike}
        for mark, where in marks.items():
            seen.see(mark, where & parts.year_last, cells, times)
    if parts.short_year.any():
        seen.see("short", parts.short_year, cells, times)
        seen.collect("first", parts.a[parts.short_year])
        seen.collect("last", parts.c[parts.short_year])
        for order in ORDERS:
            _, valid = _instants(parts, order, until)
            year = parts.a if order == "ymd" else parts.c
            seen.see(f"short_not_{order}", parts.short_year & ~valid, cells, times)
            seen.see(f"short_late_{order}", parts.short_year & valid & (year + 2000 > _latest(until)), cells, times)
    return seen


STRICT = rf"\s*(?:{TIME_PATTERN})\s*"


def settle(seen: Evidence, until: int | None) -> tuple[str, Mapping[str, str]]:
    """Return the code of the reading, and what is in doubt: order -> how an example would read."""
    counts = seen.counts
    numeric = {unit: counts[unit] for unit in (*EPOCHS, "compact") if counts[unit]}
    dated = sum(
        counts[mark] for mark in ("ymd", "iso", "named", "dmy_only", "mdy_only", "dmy_or_mdy", "alike", "short")
    )
    if numeric and sum(numeric.values()) > dated:
        return max(numeric, key=numeric.__getitem__), {}
    if counts["short"]:
        return _settle_short(seen, until)
    dmy, mdy, either = counts["dmy_only"], counts["mdy_only"], counts["dmy_or_mdy"]
    if not dmy + mdy + either and counts["alike"]:  # a day and a month of the same number
        return "dmy", {}
    if not dmy + mdy + either:
        return ("named" if counts["named"] else "ymd" if counts["ymd"] else "iso"), {}
    if dmy + mdy and max(dmy, mdy) >= CLEAR * (dmy + mdy):
        return ("dmy" if dmy > mdy else "mdy"), {}
    example = seen.examples["dmy_or_mdy"] if either else seen.examples["dmy_only"]
    return "doubtful", _both(example, ("dmy", "mdy"), until)


def _settle_short(seen: Evidence, until: int | None) -> tuple[str, Mapping[str, str]]:
    """Settle the order of dates whose year has two digits."""
    counts = seen.counts
    if counts["dmy_only"] + counts["mdy_only"]:  # dates with the whole year stand there too
        return ("dmy" if counts["dmy_only"] >= counts["mdy_only"] else "mdy"), {}
    fewest = min(counts[f"short_not_{order}"] for order in ORDERS)
    left = [order for order in ORDERS if counts[f"short_not_{order}"] == fewest]
    first, last = seen.different["first"], seen.different["last"]
    left = [order for order in left if not counts[f"short_late_{order}"]] or left
    if "ymd" in left and len(left) > 1:
        if _holds_days(first, last):
            left.remove("ymd")
        elif _holds_days(last, first):
            left = ["ymd"]
    if len(left) == 1 and fewest <= (1 - CLEAR) * counts["short"]:
        return left[0], {}
    return "doubtful", _both(seen.examples["short"], left if len(left) > 1 else ORDERS, until)


def _holds_days(ours: set[int], theirs: set[int]) -> bool:
    """Return whether one place holds days and the other years, by how many there are, with gaps, and how late they are.

    Days that are all the first of a month, and years in a row, say nothing.
    """
    gaps = max(ours) - min(ours) + 1 > len(ours)
    return len(ours) >= FEWER * len(theirs) and gaps and max(theirs) >= max(ours)


def _both(cell: str, orders: Any, until: int | None) -> dict[str, str]:
    """Return how a cell reads in each order."""
    readings = {}
    for order in orders:
        value, valid = apply(pa.array([cell]), order, until)
        readings[order] = iso(int(value[0])) if valid[0] else "no date"
    return readings


def apply(cells: pa.Array, form: str, until: int | None, zone: str = "UTC") -> tuple[IntArray, BoolArray]:
    """Return the instant of each cell, microseconds, and whether it could be read.

    form : a code of `settle`.  zone : the time zone whose wall clock is meant; UTC as in every table.
    """
    if form in EPOCHS:
        value, valid = _counted(cells, form)
        offset, zoned = np.zeros(len(value), np.int64), np.full(len(value), form != "excel")
    elif form == "compact":
        value, valid = _compact(cells)
        offset, zoned = np.zeros(len(value), np.int64), np.zeros(len(value), bool)
    else:
        parts = parse(cells)
        value, valid = _instants(parts, form if form in ORDERS else "dmy", until)
        offset, zoned = parts.offset, parts.zoned
    value = value - offset * 60_000_000
    if zone != "UTC" and zoned.any():
        value = np.where(zoned, wall_clock(value, zone), value)
    valid = valid & (value >= FIRST_US) & (value <= LAST_US)
    return np.where(valid, value, 0), valid


def wall_clock(instants: IntArray, zone: str) -> IntArray:
    """Return what the clock on the wall of a time zone shows at UTC instants, as microseconds.

    >>> wall_clock(np.array([0]), "Europe/Amsterdam").tolist()
    [3600000000]
    """
    ZoneInfo(zone)
    inside = np.clip(instants, FIRST_US, LAST_US)
    local = pa.array(inside).cast(pa.timestamp("us", tz="UTC")).cast(pa.timestamp("us", tz=zone))
    return np.asarray(pc.local_timestamp(local).cast(pa.int64()))


def _instants(parts: Parsed, order: str, until: int | None) -> tuple[IntArray, BoolArray]:
    """Return the instant of every cell in an order, without its offset, and whether that is a date.

    A year of two digits lies in this century, unless that is after the export: then in the last one.
    """
    first = parts.year_first
    short_first = parts.short_year & (order == "ymd")
    in_middle = parts.named | first | (order != "mdy")  # where the month stands
    year = np.where(first | short_first, parts.a, parts.c)
    month = np.where(in_middle, parts.b, parts.a)
    day = np.where(first | short_first, parts.c, np.where(in_middle, parts.a, parts.b))
    short = short_first | (~first & (parts.wide_c == 2))
    year = np.where(short, year + np.where(year + 2000 > _latest(until), 1900, 2000), year)
    two_digits = (parts.wide_a if order == "ymd" else parts.wide_c) == 2
    known = first | (parts.short_year & two_digits) | parts.with_name | (parts.year_last & (order != "ymd"))
    return instants_of(year, month, day, parts.clock, known)


def _latest(until: int | None) -> int:
    """Return the last year that two digits can mean: the one after the export, or where nobody knows it, 2069."""
    return 2069 if until is None else int(np.datetime64(until, "us").astype("M8[Y]").astype(int)) + 1971


def _counted(cells: pa.Array, form: str) -> tuple[IntArray, BoolArray]:
    """Return the instants of numbers that count units since a beginning."""
    found = pc.extract_regex(cells, r"^\s*(?P<whole>-?[0-9]{1,19})(?P<part>\.[0-9]+)?\s*$")
    valid, unit = there(found), EPOCHS[form]
    whole = np.asarray(choose(valid, found.field("whole"), pa.scalar("0")).cast(pa.int64()))
    part = found.field("part").fill_null("")
    rest = np.asarray(choose(np.asarray(pc.not_equal(part, "")), part, pa.scalar("0")).cast(pa.float64()))
    most = np.abs(whole) <= (LAST_US // int(unit) if unit >= 1 else np.iinfo(np.int64).max)
    value = np.where(most, whole, 0) * int(unit) if unit >= 1 else whole // 1000
    return value + np.rint(rest * unit).astype(np.int64) + EXCEL_BEGINS * (form == "excel"), valid & most


def _compact(cells: pa.Array) -> tuple[IntArray, BoolArray]:
    found = pc.extract_regex(cells, rf"^\s*{_COMPACT}\s*$")
    year, month, day, h, m, s = (number(found.field(n).fill_null("")) for n in ("year", "month", "day", "h", "m", "s"))
    clock = (np.maximum(h, 0) * 3600 + np.maximum(m, 0) * 60 + np.maximum(s, 0)) * 1_000_000
    return instants_of(year, month, day, np.where((h > 23) | (m > 59) | (s > 59), -1, clock), there(found))


def _plain(pattern: str) -> str:
    """Return a pattern without the names of its groups."""
    import re

    return re.sub(r"\?P<[a-z]+>", "?:", pattern)
