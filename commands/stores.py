"""Writing runs and what stands behind them into the store."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from commands.terminal import progress_bar


def check_store(url: str) -> None:
    """Make the store, or refuse, before there is anything to lose."""
    from serving.store.database import open_store

    open_store(url).dispose()


def store_frames(url: str, frames: Sequence[Any], bundle: Any, source: Any) -> Mapping[str, Any]:
    """Write the run into the store, with what the source says of its accounts."""
    from serving.scoring.score_columns import TABLE_NAMES
    from serving.store.result_files import facts_of, profile_frame

    known = source.tables.get("accounts")
    profiles = None if known is None else [profile_frame(known)]
    return store_run(url, facts_of(frames[0], bundle), [dict(zip(TABLE_NAMES, frames, strict=True))], profiles)


def store_folder(url: str, folder: Path, bundle: Any, profiles: Any) -> Mapping[str, Any]:
    """Write the run in a folder into the store.  bundle : that scored, None = not at hand."""
    from serving.store.result_files import read_folder

    return store_run(url, *read_folder(folder, bundle), profiles)


def store_run(url: str, facts: Any, chunks: Any, profiles: Any) -> Mapping[str, Any]:
    from serving.store.database import label_of, open_store
    from serving.store.scoring_runs import write_run

    engine = open_store(url)
    try:
        with progress_bar() as progress:
            progress("writing to the store", 0.0)
            written = write_run(engine, facts, chunks, profiles)
    finally:
        engine.dispose()
    changed = f"{written.changed:,} of {written.accounts:,} accounts changed, {written.removed:,} removed"
    print(f"{label_of(url)}: {changed}")
    return {"changed": written.changed, "removed": written.removed, "run": written.run_id}


def store_background(url: str, bundle: Any, as_of: int, parts: Any) -> None:
    """Write what stands behind the scores, for the page.  parts : histories and sources."""
    from serving.store.background import background_of, write_background
    from serving.store.database import open_store, reading
    from serving.store.scoring_runs import current_run

    engine = open_store(url)
    try:
        with reading(engine) as connection:
            current = current_run(connection)
        with progress_bar() as progress:
            progress("writing the timelines", 0.0)
            made = (background_of(histories, source, as_of, bundle.facts) for histories, source in parts)
            changed = write_background(engine, current.run_id, bundle.facts, made) if current is not None else 0
    finally:
        engine.dispose()
    print(f"{changed:,} timelines changed")


def parts_of(partitions: Any) -> Iterator[tuple[Any, Any]]:
    """Histories and source of each part, one in memory at a time."""
    from features.histories.histories import build_histories
    from features.partitions.summary import read_part

    for part in partitions.parts:
        source = read_part(part)
        yield build_histories(source, consume=True), source
