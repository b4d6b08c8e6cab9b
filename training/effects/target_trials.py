"""Sequential target trials: every slice, and every randomised assignment, as a small trial of its own.

Eligible at a slice: known, and nothing invested during the washout. Exposure: the first investment in
`[as_of, as_of + exposure)`. Outcomes: over the horizon after as_of. Features: before as_of. A randomised
assignment (recorded controls included) is a trial at the midnight of its own day, with the propensity that
its designer knew; such accounts take no part in the observational trial of the same weeks.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from features.catalog import catalog
from features.histories.events import PROPENSITY_UNIT
from features.histories.snapshots import Snapshots
from features.histories.views import View
from features.instants import MICROSECONDS_PER_DAY, BoolArray, FloatArray, IntArray
from training.data.dataset import Dataset
from training.data.labels import label
from training.effects.co_interventions import parts_left
from training.settings import Settings

MOST_TRIALS = 40_000
"""Snapshots used for effects; beyond this, accounts without exposure are thinned out."""


@dataclass(frozen=True)
class Trials:
    """n trials.

    arm : shape (n,), 0 = no investment, k = the kth option (from 1).
    random : shape (n,), whether the arm was drawn by lot; propensity : the known chance of that arm, else NaN.
    revenue, climbed, switched : shape (n,), outcomes over the horizon.
    served : shape (n,), what serving the account cost over the horizon, money; NaN where serving has no price.
    later : shape (n, n_options), of the horizon, the part that was left after each option's later investments.
    """

    snapshots: Snapshots
    matrix: FloatArray
    arm: IntArray
    random: BoolArray
    propensity: FloatArray
    revenue: FloatArray
    climbed: FloatArray
    switched: FloatArray
    rung: IntArray
    served: FloatArray
    later: FloatArray

    def __len__(self) -> int:
        return len(self.arm)

    def without_later(self, brought: Mapping[str, FloatArray]) -> "Trials":
        """The trials with outcomes as they would have been without later investments.

        brought : outcome -> shape (n, n_options), what each option brings over a whole horizon.
        """
        less = {name: getattr(self, name) - (effect * self.later).sum(axis=1) for name, effect in brought.items()}
        return replace(self, **less)


def build_trials(data: Dataset, settings: Settings) -> Trials | None:
    """All trials in the data; None where no investment was ever recorded."""
    if "assignments" not in data.histories.streams or not data.histories.options.names:
        return None
    observed = _observed(data, settings)
    drawn = _randomised(data, settings)
    parts = [part for part in (observed, drawn) if part is not None and len(part)]
    if not parts:
        return None
    joined = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in Trials.__dataclass_fields__
        if name != "snapshots"
    }
    return Trials(Snapshots.concatenate([part.snapshots for part in parts]), **joined)


def _observed(data: Dataset, settings: Settings) -> Trials:
    """Trials of the slices: who was invested in within the exposure window, by the managers' own choice."""
    exposure = settings.uplift.exposure_days * MICROSECONDS_PER_DAY
    at = data.snapshots
    later = View(data.histories, at.later(settings.outcome.horizon_days))
    made, assigned = later.stream("investments"), later.stream("assignments")
    begins, ends = made.position(at.as_of), made.position(at.as_of + exposure)
    washed = made.position(at.as_of - settings.uplift.washout_days * MICROSECONDS_PER_DAY) == begins
    lots = assigned.running("random")
    drawn = lots[assigned.position(at.as_of + exposure)] > lots[assigned.position(at.as_of)]
    eligible = washed & ~drawn
    arm = np.zeros(len(at), np.int64)
    if len(made.time):
        option = made.value("option")[np.minimum(begins, len(made.time) - 1)]
        arm = np.where(ends > begins, option + 1, 0)
    chosen = _thin(np.flatnonzero(eligible), arm)
    labels = data.labels
    climbed = (labels.next_rung > labels.rung).astype(np.float64)
    return Trials(
        data.snapshots.take(chosen), data.matrix[chosen], arm[chosen], np.zeros(len(chosen), bool),
        np.full(len(chosen), np.nan), labels.revenue[chosen], climbed[chosen],
        np.where(labels.can_switch, labels.switched, np.nan)[chosen], labels.rung[chosen],
        _served(later, settings)[chosen],
        parts_left(data.histories, data.snapshots.take(chosen), arm[chosen], settings.outcome.horizon_days),
    )  # fmt: skip


def _served(then: View, settings: Settings) -> FloatArray:
    """What the contacts and tickets of the horizon before `then` cost, money, shape (n,); NaN without a price."""
    uplift, days = settings.uplift, settings.outcome.horizon_days
    if not uplift.prices_serving:
        return np.full(len(then), np.nan)
    contacts, tickets = (then.stream(name).count(days) for name in ("interactions", "tickets"))
    return uplift.cost_per_interaction * contacts + uplift.cost_per_ticket * tickets


def _thin(rows: IntArray, arm: IntArray) -> IntArray:
    """All exposed rows, and evenly every so many unexposed ones, at most MOST_TRIALS together."""
    exposed, others = rows[arm[rows] > 0], rows[arm[rows] == 0]
    room = max(MOST_TRIALS - len(exposed), 1000)
    step = max(1, -(-len(others) // room))
    return np.sort(np.concatenate([exposed, others[::step]]))


def _randomised(data: Dataset, settings: Settings) -> Trials | None:
    """Trials by lot, at the midnight of the day of each assignment whose horizon is complete."""
    lots = data.histories.streams["assignments"]
    day = lots.time // MICROSECONDS_PER_DAY * MICROSECONDS_PER_DAY
    complete = day + settings.outcome.horizon_days * MICROSECONDS_PER_DAY <= data.end
    begun = day >= data.totals.first_order + settings.slices.least_history_days * MICROSECONDS_PER_DAY
    usable = (
        (lots.value("random") == 1) & (lots.values["propensity"] > 0) & complete & begun & (lots.recorded < data.end)
    )
    usable &= data.histories.known_since[lots.account] < day
    rows = np.flatnonzero(usable)
    if not len(rows):
        return None
    snapshots = Snapshots(lots.account[rows], day[rows])
    view = View(data.histories, snapshots)
    matrix = catalog.compute(view, data.context)
    labels = label(view, settings, data.definition, data.end)
    arm = lots.values["option"][rows].astype(np.int64) + 1
    return Trials(
        snapshots, matrix, arm, np.ones(len(rows), bool),
        lots.values["propensity"][rows] / PROPENSITY_UNIT, labels.revenue,
        (labels.next_rung > labels.rung).astype(np.float64),
        np.where(labels.can_switch, labels.switched, np.nan), labels.rung,
        _served(View(data.histories, snapshots.later(settings.outcome.horizon_days)), settings),
        parts_left(data.histories, snapshots, arm, settings.outcome.horizon_days),
    )  # fmt: skip
