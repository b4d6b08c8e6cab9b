"""The range that holds the revenue of eight accounts in ten, of those that order at all.

Beside the chance of no order, the range tells what an expectation hides: 4 % chance of nothing, else 85,000 to 240,000.
Boosters predict two quantiles of the revenue relative to the account's own pace, and a margin moves them apart so that
the stated share of the latest slice lies within, as `training.models.revenue_interval` does; like there, it never makes
a range smaller.

Source: Romano, Patterson & Candes (2019), conformalised quantile regression.
"""

from dataclasses import replace

import numpy as np

from features.instants import BoolArray, FloatArray
from training.data.dataset import Dataset, earlier_split
from training.data.training_task import CATALOGUE, Split, TrainingTask
from training.model.findings import NOTE, Finding
from training.model.predictors import Trees
from training.model.revenue_if_order import FEATURES, QUANTILES, RevenueIfOrder, pace_of
from training.models.conformal import Calibration, calibrated, conformal_margin
from training.models.fitting import fit_trees
from training.models.revenue import invested_after
from training.settings import Settings

STATED = round(QUANTILES[1] - QUANTILES[0], 6)
LEAST_ROWS = 30
"""Snapshots with an order, with fewer of which nothing is learnt."""


def fit_revenue_if_order(
    data: Dataset, rows: BoolArray, settings: Settings
) -> tuple[RevenueIfOrder | None, Calibration]:
    """Fit the range to those of some rows that ordered and that no investment followed, and return its calibration.

    Where nothing was complete before the latest slice, the quantiles are served as they are. None where too few
    ordered.

    rows : mask, shape (n,).
    """
    free = rows & ~invested_after(data, settings.uplift.exposure_days)
    rows = (free if free.any() else rows) & (data.labels.revenue > 0)
    if rows.sum() < LEAST_ROWS:
        return None, Calibration(STATED)
    split = earlier_split(data, rows)
    task = data.task(data.labels.revenue, settings.booster)
    model, covered = learn_revenue_if_order(task, rows, split, settings.outcome.horizon_days)
    return model, calibrated(data, split, covered, STATED)


def if_order_finding(held: Calibration, learnt: bool) -> Finding:
    """Return how far the ranges hold what is stated, or why there are none."""
    if not learnt:
        return Finding.of("if_order_left_out", NOTE, needed=LEAST_ROWS)
    if not held.snapshots:
        return Finding.of("if_order_uncalibrated", NOTE)
    return Finding.of(
        "if_order_calibrated", NOTE, stated=held.stated, covered=held.covered, snapshots=held.snapshots, at=held.at,
        by=held.by,
    )  # fmt: skip


def learn_revenue_if_order(
    task: TrainingTask, rows: BoolArray, split: Split | None, horizon_days: int
) -> tuple[RevenueIfOrder, BoolArray]:
    """Fit the range to rows with revenue, and return which of the later rows it holds."""
    served = _fit(task.take(rows), horizon_days)
    if split is None:
        return served, np.empty(0, bool)
    earlier, latest = split
    trial, last = _fit(task.take(earlier), horizon_days), task.take(latest)
    low, high = trial.quantiles(last.matrix)
    realised = np.log(last.target / pace_of(last.matrix, trial.columns, horizon_days, trial.usual))
    margin = round(max(conformal_margin(np.maximum(low - realised, realised - high), STATED), 0.0), 6)
    inside: BoolArray = (low - margin <= realised) & (realised <= high + margin)
    return replace(served, margin=margin), inside


def _fit(task: TrainingTask, horizon_days: int) -> RevenueIfOrder:
    columns = {name: CATALOGUE[name] for name in FEATURES}
    unscaled = pace_of(task.matrix, columns, horizon_days, 0.0)
    usual = float(f"{np.median(unscaled[unscaled > 0]) if (unscaled > 0).any() else np.median(task.target):.9g}")
    ratio = np.log(task.target / pace_of(task.matrix, columns, horizon_days, usual))
    low, high = (_quantile(task, ratio, level) for level in QUANTILES)
    return RevenueIfOrder(low, high, columns, horizon_days=horizon_days, usual=usual, margin=0.0)


def _quantile(task: TrainingTask, ratio: FloatArray, level: float) -> Trees:
    return fit_trees(
        task.matrix, ratio, task.weight, task.booster, objective="quantile", backend=task.backend, quantile=level
    )
