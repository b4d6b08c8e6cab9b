"""What every command begins with: settings, a source and its histories, its parts, the model that was asked for."""

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from commands.terminal import note_outlier_dates, note_set_aside, progress_bar


@dataclass(frozen=True)
class Loaded:
    """A source read as the settings say: what every command on data begins with."""

    settings: Any
    source: Any
    histories: Any
    as_of: int


def settings_of(options: argparse.Namespace) -> Any:
    from training.settings import read_settings

    return read_settings(Path(options.config) if options.config else None)


def load_source(
    options: argparse.Namespace,
    max_bad_share: float | None = None,
    keep: bool = False,
    only: Sequence[str] | None = None,
) -> Loaded:
    """The settings, the source, its histories and the as_of of a command.

    keep : the source's tables too.  only : tables that feedback may add rows to.
    """
    from features.histories.histories import build_histories
    from features.histories.outlier_dates import outlier_dates
    from features.instants import instant
    from features.sources.feedback_rows import add_rows
    from features.sources.partitioned import read_partitions
    from features.sources.source import read_source

    settings = settings_of(options)
    share = settings.source.max_bad_share if max_bad_share is None else max_bad_share
    mapped = {} if read_partitions(options.data) else settings.tables  # a part has the contract's names already
    with progress_bar() as progress:
        source = read_source(options.data, mapped, max_bad_share=share, progress=lambda name: progress(f"{name}", 0.0))
        told = _feedback(options)
        if told:
            source = add_rows(source, told, only)
        consume = max_bad_share is None and not keep  # else a report looks into the tables
        histories = build_histories(source, consume=consume)
    if max_bad_share is None:
        for note in source.notes:
            print(f"Note: {note}", file=sys.stderr)
        note_set_aside(len(source.set_aside))
    as_of = getattr(options, "as_of", None)
    if not as_of:
        note_outlier_dates(outlier_dates(histories))
    return Loaded(settings, source, histories, instant(as_of) if as_of else histories.end)


def _feedback(options: argparse.Namespace) -> Mapping[str, Any]:
    """What the CRM told the service, as rows of a source; nothing where a command takes none or there is no store."""
    if not hasattr(options, "store"):
        return {}
    url = store_of(options)
    if url is None:
        return {}
    from serving.store.database import open_store, reading
    from serving.store.feedback import feedback_rows

    engine = open_store(url, make=False)
    try:
        with reading(engine) as connection:
            return feedback_rows(connection, time.time_ns() // 1000)
    finally:
        engine.dispose()


def store_of(options: argparse.Namespace) -> str | None:
    """The URL given, or the store that the scores go to, or that of the default file where there is one."""
    from serving.store.database import DEFAULT_URL, file_of

    given = options.store if options.store is not None else getattr(options, "to", None)
    if given is not None:
        return str(given)
    file = file_of(DEFAULT_URL)
    return DEFAULT_URL if file is not None and file.is_file() else None


def partitions_of(options: argparse.Namespace, only: Sequence[str] | None = None) -> Any:
    """The parts of a partitioned source with their feedback; None where it is none.

    only : tables that feedback may add rows to.
    """
    from features.sources.feedback_rows import add_rows_to_parts
    from features.sources.partitioned import read_partitions

    partitions = read_partitions(options.data)
    if partitions is None:
        return None
    told = _feedback(options)
    return add_rows_to_parts(partitions, told, only) if told else partitions


def check_cluster(options: argparse.Namespace) -> None:
    """Refuse a cluster for a source that is in one piece, before anything else is looked for."""
    from features.errors import SettingsError
    from features.sources.partitioned import read_partitions

    if options.dask and read_partitions(options.data) is None:
        raise SettingsError(
            "--dask works on a partitioned source, and --data is none. Partitioning it into parts first: "
            "`ladder partition --data SOURCE --out DIR`, where DIR is a folder that all workers see."
        )


@contextmanager
def crew_of(options: argparse.Namespace) -> Iterator[Any]:
    """Who works on the parts and who grows the boosters: this process, or the cluster that was asked for."""
    if options.dask:
        from training.distributed import connect

        with connect(options.dask) as cluster:
            yield cluster, cluster.train_booster
    else:
        from features.sources.partitioned import LocalExecutor
        from training.boosting_backend import local_backend

        yield LocalExecutor(), local_backend


def end_of_parts(
    partitions: Any, executor: Any, options: argparse.Namespace, progress: Callable[[str, float], None]
) -> int:
    """The as_of that was asked for, or the midnight after the last event of all parts."""
    from features.instants import instant
    from features.partitions.summary import join_summaries, summarise_part

    for note in partitions.notes():
        print(f"Note: {note}", file=sys.stderr)
    if options.as_of:
        return instant(options.as_of)
    outlines = []
    for one in executor.map(summarise_part, partitions.parts):
        outlines.append(one)
        progress("parts read", len(outlines) / len(partitions.parts))
    whole = join_summaries(outlines)
    note_outlier_dates(whole.outlier_dates())
    return whole.end


def find_bundle(model: str | None, settings: Any, scratch: Path) -> Path:
    """The folder of the model that was asked for: a folder, `models:/...`, or by default the champion."""
    from features.errors import RegistryError
    from training.model.bundle import MANIFEST, NAME
    from training.model.champion import published
    from training.tracking.registry import ALIAS, Registry

    folder = Path(settings.registry.champion_folder)
    if model is None:
        return published(folder)
    for prefix in (f"models:/{NAME}/", f"models:/{NAME}@"):
        if model.startswith(prefix):
            wanted = model.removeprefix(prefix)
            if wanted != ALIAS and not wanted.isdigit():
                break
            return Registry(registry_uri()).fetch(wanted, scratch)
    if (Path(model) / MANIFEST).is_file():
        return Path(model)
    raise RegistryError(
        f"{model} is no model: give models:/{NAME}/VERSION, models:/{NAME}@{ALIAS}, or the folder of a bundle."
    )


def registry_uri() -> str:
    from training.tracking.registry import DEFAULT_URI

    return os.environ.get("MLFLOW_TRACKING_URI", DEFAULT_URI)


def open_run() -> str | None:
    """The run that `mlflow run` opened for this command; None where nobody did."""
    return os.environ.get("MLFLOW_RUN_ID") or None
