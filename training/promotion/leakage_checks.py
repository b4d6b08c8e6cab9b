"""Two checks for leakage from the future: a single feature that is too good, and skill that lives by one day.

Features are computed from what was recorded before as_of, by construction; what remains is that the *source* records
otherwise than it says. A row written in retrospect with an earlier date, and no `recorded_at` to give it away, tells a
training what nobody knew at the time.

- *Alone*: such a row often ends in one feature, which alone tells who leaves or who climbs. Its value and its mere
  absence are both tried. Falling is not asked about: the windows alone tell of it, and rightly.
- *Late*: the model of the last origin is asked once more, with histories as they stood a day and a week earlier: as if
  everything were recorded so much later than the source says. A true picture of an account fades slowly. Skill that
  falls off a cliff rests on the last days' rows, which either were written afterwards, or will be missing in service
  whenever a feed is late. *Not* a proof: where accounts order daily, a week is long.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from features.catalog import catalog
from features.histories.snapshots import Snapshots
from features.histories.views import View
from features.instants import MICROSECONDS_PER_DAY, BoolArray, FloatArray, IntArray
from training.data.dataset import Dataset
from training.evaluation.cluster_bootstrap import Interval, cluster_bootstrap_mean
from training.evaluation.evaluation import Comparison
from training.evaluation.tasks import TASKS

DELAYS_DAYS = (1, 7)
MOST_ASKED = 3_000
"""Accounts that are asked again: their mean loss settles well before that."""
MOST_RANKED = 20_000
"""Rows by which features are ranked alone."""


@dataclass(frozen=True)
class SingleFeature:
    """What a single feature tells by itself.  outcome : `left` or `climbed`.  auc : 0.5 .. 1.  absence : whether it is
    the feature's being missing that tells."""

    feature: str
    outcome: str
    auc: float
    absence: bool


def strongest_alone(data: Dataset, most: int = 5) -> tuple[SingleFeature, ...]:
    """Return the most predictive single features, the strongest first, over the latest slice's accounts.

    The latest slice: an account is counted once, and nobody's earlier self tells on the later one. Where who left is
    read from the orders themselves, features of orders alone tell much of it, and rightly: they are not asked.
    """
    latest = np.flatnonzero(data.snapshots.as_of == data.snapshots.as_of.max())
    latest = latest[:: max(1, -(-len(latest) // MOST_RANKED))]
    labels, found = data.labels.take(latest), []
    climbs = labels.rung < labels.rung.max()
    outcomes = {
        "left": (labels.can_switch, labels.switched > 0),
        "climbed": (climbs, labels.next_rung > labels.rung),
    }
    for outcome, (sample, happened) in outcomes.items():
        happened = happened[sample]
        if 0 < happened.sum() < len(happened):
            values = data.matrix[latest[sample]]
            for absence, columns in ((False, np.nan_to_num(values, nan=np.inf)), (True, np.isnan(values))):
                aucs = column_aucs(columns.astype(np.float64), happened)
                found += [
                    SingleFeature(feature.name, outcome, float(auc), absence)
                    for feature, auc in zip(catalog.FEATURES, aucs, strict=True)
                    if outcome != "left" or data.definition == "recorded" or feature.tables != ("orders",)
                ]
    return tuple(sorted(found, key=lambda one: (-one.auc, one.feature, one.outcome, one.absence))[:most])


def column_aucs(values: FloatArray, happened: BoolArray) -> FloatArray:
    """Return the AUC of every column alone, in its better direction; >= 0.5.

    >>> column_aucs(np.array([[1.0, 5.0], [2.0, 5.0], [3.0, 5.0]]), np.array([True, False, False])).tolist()
    [1.0, 0.5]
    """
    positives = int(happened.sum())
    ranks = rankdata(values, axis=0)[happened].sum(axis=0) - positives * (positives + 1) / 2
    auc = ranks / (positives * (len(happened) - positives))
    sided: FloatArray = np.maximum(auc, 1 - auc)
    return sided


@dataclass(frozen=True)
class Late:
    """One prediction with everything recorded so many days later.

    lost : share of the model's skill that goes, with its interval; 1 = all of it, the base rate would do as well.
    accounts : asked.
    """

    task: str
    days: int
    lost: Interval
    accounts: int


def score_late(data: Dataset, comparisons: Sequence[Comparison], delays: Sequence[int] = DELAYS_DAYS) -> list[Late]:
    """Score the next rung and switching at the last origin again, without what was recorded in its last days."""
    found: list[Late] = []
    late: dict[tuple[int, int], FloatArray] = {}
    for comparison in comparisons:
        judged = comparison.holdout
        if comparison.task == "revenue" or judged is None:
            continue
        task = next(task for task in TASKS if task.name == comparison.task)
        origin = int(data.snapshots.as_of[judged.rows].max())
        sample = np.flatnonzero(data.snapshots.as_of == origin)
        sample = sample[:: max(1, -(-len(sample) // MOST_ASKED))]
        rows, place, where = np.intersect1d(judged.rows, sample, return_indices=True)
        happened, score = task.target(data)[rows], task.row_scores[comparison.primary]
        usual = score(judged.predictions[place], happened)
        skill = float((score(_base_rate(happened, judged.predictions.shape[1]), happened) - usual).mean())
        if skill <= 0:  # nothing to lose
            continue
        for days in delays:
            if (origin, days) not in late:
                late[origin, days] = _matrix_late(data, data.snapshots.take(sample), days)
            again = score(judged.latest.predict(late[origin, days][where]), happened)
            lost = cluster_bootstrap_mean((again - usual) / skill, data.snapshots.account[rows])
            found.append(Late(task.name, days, lost, len(rows)))
    return found


def _matrix_late(data: Dataset, snapshots: Snapshots, days: int) -> FloatArray:
    stood = data.histories.as_it_stood(int(snapshots.as_of.max()) - days * MICROSECONDS_PER_DAY)
    return catalog.compute(View(stood, snapshots), data.context)


def _base_rate(happened: IntArray, classes: int) -> FloatArray:
    share = np.bincount(happened, minlength=max(classes, 2)) / len(happened)
    return np.tile(share if classes > 1 else share[1:2], (len(happened), 1))


def tables_with_recording(data: Dataset) -> tuple[int, int]:
    """Return how many streams with rows say when a row was recorded, and how many have rows."""
    held = [stream for stream in data.histories.streams.values() if len(stream)]
    return sum(bool(len(stream.late)) for stream in held), len(held)
