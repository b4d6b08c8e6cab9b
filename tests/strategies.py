"""Random sources over all fourteen tables, dense with boundary instants, late recording and later fields."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from features.instants import instant
from features.schema import Column, Kind, Table
from features.tables import INSTRUMENT_SCALES, TABLES

DAY = 86_400_000_000
MINUTE = DAY // 1440
_EDGES = (-180, -30, -1, 0, 0, 1, 2, 30, 60, 90, 120, 180, 181, 240, 300, 360, 365, 410, 545, 730, 731, 820, 900)
"""Days before as_of at which some window, period or look-back begins, a few beside them, and a few ahead."""
_NEAR = (0, 0, 1, -1, MINUTE, -MINUTE, 6 * 60 * MINUTE, -10 * 60 * MINUTE)
_LATE = (0, 1, MINUTE, 90 * MINUTE, DAY, 2 * DAY, 30 * DAY, 100 * DAY, 400 * DAY)
_EARLY = (-1, -6 * 60 * MINUTE, -DAY)
_IN_ADVANCE = (-30 * DAY, -200 * DAY, -500 * DAY)
_DELAYS = (0, 1, 45 * MINUTE, 7 * 60 * MINUTE, DAY, 10 * DAY, 60 * DAY, 200 * DAY, 365 * DAY, 700 * DAY, -2 * DAY)
_AMOUNTS = (0.0, 0.01, 1.0, 99.99, 99.99, 250.5, 1234.56, 1e6, -0.01, -99.99, -250.5, -1e5)
_NAMES = {
    "account_id": ("A", "B", "C", "é-7"),
    "referred_account_id": ("A", "B", "Z"),
    "investment": ("rebate", "visit", "undeclared", "none"),
}
_DECLARED = ("rebate", "visit", "none")
_WORDS = tuple("abcdefghijklmnopqrstuvwxyz")
_EMPTY = int(np.iinfo(np.int64).min)


@dataclass(frozen=True)
class Drawn:
    """Raw tables with datetime64[us] times, and an instant to look from."""

    tables: dict[str, pd.DataFrame]
    as_of: pd.Timestamp

    @property
    def at(self) -> int:
        """as_of in microseconds."""
        return instant(self.as_of.to_pydatetime())

    def __repr__(self) -> str:
        lines = [f"as_of {self.as_of}"]
        for name, frame in self.tables.items():
            lines += [f"{name}: {record}" for record in frame.dropna(axis=1, how="all").to_dict("records")]
        return "\n".join(lines)


def _age(random: Random) -> int:
    """Microseconds from an event to as_of: on an edge or by it, on the very day, or anywhere (below zero: ahead)."""
    way = random.randrange(6)
    if way < 2:
        return random.choice(_EDGES) * DAY + random.choice(_NEAR)
    if way > 3:
        return random.randint(-1440, 1440) * MINUTE
    if way == 2:
        return random.randint(-300, 900) * DAY
    return random.randint(-60 * 1440, 400 * 1440) * MINUTE


def _lag(table: Table, random: Random) -> int | None:
    """Microseconds from an event to its recording: none given, minutes to hundreds of days late, or early."""
    return random.choice((None, None, *_LATE, *_EARLY, *(_IN_ADVANCE if table.may_precede else ())))


def _cell(table: Table, column: Column, random: Random) -> Any:
    if not column.required and random.random() < 0.2:
        return None
    if column.name == "recorded_at":
        return _lag(table, random)
    if column.name == table.time:
        return _age(random)
    if column.kind is Kind.TIME:
        return random.choice(_DELAYS)
    if table.name == "investment_options" and column.kind is Kind.TEXT:
        return random.choice(_DECLARED)
    if column.kind is Kind.TEXT:
        return random.choice(_NAMES.get(column.name, _WORDS))
    if column.kind is Kind.CATEGORY:
        return random.choice(column.values)
    if column.kind is Kind.FLAG:
        return float(random.randrange(2))
    if column.kind is Kind.MONEY:
        amount = random.choice(_AMOUNTS)
        return abs(amount) if column.low == 0 else amount
    if column.high == 1:
        return random.choice((0.0, 0.05, 0.333, 0.5, 1.0))
    return float(random.randint(int(column.low or 0), int(min(column.high or 9, 200))))


def _row(table: Table, seed: int) -> dict[str, Any]:
    """One raw row; its times are still relative: an age, a lag, delays."""
    random = Random(seed)
    row = {column.name: _cell(table, column, random) for column in table.columns}
    if random.random() < 0.1:
        row |= {name: f"once {random.randrange(40)}" for name in ("account_id",) if name in row}
    if row.get("contact_id") is not None:
        row["contact_id"] = f"{random.choice('pqr')} of {row['account_id']}"
    if table.name == "surveys":
        low, high = INSTRUMENT_SCALES[row["instrument"] or "nps"]
        row["score"] = float(random.randint(low, high))
    return row


def _dated(table: Table, rows: list[dict[str, Any]], as_of: int) -> pd.DataFrame:
    """The rows with their times as instants."""
    own = [as_of - (row[table.time] or 0) if table.time else 0 for row in rows]
    columns: dict[str, Any] = {}
    for column in table.columns:
        cells = [row[column.name] for row in rows]
        if column.kind is Kind.TIME:
            after = [0 if column.name == table.time else cell for cell in cells]
            missing = [cell is None for cell in cells]
            times = [_EMPTY if missing[k] else own[k] + after[k] for k in range(len(rows))]
            columns[column.name] = np.array(times, dtype=np.int64).view("datetime64[us]")
        elif column.kind in (Kind.MONEY, Kind.NUMBER, Kind.FLAG):
            columns[column.name] = np.array([np.nan if cell is None else cell for cell in cells], dtype=np.float64)
        else:
            columns[column.name] = pd.Series(cells, dtype=object)
    return pd.DataFrame(columns)


_MIDNIGHT = instant("2024-06-01")
_INSTANTS = (*[_MIDNIGHT] * 3, *[_MIDNIGHT + 781 * MINUTE] * 2, _MIDNIGHT + 1, _MIDNIGHT - 1)
_OPTIONAL = tuple((table.name, column.name) for table in TABLES for column in table.columns if not column.required)
_SEEDS = st.integers(0, 2**32 - 1)


@st.composite
def sources(draw: st.DrawFn, only: Callable[[str], bool] = lambda _: True) -> Drawn:
    """A random source: orders always, each other table or none, some optional columns absent.

    A row is drawn as one seed, so that dense sources are cheap and a failing one shrinks row by row.
    """
    as_of = draw(st.sampled_from(_INSTANTS))
    fewest = draw(st.sampled_from((0, 2, 8)))
    tables: dict[str, pd.DataFrame] = {}
    for table in TABLES:
        needed = table.name == "orders"
        if not only(table.name) and not needed:
            continue
        seeds = draw(st.lists(_SEEDS, min_size=2 * fewest if needed else fewest, max_size=40))
        if seeds or needed or draw(st.booleans()):
            tables[table.name] = _dated(table, [_row(table, seed) for seed in seeds], as_of)
    # Where nothing is late, snapshots share the stream's own rows, and nothing may hide that.
    absent = draw(st.sets(st.sampled_from(_OPTIONAL), max_size=4))
    if draw(st.sampled_from((False, False, True))):
        absent |= {(name, "recorded_at") for name in tables}
    for name, column in absent:
        if name in tables:
            tables[name] = tables[name].drop(columns=column, errors="ignore")
    return Drawn(tables, pd.Timestamp(as_of, unit="us"))
