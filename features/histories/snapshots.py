"""Snapshots, which are pairs of an account and an instant, and the one definition of "before".

An event is *known* at as_of when `recorded_at < as_of`, and lies in a window of d days when
`as_of - d <= time < as_of`. Outcomes lie in `[as_of, as_of + horizon)`, so that the instant as_of itself belongs to the
future.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from features.errors import ShapeMismatch
from features.instants import MICROSECONDS_PER_DAY, BoolArray, IntArray

WINDOWS = (0, 30, 90, 180, 365, 730)
"""Windows that most features use, days before as_of. They are searched together: six cost little more than one."""

SPARSE = 4
"""If fewer than one in so many of the accounts in a span are used, the events of those that are get copied out."""


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
        """Return the snapshots of the same accounts `days` later (earlier if negative)."""
        return Snapshots(self.account, self.as_of + int(days * MICROSECONDS_PER_DAY))

    def take(self, rows: IntArray | BoolArray) -> "Snapshots":
        """Return the snapshots at some positions, or where a mask holds."""
        return Snapshots(self.account[rows], self.as_of[rows])

    @staticmethod
    def concatenate(parts: Sequence["Snapshots"]) -> "Snapshots":
        """Concatenate snapshots."""
        if not parts:
            return Snapshots(np.empty(0, np.int64), np.empty(0, np.int64))
        return Snapshots(np.concatenate([p.account for p in parts]), np.concatenate([p.as_of for p in parts]))


@dataclass(frozen=True)
class SnapshotSpan:
    """The range of accounts and instants that some snapshots span.

    first, stop : the accounts lie among those from `first` up to `stop`.
    only : the accounts, ascending, where they are sparse: then `first` and `stop` count these. None where they are not.
    account : shape (n,), position of each snapshot's account after `first`.
    midday : rows whose as_of is not a midnight.
    earliest, latest : the first and the last as_of, microseconds.
    """

    first: int
    stop: int
    account: IntArray
    as_of: IntArray
    midday: IntArray
    earliest: int
    latest: int
    only: IntArray | None = None

    @staticmethod
    def of(snapshots: Snapshots) -> "SnapshotSpan":
        """Compute the span of some snapshots."""
        account, as_of = snapshots.account, snapshots.as_of
        midday = np.flatnonzero(as_of % MICROSECONDS_PER_DAY)
        if not len(account):
            return SnapshotSpan(first=0, stop=0, account=account, as_of=as_of, midday=midday, earliest=0, latest=0)
        first, stop = int(account.min()), int(account.max()) + 1
        account, ends = account - first, (int(as_of.min()), int(as_of.max()))
        seen = np.zeros(stop - first, bool)
        seen[account] = True
        only = np.flatnonzero(seen)
        if len(only) * SPARSE > len(seen):
            return SnapshotSpan(
                first=first, stop=stop, account=account, as_of=as_of, midday=midday, earliest=ends[0], latest=ends[1]
            )
        return SnapshotSpan(
            first=0, stop=len(only), account=np.searchsorted(only, account), as_of=as_of, midday=midday,
            earliest=ends[0], latest=ends[1], only=only + first,
        )  # fmt: skip

    @cached_property
    def windows(self) -> IntArray:
        """Return the instants at which the usual windows begin, shape (len(WINDOWS), n)."""
        return self.as_of - BACK

    def midnights(self, back: IntArray) -> tuple[IntArray, IntArray]:
        """Return the different instants `back` before an as_of, and which is each snapshot's, shape (len(back), n).

        back : shape (k, 1), microseconds.
        """
        instants, which = self.instants
        begins = instants - back
        distinct, column = np.unique(begins, return_inverse=True)
        return distinct, column.reshape(begins.shape)[:, which]

    @cached_property
    def window_midnights(self) -> tuple[IntArray, IntArray]:
        """Return what `midnights` gives for the usual windows."""
        return self.midnights(BACK)

    @cached_property
    def instants(self) -> tuple[IntArray, IntArray]:
        """Return the different as_of, ascending, and which of them is each snapshot's."""
        instants, which = np.unique(self.as_of, return_inverse=True)
        return instants, which


BACK = np.array(WINDOWS, np.int64)[:, None] * MICROSECONDS_PER_DAY
