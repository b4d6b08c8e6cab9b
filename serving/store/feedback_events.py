"""One event of POST /feedback as it was understood: an investment made, a manager's override, an outcome.

As strict as the cleaning of a source: whatever is accepted here is accepted by the next training. Where the cleaning
forgives a cell, an event is refused, since its sender is there to mend it.
"""

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from features.instants import MICROSECONDS_PER_DAY, iso
from features.schema import Column, Kind, Table
from features.sources.cells import NAT, UNFIT, category_cell, text_cell, time_cell
from features.sources.cleaning import clean
from features.tables import NO_INVESTMENT, TABLE
from serving.scoring.request_parsing import LONGEST_ID, Message, account_id_of

INVESTMENT, OVERRIDE, OUTCOME = "investment", "override", "outcome"
KINDS = (INVESTMENT, OVERRIDE, OUTCOME)
"""An event is of the kind whose name is among its fields."""
TABLE_OF = {INVESTMENT: TABLE["investments"], OUTCOME: TABLE["switches"]}
"""Where an event stands when training reads it."""
SWITCHED = "switched"
"""The one outcome that a CRM tells us: the account left for a competitor."""
OVERRIDABLE = ("recommended_investment", "will_switch")
LONGEST_TEXT = 2_000
LONGEST_SPAN_DAYS = 3_660
_OWN = {
    INVESTMENT: {column.name for column in TABLE_OF[INVESTMENT].columns},
    OUTCOME: {"outcome", *(column.name for column in TABLE_OF[OUTCOME].columns)},
    OVERRIDE: {"account_id", "override", "reason", "made_by", "made_at", "until"},
}


@dataclass(frozen=True)
class Event:
    """An event that can be kept.

    event_id : the sender's, or a digest of the content.  content : plain values, times as ISO 8601.
    """

    event_id: str
    kind: str
    account_id: str
    content: Mapping[str, Any]

    @property
    def text(self) -> str:
        """The content, the same text for the same content."""
        return json.dumps(self.content, sort_keys=True, ensure_ascii=True, allow_nan=False)


@dataclass(frozen=True)
class Unfit:
    """An event that cannot be kept, and why."""

    event_id: str | None
    error: Message


class _Refused(Exception):
    def __init__(self, code: str, field: str | None, message: str) -> None:
        super().__init__(code)
        self.message = Message(code, field, message)


def read_event(given: Any, received: int, options: Collection[str] | None) -> Event | Unfit:
    """What one item of `events` says.

    given : any JSON value.  received : microseconds; nothing may have happened more than a day later.
    options : the investments that a manager may recommend; None = unknown.
    """
    event_id: str | None = None
    try:
        if not isinstance(given, dict):
            raise _Refused("not_an_object", None, "every event is an object")
        event_id = _text(given, "event_id", LONGEST_ID)
        account_id = account_id_of(given.get("account_id"))
        if account_id is None or "\x00" in account_id:
            longest = f"account_id must be a text or a whole number of at most {LONGEST_ID} characters"
            raise _Refused("account_id_unreadable", "account_id", longest)
        kind = _kind(given)
        content = {"account_id": account_id}
        if kind == OVERRIDE:
            content |= _override(given, received, options, event_id)
        else:
            content |= _row(TABLE_OF[kind], kind, given, received)
    except _Refused as refused:
        return Unfit(event_id, refused.message)
    digest = hashlib.blake2b(json.dumps([kind, content], sort_keys=True).encode(), digest_size=16).hexdigest()
    return Event(event_id or f"sha-{digest}", kind, account_id, content)


def _kind(given: Mapping[str, Any]) -> str:
    kinds = [kind for kind in KINDS if kind in given]
    if len(kinds) != 1:
        raise _Refused("kind_unclear", None, f"an event has exactly one of the fields {', '.join(KINDS)}")
    strangers = sorted(given.keys() - _OWN[kinds[0]] - {"event_id"} | given.keys() & {"recorded_at"})
    if strangers:
        shown = strangers[0][:60]
        raise _Refused("unknown_field", shown, f"an event of the kind {kinds[0]} has no field {shown!r}")
    return kinds[0]


def _row(table: Table, kind: str, given: Mapping[str, Any], received: int) -> dict[str, Any]:
    """A row of a source's table, read as the source's are."""
    if kind == OUTCOME and given["outcome"] != SWITCHED:
        raise _Refused("unknown_value", "outcome", f"the outcome must be {SWITCHED!r}")
    columns = [column for column in table.columns if column.name != "recorded_at" and column.name in given]
    for column in columns:
        _check_cell(column, given[column.name])
    lacking = [name for name in table.required if name not in given]
    if lacking:
        raise _Refused("field_missing", lacking[0], f"an event of the kind {kind} needs {', '.join(lacking)}")
    cleaned = clean(table, {column.name: [given[column.name]] for column in columns} | {"recorded_at": [iso(received)]})
    if cleaned.set_aside:
        aside = cleaned.set_aside[0]
        name = str(table.time) if aside.column == "recorded_at" else aside.column
        late = "it lies more than a day in the future"
        raise _Refused("not_usable", name, late if aside.column == "recorded_at" else aside.reason)
    return {
        column.name: _plain(column, cleaned.columns[column.name]) for column in columns if column.name != "account_id"
    }


def _check_cell(column: Column, cell: Any) -> None:
    """Refuse what the cleaning would count as missing, or a database could not hold."""
    if isinstance(cell, (dict, list)):
        raise _Refused("not_usable", column.name, f"{column.name} is a list or an object")
    if column.kind is Kind.TEXT:
        text = _checked_text(column.name, cell, LONGEST_ID)
        if text is None and column.required:
            raise _Refused("field_missing", column.name, f"{column.name} is empty")
    elif column.kind is Kind.CATEGORY:
        try:
            category_cell(column.values)(cell)
        except UNFIT:
            one_of = f"{column.name} must be one of {', '.join(column.values)}"
            raise _Refused("unknown_value", column.name, one_of) from None


def _plain(column: Column, values: Any) -> Any:
    """A cleaned cell as JSON holds it; None where it is missing."""
    value = values[0]
    if column.kind is Kind.TEXT:
        return value
    if column.kind is Kind.CATEGORY:
        return column.values[int(value)] if value >= 0 else None
    if column.kind is Kind.TIME:
        return iso(int(value))
    return float(value) if value == value else None


def _override(
    given: Mapping[str, Any], received: int, options: Collection[str] | None, event_id: str | None
) -> dict[str, Any]:
    values = given["override"]
    if not isinstance(values, dict) or not values or values.keys() - set(OVERRIDABLE):
        names = " or ".join(OVERRIDABLE)
        raise _Refused("not_usable", "override", f"override must be an object with {names}, or both")
    wish = values.get("recommended_investment")
    if wish is not None:
        wish = _checked_text("override.recommended_investment", wish, LONGEST_ID)
        if options is not None and wish not in (*options, NO_INVESTMENT):
            known = ", ".join([*sorted(options)[:20], NO_INVESTMENT])
            where = "override.recommended_investment"
            raise _Refused("unknown_value", where, f"recommended_investment must be one of {known}")
    claim = values.get("will_switch")
    if claim is not None and not isinstance(claim, bool):
        raise _Refused("unknown_value", "override.will_switch", "will_switch must be true, false or null")
    reason = _text(given, "reason", LONGEST_TEXT)
    if reason is None:
        raise _Refused("field_missing", "reason", "an override needs a reason, in words")
    made, until = _time(given, "made_at"), _time(given, "until")
    if made is None and event_id is None:
        both = "give made_at or event_id: else a repeat cannot be told from a second decision"
        raise _Refused("field_missing", "made_at", both)
    if made is not None and made > received + MICROSECONDS_PER_DAY:
        raise _Refused("not_usable", "made_at", "it lies more than a day in the future")
    begins = received if made is None else made
    if until is not None and not begins < until <= begins + LONGEST_SPAN_DAYS * MICROSECONDS_PER_DAY:
        raise _Refused("not_usable", "until", f"until must lie after made_at, by at most {LONGEST_SPAN_DAYS} days")
    told = {"made_by": _text(given, "made_by", LONGEST_ID), "reason": reason}
    times = {"made_at": None if made is None else iso(made), "until": None if until is None else iso(until)}
    kept = {name: wish if name == "recommended_investment" else claim for name in OVERRIDABLE if name in values}
    return {"override": kept, **told, **times}


def _time(given: Mapping[str, Any], name: str) -> int | None:
    cell = given.get(name)
    try:
        at = NAT if cell is None else time_cell(cell)
    except UNFIT:
        written = f"{name} must be a date or time, as 2026-01-31 or 2026-01-31T12:00Z"
        raise _Refused("unreadable_time", name, written) from None
    return None if at == NAT else at


def _text(given: Mapping[str, Any], name: str, longest: int) -> str | None:
    return _checked_text(name, given.get(name), longest)


def _checked_text(name: str, cell: Any, longest: int) -> str | None:
    try:
        text = text_cell(cell)
    except UNFIT:
        raise _Refused("unreadable_text", name, f"{name} must be a text") from None
    if text is not None and (len(text) > longest or "\x00" in text):
        raise _Refused("unreadable_text", name, f"{name} must have at most {longest} characters, none of them NUL")
    return text
