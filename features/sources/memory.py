"""The connector to frames in memory: pandas, Polars, Arrow, and whatever else hands its columns over as Arrow does."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from features.errors import SourceUnreadable
from features.sources.cleaning.rules import SourceRules
from features.sources.connectors import Connector
from features.sources.queries import run_query
from features.tables import KNOWN_TABLES

if TYPE_CHECKING:
    import pandas as pd


class _Memory:
    """Frames as tables, by name."""

    label = "the frames"
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
    """Return the columns of a frame as cleaning takes them, without Python objects where possible."""
    pandas = sys.modules.get("pandas")  # where it was never imported there is no DataFrame
    if pandas is not None and isinstance(frame, pandas.DataFrame):
        return {str(name): _from_series(values) for name, values in frame.items()}
    if hasattr(frame, "__arrow_c_stream__"):
        table = pa.table(frame)
        return {name: table.column(name) for name in table.column_names}
    if isinstance(frame, Mapping):
        return {str(name): values for name, values in frame.items()}
    raise SourceUnreadable(
        f"a {type(frame).__name__} is no table: give a DataFrame of pandas or Polars, an Arrow table, or columns"
    )


def _from_series(values: "pd.Series[Any]") -> Any:
    import pandas as pd

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
