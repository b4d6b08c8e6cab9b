"""The interval of the revenue over the horizon, without any investment.

Boosters predict a low and a high quantile of log(1 + revenue), and a margin moves them apart, so that at least the
stated share of accounts lies between them on the latest slice, predicted by boosters that learnt before it. The
boosters that are served have learnt from all slices. The width thus follows the account, while the coverage does not
rely on the quantiles being right.

The margin never makes an interval smaller. A slice that went better than expected is a season, and the boosters that
are served have learnt from it, unlike those that it was compared with: on online_retail, whose middle origin is
calibrated on a slice of November, margins below zero left 80 % covered of the 90 % stated.

Many accounts bring no revenue at all. Where that is likelier than what the low quantile leaves out, the interval begins
at zero, and all that it leaves out lies above it. Where it is likelier than the stated share itself, the interval is
zero; such accounts are left out where the margin is chosen, or the inactive accounts would make it too small for the
others.

Source: Romano, Patterson & Candes (2019), conformalised quantile regression, except for the last two paragraphs.
"""

from dataclasses import replace

import numpy as np

from features.instants import BoolArray, FloatArray
from training.data.dataset import Dataset, earlier_split
from training.data.training_task import Split, TrainingTask
from training.model.predictors import RevenueRange, Trees
from training.models.conformal import Calibration, calibrated, conformal_margin
from training.models.fitting import fit_trees
from training.models.revenue import invested_after
from training.settings import Settings


def fit_revenue_range(data: Dataset, rows: BoolArray, settings: Settings) -> tuple[RevenueRange, Calibration]:
    """Fit the interval to those of some rows that no investment followed, and return its calibration.

    Where nothing was complete before the latest slice, the quantiles are served as they are.

    rows : mask, shape (n,).
    """
    stated = settings.outcome.interval
    free = rows & ~invested_after(data, settings.uplift.exposure_days)
    rows = free if free.any() else rows  # as the expected revenue has it
    split = earlier_split(data, rows)
    interval_model, covered = learn_revenue_range(data.task(data.labels.revenue, settings.booster), rows, split, stated)
    return interval_model, calibrated(data, split, covered, stated)


def learn_revenue_range(
    task: TrainingTask, rows: BoolArray, split: Split | None, stated: float
) -> tuple[RevenueRange, BoolArray]:
    """Fit the interval to rows of any origin, and return which of the later rows it holds."""
    served = _fit_quantiles(task.take(rows), stated)
    if split is None:
        return RevenueRange(*served, 0.0), np.empty(0, bool)
    earlier, latest = split
    trial = RevenueRange(*_fit_quantiles(task.take(earlier), stated), 0.0)
    last = task.take(latest)
    realised = np.maximum(last.target, 0.0)
    low, high = trial.quantiles(last.matrix)
    outside = distance_outside(low, high, np.log1p(realised))[high > 0]
    margin = round(max(conformal_margin(outside, stated), 0.0), 6)
    return RevenueRange(*served, margin), inside_interval(replace(trial, margin=margin).predict(last.matrix), realised)


def distance_outside(low: FloatArray, high: FloatArray, realised: FloatArray) -> FloatArray:
    """Return the margin at which each interval would hold what happened, shape (n,), all on the scale of the quantiles.

    Minus infinity for zero revenue in an interval that begins at zero, which holds it whatever the margin.

    low, high, realised : shape (n,).
    """
    above = np.where((low == 0) & (realised == 0), -np.inf, realised - high)
    return np.where(low > 0, np.maximum(low - realised, above), above)


def inside_interval(interval: FloatArray, revenue: FloatArray) -> BoolArray:
    """Return whether each revenue lies in its interval, shape (n,); a negative revenue counts as zero.

    interval : shape (n, 2).
    revenue : shape (n,).
    """
    counted = np.maximum(revenue, 0.0)
    tolerance = 1e-9 * (1.0 + counted)  # the logarithm and back
    inside: BoolArray = (interval[:, 0] <= counted + tolerance) & (counted - tolerance <= interval[:, 1])
    return inside


def _fit_quantiles(task: TrainingTask, stated: float) -> tuple[Trees, Trees, Trees]:
    target = np.log1p(np.maximum(task.target, 0.0))
    low, high, from_nothing = (
        fit_trees(
            task.matrix,
            target,
            task.weight,
            task.booster,
            objective="quantile",
            backend=task.backend,
            quantile=round(level, 6),
        )
        for level in ((1 - stated) / 2, (1 + stated) / 2, stated)
    )
    return low, high, from_nothing
