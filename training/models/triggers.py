"""The trigger family that would make the account leave, if it left.

Where reasons of switches are recorded, two small models learn them: a booster of all features, and a logit on the
features that show a trigger's traces. Elsewhere the scores share out what the traces add to the probability of leaving
(`serving.scoring.scoring`).

Source: Roos (1999), Switching processes in customer relationships, Journal of Service Research 2(1).
"""

from dataclasses import dataclass

import numpy as np
from sklearn.metrics import roc_auc_score

from features.catalog import catalog
from features.extensions import with_members
from features.instants import BoolArray, FloatArray, IntArray
from features.tables import TRIGGER_FAMILIES
from training.data.dataset import Dataset, earlier_split
from training.data.training_task import Learn, TrainingTask, learn_members
from training.model.predictors import Linear, Pool, Trees
from training.models.fitting import equal_pool, every_term, fit_classes, fit_trees
from training.settings import Settings

MIN_OF_EACH = 30
"""The number of snapshots before a switch that each family needs."""
ROUNDS, LEAVES = 28, 5
"""Few reasons are recorded, and they are noisy: on the simulator more trees only do worse."""
LOGIT_PENALTY = 0.08
"""The penalty of the squared coefficients, per row."""


@dataclass(frozen=True)
class TriggerModel:
    """The shares of the families by account, and how well they predicted recorded reasons out of time.

    pool : predicts shape (n, 3).
    auc : macro AUC, one family against the rest, on the latest slice by a model that learnt before it; NaN where there
        was too little.
    judged : number of switches that the AUC is about.
    """

    pool: Pool
    auc: float
    judged: int


def _known(data: Dataset, rows: BoolArray) -> BoolArray:
    known: BoolArray = rows & (data.labels.trigger >= 0) & (data.labels.switched == 1)
    return known


def _enough(data: Dataset, rows: BoolArray) -> bool:
    counts = np.bincount(data.labels.trigger[_known(data, rows)], minlength=len(TRIGGER_FAMILIES))
    return bool(counts.min() >= MIN_OF_EACH)


def learn_booster(task: TrainingTask) -> Trees:
    """Fit a small booster on all features."""
    return fit_trees(
        task.matrix,
        task.target,
        task.weight,
        task.booster,
        objective="multiclass",
        n_classes=task.classes,
        backend=task.backend,
    )


def learn_traces(task: TrainingTask) -> Linear:
    """Fit a logit on the features that show a trigger's traces."""
    traces = {task.column(feature.name) for feature in catalog.FEATURES if feature.trigger}
    columns = [column for column in task.usable if column in traces]
    terms = every_term(task.matrix, columns, catalog.ALWAYS_KNOWN)
    penalty = LOGIT_PENALTY * len(task.matrix)
    return fit_classes(task.matrix, task.class_target, task.weight, terms, n_classes=task.classes, penalty=penalty)


MEMBERS: dict[str, Learn] = with_members("triggers", {
    "booster": learn_booster,
    "traces": learn_traces,
})  # fmt: skip
"""The pool, in which all weigh the same: one row per member. How to add one: docs/extend.md."""


def _fit(data: Dataset, rows: BoolArray, settings: Settings) -> Pool:
    booster = settings.booster.with_rounds(ROUNDS).with_leaves(LEAVES)
    task = data.task(data.labels.trigger, booster, len(TRIGGER_FAMILIES))
    return equal_pool(learn_members(MEMBERS, task.take(_known(data, rows))))


def fit_triggers(data: Dataset, rows: BoolArray, settings: Settings) -> TriggerModel | None:
    """Fit the shares to the recorded reasons among some rows; None where too few are recorded."""
    if not _enough(data, rows):
        return None
    split, auc, judged = earlier_split(data, _known(data, rows), settings), float("nan"), 0
    if split is not None and _enough(data, split.earlier):
        happened = data.labels.trigger[split.latest]
        auc, judged = (
            macro_auc(_fit(data, split.earlier, settings).predict(data.matrix[split.latest]), happened),
            len(happened),
        )
    return TriggerModel(_fit(data, rows, settings), auc, judged)


def macro_auc(shares: FloatArray, family: IntArray) -> float:
    """Average the AUC of each family's share, one against the rest; NaN where one never or always happened.

    shares : shape (n, 3).
    family : shape (n,), 0 .. 2.
    """
    present = [k for k in range(shares.shape[1]) if 0 < (family == k).sum() < len(family)]
    if len(present) < shares.shape[1]:
        return float("nan")
    return float(np.mean([roc_auc_score(family == k, shares[:, k]) for k in present]))
