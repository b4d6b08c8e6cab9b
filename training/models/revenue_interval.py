"""Between which two amounts the revenue of the horizon will lie, without any investment.

Boosters give a low and a high quantile of log(1 + revenue), and a margin moves them apart, so that at least the stated
share of accounts lies between them on the latest slice, predicted by boosters that learnt before it (conformalised
quantile regression, Romano, Patterson & Candes 2019, but for the two things below). What is served has learnt from all
slices. The width so follows the account, while the share does not rest on the quantiles being right.

The margin never makes a range smaller. A slice that went better than expected is a season, and the boosters that are
served have learnt from it, which those that it was compared with had not: on online_retail, whose middle origin is
calibrated on a slice of November, margins below zero left 80 % covered of the 90 % stated.

Many accounts bring nothing at all. Where that is likelier than what the low quantile leaves out, the range begins at
nothing, and all that it leaves out lies above it. Where it is likelier than the stated share itself, the range is
nothing; such accounts are left out where the margin is chosen, or the sleeping ones would pay for the others.
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
    """The range, learnt on those of the rows (mask, shape (n,)) that nothing was invested in, and what it was held to.

    Where nothing was complete before the latest slice the quantiles are served as they are.
    """
    stated = settings.outcome.interval
    free = rows & ~invested_after(data, settings.uplift.exposure_days)
    rows = free if free.any() else rows  # as the expected revenue has it
    split = earlier_split(data, rows)
    found, covered = learn_revenue_range(data.lesson(data.labels.revenue, settings.booster), rows, split, stated)
    return found, calibrated(data, split, covered, stated)


def learn_revenue_range(
    lesson: TrainingTask, rows: BoolArray, split: Split | None, stated: float
) -> tuple[RevenueRange, BoolArray]:
    """The same from rows that come from anywhere, and which of the later rows it holds."""
    served = _fit_quantiles(lesson.take(rows), stated)
    if split is None:
        return RevenueRange(*served, 0.0), np.empty(0, bool)
    earlier, latest = split
    trial = RevenueRange(*_fit_quantiles(lesson.take(earlier), stated), 0.0)
    last = lesson.take(latest)
    happened = np.maximum(last.target, 0.0)
    low, high = trial.quantiles(last.matrix)
    outside = how_far_outside(low, high, np.log1p(happened))[high > 0]
    margin = round(max(conformal_margin(outside, stated), 0.0), 6)
    return RevenueRange(*served, margin), within(replace(trial, margin=margin).predict(last.matrix), happened)


def how_far_outside(low: FloatArray, high: FloatArray, happened: FloatArray) -> FloatArray:
    """The margin at which each range comes to hold what happened, shape (n,); all on the scale of the quantiles.

    Minus infinity for nothing in a range that begins there: it holds it whatever the margin.
    """
    above = np.where((low == 0) & (happened == 0), -np.inf, happened - high)
    return np.where(low > 0, np.maximum(low - happened, above), above)


def within(interval: FloatArray, revenue: FloatArray) -> BoolArray:
    """Whether each revenue lies in its interval, shape (n,); credit notes in sum count as nothing.

    interval : shape (n, 2).
    """
    seen = np.maximum(revenue, 0.0)
    spare = 1e-9 * (1.0 + seen)  # the logarithm and back
    inside: BoolArray = (interval[:, 0] <= seen + spare) & (seen - spare <= interval[:, 1])
    return inside


def _fit_quantiles(lesson: TrainingTask, stated: float) -> tuple[Trees, Trees, Trees]:
    target = np.log1p(np.maximum(lesson.target, 0.0))
    low, high, from_nothing = (
        fit_trees(
            lesson.matrix,
            target,
            lesson.weight,
            lesson.booster,
            objective="quantile",
            grow=lesson.grow,
            quantile=round(level, 6),
        )
        for level in ((1 - stated) / 2, (1 + stated) / 2, stated)
    )
    return low, high, from_nothing
