"""The former: accounts that were customers and have gone, a state beside the ladder.

An account was a customer where it once stood on that rung or above: so many order days within the ladder's window at
any time, or a contract that began. It has gone where a switch is recorded and it neither ordered nor began a contract
since; or where it has been silent for longer than its own rhythm explains and no contract is in force. Of an account
that orders nothing but the fees of its contracts, these alone say so. Its rung goes on to be told by the rules: a
former customer may still stand on the rung of its last two years.
"""

import numpy as np

from features.histories.order_days import order_days
from features.histories.views import View
from features.instants import ALWAYS, BoolArray
from features.ladder.contract_ends import GRACE_DAYS, contract_state
from features.ladder.rhythm import outlasts_rhythm
from features.ladder.rules import LadderRules, contracts_in_force, rule_counts


def former(view: View, rules: LadderRules, grace_days: float = GRACE_DAYS) -> BoolArray:
    """Return which accounts were customers and have gone, by what is known at as_of, shape (n,).

    grace_days : how long after its end a contract may be followed by another.
    """
    return view.cached(("former", rules, grace_days), lambda: _former(view, rules, grace_days))


def _former(view: View, rules: LadderRules, grace_days: float) -> BoolArray:
    days, last_switch = order_days(view), rule_counts(view, rules).last_switch
    snapshot, row = view.stream("contracts").pairs()
    begun, since = np.zeros(len(view), bool), np.zeros(len(view), bool)
    if len(row):
        starts = view.stream("contracts").raw("time")[row]
        known = starts <= view.as_of[snapshot]
        begun[snapshot[known]] = True
        since[snapshot[known & (starts >= last_switch[snapshot])]] = True
    was = begun | days.ever_within(rules.customer_order_days, rules.order_days)
    ordered_since = days.total() > 0
    switched = last_switch > ALWAYS
    rows = np.flatnonzero(switched)
    if len(rows):
        ordered_since[rows] = days.count(last_switch[rows], view.as_of[rows], rows) > 0
    left = switched & ~ordered_since & ~since
    state = contract_state(view, grace_days)
    bound = contracts_in_force(view, view.as_of[None], np.maximum(last_switch, ALWAYS)[None])[0] > 0
    silent = np.where(state.by_contract, state.gone & ~state.running, outlasts_rhythm(view, 0) & ~bound)
    gone: BoolArray = was & (left | silent)
    return gone
