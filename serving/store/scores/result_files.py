"""A run that `ladder score` wrote into a folder, read for the store some accounts at a time."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from features.errors import SettingsError
from features.instants import instant
from features.sources.cleaning.cleaning import Columns, clean
from features.sources.partitioned import Partitions, read_part_table
from features.tables import TABLE
from serving.scoring.batch import FORMATS, read_table, read_terms
from serving.scoring.score_columns import TABLE_NAMES, TABLES, names
from serving.scoring.terms import terms_of
from serving.store.scores.scoring_runs import PROFILE_COLUMNS, Frames, RunFacts
from training.model.bundle import Bundle

ACCOUNTS_AT_ONCE = 100_000
"""Accounts in memory at a time, with all their options and horizons."""
_NEEDED = ("scores", "investment_scores")
"""Tables that every run has; release 0.1 wrote no `reasons`."""


def facts_of(scores: pd.DataFrame, bundle: Bundle | None = None) -> RunFacts:
    """Return the facts of the scores' run and their model.  Raises SettingsError unless they are of one run.

    bundle : of that model, None where it is not at hand.
    """
    told: dict[str, Any] = {}
    for name in ("as_of", "horizon_days", "model_version"):
        found = scores[name].unique()
        if len(found) != 1:
            raise SettingsError(f"Scores of one run have one {name}; these have {len(found)}. Give one run's folder.")
        told[name] = found[0]
    at = instant(pd.Timestamp(told["as_of"]).isoformat())
    days, version = int(told["horizon_days"]), str(told["model_version"])
    if bundle is None:
        return RunFacts(at, days, version)
    return RunFacts(at, days, version, bundle.facts.trained_until, terms_of(bundle.facts))


def read_folder(folder: Path, bundle: Bundle | None = None) -> tuple[RunFacts, Iterator[Frames]]:
    """Return the run in a folder: its facts, and its accounts some at a time.

    bundle : the model that scored; None where it is not at hand.

    Raises
    ------
    SettingsError
        If a table is missing (but for `horizons` and `reasons`), cannot be read, or the scores are of several runs.
    """
    files = {name: folder / f"{name}.parquet" for name in TABLE_NAMES if (folder / f"{name}.parquet").is_file()}
    if {*_NEEDED, "horizons"} <= files.keys() and _rows(files["scores"]) > ACCOUNTS_AT_ONCE:
        first = next(_batches(files, 1))["scores"]
        return _facts(folder, first, bundle), _batches(files, ACCOUNTS_AT_ONCE)
    there = [n for n in TABLE_NAMES if n in _NEEDED or any((folder / f"{n}.{form}").is_file() for form in FORMATS)]
    frames = {name: read_table(folder, name, names(TABLES[name])) for name in there}
    return _facts(folder, frames["scores"], bundle), iter([frames])


def _facts(folder: Path, scores: pd.DataFrame, bundle: Bundle | None) -> RunFacts:
    facts = facts_of(scores, bundle)
    if bundle is not None:
        return facts
    return replace(facts, terms=read_terms(folder, facts.model_version))


def _rows(file: Path) -> int:
    rows: int = pq.read_metadata(file).num_rows
    return rows


def _batches(files: Mapping[str, Path], accounts: int) -> Iterator[Frames]:
    """Yield so many accounts at a time, in the same order in every table.

    Every account has as many rows in a table as every other, but for `reasons`.
    """
    n = _rows(files["scores"])
    even = {name: file for name, file in files.items() if name != "reasons"}
    readers = {
        name: pq.ParquetFile(file).iter_batches(accounts * (_rows(file) // n))
        for name, file in even.items()
        if _rows(file)
    }
    empty = {name: pq.read_schema(file).empty_table() for name, file in even.items() if name not in readers}
    reasons = _Reasons(files["reasons"]) if "reasons" in files else None
    for begin in range(0, n, accounts):
        batches = {name: next(reader).to_pandas() for name, reader in readers.items()}
        batches |= {name: table.to_pandas() for name, table in empty.items()}
        if reasons is not None:
            batches["reasons"] = reasons.take(batches["scores"]["account_id"], begin + accounts >= n)
        yield batches


class _Reasons:
    """The table `reasons` read from its beginning; an account has any number of rows."""

    def __init__(self, file: Path) -> None:
        parquet = pq.ParquetFile(file)
        self._batches = parquet.iter_batches(ACCOUNTS_AT_ONCE)
        self._left = parquet.schema_arrow.empty_table().to_pandas()

    def take(self, accounts: "pd.Series[str]", last: bool) -> pd.DataFrame:
        """Return the rows up to the first of another account, or all that are left.  last : of the run's accounts."""
        known, taken = pd.Index(accounts), list[pd.DataFrame]()
        while True:
            theirs = known.get_indexer(pd.Index(self._left["account_id"])) >= 0
            end = len(theirs) if last or theirs.all() else int(np.argmin(theirs))
            taken.append(self._left[:end])
            self._left = self._left[end:]
            batch = next(self._batches, None) if self._left.empty else None
            if batch is None:
                return pd.concat(taken, ignore_index=True)
            self._left = batch.to_pandas()


def profile_frame(columns: Columns) -> pd.DataFrame:
    """Return the rows of a cleaned table `accounts` as the store keeps them."""
    names = ["account_id", *(name for name in PROFILE_COLUMNS if name in columns)]
    cells = {name: columns[name].cells if hasattr(columns[name], "cells") else columns[name] for name in names}
    return pd.DataFrame(cells)


def profiles_of(partitions: Partitions) -> Iterator[pd.DataFrame]:
    """Yield the profiles of the accounts of every part."""
    table = TABLE["accounts"]
    for part in partitions.parts:
        if table.name in part.rows:
            raw = read_part_table(part, table.name)
            known = {name: cells for name, cells in raw.items() if name in table.names}
            yield profile_frame(clean(table, known).columns)
