"""Which accounts can switch at all, so that no prediction is made for one that has already gone."""

import numpy as np

from features.histories.order_days import order_days
from features.histories.views import View
from features.instants import BoolArray
from features.ladder.contract_ends import GRACE_DAYS, contract_state
from features.ladder.rhythm import outlasts_rhythm
from features.ladder.rules import SHOPPER, LadderRules, rungs


def can_switch(
    view: View, rules: LadderRules, definition: str, silence_days: int, grace_days: float = GRACE_DAYS
) -> BoolArray:
    """Return whether each snapshot's account can switch: a shopper or above, and not already gone, shape (n,).

    definition : `recorded` (a row in switches resets the rung); `silence`, by which an account without an order day in
        the last silence_days has already fallen silent; or `rhythm`, by which one has that is silent for longer than
        its own gaps explain, or that has left by its contracts. One whose contract runs on can still be kept.
    grace_days : how long after its end a contract may be followed by another.
    """
    possible: BoolArray = rungs(view, rules) >= SHOPPER
    if definition == "silence":
        possible = possible & (order_days(view).in_window(silence_days) > 0)
    if definition == "rhythm":
        state = contract_state(view, grace_days)
        possible = possible & np.where(state.by_contract, state.running | ~state.gone, ~outlasts_rhythm(view, 0))
    return possible
