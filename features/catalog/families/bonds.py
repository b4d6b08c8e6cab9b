"""Bonds: what ties the account to us, by contract and by what we invested in it."""

import numpy as np

from features.catalog.declarations import NEVER_MISSING, Compute, Context, Family, Feature
from features.histories.streams import FIXED_POINT, expand, ratio, run_starts
from features.histories.views import View
from features.instants import MICROSECONDS_PER_DAY, NEVER, BoolArray, FloatArray, IntArray
from features.tables import BONDS

CONTRACTS = Family("bonds", "contracts")
INVESTMENTS = Family("bonds", "investments")
HALF_LIFE_DAYS = 180
STOCK_DAYS = 1440
"""Eight half-lives. An older investment weighs less than half a percent and is left out."""
STOCK_UNIT = 1_000_000
STOCK_WEIGHTS = np.rint(np.exp2(-np.arange(STOCK_DAYS + 1) / HALF_LIFE_DAYS) * STOCK_UNIT).astype(np.int64)
"""The weight of an investment after 0, 1, 2, ... whole days, in whole millionths, so that sums are exact."""


class Contracts:
    """The known contracts of every snapshot, one entry for each (snapshot, contract).

    in_force : begun, not ended, not known to be cancelled. A switch does not end a contract here, as it does on the
        ladder.
    noticed : in force but cancelled.
    ending : in force, with a planned end.
    """

    def __init__(self, view: View) -> None:
        contracts = view.stream("contracts")
        self.snapshot, row = contracts.pairs()
        self.size = len(view)
        self.starts, self.ends, self.cancelled, self.value = (
            contracts.raw(name)[row] if len(row) else row for name in ("time", "ends", "cancelled", "value")
        )
        self.as_of = view.as_of[self.snapshot]
        running = (self.starts <= self.as_of) & (self.as_of < self.ends)
        self.in_force = running & (self.cancelled >= self.as_of)
        self.noticed = running & (self.cancelled < self.as_of)
        self.ending = self.in_force & (self.ends < NEVER)

    def count(self, which: BoolArray) -> IntArray:
        """Count the contracts for which `which` holds, shape (n,)."""
        return np.bincount(self.snapshot[which], minlength=self.size)

    def extreme(self, days: IntArray, which: BoolArray, pick: np.ufunc) -> FloatArray:
        """Return the least or greatest of some times in days; NaN where `which` holds for no contract."""
        begins = run_starts(self.snapshot[which])[:-1]
        extremes = np.full(self.size, np.nan)
        if len(begins):
            extremes[self.snapshot[which][begins]] = pick.reduceat(days[which], begins) / MICROSECONDS_PER_DAY
        return extremes


def contracts(view: View) -> Contracts:
    """Return the contracts of a view, computed once."""
    return view.cached("contracts", lambda: Contracts(view))


def within(moment: IntArray, as_of: IntArray, days: int) -> BoolArray:
    """Return whether moments lie in the last `days`."""
    inside: BoolArray = (moment < as_of) & (moment >= as_of - days * MICROSECONDS_PER_DAY)
    return inside


def days_to_first_end(view: View, _: Context) -> FloatArray:
    """Return the days to the first planned end of a contract in force; NaN without one."""
    held = contracts(view)
    return held.extreme(held.ends - held.as_of, held.ending, np.minimum)


def days_to_last_end(view: View, _: Context) -> FloatArray:
    """Return the days until no contract in force now is left; NaN without a planned end."""
    held = contracts(view)
    return held.extreme(held.ends - held.as_of, held.ending, np.maximum)


def days_bound(view: View, _: Context) -> FloatArray:
    """Return the days since the oldest contract in force began; NaN without one."""
    held = contracts(view)
    return held.extreme(held.as_of - held.starts, held.in_force, np.maximum)


def cancelled(view: View, days: int) -> IntArray:
    """Count the contracts cancelled in the last `days`."""
    held = contracts(view)
    return held.count(within(held.cancelled, held.as_of, days))


def value_in_force(view: View, _: Context) -> FloatArray:
    """Sum the agreed value of the contracts in force, over their whole terms."""
    held, total = contracts(view), np.zeros(len(view), np.int64)
    np.add.at(total, held.snapshot[held.in_force], held.value[held.in_force])
    return total / FIXED_POINT


def spend_share(view: View, _: Context) -> FloatArray:
    """Return what was spent on investments over revenue; NaN where either is nothing."""
    spent = view.stream("investments").total("cost", 365)
    return ratio(np.where(spent > 0, spent, np.nan), view.stream("orders").total("gross", 365))


def stock(view: View) -> FloatArray:
    """Sum the investments of each bond, each halved every 180 days, shape (n, 3)."""
    return view.cached("stock", lambda: _stock(view))


def _stock(view: View) -> FloatArray:
    made = view.stream("investments")
    snapshot, row = expand(made.edge(STOCK_DAYS), made.edge(0))
    bond = made.value("bond")[row]
    snapshot, row, bond = snapshot[bond >= 0], row[bond >= 0], bond[bond >= 0]
    age = (view.as_of[snapshot] - made.time[row]) // MICROSECONDS_PER_DAY if len(row) else row
    cells = np.zeros(len(view) * len(BONDS), np.int64)
    np.add.at(cells, snapshot * len(BONDS) + bond, STOCK_WEIGHTS[age])
    return cells.reshape(-1, len(BONDS)) / STOCK_UNIT


def _stock_of(code: int) -> Compute:
    return lambda view, _: stock(view)[:, code]


_OPTIONS = ("investments", "investment_options")

FEATURES: tuple[Feature, ...] = (
    CONTRACTS.feature(
        "contracts_in_force", "number", "contracts in force", NEVER_MISSING,
        lambda view, _: contracts(view).count(contracts(view).in_force)),
    CONTRACTS.feature(
        "contract_value_in_force", "money", "agreed value of the contracts in force, over their whole terms",
        NEVER_MISSING, value_in_force),
    CONTRACTS.feature(
        "days_to_contract_end", "days", "days to the first end of a contract in force",
        "no contract in force has an end", days_to_first_end, trigger="situational", lever=True),
    CONTRACTS.feature(
        "days_to_last_contract_end", "days", "days until the last contract in force ends",
        "no contract in force has an end", days_to_last_end, trigger="situational", lever=True),
    CONTRACTS.feature(
        "days_under_contract", "days", "days since the oldest contract in force began", "no contract is in force",
        days_bound),
    CONTRACTS.feature(
        "contracts_under_notice", "number", "contracts cancelled that have yet to end", NEVER_MISSING,
        lambda view, _: contracts(view).count(contracts(view).noticed), trigger="situational", lever=True),
    CONTRACTS.feature(
        "contracts_cancelled_365d", "number", "contracts cancelled in the last 365 days", NEVER_MISSING,
        lambda view, _: cancelled(view, 365), trigger="situational"),
    CONTRACTS.count("renewals", 730, "contracts renewed"),
    *(INVESTMENTS.feature(
        f"{bond}_stock", "number", f"{bond} investments, each halved every {HALF_LIFE_DAYS} days", NEVER_MISSING,
        _stock_of(code), tables=_OPTIONS, lever=True) for code, bond in enumerate(BONDS)),
    INVESTMENTS.recency("investments", "days_since_investment", "the last investment", lever=True),
    INVESTMENTS.feature(
        "investment_spend_365d", "money", "spent on investments in the last 365 days", NEVER_MISSING,
        lambda view, _: view.stream("investments").amount("cost", 365)),
    INVESTMENTS.feature(
        "investment_spend_share_365d", "share", "spent on investments for each unit of revenue, in the last 365 days",
        "nothing was spent, or nothing ordered", spend_share,
        tables=("investments", "orders")),
)  # fmt: skip
