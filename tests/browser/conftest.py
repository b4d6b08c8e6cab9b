"""A store of the demo where `make test-browser` made one, else of the tiny supplier; and a browser."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from features.histories.histories import Histories
from features.sources.source import source_from_rows
from serving.store.background import background_of, write_background
from serving.store.database import open_store
from tests.browser.serving import chromium, launch, served
from tests.serving.conftest import folder, histories, tiny
from tests.serving.runs import fill, profiles, scored
from training.model.bundle import read_bundle
from training.simulator.simulation import Simulation

__all__ = ["folder", "histories", "tiny"]
STORE = "LADDER_PAGE_STORE"
"""File of a store to look at."""
TIMED = "job"
"""Property of a test that does a job: what was wanted, the clicks, the seconds."""

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
        _fill(f"sqlite:///{target}", bundle, known, supplier)
    return f"sqlite:///{target}"


def _fill(url: str, bundle: Path, known: Histories, supplier: Simulation) -> None:
    """Two runs, ninety days apart, and what stands behind the later one."""
    fill(url, scored(bundle, known, known.end - 90 * 86_400_000_000), profiles(supplier))
    run = fill(url, scored(bundle, known), profiles(supplier))
    facts, engine = read_bundle(bundle)[0].facts, open_store(url)
    source = source_from_rows(supplier.tables)
    write_background(engine, run.run_id, facts, [background_of(known, source, known.end, facts)])
    engine.dispose()


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


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print clicks and seconds of every job, as docs/managers.md has them."""
    passed = terminalreporter.stats.get("passed", [])
    timed = [row for report in passed for name, row in report.user_properties if name == TIMED]
    if timed:
        terminalreporter.section("clicks and seconds of every job")
        terminalreporter.line("| job | clicks | seconds |\n| --- | ---: | ---: |")
    for wanted, clicks, seconds in timed:
        terminalreporter.line(f"| {wanted} | {clicks} | {seconds:.1f} |")
