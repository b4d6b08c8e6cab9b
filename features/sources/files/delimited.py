"""Text files with one row a line and a mark between cells, whatever the mark and the encoding."""

import csv
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from itertools import islice
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv

from features.errors import SourceUnreadable
from features.sources.connectors import refuse_duplicate_names
from features.sources.files.bytes import NAMES, Bytes, encoding_of
from features.sources.files.table_file import find_header, reading_errors

DELIMITERS = (",", ";", "\t", "|", "~", "^", "\x01")
SAMPLE_LINES = 200
BATCH_BYTES = 32 * 2**20


class DelimitedFile:
    """A CSV file of any dialect."""

    def __init__(self, name: str, label: str, content: Bytes, encoding: str | None = None) -> None:
        self.name, self.label, self.content = name, label, content
        self._told = encoding
        self.notes: list[str] = []

    @cached_property
    def _dialect(self) -> "_Dialect":
        with reading_errors(self.label, "text"):
            encoding, odd = (self._told, "") if self._told else encoding_of(self.content)
            sample = list(islice(self.content.lines(encoding), SAMPLE_LINES))
        if not any(line.strip() for line in sample):
            raise SourceUnreadable(f"{self.label} is empty: it has not even a line that names its columns")
        if odd:
            self.notes.append(
                f"{self.label} is not UTF-8: read as {NAMES[encoding]} ({odd}). If names look odd, save it as UTF-8 "
                "or say [source] encoding"
            )
        return _dialect(sample, encoding)

    @cached_property
    def _names(self) -> dict[str, str]:
        """Return the name of each column, without blanks around it, and as the file has it."""
        options = self._options()
        with self._errors(), self._stream() as stream, pa_csv.open_csv(stream, options, self._shape()) as reader:
            names = [(name.lstrip("\ufeff").strip(), name) for name in reader.schema.names]
        refuse_duplicate_names(self.label, [name for name, _ in names if name])
        return {name: written for name, written in names if name}

    def columns(self) -> list[str]:
        return list(self._names)

    def read(self, columns: list[str]) -> Mapping[str, Any]:
        names = self._names
        with self._errors(), self._stream() as stream:
            data = pa_csv.read_csv(stream, self._options(), self._shape(), _as_text([names[name] for name in columns]))
        return {name: data.column(names[name]) for name in columns}

    def batches(self, columns: list[str]) -> Iterator[Mapping[str, Any]]:
        names, empty, blocks = self._names, True, self._options(block_size=BATCH_BYTES)
        with self._errors(), self._stream() as stream:
            shape, text = self._shape(), _as_text([names[name] for name in columns])
            with pa_csv.open_csv(stream, blocks, shape, text) as reader:
                for batch in reader:
                    empty = False
                    yield {name: pa.chunked_array([batch.column(names[name])]) for name in columns}
        if empty:
            yield self.read(columns)

    def place(self, row: int) -> str:
        dialect = self._dialect
        reader = csv.reader(islice(self.content.lines(dialect.encoding), dialect.skip, None), **dialect.format)
        rows = (reader.line_num for cells in reader if cells)
        begin = next(islice(rows, row, None), 0)  # the last line of the row before, or of the header
        return f"{self.label}, line {begin + dialect.skip + 1}"

    def _options(self, **more: Any) -> Any:
        wider = self._dialect.wider
        return pa_csv.ReadOptions(column_names=wider, skip_rows=int(wider is not None), **more)

    @contextmanager
    def _stream(self) -> Iterator[Any]:
        with self.content.as_utf8(self._dialect.encoding, self._dialect.skip) as stream:
            yield stream

    def _shape(self) -> Any:
        dialect = self._dialect
        return pa_csv.ParseOptions(
            delimiter=dialect.format["delimiter"], quote_char=dialect.format["quotechar"],
            escape_char=dialect.format.get("escapechar") or False, newlines_in_values=True,
            invalid_row_handler=self._refuse_row,
        )  # fmt: skip

    def _refuse_row(self, row: Any) -> str:
        self._ragged.append((row.actual_columns, row.expected_columns, row.text))
        return "error"

    @cached_property
    def _ragged(self) -> list[tuple[int, int, str]]:
        return []

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            with reading_errors(self.label, "CSV"):
                yield
        except SourceUnreadable as error:
            if self._ragged:
                actual, expected, text = self._ragged[0]
                raise SourceUnreadable(
                    f"{self._line_of(expected)}: {actual} cells where the header has {expected} columns: "
                    f"{text[:120]!r}. Mend the line at its origin: a mark within a cell needs quotes around the cell."
                ) from error
            raise

    def _line_of(self, expected: int) -> str:
        """Return the place of the first row that is not as wide as the header."""
        dialect = self._dialect
        reader = csv.reader(islice(self.content.lines(dialect.encoding), dialect.skip, None), **dialect.format)
        begin = 0
        for cells in reader:
            if cells and len(cells) != expected:
                return f"{self.label}, line {begin + dialect.skip + 1}"
            begin = reader.line_num
        return self.label


class _Dialect:
    """How a file is written.

    encoding : of the bytes.  skip : lines above the header.  format : of csv.reader.
    wider : names of the columns, the last one empty, where every row ends in a mark and the header does not.
    """

    def __init__(self, encoding: str, skip: int, form: dict[str, Any], wider: list[str] | None = None) -> None:
        self.encoding, self.skip, self.format, self.wider = encoding, skip, form, wider


def _dialect(sample: list[str], encoding: str) -> _Dialect:
    """Return how a file is written, from its first lines."""
    sample[0] = sample[0].lstrip("\ufeff")
    told = re.fullmatch(r"\"?sep=(.)\"?\s*", sample[0])
    skip = 1 if told else 0
    text = "".join(sample[skip:])
    form: dict[str, Any] = {"quotechar": '"', "doublequote": True}
    if re.search(r'\\"', text) and '""' not in text.replace(',""', "").replace('"",', ""):
        form["escapechar"] = "\\"
    if re.match(r"'[^'\n]*'([,;\t|]'[^'\n]*')+\s*\n", text):
        form["quotechar"] = "'"
    marks = (told[1],) if told else DELIMITERS
    best = max(marks, key=lambda mark: _agreement(sample[skip:], form | {"delimiter": mark}))
    form["delimiter"] = best
    rows = list(csv.reader(sample[skip:], **form))
    above = find_header(rows[:30])
    reader = csv.reader(sample[skip:], **form)
    for _ in range(above):
        next(reader)
    header, below = (
        rows[above] if rows else [],
        [row for row in rows[above + 1 : None if len(sample) < SAMPLE_LINES else -1] if row],
    )
    longer = bool(below) and all(len(row) == len(header) + 1 and not row[-1] for row in below)
    return _Dialect(encoding, skip + reader.line_num, form, [*header, ""] if longer else None)


def _agreement(lines: list[str], form: Mapping[str, Any]) -> tuple[float, int]:
    """Return how many of the lines have the same number of cells, if more than one, and that number."""
    try:
        widths = [len(cells) for cells in csv.reader(lines, **form) if cells]
    except csv.Error:
        return 0.0, 0
    if len(widths) > 1 and len(lines) >= SAMPLE_LINES:
        widths.pop()  # it may be cut
    usual = max(set(widths), key=widths.count) if widths else 0
    return (widths.count(usual) / len(widths), usual) if usual > 1 else (0.0, usual)


def _as_text(columns: list[str]) -> Any:
    return pa_csv.ConvertOptions(
        column_types=dict.fromkeys(columns, pa.string()), include_columns=columns, null_values=[""],
        strings_can_be_null=True,
    )  # fmt: skip
