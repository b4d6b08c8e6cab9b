"""Intervals for rows that belong to accounts."""

import numpy as np

from training.evaluation.cluster_bootstrap import Interval, cluster_bootstrap_mean


def test_an_interval_over_accounts_covers_and_one_over_rows_would_not() -> None:
    rng = np.random.default_rng(0)
    covered = 0
    for world in range(120):
        effect = rng.normal(0, 1, 60)
        account = np.repeat(np.arange(60), 10)
        rows = effect[account] + rng.normal(0, 0.3, 600)
        interval = cluster_bootstrap_mean(rows, account, draws=200, seed=world)
        covered += interval.low <= 0 <= interval.high
    assert 0.88 <= covered / 120 <= 0.99
    assert interval.high - interval.low > 3 * (2 * 1.96 * rows.std() / np.sqrt(600)) / 2


def test_an_interval_holds_its_estimate_and_is_the_same_every_time() -> None:
    rows, account = np.arange(10.0), np.repeat(np.arange(5), 2)
    found = cluster_bootstrap_mean(rows, account)
    assert found == cluster_bootstrap_mean(rows, account)
    assert found.low <= found.value == 4.5 <= found.high
    assert str(Interval(0.5, -0.25, 1.0)) == "+0.5000 [-0.2500, +1.0000]"
    assert cluster_bootstrap_mean(np.ones(4), np.zeros(4, np.int64)) == Interval(1.0, 1.0, 1.0)
