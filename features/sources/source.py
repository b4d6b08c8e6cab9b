"""The tables of a folder or a database, read and cleaned.

Each table is read whole, its declared columns only, and passes through `features.sources.cleaning.clean`. What was set
aside, what was ignored and how many rows were read travels with the tables.
"""

import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from features.errors import NotEnoughData, SourceUnreadable, TooManyBadRows
from features.parallel import parallel_map
from features.schema import Table
from features.sources.cleaning import Cleaned, Columns, SetAside, clean
from features.sources.column_names import listed
from features.sources.connectors import Connector, TableMapping, check_mapping, column_origins, has_query
from features.sources.databases import open_database
from features.sources.folders import open_folder
from features.sources.order_amounts import check_amounts
from features.tables import TABLE, TABLES

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Progress", "Source", "TableMapping", "read_source", "read_table", "set_aside_frame", "source_from_rows"]

Progress = Callable[[str], None]
"""A function that is called with a few words about what is being read."""


@dataclass(frozen=True)
class Source:
    """Cleaned tables, by name; `tables` lacks a table that the source lacks.

    rows_read : rows per table before cleaning = rows kept + rows set aside.
    notes : warnings in plain words, without personal data.
    """

    tables: Mapping[str, Columns]
    set_aside: tuple[SetAside, ...]
    notes: tuple[str, ...]
    rows_read: Mapping[str, int]

    def release(self, table: str) -> None:
        """Free the rows of a table that nobody will need again."""
        assert isinstance(self.tables, dict)
        del self.tables[table]

    def rows(self, table: str) -> int:
        """Return how many rows of a table are used; 0 where the source lacks it."""
        columns = self.tables.get(table, {})
        return len(next(iter(columns.values()))) if columns else 0


def read_source(
    location: str | Path,
    mapped: Mapping[str, TableMapping] | None = None,
    *,
    max_bad_share: float = 0.05,
    progress: Progress | None = None,
) -> Source:
    """Read every table of the contract that the folder or the database holds.

    location : a folder, or a SQLAlchemy URL.
    mapped : table -> where to find it, for tables that do not follow the contract.
    max_bad_share : largest share of a table's rows that may be set aside, 0..1.
    progress : called with a few words before each table is read.

    Raises
    ------
    SourceUnreadable
        No such folder or database, a file that is not what its name says, a failing query, no orders, or orders whose
        amounts are nearly all negative.
    ColumnMissing
        A required or mapped column is not there.
    TooManyBadRows
        More of a table is bad than max_bad_share.
    NotEnoughData
        The orders are there, but have no rows.
    SettingsError
        `mapped` names a table or column that the contract does not know.
    """
    mapped = mapped or {}
    check_mapping(mapped)
    database = "://" in str(location)
    tables: dict[str, Cleaned] = {}
    with open_database(str(location)) if database else open_folder(Path(location), mapped) as connector:
        present = [table for table in TABLES if table.name in connector.table_names or has_query(mapped, table)]
        if TABLE["orders"] not in present:
            raise SourceUnreadable(
                f"{connector.label} holds no orders, the one table that is required; it holds "
                f"{listed(connector.contents)}. Name the orders so, or map them under [tables.orders] in the settings."
            )
        notes = _notes(connector, mapped, present)

        def read(table: Table) -> tuple[Cleaned, tuple[str, ...]]:
            if progress is not None:
                progress(f"reading {table.name}")
            raw, extra = _read_columns(table, connector, mapped.get(table.name, TableMapping()))
            cleaned = clean(table, raw)
            del raw
            pa.default_memory_pool().release_unused()  # else the memory of the largest table stays taken
            _check_share(cleaned, table, max_bad_share)
            return cleaned, extra

        for table, (cleaned, extra) in zip(present, parallel_map(read, present, not database), strict=True):
            tables[table.name] = cleaned
            notes += extra
    if tables["orders"].rows_read == 0:
        raise NotEnoughData(f"orders in {connector.label} has no rows; without orders there is nothing to learn from")
    notes += check_amounts(tables["orders"])
    return _source(tables, notes)


def read_table(location: str | Path, name: str, mapped: Mapping[str, TableMapping] | None = None) -> Columns | None:
    """Read and clean one table of a folder or database; None where it is not there.

    Raises
    ------
    SourceUnreadable, ColumnMissing, SettingsError
        As `read_source` does.
    """
    mapped = mapped or {}
    check_mapping(mapped)
    table = TABLE[name]
    with open_database(str(location)) if "://" in str(location) else open_folder(Path(location), mapped) as connector:
        if name not in connector.table_names and not has_query(mapped, table):
            return None
        raw, _ = _read_columns(table, connector, mapped.get(name, TableMapping()))
        return clean(table, raw).columns


def source_from_rows(raw: Mapping[str, Any], *, max_bad_share: float = 1.0) -> Source:
    """Build a source from rows in memory.

    raw : table -> its raw columns, or a pandas DataFrame.
    max_bad_share : largest share of a table's rows that may be set aside, 0..1.

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
            tables[table.name] = clean(table, _plain(raw[table.name]))
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
    if not any(where.query is not None for where in mapped.values()):
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


def _plain(columns: Any) -> Mapping[str, Any]:
    """Return raw columns as `clean` takes them; those of a DataFrame without Python objects where possible."""
    pandas = sys.modules.get("pandas")  # where it was never imported there is no DataFrame
    if pandas is None or not isinstance(columns, pandas.DataFrame):
        return {str(name): values for name, values in columns.items()}
    if columns.columns.empty:
        return {}
    return {str(name): _from_series(values) for name, values in columns.items()}


def _from_series(values: "pd.Series[Any]") -> Any:
    import pandas as pd

    if isinstance(values.dtype, pd.DatetimeTZDtype):
        return values.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()
    if isinstance(values.dtype, pd.CategoricalDtype):
        return values.astype(object).to_numpy()
    if values.dtype == object or not isinstance(values.dtype, pd.api.extensions.ExtensionDtype):
        return values.to_numpy()
    return pa.array(values, from_pandas=True)


def _check_share(cleaned: Cleaned, table: Table, max_bad_share: float) -> None:
    bad = len(cleaned.set_aside)
    if bad <= max_bad_share * cleaned.rows_read:
        return
    counts = Counter(f"{row.reason.split(':')[0]} in {row.column}" for row in cleaned.set_aside)
    first = cleaned.set_aside[0]
    raise TooManyBadRows(
        f"{table.name}: {bad} of {cleaned.rows_read} rows ({bad / cleaned.rows_read:.1%}) cannot be used, more than "
        f"the {100 * max_bad_share:g}% allowed: {listed(f'{n} {reason}' for reason, n in counts.most_common())}. "
        f"The first is row {first.row}: {first.reason}. Mend them at their origin, or map a query that reads them "
        f"well under [tables.{table.name}] in the settings."
    )


def _read_columns(table: Table, connector: Connector, mapping: TableMapping) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Read the raw columns under the contract's names, and say which were left out."""
    result = None if mapping.query is None else connector.query(table.name, mapping.query)
    names = connector.columns(table.name) if result is None else list(result)
    origin, notes = column_origins(table, names, mapping)
    columns = result if result is not None else connector.read(table.name, sorted(set(origin.values())))
    return {name: columns[at] for name, at in origin.items()}, notes
