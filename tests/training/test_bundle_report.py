"""What a training says of expected revenue: who is expected by schedule, and that the sum was held to the rules."""

import numpy as np
import pytest

from tests.trained import small_settings, tiny_dataset
from training.bundle_report import _revenue_findings
from training.model.findings import Finding
from training.model.invoices import InvoiceSchedule
from training.model.predictors import TwoPart
from training.model.revenue import RevenuePool
from training.models.revenue import FARTHEST, _towards_the_rules, fit_any_order, pace_of


def test_it_says_whose_orders_are_too_slow_for_a_pace_and_that_the_sum_was_held() -> None:
    data, settings = tiny_dataset(), small_settings()
    gap = data.column("order_gap_mean_730d")
    latest = data.matrix[data.snapshots.as_of == data.snapshots.as_of.max()]
    chance = fit_any_order(data, np.ones(len(data.matrix), bool), settings)
    slow = InvoiceSchedule(0, 1, data.column("days_within_rhythm"), data.column("order_days_total"), 1.0, gap, 60.0)
    concerned = int((np.nan_to_num(latest[:, gap]) >= 60).sum())
    assert 0 < concerned < len(latest)
    pool = RevenuePool(chance, {}, {}, slow=slow, held=0.04)
    assert _revenue_findings(data, pool, 180) == [
        Finding.of("revenue_by_schedule", "note", slow=concerned, accounts=len(latest), gap=60),
        Finding.of("revenue_held", "warning", factor=0.04, days=180),
    ]
    assert _revenue_findings(data, RevenuePool(chance, {}, {}), 180) == []
    assert _revenue_findings(data, TwoPart(chance, chance, 1.0), 180) == []


@pytest.mark.parametrize(("times", "left"), [(1.0, 1.0), (100.0, FARTHEST), (0.001, 1 / FARTHEST)])
def test_the_sum_stays_within_a_factor_of_what_the_rules_say(times: float, left: float) -> None:
    data, settings = tiny_dataset(), small_settings()
    task = data.task(data.labels.revenue, settings.booster)
    pace = pace_of(task)
    assert pace is not None
    season = data.matrix[:, task.column("revenue_same_season")]
    rules = [pace.last_year(data.matrix), pace.paces(data.matrix)[1], season]
    sums = [float(np.maximum(np.nan_to_num(rule), 0).sum()) for rule in rules]
    anchor = times * rules[0]
    sum_then = _towards_the_rules(anchor, pace, data.matrix, task) * anchor.sum()
    nearest = max(sums) if times > 1 else min(sums) if times < 1 else sums[0]
    assert sum_then == pytest.approx(left * nearest, rel=0.05)  # the largest amounts count as a high quantile
