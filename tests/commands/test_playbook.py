"""An edited playbook holds wherever its plays are told, without training anew."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa

from commands import serving
from commands.playbook import with_playbook
from serving.scoring.advice.playbook import Playbooks, read_playbooks
from serving.scoring.batch import read_run_plays
from serving.store.database import open_store, reading
from serving.store.lookups import required_run
from serving.store.summaries import summary_of
from serving.store.views.list_totals import RUN_TOTALS
from tests.commands import test_cli
from tests.commands.test_cli import Run, refused
from tests.trained import tiny_bundle
from training.model.playbook import Play
from training.settings import read_settings

run, data, champion = test_cli.run, test_cli.data, test_cli.champion
OWN = """
[[playbook.plays]]
key = "{key}"
rungs = ["{rung}"]
do_en = "Send the letter"
do_nl = "Stuur de brief"
say_en = "Hello"
say_nl = "Hallo"
whom_en = "all"
whom_nl = "allen"
within_days = 5
"""


def write_own(path: Path, key: str = "letter", rung: str = "suspect") -> None:
    path.write_text(OWN.replace("{key}", key).replace("{rung}", rung))


def kept_plays(store: str) -> tuple[dict[str, Play], str]:
    engine = open_store(store)
    with reading(engine) as connection:
        found = summary_of(connection, required_run(connection).run_id)
    engine.dispose()
    assert found is not None
    return {play.key: play for play in found[1].playbook}, found[1].playbook_from


def kept_accounts(store: str) -> int:
    """How many accounts the totals count that are kept of the last run."""
    engine = open_store(store)
    with reading(engine) as connection:
        run = required_run(connection).run_id
        found = connection.execute(sa.select(RUN_TOTALS.c.accounts).where(RUN_TOTALS.c.run_id == run)).scalar_one()
    engine.dispose()
    return int(found)


@pytest.mark.usefixtures("champion")
def test_the_playbook_of_the_settings_holds_when_scoring_and_serving(
    run: Run, data: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_own(tmp_path / "own.toml")
    first, second = (f"sqlite:///{tmp_path / name}.db" for name in ("first", "second"))
    own = run("score", "--data", data, "--out", "own", "--to", first, "--config", "own.toml", "--json")
    assert own.status == 0, own.err
    assert own.figures["playbook"]["from"] == "settings"
    assert "plays, of the settings" in own.out
    told = pd.read_parquet(tmp_path / "own" / "scores.parquet")
    assert "letter" in set(told["playbook"])
    plays, whose = kept_plays(first)
    assert (plays["letter"].do_en, whose) == ("Send the letter", "settings")
    assert read_run_plays(tmp_path / "own")[0][0].key == "letter"

    served: list[Playbooks] = []

    def serve(_folder: Path, _port: int, terms: Any, _announce: object) -> None:
        served.append(read_playbooks(terms.playbook))

    monkeypatch.setattr(serving, "serve_until_stopped", serve)
    # scores of that folder, in another store, and the settings say nothing: the plays are those of the scores
    said = run("serve", "--scores", "own", "--data", data, "--store", second)
    assert said.status == 0, said.err
    assert (served[-1].first, served[-1].last[0].key) == ((), "letter")
    plays, whose = kept_plays(second)
    assert (plays["letter"].do_en, whose) == ("Send the letter", "settings")
    # the accounts are looked at again, and the plays stay those of the scores
    assert run("serve", "--data", data, "--store", second).status == 0
    assert "letter" in kept_plays(second)[0]
    assert kept_accounts(second) == len(told)
    # an edited text holds at once; a play that no score knows is named
    write_own(tmp_path / "own.toml", key="card", rung="member")
    said = run("serve", "--store", first, "--config", "own.toml")
    assert served[-1].first[0].key == "card"
    assert "1 of them (card) are new" in said.out


def test_settings_without_a_playbook_leave_the_model_its_own(tmp_path: Path) -> None:
    bundle = tiny_bundle()
    (tmp_path / "few.toml").write_text(test_cli.CONFIG)
    assert with_playbook(bundle, read_settings(tmp_path / "few.toml")) is bundle
    write_own(tmp_path / "own.toml")
    given = with_playbook(bundle, read_settings(tmp_path / "own.toml"))
    assert given.facts.playbook[0].key == "letter"
    assert replace(given, facts=bundle.facts) == bundle  # nothing else is changed
    assert read_playbooks("") == Playbooks()


def test_a_wrong_playbook_is_refused_before_anything_is_done(run: Run, data: str, tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(OWN.replace("{key}", "letter").replace("{rung}", "boss"))
    for command in (("check", "--data", data), ("train", "--data", data), ("score", "--data", data, "--out", "o")):
        assert "own.toml, play 1 (line 2), 'letter': " in refused(run(*command, "--config", "own.toml"))
    assert "play 1 (line 2)" in refused(run("serve", "--config", "own.toml"))
