"""The chances of renewal, judged out of time beside the rates that people use.

A row is a contract that ends within the horizon of an origin and is decided by the end of the data. Contracts whose
following one is known already at the origin are left out: there is nothing to predict, and they would flatter all.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from features.errors import NotEnoughData
from features.instants import BoolArray, FloatArray, IntArray, iso
from training.data.dataset import Dataset
from training.data.splits import held_out, rolling_origins
from training.evaluation.chances import table_of_chances
from training.evaluation.curves import gains_curve
from training.evaluation.evaluation import OURS, Comparison
from training.models.fitting import one_linear_algebra_thread
from training.models.renewal import RATES, RenewalRows, fit_renewal, learn_default_lightgbm, renewal_task
from training.settings import Settings

TASK = "renewal"


@one_linear_algebra_thread()
def judge_renewal(data: Dataset, rows: RenewalRows, settings: Settings, folds: int) -> Comparison | None:
    """Judge the chances at rolling origins; None where no origin has enough decided contracts before it.

    folds : number of rolling origins.
    """
    hidden = held_out(data.histories, settings.slices.held_out_share)
    try:
        origins = rolling_origins(data.sample, hidden, settings, folds)
    except NotEnoughData:
        return None
    predictions: dict[str, list[FloatArray]] = {}
    judged, tests = [], []
    for fold in origins:
        train = (rows.decided <= fold.origin) & ~hidden[rows.account]
        test = (rows.as_of == fold.origin) & (rows.decided <= data.end) & ~rows.followed
        found = predict_all(data, rows, train, test, settings)
        if found is None or not test.any():
            continue
        for name, chance in found.items():
            predictions.setdefault(name, []).append(chance)
        judged.append(iso(fold.origin))
        tests.append(np.flatnonzero(test))
    if not judged:
        return None
    tested = np.concatenate(tests)
    joined = {name: np.concatenate(parts) for name, parts in predictions.items()}
    return table_of(joined, rows.renewed[tested], rows.account[tested], tuple(judged))


def predict_all(
    data: Dataset, rows: RenewalRows, train: BoolArray, test: BoolArray, settings: Settings
) -> dict[str, FloatArray] | None:
    """Return the chance of renewal by every rule and ours, of the rows that are asked; None where too few are decided.

    train, test : masks, shape (k,).
    """
    model = fit_renewal(data, rows, train, settings)
    if model is None:
        return None
    task = renewal_task(data, rows, settings).take(train & ~rows.followed)
    found = {}
    for name, learn in {**RATES, "default LightGBM": learn_default_lightgbm}.items():
        rule = learn(task)
        assert rule is not None, "a rate can always be learnt"
        found[name] = rule.predict(rows.matrix[test])[:, 0]
    found[OURS] = 1.0 - model.predict(rows.matrix[test])[:, 0]
    return found


def table_of(
    chances: Mapping[str, FloatArray], renewed: IntArray, account: IntArray, origins: tuple[str, ...]
) -> Comparison:
    """Return the table of all chances on the same rows; a rate that predicted better than ours is called ours."""
    table = table_of_chances(TASK, chances, renewed, account=account, origins=origins, rules=RATES)
    ended = 1 - chances[table.serves]
    return replace(table, gains=gains_curve(ended, renewed == 0))
