"""The chance of winning back, judged out of time beside recency, former value and the chance learnt from everybody.

A row is a former customer at an origin; what happened is whether it ordered within the horizon.
"""

import numpy as np

from features.errors import NotEnoughData
from features.instants import BoolArray, FloatArray, iso
from training.data.dataset import Dataset
from training.data.splits import held_out, rolling_origins
from training.evaluation.chances import table_of_chances
from training.evaluation.evaluation import OURS, Comparison
from training.models.fitting import one_linear_algebra_thread
from training.models.revenue import fit_any_order
from training.models.win_back import (
    EVERYBODY,
    RULES,
    FormerRows,
    enough_came_back,
    learn_logit,
    win_back_task,
)
from training.settings import Settings

TASK = "win_back"


@one_linear_algebra_thread()
def judge_win_back(data: Dataset, seen: FormerRows, settings: Settings, folds: int) -> Comparison | None:
    """Judge the chances at rolling origins; None where no origin has enough former customers before it.

    folds : number of rolling origins.
    """
    try:
        origins = rolling_origins(
            data.sample, held_out(data.histories, settings.slices.held_out_share), settings, folds
        )
    except NotEnoughData:
        return None
    predictions: dict[str, list[FloatArray]] = {}
    judged, tests = [], []
    for fold in origins:
        train, test = fold.train & data.labels.complete, fold.test & seen.former & data.labels.complete
        if not test.any() or not enough_came_back(data, train & seen.former):
            continue
        for name, chance in predict_all(data, seen, train, test, settings).items():
            predictions.setdefault(name, []).append(chance)
        judged.append(iso(fold.origin))
        tests.append(np.flatnonzero(test))
    if not judged:
        return None
    tested = np.concatenate(tests)
    joined = {name: np.concatenate(parts) for name, parts in predictions.items()}
    ordered = data.labels.ordered[tested].astype(np.int64)
    return table_of_chances(
        TASK, joined, ordered, account=data.snapshots.account[tested], origins=tuple(judged), rules={*joined} - {OURS}
    )


def predict_all(
    data: Dataset, seen: FormerRows, train: BoolArray, test: BoolArray, settings: Settings
) -> dict[str, FloatArray]:
    """Return the chance of coming back by every rule and ours, of the rows that are asked.

    train, test : masks, shape (n,).
    """
    task = win_back_task(data, seen, train & seen.former, settings)
    asked = win_back_task(data, seen, test, settings).matrix
    found = {name: learn(task).predict(asked)[:, 0] for name, learn in RULES.items()}
    found[EVERYBODY] = fit_any_order(data, train, settings).predict(asked)[:, 0]
    found[OURS] = learn_logit(task).predict(asked)[:, 0]
    return {name: np.clip(chance, 1e-6, 1 - 1e-6) for name, chance in found.items()}
