"""What most commands start with: a source and its histories, its parts, the executors, the model."""

from __future__ import annotations

import hashlib
import os
import sys
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from commands.options import STORE_VARIABLE
from commands.progress_lines import Progress, progress_bar
from commands.terminal import note_outlier_dates, note_set_aside

if TYPE_CHECKING:
    from features.histories.histories import Histories
    from features.sources.feedback_rows import Raw
    from features.sources.forgotten import Forgotten
    from features.sources.partitioned import Executor, Partitions
    from features.sources.source import Source
    from training.boosting_backend import BoostingBackend
    from training.settings import Settings


@dataclass(frozen=True)
class Loaded:
    """A source read as the settings say.  as_of : microseconds, the instant to look from."""

    settings: Settings
    source: Source
    histories: Histories
    as_of: int


def load_source(
    data: str,
    settings: Settings,
    *,
    as_of: str | None = None,
    feedback: str | None = None,
    only: Collection[str] | None = None,
    keep_tables: bool = False,
    accept_bad_rows: bool = False,
) -> Loaded:
    """Read a source, without whoever was forgotten, and build its histories.

    as_of : None or empty = the midnight after the last event.  feedback : URL of the store whose feedback is added,
        and whose list of the forgotten counts.
    only : tables that feedback may add rows to; None = all.  keep_tables : of the source, else they are used up.
    accept_bad_rows : whatever is wrong, without a note, and keep the tables: somebody is to see what is in them.
    """
    from features.histories.histories import build_histories
    from features.histories.outlier_dates import outlier_dates
    from features.instants import ALWAYS, instant
    from features.sources.feedback_rows import add_rows
    from features.sources.forgotten import leave_out
    from features.sources.partitioned import read_partitions
    from features.sources.source import read_source

    share = 1.0 if accept_bad_rows else settings.source.max_bad_share
    mapped = {} if read_partitions(data) else settings.tables  # a part has the contract's names already
    with progress_bar() as progress:
        source = read_source(
            data, mapped, max_bad_share=share, progress=lambda name: progress(name, 0.0),
            rules=settings.source.rules(time.time_ns() // 1000), look=accept_bad_rows,
        )  # fmt: skip
        rows = _read_feedback(feedback)
        if rows:
            source = add_rows(source, rows, only)
        source = leave_out(source, _read_forgotten(feedback))
        histories = build_histories(source, consume=not (keep_tables or accept_bad_rows))
    if not accept_bad_rows:
        for note in source.notes:
            print(f"Note: {note}", file=sys.stderr)
        note_set_aside(len(source.set_aside))
    if not as_of:
        note_outlier_dates(outlier_dates(histories))
    if as_of:
        return Loaded(settings, source, histories, instant(as_of))
    if accept_bad_rows and histories.last_event == ALWAYS:  # nothing is left to look back from
        return Loaded(settings, source, histories, settings.source.rules(time.time_ns() // 1000).until or 0)
    return Loaded(settings, source, histories, histories.end)


def source_digest(loaded: Loaded) -> str:
    """Return twelve hexadecimal digits of all that was known at as_of, and of as_of itself: scores are of a day."""
    from training.data.population_totals import checksums

    sums = checksums(loaded.histories.as_it_stood(loaded.as_of), loaded.as_of)
    text = "\n".join([str(loaded.as_of), *(f"{name} {value}" for name, value in sorted(sums.items()))])
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def feedback_store(store: str | None, to: str | None = None) -> str | None:
    """Return the store to read feedback from: the one named, that of the scores, of the environment, or the default
    file if it exists."""
    from serving.store.database import DEFAULT_URL, file_of

    named = store if store is not None else to
    if named is not None:
        return named
    if os.environ.get(STORE_VARIABLE):
        return os.environ[STORE_VARIABLE]
    file = file_of(DEFAULT_URL)
    return DEFAULT_URL if file is not None and file.is_file() else None


def _read_feedback(url: str | None) -> Raw:
    """Return the feedback in the store as rows of a source."""
    if url is None:
        return {}
    from serving.store.database import open_store, reading
    from serving.store.feedback.feedback import feedback_rows

    engine = open_store(url, make=False)
    try:
        with reading(engine) as connection:
            return feedback_rows(connection, time.time_ns() // 1000)
    finally:
        engine.dispose()


def _read_forgotten(url: str | None) -> Forgotten:
    from features.sources.forgotten import Forgotten
    from serving.store.people.forgotten import read_forgotten

    return Forgotten() if url is None else read_forgotten(url)


def load_partitions(
    data: str, *, feedback: str | None = None, only: Collection[str] | None = None
) -> Partitions | None:
    """Return a partitioned source with its feedback; None where the source is whole.  only : as `load_source`"""
    from features.sources.feedback_rows import add_rows_to_parts
    from features.sources.partitioned import read_partitions

    partitions = read_partitions(data)
    if partitions is None:
        return None
    rows = _read_feedback(feedback)
    partitions = add_rows_to_parts(partitions, rows, only) if rows else partitions
    forgotten = _read_forgotten(feedback)
    if not forgotten:
        return partitions
    number = len(forgotten.digests)
    print(f"Note: the list of the forgotten has {number:,} digests: whose ids they are is left out", file=sys.stderr)
    return replace(partitions, parts=tuple(replace(part, forgotten=forgotten) for part in partitions.parts))


def check_cluster(dask: str | None, data: str) -> None:
    """Refuse a cluster for a source that is in one piece, before anything else is looked for."""
    from features.errors import SettingsError
    from features.sources.partitioned import read_partitions

    if dask and read_partitions(data) is None:
        raise SettingsError(
            "--dask works on a partitioned source, and --data is none. Cut it into parts first: "
            "`ladder partition --data SOURCE --out DIR`, where DIR is a folder that all workers see."
        )


@contextmanager
def open_executor(dask: str | None) -> Iterator[tuple[Executor, BoostingBackend]]:
    """Yield the executors of parts and of boosters: the cluster at that address, or this process."""
    if dask:
        from training.distributed import connect

        with connect(dask) as cluster:
            yield cluster, cluster.train_booster
    else:
        from features.sources.partitioned import LocalExecutor
        from training.boosting_backend import local_backend

        yield LocalExecutor(), local_backend


def as_of_parts(partitions: Partitions, executor: Executor, as_of: str | None, progress: Progress) -> int:
    """Return the instant asked for, or the midnight after the last event of all parts, microseconds."""
    from features.instants import instant
    from features.partitions.summary import join_summaries, summarise_part

    for note in partitions.notes():
        print(f"Note: {note}", file=sys.stderr)
    if as_of:
        return instant(as_of)
    summaries = []
    for one in executor.map(summarise_part, partitions.parts):
        summaries.append(one)
        progress("parts read", len(summaries) / len(partitions.parts))
    whole = join_summaries(summaries)
    note_outlier_dates(whole.outlier_dates())
    return whole.end


def histories_of_parts(partitions: Partitions) -> Iterator[tuple[Histories, Source]]:
    """Yield the histories and the source of each part, one in memory at a time."""
    from features.histories.histories import build_histories
    from features.partitions.summary import read_part

    for part in partitions.parts:
        source = read_part(part)
        yield build_histories(source, consume=True, profiles=False), source


def registry_uri() -> str:
    """Return the tracking server that the environment names, or the default file."""
    from training.tracking.tracker import DEFAULT_URI

    return os.environ.get("MLFLOW_TRACKING_URI", DEFAULT_URI)


def open_run() -> str | None:
    """Return the run that `mlflow run` opened for this command; None where nobody did."""
    return os.environ.get("MLFLOW_RUN_ID") or None
