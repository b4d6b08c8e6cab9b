"""Expected revenue follows what moves all accounts: a season, a step of prices or of orders, the end of a boom."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from benchmarks.origins import rows_until
from features.histories.histories import build_histories
from features.instants import MICROSECONDS_PER_DAY
from features.sources.source import source_from_rows
from tests.trained import small_settings, tiny_dataset
from training.model.rules import Constant
from training.models.fitting import one_linear_algebra_thread
from training.models.revenue import _unlike_all_others, _weights, fit_revenue, pace_of
from training.models.revenue_level import Surprises, _believed, _order_change, _price_change, _taken_in, ratio_of_sums
from training.settings import Settings
from training.simulator.simulation import simulate


@cache
def over_realised(scenario: str, seed: int) -> float:
    """Return expected over realised revenue, in sum, half a year after the step in which a scenario changes."""
    settings = Settings()
    settings = replace(settings, outcome=replace(settings.outcome, further_horizons_days=()))
    made = simulate(scenario, accounts=500, months=36, seed=seed)
    histories = build_histories(source_from_rows(dict(made.tables)))
    origin = histories.end - 180 * MICROSECONDS_PER_DAY
    data = rows_until(histories, settings, origin)
    then = data.snapshots.as_of == origin
    with one_linear_algebra_thread():
        expected = fit_revenue(data, ~then, settings).predict(data.matrix[then])[:, 0]
    return float(expected.sum() / data.labels.revenue[then].sum())


@pytest.mark.parametrize(
    ("scenario", "off_by"),
    [
        ("price_step", 0.05),
        pytest.param("volume_step", 0.06, marks=pytest.mark.slow),
        pytest.param("boom_year", 0.16, marks=pytest.mark.slow),
        pytest.param("black_friday", 0.12, marks=pytest.mark.slow),
    ],
)
def test_half_a_year_after_a_step_expected_revenue_is_nearly_as_near_as_without_one(
    scenario: str, off_by: float
) -> None:
    """Beside the same supplier without the step; the two rules over a year are 25 to 50 % off after one.

    Of a boom, a part is taken for a season; of a yearly spike that was seen once only, a half is.
    """
    off = [np.log(over_realised(scenario, seed) / over_realised("default", seed)) for seed in (4, 5)]
    assert abs(np.mean(off)) <= off_by


def test_what_the_record_has_taken_in_is_not_added_twice() -> None:
    assert _taken_in(np.log(1.5), 0.0) == pytest.approx(1.0)
    assert _taken_in(np.log(1.5), 1.0) == pytest.approx(1.5)
    assert _taken_in(np.log(1.5), 0.5) == pytest.approx(1.5 / 1.25)


def test_a_change_is_believed_by_its_size_against_its_error() -> None:
    assert _believed(0.0, 0.0) == 0.0
    assert _believed(0.1, 0.1) == 0.0
    assert _believed(0.2, 0.1) == pytest.approx(0.5)
    assert _believed(1.0, 0.01) > 0.99


def test_an_order_change_needs_the_same_time_of_the_year_before() -> None:
    half = 180 / 365.25
    assert _order_change(Surprises(np.array([half]), np.array([-0.6])), half, 0.0) == 0.0
    with_year = Surprises(np.array([half, 1 + half]), np.array([-0.6, 0.0]))
    assert -0.6 < _order_change(with_year, half, 0.0) < -0.5
    season = Surprises(np.array([half, 1 + half]), np.array([-0.6, -0.6]))
    assert _order_change(season, half, 0.0) == 0.0


def test_a_price_change_is_seen_whoever_has_it_and_one_huge_order_is_none() -> None:
    data = tiny_dataset()
    task = data.task(data.labels.revenue, small_settings().booster)
    pace = pace_of(task)
    assert pace is not None
    now = np.zeros(len(task.matrix), np.int64)
    none = _price_change(task, pace, now)
    dearer, spoilt = task.matrix.copy(), task.matrix.copy()
    recent, year = pace.recent, pace.year
    dearer[:, year] += 0.5 * dearer[:, recent]
    dearer[:, recent] *= 1.5
    spoilt[np.flatnonzero(spoilt[:, recent] > 0)[0], [recent, year]] += 1e9
    assert _price_change(replace(task, matrix=dearer), pace, now) == pytest.approx(none + np.log(1.5), abs=0.02)
    assert _price_change(replace(task, matrix=spoilt), pace, now) == pytest.approx(none, abs=0.01)
    a_year_ago = now.copy()
    a_year_ago[: len(now) // 2] -= 185 * MICROSECONDS_PER_DAY  # before the day that is a horizon after the latest
    every_year = replace(task, matrix=dearer, today=dearer[len(now) // 2 :])
    assert abs(_price_change(every_year, pace, a_year_ago)) < 0.1 * np.log(1.5)


def test_one_huge_amount_does_not_move_a_level() -> None:
    usual = np.full(1000, 100.0)
    huge = usual.copy()
    huge[0] = 1e9
    assert ratio_of_sums(huge, usual) == pytest.approx(1.0, abs=0.01)
    assert ratio_of_sums(usual, np.zeros(1000)) == 1.0


def test_a_level_is_that_of_those_who_bring_anything_however_few_they_are() -> None:
    """With 3 of 1,000 accounts bringing all, the quantile beyond which amounts are cut was zero, and the level one."""
    few, twice = np.zeros(1000), np.zeros(1000)
    few[:3], twice[:3] = 100.0, 200.0
    assert ratio_of_sums(twice, few) == pytest.approx(2.0)


def test_an_amount_is_unlike_those_that_bring_anything_not_unlike_the_many_that_bring_nothing() -> None:
    """Where most had no pace, all that had one weighed a millionth, and half of the pool learnt from nobody."""
    pace = np.concatenate([np.zeros(700), np.exp(np.random.default_rng(0).normal(6.0, 1.0, 300))])
    scale = pace + 5.0
    assert not _unlike_all_others(pace, scale, pace).any()
    slip = scale.copy()
    slip[-1] *= 1e9
    assert np.flatnonzero(_unlike_all_others(pace, slip, pace)).tolist() == [999]


def test_a_member_that_expects_nothing_leaves_its_share_to_the_others() -> None:
    rows, anchor = np.ones((50, 1)), np.full(50, 100.0)
    members = {"mean ratio": Constant(50.0), "median ratio": Constant(0.0), "expected orders": Constant(100.0)}
    weights = _weights(members, {"mean ratio": 0.3, "median ratio": 0.3, "expected orders": 0.4}, rows, anchor)
    expected = sum(weights[name] * member.value for name, member in members.items())
    assert weights["median ratio"] == 0.0
    assert expected == pytest.approx(100.0)
