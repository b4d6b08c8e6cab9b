"""Many rows into a table of the store at once, each number with all its bits, and out of it again by id."""

import json
from collections.abc import Sequence
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from features.finite import finite_cells, known_cells

ROWS_AT_ONCE = 50_000
"""Rows that are Python objects at a time."""


def insert_rows(connection: sa.Connection, table: sa.Table, frame: pd.DataFrame) -> None:
    """Insert the frame's rows: of every column of the table its own; what is not finite is NULL.

    Goes past SQLAlchemy's own insert, which handles every cell in Python: a fifth of the time.
    """
    names = [column.name for column in table.columns]
    whole = {column.name for column in table.columns if isinstance(column.type, sa.Integer)}
    for begin in range(0, len(frame), ROWS_AT_ONCE):
        piece = frame.iloc[begin : begin + ROWS_AT_ONCE]
        rows = list(zip(*(_cells(piece[name], name in whole) for name in names), strict=True))
        if connection.dialect.name == "sqlite":
            places = ", ".join("?" * len(names))
            connection.exec_driver_sql(
                f"INSERT INTO {table.name} ({', '.join(_quoted(names))}) VALUES ({places})", rows
            )
        else:
            _copy(connection, table, names, rows)


def delete_rows(connection: sa.Connection, table: sa.Table, ids: Sequence[str]) -> None:
    """Delete the rows of these accounts, and no other."""
    if ids:
        connection.execute(table.delete().where(among(connection, table.c.account_id, ids)))


def among(
    connection: sa.Connection | sa.Engine, column: "sa.ColumnElement[str]", ids: Sequence[str]
) -> "sa.ColumnElement[bool]":
    """Return the condition that the column is one of the ids: one parameter, however many they are."""
    if connection.dialect.name == "sqlite":
        return column.in_(sa.select(sa.func.json_each(json.dumps(ids)).table_valued("value").c.value))
    return column == sa.any_(sa.literal(list(ids), ARRAY(sa.Text)))


def _copy(connection: sa.Connection, table: sa.Table, names: list[str], rows: list[tuple[Any, ...]]) -> None:
    schema = connection.get_execution_options()["schema_translate_map"][None]
    cursor: Any = connection.connection.cursor()
    with cursor, cursor.copy(f"COPY {schema}.{table.name} ({', '.join(_quoted(names))}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _quoted(names: list[str]) -> list[str]:
    return [f'"{name}"' for name in names]


def _cells(column: "pd.Series[Any]", whole: bool) -> list[Any]:
    """Return plain Python cells, None where a value is missing."""
    if column.dtype.kind in "fiu" and not isinstance(column.dtype, pd.api.extensions.ExtensionDtype):
        cells = finite_cells(column.to_numpy())
    else:
        cells = known_cells(column)
    return [None if cell is None else int(cell) for cell in cells] if whole else cells
