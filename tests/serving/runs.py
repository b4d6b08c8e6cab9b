"""A scoring run of the tiny supplier, and a store that holds it."""

from pathlib import Path

import pandas as pd
import sqlalchemy as sa

from features.histories.histories import Histories
from features.sources.source import source_from_rows
from serving.scoring.batch import score_frames
from serving.scoring.score_columns import TABLES
from serving.scoring.scoring import Scorer
from serving.store.database import open_store
from serving.store.scores.result_files import facts_of, profile_frame
from serving.store.scores.scoring_runs import Frames, Written, write_run
from training.model.bundle import Bundle, read_bundle
from training.simulator.simulation import Simulation


def run_of(bundle: Bundle, version: str, histories: Histories, as_of: int | None = None) -> Frames:
    """The tables of a run, by name."""
    frames = score_frames(Scorer(bundle, version), histories, histories.end if as_of is None else as_of)
    return dict(zip(TABLES, frames, strict=True))


def scored(folder: Path, histories: Histories, as_of: int | None = None) -> Frames:
    """The tables of a run of the bundle in a folder."""
    return run_of(*read_bundle(folder), histories, as_of)


def profiles(simulation: Simulation) -> pd.DataFrame:
    """The store's rows of `accounts`."""
    return profile_frame(source_from_rows({"accounts": simulation.tables["accounts"]}).tables["accounts"])


def fill(url: str, frames: Frames, accounts: pd.DataFrame | None = None) -> Written:
    """Write the run into a store."""
    engine = open_store(url)
    try:
        return put(engine, frames, accounts)
    finally:
        engine.dispose()


def put(
    engine: sa.Engine, frames: Frames, accounts: pd.DataFrame | None = None, bundle: Bundle | None = None
) -> Written:
    """Write the run into a store that is open.  bundle : that scored it, where it is at hand."""
    return write_run(engine, facts_of(frames["scores"], bundle), [frames], None if accounts is None else [accounts])
