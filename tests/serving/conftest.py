"""The tiny supplier, a hand-made bundle on disk, and the application without a socket."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from features.histories.histories import Histories, build_histories
from features.sources.source import source_from_rows
from serving.api.app import create_app
from serving.api.model_holder import ModelHolder
from serving.scoring.scoring_service import ScoringService
from tests.serving import builders
from tests.serving.client import Client
from training.model.bundle import read_bundle, write_bundle
from training.simulator.simulation import Simulation, simulate


@pytest.fixture(scope="session")
def tiny() -> Simulation:
    return simulate("tiny", seed=1)


@pytest.fixture(scope="session")
def histories(tiny: Simulation) -> Histories:
    return build_histories(source_from_rows(tiny.tables))


@pytest.fixture(scope="session")
def folder(histories: Histories, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundle")
    write_bundle(builders.bundle(histories), folder)
    return folder


@pytest.fixture(scope="session")
def scoring_service(folder: Path) -> ScoringService:
    return ScoringService(*read_bundle(folder))


@pytest.fixture(scope="session")
def client(scoring_service: ScoringService) -> Iterator[Client]:
    with Client(create_app(ModelHolder(scoring_service))) as client:
        yield client
