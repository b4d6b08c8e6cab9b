"""Flat tables as pyfunc takes them: rows of any table with its name in a column `table`, or a frame for each table.

They become what a request holds: one item an account, each table a list of rows.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from features.errors import InvalidRequest
from features.tables import TABLE, TABLES
from serving.scoring.request_parsing import EVENT_TABLES, OPTIONS, PROFILE, account_id_of

TABLE_COLUMN = "table"
ACCOUNTS = "accounts"
FLAT_COLUMNS = tuple(
    dict.fromkeys(
        column.name
        for table in TABLES
        if table.name != OPTIONS
        for column in table.columns
        if column.name != "account_id"
    )
)
"""Columns of all tables but the account's id, each once."""
_NESTED = frozenset((PROFILE, *(table.name for table in EVENT_TABLES)))


def flat_rows(frames: Mapping[str, Any]) -> pd.DataFrame:
    """Return frames by table as one frame, with the name of the table in the column `table`.

    Raises
    ------
    InvalidRequest
        If a table is none.
    """
    for name in frames:
        _checked(name)
    parts = [frame_of(frame).astype(object).assign(**{TABLE_COLUMN: name}) for name, frame in frames.items()]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["account_id", TABLE_COLUMN])


def frame_of(given: Any) -> pd.DataFrame:
    """Return a table as a DataFrame: one of any library, columns, or a list of rows.

    An account's id that stands in the index is a column too.

    Raises
    ------
    InvalidRequest
        If it is none of these.
    """
    frame = given
    if hasattr(given, "__arrow_c_stream__") and not isinstance(given, pd.DataFrame):
        with suppress(pa.ArrowException, TypeError):  # a single column is no table
            frame = pa.table(given).to_pandas()
    elif isinstance(given, (Mapping, list, tuple)):
        with suppress(ValueError, TypeError, AttributeError):
            frame = pd.DataFrame(given if isinstance(given, Mapping) else list(map(dict, given)))
    if not isinstance(frame, pd.DataFrame):
        raise InvalidRequest(
            f"A {type(given).__name__} is no table: give a DataFrame, a table of Arrow, columns, or a list of rows.",
            "contract", None,
        )  # fmt: skip
    if "account_id" in frame.index.names and "account_id" not in frame:
        frame = frame.assign(account_id=frame.index.get_level_values("account_id"))
    return frame


def whole_tables(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of what MLflow made a single row of: frames by table, or columns; any other frame as it is."""
    if len(frame) != 1:
        return frame
    row = {str(name): cell for name, cell in frame.iloc[0].items()}
    if isinstance(row.get("account_id"), list | np.ndarray):
        return frame_of(row)
    if "account_id" not in row and row and all(name in _NESTED or name == ACCOUNTS for name in row):
        return flat_rows(row)
    return frame


def is_flat(frame: pd.DataFrame) -> bool:
    """Return whether a frame holds flat rows.

    Raises
    ------
    InvalidRequest
        If its rows are those of some table, and it does not say of which.
    """
    if TABLE_COLUMN in frame and frame[TABLE_COLUMN].notna().any():
        return True
    given = {str(name) for name in frame if frame[name].notna().any()}
    loose = sorted(given & set(FLAT_COLUMNS) - _NESTED)
    if loose and not given & _NESTED:
        raise InvalidRequest(
            f"There are columns of a table ({', '.join(loose[:3])}), and no column {TABLE_COLUMN!r} that says of which."
            " Add it (orders, tickets, ...), or give one row an account with the rows of each table in a cell.",
            "contract", TABLE_COLUMN,
        )  # fmt: skip
    return False


def nested_accounts(rows: Iterator[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return flat rows, of plain values, as accounts in the order in which they first appear."""
    accounts: dict[Any, dict[str, Any]] = {}
    for row in rows:
        table, ident = _checked(row.pop(TABLE_COLUMN, None)), row.pop("account_id", None)
        account = accounts.setdefault(account_id_of(ident) or repr(ident), {"account_id": ident})
        if "as_of" in row:
            account["as_of"] = row.pop("as_of")
        cells = {name: value for name, value in row.items() if name in TABLE[table].names}
        if table == ACCOUNTS:
            account[PROFILE] = cells
        else:
            account.setdefault(table, []).append(cells)
    return list(accounts.values())


def _checked(name: Any) -> str:
    if name not in TABLE or name == OPTIONS:
        known = ", ".join([ACCOUNTS, *(table.name for table in EVENT_TABLES)])
        raise InvalidRequest(f"{name!r} is no table; there are {known}.", "contract", TABLE_COLUMN)
    return str(name)
