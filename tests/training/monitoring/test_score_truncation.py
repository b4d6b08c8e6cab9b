"""No score sees the future, and no account's score depends on who stands beside it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from features.histories.histories import Histories, build_histories
from features.histories.snapshots import Snapshots
from features.histories.views import View
from features.instants import FloatArray
from features.sources.source import source_from_rows
from features.tables import RUNGS
from serving.scoring.batch import score_frames
from serving.scoring.score_columns import INVESTMENT_COLUMNS, SCORE_COLUMNS
from serving.scoring.scoring import Column, Scored, Scorer
from tests.builders import Frames, as_it_stood
from tests.strategies import Drawn, sources
from tests.trained import tiny, tiny_bundle, tiny_histories


@cache
def scorer() -> Scorer:
    """The tiny supplier's models, with every effect allowed on every rung: nothing is left unlooked at."""
    bundle = tiny_bundle()
    effect, everywhere = bundle.investments[0].effects["revenue"], tuple(range(7))
    facts = replace(bundle.facts, upgrade_basis=("adjusted",) * 6)
    investments = tuple(replace(option, rungs=everywhere) for option in bundle.investments)
    return Scorer(replace(bundle, facts=facts, upgrades=dict.fromkeys(range(6), effect), investments=investments), "v")


def scored(tables: Frames, at: int) -> Scored:
    known = build_histories(source_from_rows(tables))
    return scorer().score(known, known.known_at(at))


def bits(column: Column) -> list[object]:
    """Values that are equal only where they are the same to the last bit."""
    if column.dtype.kind == "f":
        return list(column.astype(np.float64).view(np.int64))
    return [tuple(cell) if isinstance(cell, list) else cell for cell in column]


def differing(left: Mapping[str, Column], right: Mapping[str, Column]) -> list[str]:
    assert left.keys() == right.keys()
    return [name for name in left if bits(left[name]) != bits(right[name])]


@settings(max_examples=40)
@given(sources())
def test_the_future_changes_no_score(drawn: Drawn) -> None:
    whole = scored(drawn.tables, drawn.at)
    stood = scored(as_it_stood(drawn.tables, drawn.as_of), drawn.at)
    assert differing(whole.scores, stood.scores) == []
    assert differing(whole.investments, stood.investments) == []


def _sees_tomorrow(monkeypatch: pytest.MonkeyPatch) -> None:
    computed = Scorer._forecast

    def leaky(self: Scorer, view: View) -> FloatArray:
        return computed(self, View(view.histories, view.snapshots.later(30)))

    monkeypatch.setattr(Scorer, "_forecast", leaky)


def test_a_planted_leak_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    tables, as_of = dict(tiny().tables), pd.Timestamp("2025-03-01")
    at = as_of.value // 1000
    assert differing(scored(tables, at).scores, scored(as_it_stood(tables, as_of), at).scores) == []
    _sees_tomorrow(monkeypatch)
    leaked = differing(scored(tables, at).scores, scored(as_it_stood(tables, as_of), at).scores)
    assert leaked[0] == "manager_forecast"
    assert set(leaked[1:]) <= {"history_estimate", "upgrade_expectation", "forecast_disagreement"}


@pytest.mark.parametrize("as_of", ["2023-06-01", "2024-12-31T13:45", "2025-07-05", "2026-01-01"])
def test_the_simulated_supplier_is_scored_the_same_from_what_stood_then(as_of: str) -> None:
    moment = pd.Timestamp(as_of)
    at = moment.value // 1000
    whole, stood = scored(tiny().tables, at), scored(as_it_stood(tiny().tables, moment), at)
    assert len(whole.scores["account_id"]) > 100
    assert differing(whole.scores, stood.scores) == []
    assert differing(whole.investments, stood.investments) == []


def _one_at_a_time(known: Histories, snapshots: Snapshots) -> list[Scored]:
    return [scorer().score(known, snapshots.take(np.array([row]))) for row in range(len(snapshots))]


def _joined(parts: list[Mapping[str, Column]]) -> dict[str, Column]:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def test_a_batch_is_its_accounts_one_at_a_time() -> None:
    known = tiny_histories()
    snapshots = known.known_at(known.end)
    together = scorer().score(known, snapshots)
    alone = _one_at_a_time(known, snapshots)
    assert differing(together.scores, _joined([one.scores for one in alone])) == ["rank"]
    assert differing(together.investments, _joined([one.investments for one in alone])) == []


@settings(max_examples=25)
@given(sources())
def test_a_batch_of_any_source_is_its_accounts_one_at_a_time(drawn: Drawn) -> None:
    known = build_histories(source_from_rows(drawn.tables))
    snapshots = known.known_at(drawn.at)
    if len(snapshots):
        together, alone = scorer().score(known, snapshots), _one_at_a_time(known, snapshots)
        assert differing(together.scores, _joined([one.scores for one in alone])) in ([], ["rank"])
        assert differing(together.investments, _joined([one.investments for one in alone])) == []


def test_the_order_of_the_accounts_changes_nothing_but_the_order() -> None:
    known = tiny_histories()
    snapshots = known.known_at(known.end)
    shuffle = np.random.default_rng(0).permutation(len(snapshots))
    straight, shuffled = scorer().score(known, snapshots), scorer().score(known, snapshots.take(shuffle))
    assert differing({name: column[shuffle] for name, column in straight.scores.items()}, shuffled.scores) in (
        [],
        ["rank"],  # equals are ranked in the order in which they stand
    )


Check = Callable[[pd.DataFrame], "pd.Series[bool]"]
PROMISES: dict[str, Check] = {
    "the rungs' chances sum to one": lambda s: (
        (s.filter(regex="^p_(suspect|prospect|shopper|customer|member|adv|rav)").sum(axis=1) - 1).abs() < 1e-9
    ),
    "up, down and staying sum to one": lambda s: s["p_upgrade"] + s["p_downgrade"] <= 1 + 1e-9,
    "a chance lies between 0 and 1": lambda s: s["p_switch"].between(0, 1) | s["p_switch"].isna(),
    "below shopper nobody switches": lambda s: s["p_switch"].isna() | ~s["rung"].isin(["suspect", "prospect"]),
    "triggers' shares sum to one": lambda s: (
        s["p_switch"].isna()
        | ((s["trigger_situational"] + s["trigger_reactional"] + s["trigger_influential"] - 1).abs() < 1e-9)
    ),
    "no trigger without a chance": lambda s: s["switch_trigger"].isna() == s["p_switch"].isna(),
    "expected revenue is not negative": lambda s: s["expected_revenue"] >= 0,
    "an interval holds the expected revenue and nothing below zero": lambda s: (
        s["expected_revenue"].between(s["expected_revenue_low"], s["expected_revenue_high"])
        & (s["expected_revenue_low"] >= 0)
    ),
    "a set of rungs holds the most probable one": lambda s: (
        (s["rung_low"].map(RUNGS.index) <= s["next_rung"].map(RUNGS.index))
        & (s["next_rung"].map(RUNGS.index) <= s["rung_high"].map(RUNGS.index))
    ),
    "no value at risk without a chance": lambda s: s["value_at_risk"].isna() == s["p_switch"].isna(),
    "no more is at risk than is expected": lambda s: (
        s["value_at_risk"].isna() | s["value_at_risk"].between(0, s["p_switch"] * s["expected_revenue"])
    ),
    "no upgrade above the top": lambda s: s["upgrade_basis"].isna() == (s["rung"] == "raving_fan"),
    "no number on an insufficient basis": lambda s: s["upgrade_uplift"].isna() | (s["upgrade_basis"] == "adjusted"),
    "an interval holds its estimate": lambda s: (
        s["upgrade_uplift"].isna() | s["upgrade_uplift"].between(s["upgrade_uplift_low"], s["upgrade_uplift_high"])
    ),
    "none gains nothing": lambda s: (s["recommended_investment"] == "none") == (s["expected_gain"] == 0),
    "only what pays is ranked": lambda s: s["rank"].isna() == ~(s["expected_gain"] > 0),
}


@cache
def frames() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """All tables of the tiny supplier, by the models as they were trained."""
    return score_frames(Scorer(tiny_bundle(), "v"), tiny_histories(), tiny_histories().end)


@pytest.mark.parametrize("promise", PROMISES)
def test_scores_keep_their_promises(promise: str) -> None:
    scores = frames()[0]
    assert tuple(scores.columns) == SCORE_COLUMNS
    broken = scores[~PROMISES[promise](scores).astype(bool)]
    assert broken.empty


def test_value_at_risk_is_the_margin_that_an_investment_is_judged_by() -> None:
    scores, options, *_ = frames()
    option = options[options["investment"] == "visit_programme"].set_index("account_id").dropna(subset=["uplift"])
    margin = (option["gain"] + option["cost"]) / option["uplift"]
    known = scores.set_index("account_id").loc[margin.index].assign(margin=margin).dropna(subset=["p_switch"])
    assert len(known) > 50
    assert known["margin"].nunique() > 50
    expected = known["p_switch"] * known["expected_revenue"] * known["margin"]
    np.testing.assert_allclose(known["value_at_risk"], expected, rtol=1e-9)


def test_ranks_are_one_to_n_by_roi() -> None:
    ranked = frames()[0].dropna(subset=["rank"]).sort_values("rank")
    assert ranked["rank"].tolist() == list(range(1, len(ranked) + 1))
    assert len(ranked) > 5
    assert ranked["roi"].is_monotonic_decreasing


def test_every_account_has_every_option_and_the_recommended_one_is_the_best() -> None:
    scores, options, *_ = frames()
    assert options.columns.tolist() == list(INVESTMENT_COLUMNS)
    assert len(options) == 3 * len(scores)
    assert options["account_id"].tolist() == [name for name in scores["account_id"] for _ in range(3)]
    assert (options["uplift"].isna() == (options["basis"] == "insufficient")).all()
    known = options.dropna(subset=["uplift"])
    assert known["uplift"].between(known["uplift_low"], known["uplift_high"]).all()
    np.testing.assert_allclose(known["roi"], known["gain"] / known["cost"])
    best = options.assign(gain=options["gain"].fillna(-np.inf)).groupby("account_id")["gain"].max().clip(lower=0)
    np.testing.assert_array_equal(scores.set_index("account_id")["expected_gain"], best[scores["account_id"]])
    chosen = scores[scores["recommended_investment"] != "none"][
        ["account_id", "recommended_investment", "expected_gain"]
    ]
    both = chosen.merge(
        options, left_on=["account_id", "recommended_investment"], right_on=["account_id", "investment"]
    )
    assert len(both) == len(chosen)
    assert (both["gain"] == both["expected_gain"]).all()
