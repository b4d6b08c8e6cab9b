"""An account that is forgotten is in no byte that is left; what is left holds together; retention keeps to its days."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa

import ladder
from features.histories.histories import Histories
from serving.scoring.score_columns import TABLE_NAMES
from serving.store.audit_log import changes, verify
from serving.store.database import open_store, reading, writing
from serving.store.feedback.feedback import FEEDBACK
from serving.store.feedback.verdicts import PLAN, keep_verdict
from serving.store.maintenance.integrity import TABLES, check_store
from serving.store.retention import Terms, apply
from serving.store.scores.account_lookback import STANDINGS
from serving.store.scores.scoring_runs import Frames
from serving.store.scores.timelines import pack, put_timelines
from serving.store.subjects import Subject
from tests.databases import new_database
from tests.serving.runs import fill, profiles, scored
from tests.serving.sites import Browser
from tests.serving.web.markup import hidden
from training.model.bundle import MANIFEST
from training.simulator.simulation import Simulation

NOW = 1_768_910_400_000_000
DAY = 86_400_000_000
NAME = "Forget-Me Holding"


@pytest.fixture(scope="module")
def frames(folder: Path, histories: Histories) -> Frames:
    return scored(folder, histories)


@pytest.fixture(scope="module")
def planned(frames: Frames) -> str:
    """An account that every plan invests in."""
    rows = frames["scores"].sort_values("rank")
    return str(rows["account_id"].iloc[0])


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path, frames: Frames, tiny: Simulation, planned: str) -> str:
    """A store that knows the account from every side."""
    url = f"sqlite:///{tmp_path / 'ladder.db'}"
    if request.param == "postgresql":
        url = new_database(request.getfixturevalue("postgres_server"))
    people = profiles(tiny)
    people.loc[people["account_id"] == planned, "name"] = NAME
    fill(url, frames, people)
    other = "A00001" if planned != "A00001" else "A00002"
    with Browser(url, now=lambda: NOW) as browser:
        shown = browser.open("/plan?budget=20000").text
        form = {name: hidden(shown, name) for name in ("token", "asked", "plan_id")}
        assert browser.send("/plans", form).status_code == 303
        visit = {"investment": "visit_programme", "made_at": "2026-01-14", "cost": 640.0, "assignment": "random",
                 "propensity": 0.9, "account_id": planned}  # fmt: skip
        stays = {"account_id": other, "override": {"will_switch": False}, "made_at": "2026-01-15",
                 "reason": f"works with {planned} ({planned}), they say"}  # fmt: skip
        leaves = {"account_id": planned, "override": {"will_switch": True}, "reason": f"{NAME} told Anna",
                  "made_at": "2026-01-16"}  # fmt: skip
        assert browser.post_json("/feedback", {"events": [visit, stays, leaves]}).json()["stored"] == 3
    engine = open_store(url)
    with writing(engine) as connection:
        put_timelines(connection, [planned, other], pack([{"since": 1}, {"since": 2}]))  # type: ignore[list-item]
        near = json.dumps([[planned, 1, False, 1.0, 2.0], ["A00009", 1, False, 1.0, 2.0]])
        row = {"still_days": 1, "revenue_365d": 1.0, "revenue_before": 1.0, "margin_365d": 1.0}
        for account, similar in ((planned, "[]"), (other, near)):
            connection.execute(STANDINGS.insert().values(account_id=account, similar=similar, **row))
        keep_verdict(connection, PLAN, "another", NOW, {"worst": planned, "by": {planned: 1.0}})
    engine.dispose()
    return url


@pytest.fixture
def engine(url: str) -> Iterator[sa.Engine]:
    engine = open_store(url)
    yield engine
    engine.dispose()


def _dump(engine: sa.Engine) -> str:
    with reading(engine) as connection:
        return repr([row for table in TABLES for row in connection.execute(table.select())])


def _files(folder: Path, frames: Frames, account: str) -> None:
    """What stands around a store after some months."""
    for place in (folder / "scores", folder / "exports"):
        place.mkdir()
    for name in TABLE_NAMES:
        if name in frames:
            frames[name].to_parquet(folder / "scores" / f"{name}.parquet")
    frames["scores"].to_csv(folder / "exports" / "hubspot.csv", index=False)
    frames["scores"][["account_id", "rung"]].to_excel(folder / "exports" / "scores.xlsx", index=False)
    rows = [{"account_id": account, "x": 1}, {"account_id": "A00009", "near": [account]}]
    (folder / "exports" / "watch.json").write_text(json.dumps({"rows": rows}))
    (folder / "champion" / "abc").mkdir(parents=True)
    (folder / "champion" / "abc" / MANIFEST).write_text(json.dumps({"facts": {"worst": account}}))
    (folder / "notes.txt").write_text(f"call {account}")


def test_whoever_is_forgotten_is_in_no_byte_that_is_left(
    url: str, engine: sa.Engine, frames: Frames, planned: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    _files(tmp_path, frames, planned)
    before = _dump(engine)
    assert planned in before
    assert NAME in before
    engine.dispose()
    assert (
        ladder.main(["forget", "--account", planned, "--store", url, "--folder", "exports", "--report", "r.json"]) == 0
    )
    told = json.loads((tmp_path / "r.json").read_text())
    assert told["swept"]
    assert [Path(one).name for one in told["files"]["left"]] == ["notes.txt"]
    assert [Path(one).name for one in told["files"]["bundles"]] == ["abc"]
    assert any("Train anew" in line for line in told["to_do"])
    assert {"scores", "accounts", "feedback", "overrides", "timelines", "standings"} <= told["removed"].keys()
    assert {"audit_log", "plan_rows", "standings", "verdicts"} <= told["changed"].keys()
    after = _dump(engine)
    assert planned not in after
    assert NAME not in after
    assert told["pseudonym"] in after
    with reading(engine) as connection:
        assert verify(connection).faults == []
        assert changes(connection)[0].what == "subject erased"
        assert len(connection.execute(FEEDBACK.select()).all()) == 1
    engine.dispose()
    assert not check_store(url).findings
    shutil.rmtree(tmp_path / "champion")
    (tmp_path / "notes.txt").unlink()
    for file in (one for one in tmp_path.rglob("*") if one.is_file()):
        assert planned.encode() not in file.read_bytes(), file
        assert NAME.encode() not in file.read_bytes(), file
    for name in TABLE_NAMES:
        if name in frames:
            left = pd.read_parquet(tmp_path / "scores" / f"{name}.parquet")
            assert planned not in left.to_csv()
            assert len(left) == (frames[name]["account_id"] != planned).sum()
    assert len(pd.read_csv(tmp_path / "exports" / "hubspot.csv")) == len(frames["scores"]) - 1
    assert planned not in pd.read_excel(tmp_path / "exports" / "scores.xlsx").to_csv()
    assert json.loads((tmp_path / "exports" / "watch.json").read_text()) == {
        "rows": [{"account_id": "A00009", "near": [told["pseudonym"]]}]
    }
    capsys.readouterr()


def test_a_plan_that_held_the_account_is_still_shown(
    url: str, planned: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert ladder.main(["forget", "--account", planned, "--store", url]) == 0
    with Browser(url, now=lambda: NOW) as browser:
        listed = browser.open("/plan").text
        assert "/plans/" in listed
        plan = listed.split("/plans/")[1].split('"')[0].split(".")[0]
        assert "forgotten-" in browser.open(f"/plans/{plan}").text
        assert browser.open(f"/accounts/{planned}").status_code == 404


def test_all_that_is_kept_of_an_account_is_handed_over(url: str, planned: str, tmp_path: Path) -> None:
    out = tmp_path / "subject.json"
    assert ladder.main(["export-subject", "--account", planned, "--store", url, "--out", str(out)]) == 0
    found = json.loads(out.read_text())["tables"]
    assert {"scores", "accounts", "feedback", "overrides", "timelines", "audit_log", "plan_rows"} <= found.keys()
    assert found["accounts"][0]["name"] == NAME
    assert found["timelines"][0]["content"] == {"since": 1}
    assert "A00009" not in json.dumps(found["scores"])
    for wrong in ([], ["--account", "a", "--contact", "b"], ["--account", ""]):
        with pytest.raises(SystemExit):
            ladder.main(["export-subject", *wrong, "--store", url, "--out", str(out)])


def test_a_contact_is_forgotten_wherever_it_is_named(
    url: str, engine: sa.Engine, planned: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with writing(engine) as connection:
        keep_verdict(connection, PLAN, "x", NOW, {"asked": "C-77 Jansen", "whom": "C-77"})
    assert ladder.main(["forget", "--contact", "C-77", "--store", url]) == 0
    assert "C-77" not in _dump(engine)
    assert planned in _dump(engine)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ('{"a": "17", "b": 17, "c": "170, 17 of them late"}', {"a": "X", "b": 17, "c": "170, 17 of them late"}),
        ('[["17", 1], ["18", 2]]', [["18", 2]]),
        ("in 17 days", "in 17 days"),
    ],
)  # fmt: skip
def test_an_id_that_could_be_any_number_is_taken_for_one_within_a_sentence(text: str, left: Any) -> None:
    new = Subject("account", "17").replaced_text(text, "X")
    assert (json.loads(new) if text[0] in "{[" else new) == left
    assert Subject("account", "A1").replaced_text("A1 and A12, A1.", "X") == "X and A12, X."
    assert Subject("account", "Ü-1").replaced_text(json.dumps({"a": "Ü-1"}), "X") == '{"a": "X"}'


def test_nothing_is_kept_longer_than_the_settings_say(url: str, engine: sa.Engine) -> None:
    with writing(engine) as connection:
        assert apply(connection, Terms(), NOW + 900 * DAY) == {}
    with writing(engine) as connection:
        gone = apply(connection, Terms(feedback=30, audit=30, runs=30), NOW + 900 * DAY)
    assert gone["feedback"] == 2  # the last one, from which the next is counted on, stays
    assert {"overrides", "plans", "plan_rows", "verdicts", "audit_log"} <= gone.keys()
    with reading(engine) as connection:
        assert verify(connection).faults == []
        assert {one.what for one in changes(connection)} == {"retention applied", "audit shortened"}
    engine.dispose()
    assert not check_store(url).findings
    assert ladder.main(["retention", "--store", url]) == 0
