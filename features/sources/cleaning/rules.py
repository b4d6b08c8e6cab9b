"""What a source cannot say of itself: when it was exported, whose days it counts, what its money is worth."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Copies = Literal["ask", "yes", "no"]


@dataclass(frozen=True)
class SourceRules:
    """How the cells of a source are to be understood.

    until : microseconds, the end of the day of the export; what lies beyond is in the future. None = nobody knows.
    time_zone : whose midnight a day is; times without an offset are of that zone.
    encoding : of text files; None = by what their bytes are.
    currency : of the money in the result, where `orders.currency` has more than one.
    exchange_rates : currency -> what one unit of it is worth in `currency`.
    deflator : instant (microseconds) -> the price index from then on, 100 = the prices that money is told in; empty =
        amounts as they are.
    drop_copies : whether exact copies of events without a key are left out; `ask` refuses more than a few.
    """

    until: int | None = None
    time_zone: str = "UTC"
    encoding: str | None = None
    currency: str = ""
    exchange_rates: Mapping[str, float] = field(default_factory=dict)
    deflator: Mapping[int, float] = field(default_factory=dict)
    drop_copies: Copies = "ask"


NO_RULES = SourceRules()
"""Nothing is known beyond the cells."""
