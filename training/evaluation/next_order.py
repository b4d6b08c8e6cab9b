"""The windows of the next order day, judged out of time beside the rules that people use.

Whoever has not ordered within the horizon may do so later, so a day beyond it counts as the horizon's end on both
sides: the pinball loss of a quantile cut there is proper for what was seen. Whether a window held the day can be told
of the windows that end within the horizon, and their share is shown.

Source: Powell (1986), quantiles of what is seen up to a limit only.
"""

from collections.abc import Callable, Mapping

import numpy as np

from features.errors import NotEnoughData
from features.instants import BoolArray, FloatArray, IntArray, iso
from training.data.dataset import Dataset
from training.data.splits import held_out, rolling_origins
from training.evaluation.cluster_bootstrap import cluster_bootstrap_mean
from training.evaluation.evaluation import OURS, Comparison, Row
from training.model.findings import NOTE, Finding
from training.model.next_order import FARTHEST_DAYS, FEATURES, LEVELS, NextOrder, rhythm_of
from training.models.next_order import days_until_order, fit_next_order
from training.models.revenue import fit_any_order
from training.settings import Settings

TASK, PRIMARY = "next_order", "pinball"
RHYTHM = "rhythm alone"
"""Our windows without the chance of no order."""
SIMPLEST = "last gap"


def _own_gap(column: str) -> Callable[[Dataset], FloatArray]:
    def gap(data: Dataset) -> FloatArray:
        last = data.matrix[:, data.column("order_gap_last")]
        own = data.matrix[:, data.column(column)]
        return np.maximum(np.where(np.isnan(own), last, own), 1.0)

    return gap


GAPS: Mapping[str, tuple[Callable[[Dataset], FloatArray], bool]] = {
    "last gap": (_own_gap("order_gap_last"), False),
    "mean gap": (_own_gap("order_gap_mean_730d"), False),
    "mean gap, those who never came counted": (_own_gap("order_gap_mean_730d"), True),
}
"""The rules: the next gap is like an own one, give or take what such a rule missed by among the rows learnt from.

Name -> the own gap, and whether a gap that did not end within the horizon counts as an endless one; else it is left
out.
"""


def judge_next_order(data: Dataset, settings: Settings, folds: int) -> Comparison | None:
    """Judge the windows at rolling origins; None where no origin has enough gaps before it.

    folds : number of rolling origins.
    """
    try:
        origins = rolling_origins(
            data.sample, held_out(data.histories, settings.slices.held_out_share), settings, folds
        )
    except NotEnoughData:
        return None
    known = rhythm_of(data.matrix, {name: data.column(name) for name in FEATURES}).known & data.labels.complete
    until = days_until_order(data, settings.outcome.horizon_days)
    windows: dict[str, list[FloatArray]] = {}
    judged = []
    for fold in origins:
        train, test = fold.train & known, fold.test & known
        model = fit_next_order(data, train, settings)
        if model is None or not test.any():
            continue
        for name, days in windows_of(data, (fold.train, train, test), model, until, settings).items():
            windows.setdefault(name, []).append(days)
        judged.append((iso(fold.origin), test))
    if not judged:
        return None
    rows = np.concatenate([np.flatnonzero(test) for _, test in judged])
    joined = {name: np.concatenate(parts) for name, parts in windows.items()}
    account = data.snapshots.account[rows]
    return table_of(joined, until[rows], account, settings.outcome.horizon_days, tuple(at for at, _ in judged))


def windows_of(
    data: Dataset, rows: tuple[BoolArray, BoolArray, BoolArray], model: NextOrder, until: FloatArray, settings: Settings
) -> dict[str, FloatArray]:
    """Return the windows of the rules and ours, days from as_of, shape (n tested, 3) each; ours last.

    rows : masks of the rows that the chance of no order is learnt from, of those with two order days among them, and of
        those that are asked.
    until : shape (n,), days to the next order day, infinite where none was seen.
    """
    everyone, train, test = rows
    silence = data.matrix[:, data.column("days_since_order_day")]
    windows = {}
    for name, (own, endless) in GAPS.items():
        gap = own(data)
        learnt = train if endless else train & np.isfinite(until)
        ratios = np.quantile(((silence + until) / gap)[learnt], LEVELS, method="lower")
        ahead = np.rint(gap[test][:, None] * ratios) - silence[test][:, None]
        windows[name] = np.clip(ahead, 0.0, FARTHEST_DAYS)
    windows[RHYTHM] = model.window(data.matrix[test])
    any_order = fit_any_order(data, everyone, settings).predict(data.matrix[test])[:, 0]
    windows[OURS] = model.window(data.matrix[test], 1.0 - any_order)
    return windows


def pinball(windows: FloatArray, until: FloatArray, horizon_days: int) -> FloatArray:
    """Return the pinball loss of each row, days, the mean over LEVELS, shape (n,); days beyond the horizon cut to it.

    windows : shape (n, 3).
    until : shape (n,).
    """
    missed = np.minimum(until, horizon_days)[:, None] - np.minimum(windows, horizon_days)
    levels = np.array(LEVELS)
    loss: FloatArray = np.maximum(levels * missed, (levels - 1) * missed).mean(axis=1)
    return loss


def table_of(
    windows: Mapping[str, FloatArray], until: FloatArray, account: IntArray, horizon_days: int,
    origins: tuple[str, ...],
) -> Comparison:  # fmt: skip
    """Return the table of all windows on the same rows.

    Scores: the loss; `coverage` of the windows that end within the horizon, and `ended`, their share; the share that
    ordered before the window of those whose window begins within it (`early`); and of those whose window ended, the
    share without an order by then (`late`).
    """
    losses = {name: pinball(days, until, horizon_days) for name, days in windows.items()}
    rows = []
    for name, days in windows.items():
        difference = None if name == OURS else cluster_bootstrap_mean(losses[name] - losses[OURS], account)
        rows.append(
            Row(name, {PRIMARY: float(losses[name].mean()), **_coverage(days, until, horizon_days)}, difference)
        )
    ours = windows[OURS]
    ended = ours[:, 2] < horizon_days
    held = ((ours[:, 0] <= until) & (until <= ours[:, 2]))[ended].astype(np.float64)
    return Comparison(
        task=TASK, primary=PRIMARY, rows=tuple(rows), origins=origins, snapshots=len(until),
        sets={"coverage": cluster_bootstrap_mean(held, account[ended])} if ended.any() else {},
        intervals={PRIMARY: cluster_bootstrap_mean(losses[OURS], account)},
    )  # fmt: skip


def _coverage(windows: FloatArray, until: FloatArray, horizon_days: int) -> dict[str, float]:
    begun, ended = windows[:, 0] < horizon_days, windows[:, 2] < horizon_days
    held = (windows[:, 0] <= until) & (until <= windows[:, 2])
    return {
        "coverage": _share(held[ended]),
        "early": _share((until < windows[:, 0])[begun]),
        "late": _share((until > windows[:, 2])[ended]),
        "ended": _share(ended),
    }


def _share(happened: BoolArray) -> float:
    return float(happened.mean()) if len(happened) else float("nan")


def next_order_findings(comparison: Comparison | None) -> list[Finding]:
    """Return how far the windows held what is stated, and how they compare with the simplest rule."""
    if comparison is None or "coverage" not in comparison.sets:
        return []
    scores, held = comparison.scores(OURS), comparison.sets["coverage"]
    theirs = comparison.scores(SIMPLEST)[PRIMARY]
    return [
        Finding.of(
            "coverage_next_order", NOTE, share=held.value, low=held.low, high=held.high, level=held.level,
            stated=LEVELS[-1] - LEVELS[0], snapshots=round(scores["ended"] * comparison.snapshots),
            early=scores["early"], late=scores["late"], less=1 - scores[PRIMARY] / max(theirs, 1e-9),
        )
    ]  # fmt: skip
