"""The outcomes of snapshots: the rung at the horizon, switching, revenue; unknown where the horizon is not over.

Every outcome is read from the account's history as it stood at as_of + horizon, by the same code that computes
features, so that `[as_of, as_of + horizon)` is exactly the window that ends there.
"""

from dataclasses import dataclass

import numpy as np

from features.histories.order_days import order_days
from features.histories.views import View
from features.instants import MICROSECONDS_PER_DAY, BoolArray, FloatArray, IntArray
from features.ladder.contract_ends import contract_state
from features.ladder.eligibility import can_switch
from features.ladder.rhythm import outlasts_rhythm
from features.ladder.rules import contracts_in_force, rungs
from training.settings import Settings


@dataclass(frozen=True)
class Labels:
    """The outcomes of n snapshots; a row whose horizon is not complete (`complete` is False) holds no truth.

    rung : shape (n,), at as_of.
    next_rung : shape (n,), at as_of + horizon.
    can_switch : shape (n,), whether the snapshot can switch at all.
    switched : shape (n,), 0 or 1; only where can_switch and complete.
    trigger : shape (n,), the family of the last recorded switch in the horizon, as in TRIGGER_FAMILIES; -1 where none
        is recorded or its reason is not.
    revenue : shape (n,), in the horizon, money.
    ordered : shape (n,), whether any order day lies in the horizon.
    complete : shape (n,), whether the horizon was over at the end of the data.
    """

    rung: IntArray
    next_rung: IntArray
    can_switch: BoolArray
    switched: IntArray
    trigger: IntArray
    revenue: FloatArray
    ordered: BoolArray
    complete: BoolArray

    def take(self, rows: IntArray | BoolArray) -> "Labels":
        """Return the outcomes of the snapshots at some positions, or where a mask holds."""
        return Labels(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))


def label(view: View, settings: Settings, definition: str, end: int) -> Labels:
    """Compute the outcomes of the view's snapshots from data up to `end` (microseconds)."""
    days = settings.outcome.horizon_days
    later = View(view.histories, view.snapshots.later(days))
    grace = settings.outcome.renewal_grace_days
    possible = can_switch(view, settings.ladder, definition, settings.outcome.silence_days, grace)
    ordered = order_days(later).in_window(days) > 0
    switched = later.stream("switches").count(days) > 0 if definition == "recorded" else ~ordered
    if definition == "rhythm":
        bound = contracts_in_force(later, later.as_of[None], np.zeros((1, len(later)), np.int64))[0] > 0
        silent = switched & outlasts_rhythm(view, days) & ~bound
        switched = np.where(contract_state(view, grace).by_contract, contract_state(later, grace).gone, silent)
    return Labels(
        rung=rungs(view, settings.ladder),
        next_rung=rungs(later, settings.ladder),
        can_switch=possible,
        switched=(switched & possible).astype(np.int64),
        trigger=_recorded_trigger(later, days),
        revenue=later.stream("orders").amount("revenue", days),
        ordered=ordered,
        complete=view.as_of + days * MICROSECONDS_PER_DAY <= end,
    )


def _recorded_trigger(later: View, days: int) -> IntArray:
    stream = later.stream("switches")
    if not len(stream.time):
        return np.full(len(later), -1, np.int64)
    last = np.maximum(stream.edge(0) - 1, 0)
    return np.where(stream.count(days) > 0, stream.value("trigger")[last], -1).astype(np.int64)
