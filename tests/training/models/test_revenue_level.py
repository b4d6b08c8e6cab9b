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
from training.models.fitting import one_linear_algebra_thread
from training.models.revenue import fit_revenue, pace_of
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
    none = _price_change(task, pace)
    dearer, spoilt = task.matrix.copy(), task.matrix.copy()
    recent, year = pace.recent, pace.year
    dearer[:, year] += 0.5 * dearer[:, recent]
    dearer[:, recent] *= 1.5
    spoilt[np.flatnonzero(spoilt[:, recent] > 0)[0], [recent, year]] += 1e9
    assert _price_change(replace(task, matrix=dearer), pace) == pytest.approx(none + np.log(1.5), abs=0.02)
    assert _price_change(replace(task, matrix=spoilt), pace) == pytest.approx(none, abs=0.01)


def test_one_huge_amount_does_not_move_a_level() -> None:
    usual = np.full(1000, 100.0)
    huge = usual.copy()
    huge[0] = 1e9
    assert ratio_of_sums(huge, usual) == pytest.approx(1.0, abs=0.01)
    assert ratio_of_sums(usual, np.zeros(1000)) == 1.0
