"""Whatever the source, training ends with a bundle that scores, or with a refusal in words."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings

from features.errors import LadderError, NotEnoughData
from features.histories.histories import build_histories
from features.instants import instant
from features.sources.source import source_from_rows
from serving.scoring.batch import score_frames
from serving.scoring.scoring import Scorer
from tests.builders import Frames, as_it_stood
from tests.strategies import Drawn, sources
from tests.told import told
from tests.trained import small_settings, tiny, tiny_histories, tiny_trained
from training.model.bundle import MANIFEST
from training.pipeline import train
from training.settings import Settings


def hasty() -> Settings:
    """A short horizon and three trees: small sources reach every model."""
    settings = small_settings()
    return replace(
        settings,
        outcome=replace(settings.outcome, horizon_days=60, recorded_at_least=2),
        slices=replace(settings.slices, every_days=30, most=5, least_history_days=0),
        booster=replace(settings.booster, rounds=3),
        uplift=replace(settings.uplift, least_treated=2, least_effective=2, landmark_days=30),
    )


def trained_and_scored(tables: Frames, at: int | None, folds: int) -> None:
    refusal = refused(tables, at, folds)
    assert refusal is None or (str(refusal) and "\n" not in str(refusal))


def refused(tables: Frames, at: int | None, folds: int) -> LadderError | None:
    """Why nothing could be learnt or scored; None where it could be."""
    known = build_histories(source_from_rows(tables))
    try:
        end = known.end if at is None else at
        bundle = train(known, hasty(), end, folds=folds).bundle
        scores, *_ = score_frames(Scorer(bundle, "v"), known, end)
    except LadderError as refusal:
        return refusal
    assert np.isfinite(scores["expected_revenue"].to_numpy()).all()
    assert (scores.filter(regex="^p_(up|down)").to_numpy() >= 0).all()
    return None


@hypothesis_settings(max_examples=35)
@given(sources())
def test_any_source_is_learnt_from_or_refused(drawn: Drawn) -> None:
    trained_and_scored(drawn.tables, drawn.at, folds=0)


@hypothesis_settings(max_examples=15)
@given(sources())
def test_any_source_is_evaluated_or_refused(drawn: Drawn) -> None:
    trained_and_scored(drawn.tables, drawn.at, folds=2)


def monthly(accounts: int, months: int = 24, revenue: float = 100.0) -> pd.DataFrame:
    days = pd.date_range("2022-01-01", periods=months, freq="30D")
    rows = [(f"A{k}", day, revenue) for k in range(accounts) for day in days]
    return pd.DataFrame(rows, columns=["account_id", "ordered_at", "revenue"])


def invested(
    names: list[str], assignment: str = "chosen", propensity: float | None = None, days: int = 0
) -> pd.DataFrame:
    first = pd.Timestamp("2022-06-01") + pd.Timedelta(days=days)
    days_of = pd.date_range(first, periods=6, freq="45D")
    rows = [(name, day, "visit", 10.0, assignment, propensity) for name in names for day in days_of]
    return pd.DataFrame(rows, columns=["account_id", "made_at", "investment", "cost", "assignment", "propensity"])


POOR: dict[str, dict[str, pd.DataFrame]] = {
    "one account": {"orders": monthly(1)},
    "all alike": {"orders": monthly(30)},
    "credit notes only": {"orders": monthly(5, revenue=-5.0)},
    "orders without revenue": {"orders": monthly(5, revenue=0.0)},
    "everybody always invested in": {"orders": monthly(30), "investments": invested([f"A{k}" for k in range(30)])},
    "everybody by lot, nobody left out": {
        "orders": monthly(30), "investments": invested([f"A{k}" for k in range(30)], "random", 1.0),
    },
    "everybody every twenty days": {
        "orders": monthly(30),
        "investments": pd.concat([invested([f"A{k}" for k in range(30)], days=days) for days in range(20, 320, 20)]),
    },
    "one account invested in": {"orders": monthly(30), "investments": invested(["A0"])},
    "investments in strangers": {"orders": monthly(30), "investments": invested(["X", "Y"])},
    "half of them": {"orders": monthly(30), "investments": invested([f"A{k}" for k in range(15)])},
    "only huge orders": {"orders": monthly(10, revenue=1e12)},
}  # fmt: skip


@pytest.mark.parametrize("what", POOR)
@pytest.mark.parametrize("folds", [0, 2])
def test_a_poor_source_is_learnt_from_or_refused(what: str, folds: int) -> None:
    trained_and_scored(POOR[what], None, folds)


def test_too_short_a_history_is_refused() -> None:
    known = build_histories(source_from_rows({"orders": monthly(3, months=4)}))
    with pytest.raises(NotEnoughData, match="270 needed"):
        train(known, Settings(), known.end)


def test_what_is_learnt_at_an_as_of_needs_nothing_of_what_came_later() -> None:
    """A model of last year is the same whether it was trained then, or today as of then."""
    as_of = pd.Timestamp("2025-09-01")
    at = instant("2025-09-01")
    stood = build_histories(source_from_rows(as_it_stood(dict(tiny().tables), as_of)))
    then = train(stood, small_settings(), at, folds=0).bundle
    today = train(tiny_histories(), small_settings(), at, folds=0).bundle
    assert replace(today.facts, data_digest="") == replace(then.facts, data_digest="")
    models = {name: content for name, content in then.files().items() if name != MANIFEST}
    assert {name: content for name, content in today.files().items() if name != MANIFEST} == models


def test_the_report_says_what_each_model_rests_on() -> None:
    report = told(tiny_trained().report)
    for words in ("not judged out of time", "next rung and revenue: ", "switching (recorded)", "uplift of rebate",
                  "climbing from customer", "forecasts: "):  # fmt: skip
        assert words in report
    assert tiny_trained().report == tiny_trained().bundle.facts.report
