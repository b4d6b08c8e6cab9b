"""One account as its sender gives it: rows of plain values, cleaned by the rules of every source, and what there is to
say of them.

Every account is read by itself. What it gives is never weighed against the other accounts of the request: not
its primary keys, not which columns it has, not how many of its rows are bad.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from features.deadlines import check_deadline
from features.schema import Kind, Table
from features.sources.cleaning.cells import UNFIT, text_cell
from features.sources.cleaning.cleaning import Columns, clean
from features.sources.cleaning.money import in_constant_prices, in_one_currency, rates_missing
from features.sources.cleaning.rules import NO_RULES, SourceRules
from features.sources.concatenation import concatenate
from features.sources.source import Source
from features.tables import OF_THE_SUPPLIER, TABLE, TABLES

PROFILE = "account"
"""The one table that an account gives as an object instead of a list of rows."""
OPTIONS, BENEFITS = OF_THE_SUPPLIER
"""Not an account's: options and benefits are the model's own."""
EVENT_TABLES = tuple(table for table in TABLES if table.name not in ("accounts", *OF_THE_SUPPLIER))
MOST_LISTED = 50
"""Messages of one kind about one table; the rest is counted, so that the answer cannot outgrow the request."""
LONGEST_ID = 256
"""Characters: the answer repeats an id for every score and every option."""
HARMLESS = frozenset(("table_missing", "unused_table", "note"))
"""Codes of warnings that cost the scores nothing: with these only, the status stays ok."""


@dataclass(frozen=True)
class Message:
    """code : a fixed word.  field : where within the account, as orders[3].revenue.  message : for people."""

    code: str
    field: str | None
    message: str


@dataclass(frozen=True)
class ParsedAccount:
    """One account as it was understood.

    account_id : as text; None where it could not be read.
    tables : name -> cleaned columns, for the model's tables that it gives.
    """

    account_id: str | None
    tables: Mapping[str, Columns] = field(default_factory=dict)
    errors: tuple[Message, ...] = ()
    warnings: tuple[Message, ...] = ()


def read_account(given: Any, trained: Collection[str], rules: SourceRules = NO_RULES) -> ParsedAccount:
    """Return the account's rows as the cleaning leaves them.

    given : one item of `accounts`, any JSON value.  trained : names of the tables that the model learnt from; others
        are named in a warning and not used, since the model cannot know what they mean.  rules : how the source that
        it learnt from was understood: the time zone of its days, the currency and the prices of its money.
    """
    check_deadline()
    if not isinstance(given, dict):
        return _unusable(None, "not_an_object", None, "Every account is an object with at least account_id.")
    account_id = account_id_of(given.get("account_id"))
    if account_id is None:
        text = f"account_id must be a text or a whole number of at most {LONGEST_ID} characters."
        return _unusable(None, "account_id_unreadable", "account_id", text)
    warnings: list[Message] = []
    tables: dict[str, Columns] = {}
    for table, name in [(TABLE["accounts"], PROFILE), *((table, table.name) for table in EVENT_TABLES)]:
        content = given.get(name)
        if content is None:
            if table.name in trained:
                warnings.append(Message("table_missing", name, f"{name} is not given: scored as if it were empty."))
            continue
        wanted = dict if name == PROFILE else list
        if not isinstance(content, wanted):
            kind = "an object" if name == PROFILE else "a list of rows"
            return _unusable(account_id, "table_unreadable", name, f"{name} must be {kind}.")
        if table.name not in trained:
            warnings.append(Message("unused_table", name, f"{name} is not used: the model was trained without it."))
            continue
        rows: list[Any] = [content] if isinstance(content, dict) else content
        tables[table.name] = _read_rows(table, rows, account_id, warnings=warnings, rules=rules)
    known = {"account_id", PROFILE, *(table.name for table in EVENT_TABLES)}
    warnings += _unknown((name for name in given if name not in known), "", "table")
    return ParsedAccount(account_id, tables, (), tuple(warnings))


def join(readings: Sequence[ParsedAccount], blank: Mapping[str, Columns]) -> Source:
    """Return one source of several accounts.

    blank : every table that the model learnt from, as it is where no account gives it.
    """
    tables = dict(blank)
    for name in blank:
        parts = [reading.tables[name] for reading in readings if name in reading.tables]
        if parts:
            tables[name] = parts[0] if len(parts) == 1 else concatenate(TABLE[name], parts)
    return Source(tables, (), (), {})


def account_id_of(given: Any) -> str | None:
    """Return an id as text; None where it cannot be one."""
    try:
        text = text_cell(given)
    except UNFIT:
        return None
    return text if text is not None and len(text) <= LONGEST_ID else None


def _unusable(account_id: str | None, code: str, where: str | None, message: str) -> ParsedAccount:
    return ParsedAccount(account_id, errors=(Message(code, where, message),))


def _read_rows(
    table: Table, rows: Sequence[Any], account_id: str, *, warnings: list[Message], rules: SourceRules
) -> Columns:
    """Return the usable rows; every other becomes a warning that names table, row, column and reason."""
    aside: dict[int, tuple[str, str]] = {}
    places = list(range(len(rows)))
    if not all(type(row) is dict for row in rows):
        aside = {k: ("", "a row must be an object") for k in places if not isinstance(rows[k], dict)}
        places = [k for k in places if k not in aside]
    found: set[str] = set().union(*(rows[k] for k in places))
    if "account_id" in found:
        for k in places:
            own = rows[k].get("account_id")
            if own is not None and account_id_of(own) != account_id:
                aside[k] = ("account_id", "the row says that it is another account's")
        places = [k for k in places if k not in aside]
    raw = {
        column.name: _cells([rows[k].get(column.name) for k in places])
        for column in table.columns
        if column.name in found or column.required
    }
    raw["account_id"] = [account_id] * len(places)
    if "currency" in raw:
        strange = rates_missing(raw["currency"], rules)
        aside |= {places[k]: ("currency", reason) for k, reason in strange.items()}
        kept = [k for k in range(len(places)) if k not in strange]
        places = [places[k] for k in kept]
        raw = {name: [cells[k] for k in kept] for name, cells in raw.items()}
    if rules.time_zone != "UTC":
        zone = ZoneInfo(rules.time_zone)
        for column in table.columns:
            if column.kind is Kind.TIME and column.name in raw:
                raw[column.name] = [_on_the_wall(cell, zone) for cell in raw[column.name]]
    cleaned = clean(table, raw)
    aside |= {places[bad.row]: (bad.column, bad.reason) for bad in cleaned.set_aside}
    warnings += _set_aside(table, aside)
    warnings += _unknown(found - table.names, _where(table), "column")
    for note in cleaned.notes:
        lost = "count as missing" in note
        warnings.append(Message("cells_ignored" if lost else "note", _where(table), note))
    return cleaned.columns if table.name != "orders" else _in_its_money(cleaned.columns, warnings, rules)


def _in_its_money(orders: Columns, warnings: list[Message], rules: SourceRules) -> Columns:
    """Return orders in the money of the source that the model learnt from; every currency in them has a rate."""
    for convert in (partial(in_one_currency, rates=None), in_constant_prices):
        orders, notes = convert(orders, rules=rules)
        warnings += [Message("note", "orders", note) for note in notes]
    return orders


def _on_the_wall(cell: Any, zone: ZoneInfo) -> Any:
    """Return a time that names its offset as the clocks of a zone showed it; any other cell as it is."""
    if not isinstance(cell, str):
        return cell
    try:
        moment = datetime.fromisoformat(cell.strip())
        return cell if moment.tzinfo is None else moment.astimezone(zone).replace(tzinfo=None).isoformat()
    except UNFIT:
        return cell


def _cells(cells: list[Any]) -> list[Any]:
    """Return the cells, with any list or object in them replaced: no column takes one, however deep it goes."""
    if not {dict, list} & set(map(type, cells)):
        return cells
    return [_NESTED if isinstance(cell, (dict, list)) else cell for cell in cells]


class _Nested:
    """What stands in a cell for a list or an object; every parser of cells refuses it."""

    def __repr__(self) -> str:
        return "a list or an object"


_NESTED = _Nested()


def _where(table: Table) -> str:
    return PROFILE if table.name == "accounts" else table.name


def _set_aside(table: Table, aside: Mapping[int, tuple[str, str]]) -> list[Message]:
    messages = []
    for row in sorted(aside)[:MOST_LISTED]:
        column, reason = aside[row]
        place = PROFILE if table.name == "accounts" else f"{table.name}[{row}]"
        messages.append(Message("row_set_aside", f"{place}.{column}" if column else place, f"not used: {reason}"))
    if len(aside) > MOST_LISTED:
        more = f"{len(aside) - MOST_LISTED} more rows are not used"
        messages.append(Message("row_set_aside", _where(table), more))
    return messages


def _unknown(names: Iterable[str], where: str, kind: str) -> list[Message]:
    strangers = sorted(names)
    messages = []
    for name in strangers[:MOST_LISTED]:
        shown = name if len(name) <= 60 else name[:57] + "..."
        place = f"{where}.{shown}" if where else shown
        messages.append(Message("unknown_field", place, f"ignored: the contract has no {kind} {shown!r}"))
    if len(strangers) > MOST_LISTED:
        more = f"{len(strangers) - MOST_LISTED} more unknown names are ignored"
        messages.append(Message("unknown_field", where or None, more))
    return messages
