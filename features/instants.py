"""Instants as microseconds since 1970-01-01 UTC, how they are read and written, and the array types."""

from datetime import UTC, datetime, timedelta
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from features.errors import SettingsError

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

Times = TypeVar("Times", int, IntArray)

MICROSECONDS_PER_DAY = 86_400_000_000
ALWAYS = -(2**62)
"""The time before every other, microseconds: when a contact without `active_from` came."""
NEVER = 2**62
"""The time after every other, microseconds: when a ticket without `resolved_at` is resolved."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def instant(text: str | datetime) -> int:
    """Return an ISO 8601 date or time as microseconds since 1970-01-01 UTC.

    A date means its midnight; a time without a zone is UTC.

    >>> instant("1970-01-02")
    86400000000

    Raises
    ------
    SettingsError
        If the text is neither a date nor a time.
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
    """Write an instant as people do: a date if it is a midnight, else date and time, UTC.

    >>> iso(86400000000)
    '1970-01-02'
    """
    moment = _EPOCH + timedelta(microseconds=int(microseconds))
    if microseconds % MICROSECONDS_PER_DAY == 0:
        return moment.date().isoformat()
    return moment.replace(tzinfo=None).isoformat()


def midnight_after(time: Times) -> Times:
    """Return the first midnight after an instant, or after each of several: the default as_of, given the last event."""
    return (time // MICROSECONDS_PER_DAY + 1) * MICROSECONDS_PER_DAY
