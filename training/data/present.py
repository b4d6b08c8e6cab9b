"""The accounts as they stand when a model is learnt: later than any slice whose outcomes are known.

No outcome is used of them, so that nothing is seen of the future: an origin of the evaluation has the accounts at that
origin.
"""

from dataclasses import dataclass

import numpy as np

from features.catalog import catalog
from features.histories.snapshots import Snapshots
from features.histories.views import View
from features.instants import MICROSECONDS_PER_DAY, BoolArray, FloatArray
from features.ladder.eligibility import can_switch
from training.data.dataset import Dataset
from training.settings import Settings

MOST_ACCOUNTS = 5000
"""More accounts hardly change a level or a few parameters."""


@dataclass(frozen=True)
class Present:
    """The accounts at an instant.

    matrix : shape (m, n_features).
    can_switch : shape (m,).
    """

    matrix: FloatArray
    can_switch: BoolArray


def present(data: Dataset, rows: BoolArray, settings: Settings) -> Present:
    """Return the dataset's accounts at the end of the latest horizon among some rows (mask, shape (n,))."""
    at = int(data.snapshots.as_of[rows].max()) + settings.outcome.horizon_days * MICROSECONDS_PER_DAY
    return accounts_at(data, at, settings)


def accounts_at(data: Dataset, at: int, settings: Settings) -> Present:
    """Return the dataset's accounts at an instant (microseconds) that the data reach."""
    there = data.snapshots.as_of == at
    if there.any():
        return Present(data.matrix[there], data.labels.can_switch[there])
    accounts = np.unique(data.snapshots.account)
    accounts = accounts[:: max(1, len(accounts) // MOST_ACCOUNTS)]
    view = View(data.histories, Snapshots(accounts, np.full(len(accounts), at)))
    outcome = settings.outcome
    possible = can_switch(view, settings.ladder, data.definition, outcome.silence_days, outcome.renewal_grace_days)
    return Present(catalog.compute(view, data.context), possible)
