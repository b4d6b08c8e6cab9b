"""A whole column read: what its cells say is gathered, the reading is settled, and the cells are written anew."""

from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.errors import SettingsError
from features.schema import Column, Kind, Table
from features.sources.cleaning.columns import MIN_ARROW_CELLS, normalise
from features.sources.cleaning.rules import SourceRules
from features.sources.readings import amounts, dates, texts
from features.sources.readings.evidence import ColumnReading, Evidence, choose, distinct_cells, matches, replaced

ALLOWED = {
    Kind.TIME: (*dates.ORDERS, *dates.EPOCHS, "compact", "named"),
    Kind.MONEY: (amounts.POINT, amounts.COMMA),
    Kind.NUMBER: (amounts.POINT, amounts.COMMA),
}
"""Kind of a column -> the readings that the settings may name."""


@dataclass
class ColumnEvidence:
    """The evidence of a column: empty and typed cells apart, and what its texts say."""

    seen: Evidence = field(default_factory=Evidence)
    filled: int = 0
    typed: bool = False

    def add(self, more: "ColumnEvidence") -> None:
        """Add what another batch of the column says."""
        self.seen.add(more.seen)
        self.filled, self.typed = self.filled + more.filled, self.typed or more.typed


def gather(column: Column, cells: Any, rules: SourceRules) -> ColumnEvidence:
    """Return what the cells of a column, or of a batch of it, say about how they are written."""
    text = _as_text(column, cells)
    if text is None:
        missing = getattr(cells, "null_count", None)
        filled = sum(c is not None and c == c for c in cells) if missing is None else len(cells) - missing
        return ColumnEvidence(typed=True, filled=filled)
    plain = _plain_evidence(column, text)
    if plain is not None:
        return ColumnEvidence(plain, len(text) - text.null_count)
    distinct, times, _ = distinct_cells(text)
    return ColumnEvidence(_gather(column, distinct, times, rules), int(times.sum()))


def _plain_evidence(column: Column, text: pa.Array) -> Evidence | None:
    """Return what a long column says that is written as the contract has it; None where it may not be.

    Arrow may only make it faster.
    """
    if len(text) < MIN_ARROW_CELLS or pa.types.is_dictionary(text.type):
        return None
    filled = len(text) - text.null_count
    with suppress(pa.ArrowInvalid):
        if column.kind is Kind.TIME:
            first = pc.min(text.cast(pa.timestamp("us"))).as_py()
            return None if first is not None and first.year <= 1970 else Evidence(Counter(iso=filled))
        if column.kind in (Kind.MONEY, Kind.NUMBER):
            numbers = np.asarray(text.cast(pa.float64()))
            if np.isfinite(numbers).sum() < filled:
                return None
            if matches(text.slice(0, MIN_ARROW_CELLS), r"[+-]?[0-9]*\.([0-9]{1,2}|[0-9]{4,})").any():
                return Evidence(Counter({amounts.POINT: filled}))
            if not np.asarray(pc.match_substring(text, ".").fill_null(False)).any():
                large = int((np.abs(numbers) >= 1000).sum())
                return Evidence(Counter({"large": large, "small": filled - large}))
    return None


def _gather(column: Column, distinct: pa.Array, times: Any, rules: SourceRules) -> Evidence:
    seen = texts.gather(distinct, times, column.name)
    if column.kind is Kind.TIME:
        seen.see("null_like", matches(texts.trim(distinct), texts.MISSING_DATE), distinct, times)
        seen.add(dates.gather(texts.trim(distinct), times, rules.until))
    elif column.kind in (Kind.MONEY, Kind.NUMBER):
        seen.add(amounts.gather(texts.trim(distinct), times))
    return seen


def settle(
    table: Table, found: Mapping[str, ColumnEvidence], told: Mapping[str, str], rules: SourceRules
) -> dict[str, ColumnReading]:
    """Return how each column is read.

    found : column -> what its cells say.  told : column -> the reading that the settings name.
    """
    _check_told(table, told)
    readings = {name: _settle(table, table.column(name), one, told, rules) for name, one in found.items()}
    return _agree(readings)


def _settle(
    table: Table, column: Column, found: ColumnEvidence, told: Mapping[str, str], rules: SourceRules
) -> ColumnReading:
    """Return how one column is read, by itself."""
    doubt: Mapping[str, str] = {}
    seen, counts = found.seen, found.seen.counts
    form = column.kind.value if column.kind not in ALLOWED else "empty"
    if found.typed:
        form = "typed"
    elif column.kind is Kind.TIME and found.filled:
        form, doubt = dates.settle(seen, rules.until)
    elif column.kind in ALLOWED and found.filled:
        form, doubt = amounts.settle(seen, column.low, column.high)
    if column.name in told and not found.typed:
        form, doubt = told[column.name], {}
    names = ["null_like", "trimmed"] if column.kind in (Kind.TEXT, Kind.CATEGORY, Kind.FLAG) else ["null_like"]
    if not counts["other_decimals"]:
        names.append("point_zero")
    names.append("rounded")
    names += ["percent", "parentheses", "currency", "grouped"] if column.kind in (Kind.MONEY, Kind.NUMBER) else []
    details = {name: counts[name] for name in names if counts[name]}
    if counts["short"]:
        details["two_digit_year"] = counts["short"]
    if counts["offset"]:
        details["zoned"] = counts["offset"]
    marks = ("rounded",) if column.kind is Kind.TEXT else (*_DOUBTFUL, *details)
    example = next((seen.examples[mark] for mark in marks if mark in seen.examples), "")
    empty = tuple(sorted(seen.different.get("null_like", ())))
    return ColumnReading(table.name, column.name, form, details, found.filled, before=example, empty=empty, doubt=doubt)


_DOUBTFUL = ("short", "dmy_or_mdy", "dmy_only", "mdy_only", "three_decimal_point", "three_decimal_comma")


def _agree(readings: dict[str, ColumnReading]) -> dict[str, ColumnReading]:
    """Let a column in doubt follow the others of its table: one program wrote them all."""
    settled = {reading.form for reading in readings.values()}
    for name, reading in readings.items():
        agreed = settled & set(reading.doubt)
        if len(agreed) == 1:
            readings[name] = replace(reading, form=agreed.pop(), doubt={})
    return readings


def _check_told(table: Table, told: Mapping[str, str]) -> None:
    for name, form in told.items():
        allowed = ALLOWED.get(table.column(name).kind, ()) if name in table.names else ()
        if form not in allowed:
            known = f"it is one of {', '.join(allowed)}" if allowed else "only columns of times and numbers have one"
            raise SettingsError(f"[tables.{table.name}] reads {name} as {form!r}; {known}.")


def apply(
    column: Column, cells: Any, reading: ColumnReading, seen: Evidence, rules: SourceRules
) -> tuple[Any, ColumnReading]:
    """Return the cells as the contract writes them, and the reading with what was changed.

    A cell that cannot be read stays as it stands, so that cleaning sets its row aside and shows it.
    """
    text = _as_text(column, cells)
    if text is None:
        return _typed(column, cells, rules), reading
    if _as_it_stands(column, reading, seen, rules):
        return text, reading
    distinct, times, codes = distinct_cells(text)
    meant = texts.read(distinct, seen, column.name)
    if column.kind in ALLOWED:
        nothing = texts.MISSING_NUMBER + (f"|{texts.MISSING_DATE}" if column.kind is Kind.TIME else "")
        meant = choose(matches(meant, nothing), pa.scalar(None, pa.string()), meant)
    if reading.form == "doubtful":
        return replaced(meant, codes), reading
    if column.kind is Kind.TIME:
        value, valid = dates.apply(meant.fill_null(""), reading.form, rules.until, rules.time_zone)
        written = pa.array(value).cast(pa.timestamp("us")).cast(pa.string())
        meant = choose(valid, written, meant)
    elif column.kind in (Kind.MONEY, Kind.NUMBER):
        number, valid = amounts.read(meant.fill_null(""), reading.form, share=column.high == 1)
        meant = choose(valid, number, meant)
    altered = np.asarray(pc.not_equal(meant.fill_null(""), distinct))
    if column.kind is Kind.TIME:
        altered &= ~matches(distinct, dates.STRICT)
    changed = int(times[altered].sum())
    shown = column.kind is not Kind.TEXT or texts.is_id(column.name)  # names and free text are nobody's business
    if changed and not reading.changed and shown:
        at = int(np.argmax(altered & np.asarray(meant.is_valid())) or np.argmax(altered))
        reading = replace(reading, before=distinct[at].as_py(), after=_short(meant[at].as_py() or ""))
    return replaced(meant, codes), replace(reading, changed=reading.changed + changed)


def _short(text: str) -> str:
    return text.removesuffix(".000000").removesuffix(" 00:00:00")


def _as_it_stands(column: Column, reading: ColumnReading, seen: Evidence, rules: SourceRules) -> bool:
    """Return whether the contract would write the cells as they are."""
    if any(seen.counts[mark] for mark in ("trimmed", "null_like", "point_zero")):
        return False
    if column.kind is Kind.TIME:
        return reading.filled == seen.counts["iso"] and (rules.time_zone == "UTC" or not seen.counts["zoned"])
    if column.kind in (Kind.MONEY, Kind.NUMBER):
        return reading.form in ("whole", "decimal_point") and not seen.counts["unlike"]
    return True


def _as_text(column: Column, cells: Any) -> pa.Array | None:
    """Return a column's cells as Arrow text; None where the source types them."""
    cells = normalise(cells)
    if isinstance(cells, list) and len(cells) < MIN_ARROW_CELLS and all(c is None or isinstance(c, str) for c in cells):
        try:
            cells = pa.array(cells, pa.string())
        except UnicodeEncodeError:
            return None
    if not isinstance(cells, pa.Array):
        return None
    kind = cells.type.value_type if pa.types.is_dictionary(cells.type) else cells.type
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        cells, kind = _decoded(cells), pa.string()
    if column.kind is Kind.TIME and (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
        with suppress(pa.ArrowInvalid):
            return cells.cast(pa.int64()).cast(pa.string())
        return cells.cast(pa.string())
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        return None
    return cells


def _decoded(cells: pa.Array) -> pa.Array:
    """Return text that a file keeps as bytes, as old writers do; bytes that are no text stay bytes."""
    if pa.types.is_fixed_size_binary(cells.type):
        cells = cells.cast(pa.binary())
    try:
        return cells.cast(pa.string())
    except pa.ArrowInvalid:
        return cells


def _typed(column: Column, cells: Any, rules: SourceRules) -> Any:
    """Return typed cells; instants with a zone as the wall clock of the source's."""
    if column.kind is Kind.TIME and rules.time_zone != "UTC":
        kind = getattr(cells, "type", None)
        if kind is not None and pa.types.is_timestamp(kind) and kind.tz is not None:
            instants = cells.cast(pa.timestamp("us", tz=kind.tz), safe=False)
            return pc.local_timestamp(instants.cast(pa.timestamp("us", tz=rules.time_zone)))
    return cells
