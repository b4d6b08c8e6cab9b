"""Which account is looked at when, and the one definition of "before".

A snapshot is an account at an as_of. An event is *known* at as_of when `recorded_at < as_of`, and lies in
a window of d days when `as_of - d <= time < as_of`. Outcomes lie in `[as_of, as_of + horizon)`, so that
the instant as_of itself belongs to the future.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from features.errors import ShapeMismatch
from features.instants import MICROSECONDS_PER_DAY, BoolArray, IntArray


@dataclass(frozen=True)
class Snapshots:
    """Pairs of an account and an instant.

    account : shape (n,), position of the account in `Histories.account_ids`.
    as_of : shape (n,), microseconds since 1970-01-01 UTC.

    Raises
    ------
    ShapeMismatch
        If the two arrays have different lengths.
    """

    account: IntArray
    as_of: IntArray

    def __post_init__(self) -> None:
        if self.account.shape != self.as_of.shape:
            raise ShapeMismatch(f"{self.account.shape} accounts against {self.as_of.shape} instants; give one each")

    def __len__(self) -> int:
        return len(self.account)

    def later(self, days: float) -> "Snapshots":
        """The same accounts, `days` later (earlier if negative)."""
        return Snapshots(self.account, self.as_of + int(days * MICROSECONDS_PER_DAY))

    def take(self, rows: IntArray | BoolArray) -> "Snapshots":
        """The snapshots at those positions, or where the mask holds."""
        return Snapshots(self.account[rows], self.as_of[rows])

    @staticmethod
    def concatenate(parts: Sequence["Snapshots"]) -> "Snapshots":
        """All parts one after the other."""
        if not parts:
            return Snapshots(np.empty(0, np.int64), np.empty(0, np.int64))
        return Snapshots(np.concatenate([p.account for p in parts]), np.concatenate([p.as_of for p in parts]))
