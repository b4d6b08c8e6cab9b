"""Former customers stand apart: what they were and until when, and the chance of winning them back; none of leaving."""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from features.accounts.account_timeline import AccountTimeline, quarter_days
from features.instants import MICROSECONDS_PER_DAY
from features.tables import RUNGS
from serving.web.visit import Visit
from serving.web.words.timeline_events import day_text
from training.model.reasons import LEAVING, Reason, Stored, first_reason, read_reasons, write_reasons

CUSTOMER = RUNGS.index("customer")
OF_CUSTOMERS = ("p_switch", "switch_trigger", "value_at_risk", "overdue_days")
"""Scores that say of an account that it may leave, or that an order of it is late."""


@dataclass(frozen=True)
class Past:
    """What a former customer was.  until : days since 1970; None = longer ago than its timeline reaches."""

    rung: str
    until: int | None

    def words(self, visit: Visit) -> str:
        """Return what it was, and until when."""
        if self.until is None:
            return visit.say("former.long_ago")
        return visit.say("former.was", rung=visit.say(f"rung.{self.rung}"), date=day_text(visit, self.until))


def standing_words(visit: Visit, rung: str | None, former: object) -> str:
    """Return where an account stands in a few words: its rung, or that it is a former customer."""
    return visit.say("priorities.former.tag") if former else visit.say(f"rung.{rung}") if rung else "–"


def as_customer(score: Mapping[Any, Any]) -> Mapping[Any, Any]:
    """Return an account's scores as they are shown: of a former customer without what is about customers only."""
    if not score["former"]:
        return score
    return {**score, **dict.fromkeys(OF_CUSTOMERS), "reasons": reasons_shown(score["reasons"], True)}


def reasons_shown(text: str, former: object) -> str:
    """Return an account's reasons, of a former customer without those about leaving.  text : as the store has them."""
    if not former:
        return text
    return write_reasons(one for one in read_reasons(text) if not (isinstance(one, Reason) and one.outcome == LEAVING))


def first_reason_shown(text: str, former: object) -> "Stored | None":
    """Return the first of an account's reasons as they are shown; None where there is none."""
    if not former:
        return first_reason(text)
    return next((one for one in read_reasons(text) if not (isinstance(one, Reason) and one.outcome == LEAVING)), None)


def past_of(visit: Visit, timeline: AccountTimeline | None) -> Past | None:
    """Return what a former customer was; None where no timeline is stored.

    It was a customer until it left for a competitor, else until its last order or the end of its last contract.
    """
    if timeline is None:
        return None
    events, today = timeline["events"], visit.as_of // MICROSECONDS_PER_DAY
    switched = max(events.get("switches", ((),))[0], default=None)
    ended = [cancelled or ends for _, ends, cancelled, _ in zip(*events.get("contracts", ()), strict=True)]
    last = [*events.get("orders", ((),))[0], *(day for day in ended if day is not None and day < today)]
    until = switched if switched is not None else max(last, default=None)
    if until is None:
        return Past(RUNGS[CUSTOMER], None)
    quarters = quarter_days(visit.as_of)
    at = bisect_right(quarters, until)
    begin, end = max(0, at - 1), at if switched is not None else at + 1
    seen = [level for level in timeline["rungs"][begin:end] if level is not None]
    return Past(RUNGS[max((CUSTOMER, *seen))], until)
