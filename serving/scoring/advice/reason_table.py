"""The table `reasons`: one row an account and reason, made from scores and read back for the store."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from features.finite import known_cells
from features.instants import IntArray
from serving.scoring.horizons import Column
from training.model.reasons import Reason, write_reasons


def reason_columns(ids: Column, as_of: Column, reasons: Sequence[Sequence[Reason]]) -> dict[str, Column]:
    """Return the table's columns, the accounts in their order.

    ids, as_of : of every account, shape (n,).  reasons : of every account.
    """
    each = np.array([len(own) for own in reasons], np.int64)
    flat = [reason for own in reasons for reason in own]
    return {
        "account_id": np.repeat(ids, each),
        "as_of": np.repeat(as_of, each),
        "position": np.arange(len(flat)) - np.repeat(np.cumsum(each) - each, each) + 1,
        "outcome": np.array([reason.outcome for reason in flat], object),
        "feature": np.array([reason.feature for reason in flat], object),
        "value": np.array([np.nan if isinstance(r.value, str | None) else r.value for r in flat], np.float64),
        "value_text": np.array([r.value if isinstance(r.value, str) else None for r in flat], object),
        "peer": np.array([np.nan if reason.peer is None else reason.peer for reason in flat], np.float64),
        "direction": np.array([reason.direction for reason in flat], np.int64),
        "strength": np.array([reason.strength for reason in flat], np.float64),
    }


def reason_texts(table: pd.DataFrame, account: IntArray, n: int) -> list[str]:
    """Return every account's reasons as the store keeps them.

    table : of the columns of `reasons`.  account : of every row, whose it is, 0..n-1.
    """
    reasons: list[list[Reason]] = [[] for _ in range(n)]
    names = "position outcome feature value value_text peer direction strength".split()
    rows = zip(account.tolist(), *(known_cells(table[name]) for name in names), strict=True)
    for row, _, outcome, feature, value, name, peer, direction, strength in sorted(rows, key=lambda row: row[:2]):
        figure = _number(value) if name is None else str(name)
        reason = Reason(
            outcome=str(outcome),
            feature=str(feature),
            value=figure,
            peer=_number(peer),
            direction=int(direction),
            strength=float(strength),
        )
        reasons[row].append(reason)
    return [write_reasons(own) for own in reasons]


def _number(value: float | None) -> float | None:
    return None if value is None else float(value)
