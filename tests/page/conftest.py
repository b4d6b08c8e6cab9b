"""A store of the demo where `make test-browser` made one, else of the tiny supplier; and a browser."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from features.histories import Histories
from tests.page.serving import chromium, launch, served
from tests.serving.conftest import folder, histories, tiny
from tests.serving.runs import fill, profiles, scored
from training.simulation import Simulation

__all__ = ["folder", "histories", "tiny"]
STORE = "LADDER_PAGE_STORE"
"""File of a store to look at."""

playwright = pytest.importorskip("playwright.sync_api")


@pytest.fixture(scope="session")
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A copy: the tests accept plans."""
    target = tmp_path_factory.mktemp("page") / "ladder.db"
    given = os.environ.get(STORE)
    if given:
        shutil.copyfile(given, target)
    else:
        bundle: Path = request.getfixturevalue("folder")
        known: Histories = request.getfixturevalue("histories")
        supplier: Simulation = request.getfixturevalue("tiny")
        fill(f"sqlite:///{target}", scored(bundle, known), profiles(supplier))
    return f"sqlite:///{target}"


@pytest.fixture(scope="session")
def site(url: str) -> Iterator[str]:
    with served(url) as at:
        yield at


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    if chromium() is None:
        pytest.skip("There is no Chromium: `make test-browser` installs it where it can.")
    playwright.expect.set_options(timeout=20_000)  # milliseconds: other tests may keep the machine busy
    with playwright.sync_playwright() as started:
        opened = launch(started)
        yield opened
        opened.close()
