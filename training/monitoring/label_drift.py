"""Whether outcomes themselves moved: how many left, climbed and fell since training, and a year before, in its data.

Labels of whole horizons only, as the champion was taught them, of the same accounts as elsewhere in monitoring. Each
look since training is held against the same day a year earlier, so that a season does not pass for a change. It needs
no predictions: a model whose chances follow the move is right, and targets and plans may still be of another world.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from features.histories.histories import Histories
from features.histories.views import View
from features.instants import MICROSECONDS_PER_DAY, BoolArray, FloatArray, IntArray
from features.tables import RUNGS
from training.data.labels import Labels, label
from training.evaluation.cluster_bootstrap import Interval, cluster_bootstrap_mean
from training.model.bundle import Bundle
from training.monitoring.realised_performance import CLIMBING, FALLING, LEAST_SNAPSHOTS, SWITCHING, complete_instants
from training.monitoring.reference_predictions import drawn
from training.settings import Settings

REVENUE = "revenue"
YEAR, QUARTER_DAYS = 365 * MICROSECONDS_PER_DAY, 91
LEAST_SHARE, LEAST_PART = 0.02, 0.1
"""The change of a share, and of revenue as a part of what it was, below which nothing is told."""


@dataclass(frozen=True)
class LabelShift:
    """One outcome of whole horizons since training, and a year before.

    outcome : switching, climbing, falling or revenue.  before, now : shares of the snapshots; of revenue, its mean.
    change : now less before; of revenue as a part of before.
    """

    outcome: str
    horizon_days: int
    before: float
    now: float
    change: Interval

    @property
    def moved(self) -> bool:
        """Return whether the change lies beyond chance and is large enough to be told."""
        least = LEAST_PART if self.outcome == REVENUE else LEAST_SHARE
        return abs(self.change.value) >= least and self.change.low * self.change.high > 0


def label_shifts(histories: Histories, bundle: Bundle, settings: Settings, as_of: int) -> tuple[LabelShift, ...]:
    """Compare outcomes since training with those of a year before; empty while no horizon is complete.

    histories : as they stood at as_of (microseconds).
    """
    facts = bundle.facts
    days, trained = facts.horizon_days, facts.trained_until
    orders = histories.streams["orders"].time if "orders" in histories.streams else np.empty(0, np.int64)
    begun = orders.min(initial=as_of) + settings.slices.least_history_days * MICROSECONDS_PER_DAY
    since = [
        at
        for at in complete_instants(trained, as_of, days, QUARTER_DAYS)
        if begun <= at - YEAR and at - YEAR + days * MICROSECONDS_PER_DAY <= trained
    ]
    if not since:
        return ()
    outcome = replace(settings.outcome, horizon_days=days, silence_days=facts.silence_days)
    as_taught = replace(settings, outcome=outcome, ladder=facts.rules)
    among = drawn(histories, settings.monitor.most_accounts)

    def outcomes(instants: Sequence[int]) -> dict[str, tuple[FloatArray, IntArray]]:
        found = [_labels(histories, as_taught, facts.definition, at=at, among=among, end=as_of) for at in instants]
        return {name: _joined(name, found) for name in (SWITCHING, CLIMBING, FALLING, REVENUE)}

    before, now = outcomes([at - YEAR for at in since]), outcomes(since)
    pairs = ((name, before[name], now[name]) for name in now)
    return tuple(
        shift_of(name, days, then, later)
        for name, then, later in pairs
        if min(len(then[0]), len(later[0])) >= LEAST_SNAPSHOTS
    )


def shift_of(
    outcome: str, days: int, before: tuple[FloatArray, IntArray], now: tuple[FloatArray, IntArray]
) -> LabelShift:
    """Compare two samples of an outcome.  before, now : values and accounts, shape (n,).

    The intervals of both are added as of independent samples: the same accounts are in both, which makes it wider than
    it need be.
    """
    then, later = cluster_bootstrap_mean(*before), cluster_bootstrap_mean(*now)
    change = later.value - then.value
    low = change - float(np.hypot(later.value - later.low, then.high - then.value))
    high = change + float(np.hypot(later.high - later.value, then.value - then.low))
    unit = max(abs(then.value), 1e-12) if outcome == REVENUE else 1.0
    return LabelShift(
        outcome, days, then.value, later.value, Interval(change / unit, low / unit, high / unit, later.level)
    )


def _labels(
    histories: Histories, settings: Settings, definition: str, *, at: int, among: BoolArray, end: int
) -> tuple[Labels, IntArray]:
    known = histories.known_at(at)
    view = View(histories, known.take(among[known.account]))
    return label(view, settings, definition, end), view.snapshots.account


def _joined(outcome: str, found: Sequence[tuple[Labels, IntArray]]) -> tuple[FloatArray, IntArray]:
    values, accounts = [], []
    for labels, account in found:
        happened, rows = {
            SWITCHING: (labels.switched, labels.can_switch),
            CLIMBING: (labels.next_rung > labels.rung, labels.rung < len(RUNGS) - 1),
            FALLING: (labels.next_rung < labels.rung, labels.rung > 0),
            REVENUE: (labels.revenue, np.ones(len(account), bool)),
        }[outcome]
        values.append(np.asarray(happened[rows], np.float64))
        accounts.append(account[rows])
    return np.concatenate(values), np.concatenate(accounts)
