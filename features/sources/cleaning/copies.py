"""Exact copies among events without a key: rows that are the same in every cell, also in those that nobody reads."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from features.errors import SourceError, SourceUnreadable
from features.instants import IntArray
from features.schema import Missing, Table
from features.sources.cleaning.columns import normalise
from features.sources.cleaning.rules import SourceRules

MOST = 0.01
"""Share of a table's rows that may be copies before somebody has to say what they are."""


def may_hold_copies(table: Table, rules: SourceRules) -> bool:
    """Return whether copies are looked for in a table: in those of events, unless the settings keep them."""
    return rules.drop_copies != "no" and table.time is not None and table.column(table.time).missing is Missing.BAD


def judge_copies(table: Table, copies: int, rows: int, rules: SourceRules) -> tuple[tuple[str, ...], list[SourceError]]:
    """Return what is said of the copies in a table, and why it is refused, if it is.

    copies : how many of its rows repeat another.
    """
    if not copies:
        return (), []
    if rules.drop_copies == "yes":
        return (f"{table.name}: {copies:,} exact copies of another row are left out",), []
    apart = f"and have no {table.key} to tell them apart" if table.key else "and nothing tells them apart"
    count = f"{table.name}: {copies:,} of {rows:,} rows are exact copies of another, {apart}"
    if copies <= MOST * rows:
        return (f'{count}: they are kept; [source] drop_copies = "yes" leaves them out',), []
    twice = (
        "An export that was appended twice doubles revenue; two equal orders of one day do not."
        if table.name == "orders"
        else "An export that was appended twice counts every row twice; two equal rows of one day do not."
    )
    say = 'Say which: [source] drop_copies = "yes" leaves them out, "no" keeps them.'
    return (), [SourceUnreadable(f"{count}. {twice} {say}")]


def exact_copies(columns: Mapping[str, Any], keyless: IntArray) -> dict[int, int]:
    """Return the rows that repeat an earlier one in every cell, each with that one.

    columns : raw, Arrow or sequences.  keyless : the rows to compare.
    """
    if len(keyless) < 2:
        return {}
    codes = np.zeros(len(keyless), np.int64)
    for cells in columns.values():
        own = _codes(cells)[keyless]
        codes = np.unique(codes * (int(own.max()) + 1) + own, return_inverse=True)[1]
    order = np.argsort(codes, kind="stable")
    same = np.flatnonzero(np.diff(codes[order]) == 0) + 1
    firsts = np.unique(codes, return_index=True)[1]
    return {int(keyless[order[at]]): int(keyless[firsts[codes[order[at]]]]) for at in same}


def keyless_rows(key: Any | None, rows: int) -> IntArray:
    """Return the rows without a key.  key : its column, None where there is none."""
    if key is None:
        return np.arange(rows)
    cells = normalise(key)
    if isinstance(cells, (pa.Array, pa.ChunkedArray)):
        return np.flatnonzero(~np.asarray(cells.is_valid()))
    return np.array([row for row, cell in enumerate(cells) if cell is None or cell == ""], np.int64)


def _codes(cells: Any) -> IntArray:
    cells = normalise(cells)
    if not isinstance(cells, pa.Array):
        cells = pa.array([None if cell is None else repr(cell) for cell in _listed(cells)], pa.string())
    coded = cells if pa.types.is_dictionary(cells.type) else cells.dictionary_encode()
    codes: IntArray = coded.indices.fill_null(len(coded.dictionary)).to_numpy(zero_copy_only=False).astype(np.int64)
    return codes


def _listed(cells: Any) -> Sequence[Any]:
    listed: Sequence[Any] = cells.tolist() if isinstance(cells, np.ndarray) else cells
    return listed
