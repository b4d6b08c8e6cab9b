"""Versions, their champion, and the way back; on a store of its own."""

import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from features.errors import RegistryError
from tests.paths import ROOT
from tests.trained import tiny_bundle
from tests.training.tracking.tracking import empty_registry, put
from training.model.bundle import NAME, Bundle, read_bundle
from training.model.champion import published
from training.tracking.registry import HISTORY_TAG, Registry
from training.tracking.tracker import connected


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    monkeypatch.chdir(tmp_path)
    return empty_registry(tmp_path)


@cache
def other_bundle() -> Bundle:
    return replace(tiny_bundle(), switching=None)


def test_a_version_is_recorded_promoted_and_taken_back(registry: Registry, tmp_path: Path) -> None:
    home = tmp_path / "champion"
    assert registry.champion() is None
    with pytest.raises(RegistryError, match="no champion yet"):
        registry.fetch("champion", tmp_path / "into")
    with pytest.raises(RegistryError, match="no former champion"):
        registry.rollback(home)
    with pytest.raises(RegistryError, match="it has none"):
        registry.promote(1, home)

    assert put(registry, tmp_path) == 1
    assert put(registry, tmp_path, other_bundle()) == 2
    assert registry.champion() is None
    assert not home.exists()

    registry.promote(1, home)
    assert registry.champion() == 1
    assert read_bundle(published(home)) == (tiny_bundle(), tiny_bundle().version)
    with pytest.raises(RegistryError, match="no former champion"):
        registry.rollback(home)

    registry.promote(2, home)
    registry.promote(2, home)
    assert registry.champion() == 2
    assert read_bundle(published(home))[0] == other_bundle()

    for wrong in (3, 0, -1):
        with pytest.raises(RegistryError, match=f"no version {wrong} of loyalty-ladder; it has 1, 2"):
            registry.promote(wrong, home)
    assert registry.champion() == 2

    assert registry.rollback(home) == 1
    assert registry.champion() == 1
    assert read_bundle(published(home))[0] == tiny_bundle()
    with pytest.raises(RegistryError, match="no former champion"):
        registry.rollback(home)

    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert read_bundle(registry.fetch("champion", tmp_path / "a"))[0] == tiny_bundle()
    assert read_bundle(registry.fetch("2", tmp_path / "b"))[0] == other_bundle()


def test_mlflow_is_imported_only_when_it_is_used() -> None:
    program = (
        "import sys\n"
        "import training.tracking.registry, training.tracking.plots, training.tracking.runs\n"
        "import serving.scoring.batch, ladder\n"
        "training.tracking.registry.Registry()\n"
        "print([name for name in ('mlflow', 'matplotlib', 'bentoml') if name in sys.modules])\n"
    )
    found = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_what_a_killed_promotion_left_behind_is_no_former_champion(registry: Registry, tmp_path: Path) -> None:
    home = tmp_path / "champion"
    put(registry, tmp_path)
    put(registry, tmp_path, other_bundle())
    registry.promote(1, home)
    with connected(registry.uri) as (_, client):  # killed after the tag was written and before the alias moved
        client.set_registered_model_tag(NAME, HISTORY_TAG, "[1]")
    with pytest.raises(RegistryError, match="no former champion"):
        registry.rollback(home)
    registry.promote(2, home)
    assert registry.rollback(home) == 1
