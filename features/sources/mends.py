"""What would mend a row that was set aside, as lines of the settings that can be pasted."""

from collections.abc import Callable, Mapping

from features.sources.readings.evidence import ColumnReading
from features.tables import KNOWN_TABLES


def _query(text: str) -> Callable[[str, str], str]:
    def lines(table: str, column: str) -> str:
        return f'[tables.{table}]\nquery = "{text.format(table=table, column=column)}"'

    return lines


_ROWS = "select * from {table} where {column} is not null"
MENDS: Mapping[str, Callable[[str, str], str]] = {
    "unreadable number": _query("select * replace (as_amount({column}, ',') as {column}) from {table}"),
    "unreadable time": _query("select * replace (as_date({column}, 'dmy') as {column}) from {table}"),
    "no time": _query(_ROWS),
    "no account": _query("select * from {table} where as_id({column}) is not null"),
    "required value missing": _query(_ROWS),
    "unknown value": _query("select * replace (case {column} when '...' then '...' end as {column}) from {table}"),
    "recorded before it happened": _query("select * exclude (recorded_at) from {table}"),
    "in the future": lambda *_: '[source]\nexported_at = "2026-12-31"  # the day of the export',
    "outside the scale": _query("select * from {table} where as_amount({column}) between 0 and 10"),
}
"""Reason -> what mends it, given table and column."""
_DUPLICATE = "select distinct on ({column}) * from {table}"
_LINES = (
    "select account_id, order_id, min(ordered_at) as ordered_at, sum(as_amount(revenue)) as revenue from {table} "
    "group by account_id, order_id"
)


def mend(table: str, column: str, reason: str) -> str:
    """Return the lines of TOML that would mend rows with this reason, empty where nothing need be done.

    >>> print(mend("orders", "ordered_at", "unreadable time: ordered_at is '1.2.24'"))
    [tables.orders]
    query = "select * replace (as_date(ordered_at, 'dmy') as ordered_at) from orders"
    """
    phrase = reason.split(":")[0]
    if phrase.startswith("conflicting"):
        return _query(_LINES if table == "orders" else _DUPLICATE)(table, column)
    declared = KNOWN_TABLES[table].column(column)
    if "the limit is" in reason and declared.high == 1:
        return _query("select * replace (as_amount({column}) / 100 as {column}) from {table}")(table, column)
    return MENDS[phrase](table, column) if phrase in MENDS else ""


def toml(lines: str) -> str:
    """Return lines of settings within a sentence."""
    return f"{lines.replace(chr(10), ' ')}"


def doubt_message(reading: ColumnReading) -> str:
    """Say in which ways the cells of a column can be read, and how to choose."""
    ways = " or ".join(f"{after} ({form})" for form, after in reading.doubt.items())
    return (
        f"{reading.table}.{reading.column} can be read in {'two' if len(reading.doubt) == 2 else 'several'} ways: "
        f"{reading.before!r} is {ways}, and no other cell tells which. Say so in the settings: "
        f"{toml(doubt_mend(reading))}"
    )


def doubt_mend(reading: ColumnReading) -> str:
    """Return the lines of settings that settle a doubt, with the first of its readings."""
    form = next(iter(reading.doubt))
    return f'[tables.{reading.table}]\nreading = {{ {reading.column} = "{form}" }}'
