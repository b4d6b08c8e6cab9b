"""One table read: its raw columns, how they are understood, exact copies among them, and the rows that can be used."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from features.errors import SourceError, SourceUnreadable
from features.schema import Table
from features.sources.cleaning.amount_currencies import name_currencies, refuse_mixed
from features.sources.cleaning.cleaning import Cleaned, SetAside, clean
from features.sources.cleaning.column_names import listed
from features.sources.cleaning.copies import MOST, exact_copies, judge_copies, keyless_rows, may_hold_copies
from features.sources.cleaning.mends import doubt_message
from features.sources.cleaning.rules import SourceRules
from features.sources.connectors import Connector, TableMapping, column_origins
from features.sources.readings.amounts import symbols
from features.sources.readings.columns import apply, gather, settle
from features.sources.readings.evidence import ColumnReading, words
from features.sources.table_plugins import made_table


@dataclass(frozen=True)
class ReadTable:
    """A table after reading.  refusals : why it cannot be used as it is."""

    cleaned: Cleaned
    notes: tuple[str, ...]
    readings: tuple[ColumnReading, ...]
    refusals: tuple[SourceError, ...]


def read_one(table: Table, connector: Connector, mapping: TableMapping, rules: SourceRules) -> ReadTable:
    """Read, understand and clean one table."""
    raw, notes, whole = _read_columns(table, connector, mapping)
    readings, raw, refusals = understand(table, raw, mapping.reading, rules)
    copies: dict[int, int] = {}
    if raw and may_hold_copies(table, rules):
        copies = _copies(table, raw, whole)
        said, refused = judge_copies(table, len(copies), len(next(iter(raw.values()))), rules)
        notes, refusals = notes + said, refusals + refused
        copies = copies if rules.drop_copies == "yes" else {}
    cleaned = clean(table, raw, until=rules.until, copies=copies)
    notes += tuple(
        f"{table.name}.{one.column}: read as {words(one)}, as {one.before!r} for {one.after!r}"
        for one in readings
        if one.changed and one.form not in ("text", "typed")
    )
    for one in readings:
        if one.form == "text" and one.details.get("null_like") and one.column in ("account_id", table.key):
            notes += (
                f"{table.name}.{one.column}: {one.details['null_like']:,} cells are words for an empty one "
                f"({listed(one.empty)}); their rows are set aside",
            )
        if one.details.get("zoned") and one.column == table.time and rules.time_zone == "UTC":
            notes += (
                f"{table.name}.{one.column}: {one.details['zoned']:,} times have an offset from UTC, and a day begins "
                'at midnight UTC; [source] time_zone = "Europe/Amsterdam" would say whose midnight it is',
            )
        if one.details.get("point_zero"):
            notes += (f"{table.name}.{one.column}: {one.details['point_zero']:,} ids end in .0, which is left out",)
    return ReadTable(cleaned, notes, tuple(readings), tuple(refusals))


def understand(
    table: Table, raw: Mapping[str, Any], told: Mapping[str, str], rules: SourceRules
) -> tuple[list[ColumnReading], dict[str, Any], list[SourceError]]:
    """Return how the raw columns of a table are read, the columns as the contract writes them, and why they cannot be.

    told : column -> the reading that the settings name.
    """
    found = {name: gather(table.column(name), cells, rules) for name, cells in raw.items()}
    readings = settle(table, found, told, rules)
    written: dict[str, Any] = {}
    if name_currencies(table, found, rules):
        written["currency"] = symbols(raw["revenue"])
    for name, cells in raw.items():
        written[name], readings[name] = apply(table.column(name), cells, readings[name], found[name].seen, rules)
    return list(readings.values()), written, [*unreadable(readings), *refuse_mixed(table, found, rules)]


def unreadable(readings: Mapping[str, ColumnReading]) -> list[SourceError]:
    """Refuse columns that can be read in several ways, and ids that a spreadsheet rounded."""
    refusals: list[SourceError] = [SourceUnreadable(doubt_message(one)) for one in readings.values() if one.doubt]
    refusals += [
        SourceUnreadable(
            f"{one.table}.{one.column}: {one.details['rounded']:,} ids were rounded by a spreadsheet, as "
            f"{one.before!r}, so that different ones became one. Export them again, the column as text"
        )
        for one in readings.values()
        if one.details.get("rounded", 0) > MOST * one.filled
    ]
    return refusals


def _copies(table: Table, raw: Mapping[str, Any], whole: Callable[[], Mapping[str, Any]]) -> dict[int, int]:
    """Return the exact copies among rows without a key.  whole : reads every column, also those nobody asked for."""
    keyless = keyless_rows(raw.get(table.key or ""), len(next(iter(raw.values()))))
    alike = exact_copies(raw, keyless)
    if not alike:
        return {}
    return exact_copies(whole(), np.union1d(list(alike), list(alike.values())).astype(np.int64))


def first_places(cleaned: Cleaned, connector: Connector) -> dict[tuple[str, int], str]:
    """Return where the first row that was set aside for each reason stands."""
    firsts: dict[tuple[str, str], SetAside] = {}
    for row in cleaned.set_aside:
        firsts.setdefault((row.column, row.reason.split(":")[0]), row)
    return {
        (row.table, row.row): connector.place(row.table, row.row) if row.row < MOST_LOOKED_UP else f"row {row.row:,}"
        for row in firsts.values()
    }


MOST_LOOKED_UP = 1_000_000
"""Rows that are counted through to find the line of one; further ones keep their number."""


def _read_columns(
    table: Table, connector: Connector, mapping: TableMapping
) -> tuple[dict[str, Any], tuple[str, ...], Callable[[], Mapping[str, Any]]]:
    """Read the raw columns under the contract's names; say which were left out; return what reads all of them."""
    result = made_table(table, connector, mapping)
    names = connector.columns(table.name) if result is None else list(result)
    origin, notes = column_origins(table, names, mapping)
    columns = result if result is not None else connector.read(table.name, sorted(set(origin.values())))
    return (
        {name: columns[at] for name, at in origin.items()},
        notes,
        lambda: result if result is not None else connector.read(table.name, names),
    )
