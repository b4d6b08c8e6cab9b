"""A store with the tiny supplier's run, whose names are hostile here and there."""

from pathlib import Path

import pandas as pd
import pytest

from features.histories.histories import Histories
from serving.store.scoring_runs import Frames
from tests.serving.runs import fill, profiles, scored
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
