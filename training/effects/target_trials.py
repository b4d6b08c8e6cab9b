"""Sequential target trials: every slice, and every randomised assignment, as a small trial of its own.

Eligible at a slice: known, and nothing invested during the washout. Exposure: the first investment in
`[as_of, as_of + exposure)`. Outcomes: over the horizon after as_of. Features: before as_of. A randomised assignment
(recorded controls included) is a trial at the midnight of its own day, with the propensity that its designer knew; such
accounts take no part in the observational trial of the same weeks.

Source: Hernan & Robins (2016), target trial emulation.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from features.catalog import catalog
from features.histories.events import PROPENSITY_UNIT
from features.histories.snapshots import Snapshots
from features.histories.views import View
from features.instants import MICROSECONDS_PER_DAY, BoolArray, FloatArray, IntArray
from training.data.dataset import Dataset
from training.data.labels import label
from training.effects.estimation.co_interventions import remaining_shares
from training.settings import Settings

MAX_TRIALS = 40_000
"""The number of snapshots used for effects; beyond it, accounts without exposure are thinned out."""


@dataclass(frozen=True)
class Trials:
    """The n trials.

    arm : shape (n,), 0 = no investment, k = the kth option (from 1).
    random : shape (n,), whether the trial is randomised.
    propensity : shape (n,), the known probability of the arm, NaN in observational trials.
    revenue, climbed, switched : shape (n,), outcomes over the horizon.
    served : shape (n,), what serving the account cost over the horizon, money; NaN where serving has no price.
    later : shape (n, n_options), the share of the horizon that was left after each option's later investments.
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

    @cached_property
    def date(self) -> IntArray:
        """Return the number of each observational trial's date, shape (n,); -1 of a randomised one."""
        return dates_of(self.snapshots.as_of, self.random)

    def without_later(self, brought: Mapping[str, FloatArray]) -> "Trials":
        """Return the trials with the outcomes that they would have had without later investments.

        brought : outcome -> shape (n, n_options), each option's effect over a whole horizon.
        """
        less = {name: getattr(self, name) - (effect * self.later).sum(axis=1) for name, effect in brought.items()}
        return replace(self, **less)


def dates_of(as_of: IntArray, random: BoolArray) -> IntArray:
    """Return the number of each observational trial's date, shape (n,); -1 of a randomised one."""
    return np.where(random, -1, np.unique(as_of, return_inverse=True)[1])


def build_trials(data: Dataset, settings: Settings) -> Trials | None:
    """Build all trials in the data; None where no investment was ever recorded."""
    if "assignments" not in data.histories.streams or not data.histories.options.names:
        return None
    observed = _observed(data, settings)
    randomised = _randomised(data, settings)
    parts = [part for part in (observed, randomised) if part is not None and len(part)]
    if not parts:
        return None
    joined = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in Trials.__dataclass_fields__
        if name != "snapshots"
    }
    return Trials(Snapshots.concatenate([part.snapshots for part in parts]), **joined)


def _observed(data: Dataset, settings: Settings) -> Trials:
    """Build the observational trials of the slices: who was chosen for an investment within the exposure window."""
    exposure = settings.uplift.exposure_days * MICROSECONDS_PER_DAY
    at = data.snapshots
    later = View(data.histories, at.later(settings.outcome.horizon_days))
    made, assigned = later.stream("investments"), later.stream("assignments")
    begins, ends = made.position(at.as_of), made.position(at.as_of + exposure)
    washed = made.position(at.as_of - settings.uplift.washout_days * MICROSECONDS_PER_DAY) == begins
    randomised = assigned.running("random")
    randomised_soon = randomised[assigned.position(at.as_of + exposure)] > randomised[assigned.position(at.as_of)]
    eligible = washed & ~randomised_soon
    arm = np.zeros(len(at), np.int64)
    if len(made.time):
        option = made.value("option")[np.minimum(begins, len(made.time) - 1)]
        arm = np.where(ends > begins, option + 1, 0)
    chosen = _thin(np.flatnonzero(eligible), arm)
    labels = data.labels
    climbed = (labels.next_rung > labels.rung).astype(np.float64)
    return Trials(
        snapshots=data.snapshots.take(chosen), matrix=data.matrix[chosen], arm=arm[chosen],
        random=np.zeros(len(chosen), bool), propensity=np.full(len(chosen), np.nan), revenue=labels.revenue[chosen],
        climbed=climbed[chosen], switched=np.where(labels.can_switch, labels.switched, np.nan)[chosen],
        rung=labels.rung[chosen], served=_served(later, settings)[chosen],
        later=remaining_shares(data.histories, data.snapshots.take(chosen), arm[chosen], settings.outcome.horizon_days),
    )  # fmt: skip


def _served(then: View, settings: Settings) -> FloatArray:
    """Return what contacts and tickets cost over the horizon before `then`, money, shape (n,); NaN without prices."""
    uplift, days = settings.uplift, settings.outcome.horizon_days
    if not uplift.prices_serving:
        return np.full(len(then), np.nan)
    contacts, tickets = (then.stream(name).count(days) for name in ("interactions", "tickets"))
    return uplift.cost_per_interaction * contacts + uplift.cost_per_ticket * tickets


def _thin(rows: IntArray, arm: IntArray) -> IntArray:
    """Return all exposed rows, and every so many unexposed ones, about MAX_TRIALS together."""
    exposed, others = rows[arm[rows] > 0], rows[arm[rows] == 0]
    room = max(MAX_TRIALS - len(exposed), 1000)
    step = max(1, -(-len(others) // room))
    return np.sort(np.concatenate([exposed, others[::step]]))


def _randomised(data: Dataset, settings: Settings) -> Trials | None:
    """Build the randomised trials, at the midnight of the day of each assignment whose horizon is complete."""
    made = data.histories.streams["assignments"]
    day = made.time // MICROSECONDS_PER_DAY * MICROSECONDS_PER_DAY
    complete = day + settings.outcome.horizon_days * MICROSECONDS_PER_DAY <= data.end
    after_start = day >= data.totals.first_order + settings.slices.least_history_days * MICROSECONDS_PER_DAY
    usable = (
        (made.value("random") == 1)
        & (made.values["propensity"] > 0)
        & complete
        & after_start
        & (made.recorded < data.end)
    )
    usable &= data.histories.known_since[made.account] < day
    rows = np.flatnonzero(usable)
    if not len(rows):
        return None
    snapshots = Snapshots(made.account[rows], day[rows])
    view = View(data.histories, snapshots)
    matrix = catalog.compute(view, data.context)
    labels = label(view, settings, data.definition, data.end)
    arm = made.values["option"][rows].astype(np.int64) + 1
    return Trials(
        snapshots=snapshots, matrix=matrix, arm=arm, random=np.ones(len(rows), bool),
        propensity=made.values["propensity"][rows] / PROPENSITY_UNIT, revenue=labels.revenue,
        climbed=(labels.next_rung > labels.rung).astype(np.float64),
        switched=np.where(labels.can_switch, labels.switched, np.nan), rung=labels.rung,
        served=_served(View(data.histories, snapshots.later(settings.outcome.horizon_days)), settings),
        later=remaining_shares(data.histories, snapshots, arm, settings.outcome.horizon_days),
    )  # fmt: skip
