"""The tables of files or of a database, read and cleaned.

Each table is read whole, its declared columns only. What its cells mean is settled column by column
(`features.sources.readings`), then the table passes through `features.sources.cleaning`. What was understood, set aside
and ignored, and how many rows were read, travels with the tables.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from features.errors import NotEnoughData, SourceError, SourceUnreadable, TooManyBadRows
from features.parallel import parallel_map
from features.schema import Table
from features.sources.cleaning.cleaning import COPY, Cleaned, Columns, SetAside, clean
from features.sources.cleaning.column_names import listed
from features.sources.cleaning.joins import Join, compare_accounts, join_notes, unify_crm_ids
from features.sources.cleaning.mends import form_of, mend, toml
from features.sources.cleaning.money import in_constant_prices, in_one_currency
from features.sources.cleaning.order_amounts import check_amounts
from features.sources.cleaning.rules import NO_RULES, SourceRules
from features.sources.connectors import Connector, TableMapping, check_mapping, has_query
from features.sources.databases import open_database
from features.sources.folders import open_folder
from features.sources.memory import open_frames, raw_columns
from features.sources.partitioned import read_partitions
from features.sources.readings.evidence import ColumnReading
from features.sources.table_reading import ReadTable, first_places, read_one
from features.tables import REFERENCE_TABLES, TABLE, TABLES

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "Location",
    "Progress",
    "Source",
    "SourceRules",
    "TableMapping",
    "open_source",
    "read_source",
    "read_table",
    "set_aside_frame",
    "source_from_rows",
]

Location = str | Path | Mapping[str, Any]
"""A folder, a file, a database's URL, or frames by name."""
Progress = Callable[[str], None]
"""A function that is called with a few words about what is being read."""


@dataclass(frozen=True)
class Source:
    """Cleaned tables, by name; `tables` lacks a table that the source lacks.

    rows_read : rows per table before cleaning = rows kept + rows set aside.
    notes : warnings in plain words, without personal data.
    readings : how each column was understood, of tables that were read from files or a database.
    joins : how many accounts of each table stand in `accounts`.
    places : (table, row) -> where it stands, of the first row that was set aside for each reason.
    refusals : why it cannot be used as it is, where it was read to be looked at.
    last_events : table -> its last event before rows were added, microseconds: those say nothing of where data end.
    macros : whether a query of its settings may call `as_date`, `as_amount` and `as_id`.
    """

    tables: Mapping[str, Columns]
    set_aside: tuple[SetAside, ...]
    notes: tuple[str, ...]
    rows_read: Mapping[str, int]
    readings: tuple[ColumnReading, ...] = ()
    joins: tuple[Join, ...] = ()
    places: Mapping[tuple[str, int], str] = field(default_factory=dict)
    refusals: tuple[str, ...] = ()
    last_events: Mapping[str, int] = field(default_factory=dict)
    macros: bool = True

    def release(self, table: str) -> None:
        """Free the rows of a table that nobody will need again."""
        assert isinstance(self.tables, dict)
        del self.tables[table]

    def rows(self, table: str) -> int:
        """Return how many rows of a table are used; 0 where the source lacks it."""
        columns = self.tables.get(table, {})
        return len(next(iter(columns.values()))) if columns else 0


def read_source(
    location: Location,
    mapped: Mapping[str, TableMapping] | None = None,
    *,
    max_bad_share: float = 0.05,
    progress: Progress | None = None,
    rules: SourceRules = NO_RULES,
    look: bool = False,
) -> Source:
    """Read every table of the contract that the files or the database hold.

    location : a folder, a file, a SQLAlchemy URL, or frames by name.
    mapped : table -> where to find it, for tables that do not follow the contract.
    max_bad_share : largest share of a table's rows that may be set aside, 0..1.
    progress : called with a few words before each table is read.
    rules : what the source cannot say of itself.
    look : somebody wants to see what is in it: whatever would be refused becomes one of the source's `refusals`.

    Raises
    ------
    SourceUnreadable
        No such folder or database, a file that is not what its name says, a failing query, no orders, cells that can be
        read in two ways, more than one currency, many copies, or orders whose amounts are nearly all negative.
    ColumnMissing
        A required or mapped column is not there.
    TooManyBadRows
        More of a table is bad than max_bad_share.
    NotEnoughData
        The orders are there, but have no rows.
    SettingsError
        `mapped` names a table, column or reading that the contract does not know.
    """
    mapped = mapped or {}
    check_mapping(mapped)
    database = is_url(location)
    refused: list[str] = []

    def refuse(error: SourceError | NotEnoughData) -> None:
        if not look:
            raise error
        refused.append(str(error))

    partitions = None if isinstance(location, Mapping) else read_partitions(location)
    if partitions is not None:  # its money was settled and its copies were looked for when it was cut
        partitions.check_prices(rules.deflator)
        rules = replace(rules, deflator={}, drop_copies="no")
    with open_source(location, mapped, rules) as connector:
        present = [table for table in TABLES if table.name in connector.table_names or has_query(mapped, table)]
        if TABLE["orders"] not in present:
            lacking = SourceUnreadable(
                f"{connector.label} holds no orders, the one table that is required; it holds "
                f"{listed(connector.contents)}. Name the orders so, or map them under [tables.orders] in the settings."
            )
            if not present:  # there is nothing to look at
                raise lacking
            refuse(lacking)
        notes = _notes(connector, mapped, present)

        def read(table: Table) -> ReadTable | SourceError:
            if progress is not None:
                progress(f"reading {table.name}")
            try:
                one = read_one(table, connector, mapped.get(table.name, TableMapping()), rules)
            except SourceError as error:
                return error
            pa.default_memory_pool().release_unused()  # else the memory of the largest table stays taken
            return one

        tables: dict[str, Cleaned] = {}
        readings: list[ColumnReading] = []
        places: dict[tuple[str, int], str] = {}
        for table, one in zip(present, parallel_map(read, present, not database), strict=True):
            if isinstance(one, SourceError):
                refuse(one)
                continue
            tables[table.name] = one.cleaned
            notes += one.notes
            readings += one.readings
            for error in one.refusals:
                refuse(error)
            places |= first_places(one.cleaned, connector)
            try:
                _check_share(one.cleaned, table, max_bad_share, places, one.readings, macros=connector.macros)
            except TooManyBadRows as error:
                refuse(error)
        notes += connector.notes()
        rates = exchange_rates(connector, mapped, rules)
    orders = tables.setdefault("orders", clean(TABLE["orders"], {}))
    if "orders" in connector.table_names or has_query(mapped, TABLE["orders"]):
        if orders.rows_read == 0 and not refused:
            refuse(
                NotEnoughData(f"orders in {connector.label} has no rows; without orders there is nothing to learn from")
            )
        try:
            columns, said = in_one_currency(orders.columns, rates, rules)
            columns, deflated = in_constant_prices(columns, rules)
            tables["orders"] = replace(orders, columns=columns)
            notes += [*said, *deflated, *check_amounts(tables["orders"], form_of(readings, "orders", "revenue"))]
        except SourceUnreadable as error:
            refuse(error)
    tables, said = unify_crm_ids(tables)
    source = _source(tables, [*notes, *said])
    joins = compare_accounts(source.tables)
    return replace(
        source,
        notes=(*source.notes, *join_notes(joins, source.tables)),
        readings=tuple(readings),
        joins=joins,
        places=places,
        refusals=tuple(refused),
        macros=connector.macros,
    )


def read_table(
    location: Location,
    name: str,
    mapped: Mapping[str, TableMapping] | None = None,
    rules: SourceRules = NO_RULES,
) -> Columns | None:
    """Read and clean one table of files or a database; None where it is not there.

    Raises
    ------
    SourceUnreadable, ColumnMissing, SettingsError
        As `read_source` does.
    """
    mapped = mapped or {}
    check_mapping(mapped)
    table = TABLE[name]
    with open_source(location, mapped, rules) as connector:
        if name not in connector.table_names and not has_query(mapped, table):
            return None
        return read_one(table, connector, mapped.get(name, TableMapping()), rules).cleaned.columns


def open_source(
    location: Location, mapped: Mapping[str, TableMapping], rules: SourceRules
) -> AbstractContextManager[Connector]:
    """Open the files, the database or the frames for reading.  Raises SourceUnreadable where that cannot be done."""
    if isinstance(location, Mapping):
        return open_frames(location, rules)
    return open_database(str(location)) if is_url(location) else open_folder(Path(location), mapped, rules)


def is_url(location: Location) -> bool:
    """Return whether a source is a database."""
    return isinstance(location, str) and "://" in location


def exchange_rates(connector: Connector, mapped: Mapping[str, TableMapping], rules: SourceRules) -> Columns | None:
    """Return the table exchange_rates, cleaned; None where there is none."""
    (table,) = REFERENCE_TABLES
    if table.name not in connector.table_names and not has_query(mapped, table):
        return None
    return read_one(table, connector, mapped.get(table.name, TableMapping()), rules).cleaned.columns


def source_from_rows(raw: Mapping[str, Any], *, max_bad_share: float = 1.0, until: int | None = None) -> Source:
    """Build a source from rows in memory.

    raw : table -> its raw columns, or a pandas DataFrame.
    max_bad_share : largest share of a table's rows that may be set aside, 0..1.
    until : microseconds, the end of the day of the export; None = nobody knows, and nothing is in the future.

    Raises
    ------
    ColumnMissing, TooManyBadRows, ShapeMismatch
        As `read_source` and `clean` do.
    """
    unknown = [name for name in raw if name not in TABLE]
    notes = [f"ignored tables that the contract does not know: {listed(unknown)}"] if unknown else []
    tables: dict[str, Cleaned] = {}
    for table in TABLES:
        if table.name in raw:
            tables[table.name] = clean(table, raw_columns(raw[table.name]), until=until)
            _check_share(tables[table.name], table, max_bad_share)
    return _source(tables, notes)


def set_aside_frame(source: Source) -> "pd.DataFrame":
    """Return the rows that were not used as a DataFrame: table, row, column, reason, account_id."""
    import pandas as pd

    names = ["table", "row", "column", "reason", "account_id"]
    rows = [(bad.table, bad.row, bad.column, bad.reason, bad.account_id) for bad in source.set_aside]
    return pd.DataFrame(rows, columns=names).astype({"row": "int64"})


def _notes(connector: Connector, mapped: Mapping[str, TableMapping], present: Sequence[Table]) -> list[str]:
    """Say what is there and not read, and what is mapped and not there."""
    there = {table.name for table in present}
    notes = [f"[tables.{name}] is mapped, but {connector.label} has no {name}" for name in mapped if name not in there]
    # A query may read any of the others, so with one there they are no surprise.
    if not any(where.makes for where in mapped.values()):
        unknown = connector.unknown_tables()
        if unknown:
            notes.append(f"ignored in {connector.label}, as the contract does not know them: {listed(unknown)}")
    return notes


def _source(tables: Mapping[str, Cleaned], notes: Sequence[str]) -> Source:
    return Source(
        tables={name: cleaned.columns for name, cleaned in tables.items()},
        set_aside=tuple(bad for cleaned in tables.values() for bad in cleaned.set_aside),
        notes=(*notes, *(note for cleaned in tables.values() for note in cleaned.notes)),
        rows_read={name: cleaned.rows_read for name, cleaned in tables.items()},
    )


def _check_share(
    cleaned: Cleaned,
    table: Table,
    max_bad_share: float,
    places: Mapping[tuple[str, int], str] | None = None,
    readings: Sequence[ColumnReading] = (),
    *,
    macros: bool = True,
) -> None:
    aside = [row for row in cleaned.set_aside if not row.reason.startswith(COPY)]
    bad = len(aside)
    if bad <= max_bad_share * cleaned.rows_read:
        return
    counts = Counter(f"{row.reason.split(':')[0]} in {row.column}" for row in aside)
    first = aside[0]
    where = (places or {}).get((table.name, first.row))
    form = form_of(readings, table.name, first.column)
    advice = mend(table.name, first.column, first.reason, form, macros=macros)
    raise TooManyBadRows(
        f"{table.name}: {bad} of {cleaned.rows_read} rows ({bad / cleaned.rows_read:.1%}) cannot be used, more than "
        f"the {100 * max_bad_share:g}% allowed: {listed(f'{n} {reason}' for reason, n in counts.most_common())}. "
        f"The first is row {first.row}{f' ({where})' if where else ''}: {first.reason}. Mend them at their origin, or "
        f"map a query that reads them well under [tables.{table.name}] in the settings"
        + (f", such as {toml(advice)}" if advice else ".")
    )
