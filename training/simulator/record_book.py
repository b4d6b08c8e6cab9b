"""The record book of a simulated supplier: the rows written down so far, and who and when they are about.

Rows are kept as flat arrays, account as a number and time as days since the first day, until
`training.simulator.tables` turns them into frames; the truth is computed from these arrays, before late rows are
withheld.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.simulator.population import CONTACT_SLOTS, STEP_DAYS, FloatArray, IntArray, Traits
from training.simulator.scenarios import Scenario

Values = NDArray[Any]
LATE_SHARE = 0.03
"""The share of the rows that are written down days to weeks late."""
LATE_DAYS = 9.0
"""The mean delay of a late row, days."""
DAY_BEGINS, DAY_ENDS = 7 / 24, 17 / 24
"""Working hours, days after midnight, of all events except investments, which are made as a step begins."""


@dataclass
class Rows:
    """The rows of one table, gathered block by block; every column of a block has the same length."""

    blocks: dict[str, list[Values]] = field(default_factory=lambda: defaultdict(list))

    def add(self, **columns: Values) -> None:
        """Append one block of rows."""
        for name, values in columns.items():
            self.blocks[name].append(values)

    def columns(self) -> dict[str, Values]:
        """Return all rows so far: column name -> array."""
        return {name: np.concatenate(blocks) for name, blocks in self.blocks.items()}


class RecordBook:
    """The rows of all tables, and the contacts, inquiries and contracts that later rows refer to.

    rng : draws everything that has no influence on what happens next.
    own : generators of tables that must not disturb the draws of others, by name.
    """

    def __init__(
        self, scenario: Scenario, traits: Traits, rng: np.random.Generator, own: Mapping[str, np.random.Generator]
    ) -> None:
        self.scenario, self.traits, self.rng, self.own = scenario, traits, rng, own
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

    def moment(self, step: int, count: int) -> FloatArray:
        """Draw moments within working hours of a step, days, shape (count,)."""
        day = self.rng.integers(0, STEP_DAYS, count)
        return step * STEP_DAYS + day + self.rng.uniform(DAY_BEGINS, DAY_ENDS, count)

    def recorded(self, time: FloatArray) -> FloatArray:
        """Draw when events are written down, days, shape (n,)."""
        late = self.rng.random(len(time)) < LATE_SHARE
        delay = np.where(late, 1 + self.rng.exponential(LATE_DAYS, len(time)), self.rng.uniform(0, 5 / 24, len(time)))
        return time + delay

    def contact_of(self, account: IntArray) -> IntArray:
        """Draw a contact of each account, shape (n,)."""
        slot = (self.rng.random(len(account)) * self.traits.contacts[account]).astype(np.int64)
        return self.contact[account, slot]
