"""JSON: one object a line, one array of objects, or an answer of an interface with one such array in it."""

import json
import math
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from features.errors import SourceUnreadable
from features.sources.files.bytes import Bytes, encoding_of
from features.sources.files.table_file import reading_errors, typed_cells, written_number
from features.tables import KNOWN_TABLES

ANSWERS = frozenset({*"data items list objects records result results rows value values".split(), *KNOWN_TABLES})
"""What interfaces call the array of rows in an answer."""


class JsonFile:
    """A file of JSON objects; a nested value is its JSON."""

    def __init__(self, name: str, label: str, content: Bytes) -> None:
        self.name, self.label, self.content = name, label, content
        self.notes: list[str] = []

    @cached_property
    def _rows(self) -> list[tuple[int, dict[str, Any]]]:
        """Return every object with its line."""
        with reading_errors(self.label, "JSON"):
            lines = list(self.content.lines(encoding_of(self.content)[0]))
        text = "".join(lines).lstrip("\ufeff")
        whole = _whole(text) if text.lstrip().startswith("{") else None
        if text.lstrip().startswith("["):
            with reading_errors(self.label, "JSON"):
                whole = json.loads(text)
        if whole is not None:
            rows = list(enumerate(whole, start=1))
        else:
            rows = []
            for number, line in enumerate(lines, start=1):
                if line.strip("\ufeff \t\r\n"):
                    with reading_errors(f"{self.label}, line {number},", "JSON"):
                        rows.append((number, json.loads(line.strip("\ufeff"))))
        for number, row in rows:
            if not isinstance(row, dict):
                raise SourceUnreadable(f"{self.label}, line {number}: {str(row)[:60]!r} is no JSON object")
        return rows

    def columns(self) -> list[str]:
        return list(dict.fromkeys(name for _, row in self._rows for name in row))

    def read(self, columns: list[str]) -> Mapping[str, Any]:
        return {name: typed_cells([_bare(row.get(name)) for _, row in self._rows], _written) for name in columns}

    def batches(self, columns: list[str]) -> Iterator[Mapping[str, Any]]:
        yield self.read(columns)

    def place(self, row: int) -> str:
        return f"{self.label}, line {self._rows[row][0]}"


def _written(cell: Any) -> str:
    if isinstance(cell, float) and math.isfinite(cell):
        return written_number(cell)
    return cell if isinstance(cell, str) else json.dumps(cell, ensure_ascii=False)


def _whole(text: str) -> list[Any] | None:
    """Return the one array of objects in an object that is the whole file; None where it is something else."""
    try:
        value = json.loads(text)
    except ValueError:
        return None
    lists = [each for key, each in value.items() if key.casefold() in ANSWERS and isinstance(each, list)]
    return lists[0] if len(lists) == 1 else None


def _bare(cell: Any) -> Any:
    """Return a value that stands alone in an object: `{"$date": "2024-01-01T00:00:00Z"}` of MongoDB, `{"id": 7}`."""
    while isinstance(cell, dict) and len(cell) == 1 and (next(iter(cell)).startswith("$") or "id" in cell):
        cell = next(iter(cell.values()))
    return cell
