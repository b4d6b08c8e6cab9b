"""Predictions on real data, out of time: ours, every baseline and peer on the same rows, with paired intervals."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.optimize import minimize
from scipy.stats import nbinom

from benchmarks.origins import Peers, peers_of, restricted, rows_until
from features.histories.histories import Histories, build_histories
from features.histories.snapshots import Snapshots
from features.instants import BoolArray, FloatArray, IntArray, instant, iso
from features.sources.source import read_source
from features.tables import RUNGS
from training.data.dataset import Dataset
from training.evaluation.cluster_bootstrap import cluster_bootstrap_mean
from training.evaluation.evaluation import OURS
from training.evaluation.metrics import auc, calibration_error, row_log_loss, row_rps
from training.model.predictors import FLOOR, normalise
from training.models import baselines
from training.models.baselines import Baseline
from training.models.next_rung import fit_next_rung
from training.models.switching import fit_switching
from training.settings import Settings

CLASSES = ("0", "1", "2-3", "4-6", "7+")
"""Orders with positive revenue in a window, as classes: a ladder that any shop has."""
LEAST = (1, 2, 4, 7)
"""Orders with which each class after the first begins."""
WINDOW_DAYS, ACTIVE_DAYS = 90, 180


@dataclass(frozen=True)
class Section:
    """A prediction on a source: what is asked, when, and who is asked.

    kind : `rungs` (classes in order) or `switching` (a chance).
    prepare : the rows of the population, with the benchmark's own outcome where it has one.
    """

    name: str
    title: str
    source: str
    horizon_days: int
    origins: tuple[str, ...]
    kind: str
    n_classes: int
    prepare: Callable[[Dataset], Dataset]
    extra: Mapping[str, Baseline]


@dataclass(frozen=True)
class Judged:
    """All models' predictions at one origin, on the same snapshots.

    chances : model -> shape (n, k).  happened : shape (n,).  state : shape (n,), the rung or class at the origin.
    """

    origin: str
    account: IntArray
    state: IntArray
    happened: IntArray
    chances: Mapping[str, FloatArray]


def orders_in(histories: Histories, snapshots: Snapshots, days: float) -> IntArray:
    """Orders with positive revenue in [as_of - days, as_of), shape (n,); invoices, not days."""
    stream, second = histories.streams["orders"], 1_000_000
    paid, base = stream.values["revenue"] > 0, 1 << 36
    keys = np.sort(stream.account[paid] * base + stream.time[paid] // second)
    begin = snapshots.account * base + snapshots.as_of // second
    return np.searchsorted(keys, begin) - np.searchsorted(keys, begin - int(days * 86_400))


def count_class(orders: IntArray) -> IntArray:
    """The class of a number of orders.

    >>> count_class(np.array([0, 1, 3, 4, 7])).tolist()
    [0, 1, 2, 3, 4]
    """
    return np.searchsorted(LEAST, orders, side="right").astype(np.int64)


def by_count(data: Dataset) -> Dataset:
    """States and outcomes by the number of orders in 90 days, among accounts with an order in the last 180."""
    days = data.context.horizon_days
    now = count_class(orders_in(data.histories, data.snapshots, WINDOW_DAYS))
    later = count_class(orders_in(data.histories, data.snapshots.later(days), WINDOW_DAYS))
    left = orders_in(data.histories, data.snapshots, max(WINDOW_DAYS - days, 0)) if days < WINDOW_DAYS else 0 * now
    matrix = data.matrix.copy()
    matrix[:, data.column("rung")] = now
    matrix[:, data.column("rung_if_nothing_happens")] = count_class(left)
    labels = replace(data.labels, rung=now, next_rung=later)
    active = orders_in(data.histories, data.snapshots, ACTIVE_DAYS) > 0
    return restricted(replace(data, matrix=matrix, labels=labels), active)


def those_who_can(data: Dataset) -> Dataset:
    """The accounts that can switch: with an order day in the last 180."""
    return restricted(data, data.labels.can_switch)


def gamma_poisson(data: Dataset, train: BoolArray, test: BoolArray, settings: Settings) -> FloatArray:
    """Classes from a negative binomial forecast of orders: a gamma prior of the rate, updated by a year's orders.

    Prior and year's weight by the likelihood of the classes that followed.
    """
    days = min(settings.outcome.horizon_days, WINDOW_DAYS)
    seen = orders_in(data.histories, data.snapshots, 365).astype(np.float64)
    since = data.matrix[:, data.column("days_since_first_order")]
    exposure = np.clip(np.nan_to_num(since, nan=1.0), 1, 365) / days

    def forecast(logs: FloatArray, rows: BoolArray) -> FloatArray:
        shape, rate, trust = np.exp(logs)
        r, chance = shape + trust * seen[rows], (rate + trust * exposure[rows]) / (rate + trust * exposure[rows] + 1)
        reach = np.column_stack([nbinom.cdf(k - 1, r, chance) for k in LEAST])
        chances = np.diff(reach, axis=1, prepend=0.0, append=1.0)
        return np.pad(np.maximum(chances, FLOOR), ((0, 0), (0, len(RUNGS) - len(CLASSES))), constant_values=FLOOR)

    def loss(logs: FloatArray) -> float:
        rows = row_log_loss(normalise(forecast(logs, train)), data.labels.next_rung[train])
        return float(np.average(rows, weights=data.weight[train]))

    best = minimize(loss, np.zeros(3), method="Nelder-Mead", options={"maxiter": 120})
    return normalise(forecast(best.x, test))


def judge(section: Section, histories: Histories, origin: str, peers: Peers | None) -> Judged:
    """Ours, the baselines and the peers at one origin."""
    settings = Settings()
    outcome = replace(
        settings.outcome, horizon_days=section.horizon_days, switching="silence", silence_days=ACTIVE_DAYS
    )
    settings = replace(settings, outcome=outcome)
    data = section.prepare(rows_until(histories, settings, instant(origin)))
    test = data.snapshots.as_of == instant(origin)
    rungs, train = section.kind == "rungs", ~test
    target = data.labels.next_rung if rungs else data.labels.switched
    known = {**(baselines.NEXT_RUNG if rungs else baselines.SWITCHING), **section.extra}
    chances = {name: baseline(data, train, test, settings) for name, baseline in known.items()}
    if peers is not None:
        chances |= peers_of(peers, data, train, test, target, len(RUNGS) if rungs else 1)
    fit = fit_next_rung if rungs else fit_switching
    chances[OURS] = fit(data, train, settings).predict(data.matrix[test])
    if rungs:
        chances = {name: normalise(given[:, : section.n_classes]) for name, given in chances.items()}
    return Judged(origin, data.snapshots.account[test], data.labels.rung[test], target[test], chances)


def class_calibration(chances: FloatArray, happened: IntArray) -> float:
    """Mean over the classes of the calibration error of each; of the chance itself where there is only one."""
    if chances.shape[1] == 1:
        return calibration_error(chances[:, 0], happened)
    return float(np.mean([calibration_error(chances[:, k], happened == k) for k in range(chances.shape[1])]))


def table_of(results: Sequence[Judged]) -> Iterator[str]:
    """A line a model: scores of all origins together, calibration by origin, differences pooled and by origin."""
    classes = next(iter(results[0].chances.values())).shape[1]
    second = "AUC" if classes == 1 else "RPS"
    origins = [r.origin for r in results]
    yield f"| model | log loss | {second} | ECE by origin | log loss - ours, pooled | " + " | ".join(origins) + " |"
    yield "| --- " * (5 + len(origins)) + "|"
    happened, account = (np.concatenate([getattr(r, name) for r in results]) for name in ("happened", "account"))
    losses = {m: [row_log_loss(r.chances[m], r.happened) for r in results] for m in results[0].chances}
    for model, parts in losses.items():
        chances = np.concatenate([r.chances[model] for r in results])
        other = np.mean([auc(r.chances[model][:, 0], r.happened) for r in results]) if classes == 1 else None
        other = float(row_rps(chances, happened).mean()) if other is None else float(other)
        ece = " / ".join(f"{class_calibration(r.chances[model], r.happened):.3f}" for r in results)
        cells = [f"{np.concatenate(parts).mean():.4f}", f"{other:.4f}", ece]
        if model == OURS:
            cells += ["", *(f"({part.mean():.4f})" for part in parts)]
        else:
            gaps = [theirs - ours for theirs, ours in zip(parts, losses[OURS], strict=True)]
            cells.append(str(cluster_bootstrap_mean(np.concatenate(gaps), account)))
            cells += [str(cluster_bootstrap_mean(gap, r.account)) for gap, r in zip(gaps, results, strict=True)]
        yield f"| {model} | " + " | ".join(cells) + " |"


def by_state(results: Sequence[Judged], names: Sequence[str]) -> Iterator[str]:
    """Log loss by the state at the origin: ours, and what persistence and the Markov matrix lose against it."""
    against = ("persistence", "Markov matrix", "multinomial logit")
    state, happened, account = (
        np.concatenate([getattr(r, name) for r in results]) for name in ("state", "happened", "account")
    )
    losses = {m: np.concatenate([row_log_loss(r.chances[m], r.happened) for r in results]) for m in (*against, OURS)}
    yield "| state at the origin | snapshots | stay there | ours | " + " | ".join(f"{m} - ours" for m in against) + " |"
    yield "| --- " * (4 + len(against)) + "|"
    for k, name in enumerate(names):
        rows = state == k
        if rows.any():
            gaps = [str(cluster_bootstrap_mean(losses[m][rows] - losses[OURS][rows], account[rows])) for m in against]
            cells = [str(int(rows.sum())), f"{(happened[rows] == k).mean():.3f}", f"{losses[OURS][rows].mean():.4f}"]
            yield f"| {name} | " + " | ".join([*cells, *gaps]) + " |"


def real(section: Section, folder: Path, peers: Peers | None) -> Iterator[str]:
    """The tables of one section."""
    histories = build_histories(read_source(folder))
    results = [judge(section, histories, origin, peers) for origin in section.origins]
    yield f"## {section.title}"
    snapshots = sum(len(r.account) for r in results)
    yield f"\n{snapshots:,} snapshots at {', '.join(section.origins)}; data until {iso(histories.end)}.\n"
    yield from table_of(results)
    if section.kind == "rungs":
        yield ""
        yield from by_state(results, CLASSES if section.n_classes == len(CLASSES) else RUNGS)
    yield ""


SECTIONS: Sequence[Section] = (
    Section(
        "count", "online_retail: class of the number of orders in the next 90 days", "online_retail", 90,
        ("2011-07-01", "2011-08-01", "2011-09-01"), "rungs", len(CLASSES), by_count,
        {"count-process forecast": gamma_poisson},
    ),
    Section(
        "ladder", "online_retail: rung in 180 days", "online_retail", 180,
        ("2011-04-01", "2011-05-01", "2011-06-01"), "rungs", len(RUNGS), lambda data: data, {},
    ),
    Section(
        "silence", "online_retail: no order in the next 60 days", "online_retail", 60,
        ("2011-08-01", "2011-09-01", "2011-10-01"), "switching", 1, those_who_can, {},
    ),
    Section(
        "cdnow", "cdnow: no order in the next 91 days", "cdnow", 91,
        ("1998-02-01", "1998-03-01", "1998-04-01"), "switching", 1, those_who_can, {},
    ),
    Section(
        "cdnow_ladder", "cdnow: rung in 180 days", "cdnow", 180,
        ("1997-11-01", "1997-12-01", "1998-01-01"), "rungs", len(RUNGS), lambda data: data, {},
    ),
)  # fmt: skip
