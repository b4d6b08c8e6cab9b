"""The predictions that are evaluated: what each predicts, for which snapshots, and by which scores."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.instants import BoolArray, FloatArray, IntArray
from training.data.dataset import Dataset
from training.evaluation import metrics
from training.model.prediction_sets import rung_sets
from training.model.rung_mass import mass_above, mass_below
from training.model.serialization import Predictor
from training.models import baselines
from training.models.baselines import Baseline
from training.models.conformal import fit_set_rule
from training.models.next_rung import fit_with_earlier
from training.models.revenue import fit_revenue
from training.models.revenue_range import fit_revenue_range, inside_interval
from training.models.switching import fit_switching
from training.settings import Settings

Fit = Callable[[Dataset, BoolArray, Settings], tuple[Predictor, Predictor | None]]
"""A function that fits a model, and returns with it the predictor that its sets need beside it, if any."""
Outcome = NDArray[Any]
"""What happened, one value per snapshot: classes as whole numbers, or money."""


@dataclass(frozen=True)
class Task:
    """A prediction to be evaluated.

    fit : fits our model.
    baselines : name -> baseline.
    rows : returns the snapshots that it is about, as a mask.
    target : returns the outcome of every snapshot.
    row_scores : name -> score per snapshot; the first is the primary one.
    whole : returns name -> score of all snapshots together, from predictions, outcomes and rungs.
    chance : returns the one probability that people ask for, and whether it came true, from predictions, outcomes and
        rungs.
    sets : returns name -> value per row of a set or interval of ours, calibrated on the fold's own training rows, on
        its test rows; from the data, both masks, the settings, our predictions and the predictor beside it.
    measured_by : the scores that decide whether a rule predicts better; the primary one by default.
    """

    name: str
    fit: Fit
    baselines: Mapping[str, Baseline]
    rows: Callable[[Dataset], BoolArray]
    target: Callable[[Dataset], Outcome]
    row_scores: Mapping[str, Callable[[FloatArray, Outcome], FloatArray]]
    whole: Callable[[FloatArray, Outcome, IntArray], dict[str, float]]
    chance: Callable[[FloatArray, Outcome, IntArray], tuple[FloatArray, BoolArray]] | None = None
    sets: Callable[..., dict[str, FloatArray]] | None = None
    measured_by: tuple[str, ...] = ()

    @property
    def decides_on(self) -> tuple[str, ...]:
        """Return the scores that decide whether a rule predicts better: the primary one unless others are named."""
        return self.measured_by or (next(iter(self.row_scores)),)


def _direction_scores(chances: FloatArray, happened: IntArray, rung: IntArray) -> dict[str, float]:
    """Return the AUC of moving up and of moving down, each among the accounts that can."""
    up, down = mass_above(chances, rung), mass_below(chances, rung)
    can_rise, can_fall = rung < chances.shape[1] - 1, rung > 0
    return {
        "auc_up": metrics.auc(up[can_rise], happened[can_rise] > rung[can_rise]),
        "auc_down": metrics.auc(down[can_fall], happened[can_fall] < rung[can_fall]),
        "ece_up": metrics.calibration_error(up, happened > rung),
    }


def _climbing(chances: FloatArray, happened: Outcome, rung: IntArray) -> tuple[FloatArray, BoolArray]:
    return mass_above(chances, rung), happened > rung


def _leaving(chance: FloatArray, happened: Outcome, _: IntArray) -> tuple[FloatArray, BoolArray]:
    return chance[:, 0], happened > 0


def _switch_scores(chance: FloatArray, happened: IntArray, _: IntArray) -> dict[str, float]:
    flat = chance[:, 0]
    return {
        "auc": metrics.auc(flat, happened),
        "lift_10": metrics.top_decile_lift(flat, happened),
        "ece": metrics.calibration_error(flat, happened),
    }


def row_deviance(expected: FloatArray, happened: Outcome) -> FloatArray:
    """Return the Tweedie deviance with power 1.5, proper for a mean with many zeros and a heavy tail, shape (n,).

    Negative revenue counts as zero, a mean below a hundredth of the overall mean as that.
    """
    revenue = np.maximum(happened, 0.0)
    mean = np.maximum(
        expected[:, 0], max(0.01 * float(revenue.mean()), 1e-6)
    )  # a mean of zero would cost an infinite deviance
    deviance: FloatArray = 4 * (revenue / np.sqrt(mean) + np.sqrt(mean) - 2 * np.sqrt(revenue))
    return deviance


def _absolute(expected: FloatArray, happened: Outcome) -> FloatArray:
    error: FloatArray = np.abs(expected[:, 0] - happened)
    return error


def _revenue_scores(expected: FloatArray, happened: Outcome, _: IntArray) -> dict[str, float]:
    rank = np.argsort(np.argsort(expected[:, 0], kind="stable"))
    top = rank >= 0.9 * len(rank)
    total = max(float(np.abs(happened).sum()), 1e-9)
    return {
        "rmse": float(np.sqrt(np.mean((expected[:, 0] - happened) ** 2))),
        "bias": float((expected[:, 0].sum() - happened.sum()) / total),
        "captured_by_top_10": float(happened[top].sum() / total),
    }


def _rung_sets(
    data: Dataset, train: BoolArray, test: BoolArray, *, settings: Settings, predicted: FloatArray,
    beside: Predictor | None,
) -> dict[str, FloatArray]:  # fmt: skip
    low, high = rung_sets(predicted, fit_set_rule(data, train, beside, settings).threshold)
    happened = data.labels.next_rung[test]
    covered = (low <= happened) & (happened <= high)
    return {"set_coverage": covered.astype(np.float64), "set_size": (high - low + 1).astype(np.float64)}


def _revenue_intervals(
    data: Dataset, train: BoolArray, test: BoolArray, *, settings: Settings, predicted: FloatArray,
    beside: Predictor | None,
) -> dict[str, FloatArray]:  # fmt: skip
    assert beside is not None, "expected revenue comes with the probability of any order"
    matrix = data.matrix[test]
    interval = fit_revenue_range(data, train, settings)[0].interval(matrix, 1.0 - beside.predict(matrix)[:, 0])
    low, high = np.minimum(interval[:, 0], predicted[:, 0]), np.maximum(interval[:, 1], predicted[:, 0])
    happened = data.labels.revenue[test]
    covered = inside_interval(np.column_stack([low, high]), happened)
    above = ~covered & (happened > high)
    return {
        "interval_coverage": covered.astype(np.float64),
        "above_interval": above.astype(np.float64),
        "interval_width": high - low,
    }


def _by_itself(fit: Callable[[Dataset, BoolArray, Settings], Predictor]) -> Fit:
    return lambda data, rows, settings: (fit(data, rows, settings), None)


def _fit_revenue(data: Dataset, rows: BoolArray, settings: Settings) -> tuple[Predictor, Predictor]:
    model = fit_revenue(data, rows, settings)
    return model, model.any_order


def _everyone(data: Dataset) -> BoolArray:
    return np.ones(len(data.matrix), bool)


TASKS: tuple[Task, ...] = (
    Task(
        name="next_rung", fit=fit_with_earlier, baselines=baselines.NEXT_RUNG, rows=_everyone,
        target=lambda data: data.labels.next_rung,
        row_scores={"log_loss": metrics.row_log_loss, "rps": metrics.row_rps, "brier": metrics.row_brier},
        whole=_direction_scores, chance=_climbing, sets=_rung_sets,
    ),
    Task(
        name="switching", fit=_by_itself(fit_switching), baselines=baselines.SWITCHING,
        rows=lambda data: data.labels.can_switch, target=lambda data: data.labels.switched,
        row_scores={"log_loss": metrics.row_log_loss, "brier": metrics.row_brier}, whole=_switch_scores,
        chance=_leaving,
    ),
    Task(
        name="revenue", fit=_fit_revenue, baselines=baselines.REVENUE, rows=_everyone,
        target=lambda data: data.labels.revenue, row_scores={"mae": _absolute, "deviance": row_deviance},
        whole=_revenue_scores, sets=_revenue_intervals, measured_by=("mae", "rmse"),
    ),
)  # fmt: skip
