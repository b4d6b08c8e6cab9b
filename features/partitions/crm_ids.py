"""Salesforce's two forms of one id, which end in different parts: refused before the parts are declared complete."""

import re
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.errors import SourceUnreadable
from features.sources.partitioned import Part, read_part_table
from features.tables import OF_THE_SUPPLIER

SHAPE = "^[A-Za-z0-9]{15}([A-Z0-5]{3})?$"
LOOKED_AT = 100
"""Rows of a table that are looked at before all of its ids are."""


def refuse_two_forms(parts: Sequence[Part]) -> None:
    """Refuse parts in which one account has an id of 15 characters in one table, and of 18 in another.

    Raises
    ------
    SourceUnreadable
        If there is such an account: its rows are in different parts.
    """
    ids: set[str] = set()
    tables: list[str] = []
    for name in parts[0].rows:
        if name not in OF_THE_SUPPLIER and any(_looks_so(part, name) for part in parts):
            tables.append(name)
            for part in parts:
                cells = _texts(read_part_table(part, name, ["account_id"])["account_id"])
                ids.update(cells.filter(pc.match_substring_regex(cells, SHAPE)).to_pylist())
    twice = sorted(one for one in ids if len(one) == 18 and one[:15] in ids)
    if twice:
        query = f"select * replace (left(account_id, 15) as account_id) from {tables[0]}"
        raise SourceUnreadable(
            f"{len(twice):,} account ids stand there with 15 characters and with 18, such as {twice[0][:15]!r} and "
            f"{twice[0]!r}, and would be in different parts. Give every table ({', '.join(tables)}) ids of one form, "
            f'such as tables.{tables[0]}.query = "{query}"'
        )


def _looks_so(part: Part, name: str) -> bool:
    file = pq.ParquetFile(part.folder / f"{name}.parquet")
    if "account_id" not in file.schema_arrow.names:
        return False
    batch = next(file.iter_batches(LOOKED_AT, columns=["account_id"]), None)
    return batch is not None and any(re.fullmatch(SHAPE[1:-1], str(cell)) for cell in batch.column(0).to_pylist())


def _texts(cells: pa.ChunkedArray) -> pa.Array:
    """Return the different texts."""
    return cells.combine_chunks().cast(pa.string()).drop_null().unique()
