"""One event of POST /feedback, parsed from JSON: an investment, a lost account, a manager's decision or view, or the
word that takes an earlier event back."""

from collections.abc import Collection, Mapping
from typing import Any

from features.errors import InvalidRequest
from features.instants import iso
from features.schema import Column, Kind, Table
from features.sources.cleaning.cells import NAT, UNFIT, category_cell, time_cell
from features.sources.cleaning.cleaning import clean
from serving.scoring.request_parsing import LONGEST_ID, Message
from serving.store.feedback.feedback_events import (
    KINDS,
    OUTCOME,
    OVERRIDABLE,
    OVERRIDE,
    SWITCHED,
    TABLE_OF,
    VALUE_OF,
    WITHDRAW,
    FeedbackEvent,
    OverrideEvent,
    RejectedEvent,
    RowEvent,
    WithdrawalEvent,
    check_times,
    checked_account_id,
    checked_reason,
    checked_text,
    checked_wish,
    no_override,
)

_OWN = {
    **{kind: {column.name for column in table.columns} for kind, table in TABLE_OF.items()},
    OVERRIDE: {"account_id", "override", "reason", "made_by", "made_at", "until"},
}
_OWN[OUTCOME].add("outcome")
_OWN[WITHDRAW] = {WITHDRAW}
for _kind_of, _column in VALUE_OF.items():
    _OWN[_kind_of] = _OWN[_kind_of] - {_column} | {_kind_of}


def read_event(given: Any, received: int, options: Collection[str] | None) -> FeedbackEvent | RejectedEvent:
    """Return what one item of `events` says, or the first thing that is wrong with it.

    given : any JSON value.  received : microseconds; nothing may have happened more than a day later.
    options : the investments that a manager may recommend; None = unknown.
    """
    event_id: str | None = None
    try:
        if not isinstance(given, dict):
            raise InvalidRequest("every event is an object", "not_an_object")
        event_id = checked_text("event_id", given.get("event_id"), LONGEST_ID)
        if WITHDRAW in given:
            return _withdrawal(given, event_id)
        account_id = checked_account_id(given.get("account_id"))
        kind = _kind(given)
        if kind == OVERRIDE:
            return _override(given, account_id, event_id, received, options)
        row = _row(TABLE_OF[kind], kind, _with_columns(kind, given), received)
        return RowEvent(account_id=account_id, given_id=event_id, table=TABLE_OF[kind], row=row)
    except InvalidRequest as error:
        field = error.field
        if error.code != "unknown_field":  # a column by the name that the event has it
            field = next((kind for kind, column in VALUE_OF.items() if column == field), field)
        return RejectedEvent(event_id, Message(error.code, field, str(error)))


def _withdrawal(given: Mapping[str, Any], event_id: str | None) -> WithdrawalEvent:
    _kind(given)
    withdrawn = checked_text(WITHDRAW, given[WITHDRAW], LONGEST_ID)
    if withdrawn is None:
        raise InvalidRequest("withdraw must be the event_id of an earlier event", "field_missing", WITHDRAW)
    return WithdrawalEvent(given_id=event_id, withdrawn=withdrawn)


def _with_columns(kind: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the event by the names of its table's columns."""
    column = VALUE_OF.get(kind)
    return given if column is None else {column if name == kind else name: cell for name, cell in given.items()}


def _kind(given: Mapping[str, Any]) -> str:
    kinds = [kind for kind in KINDS if kind in given]
    if len(kinds) != 1:
        raise InvalidRequest(f"an event has exactly one of the fields {', '.join(KINDS)}", "kind_unclear")
    strangers = sorted(given.keys() - _OWN[kinds[0]] - {"event_id"} | given.keys() & {"recorded_at"})
    if strangers:
        shown = strangers[0][:60]
        raise InvalidRequest(f"an event of the kind {kinds[0]} has no field {shown!r}", "unknown_field", shown)
    return kinds[0]


def _row(table: Table, kind: str, given: Mapping[str, Any], received: int) -> dict[str, Any]:
    """Return a row of a source's table, cleaned as the source's rows are."""
    if kind == OUTCOME and given["outcome"] != SWITCHED:
        raise InvalidRequest(f"the outcome must be {SWITCHED!r}", "unknown_value", "outcome")
    columns = [column for column in table.columns if column.name != "recorded_at" and column.name in given]
    for column in columns:
        _check_cell(column, given[column.name])
    lacking = [name for name in table.required if name not in given]
    if lacking:
        needs = f"an event of the kind {kind} needs {', '.join(lacking)}"
        raise InvalidRequest(needs, "field_missing", lacking[0])
    cleaned = clean(table, {column.name: [given[column.name]] for column in columns} | {"recorded_at": [iso(received)]})
    if cleaned.set_aside:
        aside = cleaned.set_aside[0]
        name = str(table.time) if aside.column == "recorded_at" else aside.column
        late = "it lies more than a day in the future"
        raise InvalidRequest(late if aside.column == "recorded_at" else aside.reason, "not_usable", name)
    return {
        column.name: _plain(column, cleaned.columns[column.name]) for column in columns if column.name != "account_id"
    }


def _check_cell(column: Column, cell: Any) -> None:
    """Refuse what the cleaning would count as missing, or a database could not hold."""
    if isinstance(cell, (dict, list)):
        raise InvalidRequest(f"{column.name} is a list or an object", "not_usable", column.name)
    if column.kind is Kind.TEXT:
        text = checked_text(column.name, cell, LONGEST_ID)
        if text is None and column.required:
            raise InvalidRequest(f"{column.name} is empty", "field_missing", column.name)
    elif column.kind is Kind.CATEGORY:
        try:
            category_cell(column.values)(cell)
        except UNFIT:
            one_of = f"{column.name} must be one of {', '.join(column.values)}"
            raise InvalidRequest(one_of, "unknown_value", column.name) from None


def _plain(column: Column, values: Any) -> Any:
    """Return a cleaned cell as JSON holds it; None where it is missing."""
    value = values[0]
    if column.kind is Kind.TEXT:
        return value
    if column.kind is Kind.CATEGORY:
        return column.values[int(value)] if value >= 0 else None
    if column.kind is Kind.TIME:
        return iso(int(value))
    return float(value) if value == value else None


def _override(
    given: Mapping[str, Any], account_id: str, event_id: str | None, received: int, options: Collection[str] | None
) -> OverrideEvent:
    decisions = given["override"]
    if not isinstance(decisions, dict) or not decisions or decisions.keys() - set(OVERRIDABLE):
        raise no_override()
    wish = decisions.get("recommended_investment")
    if wish is not None:
        wish = checked_wish(wish, options)
    claim = decisions.get("will_switch")
    if claim is not None and not isinstance(claim, bool):
        raise InvalidRequest("will_switch must be true, false or null", "unknown_value", "override.will_switch")
    reason = checked_reason(given.get("reason"))
    made, until = _time(given, "made_at"), _time(given, "until")
    check_times(made, until, event_id, received)
    told = {"recommended_investment": wish, "will_switch": claim}
    return OverrideEvent(
        account_id=account_id,
        given_id=event_id,
        decisions={name: told[name] for name in OVERRIDABLE if name in decisions},
        reason=reason,
        made_by=checked_text("made_by", given.get("made_by"), LONGEST_ID),
        made_at=made,
        until=until,
    )


def _time(given: Mapping[str, Any], name: str) -> int | None:
    cell = given.get(name)
    try:
        at = NAT if cell is None else time_cell(cell)
    except UNFIT:
        written = f"{name} must be a date or time, as 2026-01-31 or 2026-01-31T12:00Z"
        raise InvalidRequest(written, "unreadable_time", name) from None
    return None if at == NAT else at
