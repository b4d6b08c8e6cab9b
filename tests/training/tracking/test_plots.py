"""Curves by hand, and every picture drawn where what it needs is there."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.training.tracking.tracking import comparison, curves
from training.effects.plans.off_policy_value import budget_of, off_policy_value
from training.evaluation.curves import (
    Curves,
    gains_curve,
    importance_of,
    overlap_of,
    parts_of,
    targeting_of,
    transitions,
)
from training.evaluation.evaluation import OURS
from training.tracking.plots import PLOTS, draw_plots


def test_gains_by_hand() -> None:
    found = dict(gains_curve(np.array([0.1, 0.9, 0.5, 0.2]), np.array([False, True, False, True])))
    assert found == {0.0: 0.0, 0.25: 0.5, 0.5: 0.5, 0.75: 1.0, 1.0: 1.0}
    assert gains_curve(np.array([0.1]), np.array([False])) == ()


def test_moves_are_counted_beside_their_chances() -> None:
    chances = np.array([[0.9, 0.1], [0.4, 0.6], [0.5, 0.5]])
    found = transitions(chances, np.array([0, 1, 1]), np.array([0, 0, 1]))
    assert found.observed == ((1.0, 1.0), (0.0, 1.0))
    assert found.expected == (pytest.approx((1.3, 0.7)), (0.5, 0.5))


def test_parts_say_who_was_better_where() -> None:
    rows = {"simple": {"loss": np.repeat([0.9, 0.2], 40)}, OURS: {"loss": np.full(80, 0.5)}}
    code, account = np.repeat([0, 2], 40), np.arange(80)
    first, last = parts_of(("a", "b", "c"), code, rows, primary="loss", ours=OURS, simplest="simple", account=account)
    assert (first.name, last.name, first.snapshots) == ("a", "c", 40)
    assert first.difference is not None
    assert last.difference is not None
    assert (first.difference.low, last.difference.high) == (pytest.approx(0.4), pytest.approx(-0.3))
    three = {name: {"loss": scores["loss"][:3]} for name, scores in rows.items()}
    short = parts_of(("a",), np.zeros(3, int), three, primary="loss", ours=OURS, simplest="simple", account=account[:3])
    assert short[0].difference is None


def test_overlap_is_cut_between_nothing_and_the_highest_chance() -> None:
    found = overlap_of("visit", np.array([0.0, 0.05, 0.1, 0.1]), np.array([True, False, False, True]))
    assert found.most == 0.1
    assert (found.exposed[0], found.exposed[-1], found.others[10]) == (0.5, 0.5, 0.5)
    assert sum(found.exposed) == sum(found.others) == 1


def test_a_ranking_that_knows_is_recognised_and_one_that_does_not_is_not() -> None:
    random = np.random.default_rng(0)
    effect = random.normal(size=2000)
    score = effect + random.normal(size=2000)
    knows = targeting_of("visit", score, effect, np.arange(2000))
    guesses = targeting_of("visit", score, random.normal(size=2000), np.arange(2000))
    assert knows is not None
    assert guesses is not None
    assert knows.autoc.low > 0.8  # of a normal effect perfectly ranked it is 1 in the limit, with Qini 0.28
    assert knows.qini.value == pytest.approx(0.28, abs=0.05)
    assert guesses.autoc.low < 0 < guesses.autoc.high
    assert knows.toc[-1].value == 0
    assert targeting_of("visit", score, np.ones(2000), np.arange(2000)) is None


def test_the_budget_s_last_point_is_the_off_policy_value() -> None:
    random = np.random.default_rng(1)
    n = 400
    predicted, arm = random.normal(300, 200, (n, 2)), random.integers(0, 3, n)
    beyond, chance = random.normal(0, 500, n) + 300 * (arm > 0), np.full((n, 3), 1 / 3)
    given = {
        "chance": chance, "margin": np.full((n, 2), 0.4), "costs": np.full((n, 2), 50.0), "account": np.arange(n),
        "level": 0.9,
    }  # fmt: skip
    claim = off_policy_value(predicted, arm, beyond, **given)
    budget = budget_of(predicted, arm, beyond, **given)
    assert claim is not None
    assert budget is not None
    assert budget.value[-1].value == pytest.approx(claim.value)
    assert (budget.value[-1].low, budget.value[-1].high) == (pytest.approx(claim.low), pytest.approx(claim.high))
    assert (budget.promised[-1], budget.spent[-1]) == (pytest.approx(claim.promised), pytest.approx(claim.spent))
    assert budget_of(-predicted - 2000, arm, beyond, **given) is None


def test_importances_have_a_direction() -> None:
    values = np.array([[1.0, np.nan, 3.0], [2.0, 1.0, 3.0], [3.0, 2.0, 3.0]])
    added = np.array([[-2.0, 0.5, 0.0], [0.0, 0.1, 0.0], [2.0, -0.1, 0.0]])
    found = importance_of("switching", ("a", "b", "c"), values, added)
    assert found.features == ("a", "b")
    assert found.direction[0] == pytest.approx(1.0)
    assert found.direction[1] < 0


def test_a_feature_of_an_absent_table_has_no_importance_and_makes_no_noise() -> None:
    values, added = np.array([[1.0, np.nan], [2.0, np.nan]]), np.array([[-1.0, 0.0], [1.0, 0.0]])
    assert importance_of("switching", ("there", "absent"), values, added).features == ("there",)


def test_every_picture_is_drawn_where_what_it_needs_is_there(tmp_path: Path) -> None:
    tables = (comparison("next_rung", "persistence"), comparison())
    drawn = draw_plots(tables, curves(), tmp_path)
    assert sorted(f"{name}.png" for name in drawn) == sorted(file.name for file in tmp_path.iterdir())
    for plot in PLOTS:
        assert list(plot.needs(tables, curves())), plot.name
    bare = replace(tables[0], bands=(), by_origin=(), by_rung=(), gains=(), moves=None)
    assert draw_plots((bare,), Curves(), tmp_path) == ["next_rung"]
    assert draw_plots((), Curves(), tmp_path) == []


def test_an_option_s_name_leads_to_no_other_folder(tmp_path: Path) -> None:
    odd = Curves(targeting=(replace(curves().targeting[0], option="../../visit / 2"),))
    assert draw_plots((), odd, tmp_path) == ["targeting_______visit___2"]
