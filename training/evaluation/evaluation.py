"""The evaluation: every model beside every baseline, on the same folds, by the same metrics.

Rolling origins, purged by the horizon, on accounts that were learnt from and on accounts that never were. Differences
are paired on the same snapshots, with a bootstrap over accounts; a model is better where the 95 % interval of the
difference excludes zero.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from features.instants import BoolArray, FloatArray, IntArray, iso
from features.parallel import side_by_side
from features.tables import RUNGS
from training.boosting_backend import in_this_process
from training.data.dataset import Dataset, Progress, silent
from training.data.splits import Fold, held_out, rolling_origins
from training.evaluation import metrics
from training.evaluation.cluster_bootstrap import LEVEL, Interval, cluster_bootstrap_mean
from training.evaluation.curves import Part, Transitions, gains_curve, parts_of, transitions
from training.evaluation.holdout_predictions import HoldoutPredictions
from training.evaluation.metrics import Band
from training.evaluation.tasks import TASKS, Outcome, Task
from training.model.serialization import Predictor
from training.models.baselines import SIMPLEST, Rule
from training.models.fitting import fitted_once, one_linear_algebra_thread
from training.models.rule_that_serves import serve
from training.models.switching import enough_switches
from training.settings import Settings

OURS = "loyalty-ladder"
POOL = "the pool, which does not serve"


@dataclass(frozen=True)
class Row:
    """One line of a table of results: a model, its scores, and the difference of its primary score from ours.

    difference : theirs minus ours, so that above zero means that ours is better; None for ours itself.
    share : the same as a part of theirs, at most 1; of the simplest rule, which a grade is given against.
    """

    model: str
    scores: Mapping[str, float]
    difference: Interval | None
    share: Interval | None = None


@dataclass(frozen=True)
class Comparison:
    """The table of one prediction: baselines in the order of `baselines`, ours last.

    unseen : our scores on accounts never learnt from.
    bands : how often our probabilities of leaving, or of climbing, came true; empty where the prediction is no
        probability.
    sets : name -> mean over the snapshots of how many outcomes lay in the set or interval predicted for them, and how
        large it was.
    intervals : our scores that are means over snapshots, with their intervals over accounts.
    by_origin, by_rung : the same scores of the snapshots of one origin, and of those on one rung.
    gains : share of the accounts by descending probability, and the share of what happened among them.
    moves : of the next rung.
    serves : the model whose predictions are called ours: the pool, or the rule that predicted better out of time.
    holdout : the predictions themselves, for further comparisons on the same rows; None where nobody kept them.
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
    serves: str = OURS
    holdout: HoldoutPredictions | None = field(default=None, compare=False, repr=False)

    @property
    def level(self) -> float:
        """Return the coverage of the differences' intervals."""
        return next((row.difference.level for row in self.rows if row.difference is not None), LEVEL)

    def scores(self, model: str) -> Mapping[str, float]:
        """Return the scores of one model.

        Raises
        ------
        KeyError
            If it is not in the table.
        """
        return {row.model: row.scores for row in self.rows}[model]

    def figures(self) -> dict[str, float]:
        """Return our scores under flat names, for the tracker."""
        named = {f"{self.task}_{name}": value for name, value in self.scores(OURS).items()}
        named |= {f"{self.task}_{name}": mean.value for name, mean in self.sets.items()}
        return named | {f"{self.task}_unseen_{name}": value for name, value in self.unseen.items()}


@fitted_once()
@one_linear_algebra_thread()
def evaluate(
    data: Dataset, settings: Settings, folds: int = 3, progress: Progress = silent,
    *, wanted: Callable[[str], bool] = lambda _: True,
) -> list[Comparison]:  # fmt: skip
    """Evaluate every prediction that the data allow; switching is left out where there are too few switches.

    folds : number of rolling origins.  wanted : whether a prediction is evaluated, by its name.

    Raises
    ------
    NotEnoughData
        If no origin has a complete earlier slice to learn from.
    """
    held_out_accounts = held_out(data.histories, settings.slices.held_out_share)
    origins = rolling_origins(data.sample, held_out_accounts, settings, folds)
    judged = [(task, _origins(data, task, origins)) for task in TASKS if wanted(task.name)]
    folds_of = [(task, fold) for task, own in judged for fold in own]
    predicted: dict[str, list[FoldPredictions]] = {}
    with side_by_side(in_this_process(data.backend)) as pool:
        begun = [pool.submit(_predict_fold, data, task, fold, settings) for task, fold in folds_of]
        for number, ((task, _), found) in enumerate(zip(folds_of, begun, strict=True)):
            predicted.setdefault(task.name, []).append(found.result())
            progress("evaluation", (number + 1) / len(folds_of))
        tables = [
            pool.submit(_joined, data, task, own, predicted=predicted[task.name], settings=settings)
            for task, own in judged if own
        ]  # fmt: skip
        return [table.result() for table in tables]


@dataclass(frozen=True)
class FoldPredictions:
    """What was predicted of the test rows of one origin.

    models : model -> its predictions.  sets : name -> value per row, as `Task.sets` returns them.  ours : the model.
    """

    models: Mapping[str, FloatArray]
    sets: Mapping[str, FloatArray]
    ours: Predictor


def _origins(data: Dataset, task: Task, origins: list[Fold]) -> list[Fold]:
    """Return the origins at which there is enough to learn from and somebody to ask about."""
    if task.name != "switching":
        return origins
    eligible = task.rows(data)
    return [fold for fold in origins if enough_switches(data, fold.train) and (fold.test & eligible).any()]


def _predict_fold(data: Dataset, task: Task, fold: Fold, settings: Settings) -> FoldPredictions:
    eligible = task.rows(data)
    train, test = fold.train & eligible, fold.test & eligible
    models = {name: baseline(data, train, test, settings) for name, baseline in task.baselines.items()}
    model, beside = task.fit(data, train, settings)
    models[OURS] = model.predict(data.matrix[test])
    sets: Mapping[str, FloatArray] = {}
    if task.sets is not None:
        sets = task.sets(data, train, test, settings=settings, predicted=models[OURS], beside=beside)
    return FoldPredictions(models, sets, model)


def _joined(
    data: Dataset, task: Task, origins: list[Fold], predicted: list[FoldPredictions], settings: Settings
) -> Comparison:
    """Return the table of a prediction over all its origins."""
    eligible = task.rows(data)
    tested = np.concatenate([np.flatnonzero(fold.test & eligible) for fold in origins])
    unseen = np.concatenate([fold.unseen[fold.test & eligible] for fold in origins])
    joined = {name: np.concatenate([one.models[name] for one in predicted]) for name in predicted[0].models}
    serves, latest = (
        _which_serves(task, joined, task.target(data)[tested], data.labels.rung[tested]),
        predicted[-1].ours,
    )
    if serves != OURS:  # the choice is made on what judges it: the pool that lost stays in the table
        joined[POOL] = joined.pop(OURS)
        joined[OURS] = joined[serves]
        latest = serve(data, task.name, serves, latest, rows=origins[-1].train & eligible, settings=settings)
    account = data.snapshots.account[tested]
    means = {
        name: cluster_bootstrap_mean(np.concatenate([one.sets[name] for one in predicted]), account)
        for name in predicted[0].sets
    }
    origin = np.repeat(np.arange(len(origins)), [int((fold.test & eligible).sum()) for fold in origins])
    names = tuple(iso(fold.origin) for fold in origins)
    compared, by_row = _compare(
        data, task, predictions=joined, tested=tested, unseen=unseen, origins=names, origin=origin
    )
    return replace(
        compared, sets=means, serves=serves, holdout=HoldoutPredictions(tested, joined[OURS], by_row, latest)
    )


def _which_serves(task: Task, predictions: Mapping[str, FloatArray], happened: Outcome, rung: IntArray) -> str:
    """Return the rule whose loss is lower than that of ours by more than WORSE_BY, the best of them; else ours.

    Where several scores decide, it is by their mean, and a rule that is behind on any of them by more than that does
    not serve: of such, most were behind on both in the next period.
    """

    def losses(predicted: FloatArray) -> FloatArray:
        scores = {title: float(score(predicted, happened).mean()) for title, score in task.row_scores.items()}
        scores |= task.whole(predicted, happened, rung)
        return np.array([max(scores[title], 1e-12) for title in task.decides_on])

    ours = losses(predictions[OURS])
    rules = [name for name, baseline in task.baselines.items() if isinstance(baseline, Rule)]
    ratios = {name: losses(predictions[name]) / ours for name in rules}
    mean = {name: float(np.exp(np.log(ratio).mean())) for name, ratio in ratios.items() if ratio.max() < 1 + WORSE_BY}
    best = min(mean, key=lambda name: mean[name], default=OURS)
    return best if mean.get(best, 1.0) < 1 - WORSE_BY else OURS


WORSE_BY = 0.005
"""A rule serves where its loss is lower by more than one in two hundred: less is noise, and the pool has reasons."""


def share_of(theirs: FloatArray, ours: FloatArray, account: IntArray) -> Interval | None:
    """Return by what part our loss is lower than that of a rule; None where theirs is zero.  each : shape (n,)."""
    if not theirs.mean() > 0:
        return None
    floor = FLOOR_OF_A_LOSS * theirs.mean()  # a draw of rows that the rule had all right
    return cluster_bootstrap_mean(theirs - ours, account, part_of=np.maximum(theirs, floor))


FLOOR_OF_A_LOSS = 1e-9
"""As a part of the mean one, below which no row's counts."""


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
    """Return the table, and each model's primary score of every row.

    origin : number of each tested row's origin.
    """
    happened, rung, account = task.target(data)[tested], data.labels.rung[tested], data.snapshots.account[tested]
    primary, simplest = next(iter(task.row_scores)), SIMPLEST[task.name]
    by_row = {
        model: {title: function(predicted, happened) for title, function in task.row_scores.items()}
        for model, predicted in predictions.items()
    }
    ours, table = by_row[OURS], []
    for model, predicted in predictions.items():
        scores = {title: float(values.mean()) for title, values in by_row[model].items()}
        scores |= task.whole(predicted, happened, rung)
        theirs, difference, share = by_row[model][primary], None, None
        if model != OURS:
            difference = cluster_bootstrap_mean(theirs - ours[primary], account)
        if model == simplest:
            share = share_of(theirs, ours[primary], account)
        table.append(Row(model, scores, difference, share))
    never_seen = {title: float(values[unseen].mean()) for title, values in ours.items()} if unseen.any() else {}
    comparison = Comparison(
        task=task.name, primary=primary, rows=tuple(table), origins=origins, snapshots=len(tested), unseen=never_seen,
        intervals={title: cluster_bootstrap_mean(values, account) for title, values in ours.items()},
        by_origin=parts_of(origins, origin, by_row, primary=primary, ours=OURS, simplest=simplest, account=account),
        by_rung=parts_of(RUNGS, rung, by_row, primary=primary, ours=OURS, simplest=simplest, account=account),
        moves=transitions(predictions[OURS], happened, rung) if task.name == "next_rung" else None,
    )  # fmt: skip
    losses = {model: scores[primary] for model, scores in by_row.items()}
    if task.chance is None:
        return comparison, losses
    chance, came_true = task.chance(predictions[OURS], happened, rung)
    bands = metrics.reliability_bands(chance, came_true, account)
    return replace(comparison, bands=bands, gains=gains_curve(chance, came_true)), losses
