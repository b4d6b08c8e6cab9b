"""The program as people meet it: what it writes, what it says, and how it refuses."""

import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import ladder
from commands.command_line import COMMANDS
from commands.parser import arguments_of
from features.tables import RUNGS
from serving.planning.plan import PLAN_COLUMNS
from serving.scoring.score_columns import HORIZON_COLUMNS, INVESTMENT_COLUMNS, SCORE_COLUMNS
from tests.trained import tiny
from training.model.bundle import write_bundle
from training.model.champion import publish
from training.model.findings import from_json
from training.simulator.simulation import write

CONFIG = """
[booster]
rounds = 20
threads = 1
[slices]
every_days = 60
most = 12
[uplift]
least_treated = 20
least_effective = 20
folds = 2
"""


@dataclass(frozen=True)
class Said:
    """What one command answered."""

    status: int
    out: str
    err: str

    @property
    def figures(self) -> dict[str, Any]:
        """The JSON object on the last line."""
        figures: dict[str, Any] = json.loads(self.out.splitlines()[-1])
        return figures


Run = Callable[..., Said]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """A command in an empty working folder with a registry of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlflow.db'}")
    monkeypatch.setenv("COLUMNS", "140")  # tables are folded to the terminal's width
    monkeypatch.delenv("LADDER_DEBUG", raising=False)
    (tmp_path / "few.toml").write_text(CONFIG)

    def command(*arguments: str) -> Said:
        capsys.readouterr()
        try:
            status = ladder.main(arguments)
        except SystemExit as wrong_usage:
            status = int(wrong_usage.code or 0)
        return Said(status, *capsys.readouterr())

    return command


@pytest.fixture
def data(tmp_path: Path) -> str:
    """The tiny supplier in a folder."""
    write(tiny(), tmp_path / "source")
    return str(tmp_path / "source")


def orders_only(folder: Path, orders: pd.DataFrame) -> str:
    folder.mkdir()
    orders.to_parquet(folder / "orders.parquet", index=False)
    return str(folder)


def refused(said: Said) -> str:
    """The one message of a refusal: exit status 1, a sentence, no traceback, nothing that blames the program."""
    lines = [line for line in said.err.splitlines() if not line.startswith("Note: ")]
    assert said.status == 1, said
    assert len(lines) == 1, said.err
    assert lines[0].startswith("ladder: ")
    assert "Traceback" not in said.err + said.out
    assert "mistake of the program" not in said.err
    return lines[0]


def test_from_a_source_to_scores_and_back(run: Run, data: str, tmp_path: Path) -> None:
    first = run("train", "--data", data, "--config", "few.toml", "--json")
    assert first.status == 0, first.err
    assert first.figures["version"] == 1
    assert first.figures["champion"] is True
    assert 0 < first.figures["next_rung_log_loss"] < 2
    for model in ("persistence", "mechanical roll-forward", "BG/NBD expected purchases", "loyalty-ladder"):
        assert model in first.out

    managers, worth = (
        pd.read_csv(next((tmp_path / "mlruns").rglob(f"{name}.csv"))) for name in ("managers", "acquisition")
    )
    assert managers["who"].tolist()[:2] == ["managers", "history"]
    assert set(worth["days"]) == {365, 730, 180}
    for words in ("What account managers' forecasts have been worth", "What winning accounts", "gross margin: "):
        assert words in first.out

    assert "grade of the next rung: " in first.out
    assert "of the accounts that we gave 0–10%, " in first.out

    second = run("train", "--data", data, "--config", "few.toml", "--as-of", "2025-10-01", "--json")
    assert second.status == 0, second.err
    assert (second.status, second.figures["version"], second.figures["champion"]) == (0, 2, False)
    assert "ladder promote 2" in second.out
    assert (tmp_path / "champion" / "current").read_text().strip() == first.figures["bundle"]

    assert run("promote", "2", "--json").figures == {"champion": 2}
    assert (tmp_path / "champion" / "current").read_text().strip() == second.figures["bundle"]
    assert run("rollback", "--json").figures == {"champion": 1}
    assert (tmp_path / "champion" / "current").read_text().strip() == first.figures["bundle"]
    assert "no former champion" in refused(run("rollback"))
    assert "no version 9" in refused(run("promote", "9"))

    ways = {
        "champion": [],
        "alias": ["--model", "models:/loyalty-ladder@champion"],
        "number": ["--model", "models:/loyalty-ladder/1"],
        "folder": ["--model", str(tmp_path / "champion" / first.figures["bundle"])],
    }
    tables = {}
    for name, arguments in ways.items():
        said = run("score", "--data", data, "--as-of", "2025-12-01", "--out", f"out/{name}", "--json", *arguments)
        assert said.status == 0, said.err
        assert said.figures["model_version"] == first.figures["bundle"]
        assert "Where account managers and history differ most about a climb (not causal)" in said.out
        tables[name] = pd.read_parquet(tmp_path / "out" / name / "scores.parquet")
        pd.testing.assert_frame_equal(tables[name], tables["champion"])
    other = run("score", "--data", data, "--out", "out/2", "--model", "models:/loyalty-ladder/2", "--json")
    assert other.figures["model_version"] == second.figures["bundle"]


WILD = CONFIG.replace("rounds = 20", "rounds = 60\nlearning_rate = 0.6\nleaves = 40\nleast_in_leaf = 3")


@pytest.mark.slow
def test_what_tuning_takes_gives_the_same_model_when_it_is_put_into_the_settings(
    run: Run, data: str, tmp_path: Path
) -> None:
    (tmp_path / "wild.toml").write_text(WILD)
    tuned = run("train", "--data", data, "--config", "wild.toml", "--tune", "0.15", "--json")
    assert tuned.status == 0, tuned.err
    assert "Downloading" not in tuned.err
    assert tuned.figures["tuning_trials"] >= 1  # how many there are in the time is the machine's
    assert "tuning: " in tuned.out
    with sqlite3.connect(tmp_path / "mlflow.db") as database:
        params = dict(database.execute("select key, value from params where key like 'booster.%'").fetchall())
    database.close()
    kept = next((tmp_path / "mlruns").rglob("tuned.toml"))
    table = pd.read_csv(kept.with_name("tuning.csv"))
    assert len(table) == tuned.figures["tuning_trials"]
    assert table["taken"].sum() == 1
    taken = table[table["taken"]].iloc[0]
    assert float(params["booster.learning_rate"]) == taken["learning_rate"]
    assert int(params["booster.rounds"]) == taken["rounds"]
    assert tuned.figures["tuning_gain"] == pytest.approx(max(taken["gain"], 0.0), abs=1e-6)
    found = from_json(json.loads(kept.with_name("findings.json").read_text()))
    assert found[0].code == "tuning_tried"
    assert (kept.read_text() in tuned.out) == (tuned.figures["tuning_gain"] > 0)
    (tmp_path / "own.toml").write_text(kept.read_text() + CONFIG.replace("[booster]\nrounds = 20\n", ""))
    again = run("train", "--data", data, "--config", "own.toml", "--json")
    assert again.figures["bundle"] == tuned.figures["bundle"]


def test_tuning_without_three_horizons_is_refused(run: Run, data: str) -> None:
    message = refused(run("train", "--data", data, "--config", "few.toml", "--as-of", "2023-09-01", "--tune", "1"))
    assert "10 slices 60 days apart are needed" in message
    assert "Train without --tune" in message


def test_scores_are_the_contract_s_columns_in_its_order(run: Run, data: str, tmp_path: Path, champion: str) -> None:
    for form in ("parquet", "csv", "xlsx"):
        said = run("score", "--data", data, "--out", "out", "--format", form, "--json")
        assert said.status == 0, said.err
        assert said.figures["model_version"] == champion
        assert (tmp_path / "out" / f"scores.{form}").is_file()
        assert (tmp_path / "out" / f"investment_scores.{form}").is_file()
        assert (tmp_path / "out" / f"horizons.{form}").is_file()
        assert (tmp_path / "out" / f"reasons.{form}").is_file()
        assert (tmp_path / "out" / f"lifetime.{form}").is_file()
        assert {row["by"] for row in said.figures["lifetime"]} >= {"all", "rung", "cohort"}
        assert {row["behaviour"] for row in said.figures["loyalty"]} >= {"stays", "spends"}
    kept = json.loads((tmp_path / "out" / "loyalty.json").read_text())
    assert kept == {"behaviours": said.figures["loyalty"], "after_years": said.figures["after_years"]}
    assert len(list((tmp_path / "out").iterdir())) == 17  # run.json beside them, and no file is left half written
    scores = pd.read_parquet(tmp_path / "out" / "scores.parquet")
    assert tuple(scores.columns) == SCORE_COLUMNS
    assert pd.read_csv(tmp_path / "out" / "scores.csv").columns.tolist() == list(SCORE_COLUMNS)
    assert pd.read_excel(tmp_path / "out" / "scores.xlsx").columns.tolist() == list(SCORE_COLUMNS)
    investments = pd.read_parquet(tmp_path / "out" / "investment_scores.parquet")
    assert investments.columns.tolist() == list(INVESTMENT_COLUMNS)
    horizons = pd.read_parquet(tmp_path / "out" / "horizons.parquet")
    assert horizons.columns.tolist() == list(HORIZON_COLUMNS)
    assert horizons["horizon_days"].tolist() == [90, 180, 365] * len(scores)
    assert (scores["as_of"] == pd.Timestamp("2026-01-01")).all()
    assert (scores["horizon_days"] == 180).all()
    np.testing.assert_allclose(scores[[f"p_{rung}" for rung in RUNGS]].sum(axis=1), 1, atol=1e-9)
    assert all(isinstance(json.loads(text), list) for text in scores["reasons"])
    assert sum(bool(json.loads(text)) for text in scores["reasons"]) > 200


def test_reasons_come_in_dutch_on_request_and_nothing_else_changes(run: Run, data: str, champion: str) -> None:
    assert champion
    for language in ("en", "nl"):
        assert run("score", "--data", data, "--out", language, "--language", language).status == 0
    english, dutch = (pd.read_parquet(f"{language}/scores.parquet") for language in ("en", "nl"))
    pd.testing.assert_frame_equal(english.drop(columns="reasons"), dutch.drop(columns="reasons"))
    assert "similar accounts" in " ".join(english["reasons"])
    assert "vergelijkbare accounts" in " ".join(dutch["reasons"])
    assert "accounts: " not in " ".join(dutch["reasons"]).replace("vergelijkbare accounts: ", "")


def test_what_changed_between_two_runs_adds_up(run: Run, data: str, champion: str, tmp_path: Path) -> None:
    for name, as_of in (("before", "2025-06-01"), ("after", "2025-12-01")):
        assert run("score", "--data", data, "--out", name, "--as-of", as_of).status == 0
    runs = ("changes", "--data", data, "--before", "before", "--after", "after")
    said = run(*runs, "--out", "c/changes.csv", "--json")
    assert said.status == 0, said.err
    assert said.figures["p_switch_model"] == 0.0
    assert said.figures["p_switch_behaviour"] > 0.001
    assert said.out.count("the account behaved differently") == 10
    changes = pd.read_csv(tmp_path / "c" / "changes.csv")
    parts = changes[["p_switch_corrections", "p_switch_behaviour", "p_switch_model"]].sum(axis=1, skipna=False)
    whole = changes["p_switch_after"] - changes["p_switch_before"]
    known = changes["p_switch_change"].notna()
    np.testing.assert_allclose(parts[known], whole[known], atol=1e-12)
    model = ("--model-before", f"champion/{champion}")
    assert run(*runs, "--out", "changes.parquet", *model).status == 0
    assert len(pd.read_parquet(tmp_path / "changes.parquet")) == len(changes)
    assert "must end in" in refused(run(*runs, "--out", "changes.pdf"))
    assert "no scores in" in refused(run(*runs[:3], "--before", "none", "--after", "after", "--out", "c.csv"))
    (tmp_path / "champion" / champion).rename(tmp_path / "elsewhere")
    assert "--model-before" in refused(run(*runs, "--out", "c.csv"))


@pytest.fixture
def champion(tmp_path: Path) -> str:
    """A champion in the working folder, without training anew."""
    from tests.trained import tiny_bundle

    version = write_bundle(tiny_bundle(), tmp_path / "bundle")
    publish(tmp_path / "bundle", tmp_path / "champion")
    return version


def test_check_says_what_the_data_hold(run: Run, data: str, tmp_path: Path) -> None:
    said = run("check", "--data", data, "--report", "aside.csv", "--json")
    assert said.status == 0, said.err
    assert set(said.figures["ladder"]) == set(RUNGS)
    assert sum(said.figures["ladder"].values()) == len(tiny().truth)
    assert said.figures["as_of"].startswith("2026-01-01")
    assert "table" in pd.read_csv(tmp_path / "aside.csv").columns


def test_backtest_has_every_baseline_beside_ours(run: Run, data: str) -> None:
    said = run("backtest", "--data", data, "--config", "few.toml", "--folds", "2", "--json")
    assert said.status == 0, said.err
    assert {"next_rung_log_loss", "next_rung_rps", "switching_log_loss", "revenue_deviance"} <= set(said.figures)
    assert said.out.count("grade of ") >= 3
    assert "of the accounts that we gave 0–10%, " in said.out
    for words in ("class frequencies", "Markov by recency", "count-process", "default LightGBM", "log-RFM", "unseen"):
        assert words in said.out.replace("never learnt from", "unseen")


def test_simulate_writes_a_source_and_its_truth_beside_it(run: Run, tmp_path: Path) -> None:
    arguments = ("simulate", "--out", "a/source", "--accounts", "60", "--months", "12", "--seed", "3", "--json")
    said = run(*arguments)
    assert said.status == 0, said.err
    assert said.figures["accounts"] == 60
    assert (tmp_path / "a" / "truth.parquet").is_file()
    assert not (tmp_path / "a" / "source" / "truth.parquet").exists()
    assert "atlantis" in refused(run("simulate", "--out", "b/source", "--scenario", "atlantis"))


def test_orders_alone_are_enough_and_what_is_missing_is_said(run: Run, tmp_path: Path) -> None:
    orders = tiny().tables["orders"][["account_id", "ordered_at", "revenue"]]
    source = orders_only(tmp_path / "bare", orders)
    trained = run("train", "--data", source, "--config", "few.toml", "--json")
    assert trained.status == 0, trained.err
    assert "uplift: left out; no investment is recorded" in trained.out
    said = run("score", "--data", source, "--out", "out", "--model", "models:/loyalty-ladder/1", "--json")
    assert said.status == 0, said.err
    assert "no investments" in said.out
    scores = pd.read_parquet(tmp_path / "out" / "scores.parquet")
    assert tuple(scores.columns) == SCORE_COLUMNS
    for column in ("recommended_investment", "expected_gain", "roi", "rank", "manager_forecast", "upgrade_uplift"):
        assert scores[column].isna().all(), column
    assert scores["p_switch"].notna().any()
    assert len(pd.read_parquet(tmp_path / "out" / "investment_scores.parquet")) == 0


def _day(day: int) -> pd.Timestamp:
    return pd.Timestamp("2024-01-01") + pd.Timedelta(days=day)


def test_ten_orders_are_too_few_to_learn_from(run: Run, tmp_path: Path) -> None:
    orders = pd.DataFrame([(f"A{k % 3}", _day(7 * k), 100.0) for k in range(10)])
    source = orders_only(tmp_path / "poor", orders.set_axis(["account_id", "ordered_at", "revenue"], axis=1))
    message = refused(run("train", "--data", source))
    assert "64 days of history, 270 needed" in message
    assert "outcome.horizon_days" in message
    assert refused(run("backtest", "--data", source)) == message
    checked = run("check", "--data", source, "--json")
    assert checked.status == 0
    assert checked.figures["ladder"]["customer"] == 3


def test_ten_orders_over_years_are_refused_or_said_to_be_thin(run: Run, tmp_path: Path) -> None:
    orders = pd.DataFrame([(f"A{k % 3}", _day(100 * k), 100.0) for k in range(10)])
    source = orders_only(tmp_path / "thin", orders.set_axis(["account_id", "ordered_at", "revenue"], axis=1))
    said = run("train", "--data", source, "--config", "few.toml", "--json")
    if said.status == 0:
        assert "switching: left out" in said.out
    else:
        refused(said)


def _no_revenue(folder: Path) -> None:
    pd.DataFrame({"account_id": ["A"], "ordered_at": [_day(0)], "amount": [1.0]}).to_parquet(folder / "orders.parquet")


def _empty(folder: Path) -> None:
    frame = pd.DataFrame({"account_id": ["A"], "ordered_at": [_day(0)], "revenue": [1.0]})
    frame.iloc[:0].to_parquet(folder / "orders.parquet")


def _headers_only(folder: Path) -> None:
    (folder / "orders.csv").write_text("account_id,ordered_at,revenue\n")


def _no_parquet(folder: Path) -> None:
    (folder / "orders.parquet").write_bytes(b"PAR1 this is no Parquet file PAR0")


def _no_bytes(folder: Path) -> None:
    (folder / "orders.csv").write_bytes(b"")


def _binary_csv(folder: Path) -> None:
    (folder / "orders.csv").write_bytes(bytes(range(256)) * 40)


def _mostly_bad(folder: Path) -> None:
    rows = "\n".join(f"A,2024-01-{k:02d},{'many' if k % 2 else 5}" for k in range(1, 29))
    (folder / "orders.csv").write_text(f"account_id,ordered_at,revenue\n{rows}\n")


def _nothing(_: Path) -> None:
    pass


def _other_tables(folder: Path) -> None:
    (folder / "tickets.csv").write_text("account_id,opened_at\nA,2024-01-01\n")


def _twice(folder: Path) -> None:
    _headers_only(folder)
    _empty(folder)


BAD: dict[str, tuple[Callable[[Path], None], tuple[str, ...]]] = {
    "a required column is missing": (_no_revenue, ("revenue", "amount")),
    "orders without rows": (_empty, ("orders", "no rows")),
    "orders with only a header": (_headers_only, ("orders", "no rows")),
    "a file that is no Parquet": (_no_parquet, ("orders.parquet",)),
    "a file without a byte": (_no_bytes, ("orders",)),
    "bytes that are no text": (_binary_csv, ("orders",)),
    "half of the rows bad": (_mostly_bad, ("orders", "revenue")),
    "an empty folder": (_nothing, ("orders",)),
    "other tables but no orders": (_other_tables, ("orders", "tickets")),
    "orders twice": (_twice, ("orders",)),
}


@pytest.mark.parametrize("command", ["train", "score", "backtest"])
@pytest.mark.parametrize("what", BAD)
def test_a_bad_source_is_refused_with_one_message(
    what: str, command: str, run: Run, champion: str, tmp_path: Path
) -> None:
    assert champion
    make, words = BAD[what]
    (tmp_path / "bad").mkdir()
    make(tmp_path / "bad")
    more = ("--out", "out") if command == "score" else ()
    message = refused(run(command, "--data", "bad", *more))
    assert all(word in message for word in words), message
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("source", ["nowhere", "few.toml", "sqlite:///nowhere/at/all.db", "no://such.place/x"])
def test_a_source_that_is_not_there_is_refused(source: str, run: Run, champion: str) -> None:
    assert champion
    for command in (["train"], ["check"], ["backtest"], ["score", "--out", "out"]):
        assert source.split("/")[-1] in refused(run(*command, "--data", source)) or "://" in source


def test_a_password_in_an_address_is_not_shown(run: Run) -> None:
    said = run("check", "--data", "postgresql://ann:s3cret@127.0.0.1:1/none")
    assert "s3cret" not in said.err + said.out
    refused(said)


def test_settings_that_are_wrong_are_refused_by_name(run: Run, data: str, tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text("[booster]\ntrees = 3\n")
    for command in (["train", "--data", data], ["rollback"], ["promote", "1"], ["score", "--data", data, "--out", "o"]):
        assert "booster.trees" in refused(run(*command, "--config", "own.toml"))
    assert "absent.toml" in refused(run("train", "--data", data, "--config", "absent.toml"))


def test_without_a_champion_scoring_says_what_to_do(run: Run, data: str, tmp_path: Path) -> None:
    assert "ladder train" in refused(run("score", "--data", data, "--out", "out"))
    assert not (tmp_path / "out").exists()
    for model in ("models:/loyalty-ladder@champion", "models:/loyalty-ladder/1"):
        assert "ladder train" in refused(run("score", "--data", data, "--out", "out", "--model", model))
    assert "no version 1 of other" in refused(
        run("score", "--data", data, "--out", "out", "--model", "models:/other/1")
    )
    for model in ("models:/loyalty-ladder/x", "nowhere"):
        assert "is no model" in refused(run("score", "--data", data, "--out", "out", "--model", model))
    assert "no version 1" in refused(run("promote", "1"))
    assert "no former champion" in refused(run("rollback"))


def test_a_damaged_champion_is_refused(run: Run, data: str, champion: str, tmp_path: Path) -> None:
    file = tmp_path / "champion" / champion / "next_rung.json"
    file.write_bytes(file.read_bytes().replace(b"0", b"1", 1))
    assert "next_rung.json" in refused(run("score", "--data", data, "--out", "out"))


@pytest.mark.parametrize("as_of", ["1999-01-01", "0001-01-01", "1970-01-01T00:00"])
def test_before_everything_there_is_nothing_to_say(as_of: str, run: Run, data: str, champion: str) -> None:
    assert champion
    assert as_of[:4] in refused(run("score", "--data", data, "--out", "out", "--as-of", as_of))
    assert "history" in refused(run("train", "--data", data, "--as-of", as_of))
    refused(run("backtest", "--data", data, "--as-of", as_of))


@pytest.mark.parametrize("as_of", ["tomorrow", "2024-13-01", "31-12-2024"])
def test_a_time_that_is_none_is_refused(as_of: str, run: Run, data: str, champion: str) -> None:
    assert champion
    assert as_of in refused(run("score", "--data", data, "--out", "out", "--as-of", as_of))


def test_far_ahead_everybody_has_gone_quiet(run: Run, data: str, champion: str, tmp_path: Path) -> None:
    assert champion
    assert run("score", "--data", data, "--out", "out", "--as-of", "2199-12-31").status == 0
    assert set(pd.read_parquet(tmp_path / "out" / "scores.parquet")["rung"]) == {"suspect"}


def test_a_folder_that_cannot_be_written_is_refused(run: Run, data: str, champion: str, tmp_path: Path) -> None:
    assert champion
    (tmp_path / "taken").write_text("a file stands here")
    assert "taken" in refused(run("score", "--data", data, "--out", "taken"))
    assert "nowhere" in refused(run("check", "--data", data, "--report", "nowhere/aside.csv"))


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("fly",),
        ("train",),
        ("score", "--data", "x"),
        ("promote",),
        ("promote", "one"),
        ("score", "--data", "x", "--out", "y", "--format", "pdf"),
        ("train", "--data", "x", "--speed", "9"),
        ("train", "--data", "x", "--tune", "0"),
        ("train", "--data", "x", "--tune", "soon"),
        ("train", "--data", "x", "--tune", "inf"),
        ("simulate", "--out", "x", "--accounts", "many"),
        ("plan", "--scores", "x", "--budget", "-1", "--out", "p.csv"),
        ("plan", "--scores", "x", "--budget", "nan", "--out", "p.csv"),
        ("plan", "--scores", "x", "--budget", "1", "--out", "p.csv", "--bond-budget", "social"),
        ("plan", "--scores", "x", "--budget", "1", "--out", "p.csv", "--on", "hope"),
        ("monitor", "--exit-code"),
        ("retrain", "--data", "x"),
        ("retrain", "--data", "x", "--out", "y", "--budget", "some"),
        ("backtest", "--data", "x", "--folds", "0"),
        ("backtest", "--data", "x", "--folds", "-1"),
    ],
)
def test_wrong_usage_ends_with_status_two(arguments: tuple[str, ...], run: Run) -> None:
    said = run(*arguments)
    assert said.status == 2
    assert "usage:" in said.err


@pytest.mark.parametrize("command", COMMANDS)
def test_help_says_what_every_argument_is(command: str, run: Run) -> None:
    said = run(command, "--help")
    assert said.status == 0
    assert all(one.option.help for one in arguments_of(COMMANDS[command].options))


def test_a_registry_that_cannot_be_reached_is_refused(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "other.db").write_bytes(b"this is no database, whatever its name says" * 40)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/other.db")
    assert "MLFLOW_TRACKING_URI" in refused(run("promote", "1"))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "carrier-pigeon://ann:s3cret@loft")
    message = refused(run("promote", "1"))
    assert "MLFLOW_TRACKING_URI" in message
    assert "s3cret" not in message


def test_a_database_is_a_source_too(run: Run, champion: str, tmp_path: Path) -> None:
    assert champion
    with sqlite3.connect(tmp_path / "crm.db") as database:
        tiny().tables["orders"].to_sql("facturen", database, index=False)
    database.close()
    (tmp_path / "own.toml").write_text('[tables.orders]\nquery = "SELECT * FROM facturen WHERE revenue > 0"\n')
    said = run("score", "--data", "sqlite:///crm.db", "--config", "own.toml", "--out", "out", "--json")
    assert said.status == 0, said.err
    assert said.figures["accounts"] > 100


def test_a_plan_keeps_its_budget_and_is_held_against_what_happened(
    run: Run, data: str, champion: str, tmp_path: Path
) -> None:
    assert champion
    assert run("score", "--data", data, "--as-of", "2025-06-01", "--out", "scores", "--format", "csv").status == 0
    said = run("plan", "--scores", "scores", "--budget", "20000", "--holdout", "0.3", "--out", "plan.csv", "--json")
    assert said.status == 0, said.err
    assert "this gain flatters" in said.out or "judged on accounts that had no part" in said.out
    for words in ("expected gain", "held out by lot", "the next €10,000", "first: that saves",
                  "left alone", "no other choice within these limits"):  # fmt: skip
        assert words in said.out
    plan = pd.read_csv(tmp_path / "plan.csv", dtype={"account_id": str})
    treated = plan[plan["arm"] == "treat"]
    assert plan.columns.tolist() == PLAN_COLUMNS
    assert 13_000 < treated["cost"].sum() == said.figures["spent"] <= 20_000
    assert plan["owner"].isna().all()
    record = json.loads((tmp_path / "plan.csv.json").read_text())
    assert (record["as_of"], record["horizon_days"], record["limits"]["budget"]) == ("2025-06-01", 180, 20_000)

    found = run("monitor", "--data", data, "--plan", "plan.csv", "--json")
    assert found.status == 0, found.err
    assert "over its whole horizon; promised" in found.out
    assert "the planned investment was made for" in found.out
    assert found.figures["plans"]["plan.csv"]["treated"] == len(treated)
    assert found.figures["gain_low"] < found.figures["gain"] < found.figures["gain_high"]
    both = run("monitor", "--data", data, "--plan", "plan.csv", "plan.csv", "--as-of", "2025-08-30")
    assert "All 2 plans together" in both.out
    assert "in the 50% of its horizon so far" in both.out
    assert "nothing has happened since" in refused(run("monitor", "--data", data, "--plan", "plan.csv",
                                                       "--as-of", "2025-06-01"))  # fmt: skip
    (tmp_path / "plan.csv.json").unlink()
    assert "keep both together" in refused(run("monitor", "--data", data, "--plan", "plan.csv"))


def test_a_plan_by_owner_takes_their_names_from_the_source(run: Run, data: str, champion: str, tmp_path: Path) -> None:
    assert champion
    assert run("score", "--data", data, "--out", "scores").status == 0
    asked = ("plan", "--scores", "scores", "--budget", "50000", "--out", "plan.parquet", "--owner-budget", "3000")
    assert "give --data" in refused(run(*asked))
    (tmp_path / "own.toml").write_text("[plan]\nhours = { visit_programme = 6, rebate = 6, integration = 6 }\n")
    said = run(*asked, "--data", data, "--bond-budget", "financial=4000", "--hours", "12", "--config", "own.toml")
    assert said.status == 0, said.err
    plan = pd.read_parquet(tmp_path / "plan.parquet")
    owner = tiny().tables["accounts"].set_index("account_id")["owner"]
    named = plan.dropna(subset=["owner"])
    assert (named["owner"].to_numpy() == owner[named["account_id"]].to_numpy()).all()
    assert plan.groupby(plan["owner"].fillna("-"))["cost"].sum().max() <= 3_000
    assert plan.groupby(plan["owner"].fillna("-")).size().max() == 2
    assert plan.loc[plan["investment"] == "rebate", "cost"].sum() <= 4_000
    assert "There is no bond 'sociable'" in refused(run(*asked, "--bond-budget", "sociable=1"))
    assert "should end in" in refused(run("plan", "--scores", "scores", "--budget", "1", "--out", "plan.docx"))
    assert "no scores in nowhere" in refused(run("plan", "--scores", "nowhere", "--budget", "1", "--out", "p.csv"))
