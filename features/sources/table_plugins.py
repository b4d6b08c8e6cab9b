"""Tables that a function of an installed package makes: an outcome of one's own, or rows from where no query reaches.

`[tables.switches] plugin = "NAME"` in the settings names an entry point of the group `loyalty_ladder.tables`, or a key
of `TABLES` in a module of `[plugins]`. The
function is given what reads a table of the source, as a DataFrame of raw cells, and returns the rows: a DataFrame of
pandas or Polars, an Arrow table, or columns. They are understood and cleaned as those of a file or a query are,
wherever a source is read or cut into parts.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from features.errors import SettingsError, SourceUnreadable
from features.extensions import TABLES, extensions
from features.schema import Table
from features.sources.cleaning.column_names import listed
from features.sources.connectors import Connector, TableMapping, refuse_duplicate_names, whole_message
from features.sources.memory import raw_columns

if TYPE_CHECKING:
    import pandas as pd

Read = Callable[[str], "pd.DataFrame"]
"""Name of a table or file of the source -> its raw cells."""


def made_table(table: Table, connector: Connector, mapping: TableMapping) -> Mapping[str, Any] | None:
    """Return all columns that a plugin or a query makes of a table; None where it is read by its name.

    Raises
    ------
    SettingsError
        If no installed package adds that plugin.
    SourceUnreadable
        If plugin or query fails.
    """
    if mapping.plugin is not None:
        return _run(table.name, mapping.plugin, connector)
    return None if mapping.query is None else connector.query(table.name, mapping.query)


def _run(table: str, name: str, connector: Connector) -> Mapping[str, Any]:
    found = {one.name: one for one in extensions(TABLES)}
    if name not in found:
        there = f"there are {listed(sorted(found))}" if found else "no installed package or module adds any"
        raise SettingsError(
            f"[tables.{table}] plugin = {name!r} is no entry point of {TABLES}: {there}. Install the package, or "
            "name the module in [plugins], that adds it; or correct the name."
        )
    plugin = found[name]

    def read(wanted: str) -> "pd.DataFrame":
        import pandas as pd

        columns = connector.read(wanted, connector.columns(wanted))
        return pd.DataFrame({key: pd.Series(cells, dtype=None) for key, cells in columns.items()})

    try:
        made = raw_columns(plugin.value(read))
    except Exception as error:  # whatever a foreign package does, it is called by its name
        raise SourceUnreadable(
            f"the plugin {name!r} of the {plugin.origin} failed to make the table {table}: "
            f"{type(error).__name__}: {whole_message(error)}. Mend or remove it."
        ) from error
    refuse_duplicate_names(f"what the plugin {name!r} made of {table}", list(made))
    return made
