"""A store with the tiny supplier's run, whose names are hostile here and there."""

from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import pandas as pd
import pytest
import sqlalchemy as sa

from features.histories.histories import Histories
from features.instants import MICROSECONDS_PER_DAY
from features.sources.source import source_from_rows
from serving.store.background import background_of, write_background
from serving.store.database import open_store
from serving.store.scores.scoring_runs import Frames
from tests.serving.runs import fill, profiles, put, scored
from tests.serving.sites import Browser
from training.model.bundle import read_bundle
from training.model.playbook import play_of
from training.settings.playbook import default_plays
from training.simulator.simulation import Simulation

HOSTILE = (
    "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "' onmouseover='alert(1)", "{{ 7 * 7 }}",
    "\u202eevil\u202c \u05d0\u05d1\u05d2", "javascript:alert(1)", "=cmd|' /C calc'!A0", "&lt;b&gt;", "x" * 5_000,
    "a\nb\tc", "\u0000nul".replace("\u0000", "\u2400"), "Robert'); DROP TABLE scores;--",
)  # fmt: skip


@pytest.fixture(scope="session")
def frames(folder: Path, histories: Histories) -> Frames:
    return scored(folder, histories)


@pytest.fixture(scope="session")
def people(tiny: Simulation) -> pd.DataFrame:
    """The accounts' profiles: the first ones' names, and one owner's, are hostile."""
    frame = profiles(tiny).reset_index(drop=True)
    frame["name"] = frame["name"].astype(object)
    frame["owner"] = frame["owner"].astype(object)
    for row, name in enumerate(HOSTILE):
        frame.loc[row, "name"] = name
    frame.loc[3, "owner"] = "<b>Anna & co</b>"
    return frame


@pytest.fixture(scope="session")
def url(tmp_path_factory: pytest.TempPathFactory, frames: Frames, people: pd.DataFrame) -> str:
    url = f"sqlite:///{tmp_path_factory.mktemp('page') / 'ladder.db'}"
    fill(url, frames, people)
    return url


@pytest.fixture
def own_url(tmp_path: Path, frames: Frames, people: pd.DataFrame) -> str:
    """A store that the test may write to."""
    url = f"sqlite:///{tmp_path / 'ladder.db'}"
    fill(url, frames, people)
    return url


@pytest.fixture(scope="session")
def cockpit(tmp_path_factory: pytest.TempPathFactory, folder: Path, histories: Histories, tiny: Simulation) -> str:
    """A store with two runs, thirty days apart, and what stands behind the later one."""
    url = f"sqlite:///{tmp_path_factory.mktemp('cockpit') / 'ladder.db'}"
    engine, known = open_store(url), profiles(tiny)
    plays = tuple(play_of(asdict(row)) for row in default_plays())
    facts = replace(read_bundle(folder)[0].facts, playbook=plays)
    for days in (30, 0):
        at = histories.end - days * MICROSECONDS_PER_DAY
        run = put(engine, scored(folder, histories, at), known)
        made = background_of(histories, source_from_rows(tiny.tables), at, facts)
        write_background(engine, run.run_id, facts, [made])
    engine.dispose()
    return url


@pytest.fixture
def own(cockpit: str, tmp_path: Path, histories: Histories) -> Iterator[Browser]:
    """A copy that the test may write to, seen five days after its scores."""
    copy = tmp_path / "ladder.db"
    source = sa.create_engine(cockpit)
    with source.connect() as connection:
        connection.exec_driver_sql(f"VACUUM INTO '{copy}'")
    source.dispose()
    with Browser(f"sqlite:///{copy}", now=lambda: histories.end + 5 * MICROSECONDS_PER_DAY) as browser:
        yield browser
