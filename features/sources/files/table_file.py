"""What every file has in common once it is opened: one or more tables with named columns."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, Protocol

import pyarrow as pa

from features.errors import SourceUnreadable
from features.sources.cleaning.columns import pack
from features.sources.connectors import whole_message


class TableFile(Protocol):
    """A table that a file holds.

    name : of the table.  label : how a message names the place.  notes : what was understood of the file.
    """

    name: str
    label: str
    notes: list[str]

    def columns(self) -> list[str]:
        """Return the names of its columns."""

    def read(self, columns: list[str]) -> Mapping[str, Any]:
        """Read some columns, as Arrow arrays."""

    def batches(self, columns: list[str]) -> Iterator[Mapping[str, Any]]:
        """Yield the same columns a batch of rows at a time; at least one batch."""

    def place(self, row: int) -> str:
        """Return where a row, counted from 0, stands, as a person would look it up."""


@contextmanager
def reading_errors(label: str, kind: str) -> Iterator[None]:
    """Turn what a library raises into an error that names the file, with the library's whole message."""
    try:
        yield
    except (pa.ArrowException, OSError, ValueError, KeyError, EOFError) as error:
        raise SourceUnreadable(f"{label} cannot be read as {kind}: {whole_message(error)}") from error


def typed_cells(cells: Sequence[Any], write: Callable[[Any], str]) -> Any:
    """Return cells of a file that types each by itself as an Arrow array: typed where all agree, else text."""
    kinds = {type(cell) for cell in cells} - {type(None)}
    if kinds == {int, float}:
        cells = [None if cell is None else float(cell) for cell in cells]
    packed = pack(list(cells)) if len(kinds) <= 1 or kinds == {int, float} else cells
    if isinstance(packed, pa.Array):
        return pa.nulls(len(cells), pa.string()) if pa.types.is_null(packed.type) else packed
    return pa.array([None if cell is None or cell == "" else write(cell) for cell in cells], pa.string())


def written_number(number: float) -> str:
    """Write a number as text that reads the same whatever marks the decimals of the texts beside it.

    >>> written_number(1.125), written_number(17001.0)
    ('1125e-3', '17001')
    """
    if number == int(number):
        return str(int(number))
    sign, digits, exponent = Decimal(repr(number)).as_tuple()
    return f"{'-' * sign}{''.join(map(str, digits))}e{exponent}"


def find_header(rows: Sequence[Sequence[Any]]) -> int:
    """Return which of the first rows names the columns: the first that is as wide as the table below it.

    >>> find_header([["Order report"], [], ["account_id", "revenue"], ["K1", 100]])
    2
    """
    filled = [sum(cell not in (None, "") for cell in row) for row in rows]
    widest = max(filled, default=0)
    wide = [at for at, count in enumerate(filled) if count >= max(2, 0.6 * widest)]
    if wide and max(filled[: wide[0]], default=0) <= 1:
        return wide[0]
    return next((at for at, count in enumerate(filled) if count), 0)
