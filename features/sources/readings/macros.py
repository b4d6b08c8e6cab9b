"""What a query over files may call on raw cells: dates and amounts, read as columns read by name are."""

from typing import Any

import numpy as np
import pyarrow as pa

from features.sources.cleaning.rules import SourceRules
from features.sources.readings import amounts, dates, texts
from features.sources.readings.evidence import choose, distinct_cells

MACROS = (
    ("as_date(cell)", "a date or time with the year first, or with the month's name; null where it is none"),
    ("as_date(cell, order)", "likewise, the order 'dmy', 'mdy' or 'ymd', 'compact', 'epoch_s' or 'epoch_ms'"),
    ("as_amount(cell)", "a number with a decimal point, whatever currency stands beside it; null where it is none"),
    ("as_amount(cell, mark)", "likewise, the mark of decimals ',' or '.'"),
    ("as_id(cell)", "an id without blanks around it; null where it is a word for an empty cell, such as NULL"),
)
"""Macro -> what it returns."""
TEXT_HINT = " The cells of a text file are text in a query: as_amount(cell, '.') and as_date(cell, 'dmy') read them."
_MARKS = {",": amounts.COMMA, ".": amounts.POINT}


def add_macros(connection: Any, rules: SourceRules) -> None:
    """Define the macros of MACROS in a DuckDB connection."""

    def as_date(cells: Any, orders: Any) -> pa.Array:
        order = _only(orders, (*dates.ORDERS, *dates.EPOCHS, "compact"))
        distinct, _, codes = distinct_cells(_combined(cells))
        value, valid = dates.apply(distinct, order, rules.until, rules.time_zone)
        times = pa.array(value, mask=~valid).cast(pa.timestamp("us"))
        return times.take(pa.array(codes, mask=codes < 0))

    def as_amount(cells: Any, marks: Any) -> pa.Array:
        mark = _MARKS[_only(marks, tuple(_MARKS))]
        distinct, _, codes = distinct_cells(_combined(cells))
        written, valid = amounts.read(distinct, mark)
        number = np.asarray(choose(valid, written, pa.scalar("0")).cast(pa.float64()))
        return pa.array(number, mask=~valid).take(pa.array(codes, mask=codes < 0))

    for name, function, kind in (("date", as_date, "TIMESTAMP"), ("amount", as_amount, "DOUBLE")):
        connection.create_function(
            f"ladder_{name}", function, ["VARCHAR", "VARCHAR"], kind, type="arrow", null_handling="special"
        )
    for name, usual in (("date", "ymd"), ("amount", ".")):
        connection.execute(
            f"CREATE MACRO as_{name}(cell) AS ladder_{name}(CAST(cell AS VARCHAR), '{usual}'), "
            f"(cell, form) AS ladder_{name}(CAST(cell AS VARCHAR), form)"
        )

    empty = ", ".join("'{}'".format(word.replace("'", "''")) for word in ("", *texts.NULL_LIKE, texts.MISSING_ID))
    trimmed = "trim(CAST(cell AS VARCHAR))"
    connection.execute(f"CREATE MACRO as_id(cell) AS CASE WHEN {trimmed} IN ({empty}) THEN NULL ELSE {trimmed} END")


def _only(forms: Any, known: tuple[str, ...]) -> str:
    """Return the one form that a call names.

    Raises
    ------
    ValueError
        If it names another, or more than one.
    """
    named = forms.unique().to_pylist() or [known[0]]
    if len(named) != 1 or named[0] not in known:
        raise ValueError(f"{named} is none of {', '.join(known)}")
    return str(named[0])


def _combined(cells: Any) -> pa.Array:
    return cells.combine_chunks() if isinstance(cells, pa.ChunkedArray) else cells
