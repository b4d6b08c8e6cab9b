"""Queries over files and frames: SQL that DuckDB runs in memory, with every table that it names as raw cells."""

import re
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa

from features.errors import SourceUnreadable
from features.sources.cleaning.column_names import listed
from features.sources.cleaning.rules import SourceRules
from features.sources.connectors import query_failed, refuse_duplicate_names
from features.sources.readings.macros import TEXT_HINT, add_macros


def run_query(
    table: str,
    query: str,
    find: Callable[[str], pa.Table | None],
    known: list[str],
    *,
    rules: SourceRules,
    folder: Path | None = None,
) -> tuple[pa.Table, list[str]]:
    """Return the result of a table's query, and notes on currencies that it leaves out.

    find : name in the query -> the table of that name, None where there is none.  known : those that there are.
    folder : where files that the query opens itself are looked for; None = the working folder.

    Raises
    ------
    SourceUnreadable
        If DuckDB is not installed, or the query fails.
    """
    try:
        import duckdb
    except ModuleNotFoundError as error:
        raise SourceUnreadable("a query over files needs DuckDB: install loyalty-ladder[train]") from error
    with duckdb.connect(":memory:") as connection:
        if folder is not None:
            connection.execute("SET file_search_path='{}'".format(str(folder.resolve()).replace("'", "''")))
        connection.execute("SET TimeZone='UTC'")
        connection.execute("SET python_enable_replacements=false")
        connection.execute("SET autoinstall_known_extensions=false")  # nothing is fetched from elsewhere
        add_macros(connection, rules)
        currencies: dict[str, list[str]] = {}
        try:
            for name in connection.get_table_names(query):
                cells = find(name)
                if cells is not None:
                    connection.register(name, cells)
                    currencies |= _currencies(cells)
            data = connection.sql(query).to_arrow_table()
        except duckdb.Error as error:
            hint = TEXT_HINT if isinstance(error, duckdb.BinderException) and "VARCHAR" in str(error) else ""
            if isinstance(error, duckdb.CatalogException) and "does not exist" in str(error):
                hint = f" The files are {', '.join(known)}."
            if "read_xlsx" in query or "read_csv" in query:
                hint = f" A query may name a file or a sheet as a table: {', '.join(known)}."
            raise query_failed(table, error, hint) from error
    refuse_duplicate_names(f"the query under [tables.{table}]", data.column_names)
    if table != "orders" or "currency" in data.column_names:
        return data, []
    return data, [
        f"the query of orders leaves out {name!r}, which holds {listed(held)}: select it as currency, else "
        "amounts in different currencies are added up"
        for name, held in currencies.items()
    ]


_CURRENCY = re.compile(r"(.*[_ ])?(currency|valuta|munt|devise|währung|waehrung)([_ ]?(code|iso|id))?", re.IGNORECASE)


def _currencies(cells: pa.Table) -> dict[str, list[str]]:
    """Return the columns that are called like a currency and hold more than one, with what they hold."""
    named = [name for name in cells.column_names if _CURRENCY.fullmatch(name)]
    held = {name: sorted(map(str, cells.column(name).drop_null().unique().to_pylist())) for name in named}
    return {name: values for name, values in held.items() if len(values) > 1}
