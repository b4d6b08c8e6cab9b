"""Feedback events of a CRM or the page: an investment made, an account lost, a manager's decision or view, and events
that take earlier ones back.

As strict as the cleaning of a source: whatever is kept here is accepted by the next training. Where the cleaning
forgives a cell, an event is refused, since its sender is there to mend it. The rules are here; how an event is read
from JSON is `serving.api.store_endpoints.feedback_parsing`'s.
"""

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from features.errors import InvalidRequest
from features.instants import MICROSECONDS_PER_DAY, iso
from features.schema import Table
from features.sources.cleaning.cells import UNFIT, text_cell
from features.tables import NO_INVESTMENT, TABLE
from serving.scoring.request_parsing import LONGEST_ID, Message, account_id_of

INVESTMENT, OVERRIDE, OUTCOME = "investment", "override", "outcome"
FORECAST, ASSESSMENT, WITHDRAW = "forecast", "assessment", "withdraw"
KINDS = (INVESTMENT, OVERRIDE, OUTCOME, FORECAST, ASSESSMENT, WITHDRAW)
"""In JSON an event is of the kind whose name is among its fields."""
TABLE_OF = {
    INVESTMENT: TABLE["investments"], OUTCOME: TABLE["switches"], FORECAST: TABLE["forecasts"],
    ASSESSMENT: TABLE["assessments"],
}  # fmt: skip
"""Where an event stands when training reads it."""
VALUE_OF = {FORECAST: "extra_revenue", ASSESSMENT: "rung"}
"""The column that the field which names the kind is, where it has another name."""
UNKNOWN_ACCOUNT, UNKNOWN_OPTION = "unknown_account", "unknown_option"
"""Why an event is kept aside."""
SWITCHED = "switched"
"""The one outcome that a CRM tells us: the account left for a competitor."""
OVERRIDABLE = ("recommended_investment", "will_switch")
LONGEST_TEXT = 2_000
LONGEST_SPAN_DAYS = 3_660


@dataclass(frozen=True, kw_only=True)
class FeedbackEvent(ABC):
    """An event that can be kept.  given_id : the sender's own id for it; None = a digest of the content."""

    account_id: str
    given_id: str | None = None

    @property
    @abstractmethod
    def kind(self) -> str:
        """Return the event's kind, one of KINDS."""

    @abstractmethod
    def cells(self) -> Mapping[str, Any]:
        """Return what is kept of it besides the account: plain values, times as ISO 8601."""

    @cached_property
    def content(self) -> Mapping[str, Any]:
        """Return all that is kept of it."""
        return {"account_id": self.account_id, **self.cells()}

    @property
    def text(self) -> str:
        """Return the content, the same text for the same content."""
        return json.dumps(self.content, sort_keys=True, ensure_ascii=True, allow_nan=False)

    @cached_property
    def event_id(self) -> str:
        """Return the id by which a repeat is known."""
        if self.given_id is not None:
            return self.given_id
        plain = json.dumps([self.kind, self.content], sort_keys=True)
        return f"sha-{hashlib.blake2b(plain.encode(), digest_size=16).hexdigest()}"


@dataclass(frozen=True, kw_only=True)
class RowEvent(FeedbackEvent):
    """A row of one of the source's tables.  table : of TABLE_OF.  row : its other columns, as far as they were told."""

    table: Table
    row: Mapping[str, Any]

    @property
    def kind(self) -> str:
        """Return the kind whose table it is."""
        return next(kind for kind, table in TABLE_OF.items() if table is self.table)

    def cells(self) -> Mapping[str, Any]:
        """Return the row."""
        return self.row


@dataclass(frozen=True, kw_only=True)
class OverrideEvent(FeedbackEvent):
    """What a manager decides against the model.

    decisions : field of OVERRIDABLE -> what the manager says; None takes an earlier decision back.
    made_at, until : microseconds; None = when it is received, and the end of the horizon.
    """

    decisions: Mapping[str, str | bool | None]
    reason: str
    made_by: str | None = None
    made_at: int | None = None
    until: int | None = None

    @property
    def kind(self) -> str:
        """Return the kind of decisions."""
        return OVERRIDE

    def cells(self) -> Mapping[str, Any]:
        """Return the decisions, who made them, why, and for how long."""
        times = {name: None if at is None else iso(at) for name, at in self._times}
        told = {"made_by": self.made_by, "reason": self.reason}
        return {OVERRIDE: dict(self.decisions), **told, **times}

    @property
    def _times(self) -> tuple[tuple[str, int | None], ...]:
        return ("made_at", self.made_at), ("until", self.until)


@dataclass(frozen=True, kw_only=True)
class WithdrawalEvent(FeedbackEvent):
    """An earlier event is taken back, as if it had never been told.  withdrawn : its id.  The account is its own."""

    account_id: str = ""
    withdrawn: str

    @property
    def kind(self) -> str:
        """Return the kind of withdrawals."""
        return WITHDRAW

    def cells(self) -> Mapping[str, Any]:
        """Return what is withdrawn."""
        return {WITHDRAW: self.withdrawn}

    @cached_property
    def content(self) -> Mapping[str, Any]:
        """Return what is withdrawn, and no account."""
        return self.cells()


@dataclass(frozen=True)
class RejectedEvent:
    """An event that cannot be kept, and why.  event_id : None where that could not be read either."""

    event_id: str | None
    error: Message


def checked_override(event: OverrideEvent, received: int, options: Collection[str] | None) -> OverrideEvent:
    """Return the decision if it can be kept.

    received : microseconds.  options : the investments that a manager may recommend; None = unknown.

    Raises
    ------
    InvalidRequest
        For the first of its fields that breaks a rule.
    """
    checked_account_id(event.account_id)
    checked_text("event_id", event.given_id, LONGEST_ID)
    strange = sorted(set(event.decisions) - set(OVERRIDABLE))
    if strange or not event.decisions:
        raise no_override()
    wish = event.decisions.get("recommended_investment")
    if wish is not None:
        checked_wish(wish, options)
    reason = checked_reason(event.reason)
    check_times(event.made_at, event.until, event.given_id, received)
    return replace(event, reason=reason, made_by=checked_text("made_by", event.made_by, LONGEST_ID))


def checked_account_id(given: Any) -> str:
    """Return an account's id as text.  Raises InvalidRequest where it is none."""
    account_id = account_id_of(given)
    if account_id is None or "\x00" in account_id:
        longest = f"account_id must be a text or a whole number of at most {LONGEST_ID} characters"
        raise InvalidRequest(longest, "account_id_unreadable", "account_id")
    return account_id


def checked_text(name: str, cell: Any, longest: int) -> str | None:
    """Return a text that a database can hold, None where there is none.  Raises InvalidRequest for anything else."""
    try:
        text = text_cell(cell)
    except UNFIT:
        raise InvalidRequest(f"{name} must be a text", "unreadable_text", name) from None
    if text is not None and (len(text) > longest or "\x00" in text):
        most = f"{name} must have at most {longest} characters, none of them NUL"
        raise InvalidRequest(most, "unreadable_text", name)
    return text


def checked_wish(cell: Any, options: Collection[str] | None) -> str | None:
    """Return the investment that a manager wants.  Raises InvalidRequest where it is none of the options."""
    where = "override.recommended_investment"
    wish = checked_text(where, cell, LONGEST_ID)
    if options is not None and wish not in (*options, NO_INVESTMENT):
        known = ", ".join([*sorted(options)[:20], NO_INVESTMENT])
        raise InvalidRequest(f"recommended_investment must be one of {known}", "unknown_value", where)
    return wish


def checked_reason(cell: Any) -> str:
    """Return the reason of a decision.  Raises InvalidRequest where there is none."""
    reason = checked_text("reason", cell, LONGEST_TEXT)
    if reason is None:
        raise InvalidRequest("an override needs a reason, in words", "field_missing", "reason")
    return reason


def check_times(made: int | None, until: int | None, event_id: str | None, received: int) -> None:
    """Refuse a decision that cannot be told from its repeat, is of the future, or stands too long or not at all.

    Raises
    ------
    InvalidRequest
        For the first of its times that breaks a rule.
    """
    if made is None and event_id is None:
        both = "give made_at or event_id: else a repeat cannot be told from a second decision"
        raise InvalidRequest(both, "field_missing", "made_at")
    if made is not None and made > received + MICROSECONDS_PER_DAY:
        raise InvalidRequest("it lies more than a day in the future", "not_usable", "made_at")
    begins = received if made is None else made
    if until is not None and not begins < until <= begins + LONGEST_SPAN_DAYS * MICROSECONDS_PER_DAY:
        most = f"until must lie after made_at, by at most {LONGEST_SPAN_DAYS} days"
        raise InvalidRequest(most, "not_usable", "until")


def no_override() -> InvalidRequest:
    """Return the error of an event that decides nothing, or nothing that can be decided."""
    names = " or ".join(OVERRIDABLE)
    return InvalidRequest(f"override must be an object with {names}, or both", "not_usable", "override")
