"""Amounts that are too many to be added up exactly."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.instants import FloatArray, IntArray
from features.tables import MONEY_LIMIT, MONEY_SUM_LIMIT


def beyond_sum(amounts: FloatArray, account: NDArray[np.integer[Any]], recorded: IntArray) -> IntArray:
    """The rows recorded once the account's amounts, signs apart, have come to more than MONEY_SUM_LIMIT, ascending.

    Only what was recorded up to a row decides about it, so that the source as it stood earlier keeps the same rows;
    what was recorded at one instant is kept or set aside together. Amounts beyond MONEY_LIMIT, and missing ones, count
    as nothing: those rows are set aside for themselves.

    amounts, account, recorded : shape (n,); account -1 = none.
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
