"""`ladder monitor` and `ladder retrain` as people and their schedulers meet them."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
import pytest
from prometheus_client.parser import text_string_to_metric_families

import ladder
from commands import retraining
from commands.command_line import EXIT_RETRAIN
from commands.inputs import Loaded
from commands.resumable_steps import LOG, STATE, Steps, alone
from commands.training import Registered
from features.errors import NotEnoughData, SettingsError
from features.instants import MICROSECONDS_PER_DAY, iso
from features.sources.source import Source
from serving.store.database import open_store, reading
from serving.store.feedback.verdicts import verdicts
from tests.commands import test_cli
from tests.commands.test_cli import Run, Said, refused
from tests.trained import earlier_bundle, small_settings, tiny_histories
from training.model.bundle import MANIFEST, write_bundle
from training.model.champion import publish, published
from training.model.findings import from_json
from training.tracking.tracker import connected

run, data = test_cli.run, test_cli.data
NO_SOURCE = Source({}, (), (), {})


@pytest.fixture
def champion(tmp_path: Path) -> str:
    """A champion that was trained 200 days before the end."""
    version = write_bundle(earlier_bundle(), tmp_path / "made")
    publish(tmp_path / "made", tmp_path / "champion")
    return version


def test_monitoring_works_without_any_plan_or_option(run: Run, data: str, champion: str, tmp_path: Path) -> None:
    said = run("monitor", "--data", data, "--out", "report", "--metrics", "textfile/ladder.prom", "--json")
    assert said.status == 0, said.err
    for words in ("a complete set of labels is there since", "accounts at", "Realised since training",
                  "no order in the first days", "Advice: retrain"):  # fmt: skip
        assert words in said.out
    figures = said.figures
    assert (figures["advice"], figures["model_version"], figures["label_share_seen"]) == ("retrain", champion, 1)
    assert 0 < figures["switching_180d_observed"] < 1
    report = json.loads((tmp_path / "report" / "monitor.json").read_text())
    assert report["advice"] == "retrain"
    assert {one.code for one in from_json(report["reasons"])} >= {"labels_complete"}
    columns = pd.read_csv(tmp_path / "report" / "drift.csv")
    assert len(columns) == figures["columns"] > 100
    assert columns["drifted"].sum() == figures["columns_drifted"]

    text = (tmp_path / "textfile" / "ladder.prom").read_text()
    families = {family.name: family for family in text_string_to_metric_families(text)}
    advice = {s.labels["advice"]: s.value for s in families["ladder_monitor_advice"].samples}
    assert advice == {"keep": 0, "watch": 0, "retrain": 1}
    assert families["ladder_monitor_columns"].samples[0].value == figures["columns"]
    assert all(name.startswith("ladder_monitor_") for name in families)

    logged = mlflow.MlflowClient(os.environ["MLFLOW_TRACKING_URI"]).get_run(figures["run_id"])
    assert (logged.data.tags["kind"], logged.data.tags["advice"]) == ("monitor", "retrain")
    assert logged.data.metrics["columns"] == figures["columns"]

    assert run("monitor", "--data", data, "--exit-code").status == EXIT_RETRAIN
    assert "days ago: what came since is not looked at" in said.out
    assert "days ago: what" not in run("monitor", "--data", data, "--as-of", iso(tiny_histories().end)).out
    soon = iso(earlier_bundle().facts.trained_until + 31 * MICROSECONDS_PER_DAY)
    early = run("monitor", "--data", data, "--as-of", soon, "--exit-code", "--json")
    assert early.status == 0, early.err
    assert early.figures["advice"] in ("keep", "watch")
    assert "is due on" in early.out
    assert "no snapshot since training has a complete horizon" in early.out


def test_what_was_found_is_kept_in_the_store_for_the_page(run: Run, data: str, champion: str, tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path / 'ladder.db'}"
    assert run("score", "--data", data, "--to", store).status == 0
    said = run("monitor", "--data", data, "--store", store, "--json")
    assert said.status == 0, said.err
    engine = open_store(store, make=False)
    with reading(engine) as connection:
        kept = verdicts(connection)
    engine.dispose()
    assert [(one.kind, one.name) for one in kept] == [("model", champion)]
    assert kept[0].figures["advice"] == said.figures["advice"] == "retrain"
    assert "labels_complete" in {one.code for one in from_json(kept[0].figures["findings"])}
    assert "reasons" not in kept[0].figures  # sentences are for whoever reads the command's answer
    assert any("a complete set of labels" in reason for reason in said.figures["reasons"])


@pytest.mark.usefixtures("champion")
def test_under_mlflow_run_the_run_that_is_open_is_used(run: Run, data: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """`mlflow run` opens one in the experiment that it was told, which is seldom ours."""
    with connected(os.environ["MLFLOW_TRACKING_URI"]) as (_, client):
        opened = client.create_run("0").info.run_id
    monkeypatch.setenv("MLFLOW_RUN_ID", opened)
    monkeypatch.setenv("MLFLOW_EXPERIMENT_ID", "0")
    monkeypatch.setattr("mlflow.tracking.fluent._active_experiment_id", None)  # of earlier tests in this process
    said = run("monitor", "--data", data, "--json")
    assert said.status == 0, said.err
    assert said.figures["run_id"] == opened
    logged = mlflow.MlflowClient(os.environ["MLFLOW_TRACKING_URI"]).get_run(opened)
    assert logged.data.tags["advice"] == said.figures["advice"]


def test_where_there_is_nothing_to_monitor_that_is_said(run: Run, data: str) -> None:
    message = refused(run("monitor", "--data", data))
    for words in ("no champion", "no plan", "no store", "ladder train", "--model URI"):
        assert words in message


def test_a_champion_of_another_catalogue_is_a_reason_to_retrain(run: Run, data: str, champion: str) -> None:
    manifest = published(Path("champion")) / MANIFEST
    content = json.loads(manifest.read_text())
    content["facts"]["catalog"] = "000000000000"
    manifest.write_text(json.dumps(content))
    said = run("monitor", "--data", data, "--json")
    assert said.status == 0, said.err
    assert said.figures["advice"] == "retrain"
    assert "feature catalogue 000000000000" in said.out
    assert run("monitor", "--data", data, "--exit-code").status == 3
    assert "feature catalogue" in refused(run("monitor", "--data", data, "--model", f"champion/{champion}"))


def log_of(folder: Path) -> list[tuple[str, str]]:
    lines = [json.loads(line) for line in (folder / LOG).read_text().splitlines()]
    assert all({"at", "step", "seconds", "outcome"} <= line.keys() for line in lines)
    return [(line["step"], line["outcome"]) for line in lines]


QUICK = """
[outcome]
further_horizons_days = []
[booster]
rounds = 5
[slices]
every_days = 90
most = 8
[uplift]
least_treated = 100000
"""


def test_retraining_does_all_of_it_once_and_then_nothing(run: Run, data: str, champion: str, tmp_path: Path) -> None:
    (tmp_path / "quick.toml").write_text(QUICK)
    asked = ("retrain", "--data", data, "--config", "quick.toml", "--out", "nightly", "--export-crm", "hubspot",
             "--budget", "none", "--json")  # fmt: skip
    said = run(*asked)
    assert said.status == 0, said.err
    figures, folder = said.figures, tmp_path / "nightly"
    assert figures["done"] == "all"
    assert (published(tmp_path / "champion").name == figures["bundle"]) == figures["promoted"]
    assert len(pd.read_parquet(folder / "scores" / "scores.parquet")) == figures["accounts"]
    assert list(folder.glob("hubspot*.csv"))
    assert json.loads((folder / "monitor" / "monitor.json").read_text())["model_version"] == champion
    assert [step for step, outcome in log_of(folder) if outcome == "done"] == list(retraining.STEPS)
    again = run(*asked)
    assert again.status == 0, again.err
    assert again.figures == {**figures, "done": "nothing"}
    assert "Nothing to do" in again.out
    assert "Set" not in (folder / LOG).read_text()


Called = list[str]
RESULTS: dict[str, Any] = {
    "check": retraining.Checked(3, 0),
    "train": Registered(version=7, bundle="b", champion=False, passes=True, not_worse=True, figures={}),
    "compare": retraining.Compared(better=True, already=False),
    "promote": retraining.Promoted(True),
    "score": retraining.Scored(3, "b"),
    **dict.fromkeys(("export", "plan", "monitor"), retraining.Written()),
}


def stub(name: str, called: Called, error: Exception | None = None) -> Callable[..., object]:
    """A step that only notes that it was called."""

    def work(*_: object) -> object:
        called.append(name)
        if error is not None:
            raise error
        return RESULTS[name]

    return work


@pytest.fixture
def stubbed(monkeypatch: pytest.MonkeyPatch) -> Called:
    """Every step replaced by one that only notes that it was called."""
    called: Called = []
    histories = tiny_histories()
    for name in retraining.STEPS:
        monkeypatch.setattr(retraining, f"_{name}", stub(name, called))
    loaded = Loaded(small_settings(), NO_SOURCE, histories, histories.end)
    monkeypatch.setattr(retraining, "load_source", lambda *_, **__: loaded)
    return called


def again(run: Run) -> Said:
    return run("retrain", "--data", "x", "--out", "nightly", "--json")


@pytest.mark.parametrize("broken", list(retraining.STEPS))
def test_a_step_that_broke_off_is_done_again_and_those_before_it_are_not(
    broken: str, run: Run, stubbed: Called, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = NotEnoughData("the disk is gone, and account Set-Me-Apart with it")
    monkeypatch.setattr(retraining, f"_{broken}", stub(broken, stubbed, gone))
    assert "the disk is gone" in refused(again(run))
    monkeypatch.setattr(retraining, f"_{broken}", stub(broken, stubbed))
    said = again(run)
    assert said.status == 0, said.err
    names = list(retraining.STEPS)
    place = names.index(broken)
    assert stubbed == [*names[: place + 1], *names[place:]]
    assert log_of(Path("nightly")).count((broken, "refused")) == 1
    assert "Set-Me-Apart" not in Path("nightly", LOG).read_text()
    assert again(run).figures["done"] == "nothing"
    assert stubbed == [*names[: place + 1], *names[place:]]


def test_other_data_or_another_champion_begin_anew(
    run: Run, stubbed: Called, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert again(run).figures["done"] == "all"
    write_bundle(earlier_bundle(), tmp_path / "made")
    publish(tmp_path / "made", tmp_path / "champion")
    assert again(run).figures["done"] == "all"
    histories = tiny_histories()
    earlier = Loaded(small_settings(), NO_SOURCE, histories, histories.end - MICROSECONDS_PER_DAY)
    monkeypatch.setattr(retraining, "load_source", lambda *_, **__: earlier)
    assert again(run).figures["done"] == "all"
    assert stubbed == 3 * list(retraining.STEPS)


KILLED = """
import os, signal, sys
from pathlib import Path
from commands.resumable_steps import Steps, alone
from commands.retraining import Checked
with alone(Path("lock")):
    steps = Steps(Path("work"), {"data": "d"})
    steps.run("check", Checked, lambda: Checked(3, 0))
    print("ready", flush=True)
    if sys.argv[1] == "wait":
        sys.stdin.read()
    steps.run("train", Checked, lambda: os.kill(os.getpid(), signal.SIGKILL))
"""


def test_a_kill_at_any_moment_leaves_what_was_finished_and_no_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    where = {**os.environ, "PYTHONPATH": str(Path(ladder.__file__).parent)}
    done = subprocess.run([sys.executable, "-c", KILLED, "go"], env=where, check=False, capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    with alone(Path("lock")):
        steps = Steps(Path("work"), {"data": "d"})
        assert steps.done("check")
        assert not steps.done("train")
        assert steps.run("check", retraining.Checked, lambda: retraining.Checked(9, 0)) == retraining.Checked(3, 0)
        assert not Steps(Path("work"), {"data": "other"}).done("check")
    assert ("train", "started") in log_of(Path("work"))
    Path("work", STATE).write_text("{half a st")
    assert not Steps(Path("work"), {"data": "d"}).done("check")


def test_two_at_once_do_not_run_and_a_dead_one_holds_nobody_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    where = {**os.environ, "PYTHONPATH": str(Path(ladder.__file__).parent)}
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, "wait"], env=where, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "ready\n"
        with pytest.raises(SettingsError, match=f"process {other.pid}"), alone(Path("lock")):
            pass
        other.kill()
        other.wait()
    with alone(Path("lock")):
        assert Path("lock").read_text().strip() == str(os.getpid())
