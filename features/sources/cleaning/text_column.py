"""A column of text cells that stores each distinct text once: the form of names and ids in memory."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, overload

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from features.instants import BoolArray, IntArray

MISSING = -1


@dataclass(frozen=True)
class TextColumn:
    """A column of text.

    codes : shape (n,), int32, position of each cell in `distinct`, MISSING where the cell is empty.
    distinct : the different texts; after a filter some may occur in no row.
    """

    codes: NDArray[np.int32]
    distinct: Sequence[str] | pa.Array

    def __len__(self) -> int:
        return len(self.codes)

    @overload
    def __getitem__(self, rows: int) -> str | None: ...
    @overload
    def __getitem__(self, rows: IntArray | BoolArray | slice | list[int]) -> "TextColumn": ...
    def __getitem__(self, rows: Any) -> "str | TextColumn | None":
        if not isinstance(rows, (int, np.integer)):
            return TextColumn(self.codes[rows], self.distinct)
        code = int(self.codes[rows])
        text = self.distinct[code] if code >= 0 else None
        return text.as_py() if isinstance(text, pa.Scalar) else text

    def __iter__(self) -> Iterator[str | None]:
        return iter(self.tolist())

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[np.object_]:
        return self.cells

    @cached_property
    def names(self) -> NDArray[np.object_]:
        """Return the different texts as Python strings, shape (len(distinct),)."""
        distinct = self.distinct.to_pylist() if isinstance(self.distinct, pa.Array) else self.distinct
        names = np.empty(len(distinct), object)
        names[:] = distinct
        return names

    @property
    def missing(self) -> BoolArray:
        """Return where a cell is empty, shape (n,)."""
        absent: BoolArray = self.codes < 0
        return absent

    @property
    def used(self) -> IntArray:
        """Return the codes that occur in some row, ascending."""
        used = np.zeros(len(self.distinct) + 1, bool)
        used[self.codes] = True  # missing cells mark the extra place at the end
        return np.flatnonzero(used[:-1])

    @property
    def cells(self) -> NDArray[np.object_]:
        """Return every cell as a Python string, None where it is empty, shape (n,)."""
        chosen: NDArray[np.object_] = np.append(self.names, [None])[self.codes]
        return chosen

    def positions(self, position: Mapping[str, int]) -> IntArray:
        """Return the position of each cell's text, -1 where it is empty or has none, shape (n,).

        position : text -> its position.
        """
        positions: IntArray = np.array([*(position.get(name, -1) for name in self.names), -1], np.int64)[self.codes]
        return positions

    def tolist(self) -> list[str | None]:
        """Return every cell as a Python string, None where it is empty."""
        cells: list[str | None] = self.cells.tolist()
        return cells

    @staticmethod
    def of(cells: Iterable[str | None]) -> "TextColumn":
        """Build the column that holds those cells.

        >>> column = TextColumn.of(["b", None, "a", "b"])
        >>> column.codes.tolist(), column.distinct
        ([0, -1, 1, 0], ('b', 'a'))
        """
        code_of: dict[str | None, int] = {None: MISSING}
        codes = [code_of.setdefault(cell, len(code_of) - 1) for cell in cells]
        return TextColumn(np.array(codes, np.int32), tuple(code_of)[1:])

    @staticmethod
    def from_arrow(cells: pa.Array) -> "TextColumn":
        """Build the column that holds the cells of an Arrow array of strings; blank ones are missing."""
        coded = cells if pa.types.is_dictionary(cells.type) else cells.dictionary_encode()
        codes = coded.indices.fill_null(MISSING).to_numpy(zero_copy_only=False).astype(np.int32, copy=False)
        distinct = coded.dictionary
        empty = pc.or_(pc.utf8_is_space(distinct), pc.equal(pc.binary_length(distinct), 0)).fill_null(True)
        blank = empty.to_numpy(zero_copy_only=False)
        if blank.any():
            place = np.where(blank, MISSING, np.cumsum(~blank) - 1).astype(np.int32)
            codes, distinct = np.append(place, np.int32(MISSING))[codes], distinct.filter(pa.array(~blank))
        return TextColumn(codes, distinct)

    @staticmethod
    def empty(size: int) -> "TextColumn":
        """Build a column of `size` missing cells."""
        return TextColumn(np.full(size, MISSING, np.int32), ())

    @staticmethod
    def concatenate(parts: Sequence["TextColumn"]) -> "TextColumn":
        """Concatenate columns."""
        code_of: dict[str, int] = {}
        codes = []
        for part in parts:
            new = [code_of.setdefault(name, len(code_of)) for name in part.names]
            codes.append(np.array([*new, MISSING], np.int32)[part.codes])
        return TextColumn(np.concatenate(codes), tuple(code_of))
