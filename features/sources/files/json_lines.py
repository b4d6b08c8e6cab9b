"""JSON: one object a line, or one array of objects."""

import json
import math
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from features.errors import SourceUnreadable
from features.sources.files.bytes import Bytes, encoding_of
from features.sources.files.table_file import reading_errors, typed_cells, written_number


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
        if text.lstrip().startswith("["):
            with reading_errors(self.label, "JSON"):
                whole = json.loads(text)
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
        return {name: typed_cells([row.get(name) for _, row in self._rows], _written) for name in columns}

    def batches(self, columns: list[str]) -> Iterator[Mapping[str, Any]]:
        yield self.read(columns)

    def place(self, row: int) -> str:
        return f"{self.label}, line {self._rows[row][0]}"


def _written(cell: Any) -> str:
    if isinstance(cell, float) and math.isfinite(cell):
        return written_number(cell)
    return cell if isinstance(cell, str) else json.dumps(cell, ensure_ascii=False)
