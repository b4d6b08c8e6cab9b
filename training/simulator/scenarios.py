"""The scenarios that can be simulated: each is one row of numbers.

Laws that no scenario changes are named constants in `training.simulator.laws` and `training.simulator.world`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType


@dataclass(frozen=True)
class Option:
    """One investment: its cost, and how its effect depends on what can be seen of the account.

    cost : money per account.
    base, low_contact, served, price, unhappy : terms of the relative revenue lift in its first 30 days. The four
        moderators run from 0 to 1: few interactions; often served and large; a decider who cares most about price; a
        low satisfaction.
    attitude, tie : attitude gained, and logarithm of the switching hazard lost, per unit of lift.
    keeps : share of the lift left after each 30 days.
    becomes : what the lift acts on: `revenue` (mostly more orders, partly larger ones), `frequency` (orders alone),
        `orders` (as many orders whatever the account's size), `wallet` (our share of what the account buys) or
        `retention` (the hazard of leaving alone).
    limit : what a larger lift comes near to and never exceeds; None where there is no such limit.
    delay : steps of 30 days before it acts.

    Source: Palmatier, Gopalakrishna & Houston (2006): social bonds pay, structural ones for frequently served
    customers, financial ones hardly ever.
    """

    name: str
    bond: str
    cost: float
    base: float
    low_contact: float = 0.0
    served: float = 0.0
    price: float = 0.0
    unhappy: float = 0.0
    attitude: float = 0.0
    tie: float = 0.0
    keeps: float = 0.85
    becomes: str = "revenue"
    limit: float | None = None
    delay: int = 0


OPTIONS = (
    # A rebate gives margin away where nobody asked for it; it affects only those who buy on price.
    Option("rebate", "financial", cost=500.0, base=-0.04, price=0.16, unhappy=0.05, tie=0.5, keeps=0.70),
    # Attention is worth most where there was little; where there is much already, another visit irritates.
    Option("visit_programme", "social", cost=700.0, base=-0.06, low_contact=0.45, attitude=1.5, tie=2.5),
    # Integration pays by being used: often served, large accounts; for the others it is a burden.
    Option("integration", "structural", cost=3_500.0, base=-0.07, served=0.55, attitude=0.3, tie=3.5, keeps=0.95),
)


@dataclass(frozen=True)
class Period:
    """A time in which everybody's prices or orders are other than usual.

    first : the step in which it begins; a step is 30 days.
    steps : how many it lasts; None = for ever.
    prices, orders : what the revenue of an order, and the number of orders, are multiplied by.
    """

    first: int
    steps: int | None
    prices: float = 1.0
    orders: float = 1.0

    def holds(self, step: int) -> bool:
        """Return whether a step lies within."""
        return self.first <= step and (self.steps is None or step < self.first + self.steps)


@dataclass(frozen=True)
class Scenario:
    """The numbers of one scenario.

    accounts : number of accounts by default.
    effect_scale : multiplies every effect of an investment; 0 = no effect at all.
    randomised_share : share of the accounts whose investments are randomised.
    status_effect : relative revenue gained by standing one rung higher, all else equal.
    choice_steepness : how strictly managers choose by what they see (log-odds per standard deviation).
    by_revenue, by_complaints : the weights of both in what they see.
    manager_knowledge : log-odds per unit of hidden attitude in the managers' choice; no table shows it.
    hidden_response : standard deviation of the logarithm of the unseen part of an account's response.
    capacity_sigma : standard deviation of the logarithm of monthly spending, beyond what size explains.
    competition_trend : added to the pull of competitors every 30 days.
    switch_scale : multiplies every switching hazard.
    silent_share : share of the leavers who say nothing; some are found out later.
    replicates : replays of the horizon for the truth of each account.
    periods : times in which everybody's prices or orders are other than usual.
    yearly_fees : whether accounts have contracts of a year and order nothing but their fees, as
        `training.simulator.membership` has it; only accounts, hidden_response and replicates count then.
    persuasion : attitude gained in 30 days by an account whose people are told of what they care about.
    records_switches : whether such an organisation keeps a table of those who left.
    switching_law : of `training.simulator.other_switching_laws`; None = pressures and ties multiply.
    """

    accounts: int = 3_000
    effect_scale: float = 1.0
    randomised_share: float = 0.25
    status_effect: float = 0.05
    choice_steepness: float = 1.0
    by_revenue: float = 1.0
    by_complaints: float = 1.0
    manager_knowledge: float = 0.0
    hidden_response: float = 0.5
    capacity_sigma: float = 0.5
    competition_trend: float = 0.0
    switch_scale: float = 1.0
    silent_share: float = 0.18
    replicates: int = 100
    options: tuple[Option, ...] = field(default=OPTIONS)
    periods: tuple[Period, ...] = ()
    yearly_fees: bool = False
    records_switches: bool = True
    persuasion: float = 0.0
    switching_law: str | None = None


_DEFAULT = Scenario()
_MEMBERSHIP = Scenario(yearly_fees=True, records_switches=False)

SCENARIOS: Mapping[str, Scenario] = MappingProxyType(
    {
        "default": _DEFAULT,
        "randomised": replace(_DEFAULT, randomised_share=1.0),
        "null": replace(_DEFAULT, effect_scale=0.0),
        "tiny": replace(_DEFAULT, accounts=300, effect_scale=3.0),  # so that so few accounts show them
        "hidden_knowledge": replace(_DEFAULT, manager_knowledge=1.2),
        "no_overlap": replace(_DEFAULT, randomised_share=0.0, choice_steepness=8.0),
        "drift": replace(_DEFAULT, competition_trend=0.015),
        "heavy_tail": replace(_DEFAULT, capacity_sigma=1.4),
        "price_step": replace(_DEFAULT, periods=(Period(24, None, prices=1.5),)),
        "volume_step": replace(_DEFAULT, periods=(Period(24, None, orders=0.6),)),
        "boom_year": replace(_DEFAULT, periods=(Period(12, 12, prices=1.3, orders=1.3),)),
        "black_friday": replace(_DEFAULT, periods=tuple(Period(11 + 12 * k, 1, orders=2.5) for k in range(5))),
        "persuasion": replace(_DEFAULT, persuasion=0.12),
        "tipping_point": replace(_DEFAULT, switching_law="tipping"),
        "wear_out": replace(_DEFAULT, switching_law="wear"),
        "membership": _MEMBERSHIP,
        "membership_with_switches": replace(_MEMBERSHIP, records_switches=True),
    }
)
