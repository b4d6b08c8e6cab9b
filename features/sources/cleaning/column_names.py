"""The names of a table's columns against those of the contract: what is missing, what is unknown, what is misspelt."""

import re
from collections.abc import Iterable, Sequence

from features.errors import ColumnMissing
from features.schema import Table

_READS_AS_DATA = re.compile(r"\W*[0-9][0-9.,:/ -]*\W*")
"""What names no column: a number or a date."""


def column_notes(table: Table, names: Iterable[str]) -> tuple[str, ...]:
    """Return a warning that names the columns unknown to the contract; empty if there are none.

    Raises
    ------
    ColumnMissing
        If a required column is not among `names`.
    """
    names = tuple(names)
    missing = [name for name in table.required if name not in names]
    if missing:
        raise ColumnMissing(_missing_message(table, missing, names))
    unknown = [str(name) for name in names if name not in table.names]
    if not unknown:
        return ()
    hinted = [_with_hint(name, table.names - set(names)) for name in unknown]
    return (f"{table.name}: ignored what the contract does not know: {listed(hinted)}",)


def _missing_message(table: Table, missing: Sequence[str], names: Sequence[str]) -> str:
    """Say which columns are missing, which are there, and what to do."""
    near = {str(name).strip().casefold(): str(name) for name in names}
    hints = [repr(near[name]) for name in missing if near.get(name, name) != name]
    hint = f" Column names match exactly: {' and '.join(hints)} is nearly right." if hints else ""
    if len(names) == 1 and len(missing) > 1:
        hint = (
            " That is one column: its cells are parted by a mark that is none of , ; | ~ ^ and tab, or every line "
            "stands in quotes. Save it with one of these."
        )
    elif sum(_READS_AS_DATA.fullmatch(str(name)) is not None for name in names) > 1:
        hint = " These look like cells: put a line above them that names the columns."
    return (
        f"{table.name} lacks {' and '.join(missing)}; it has {listed(names)}.{hint} "
        f"Rename it, or map it under [tables.{table.name}] in the settings."
    )


def listed(names: Iterable[object], most: int = 20) -> str:
    """Join names for a sentence; beyond `most` of them, say only how many more there are."""
    shown = [str(name) for name in names]
    if not shown:
        return "nothing"
    more = f" and {len(shown) - most} more" if len(shown) > most else ""
    return ", ".join(shown[:most]) + more


def _with_hint(name: str, free: frozenset[str]) -> str:
    near = name.strip().casefold()
    return f"{name!r} (is {near} meant?)" if near in free else name
