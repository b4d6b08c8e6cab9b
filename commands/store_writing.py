"""Runs, and what the page shows behind them, written into the store."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from commands.progress_lines import progress_bar
from commands.terminal import Figures

if TYPE_CHECKING:
    import pandas as pd

    from features.histories.histories import Histories
    from features.sources.source import Source
    from serving.store.scores.scoring_runs import Frames, RunFacts
    from training.model.bundle import Bundle


def check_store(url: str) -> None:
    """Make the store, or refuse, before there is anything to lose."""
    from serving.store.database import open_store

    open_store(url).dispose()


def store_frames(url: str, frames: Sequence[pd.DataFrame], bundle: Bundle, source: Source) -> Figures:
    """Write the run into the store, with what the source says of its accounts."""
    from serving.scoring.score_columns import TABLE_NAMES
    from serving.store.scores.result_files import facts_of, profile_frame

    known = source.tables.get("accounts")
    profiles = None if known is None else [profile_frame(known)]
    return store_run(url, facts_of(frames[0], bundle), [dict(zip(TABLE_NAMES, frames, strict=True))], profiles)


def store_folder(url: str, folder: Path, bundle: Bundle | None, profiles: Iterable[pd.DataFrame] | None) -> Figures:
    """Write the run in a folder into the store.  bundle : that scored; None = not at hand."""
    from serving.store.scores.result_files import read_folder

    return store_run(url, *read_folder(folder, bundle), profiles)


def store_run(url: str, facts: RunFacts, chunks: Iterable[Frames], profiles: Iterable[pd.DataFrame] | None) -> Figures:
    """Write a run into the store, without whoever was forgotten.  chunks, profiles : as
    `serving.store.scores.scoring_runs.write_run` takes them."""
    from serving.store.database import label_of, open_store, writing
    from serving.store.scores.scoring_runs import write_run
    from serving.store.views.first_views import keep_first_views

    left_out = LeftOut(url)

    engine = open_store(url)
    try:
        with progress_bar() as progress:
            progress("writing to the store", 0.0)
            own = (left_out.of_run(frames) for frames in chunks)
            written = write_run(engine, facts, own, None if profiles is None else map(left_out.of, profiles))
        with writing(engine) as connection:
            keep_first_views(connection, written.run_id)
    finally:
        engine.dispose()
    changed = f"{written.changed:,} of {written.accounts:,} accounts changed, {written.removed:,} removed"
    left_out.tell()
    print(f"{label_of(url)}: {changed}")
    return {"changed": written.changed, "removed": written.removed, "run": written.run_id}


class LeftOut:
    """Takes the forgotten out of what is to be written into a store, and counts them."""

    def __init__(self, url: str) -> None:
        from serving.store.people.forgotten import read_forgotten

        self._forgotten, self._met = read_forgotten(url), set[str]()

    def of(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return the rows of a table of accounts that are nobody's who was forgotten."""
        if not self._forgotten or "account_id" not in frame or not len(frame):
            return frame
        names = frame["account_id"].unique()
        gone = names[self._forgotten.among("account", names)]
        self._met.update(map(str, gone))
        return frame[~frame["account_id"].isin(gone)].reset_index(drop=True) if len(gone) else frame

    def of_run(self, frames: Frames) -> Frames:
        """Return the tables of a run without them."""
        return {name: self.of(frame) for name, frame in frames.items()}

    def tell(self) -> None:
        """Say how many there were."""
        if self._met:
            print(f"Note: accounts that were forgotten: {len(self._met):,}, not written", file=sys.stderr)


def store_background(url: str, bundle: Bundle, as_of: int, parts: Iterable[tuple[Histories, Source]]) -> None:
    """Write what stands behind the scores, for the page.  parts : histories and sources."""
    from serving.store.background import background_of, write_background
    from serving.store.database import open_store, reading
    from serving.store.scores.scoring_runs import current_run

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
