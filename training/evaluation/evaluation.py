"""The same folds, the same metrics, every model beside every baseline.

Rolling origins, purged by the horizon, on accounts that were learnt from and on accounts that never were.
Differences are paired on the same snapshots, with a bootstrap over accounts; a model is better where the
95 % interval of the difference leaves out zero.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.instants import BoolArray, FloatArray, IntArray, iso
from features.tables import RUNGS
from training.data.dataset import Dataset, Progress, silent
from training.data.splits import Fold, held_out, rolling_origins
from training.evaluation import metrics
from training.evaluation.curves import Part, Transitions, gains_curve, parts_of, transitions
from training.evaluation.holdout_predictions import HoldoutPredictions
from training.evaluation.metrics import Band, Interval
from training.model.prediction_sets import rung_sets
from training.model.serialization import Predictor
from training.models import baselines
from training.models.baselines import SIMPLEST, Baseline
from training.models.conformal import fit_set_rule
from training.models.fitting import one_linear_algebra_thread
from training.models.next_rung import fit_with_earlier
from training.models.revenue import fit_revenue
from training.models.revenue_interval import fit_revenue_range, within
from training.models.switching import enough, fit_switching
from training.settings import Settings

OURS = "loyalty-ladder"

Fit = Callable[[Dataset, BoolArray, Settings], tuple[Predictor, Predictor | None]]
"""A model, and the same of the earlier slices alone where it comes for nothing."""
Outcome = NDArray[Any]
"""What happened, one value per snapshot: classes as whole numbers, or money."""


@dataclass(frozen=True)
class Row:
    """One line of a table of results: a model, its scores, and the primary score's difference from ours.

    difference : theirs minus ours, so that above zero means that ours is better; None for ours itself.
    """

    model: str
    scores: Mapping[str, float]
    difference: Interval | None


@dataclass(frozen=True)
class Comparison:
    """One prediction's table: baselines in the order of `baselines`, ours last.

    unseen : our scores on accounts never learnt from.  bands : how often our chances of leaving, or of climbing,
        came true; empty where the prediction is no chance.
    sets : name -> mean over the snapshots: how many outcomes lay in the set or interval that was given for them, and
        how large it was.
    intervals : our scores that are means over snapshots, with their intervals over accounts.
    by_origin, by_rung : the same scores of the snapshots of one origin, and of those that stood on one rung then.
    gains : share of the accounts by descending chance, and of what happened, the share among them.
    moves : of the next rung.
    judged : the rows themselves, for what is compared on them afterwards; None where nobody kept them.
    """

    task: str
    primary: str
    rows: tuple[Row, ...]
    origins: tuple[str, ...]
    snapshots: int
    unseen: Mapping[str, float] = field(default_factory=dict)
    bands: tuple[Band, ...] = ()
    sets: Mapping[str, Interval] = field(default_factory=dict)
    intervals: Mapping[str, Interval] = field(default_factory=dict)
    by_origin: tuple[Part, ...] = ()
    by_rung: tuple[Part, ...] = ()
    gains: tuple[tuple[float, float], ...] = ()
    moves: Transitions | None = None
    judged: HoldoutPredictions | None = field(default=None, compare=False, repr=False)

    @property
    def level(self) -> float:
        """Return the coverage of the differences' intervals."""
        return next((row.difference.level for row in self.rows if row.difference is not None), metrics.LEVEL)

    def scores(self, model: str) -> Mapping[str, float]:
        """The scores of one model.  Raises KeyError if it is not in the table."""
        return {row.model: row.scores for row in self.rows}[model]

    def figures(self) -> dict[str, float]:
        """Our scores as flat names, for the tracker."""
        named = {f"{self.task}_{name}": value for name, value in self.scores(OURS).items()}
        named |= {f"{self.task}_{name}": mean.value for name, mean in self.sets.items()}
        return named | {f"{self.task}_unseen_{name}": value for name, value in self.unseen.items()}


@dataclass(frozen=True)
class Task:
    """A prediction to be judged.

    chance : the one chance that people ask for, and whether it came true; from predictions, outcomes and rungs.
    rows : which snapshots it is about.  target : the outcome of every snapshot.
    row_scores : name -> score per snapshot; the first is the primary one.  whole : name -> score of all.
    sets : what a set or an interval of ours, calibrated on the fold's own training rows, is worth on its test rows:
        name -> value per row; from the data, both masks, the settings, what ours predicted on the test rows, and
        the model that it was calibrated with.
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


def _direction_scores(chances: FloatArray, happened: IntArray, rung: IntArray) -> dict[str, float]:
    """AUC of moving up and of moving down, each among the accounts that can."""
    steps = np.arange(chances.shape[1])
    up = (chances * (steps > rung[:, None])).sum(axis=1)
    down = (chances * (steps < rung[:, None])).sum(axis=1)
    can_rise, can_fall = rung < chances.shape[1] - 1, rung > 0
    return {
        "auc_up": metrics.auc(up[can_rise], happened[can_rise] > rung[can_rise]),
        "auc_down": metrics.auc(down[can_fall], happened[can_fall] < rung[can_fall]),
        "ece_up": metrics.calibration_error(up, happened > rung),
    }


def _climbing(chances: FloatArray, happened: Outcome, rung: IntArray) -> tuple[FloatArray, BoolArray]:
    steps = np.arange(chances.shape[1])
    return (chances * (steps > rung[:, None])).sum(axis=1), happened > rung


def _leaving(chance: FloatArray, happened: Outcome, _: IntArray) -> tuple[FloatArray, BoolArray]:
    return chance[:, 0], happened > 0


def _switch_scores(chance: FloatArray, happened: IntArray, _: IntArray) -> dict[str, float]:
    flat = chance[:, 0]
    return {
        "auc": metrics.auc(flat, happened),
        "lift_10": metrics.top_decile_lift(flat, happened),
        "ece": metrics.calibration_error(flat, happened),
    }


def _deviance(expected: FloatArray, happened: Outcome) -> FloatArray:
    """Tweedie deviance with power 1.5: proper for a mean with many zeros and a heavy tail.

    Negative revenue counts as zero, a mean below a hundredth of the overall mean as that.
    """
    seen = np.maximum(happened, 0.0)
    mean = np.maximum(expected[:, 0], max(0.01 * float(seen.mean()), 1e-6))  # a zero would cost an infinite deviance
    deviance: FloatArray = 4 * (seen / np.sqrt(mean) + np.sqrt(mean) - 2 * np.sqrt(seen))
    return deviance


def _absolute(expected: FloatArray, happened: Outcome) -> FloatArray:
    error: FloatArray = np.abs(expected[:, 0] - happened)
    return error


def _revenue_scores(expected: FloatArray, happened: Outcome, _: IntArray) -> dict[str, float]:
    rank = np.argsort(np.argsort(expected[:, 0], kind="stable"))
    top = rank >= 0.9 * len(rank)
    total = max(float(np.abs(happened).sum()), 1e-9)
    return {
        "bias": float((expected[:, 0].sum() - happened.sum()) / total),
        "captured_by_top_10": float(happened[top].sum() / total),
    }


def _rung_sets(
    data: Dataset, train: BoolArray, test: BoolArray, *, settings: Settings, predicted: FloatArray,
    earlier: Predictor | None,
) -> dict[str, FloatArray]:  # fmt: skip
    low, high = rung_sets(predicted, fit_set_rule(data, train, earlier, settings).threshold)
    happened = data.labels.next_rung[test]
    covered = (low <= happened) & (happened <= high)
    return {"set_coverage": covered.astype(np.float64), "set_size": (high - low + 1).astype(np.float64)}


def _revenue_intervals(
    data: Dataset, train: BoolArray, test: BoolArray, *, settings: Settings, predicted: FloatArray, **_: object
) -> dict[str, FloatArray]:
    found = fit_revenue_range(data, train, settings)[0].predict(data.matrix[test])
    low, high = np.minimum(found[:, 0], predicted[:, 0]), np.maximum(found[:, 1], predicted[:, 0])
    happened = data.labels.revenue[test]
    covered = within(np.column_stack([low, high]), happened)
    above = ~covered & (happened > high)
    return {
        "interval_coverage": covered.astype(np.float64),
        "above_interval": above.astype(np.float64),
        "interval_width": high - low,
    }


def _by_itself(fit: Callable[[Dataset, BoolArray, Settings], Predictor]) -> Fit:
    return lambda data, rows, settings: (fit(data, rows, settings), None)


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
        name="revenue", fit=_by_itself(fit_revenue), baselines=baselines.REVENUE, rows=_everyone,
        target=lambda data: data.labels.revenue, row_scores={"deviance": _deviance, "mae": _absolute},
        whole=_revenue_scores, sets=_revenue_intervals,
    ),
)  # fmt: skip


@one_linear_algebra_thread()
def evaluate(data: Dataset, settings: Settings, folds: int = 3, progress: Progress = silent) -> list[Comparison]:
    """A table for every prediction that the data allow; switching is left out where switches are too few.

    Raises
    ------
    NotEnoughData
        If no origin has a complete earlier slice to learn from.
    """
    secret = held_out(data.histories, settings.slices.held_out_share)
    origins = rolling_origins(data.sample, secret, settings, folds)
    results = []
    for number, task in enumerate(TASKS):
        comparison = _evaluate(data, task, origins, settings, partial(_advance, progress, number))
        if comparison is not None:
            results.append(comparison)
    progress("evaluation", 1.0)
    return results


def _advance(progress: Progress, number: int, done: float) -> None:
    progress("evaluation", (number + done) / len(TASKS))


def _evaluate(
    data: Dataset, task: Task, origins: list[Fold], settings: Settings, progress: Callable[[float], None]
) -> Comparison | None:
    eligible = task.rows(data)
    if task.name == "switching":
        origins = [fold for fold in origins if enough(data, fold.train) and (fold.test & eligible).any()]
    if not origins:
        return None
    predictions: dict[str, list[FloatArray]] = {name: [] for name in [*task.baselines, OURS]}
    sets: list[dict[str, FloatArray]] = []
    latest: Predictor
    for k, fold in enumerate(origins):
        train, test = fold.train & eligible, fold.test & eligible
        for name, baseline in task.baselines.items():
            predictions[name].append(baseline(data, train, test, settings))
        model, earlier = task.fit(data, train, settings)
        latest = model
        predictions[OURS].append(model.predict(data.matrix[test]))
        if task.sets is not None:
            sets.append(
                task.sets(data, train, test, settings=settings, predicted=predictions[OURS][-1], earlier=earlier)
            )
        progress((k + 1) / len(origins))
    tested = np.concatenate([np.flatnonzero(fold.test & eligible) for fold in origins])
    unseen = np.concatenate([fold.unseen[fold.test & eligible] for fold in origins])
    joined = {name: np.concatenate(parts) for name, parts in predictions.items()}
    account = data.snapshots.account[tested]
    means = {
        name: metrics.clustered_mean(np.concatenate([one[name] for one in sets]), account)
        for name in (sets[0] if sets else ())
    }
    origin = np.repeat(np.arange(len(origins)), [int((fold.test & eligible).sum()) for fold in origins])
    names = tuple(iso(fold.origin) for fold in origins)
    compared, by_row = _compare(
        data, task, predictions=joined, tested=tested, unseen=unseen, origins=names, origin=origin
    )
    return replace(compared, sets=means, judged=HoldoutPredictions(tested, joined[OURS], by_row, latest))


def _compare(
    data: Dataset,
    task: Task,
    *,
    predictions: Mapping[str, FloatArray],
    tested: IntArray,
    unseen: BoolArray,
    origins: tuple[str, ...],
    origin: IntArray,
) -> tuple[Comparison, dict[str, FloatArray]]:
    """The table, and each model's primary score of every row.  origin : number of each tested row's origin."""
    happened, rung, account = task.target(data)[tested], data.labels.rung[tested], data.snapshots.account[tested]
    primary, simplest = next(iter(task.row_scores)), SIMPLEST[task.name]
    by_row = {
        model: {title: function(given, happened) for title, function in task.row_scores.items()}
        for model, given in predictions.items()
    }
    ours, table = by_row[OURS], []
    for model, given in predictions.items():
        scores = {title: float(values.mean()) for title, values in by_row[model].items()}
        scores |= task.whole(given, happened, rung)
        difference = None
        if model != OURS:
            difference = metrics.clustered_mean(by_row[model][primary] - ours[primary], account)
        table.append(Row(model, scores, difference))
    never_seen = {title: float(values[unseen].mean()) for title, values in ours.items()} if unseen.any() else {}
    comparison = Comparison(
        task=task.name, primary=primary, rows=tuple(table), origins=origins, snapshots=len(tested), unseen=never_seen,
        intervals={title: metrics.clustered_mean(values, account) for title, values in ours.items()},
        by_origin=parts_of(origins, origin, by_row, primary=primary, ours=OURS, simplest=simplest, account=account),
        by_rung=parts_of(RUNGS, rung, by_row, primary=primary, ours=OURS, simplest=simplest, account=account),
        moves=transitions(predictions[OURS], happened, rung) if task.name == "next_rung" else None,
    )  # fmt: skip
    losses = {model: scores[primary] for model, scores in by_row.items()}
    if task.chance is None:
        return comparison, losses
    chance, seen = task.chance(predictions[OURS], happened, rung)
    bands = metrics.reliability_bands(chance, seen, account)
    return replace(comparison, bands=bands, gains=gains_curve(chance, seen)), losses
