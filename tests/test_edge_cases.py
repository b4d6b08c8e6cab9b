"""Sources at the edge of what can be learnt: trained, judged, registered and scored through the program itself.

In each there is a clear refusal, or every number is one that the contract promises: chances in 0..1 that sum to one,
nothing infinite, null only where the contract allows it. Warnings are errors here as everywhere.
"""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.tables import RUNGS, TRIGGER_FAMILIES
from serving.api.app import answer_score
from serving.scoring.score_columns import INVESTMENT_COLUMNS, SCORE_COLUMNS
from serving.scoring.scoring_service import ScoringService
from tests.commands.test_cli import Run, orders_only, run
from tests.trained import tiny
from training.model.bundle import read_bundle
from training.simulator.simulation import write
from training.tracking.registry import Registry

__all__ = ["run"]

START = pd.Timestamp("2020-01-01")
ALWAYS = ["as_of", "horizon_days", "model_version", "rung", "next_rung", "p_upgrade", "p_downgrade",
          "expected_revenue", "reasons"]  # fmt: skip
CHANCES = [f"p_{rung}" for rung in RUNGS]


def sound(scores: pd.DataFrame, investments: pd.DataFrame) -> None:
    """Refuse whatever section 4 of the contract does not allow."""
    assert tuple(scores.columns) == SCORE_COLUMNS
    assert tuple(investments.columns) == tuple(INVESTMENT_COLUMNS)
    for table in (scores, investments):
        numbers = table.select_dtypes("number").to_numpy(np.float64)
        assert not np.isinf(numbers).any()
    assert scores[ALWAYS].notna().all().all(), scores[ALWAYS].isna().sum()
    assert (scores["upgrade_basis"].isna() == (scores["rung"] == RUNGS[-1])).all(), "nothing lies above the top rung"
    chances = scores[CHANCES].to_numpy()
    assert ((chances >= 0) & (chances <= 1)).all()
    np.testing.assert_allclose(chances.sum(axis=1), 1, atol=1e-9)
    rung = scores["rung"].map(list(RUNGS).index).to_numpy()
    steps = np.arange(len(RUNGS))
    np.testing.assert_allclose((chances * (steps > rung[:, None])).sum(axis=1), scores["p_upgrade"], atol=1e-9)
    np.testing.assert_allclose((chances * (steps < rung[:, None])).sum(axis=1), scores["p_downgrade"], atol=1e-9)
    assert scores["p_switch"].dropna().between(0, 1).all()
    assert scores.loc[rung < RUNGS.index("shopper"), "p_switch"].isna().all()
    triggers = [f"trigger_{name}" for name in TRIGGER_FAMILIES]
    for name in ("switch_trigger", *triggers):
        assert (scores[name].isna() == scores["p_switch"].isna()).all(), name
    known = scores["p_switch"].notna()
    np.testing.assert_allclose(scores.loc[known, triggers].sum(axis=1), 1, atol=1e-9)
    assert (scores["upgrade_uplift"].isna() | (scores["upgrade_basis"] != "insufficient")).all()
    assert all(isinstance(json.loads(text), list) for text in scores["reasons"])
    unsure, effect = investments["basis"] == "insufficient", ["uplift_low", "uplift", "uplift_high"]
    assert investments.loc[~unsure, [*effect, "gain"]].notna().all().all()
    assert investments.loc[unsure, effect].isna().all().all()
    assert (investments.loc[~unsure, effect].diff(axis=1).iloc[:, 1:] >= 0).all().all(), "inside its interval"


def every(days: float, accounts: int, until: int, begin: int = 0, revenue: float = 100.0) -> pd.DataFrame:
    """Orders of accounts that all buy on the same days."""
    times = np.arange(begin, until, days)
    names = np.repeat([f"A{k:04}" for k in range(accounts)], len(times))
    when = START + pd.to_timedelta(np.tile(times, accounts), unit="D")
    return pd.DataFrame({"account_id": names, "ordered_at": when, "revenue": revenue})


def once_each() -> pd.DataFrame:
    """Accounts that order once in their life, over three years."""
    days = np.arange(0, 1095, 5)
    names = [f"A{k:04}" for k in range(len(days))]
    return pd.DataFrame({"account_id": names, "ordered_at": START + pd.to_timedelta(days, unit="D"), "revenue": 80.0})


def trained(run: Run, source: str, *arguments: str) -> str:
    """What training said; its model is version 1 of the registry."""
    said = run("train", "--data", source, "--config", "few.toml", "--folds", "1", "--json", *arguments)
    assert said.status == 0, said.err
    assert not re.search(r"\b(nan|inf)\b", said.out, re.IGNORECASE), "the last line is JSON, which has neither"
    return said.out


def scored(run: Run, source: str, *arguments: str) -> pd.DataFrame:
    said = run("score", "--data", source, "--out", "out", "--model", "models:/loyalty-ladder/1", *arguments)
    assert said.status == 0, said.err
    scores, investments = (pd.read_parquet(f"out/{name}.parquet") for name in ("scores", "investment_scores"))
    sound(scores, investments)
    return scores


def test_where_everybody_stays_and_nobody_ever_leaves(run: Run, tmp_path: Path) -> None:
    """Constant revenue too: the same order every month, from everybody, for four years."""
    source = orders_only(tmp_path / "steady", every(30, 40, 1440))
    said = trained(run, source)
    assert "switching: left out; 0 of 480 snapshots left" in said
    scores = scored(run, source)
    assert (scores["rung"] == "member").all()
    assert (scores["p_member"] > 0.9).all()
    assert scores["p_switch"].isna().all()
    np.testing.assert_allclose(scores["expected_revenue"], 600, rtol=0.1)


def test_where_everybody_falls_silent(run: Run, tmp_path: Path) -> None:
    source = orders_only(tmp_path / "silent", every(20, 60, 81))
    as_of = ("--as-of", "2021-12-01")
    said = trained(run, source, *as_of)
    assert "switching: left out" in said
    scores = scored(run, source, *as_of)
    assert (scores["expected_revenue"] < 100).all()
    assert (scores["expected_revenue"] >= 0).all()


@pytest.mark.slow
def test_where_every_account_orders_once(run: Run, tmp_path: Path) -> None:
    """Gaps, trends and all that a second order tells are missing; so are all other tables."""
    source = orders_only(tmp_path / "once", once_each())
    trained(run, source)
    scores = scored(run, source)
    assert set(scores["rung"]) == {"shopper", "suspect"}
    fresh = scores["rung"] == "shopper"
    assert scores.loc[fresh, "p_customer"].max() < 0.05, "nobody ever ordered twice"


def test_a_request_without_any_order_is_scored_or_refused_by_itself(run: Run, tmp_path: Path) -> None:
    source, orders = tmp_path / "once", once_each()
    orders_only(source, orders)
    known = orders.rename(columns={"ordered_at": "created_at"}).drop(columns="revenue")
    known.to_csv(source / "accounts.csv", index=False)
    trained(run, str(source))
    bundle = Registry(f"sqlite:///{tmp_path / 'mlflow.db'}").fetch(1, tmp_path)
    asked = [
        {"account_id": "new", "account": {"created_at": "2022-06-01"}},
        {"account_id": "new too", "account": {"created_at": "2022-06-01"}, "orders": []},
        {"account_id": "never seen", "orders": []},
    ]
    body = json.dumps({"as_of": "2023-01-01", "accounts": asked}).encode()
    answers = json.loads(answer_score(ScoringService(*read_bundle(bundle)), body))["results"]
    assert [one["status"] for one in answers] == ["ok", "ok", "error"]
    assert [error["code"] for error in answers[2]["errors"]] == ["not_known"]
    for one in answers[:2]:
        scores = one["scores"]
        assert scores["rung"] == "suspect"
        assert sum(scores[name] for name in CHANCES) == pytest.approx(1)
        assert scores["p_switch"] is None
        assert 0 <= scores["expected_revenue"] < 80


@pytest.mark.slow
def test_rungs_on_which_nobody_stands(run: Run, tmp_path: Path) -> None:
    """Without referrals, testimonials, contracts and inquiries nobody is prospect, advocate or raving fan."""
    tables = {name: rows for name, rows in tiny().tables.items() if name in ("orders", "accounts", "tickets")}
    (tmp_path / "bare").mkdir()
    for name, rows in tables.items():
        rows.to_parquet(tmp_path / "bare" / f"{name}.parquet", index=False)
    trained(run, "bare")
    scores = scored(run, "bare")
    empty = ["prospect", "advocate", "raving_fan"]
    assert not scores["rung"].isin(empty).any()
    assert (scores[[f"p_{rung}" for rung in empty]].sum(axis=1) < 0.02).all()
    assert scores["upgrade_value_gap"].notna().any()


@pytest.mark.slow
def test_three_hundred_accounts_are_enough_for_every_number_that_is_promised(run: Run, tmp_path: Path) -> None:
    write(tiny(), tmp_path / "source")
    trained(run, "source")
    scores = scored(run, "source")
    assert len(scores) == 300
    assert scores["p_switch"].notna().any()
    assert set(scores["upgrade_basis"].dropna()) <= {"adjusted", "discontinuity", "insufficient"}


MILLION = 1_000_000


@pytest.mark.slow
def test_a_million_orders_of_one_account_beside_three_hundred_others(run: Run, tmp_path: Path) -> None:
    """A marketplace, a cash desk booked on one number: such an account is in many a source."""
    folder = tmp_path / "source"
    write(tiny(), folder)
    orders = pd.read_parquet(folder / "orders.parquet", columns=["account_id", "ordered_at", "revenue"])
    first, last = orders["ordered_at"].min(), orders["ordered_at"].max()
    giant = pd.DataFrame({
        "account_id": "GIANT", "ordered_at": pd.date_range(first, last, periods=MILLION).astype("datetime64[us]"),
        "revenue": 20.0,
    })  # fmt: skip
    both = orders_only(tmp_path / "both", pd.concat([orders, giant], ignore_index=True))
    of = ["--data", both, "--config", "few.toml"]
    code = (
        "import resource, ladder\n"
        f"assert ladder.main(['train', *{of}]) == 0\n"
        f"assert ladder.main(['score', *{of}, '--out', 'out', '--model', 'models:/loyalty-ladder/1']) == 0\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)"
    )
    assert run
    said = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr
    assert int(said.stdout.splitlines()[-1]) < 2_000, "megabytes, of models that are fitted side by side"
    scores, investments = (
        pd.read_parquet(tmp_path / f"out/{name}.parquet") for name in ("scores", "investment_scores")
    )
    sound(scores, investments)
    giant_score = scores[scores["account_id"] == "GIANT"].iloc[0]
    assert giant_score["rung"] == "member"
    assert giant_score["p_member"] > 0.5


MAKERS: dict[str, Callable[[], pd.DataFrame]] = {
    "every month": lambda: every(30, 40, 240),
    "once": lambda: once_each().head(40),
}


@pytest.mark.parametrize("what", MAKERS)
@pytest.mark.parametrize("command", ["train", "backtest"])
def test_a_history_too_short_is_refused_with_the_days_it_takes(
    what: str, command: str, run: Run, tmp_path: Path
) -> None:
    source = orders_only(tmp_path / "short", MAKERS[what]())
    said = run(command, "--data", source, "--config", "few.toml")
    assert said.status == 1
    assert "270 needed" in said.err
    assert "mistake of the program" not in said.err
