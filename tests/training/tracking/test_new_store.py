"""The store that a process of its own makes: whole in its place, or not there, and never in place of another."""

import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from training.tracking.new_store import store_begun
from training.tracking.registry import Registry


def test_the_store_is_what_mlflow_makes_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with store_begun("sqlite:///mlflow.db") as put_in_place:
        put_in_place()
        assert {path.name for path in tmp_path.iterdir()} == {"mlflow.db", ".mlflow.db.lock"}
    assert Registry("sqlite:///mlflow.db").champion() is None
    assert {path.name for path in tmp_path.iterdir()} == {"mlflow.db", ".mlflow.db.lock"}
    with closing(sqlite3.connect(tmp_path / "mlflow.db")) as connection:
        (where,) = connection.execute("SELECT artifact_location FROM experiments").fetchone()
        assert where == str(tmp_path / "mlruns" / "0")


def test_a_block_left_early_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no source"), store_begun(f"sqlite:///{tmp_path}/mlflow.db"):
        raise ValueError("no source")
    assert not list(tmp_path.iterdir())


def test_the_store_of_somebody_quicker_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _python_that(tmp_path, monkeypatch, "echo made > $3")
    store = tmp_path / "mlflow.db"
    with store_begun(f"sqlite:///{store}") as put_in_place:
        store.write_text("theirs")
        put_in_place()
    assert store.read_text() == "theirs"


def test_where_the_other_process_fails_nothing_is_put_in_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _python_that(tmp_path, monkeypatch, "echo half > $3; exit 1")
    with store_begun(f"sqlite:///{tmp_path}/mlflow.db") as put_in_place:
        put_in_place()
    assert not (tmp_path / "mlflow.db").exists()


@pytest.mark.parametrize("uri", ["sqlite:///{}/there.db", "sqlite:///{}/no/folder.db", "http://127.0.0.1:5000"])
def test_nothing_is_begun_where_a_store_is_or_cannot_be(
    uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "there.db").write_text("there")
    _python_that(tmp_path, monkeypatch, f"echo made > {tmp_path}/begun")
    with store_begun(uri.format(tmp_path)) as put_in_place:
        put_in_place()
    assert not (tmp_path / "begun").exists()
    assert (tmp_path / "there.db").read_text() == "there"


def _python_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, does: str) -> None:
    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\n{does}\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
