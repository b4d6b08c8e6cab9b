"""The learning of the ranges of the revenue: given an order, and with the chance of none.

Beside the chance of no order, the range given an order tells what an expectation hides: 4 % chance of nothing, else
85,000 to 240,000. Boosters predict two quantiles of the revenue of those that order, relative to their own pace. Both
ranges follow from them and the chance of no order, so that they never contradict each other; a margin moves the ends of
each apart, so that the stated share of the latest slice lies within, predicted by what learnt before it. The width
thus follows the account, while the coverage does not rely on the quantiles being right.

The margin never makes a range smaller. A slice that went better than expected is a season, and the boosters that are
served have learnt from it, unlike those that it was compared with. Where the interval is nothing alone, it stays so;
such accounts are left out where the margin is chosen, or the inactive accounts would make it too small for the others.

Source: Romano, Patterson & Candes (2019), conformalised quantile regression, except for the last two sentences.
"""

from dataclasses import replace

import numpy as np

from features.instants import BoolArray, FloatArray
from training.data.dataset import Dataset, earlier_split
from training.data.training_task import Split, TrainingTask
from training.model.findings import NOTE, Finding
from training.model.predictors import Trees
from training.model.revenue_range import QUANTILES, RevenueRange
from training.model.rules import Constant
from training.model.serialization import Predictor
from training.models.any_order import learn_any_order
from training.models.conformal import Calibration, calibrated, conformal_margin
from training.models.fitting import fit_trees
from training.models.revenue import invested_after, pace_of
from training.settings import Settings

IF_ORDER = round(QUANTILES[1] - QUANTILES[0], 6)
"""The share that the range given an order holds."""
LEAST_ROWS = 30
"""Snapshots with an order, with fewer of which the range is that of all of them."""
LEAST_RATIO = 1e-3
"""Revenue of less than this part of the pace counts as it where margins are chosen."""


def fit_revenue_range(
    data: Dataset, rows: BoolArray, settings: Settings
) -> tuple[RevenueRange, tuple[Calibration, Calibration]]:
    """Fit the ranges to those of some rows (mask, shape (n,)) that no investment followed.

    Returns the calibration of the interval and that of the range given an order too. Where nothing was complete before
    the latest slice, the quantiles are served as they are.
    """
    free = rows & ~invested_after(data, settings.uplift.exposure_days)
    rows = free if free.any() else rows  # as the expected revenue has it
    split = earlier_split(data, rows, settings)
    stated, task = settings.outcome.interval, data.task(data.labels.revenue, settings.booster)
    model, covered, covered_if_order = learn_revenue_range(task, rows, split, stated)
    if split is None:
        return model, (Calibration(stated), Calibration(IF_ORDER))
    ordered = split._replace(latest=split.latest & (data.labels.revenue > 0))
    return model, (
        calibrated(data, split, covered, stated), calibrated(data, ordered, covered_if_order, IF_ORDER)
    )  # fmt: skip


def if_order_finding(held: Calibration) -> Finding:
    """Return how far the ranges given an order hold what is stated."""
    if not held.snapshots:
        return Finding.of("if_order_uncalibrated", NOTE)
    return Finding.of(
        "if_order_calibrated", NOTE, stated=held.stated, covered=held.covered, snapshots=held.snapshots, at=held.at,
        by=held.by,
    )  # fmt: skip


def learn_revenue_range(
    task: TrainingTask, rows: BoolArray, split: Split | None, stated: float
) -> tuple[RevenueRange, BoolArray, BoolArray]:
    """Fit the ranges to rows of any origin.

    Returns too which of the later rows the interval holds, and which of those with an order the range given one.
    """
    served = _fit(task, rows, stated)
    if split is None:
        return served, np.empty(0, bool), np.empty(0, bool)
    earlier, latest, _ = split
    trial, last = _fit(task, earlier, stated), task.take(latest)
    revenue = np.maximum(last.target, 0.0)
    before = replace(task.take(earlier), today=last.matrix)
    chance = learn_any_order(replace(before, target=(before.target > 0).astype(np.int64)))
    no_order = 1.0 - chance.predict(last.matrix)[:, 0]
    scale, ordered = trial.scale(last.matrix), revenue > 0
    realised = np.log(np.maximum(revenue, LEAST_RATIO * scale) / scale)
    low, high = trial.logs(last.matrix, no_order)
    outside = distance_outside(low, high, np.where(ordered, realised, -np.inf))
    margin = _margin(np.minimum(outside, -np.log(LEAST_RATIO))[np.isfinite(high)], stated)
    low, high = trial.quantiles(last.matrix)
    outside = distance_outside(low, high, realised)[ordered]
    trial = replace(trial, margin=margin, margin_if_order=_margin(outside, IF_ORDER))
    held = inside_interval(trial.interval(last.matrix, no_order), revenue)
    held_if_order = inside_interval(trial.predict(last.matrix[ordered]), revenue[ordered])
    return replace(served, margin=trial.margin, margin_if_order=trial.margin_if_order), held, held_if_order


def distance_outside(low: FloatArray, high: FloatArray, realised: FloatArray) -> FloatArray:
    """Return the margin at which each interval would hold what happened, shape (n,), all on the scale of the quantiles.

    Minus infinity for nothing in an interval that begins at nothing, which holds it whatever the margin.

    low, high, realised : shape (n,); minus infinity stands for nothing.
    """
    from_nothing = np.isneginf(low)
    above = np.where(from_nothing & np.isneginf(realised), -np.inf, realised - np.maximum(high, -1e300))
    return np.where(from_nothing, above, np.maximum(np.maximum(low, -1e300) - realised, above))


def inside_interval(interval: FloatArray, revenue: FloatArray) -> BoolArray:
    """Return whether each revenue lies in its interval, shape (n,); a negative revenue counts as zero.

    interval : shape (n, 2).
    revenue : shape (n,).
    """
    counted = np.maximum(revenue, 0.0)
    tolerance = 1e-9 * (1.0 + counted)  # the logarithm and back
    inside: BoolArray = (interval[:, 0] <= counted + tolerance) & (counted - tolerance <= interval[:, 1])
    return inside


def _margin(outside: FloatArray, stated: float) -> float:
    return round(max(conformal_margin(outside, stated), 0.0), 6)


def _fit(task: TrainingTask, rows: BoolArray, stated: float) -> RevenueRange:
    """Fit both quantiles to those of some rows that ordered; of too few, take their least and their largest ratio."""
    pace = pace_of(task.take(rows))
    ordered = task.take(rows & (task.target > 0))
    scale = np.ones(len(ordered.target)) if pace is None else pace.at_least_an_order(ordered.matrix)
    ratio = np.log(ordered.target / scale)
    low: Predictor
    high: Predictor
    if len(ratio) < LEAST_ROWS:
        low, high = (Constant(float(end)) for end in ((ratio.min(), ratio.max()) if len(ratio) else (0.0, 0.0)))
    else:
        seen = ordered.matrix if pace is None else pace.beside(ordered.matrix)
        low, high = (_quantile(ordered, seen, ratio, level) for level in QUANTILES)
    return RevenueRange(low, high, pace, stated)


def _quantile(task: TrainingTask, seen: FloatArray, ratio: FloatArray, level: float) -> Trees:
    return fit_trees(seen, ratio, task.weight, task.booster, objective="quantile", backend=task.backend, quantile=level)
