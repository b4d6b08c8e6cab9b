"""Whoever was forgotten does not come back with the next run; `ladder retrain` keeps to the days of the settings."""

import stat
from pathlib import Path

import pytest
import sqlalchemy as sa

from commands import retraining
from commands.inputs import histories_of_parts, load_partitions, load_source
from commands.store_writing import store_run
from commands.subjects import remove_old
from features.errors import StoreError
from serving.store.database import open_store, reading
from serving.store.people.forgotten import FILE, forgotten_file, keep_forgotten, read_forgotten
from serving.store.scores.result_files import facts_of
from serving.store.scores.scoring_runs import ACCOUNTS, SCORES
from tests.commands import test_cli
from tests.commands.test_cli import Run
from tests.serving.runs import profiles, run_of
from tests.trained import tiny, tiny_bundle, tiny_histories
from training.settings import Settings, parse_settings

run, data = test_cli.run, test_cli.data
STORE = "sqlite:///ladder.db"


def _accounts(table: sa.Table) -> set[str]:
    engine = open_store(STORE)
    with reading(engine) as connection:
        found = set(connection.execute(sa.select(table.c.account_id)).scalars())
    engine.dispose()
    return found


def test_the_forgotten_stay_away(run: Run, data: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bundle = tiny_bundle()
    frames = run_of(bundle, bundle.version, tiny_histories())
    whole = set(frames["scores"]["account_id"])
    whom = min(whole)

    def write() -> None:
        store_run(STORE, facts_of(frames["scores"], bundle), [frames], [profiles(tiny())])

    write()
    assert whom in _accounts(SCORES) & _accounts(ACCOUNTS)
    said = run("forget", "--account", whom, "--store", STORE)
    assert said.status == 0, said.err
    assert "until then every run leaves it out" in said.out
    file = tmp_path / "ladder.db.forgotten"
    assert (whom in file.read_text(), stat.S_IMODE(file.stat().st_mode)) == (False, 0o600)

    write()  # what was scored before
    assert "accounts that were forgotten: 1, not written" in capsys.readouterr().err
    assert _accounts(SCORES) == whole - {whom}
    assert whom not in _accounts(ACCOUNTS)
    loaded = load_source(data, Settings(), feedback=STORE)  # what every command starts with
    assert whom not in set(loaded.histories.account_ids)
    assert "accounts that were forgotten and are still in the source: 1, left out" in capsys.readouterr().err
    assert whom in set(load_source(data, Settings()).histories.account_ids)

    capsys.readouterr()
    assert run("partition", "--data", data, "--out", "parts", "--parts", "2").status == 0
    capsys.readouterr()
    partitions = load_partitions(str(tmp_path / "parts"), feedback=STORE)
    assert partitions is not None
    by_parts = {str(name) for histories, _ in histories_of_parts(partitions) for name in histories.account_ids}
    assert by_parts == {str(name) for name in loaded.histories.account_ids}
    assert "the list of the forgotten has 1 digests" in capsys.readouterr().err


def test_a_list_that_cannot_be_read_stops_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert not read_forgotten(STORE)
    keep_forgotten(STORE, "account", "A")
    keep_forgotten(STORE, "contact", "A")
    kept = read_forgotten(STORE)
    assert kept.among("account", ["A", "B", None]).tolist() == [True, False, False]
    assert len(kept.digests) == 2
    file = forgotten_file(STORE)
    with file.open("a") as lines:
        lines.write("\naccount 12")  # the power went
    keep_forgotten(STORE, "account", "B")
    assert read_forgotten(STORE).among("account", ["A", "B"]).all()
    for spoilt in (b"", b"account 1\n", b"\xff\n"):
        file.write_bytes(spoilt)
        with pytest.raises(StoreError, match="Put it back"):
            read_forgotten(STORE)
    monkeypatch.setenv(FILE, str(tmp_path / "nowhere" / "list"))
    with pytest.raises(StoreError, match="nothing was erased"):
        keep_forgotten(STORE, "account", "A")


def test_retraining_removes_what_is_kept_no_longer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = tmp_path / "ladder.toml"
    settings.write_text("[governance]\nruns_days = 30\n")
    removed = list[object]()
    monkeypatch.setattr(retraining, "refresh_copy", lambda *_: None)
    monkeypatch.setattr(retraining, "load_source", lambda *_, **__: None)
    monkeypatch.setattr(retraining, "_retrain", lambda *_: {"done": "all"})
    monkeypatch.setattr(retraining, "remove_old", lambda *what: removed.append(what))
    options = retraining.RetrainOptions(data="x", out=tmp_path / "out", to=STORE, config=settings)
    assert retraining.retrain_command(options) == {"done": "all"}
    assert removed == [(STORE, parse_settings({"governance": {"runs_days": 30}}).governance)]


def test_where_nothing_is_kept_too_long_that_is_said_without_an_empty_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    open_store(STORE).dispose()
    assert remove_old(STORE, parse_settings({}).governance) == {}
    assert capsys.readouterr().out.split(" is older ")[1] == "than [governance] says; nothing was removed\n"
