"""What the supplier writes down: the events of every step become rows of the contract's tables."""

import numpy as np

from training.simulator.decision_records import record_forecasts, record_investments, record_switches
from training.simulator.events import Events
from training.simulator.partner_records import record_partnership
from training.simulator.population import CONTACT_SLOTS, STEP_DAYS, FloatArray, IntArray, State
from training.simulator.record_book import DAY_BEGINS, RecordBook
from training.simulator.relationship_records import (
    add_contacts,
    record_contacts,
    record_interactions,
    record_referrals,
    record_surveys,
    record_tickets,
)
from training.simulator.trade_records import add_contracts, record_contracts, record_inquiries, record_orders
from training.simulator.world import CONTRACT_DAYS


class Recorder(RecordBook):
    """A record book that turns the events of a step into rows.

    It draws everything that has no influence on what happens next: day and hour of an event, size of an order, who took
    part, who answered a survey, what was written down and when. `training.simulator.world.step` sees none of it.
    """

    def begin(self, state: State) -> None:
        """Write down what exists on the first day: the contacts of every account and the contracts in force."""
        traits, rng = self.traits, self.rng
        n = len(traits.arrival)
        account, slot = np.nonzero(np.arange(CONTACT_SLOTS) < traits.contacts[:, None])
        self.created = np.where(
            traits.arrival < 0, -rng.uniform(30, 1800, n), traits.arrival * STEP_DAYS + rng.uniform(0, STEP_DAYS, n)
        )
        self.created = np.floor(self.created) + DAY_BEGINS - 1 / 24
        add_contacts(self, account, slot, np.floor(self.created[account]))
        running = np.flatnonzero(state.contract_ends > 0)
        add_contracts(self, running, state.contract_ends[running] - CONTRACT_DAYS)

    def record(self, before: State, arms: IntArray, events: Events) -> None:
        """Write down the rows of one step."""
        record_orders(self, before.step, events)
        record_tickets(self, before.step, events)
        record_inquiries(self, before.step, events)
        record_contracts(self, before.step, events)
        record_interactions(self, before.step, events)
        record_surveys(self, before, events)
        record_referrals(self, before.step, events)
        record_switches(self, before.step, events)
        record_forecasts(self, before)
        record_contacts(self, before.step, events)
        record_investments(self, before, arms)
        record_partnership(self, before)

    def cancelled(self) -> FloatArray:
        """Return when each contract was cancelled, days, in the order of the rows; NaN = never before its end."""
        rows, ended = self.rows["contracts"].columns(), self.rows["cancellations"].columns()
        cancelled = np.full(self.contracts_made, np.nan)
        cancelled[ended["number"]] = ended["time"]
        cancelled = cancelled[rows["number"]]
        # An account that leaves after its contract ran out by itself has nothing left to cancel.
        return np.where(cancelled < rows["ends"], cancelled, np.nan)
