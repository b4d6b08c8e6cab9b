"""The connector to frames in memory: pandas, Polars, Arrow, and whatever else hands its columns over as Arrow does."""

import sys
from collections.abc import Iterator, Mapping, Sized
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from features.errors import SourceUnreadable
from features.sources.cleaning.column_names import listed
from features.sources.cleaning.rules import SourceRules
from features.sources.connectors import Connector, refuse_duplicate_names
from features.sources.queries import run_query
from features.tables import KNOWN_TABLES

if TYPE_CHECKING:
    import pandas as pd


class _Memory:
    """Frames as tables, by name."""

    label = "what was given"
    macros = True

    def __init__(self, frames: Mapping[str, Any], rules: SourceRules) -> None:
        self.rules = rules
        self._columns = {name: raw_columns(frame) for name, frame in frames.items()}
        self._said: list[str] = []
        self.contents = self.table_names = self.own_tables = list(frames)

    def unknown_tables(self) -> list[str]:
        return [name for name in self.contents if name not in KNOWN_TABLES]

    def columns(self, table: str) -> list[str]:
        return list(self._columns[table])

    def read(self, table: str, columns: list[str]) -> Mapping[str, Any]:
        return {name: self._columns[table][name] for name in columns}

    def batches(self, table: str, columns: list[str]) -> Iterator[Mapping[str, Any]]:
        yield self.read(table, columns)

    def place(self, table: str, row: int) -> str:
        return f"row {row} of {table}"

    def notes(self) -> list[str]:
        return self._said

    def query(self, table: str, query: str) -> Mapping[str, Any]:
        data, notes = run_query(table, query, self._as_arrow, self.contents, rules=self.rules)
        self._said += notes
        return {name: data.column(name) for name in data.column_names}

    def _as_arrow(self, name: str) -> pa.Table | None:
        """Return a table for a query; what Arrow cannot type as one kind is text there."""
        columns = self._columns.get(name)
        return None if columns is None else pa.table({key: _typed(cells) for key, cells in columns.items()})


@contextmanager
def open_frames(frames: Mapping[str, Any], rules: SourceRules) -> Iterator[Connector]:
    """Open frames for reading.

    frames : name -> a DataFrame of pandas or Polars, an Arrow table, anything with `__arrow_c_stream__`, or columns.

    Raises
    ------
    SourceUnreadable
        If one is none of these.
    """
    yield _Memory(frames, rules)


def raw_columns(frame: Any) -> Mapping[str, Any]:
    """Return the columns of a frame as cleaning takes them, without Python objects where possible.

    What stands in a named index of pandas is a column too, as after `groupby`.

    Raises
    ------
    SourceUnreadable
        If it is no table: no frame, two columns of one name, or columns of several lengths.
    """
    pandas = sys.modules.get("pandas")  # where it was never imported there is no DataFrame
    if pandas is not None and isinstance(frame, pandas.DataFrame):
        index = [name for name in frame.index.names if name is not None and name not in frame.columns]
        columns = [*((str(name), frame.index.get_level_values(name).to_series()) for name in index),
                   *((str(name), values) for name, values in frame.items())]  # fmt: skip
        refuse_duplicate_names("a DataFrame", [name for name, _ in columns])
        return {name: _from_series(values) for name, values in columns}
    if hasattr(frame, "__arrow_c_stream__"):
        with suppress(pa.ArrowException, TypeError):  # a single column has no schema of a table
            table = pa.table(frame)
            refuse_duplicate_names("a table of Arrow", table.column_names)
            return {name: table.column(name) for name in table.column_names}
    if isinstance(frame, Mapping):
        return _of_one_length({str(name): values for name, values in frame.items()})
    raise SourceUnreadable(
        f"a {type(frame).__name__} is no table: give a DataFrame of pandas or Polars, an Arrow table, or columns"
    )


def _of_one_length(columns: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return columns that are as long as each other.  Raises SourceUnreadable."""
    for name, cells in columns.items():
        if isinstance(cells, (str, bytes, Mapping)) or not isinstance(cells, Sized):
            raise SourceUnreadable(
                f"the column {name} holds a {type(cells).__name__} and no cells: give a list or an array of them"
            )
    lengths = {name: len(cells) for name, cells in columns.items()}
    if len(set(lengths.values())) > 1:
        told = listed(f"{length:,} of {name}" for name, length in lengths.items())
        raise SourceUnreadable(f"columns of a table are as long as each other, and these are not: {told} cells")
    return columns


def _from_series(values: "pd.Series[Any]") -> Any:
    import pandas as pd

    if isinstance(values.dtype, pd.SparseDtype):
        values = pd.Series(values.to_numpy())
    if isinstance(values.dtype, pd.PeriodDtype):  # a date means its midnight, a month that of its first day
        values = values.dt.to_timestamp()
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        return values.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()
    if isinstance(values.dtype, pd.CategoricalDtype):
        return values.astype(object).to_numpy()
    if values.dtype == object or not isinstance(values.dtype, pd.api.extensions.ExtensionDtype):
        return values.to_numpy()
    return pa.array(values, from_pandas=True)


def _typed(cells: Any) -> Any:
    if isinstance(cells, (pa.Array, pa.ChunkedArray)):
        return cells
    try:
        return pa.array(cells, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return pa.array([None if cell is None or cell != cell else str(cell) for cell in cells], pa.string())
