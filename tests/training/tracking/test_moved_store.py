"""A project's folder may be moved or copied: its models are found where they are, and new ones stand beside them."""

import shutil
from pathlib import Path

import pytest

from tests.trained import tiny_bundle
from tests.training.tracking.tracking import empty_registry, put
from training.model.bundle import read_bundle
from training.tracking.moved_store import artifact_location, follow_move
from training.tracking.registry import Registry
from training.tracking.tracker import connected


def test_a_project_that_was_moved_goes_on_in_the_new_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = tmp_path / "old place", tmp_path / "new é place"
    old.mkdir()
    monkeypatch.chdir(old)
    put(empty_registry(old), old)
    monkeypatch.chdir(tmp_path)
    old.rename(new)
    moved = Registry(f"sqlite:///{new / 'mlflow.db'}")
    assert read_bundle(moved.fetch(1, tmp_path))[0] == tiny_bundle()
    moved.promote(1, new / "champion")
    assert moved.text(1, "switching.txt") == "found"
    assert put(moved, new) == 2
    assert not old.exists()
    with connected(moved.uri) as (_, client):
        for version in ("1", "2"):
            run = client.get_run(client.get_model_version("loyalty-ladder", version).run_id)
            assert run.info.artifact_uri.startswith(artifact_location(new / "mlflow.db", "loyalty-ladder"))
    assert not (tmp_path / "mlruns").exists()


def test_a_copied_project_leaves_the_first_one_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, copy = tmp_path / "first", tmp_path / "copy"
    first.mkdir()
    monkeypatch.chdir(first)
    put(empty_registry(first), first)
    shutil.copytree(first, copy)
    before = sorted(first.rglob("*"))
    put(Registry(f"sqlite:///{copy / 'mlflow.db'}"), copy)
    assert sorted(first.rglob("*")) == before
    assert len(list(copy.rglob("manifest.json"))) == 2


def test_what_is_no_store_is_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "mlflow.db"
    follow_move(file)
    assert not file.exists()
    file.write_text("no database")
    follow_move(file)
    assert file.read_text() == "no database"
