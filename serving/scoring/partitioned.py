"""The scores of a partitioned source: every part scored by itself, the tables put together in the order of the whole.

A part's tables are Parquet from the moment they are made: that is what a worker sends, what is kept on disk until
all parts are there, and what is merged, a few thousand accounts at a time. Only the rank needs all accounts, and of
each only its name, its expected gain and its ROI.
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from features.accounts.loyalty_pays import add_sums
from features.atomic_write import replacing
from features.errors import NotEnoughData
from features.histories.histories import build_histories
from features.instants import IntArray, iso
from features.partitions.summary import PartitionSummary, join_summaries, read_part, summarise_rows
from features.sources.partitioned import Executor, Part, Partitions
from features.spreadsheets import plain_frame
from serving.scoring.batch import run_sums, score_frames, write_frames, write_sums
from serving.scoring.score_columns import TABLE_NAMES
from serving.scoring.scoring import Scorer, ranks
from training.model.bundle import Bundle
from training.model.text.words import DEFAULT_LANGUAGE

ROWS_AT_ONCE = 20_000
"""Rows of a part's file that are read at a time."""
ACCOUNTS_AT_ONCE = 100_000
"""Accounts merged at a time."""


@dataclass(frozen=True)
class PartScores:
    """A part's tables as Parquet, in the order of TABLE_NAMES; none where it knows no account.

    reasons : how many each account has, shape (accounts,).  sums : as `serving.scoring.batch.run_sums` returns them.
    """

    summarise_part: PartitionSummary
    accounts: int
    tables: tuple[bytes, ...]
    reasons: IntArray
    sums: Mapping[str, dict[str, list[float]]] = field(default_factory=dict)


@dataclass(frozen=True)
class Written:
    """What was written.  accounts, investments, horizons, reasons : rows of the tables.  sums : of all parts."""

    accounts: int
    investments: int
    horizons: int
    reasons: int
    files: tuple[Path, ...]
    sums: Mapping[str, dict[str, list[float]]] = field(default_factory=dict)


def score_part(part: Part, bundle: Bundle, version: str, as_of: int, language: str) -> PartScores:
    """Return the tables of one part, as `serving.scoring.batch` makes them; ranked within the part only."""
    source = read_part(part)
    summarise_part, histories = summarise_rows(part, source), build_histories(source, consume=True, profiles=False)
    del source
    if not len(histories.known_at(as_of)):
        return PartScores(summarise_part, 0, (), np.empty(0, np.int64))
    frames = score_frames(Scorer(bundle, version), histories, as_of, language=language)
    scores, reasons = frames[0], frames[3]
    whose = pd.Index(scores["account_id"]).get_indexer(pd.Index(reasons["account_id"]))
    counts = np.bincount(whose, minlength=len(scores))
    sums = run_sums(scores, histories, as_of, bundle.facts)
    return PartScores(summarise_part, len(scores), tuple(_as_parquet(frame) for frame in frames), counts, sums)


def score_parts(
    partitions: Partitions,
    executor: Executor,
    scorer: Scorer,
    *,
    as_of: int,
    most_bad: float,
    out: Path,
    form: str,
    progress: Callable[[str, float], None],
    note: Callable[[int], None] = lambda _: None,
    language: str = DEFAULT_LANGUAGE,
) -> Written:
    """Score every part and write all tables, the same as those of the whole source.

    most_bad : share of a table's rows, over all parts, that may be set aside.
    note : told how many rows were.  language : of the sentences in the scores' `reasons`.

    Raises
    ------
    NotEnoughData
        If no account is known at as_of.
    TooManyBadRows
        If more of a table is bad.
    SettingsError
        As `serving.scoring.batch.write_frames` does.
    """
    there = out.exists()
    out.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(prefix=".parts-", dir=out) as scratch:
            work = partial(score_part, bundle=scorer.bundle, version=scorer.version, as_of=as_of, language=language)
            outlines, kept, reasons = [], [], []
            sums: dict[str, dict[str, list[float]]] = {}
            for number, scored in enumerate(executor.map(work, partitions.parts)):
                outlines.append(scored.summarise_part)
                if scored.accounts:
                    kept.append(number)
                    reasons.append(scored.reasons)
                    for name, own in scored.sums.items():
                        sums[name] = add_sums(sums.get(name, {}), own)
                for name, content in zip(TABLE_NAMES, scored.tables, strict=False):
                    (Path(scratch) / f"{name}-{number}.parquet").write_bytes(content)
                progress("parts scored", (number + 1) / len(partitions.parts))
            joined = join_summaries(outlines)
            joined.refuse_bad_rows(most_bad, partitions.folder)
            note(sum(joined.set_aside.values()))
            if not kept:
                raise NotEnoughData(f"No account is known before {iso(as_of)}. Choose a later --as-of.")
            files = [[Path(scratch) / f"{name}-{number}.parquet" for number in kept] for name in TABLE_NAMES]
            repeats = (1, len(scorer.bundle.investments), 1 + len(scorer.bundle.further), np.concatenate(reasons))
            written = _assemble(files, repeats, out, form)
            return replace(written, files=(*written.files, *write_sums(out, sums, form)), sums=sums)
    except BaseException:
        if not there:
            with suppress(OSError):
                out.rmdir()
        raise


def _as_parquet(frame: pd.DataFrame) -> bytes:
    sink = pa.BufferOutputStream()
    table = pa.Table.from_pandas(frame, preserve_index=False)
    pq.write_table(table, sink, row_group_size=ROWS_AT_ONCE)
    return bytes(sink.getvalue())


def _assemble(files: Sequence[list[Path]], repeats: Sequence[int | IntArray], out: Path, form: str) -> Written:
    """Merge the parts' files, each sorted by account, into the tables.

    files : of each of TABLE_NAMES.  repeats : rows that an account has in it, one number for all, or one for each in
        the order of the parts.
    """
    scores = files[0]
    columns = [pq.ParquetFile(file).read(["account_id", "expected_gain", "roi"]) for file in scores]
    owner = np.repeat(np.arange(len(columns)), [len(table) for table in columns])
    every = pa.concat_tables(columns)
    order = np.argsort(every.column("account_id").to_numpy(), kind="stable")
    gain, roi = (every.column(name).to_numpy()[order] for name in ("expected_gain", "roi"))
    rank = ranks(gain, roi)
    owner = owner[order]
    each = [np.broadcast_to(np.asarray(rows, np.int64), len(order))[order] for rows in repeats]
    merged = (
        _with_rank(table, rank[begin : begin + len(table)])
        for begin, table in zip(_begins(len(owner)), _merged(scores, owner, each[0]), strict=True)
    )
    written = [_write(TABLE_NAMES[0], merged, out, form)]
    for name, parts, rows in list(zip(TABLE_NAMES, files, each, strict=True))[1:]:
        written.append(_write(name, _merged(parts, owner, rows), out, form))
    accounts, investments, horizons, reasons = (int(rows.sum()) for rows in each)
    return Written(accounts, investments, horizons, reasons, tuple(written))


def _begins(n: int) -> range:
    return range(0, n, ACCOUNTS_AT_ONCE)


def _merged(files: Sequence[Path], owner: IntArray, repeats: IntArray) -> Iterator[pa.Table]:
    """Yield the rows of all files in the order of the accounts, some accounts at a time.

    owner : for every account, ascending, the file that holds it.  repeats : rows that it has there.
    """
    cursors = [_Cursor(file) for file in files]
    for begin in _begins(len(owner)):
        chunk, each = (array[begin : begin + ACCOUNTS_AT_ONCE] for array in (owner, repeats))
        counts = np.bincount(chunk, each, len(files)).astype(np.int64)
        rows = pa.concat_tables([cursor.take(int(count)) for cursor, count in zip(cursors, counts, strict=True)])
        order = np.argsort(chunk, kind="stable")
        first = np.empty(len(chunk), np.int64)  # where an account's rows begin, file after file
        first[order] = np.cumsum(each[order]) - each[order]
        ends = np.cumsum(each)
        yield rows.take(pa.array(np.repeat(first - (ends - each), each) + np.arange(each.sum())))


class _Cursor:
    """A Parquet file read from its beginning, as many rows as are asked for."""

    def __init__(self, file: Path) -> None:
        self._file = pq.ParquetFile(file)
        self._batches = self._file.iter_batches(ROWS_AT_ONCE)
        self._left = self._file.schema_arrow.empty_table()

    def take(self, rows: int) -> pa.Table:
        while len(self._left) < rows:
            self._left = pa.concat_tables([self._left, pa.Table.from_batches([next(self._batches)])])
        taken, self._left = self._left.slice(0, rows), self._left.slice(rows)
        return taken


def _with_rank(table: pa.Table, rank: NDArray[Any]) -> pa.Table:
    position = table.schema.get_field_index("rank")
    none = np.isnan(rank)
    values = pa.array(np.where(none, 0, rank).astype(np.int64), mask=none)
    return table.set_column(position, table.schema.field("rank"), values)


def _write(name: str, tables: Iterator[pa.Table], out: Path, form: str) -> Path:
    """Write the tables one after the other into NAME.FORM, which appears whole or not at all."""
    if form not in ("parquet", "csv"):  # a sheet holds a million rows: they fit into memory
        return write_frames({name: pa.concat_tables(tables).to_pandas()}, out, form)[0]
    target = out / f"{name}.{form}"
    with replacing(target) as scratch:
        if form == "csv":
            for number, table in enumerate(tables):
                piece = plain_frame(table.to_pandas())
                piece.to_csv(scratch, index=False, mode="a" if number else "w", header=not number)
        else:
            first = next(tables)
            with pq.ParquetWriter(scratch, first.schema) as writer:
                writer.write_table(first)
                for table in tables:
                    writer.write_table(table)
    return target
