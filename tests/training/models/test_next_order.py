"""The rhythm of gaps is learnt from those that ended and those that did not, and windows hold what they state."""

from dataclasses import replace

import numpy as np

from features.instants import MICROSECONDS_PER_DAY
from tests.builders import histories
from tests.trained import small_settings, tiny_dataset
from training.evaluation.evaluation import OURS
from training.evaluation.next_order import GAPS, RHYTHM, judge_next_order, next_order_findings, pinball
from training.model.next_order import FARTHEST_DAYS, Rhythm
from training.models.next_order import days_until_order, fit_next_order, learn_gaps


def test_the_law_is_found_again_from_gaps_that_snapshots_cut() -> None:
    """Snapshots lie within log-logistic gaps and see 60 days ahead: neither makes what is learnt too long or short."""
    random = np.random.default_rng(0)
    mean = np.exp(random.uniform(2.5, 5.5, 40_000))
    gap = np.exp(np.log(0.8 * mean) + random.logistic(size=len(mean)) / 3.0)
    silence = np.floor(random.uniform(0, 2 * mean)) + 1
    met = gap > silence - 0.5  # the others had ordered again by then
    until = np.round(gap - silence)[met]
    ones = np.ones(int(met.sum()))
    location = np.column_stack([ones, np.log(mean[met]), *np.zeros((4, len(ones)))])
    spread = np.column_stack([ones, *np.zeros((3, len(ones)))])
    rhythm = Rhythm(ones > 0, silence[met], location, spread, np.zeros(len(ones)))
    found, shape = learn_gaps(rhythm, np.where(until < 60, until, np.inf), ones, 60)
    np.testing.assert_allclose(found[:2], [np.log(0.8), 1.0], atol=0.06)
    np.testing.assert_allclose(np.exp(shape[0]), 3.0, rtol=0.04)


def test_the_next_order_day_is_the_first_at_or_after_as_of() -> None:
    data, days = tiny_dataset(), small_settings().outcome.horizon_days
    found = days_until_order(data, days)
    orders = data.histories.streams["orders"]
    for row in range(0, len(data.matrix), 97):
        account, as_of = data.snapshots.account[row], data.snapshots.as_of[row]
        mine = (orders.account == account) & (orders.time >= as_of)
        mine &= orders.time < as_of + days * MICROSECONDS_PER_DAY
        day = orders.time[mine] // MICROSECONDS_PER_DAY
        revenue = orders.values["revenue"][mine]
        paid = [one for one in np.unique(day) if revenue[day == one].sum() > 0]
        assert found[row] == (paid[0] - as_of / MICROSECONDS_PER_DAY if paid else np.inf)


def test_nothing_is_learnt_from_a_handful_of_gaps() -> None:
    data = tiny_dataset()
    few = np.arange(len(data.matrix)) < 20
    assert fit_next_order(data, few, small_settings()) is None


def test_what_follows_the_horizon_is_never_learnt_from() -> None:
    """The model of an origin is the same whatever comes after it."""
    data, settings = tiny_dataset(), small_settings()
    origin = data.sample.slices[-1]
    rows = data.snapshots.as_of + settings.outcome.horizon_days * MICROSECONDS_PER_DAY <= origin
    stood = replace(data, histories=data.histories.as_it_stood(origin))
    assert fit_next_order(data, rows, settings) == fit_next_order(stood, rows, settings)


def test_out_of_time_the_windows_beat_what_people_use() -> None:
    table = judge_next_order(tiny_dataset(), small_settings(), 3)
    assert table is not None
    assert [row.model for row in table.rows] == [*GAPS, RHYTHM, OURS]
    for row in table.rows[: len(GAPS)]:
        assert row.difference is not None
        assert row.difference.low > 0
    rhythm = table.scores(RHYTHM)
    assert 0.7 < rhythm["coverage"] < 0.92
    assert rhythm["early"] < 0.15
    (finding,) = next_order_findings(table)
    assert finding.code == "coverage_next_order"


def test_the_pinball_loss_counts_no_day_beyond_the_horizon() -> None:
    windows = np.array([[10.0, 20.0, 30.0], [100.0, 400.0, FARTHEST_DAYS], [0.0, 0.0, 0.0]])
    losses = pinball(windows, np.array([20.0, np.inf, 10.0]), 180)
    np.testing.assert_allclose(losses, [(0.1 * 10 + 0 + 0.1 * 10) / 3, 0.1 * 80 / 3, 10 * (0.1 + 0.5 + 0.9) / 3])


def test_an_order_day_that_is_credited_in_full_is_none() -> None:
    known = histories(orders=[
        ("A", "2024-01-01", 10.0), ("A", "2024-01-05", 10.0), ("A", "2024-01-05T12:00", -10.0),
        ("A", "2024-01-09", 10.0),
    ])  # fmt: skip
    data = replace(tiny_dataset(), histories=known)
    at = np.array([19723 + 1], np.int64) * MICROSECONDS_PER_DAY  # 2024-01-02
    snapshots = replace(data.snapshots, account=np.zeros(1, np.int64), as_of=at)
    data = replace(data, sample=replace(data.sample, snapshots=snapshots))
    assert days_until_order(data, 30).tolist() == [7.0]
    assert days_until_order(data, 5).tolist() == [np.inf]
