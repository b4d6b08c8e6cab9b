"""What the supplier writes down: the events of every step become rows of the contract's tables.

Rows are kept as flat arrays, account as a number and time as days since the first day, until `tables` turns
them into frames; the truth is computed from these arrays, before late rows are withheld.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.simulator.choice import assigned
from training.simulator.events import Events
from training.simulator.laws import sigmoid
from training.simulator.population import (
    CONTACT_SLOTS,
    LINE_MARGINS,
    MAIN_LINE_SHARE,
    STEP_DAYS,
    FloatArray,
    IntArray,
    Stage,
    State,
    Traits,
)
from training.simulator.scenarios import Scenario
from training.simulator.world import CONTRACT_DAYS

Values = NDArray[Any]
ORDER_SIGMA = 0.45
"""Standard deviation of the logarithm of one order's revenue around its basket."""
LATE_SHARE = 0.03
"""Share of the rows that are written down days to weeks late."""
LATE_DAYS = 9.0
"""Mean delay of a late row, days."""
TRIGGER_RECORDED = 0.55
"""Probability that somebody writes down a trigger: most stones in the shoe are never told."""
DAY_BEGINS, DAY_ENDS = 7 / 24, 17 / 24
"""Working hours, days after midnight, of all events but investments: those are made just before, as a step begins."""
INVESTED_AT = 6 / 24
DETAILS = ("decider left", "merger", "contract not renewed", "service failed", "competitor offer", "offer lost")


@dataclass
class Rows:
    """Rows of one table, gathered block by block; every column of a block has the same length."""

    blocks: dict[str, list[Values]] = field(default_factory=lambda: defaultdict(list))

    def add(self, **columns: Values) -> None:
        """Append one block of rows."""
        for name, values in columns.items():
            self.blocks[name].append(values)

    def columns(self) -> dict[str, Values]:
        """All rows so far: column name -> array."""
        return {name: np.concatenate(blocks) for name, blocks in self.blocks.items()}


class Recorder:
    """Turns events into rows; draws everything that has no influence on what happens next.

    Day and hour of an event, size of an order, who took part, who answered a survey, what was written down
    and when: all from `rng`, none of it seen by `simulated_world.step`.
    """

    def __init__(self, scenario: Scenario, traits: Traits, rng: np.random.Generator) -> None:
        self.scenario, self.traits, self.rng = scenario, traits, rng
        n = len(traits.arrival)
        self.rows: dict[str, Rows] = defaultdict(Rows)
        self.contact = np.arange(n * CONTACT_SLOTS).reshape(n, CONTACT_SLOTS)
        self.contact_since = np.zeros((n, CONTACT_SLOTS))
        self.contacts_made = n * CONTACT_SLOTS
        self.inquiry, self.inquired = np.full(n, -1), np.zeros(n)
        self.inquiries_made = 0
        self.contract = np.full(n, -1)
        self.contracts_made = 0
        self.owner_scale = np.exp(rng.normal(0.15, 0.35, traits.owner.max() + 1))
        self.owner_noise = rng.uniform(0.25, 0.9, traits.owner.max() + 1)

    def begin(self, state: State) -> None:
        """What was there on the first day: the contacts of every account and the contracts in force."""
        traits, rng = self.traits, self.rng
        n = len(traits.arrival)
        account, slot = np.nonzero(np.arange(CONTACT_SLOTS) < traits.contacts[:, None])
        self.created = np.where(
            traits.arrival < 0, -rng.uniform(30, 1800, n), traits.arrival * STEP_DAYS + rng.uniform(0, STEP_DAYS, n)
        )
        self.created = np.floor(self.created) + DAY_BEGINS - 1 / 24
        self._add_contacts(account, slot, np.floor(self.created[account]))
        running = np.flatnonzero(state.contract_ends > 0)
        self._add_contracts(running, state.contract_ends[running] - CONTRACT_DAYS)

    def record(self, before: State, arms: IntArray, events: Events) -> None:
        """The rows of one step."""
        self._orders(before.step, events)
        self._tickets(before.step, events)
        self._inquiries(before.step, events)
        self._contracts(before.step, events)
        self._interactions(before.step, events)
        self._surveys(before, events)
        self._referrals(before.step, events)
        self._leavings(before.step, events)
        self._forecasts(before)
        self._contacts(before.step, events)
        self._investments(before, arms)

    def cancelled(self) -> FloatArray:
        """When each row of the contracts was cancelled, days; not a number = never before its end."""
        rows, ended = self.rows["contracts"].columns(), self.rows["cancellations"].columns()
        cancelled = np.full(self.contracts_made, np.nan)
        cancelled[ended["number"]] = ended["time"]
        cancelled = cancelled[rows["number"]]
        # An account that leaves after its contract ran out by itself has nothing left to cancel.
        return np.where(cancelled < rows["ends"], cancelled, np.nan)

    def _moment(self, step: int, count: int) -> FloatArray:
        day = self.rng.integers(0, STEP_DAYS, count)
        return step * STEP_DAYS + day + self.rng.uniform(DAY_BEGINS, DAY_ENDS, count)

    def _recorded(self, time: FloatArray) -> FloatArray:
        late = self.rng.random(len(time)) < LATE_SHARE
        delay = np.where(late, 1 + self.rng.exponential(LATE_DAYS, len(time)), self.rng.uniform(0, 5 / 24, len(time)))
        return time + delay

    def _who(self, account: IntArray) -> IntArray:
        slot = (self.rng.random(len(account)) * self.traits.contacts[account]).astype(np.int64)
        return self.contact[account, slot]

    def _orders(self, step: int, events: Events) -> None:
        rng, traits = self.rng, self.traits
        account = np.repeat(np.arange(len(events.trade.orders)), events.trade.orders)
        first = np.cumsum(events.trade.orders) - events.trade.orders
        nth = np.arange(len(account)) - first[account]
        width = STEP_DAYS / events.trade.orders[account]
        # Orders of one step fall on different days, and leave the day after each free for its credit note:
        # so the number of order days is the number of orders.
        day = np.floor(nth * width + rng.random(len(account)) * (width - 1))
        time = step * STEP_DAYS + day + rng.uniform(DAY_BEGINS, DAY_ENDS, len(account))
        size = np.exp(rng.normal(-(ORDER_SIGMA**2) / 2, ORDER_SIGMA, len(account)))
        revenue = np.round(events.trade.basket[account] * size, 2)
        main = rng.random(len(account)) < MAIN_LINE_SHARE
        other = (traits.main_line[account] + rng.integers(1, 3, len(account))) % 3
        line = np.where(main, traits.main_line[account], other)
        discount = np.round(rng.beta(1.5, 18, len(account)) + 0.04 * traits.price_interest[account], 3)
        self._add_orders(account, time, revenue, line, discount)
        credited = np.flatnonzero(events.service.credit)
        source = first[credited] + (rng.random(len(credited)) * events.trade.orders[credited]).astype(np.int64)
        back = -np.round(events.trade.basket[credited] * rng.uniform(0.1, 0.5, len(credited)), 2)
        self._add_orders(credited, time[source] + 1.0, back, line[source], np.zeros(len(credited)))

    def _add_orders(
        self, account: IntArray, time: FloatArray, revenue: FloatArray, line: IntArray, discount: FloatArray
    ) -> None:
        cost = revenue * (1 - LINE_MARGINS[line]) * self.rng.uniform(0.9, 1.1, len(account))
        cost[self.rng.random(len(account)) < 0.04] = np.nan
        self.rows["orders"].add(
            account=account,
            time=time,
            recorded=self._recorded(time),
            revenue=revenue,
            cost=np.round(cost, 2),
            discount=discount,
            line=line,
            contact=self._who(account),
        )

    def _tickets(self, step: int, events: Events) -> None:
        rng = self.rng
        account = np.repeat(np.arange(len(events.service.tickets)), events.service.tickets)
        nth = np.arange(len(account)) - (np.cumsum(events.service.tickets) - events.service.tickets)[account]
        breached = nth < events.service.breaches[account]
        severity = np.where(events.service.critical[account] & (nth == 0), 1, rng.integers(2, 5, len(account)))
        time = self._moment(step, len(account))
        answered = time + rng.exponential(np.where(breached, 2.0, 0.3))
        resolved = answered + rng.exponential(np.where(breached, 16.0, 2.5)) + np.where(breached, 4.0, 0.05)
        self.rows["tickets"].add(
            account=account,
            time=time,
            recorded=self._recorded(time),
            answered=answered,
            resolved=resolved,
            severity=severity,
            breached=breached.astype(np.int64),
            contact=self._who(account),
        )

    def _inquiries(self, step: int, events: Events) -> None:
        rng = self.rng
        new = np.flatnonzero(events.courting.inquired)
        number = self.inquiries_made + np.arange(len(new))
        self.inquiries_made += len(new)
        time = self._moment(step, len(new))
        self.rows["inquiries"].add(account=new, time=time, recorded=self._recorded(time), number=number)
        self.inquiry[new], self.inquired[new] = number, time
        decided = np.flatnonzero((events.courting.won | events.courting.lost) & (self.inquiry >= 0))
        # A prospect's inquiry, of an earlier step, closes in this one; a buyer's own takes a few weeks from its date.
        fresh = events.courting.inquired[decided]
        soon = self.inquired[decided] + rng.uniform(5, 35, len(decided))
        closed = np.where(fresh, soon, self._moment(step, len(decided)))
        self.rows["closings"].add(
            number=self.inquiry[decided],
            closed=closed,
            won=events.courting.won[decided],
            competitor=np.where(rng.random(len(decided)) < 0.75, rng.integers(0, 5, len(decided)), -1),
        )
        self.inquiry[decided] = -1

    def _contracts(self, step: int, events: Events) -> None:
        gone = np.flatnonzero((events.changes.cancelled | events.leaving.switched) & (self.contract >= 0))
        moment = np.floor(self._moment(step, len(gone))) + DAY_ENDS
        self.rows["cancellations"].add(number=self.contract[gone], time=moment)
        self.contract[gone] = -1
        new = np.flatnonzero(events.changes.contract)
        self._add_contracts(new, events.changes.contract_day[new])

    def _add_contracts(self, account: IntArray, starts: FloatArray) -> None:
        rng, traits = self.rng, self.traits
        number = self.contracts_made + np.arange(len(account))
        self.contracts_made += len(account)
        self.contract[account] = number
        # Most contracts are signed, and so written down, before they begin.
        ahead = np.where(
            rng.random(len(account)) < 0.6, rng.uniform(1, 20, len(account)), -rng.uniform(0, 0.5, len(account))
        )
        self.rows["contracts"].add(
            account=account,
            time=starts,
            recorded=starts - ahead,
            number=number,
            ends=starts + CONTRACT_DAYS,
            kind=rng.choice(4, len(account), p=(0.35, 0.35, 0.2, 0.1)),
            value=np.round(traits.capacity[account] * 12 * rng.uniform(0.15, 0.45, len(account)), 2),
        )

    def _interactions(self, step: int, events: Events) -> None:
        rng = self.rng
        for count, us in ((events.talk.by_us, True), (events.talk.by_them, False)):
            account = np.repeat(np.arange(len(count)), count)
            time = self._moment(step, len(account))
            weights = (0.2, 0.4, 0.3, 0.05, 0.05) if us else (0.03, 0.32, 0.35, 0.05, 0.25)
            channel = rng.choice(5, len(account), p=weights)
            minutes = np.round(np.array([70.0, 14.0, 6.0, 150.0, 9.0])[channel] * rng.gamma(3, 1 / 3, len(account)))
            self.rows["interactions"].add(
                account=account,
                time=time,
                recorded=self._recorded(time),
                channel=channel,
                us=np.full(len(account), us),
                minutes=minutes,
                contact=self._who(account),
            )

    def _surveys(self, before: State, events: Events) -> None:
        rng, n = self.rng, len(events.trade.orders)
        active = (before.stage == Stage.BUYER) | (before.stage == Stage.OCCASIONAL) & (events.trade.orders > 0)
        asked = active & ~events.leaving.switched & (rng.random(n) < 0.30 + 0.25 * (events.service.tickets > 0))
        # The unhappy and the busy answer less: a missing survey tells something.
        willing = sigmoid(0.2 + 0.45 * (before.satisfaction - 6.5) - 0.12 * events.trade.orders)
        account = np.flatnonzero(asked & (rng.random(n) < willing))
        felt = np.clip(before.satisfaction[account] + rng.normal(0.0, 0.9, len(account)), 0.0, 10.0)
        instrument = np.where(events.service.tickets[account] > 0, rng.choice(3, len(account), p=(0.3, 0.4, 0.3)), 0)
        score = np.where(instrument == 0, felt, np.where(instrument == 1, 1 + 0.4 * felt, 1 + 0.6 * felt))
        time = self._moment(before.step, len(account))
        self.rows["surveys"].add(
            account=account,
            time=time,
            recorded=self._recorded(time),
            score=np.round(score),
            instrument=instrument,
            contact=self._who(account),
        )

    def _referrals(self, step: int, events: Events) -> None:
        account = np.repeat(np.arange(len(events.talk.referrals)), events.talk.referrals)
        time = self._moment(step, len(account))
        self.rows["referrals"].add(
            account=account,
            time=time,
            recorded=self._recorded(time),
            kind=self.rng.choice(4, len(account), p=(0.25, 0.5, 0.15, 0.1)),
        )

    def _leavings(self, step: int, events: Events) -> None:
        rng = self.rng
        happened = (
            (events.changes.contact_key, 0),
            (events.changes.merger, 0),
            (events.changes.contract_ended, 0),
            ((events.service.breaches > 0) | events.service.critical, 1),
            (events.changes.offer, 2),
            (events.courting.lost & events.courting.inquired, 2),
        )
        for detail, (mask, family) in enumerate(happened):
            account = np.flatnonzero(mask & (rng.random(len(mask)) < TRIGGER_RECORDED))
            self._add_triggers(account, self._moment(step, len(account)), family, detail)
        gone = np.flatnonzero(events.leaving.switched)
        time = self._moment(step, len(gone))
        self.rows["switches"].add(
            account=gone,
            time=time,
            # Written down the same day: whether an account has left is never itself uncertain.
            recorded=time + 0.1,
            family=np.where(rng.random(len(gone)) < 0.9, events.leaving.family[gone], -1),
            competitor=np.where(rng.random(len(gone)) < 0.7, rng.integers(0, 5, len(gone)), -1),
        )

    def _add_triggers(self, account: IntArray, time: FloatArray, family: int, detail: int) -> None:
        size = len(account)
        self.rows["triggers"].add(
            account=account,
            time=time,
            recorded=self._recorded(time),
            family=np.full(size, family),
            detail=np.full(size, detail),
        )

    def _forecasts(self, before: State) -> None:
        rng, traits = self.rng, self.traits
        # Once a quarter, for accounts that order; the spare share of wallet is what a manager sees in a climb.
        turn = (before.step + traits.phase) % 3 == 0
        account = np.flatnonzero(turn & (before.recent_orders > 0.15) & (before.stage == Stage.BUYER))
        owner = traits.owner[account]
        spare = self.scenario.status_effect + 0.35 * (1 - before.wallet[account])
        truth = before.recent_revenue[account] * 6 * spare
        noise = np.exp(rng.normal(0.0, self.owner_noise[owner]))
        time = self._moment(before.step, len(account))
        self.rows["forecasts"].add(
            account=account,
            time=time,
            recorded=self._recorded(time),
            extra=np.round(truth * self.owner_scale[owner] * noise, -2),
        )

    def _contacts(self, step: int, events: Events) -> None:
        rng, traits = self.rng, self.traits
        account = np.flatnonzero(events.changes.contact_left)
        other = 1 + (rng.random(len(account)) * (traits.contacts[account] - 1)).astype(np.int64)
        slot = np.where(events.changes.contact_key[account], 0, other)
        left = np.maximum(np.floor(self._moment(step, len(account))), self.contact_since[account, slot] + 1)
        self.rows["departures"].add(number=self.contact[account, slot], time=left)
        self.contact[account, slot] = self.contacts_made + np.arange(len(account))
        self.contacts_made += len(account)
        self._add_contacts(account, slot, left + 1 + rng.integers(0, 20, len(account)))

    def _add_contacts(self, account: IntArray, slot: IntArray, since: FloatArray) -> None:
        rng = self.rng
        self.contact_since[account, slot] = since
        price = (self.traits.price_interest[account] > 0) & (slot == 0)
        # The first slot is the decider; what a decider cares about stays with the account.
        role = np.where(slot == 0, 3, rng.choice([0, 1, 2, 4, 5], len(account)))
        role = np.where(rng.random(len(account)) < 0.06, -1, role)
        self.rows["contacts"].add(
            account=account,
            time=since,
            recorded=since + rng.uniform(0.3, 0.7, len(account)),
            number=self.contact[account, slot],
            role=role,
            interest=np.where(price, 0, rng.integers(1, 5, len(account))),
        )

    def _investments(self, before: State, arms: IntArray) -> None:
        rng, traits = self.rng, self.traits
        drawn = assigned(before, traits)
        account = np.flatnonzero(drawn | (arms > 0))
        planned = np.array([0.0] + [option.cost for option in self.scenario.options])
        cost = np.round(planned[arms[account]] * rng.uniform(0.9, 1.1, len(account)), 2)
        random = drawn[account]
        time = before.step * STEP_DAYS + INVESTED_AT + rng.uniform(0, 1 / 24, len(account))
        self.rows["investments"].add(
            account=account,
            time=time,
            recorded=time + rng.uniform(0, 0.2, len(account)),
            arm=arms[account],
            cost=cost,
            random=random,
            propensity=np.where(random, 1 / len(planned), np.nan),
        )
