"""Scores of predictions: proper scores first, AUC and lift beside them.

Every function takes one row per snapshot. The proper scores are log loss, the ranked probability score and Brier.

Source: Epstein (1969), the ranked probability score.
"""

from dataclasses import dataclass

import numpy as np
from sklearn.metrics import roc_auc_score

from features.errors import ShapeMismatch
from features.instants import BoolArray, FloatArray, IntArray
from training.evaluation.cluster_bootstrap import Interval, cluster_bootstrap_mean
from training.model.predictors import FLOOR


def row_log_loss(probabilities: FloatArray, outcome: IntArray) -> FloatArray:
    """Return -log of the probability of what happened, shape (n,).

    probabilities : shape (n, k), or (n,) / (n, 1) for the probability of outcome 1.
    outcome : shape (n,), 0 .. k - 1.

    Raises
    ------
    ShapeMismatch
        If there are not as many predictions as outcomes.
    """
    wide = _wide(probabilities, outcome)
    chosen: FloatArray = -np.log(np.clip(wide[np.arange(len(outcome)), outcome], FLOOR, 1.0))
    return chosen


def row_rps(probabilities: FloatArray, outcome: IntArray) -> FloatArray:
    """Return the ranked probability score over ordered classes, divided by k - 1 to lie in 0..1, shape (n,)."""
    wide = _wide(probabilities, outcome)
    happened = np.zeros_like(wide)
    happened[np.arange(len(outcome)), outcome] = 1.0
    gap = np.cumsum(wide, axis=1) - np.cumsum(happened, axis=1)
    score: FloatArray = (gap[:, :-1] ** 2).sum(axis=1) / (wide.shape[1] - 1)
    return score


def row_brier(probabilities: FloatArray, outcome: IntArray) -> FloatArray:
    """Return the squared error summed over the classes (halved for two classes), shape (n,)."""
    wide = _wide(probabilities, outcome)
    happened = np.zeros_like(wide)
    happened[np.arange(len(outcome)), outcome] = 1.0
    score: FloatArray = ((wide - happened) ** 2).sum(axis=1) / (2 if wide.shape[1] == 2 else 1)
    return score


def _wide(probabilities: FloatArray, outcome: IntArray) -> FloatArray:
    if len(probabilities) != len(outcome):
        raise ShapeMismatch(f"{len(probabilities)} predictions against {len(outcome)} outcomes")
    flat = probabilities.reshape(len(outcome), -1)
    return np.column_stack([1 - flat[:, 0], flat[:, 0]]) if flat.shape[1] == 1 else flat


def _alike(chance: FloatArray) -> FloatArray:
    """Return probabilities to rank by: equal where they differ by no more than how one machine or another rounds."""
    return np.round(chance, 12)


def auc(chance: FloatArray, happened: BoolArray | IntArray) -> float:
    """Return the area under the ROC curve; NaN where not both classes occurred."""
    happened = np.asarray(happened, np.int64)
    return float(roc_auc_score(happened, _alike(chance))) if 0 < happened.sum() < len(happened) else float("nan")


def calibration_error(chance: FloatArray, happened: BoolArray | IntArray, bins: int = 10) -> float:
    """Return the mean absolute gap between predicted and observed share over bins of equal mass (ECE)."""
    gaps = [size * abs(predicted - observed) for predicted, observed, size in reliability(chance, happened, bins)]
    return sum(gaps) / max(len(chance), 1)


def reliability(chance: FloatArray, happened: BoolArray | IntArray, bins: int = 10) -> list[tuple[float, float, int]]:
    """Return mean predicted probability, observed share and number of snapshots, for bins of equal mass."""
    parts = np.array_split(np.argsort(_alike(chance), kind="stable"), bins)
    observed = np.asarray(happened, np.float64)
    return [(float(chance[p].mean()), float(observed[p].mean()), len(p)) for p in parts if len(p)]


@dataclass(frozen=True)
class Band:
    """Predictions between two probabilities, and how often the event happened among them.

    low, high : of the probability; high is left out, except for 1.
    predicted : the mean predicted probability.
    """

    low: float
    high: float
    predicted: float
    observed: Interval
    snapshots: int


def reliability_bands(
    chance: FloatArray, happened: BoolArray | IntArray, account: IntArray, bands: int = 10
) -> tuple[Band, ...]:
    """Return the reliability over bands of equal width, without empty ones, with intervals over accounts.

    chance, happened, account : shape (n,).
    """
    observed = np.asarray(happened, np.float64)
    number = np.minimum((chance * bands).astype(np.int64), bands - 1)
    bands_found = []
    for k in np.unique(number).tolist():
        rows = np.flatnonzero(number == k)
        rate = cluster_bootstrap_mean(observed[rows], account[rows])
        bands_found.append(Band(k / bands, (k + 1) / bands, float(chance[rows].mean()), rate, len(rows)))
    return tuple(bands_found)


def top_decile_lift(chance: FloatArray, happened: BoolArray | IntArray) -> float:
    """Return the share that happened in the tenth with the highest probability, over the share among all.

    NaN if nothing happened.
    """
    observed = np.asarray(happened, np.float64)
    top = np.argsort(-_alike(chance), kind="stable")[: max(1, len(chance) // 10)]
    return float(observed[top].mean() / observed.mean()) if observed.any() else float("nan")
