"""The table of several chances of one thing on the same rows, where some of them are rules that may serve."""

from collections.abc import Collection, Mapping

from features.instants import FloatArray, IntArray
from training.evaluation import metrics
from training.evaluation.cluster_bootstrap import cluster_bootstrap_mean
from training.evaluation.curves import gains_curve
from training.evaluation.evaluation import OURS, POOL, WORSE_BY, Comparison, Row, share_of
from training.models.baselines import SIMPLEST

PRIMARY = "log_loss"


def table_of_chances(
    task: str, chances: Mapping[str, FloatArray], happened: IntArray, *, account: IntArray, origins: tuple[str, ...],
    rules: Collection[str],
) -> Comparison:  # fmt: skip
    """Return the table; a rule that predicted better than ours by more than WORSE_BY is called ours.

    chances : model -> shape (n,), that it happens.
    happened, account : shape (n,), 0 or 1, and whose row it is.
    rules : those of the models that could serve instead.
    """
    losses = {name: metrics.row_log_loss(chance, happened) for name, chance in chances.items()}
    best = min((name for name in chances if name in rules), key=lambda name: losses[name].mean())
    serves = best if losses[best].mean() < (1 - WORSE_BY) * losses[OURS].mean() else OURS
    chances = dict(chances)
    if serves != OURS:
        chances[POOL] = chances.pop(OURS)
        chances[OURS] = chances[serves]
        losses = {name: metrics.row_log_loss(chance, happened) for name, chance in chances.items()}
    table = []
    for name, chance in chances.items():
        difference = None if name == OURS else cluster_bootstrap_mean(losses[name] - losses[OURS], account)
        scores = {
            PRIMARY: float(losses[name].mean()), "brier": float(metrics.row_brier(chance, happened).mean()),
            "auc": metrics.auc(chance, happened), "ece": metrics.calibration_error(chance, happened),
        }  # fmt: skip
        share = share_of(losses[name], losses[OURS], account) if name == SIMPLEST.get(task) else None
        table.append(Row(name, scores, difference, share))
    ours = chances[OURS]
    brier = metrics.row_brier(ours, happened)
    return Comparison(
        task=task, primary=PRIMARY, rows=tuple(table), origins=origins, snapshots=len(happened), serves=serves,
        intervals={
            PRIMARY: cluster_bootstrap_mean(losses[OURS], account), "brier": cluster_bootstrap_mean(brier, account),
        },
        bands=metrics.reliability_bands(ours, happened, account), gains=gains_curve(ours, happened == 1),
    )  # fmt: skip
