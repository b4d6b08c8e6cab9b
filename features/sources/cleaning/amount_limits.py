"""The limit up to which an account's amounts can be added up exactly."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.instants import FloatArray, IntArray
from features.schema import MONEY_LIMIT, MONEY_SUM_LIMIT


def rows_beyond_sum_limit(amounts: FloatArray, account: NDArray[np.integer[Any]], recorded: IntArray) -> IntArray:
    """Return the rows recorded after an account's amounts, signs apart, passed MONEY_SUM_LIMIT, ascending.

    Only what was recorded up to a row decides about it, so that the source as it stood earlier keeps the same rows.
    Rows of one account that were recorded at the same instant are kept or set aside together. Missing amounts and those
    beyond MONEY_LIMIT count as nothing: their rows are set aside for that reason alone.

    amounts : shape (n,), money.
    account : shape (n,), whole numbers, -1 = no account.
    recorded : shape (n,), microseconds.
    """
    size = np.abs(np.nan_to_num(amounts, posinf=0.0, neginf=0.0))
    size = np.where(size > MONEY_LIMIT, 0.0, size)
    order = np.lexsort((recorded, account))
    account, recorded, total = account[order], recorded[order], np.append(0.0, np.cumsum(size[order]))
    begins = np.searchsorted(account, account)  # the first row of each row's account
    same = np.ones(len(order) + 1, bool)
    same[1:-1] = (account[1:] != account[:-1]) | (recorded[1:] != recorded[:-1])
    instants = np.flatnonzero(same)
    ends = np.repeat(instants[1:], np.diff(instants))  # past the last row of the same account and instant
    return np.sort(order[(total[ends] - total[begins] > MONEY_SUM_LIMIT) & (account >= 0)])
