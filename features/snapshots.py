"""Which account is looked at when, and the one definition of "before".

A snapshot is an account at an as_of. An event is *known* at as_of when `recorded_at < as_of`, and lies in
a window of d days when `as_of - d <= time < as_of`. Outcomes lie in `[as_of, as_of + horizon)`, so that
the instant as_of itself belongs to the future.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from features.errors import SettingsError, ShapeMismatch

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

MICROSECONDS_PER_DAY = 86_400_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


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


def instant(text: str | datetime) -> int:
    """Microseconds since 1970-01-01 UTC of an ISO 8601 date or time; a date means its midnight.

    >>> instant("1970-01-02")
    86400000000

    Raises
    ------
    SettingsError
        If the text is no such time.
    """
    if isinstance(text, str):
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise SettingsError(
                f"{text!r} is not a date or time. Write it as 2026-01-31 or 2026-01-31T12:00."
            ) from None
    else:
        moment = text
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment.astimezone(UTC) - _EPOCH) // timedelta(microseconds=1)


def iso(microseconds: int) -> str:
    """The instant as people write it: a date where it is a midnight, else date and time, UTC.

    >>> iso(86400000000)
    '1970-01-02'
    """
    moment = _EPOCH + timedelta(microseconds=int(microseconds))
    if microseconds % MICROSECONDS_PER_DAY == 0:
        return moment.date().isoformat()
    return moment.replace(tzinfo=None).isoformat()


def midnight_after(time: int) -> int:
    """The first midnight after that instant: the default as_of, given the last event's time."""
    return (time // MICROSECONDS_PER_DAY + 1) * MICROSECONDS_PER_DAY
