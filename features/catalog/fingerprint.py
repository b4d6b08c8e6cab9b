"""A small fictitious supplier, always the same, whose features show whether the catalogue has changed."""

from typing import Any

import numpy as np
import pandas as pd

from features.histories.histories import Histories, build_histories
from features.histories.snapshots import Snapshots
from features.instants import MICROSECONDS_PER_DAY, instant
from features.schema import Column, Kind, Table
from features.sources.source import source_from_rows
from features.tables import TABLES

AS_OF = instant("2024-06-01")
ACCOUNTS = 4
ROWS = 48
"""Rows of each table: enough for every feature to have a value for some account."""
_SPAN = 1100
"""Days before AS_OF over which events are spread."""


def reference_histories() -> Histories:
    """Build the histories of the fictitious supplier."""
    return build_histories(source_from_rows({table.name: _frame(table) for table in TABLES}))


def reference_snapshots() -> Snapshots:
    """Return every account at three instants."""
    instants = [AS_OF, AS_OF - 200 * MICROSECONDS_PER_DAY, AS_OF - 430 * MICROSECONDS_PER_DAY]
    account, as_of = np.meshgrid(np.arange(ACCOUNTS), np.array(instants, np.int64))
    return Snapshots(account.ravel(), as_of.ravel())


def _frame(table: Table) -> pd.DataFrame:
    rows = {"accounts": ACCOUNTS, "investment_options": 3}.get(table.name, ROWS)
    return pd.DataFrame({column.name: [_cell(table, column, k) for k in range(rows)] for column in table.columns})


def _cell(table: Table, column: Column, k: int) -> Any:
    """Return the value of row k: simple arithmetic, so that it is the same on every machine and for ever."""
    step = len(table.name) + len(column.name)
    if column.kind is Kind.TIME:
        own = AS_OF - (k * 37 % _SPAN + 1) * MICROSECONDS_PER_DAY + k * 7_000_000_000
        later = 0 if column.name == table.time else (k * step % 23) * MICROSECONDS_PER_DAY
        later = later * 40 if column.name in ("ends_on", "active_until") else later
        if column.known_from == column.name and k // ACCOUNTS % 3 == 0:
            return None  # a ticket still open, a contract not cancelled, a person still there
        return pd.Timestamp(own + later, unit="us")
    if column.name == "account_id":
        return f"A{k % (ACCOUNTS - (table.name == 'contracts'))}"  # one without a contract, which silence tells of
    if column.name in ("investment", "product_line", "contact_id"):
        table_key = column.name == table.key
        return f"{column.name}{k if table_key else k // ACCOUNTS % 3 if column.name == 'investment' else k % 12}"
    if column.kind is Kind.TEXT:
        return f"{column.name}{k if column.name == table.key else k * step % 7}"
    if column.kind is Kind.CATEGORY:
        return column.values[(k + k * k // 5 + k // 3 + step) % len(column.values)]
    if column.kind is Kind.FLAG:
        return k % 2
    low, high = (0.0, 1000.0) if column.kind is Kind.MONEY else (column.low or 0.0, min(column.high or 1.0, 100.0))
    if column.name == "score":
        return float(1 + k % 5)
    return round(low + (high - low) * (k * 13 % 17) / 17 - (400 if column.name == "revenue" else 0), 2)
