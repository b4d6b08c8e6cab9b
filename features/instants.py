"""Time: instants as microseconds since 1970-01-01 UTC, how they are read and written, and the array types."""

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
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


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


def midnight_after(time: Times) -> Times:
    """Return the first midnight after an instant, or after each of several: the default as_of, given the last event."""
    return (time // MICROSECONDS_PER_DAY + 1) * MICROSECONDS_PER_DAY
