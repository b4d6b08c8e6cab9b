"""What would mend a row that was set aside, as lines of the settings that can be pasted."""

import ast
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

import pyarrow as pa

from features.schema import Kind
from features.sources.readings import amounts, dates
from features.sources.readings.evidence import ColumnReading
from features.tables import KNOWN_TABLES


def _query(text: str) -> Callable[[str, str], str]:
    def lines(table: str, column: str) -> str:
        return f'[tables.{table}]\nquery = "{text.format(table=table, column=column)}"'

    return lines


_ROWS = "select * from {table} where {column} is not null"
MENDS: Mapping[str, Callable[[str, str], str]] = {
    "no time": _query(_ROWS),
    "no account": _query("select * from {table} where as_id({column}) is not null"),
    "required value missing": _query(_ROWS),
    "unknown value": _query("select * replace (case {column} when '...' then '...' end as {column}) from {table}"),
    "recorded before it happened": _query("select * exclude (recorded_at) from {table}"),
    "outside the scale": _query("select * from {table} where as_amount({column}) between 0 and 10"),
}
"""Reason -> what mends it, given table and column."""
_DUPLICATE = "select distinct on ({column}) * from {table}"
_LINES = (
    "select account_id, order_id, min(ordered_at) as ordered_at, sum(as_amount(revenue)) as revenue from {table} "
    "group by account_id, order_id"
)


def mend(table: str, column: str, reason: str, form: str = "", *, macros: bool = True) -> str:
    """Return the lines of TOML that would mend rows with this reason, empty where nothing need or can be said.

    form : the code of the reading under which the other cells of the column were read.
    macros : whether a query may call `as_date`, `as_amount` and `as_id`; a database has its own functions instead.

    >>> print(mend("orders", "ordered_at", "unreadable time: ordered_at is '1.2.24'"))
    [tables.orders]
    query = "select * replace (as_date(ordered_at, 'dmy') as ordered_at) from orders"
    """
    lines = _lines_for(table, column, reason, form)
    return lines if macros or not OF_FILES.search(lines) else ""


OF_FILES = re.compile(r"\bas_(?:date|amount|id)\(|select \* (?:replace|exclude) ")
"""What only queries on files and frames may say."""


def _lines_for(table: str, column: str, reason: str, form: str) -> str:
    phrase, _, said = reason.partition(":")
    if phrase.startswith("conflicting"):
        return _query(_LINES if table == "orders" else _DUPLICATE)(table, column)
    declared = KNOWN_TABLES[table].column(column)
    if "the limit is" in reason and declared.high == 1:
        return _query("select * replace (as_amount({column}) / 100 as {column}) from {table}")(table, column)
    if phrase == "in the future":
        last = reason.rpartition(" ")[2]
        time = _reading(column, READ_TIMES, form) or f"as_date({column})"
        return _query(f"select * from {{table}} where {time} < date '{last}' + interval 1 day")(table, column)
    if phrase in ("unreadable time", "unreadable number"):
        return _readable(table, column, _cell(said), form)
    return MENDS[phrase](table, column) if phrase in MENDS else ""


def form_of(readings: Sequence[ColumnReading], table: str, column: str) -> str:
    """Return the code under which a column was read; empty where it was not."""
    return next((one.form for one in readings if (one.table, one.column) == (table, column)), "")


def _readable(table: str, column: str, cell: str, form: str) -> str:
    """Return lines that read an unreadable cell, beside those that are read already; else that leave it out."""
    declared = KNOWN_TABLES[table].column(column)
    nested = re.match(r"of type struct<(\w+)", cell)
    if nested:
        return _query(f"select * replace ({{column}}.{nested[1]} as {{column}}) from {{table}}")(table, column)
    ways = READ_TIMES if declared.kind is Kind.TIME else READ_NUMBERS
    ours, other = _reading(column, ways, form), _reading(column, ways, _form_of(cell, ways))
    if not other and declared.kind is Kind.TIME:
        other = next((sql.format(column) for shape, sql in PERIODS.items() if re.fullmatch(shape, cell)), "")
    if other:
        both = f"coalesce({ours}, {other})" if ours and ours != other else other
        return _query(f"select * replace ({both} as {{column}}) from {{table}}")(table, column)
    if declared.required:
        usual = ours or ("as_date" if declared.kind is Kind.TIME else "as_amount") + f"({column})"
        return _query(f"select * from {{table}} where {usual} is not null")(table, column)
    empty = cell.replace("'", "''").replace('"', '\\"')
    return _query(f"select * replace (nullif({{column}}, '{empty}') as {{column}}) from {{table}}")(table, column)


READ_TIMES: Mapping[str, str] = {
    "iso": "as_date({})", "ymd": "as_date({})", "named": "as_date({})", "dmy": "as_date({}, 'dmy')",
    "mdy": "as_date({}, 'mdy')", "compact": "as_date({}, 'compact')",
    **{form: f"as_date({{}}, '{form}')" for form in dates.EPOCHS},
}  # fmt: skip
READ_NUMBERS: Mapping[str, str] = {
    "whole": "as_amount({})", amounts.POINT: "as_amount({})", amounts.COMMA: "as_amount({}, ',')",
}  # fmt: skip
"""Code of a reading -> the macro that reads cells so."""
PERIODS: Mapping[str, str] = {
    r"[0-9]{4}-[0-9]{1,2}": "try_strptime({} || '-01', '%Y-%m-%d')",
    r"[0-9]{4}/[0-9]{1,2}": "try_strptime({} || '/01', '%Y/%m/%d')",
    r"[0-9]{1,2}[/]20[0-9]{2}": "try_strptime('01/' || {}, '%d/%m/%Y')",
    r"[0-9]{1,2}-20[0-9]{2}": "try_strptime('01-' || {}, '%d-%m-%Y')",
    r"[0-9]{6}": "try_strptime({} || '01', '%Y%m%d')",
    r"[0-9]{4}-?W[0-9]{2}": "try_strptime({} || '-1', '%G-W%V-%u')",
    r"[A-Z][a-z]{2} [0-9]{4}": "try_strptime('1 ' || {}, '%d %b %Y')",
}
"""Shape of a month or a week -> SQL that gives its first day."""


def _reading(column: str, ways: Mapping[str, str], form: str) -> str:
    return ways[form].format(column) if form in ways else ""


def _form_of(cell: str, ways: Mapping[str, str]) -> str:
    """Return the first reading under which a cell means something; empty where there is none."""
    cells, counted = pa.array([cell]), cell.strip().isdigit()
    for form in ways:
        if ways is READ_TIMES:
            fits = form not in dates.EPOCHS or (counted and re.fullmatch(dates.DIGITS[form], cell.strip()))
            valid = bool(fits) and bool(dates.apply(cells, form, None)[1][0])
        else:
            valid = bool(amounts.read(cells, form)[1][0])
        if valid:
            return form
    return ""


def _cell(said: str) -> str:
    """Return the cell that a reason quotes."""
    text = said.partition(" is ")[2]
    with suppress(ValueError, SyntaxError):
        return str(ast.literal_eval(text))
    return text


def toml(lines: str) -> str:
    """Return lines of settings as one that can be pasted, for a sentence.

    >>> toml('[tables.orders]\\nquery = "select 1"')
    'tables.orders.query = "select 1"'
    """
    heading, _, line = lines.partition("\n")
    return f"{heading.strip('[]')}.{line}"


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
