"""Every horizon beside the others: the main one as the scores have it, the others in keeping with it."""

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from features.histories.histories import build_histories
from features.instants import FloatArray
from features.sources.source import source_from_rows
from serving.scoring.batch import score_frames
from serving.scoring.horizons import hold_to
from serving.scoring.score_columns import HORIZON_COLUMNS
from serving.scoring.scoring import Scored, Scorer
from tests.serving import builders
from tests.strategies import Drawn, sources
from tests.trained import tiny_bundle, tiny_histories
from training.model.bundle import Bundle
from training.model.predictors import Linear, Pool

FIGURES = arrays.arrays(np.float64, st.tuples(st.integers(1, 5), st.integers(0, 9)), elements=st.floats(0, 9))


@given(FIGURES, st.data(), st.booleans())
def test_figures_are_held_outwards_from_the_main_one(figures: FloatArray, data: st.DataObject, rises: bool) -> None:
    main = data.draw(st.integers(0, len(figures) - 1))
    held = np.stack(hold_to(list(figures), main, rises))
    steps = np.diff(held, axis=0)
    assert (steps >= 0).all() if rises else (steps <= 0).all()
    np.testing.assert_array_equal(held[main], figures[main])
    again = np.stack(hold_to(list(held), main, rises))
    np.testing.assert_array_equal(again, held)


@given(FIGURES, st.data(), st.booleans())
def test_what_is_in_keeping_is_left_alone(figures: FloatArray, data: st.DataObject, rises: bool) -> None:
    ordered = np.sort(figures, axis=0)[:: 1 if rises else -1]
    main = data.draw(st.integers(0, len(figures) - 1))
    np.testing.assert_array_equal(np.stack(hold_to(list(ordered), main, rises)), ordered)


KINDS = ("learnt", "made by hand", "recorded, falling", "recorded, rising", "silence, falling", "silence, rising")


@cache
def bundle_of(kind: str) -> Bundle:
    """Models of every kind; those that fall or rise with the horizon do so far more than the main one allows."""
    if kind == "learnt":
        return tiny_bundle()
    made = builders.bundle(tiny_histories())
    if kind == "made by hand":
        return made
    definition, direction = kind.split(", ")
    odds = (3.0, 0.0, -3.0) if direction == "falling" else (-3.0, 0.0, 3.0)
    chances = [Pool({"only": Linear((), ((),), (one,))}, {"only": 1.0}) for one in odds]
    further = [
        replace(made.further[0], days=days, switching=chance)
        for days, chance in zip((30, 90, 400), chances, strict=True)
    ]
    return replace(made, facts=replace(made.facts, definition=definition), further=tuple(further))


def table_of(scored: Scored) -> pd.DataFrame:
    return pd.DataFrame(dict(scored.horizons))


def in_keeping(found: pd.DataFrame, rises: bool) -> None:
    """Every account by itself, over its horizons in their order."""
    for _, rows in found.groupby("account_id", sort=False):
        assert rows["horizon_days"].is_monotonic_increasing
        assert rows["expected_revenue"].is_monotonic_increasing
        chances = rows["p_switch"].dropna()
        assert chances.is_monotonic_increasing if rises else chances.is_monotonic_decreasing


@pytest.mark.parametrize("kind", KINDS)
def test_horizons_of_the_simulated_supplier_are_in_keeping(kind: str) -> None:
    bundle = bundle_of(kind)
    known = tiny_histories()
    scored = Scorer(bundle, "v").score(known, known.known_at(known.end), explain=False)
    found = table_of(scored)
    assert found.columns.tolist() == list(HORIZON_COLUMNS)
    assert len(found) == len(scored.scores["account_id"]) * (1 + len(bundle.further))
    in_keeping(found, bundle.facts.definition == "recorded")
    assert found["p_switch"].notna().any()
    assert found["p_switch"].between(0, 1).sum() == found["p_switch"].notna().sum()
    total = found.filter(regex="^p_(suspect|prospect|shopper|customer|member|adv|rav)").sum(axis=1)
    np.testing.assert_allclose(total, 1)


@settings(max_examples=25)
@given(sources(), st.sampled_from(KINDS))
def test_horizons_of_any_source_are_in_keeping_and_of_each_account_alone(drawn: Drawn, kind: str) -> None:
    bundle = bundle_of(kind)
    known = build_histories(source_from_rows(drawn.tables))
    snapshots = known.known_at(drawn.at)
    if not len(snapshots):
        return
    scorer = Scorer(bundle, "v")
    found = table_of(scorer.score(known, snapshots, explain=False))
    in_keeping(found, bundle.facts.definition == "recorded")
    alone = [table_of(scorer.score(known, snapshots.take(np.array([k])), explain=False)) for k in range(len(snapshots))]
    pd.testing.assert_frame_equal(pd.concat(alone, ignore_index=True), found, check_exact=True)


@pytest.mark.parametrize("kind", KINDS)
def test_the_main_horizon_is_that_of_the_scores_to_the_bit(kind: str) -> None:
    bundle = bundle_of(kind)
    known = tiny_histories()
    scores, _, horizons, _ = score_frames(Scorer(bundle, "v"), known, known.end, explain=False)
    main = horizons[horizons["horizon_days"] == 180].reset_index(drop=True)
    shared = list(HORIZON_COLUMNS)
    pd.testing.assert_frame_equal(main[shared], scores[shared], check_exact=True)
    untouched = score_frames(Scorer(replace(bundle, further=()), "v"), known, known.end, explain=False)
    pd.testing.assert_frame_equal(untouched[0], scores, check_exact=True)
    pd.testing.assert_frame_equal(untouched[2], main, check_exact=True)


def test_a_horizon_without_a_model_of_switching_has_no_chance_and_holds_nobody_up() -> None:
    known = tiny_histories()
    made = builders.bundle(known)
    found = table_of(Scorer(made, "v").score(known, known.known_at(known.end), explain=False))
    assert made.further[1].switching is None
    assert found.loc[found["horizon_days"] == 365, "p_switch"].isna().all()
    able = found[found["horizon_days"] < 365].groupby("account_id")["p_switch"].count()
    assert set(able) == {0, 2}


def test_who_cannot_switch_cannot_at_any_horizon_and_nobody_need_ask_for_them() -> None:
    known = tiny_histories()
    scores, _, horizons, _ = score_frames(Scorer(tiny_bundle(), "v"), known, known.end, explain=False)
    never = scores.loc[scores["p_switch"].isna(), "account_id"]
    assert len(never) > 10
    assert horizons[horizons["account_id"].isin(never)]["p_switch"].isna().all()
    assert horizons[~horizons["account_id"].isin(never)]["p_switch"].notna().all()
    assert len(score_frames(Scorer(tiny_bundle(), "v"), known, known.end, horizons=False)[2]) == 0
