"""Excel workbooks: each sheet is a table."""

import datetime as dt
import re
import zipfile
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from features.errors import SourceUnreadable
from features.sources.connectors import refuse_duplicate_names
from features.sources.files.table_file import find_header, reading_errors, typed_cells, written_number

TOTAL = re.compile(r"(sub|grand |eind)?tota+l\b|totaux|summe|gesamt|som\b", re.IGNORECASE)
_MERGED = re.compile(rb'<mergeCell [^>]*ref="([A-Z]+)([0-9]+):([A-Z]+)([0-9]+)"')


class Sheet:
    """A sheet of a workbook, with its title rows left out."""

    def __init__(self, name: str, path: Path, title: str) -> None:
        self.name, self.path, self.title = name, path, title
        self.label = f"{path.name}, sheet {title}"
        self.notes: list[str] = []

    @cached_property
    def _content(self) -> tuple[int, list[str | None], list[tuple[int, tuple[Any, ...]]]]:
        """Return the row of the header, the names, and the rows below with their numbers; rows count from 1."""
        from openpyxl import load_workbook

        with reading_errors(self.label, "Excel"):
            book = load_workbook(self.path, read_only=True, data_only=True)
            sheet = book[self.title]
            rows = [tuple(row) for row in sheet.iter_rows(values_only=True)]
            with zipfile.ZipFile(self.path) as archive:
                merged = _MERGED.findall(archive.read(sheet._worksheet_path))
            book.close()
        at = find_header(rows[:30])
        for first_column, first, last_column, last in merged:
            if int(last) > at:
                raise SourceUnreadable(
                    f"{self.label}: the cells {first_column.decode()}{first.decode()}:{last_column.decode()}"
                    f"{last.decode()} are merged, so that their rows share one value that nobody can read apart. "
                    "Unmerge them and fill in every cell."
                )
        names = (
            [None if cell is None or not str(cell).strip() else str(cell).strip() for cell in rows[at]] if rows else []
        )
        refuse_duplicate_names(self.label, [name for name in names if name])
        below = [
            (n, row) for n, row in enumerate(rows[at + 1 :], start=at + 2) if any(c not in (None, "") for c in row)
        ]
        while below and TOTAL.match(str(next(c for c in below[-1][1] if c not in (None, "")))) and None in below[-1][1]:
            number, _ = below.pop()
            self.notes.append(f"{self.label}: row {number} is a total, and left out")
        if at:
            self.notes.append(f"{self.label}: its columns are named in row {at + 1}; what stands above is left out")
        return at + 1, names, below

    def columns(self) -> list[str]:
        return [name for name in self._content[1] if name]

    def read(self, columns: list[str]) -> Mapping[str, Any]:
        _, names, rows = self._content
        place = {name: at for at, name in enumerate(names)}
        return {
            name: typed_cells(
                [_plain(row[place[name]]) if place[name] < len(row) else None for _, row in rows], _written
            )
            for name in columns
        }

    def batches(self, columns: list[str]) -> Iterator[Mapping[str, Any]]:
        yield self.read(columns)

    def place(self, row: int) -> str:
        return f"{self.label}, row {self._content[2][row][0]}"


def sheets(path: Path) -> list[Sheet]:
    """Return the sheets of a workbook that hold anything.

    Raises
    ------
    SourceUnreadable
        If it is no workbook, or openpyxl is not installed.
    """
    try:
        from openpyxl import load_workbook
        from openpyxl.utils.exceptions import InvalidFileException
    except ModuleNotFoundError as error:
        raise SourceUnreadable(f"{path} needs openpyxl: install loyalty-ladder[train], or save it as CSV") from error
    with reading_errors(path.name, "Excel"):
        try:
            book = load_workbook(path, read_only=True)
        except (zipfile.BadZipFile, InvalidFileException) as error:
            raise SourceUnreadable(f"{path} is no workbook of Excel 2007 or later: save it again as .xlsx") from error
        titles = [sheet.title for sheet in book.worksheets if sheet.sheet_state == "visible"]
        book.close()
    return [Sheet(title.strip().casefold(), path, title) for title in titles]


def _plain(cell: Any) -> Any:
    """Return a cell of a type that Arrow knows; a date that Excel keeps as a time at midnight stays one instant."""
    if isinstance(cell, dt.time):
        return cell.isoformat()
    return None if isinstance(cell, str) and not cell.strip() else cell


def _written(cell: Any) -> str:
    if isinstance(cell, float):
        return written_number(cell)
    return cell.isoformat(sep=" ") if isinstance(cell, dt.datetime) else str(cell)
