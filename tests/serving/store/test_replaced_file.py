"""A store's file that is moved or replaced under a program is noticed, and nothing is acknowledged into a lost file."""

import shutil
from pathlib import Path

import pytest

from features.errors import StoreReplaced
from serving.api.errors import HttpError
from serving.api.security.key_store import WatchedRing, create_key, list_keys, read_ring
from serving.store.database import open_store, writing
from tests.serving.sites import Browser

EVENT = {"events": [{"account_id": "A1", "outcome": "signed", "option": "visit", "at": "2026-01-01"}]}


def _lost(file: Path, how: str) -> Path:
    """Take the file away, as an operator may, and return where it is now."""
    away = file.with_suffix(".away")
    if how == "copied over":  # as `cp -f --remove-destination` and most editors and syncing programs do
        shutil.copy(file, file.with_suffix(".new"))
        shutil.copy(file, away)
        file.with_suffix(".new").replace(file)
    else:
        file.rename(away)
        if how == "replaced":
            open_store(f"sqlite:///{file}").dispose()
    return away


@pytest.mark.parametrize("how", ["moved", "replaced", "copied over"])
def test_a_file_that_is_no_longer_there_takes_no_writes(how: str, tmp_path: Path) -> None:
    file = tmp_path / "ladder.db"
    engine = open_store(f"sqlite:///{file}")
    create_key(engine, "first", {"score"})
    ring = WatchedRing(lambda: read_ring(engine))
    ring.look()
    ring.check_fresh()
    _lost(file, how)
    with pytest.raises(StoreReplaced, match="Stop every program"):
        create_key(engine, "second", {"score"})
    with pytest.raises(StoreReplaced):
        list_keys(engine)
    ring.look()
    with pytest.raises(HttpError) as refusal:
        ring.check_fresh()
    assert (refusal.value.status, refusal.value.code) == (503, "store_replaced")
    engine.dispose()


def test_a_file_that_comes_back_is_used_again(tmp_path: Path) -> None:
    file = tmp_path / "ladder.db"
    engine = open_store(f"sqlite:///{file}")
    ring = WatchedRing(lambda: read_ring(engine))
    away = _lost(file, "moved")
    ring.look()
    away.rename(file)
    create_key(engine, "crm", {"score"})
    ring.look()
    ring.check_fresh()
    assert [key.name for key in list_keys(engine)] == ["crm"]
    engine.dispose()


def test_what_was_written_while_the_file_was_taken_away_is_not_acknowledged(tmp_path: Path) -> None:
    file = tmp_path / "ladder.db"
    engine = open_store(f"sqlite:///{file}")
    with pytest.raises(StoreReplaced), writing(engine):
        file.rename(tmp_path / "away.db")
    engine.dispose()


def test_the_service_says_so(tmp_path: Path) -> None:
    file = tmp_path / "ladder.db"
    with Browser(f"sqlite:///{file}") as browser:
        assert browser.post_json("/v1/feedback", EVENT).status_code == 200
        _lost(file, "replaced")
        for path, content in (("/v1/feedback", EVENT), ("/lookup", {"account_ids": ["A1"]})):
            answer = browser.post_json(path, content)
            assert (answer.status_code, answer.json()["error"]["code"]) == (503, "store_replaced"), answer.text
            assert str(tmp_path) not in answer.text
