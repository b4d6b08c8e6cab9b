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
from training.evaluation import metrics
from training.evaluation.cluster_bootstrap import cluster_bootstrap_mean
from training.evaluation.curves import gains_curve
from training.evaluation.evaluation import OURS, POOL, WORSE_BY, Comparison, Row
from training.models.fitting import one_linear_algebra_thread
from training.models.renewal import RATES, RenewalRows, fit_renewal, learn_default_lightgbm, renewal_task
from training.settings import Settings

TASK, PRIMARY = "renewal", "log_loss"


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
    losses = {name: metrics.row_log_loss(chance, renewed) for name, chance in chances.items()}
    best = min(RATES, key=lambda name: losses[name].mean())
    serves = best if losses[best].mean() < (1 - WORSE_BY) * losses[OURS].mean() else OURS
    chances = dict(chances)
    if serves != OURS:
        chances[POOL] = chances.pop(OURS)
        chances[OURS] = chances[serves]
        losses = {name: metrics.row_log_loss(chance, renewed) for name, chance in chances.items()}
    table = []
    for name, chance in chances.items():
        difference = None if name == OURS else cluster_bootstrap_mean(losses[name] - losses[OURS], account)
        table.append(Row(name, _scores(chance, renewed, losses[name]), difference))
    ours = chances[OURS]
    brier = metrics.row_brier(ours, renewed)
    comparison = Comparison(
        task=TASK, primary=PRIMARY, rows=tuple(table), origins=origins, snapshots=len(renewed), serves=serves,
        intervals={
            PRIMARY: cluster_bootstrap_mean(losses[OURS], account), "brier": cluster_bootstrap_mean(brier, account),
        },
    )  # fmt: skip
    bands = metrics.reliability_bands(ours, renewed, account)
    return replace(comparison, bands=bands, gains=gains_curve(1 - ours, renewed == 0))


def _scores(chance: FloatArray, renewed: IntArray, loss: FloatArray) -> dict[str, float]:
    return {
        PRIMARY: float(loss.mean()), "brier": float(metrics.row_brier(chance, renewed).mean()),
        "auc": metrics.auc(chance, renewed), "ece": metrics.calibration_error(chance, renewed),
    }  # fmt: skip
