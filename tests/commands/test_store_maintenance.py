"""ladder store: an old store from the first refusal to the way back, and what a script sees of it."""

import json
from pathlib import Path

import pytest

import ladder
from serving.store.database import open_store, reading
from serving.store.scores.scoring_runs import SCORES
from serving.store.versions import CURRENT
from tests.serving.store.old_stores import old_file


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with an old store in the usual place."""
    monkeypatch.chdir(tmp_path)
    old_file(tmp_path).rename("ladder.db")
    Path("ladder.db").chmod(0o600)
    return tmp_path


def run(*words: str) -> int:
    return ladder.main(["store", *words])


def test_an_old_store_is_named_copied_upgraded_and_put_back(capsys: pytest.CaptureFixture[str]) -> None:
    assert ladder.main(["keys", "list"]) == 1
    refusal = capsys.readouterr().err
    assert "is a store of version 0001" in refusal
    assert f"version {CURRENT}: upgrade it with `ladder store upgrade --store sqlite:///ladder.db`" in refusal
    assert refusal.count("\n") == 1
    assert run("check", "--json") == 1
    told = capsys.readouterr().out
    assert f"- it is of version 0001, and this program works with version {CURRENT}" in told
    assert (json.loads(told.splitlines()[-1])["wrong"], json.loads(told.splitlines()[-1])["rows_scores"]) == (1, 31)
    assert run("backup", "--out", "before.db") == 0
    assert run("upgrade", "--json") == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1]) == {"from": "0001", "version": CURRENT}
    assert run("upgrade") == 0
    assert f"is of version {CURRENT} already" in capsys.readouterr().out
    assert run("check", "--json") == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["wrong"] == 0
    assert ladder.main(["keys", "list"]) == 0
    assert run("restore", "--from", "before.db") == 1
    assert "is not empty. Back it up, then --force overwrites it" in capsys.readouterr().err
    assert run("restore", "--from", "before.db", "--force") == 0
    assert f"`ladder store upgrade` brings it to version {CURRENT}" in capsys.readouterr().out
    assert run("check") == 1


def test_a_copy_goes_into_another_store(capsys: pytest.CaptureFixture[str]) -> None:
    run("upgrade")
    assert run("backup", "--out", "copy.db", "--json") == 0
    figures = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert figures == {"version": CURRENT, "file": "copy.db", "bytes": Path("copy.db").stat().st_size}
    assert run("restore", "--from", "copy.db", "--store", "sqlite:///other.db") == 0
    engine = open_store("sqlite:///other.db", make=False)
    with reading(engine) as connection:
        assert len(connection.execute(SCORES.select()).all()) == 31
    engine.dispose()


def test_an_action_without_its_file_is_wrong_usage() -> None:
    for words in (["backup"], ["restore"], ["mend"], []):
        with pytest.raises(SystemExit) as ended:
            run(*words)
        assert ended.value.code == 2


def test_a_store_that_is_not_there_is_said_and_not_made(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["upgrade"], ["backup", "--out", "copy.db"], ["check"]):
        assert run(*words, "--store", "sqlite:///none.db") == 1
        assert "there is no such store" in capsys.readouterr().err
    assert run("restore", "--from", "none.db", "--store", "sqlite:///none.db") == 1
    assert "there is no such file" in capsys.readouterr().err
    assert not Path("none.db").exists()
