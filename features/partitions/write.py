"""The partitioning of a source: rows go to the part of their account, understood but uncleaned, a batch at a time.

How the cells of a column are written is settled from all of them, in a first pass over files. Cleaning happens when a
part is read, so nothing is set aside here and every raw row stands in exactly one part (those of no account, such as
`investment_options`, in all of them). A primary key tells rows apart across accounts, so keys are compared once more
after the partitioning: rows that share a key but not an account end in different parts.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from features.errors import NotEnoughData, SettingsError, SourceUnreadable
from features.partitions.copies import repeated_rows
from features.partitions.crm_ids import refuse_two_forms
from features.partitions.money import check_money, converted
from features.schema import Table
from features.sources.cleaning.amount_currencies import name_currencies, refuse_mixed
from features.sources.cleaning.cells import UNFIT, text_cell
from features.sources.cleaning.cleaning import Columns
from features.sources.cleaning.column_names import listed
from features.sources.cleaning.columns import pack
from features.sources.cleaning.copies import judge_copies, keyless_rows, may_hold_copies
from features.sources.cleaning.rules import NO_RULES, SourceRules
from features.sources.connectors import Connector, TableMapping, check_mapping, column_origins, has_query
from features.sources.databases import open_database
from features.sources.folders import open_folder
from features.sources.partitioned import Part, Partitions, part_folder, part_numbers, read_part_table, write_manifest
from features.sources.readings.amounts import currency, symbols
from features.sources.readings.columns import ColumnEvidence, apply, gather, settle
from features.sources.source import Progress, exchange_rates
from features.sources.table_plugins import made_table
from features.sources.table_reading import unreadable
from features.tables import OF_THE_SUPPLIER, TABLE, TABLES

MOST_PARTS = 512
"""One file of each part is open at a time, and most systems allow a process about a thousand open files."""
BUFFERED_ROWS = 1_000_000
"""Rows collected before they are written, over all parts. With fewer, the files have many small row groups."""
MAX_KEYS_COMPARED = 10_000_000
"""Keys compared at a time, about 200 MB. The keys of a table that has more are compared in rounds."""


@dataclass(frozen=True)
class Partitioning:
    """The outcome of a partitioning.

    rows : table -> raw rows written.
    notes : warnings in plain words.
    """

    partitions: Partitions
    rows: Mapping[str, int]
    notes: tuple[str, ...]


def partition(
    location: str | Path,
    out: Path,
    parts: int,
    mapped: Mapping[str, TableMapping] | None = None,
    *,
    progress: Progress = lambda _: None,
    rules: SourceRules = NO_RULES,
) -> Partitioning:
    """Write the source's tables into `parts` folders under `out`, under the contract's names.

    A folder's Parquet and CSV files are streamed; the result of a query and the table of a database are held whole, one
    table at a time.

    location : a folder, or a SQLAlchemy URL.
    mapped : table -> where to find it, for tables that do not follow the contract.
    progress : called with a few words before each step.
    rules : what the source cannot say of itself.

    Raises
    ------
    SettingsError
        If out is not empty, parts lies outside 1 .. 512, or the mapping names what does not exist.
    SourceUnreadable, ColumnMissing, NotEnoughData
        As `read_source` does.
    """
    mapped = mapped or {}
    check_mapping(mapped)
    if not 1 <= parts <= MOST_PARTS:
        raise SettingsError(f"{parts} parts: give 1 to {MOST_PARTS}; each must fit into a worker's memory.")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise SettingsError(f"{out} is not empty. Parts are written into a folder of their own: choose another --out.")
    database = "://" in str(location)
    with open_database(str(location)) if database else open_folder(Path(location), mapped, rules) as connector:
        present = [table for table in TABLES if table.name in connector.table_names or has_query(mapped, table)]
        if TABLE["orders"] not in present:
            raise SourceUnreadable(
                f"{connector.label} holds no orders, which is required; it holds {listed(connector.contents)}"
            )
        folders = [part_folder(out, number) for number in range(parts)]
        rows: list[dict[str, int]] = [{} for _ in folders]
        notes: list[str] = []
        rates = exchange_rates(connector, mapped, rules)
        for table in present:
            progress(f"partitioning {table.name}")
            batches, extra = _batches(table, connector, mapped.get(table.name, TableMapping()), rates, rules)
            notes += extra
            for held, count in zip(rows, _route(table, batches, folders), strict=True):
                held[table.name] = count
            if table.name == "orders" and not any(held["orders"] for held in rows):
                raise NotEnoughData(
                    f"orders in {connector.label} has no rows; without orders there is nothing to learn"
                )
    written = tuple(Part(number, folder, rows[number], until=rules.until) for number, folder in enumerate(folders))
    progress("comparing keys")
    refuse_two_forms(written)
    counts = {table.name: _split_keys(table, written) for table in present}
    split_keys = {name: count for name, count in counts.items() if count}
    write_manifest(out, rows, split_keys, rules.until, constant_prices=bool(rules.deflator))
    partitions = Partitions(out, written, split_keys, bool(rules.deflator))
    routed = {name: sum(part.rows[name] for part in written) for name in rows[0]}
    routed |= {name: written[0].rows[name] for name in OF_THE_SUPPLIER if name in routed}
    return Partitioning(partitions, routed, (*notes, *partitions.notes()))


def _batches(
    table: Table, connector: Connector, mapping: TableMapping, rates: Columns | None, rules: SourceRules
) -> tuple[Iterator[pa.Table], tuple[str, ...]]:
    """Return the table's declared columns under the contract's names in batches, and warnings about those left out.

    What is understood of a column, whether a row is a copy and which currencies there are is settled from all of the
    table before the first batch is written.
    """
    result = made_table(table, connector, mapping)
    names = connector.columns(table.name) if result is None else list(result)
    origin, notes = column_origins(table, names, mapping)

    def raw(wanted: Sequence[str]) -> Iterator[Mapping[str, Any]]:
        return iter([result]) if result is not None else connector.batches(table.name, list(wanted))

    needed = sorted(set(origin.values()))
    evidence: dict[str, ColumnEvidence] = {name: ColumnEvidence() for name in origin}
    rows = 0
    for batch in raw(needed):
        rows += len(next(iter(batch.values()), ()))
        for name, at in origin.items():
            evidence[name].add(gather(table.column(name), batch[at], rules))
    readings = settle(table, evidence, mapping.reading, rules)
    for refusal in (*unreadable(readings), *refuse_mixed(table, evidence, rules)):
        raise refusal

    def understood(batch: Mapping[str, Any], only: Collection[str] = tuple(origin)) -> dict[str, Any]:
        return {
            name: apply(table.column(name), batch[origin[name]], readings[name], evidence[name].seen, rules)[0]
            for name in only
        }

    copies = np.empty(0, np.int64)
    if rows and may_hold_copies(table, rules) and _lack_a_key(table, evidence, rows):
        keys = [name for name in origin if name == table.key]
        copies = repeated_rows(
            (batch, keyless_rows(understood(batch, keys).get(str(table.key)), len(next(iter(batch.values())))))
            for batch in raw(names)
        )
        said, refused = judge_copies(table, len(copies), rows, rules)
        for refusal in refused:
            raise refusal
        notes += said
        copies = copies if rules.drop_copies == "yes" else copies[:0]
    is_sold, with_signs = table.name == "orders", name_currencies(table, evidence, rules)

    def meant(batch: Mapping[str, Any]) -> dict[str, Any]:
        cells = understood(batch)
        return cells | {"currency": symbols(_text(batch[origin["revenue"]]))} if with_signs else cells

    changes_money = is_sold and bool(rules.deflator)
    if is_sold and (with_signs or "currency" in origin):
        held: Counter[str] = Counter()
        for batch in raw(needed):
            named = _plain_text(_as_arrow(meant(batch)["currency"])).drop_null().value_counts().to_pylist()
            held.update({str(one["values"]): one["counts"] for one in named})
        notes += tuple(check_money(held, rates, rules))
        changes_money |= len({currency(name.strip()) for name in (*held, rules.currency) if name.strip()}) > 1
    elif is_sold:
        notes += tuple(check_money({}, rates, rules))

    def written() -> Iterator[pa.Table]:
        begin = 0
        for batch in raw(needed):
            cells = converted(meant(batch), rates, rules) if changes_money else meant(batch)
            data = pa.table({name: _plain_text(_as_arrow(values)) for name, values in cells.items()})
            gone = copies[(copies >= begin) & (copies < begin + len(data))] - begin
            begin += len(data)
            yield data.take(pa.array(np.delete(np.arange(len(data)), gone))) if len(gone) else data

    return written(), notes


def _lack_a_key(table: Table, evidence: Mapping[str, ColumnEvidence], rows: int) -> bool:
    """Return whether some rows may have no key."""
    key = evidence.get(table.key or "")
    return key is None or key.filled - key.seen.counts["null_like"] < rows


def _text(cells: Any) -> Any:
    cells = _as_arrow(cells)
    return cells.cast(pa.string()) if not pa.types.is_string(cells.type) else cells


def _plain_text(cells: Any) -> Any:
    """Write out text that is stored by distinct value, so that all batches have one type."""
    return cells.dictionary_decode() if isinstance(cells, pa.DictionaryArray) else cells


def _route(table: Table, batches: Iterator[pa.Table], folders: Sequence[Path]) -> list[int]:
    """Write every row to its part, and return the number of rows of each part."""
    counts = [0] * len(folders)
    waiting: list[list[pa.Table]] = [[] for _ in folders]
    writers: list[pq.ParquetWriter] = []
    held = 0

    def flush() -> None:
        for writer, tables in zip(writers, waiting, strict=True):
            if tables:
                writer.write_table(pa.concat_tables(tables))
                tables.clear()

    try:
        for batch in batches:
            if not writers:
                for folder in folders:
                    folder.mkdir(parents=True, exist_ok=True)
                    writers.append(pq.ParquetWriter(folder / f"{table.name}.parquet", batch.schema))
            for number, rows in _by_part(table, batch, len(folders)):
                waiting[number].append(rows)
                counts[number] += len(rows)
                held += len(rows)
            if held >= BUFFERED_ROWS:
                flush()
                held = 0
        flush()
    finally:
        for writer in writers:
            writer.close()
    return counts


def _by_part(table: Table, batch: pa.Table, parts: int) -> Iterator[tuple[int, pa.Table]]:
    """Yield the rows of a batch by part, within each in their order."""
    if table.name in OF_THE_SUPPLIER:
        yield from ((number, batch) for number in range(parts))
        return
    numbers = _part_of_rows(batch.column("account_id"), parts)
    order = np.argsort(numbers, kind="stable")
    bounds = np.searchsorted(numbers[order], np.arange(parts + 1))
    for number in np.flatnonzero(np.diff(bounds)).tolist():
        yield number, batch.take(pa.array(order[bounds[number] : bounds[number + 1]]))


def _part_of_rows(cells: pa.ChunkedArray, parts: int) -> Any:
    """Return the part of each cell's account, read as cleaning reads it; an unreadable cell goes to part 0."""
    cells = cells.combine_chunks()
    if not pa.types.is_dictionary(cells.type):
        cells = cells.dictionary_encode()
    numbers = part_numbers([_text_or_none(cell) for cell in cells.dictionary.to_pylist()], parts)
    codes = cells.indices.fill_null(len(numbers)).to_numpy(zero_copy_only=False)
    return np.append(numbers, 0)[codes]


def _text_or_none(cell: Any) -> str | None:
    try:
        return text_cell(cell)
    except UNFIT:
        return None


def _as_arrow(cells: Any) -> Any:
    """Convert cells into an Arrow array; Python objects of several types into text that reads as each of them would."""
    if isinstance(cells, (pa.Array, pa.ChunkedArray)):
        return cells
    cells = pack(list(cells))
    return cells if isinstance(cells, pa.Array) else pa.array([_written(cell) for cell in cells], pa.string())


def _written(cell: Any) -> str | None:
    if cell is None or cell != cell:
        return None
    if isinstance(cell, float) and cell == int(cell):
        return str(int(cell))
    return str(cell)


def _split_keys(table: Table, parts: Sequence[Part]) -> int:
    """Count the primary keys of a table that stand in more than one part."""
    total = sum(part.rows[table.name] for part in parts)
    columns = pq.read_schema(parts[0].folder / f"{table.name}.parquet").names
    copied = table.name in OF_THE_SUPPLIER
    if copied or table.key in (None, "account_id") or table.key not in columns or len(parts) == 1:
        return 0
    rounds = -(-total // MAX_KEYS_COMPARED)
    return sum(_split_keys_of_round(table, parts, nth, rounds) for nth in range(rounds))


def _split_keys_of_round(table: Table, parts: Sequence[Part], nth: int, rounds: int) -> int:
    """Count the split keys among those of one round.

    Keys are compared by 64 bits of hash; the few that seem to stand in two parts are then compared themselves.
    """
    hashes, numbers = [], []
    for part in parts:
        of_round = np.unique(_hashes(_keys(table, part)))
        of_round = of_round[of_round % rounds == nth]
        hashes.append(of_round)
        numbers.append(np.full(len(of_round), part.number, np.int32))
    every = np.sort(np.concatenate(hashes))
    twice = np.unique(every[1:][every[1:] == every[:-1]])
    if not len(twice):
        return 0
    seen: dict[str, int] = {}
    for part in parts:
        keys = _keys(table, part)
        for key in set(keys[np.isin(_hashes(keys), twice)]):
            seen[key] = seen.get(key, 0) + 1
    return sum(count > 1 for count in seen.values())


def _keys(table: Table, part: Part) -> Any:
    """Return the keys of a part as cleaning reads them, without the empty ones, shape (n,), str."""
    cells = read_part_table(part, table.name, [str(table.key)])[str(table.key)]
    if not (pa.types.is_string(cells.type) or pa.types.is_large_string(cells.type)):
        texts = [_text_or_none(cell) for cell in cells.to_pylist()]
        return np.array([text for text in texts if text is not None], object)
    return cells.drop_null().to_numpy()


def _hashes(keys: Any) -> Any:
    import pandas as pd

    return pd.util.hash_array(np.asarray(keys, object), categorize=False)
