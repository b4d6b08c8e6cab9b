"""Parquet files: typed columns, text and ids read by distinct value."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from features.schema import Kind
from features.sources.cleaning.columns import combine_chunks
from features.sources.connectors import refuse_duplicate_names
from features.sources.files.table_file import reading_errors
from features.tables import TABLES

BATCH_ROWS = 262_144
_TEXTS = {column.name for table in TABLES for column in table.columns if column.kind is Kind.TEXT}


class ParquetTable:
    """One Parquet file."""

    def __init__(self, name: str, path: Path) -> None:
        self.name, self.label, self.path = name, path.name, path
        self.notes: list[str] = []

    def columns(self) -> list[str]:
        with reading_errors(self.label, "Parquet"):
            names = list(_open(self.path).schema_arrow.names)
        refuse_duplicate_names(self.path.name, names)
        return names

    def read(self, columns: list[str]) -> Mapping[str, Any]:
        with reading_errors(self.label, "Parquet"):
            schema = _open(self.path).schema_arrow
            texts = [each.name for each in schema if each.name in _TEXTS and pa.types.is_string(each.type)]
            whole = _open(self.path, texts)
            # Column by column: the chunks of one are freed before the next is read.
            return {name: combine_chunks(whole.read(columns=[name]).column(0)) for name in columns}

    def batches(self, columns: list[str]) -> Iterator[Mapping[str, Any]]:
        empty = True
        with reading_errors(self.label, "Parquet"):
            for batch in _open(self.path).iter_batches(BATCH_ROWS, columns=columns):
                empty = False
                yield {name: pa.chunked_array([batch.column(name)]) for name in columns}
        if empty:
            yield self.read(columns)

    def place(self, row: int) -> str:
        return f"{self.path.name}, row {row}"


def _open(path: Path, by_distinct: list[str] | None = None) -> Any:
    # Old writers keep times as 96 bits, which Arrow reads as nanoseconds: those end in the year 2262.
    return pq.ParquetFile(path, coerce_int96_timestamp_unit="us", read_dictionary=by_distinct or [])
