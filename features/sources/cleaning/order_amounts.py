"""Amounts of orders that cannot be meant as they stand: nearly all negative, or a thousand times what is usual."""

import numpy as np

from features.errors import SourceUnreadable
from features.instants import FloatArray
from features.sources.cleaning.cleaning import Cleaned
from features.sources.cleaning.mends import READ_NUMBERS

MOST_NEGATIVE, FEWEST = 0.9, 20
"""Beyond this share of negative amounts, among so many at least, it is the sign that is wrong."""
STRAY_RATIO, FEWEST_OF_ACCOUNT = 1000.0, 5
"""An amount so many times its account's median, where that has so many orders, is taken for a slip of the pen."""


def check_amounts(orders: Cleaned, form: str = "") -> tuple[str, ...]:
    """Return notes on stray amounts, without personal data.

    form : the code of the reading under which revenue was read.

    Raises
    ------
    SourceUnreadable
        If nearly all amounts are negative.
    """
    amount = READ_NUMBERS.get(form, "as_amount({})").format("revenue")
    revenue = np.asarray(orders.columns["revenue"], np.float64)
    given = revenue[revenue != 0]
    negative = float((given < 0).mean()) if len(given) else 0.0
    if len(given) >= FEWEST and negative > MOST_NEGATIVE:
        raise SourceUnreadable(
            f"orders: {negative:.0%} of the {len(given):,} amounts are negative; revenue is positive, a credit note "
            "negative. If the export books revenue as a credit, map a query that turns the sign, such as "
            f'tables.orders.query = "select * replace (-{amount} as revenue) from orders"'
        )
    stray = _stray(np.asarray(orders.columns["account_id"]), np.abs(revenue))
    if not len(stray):
        return ()
    words = "1 amount is" if len(stray) == 1 else f"{len(stray):,} amounts are"
    return (
        f"orders: {words} more than {STRAY_RATIO:,.0f} times what the account usually spends on an order (up to "
        f"{stray.max():,.0f} times): kept, but nothing is learnt from what is unlike all others. See whether a comma "
        "was lost.",
    )


def _stray(account: "np.ndarray[tuple[int], np.dtype[np.object_]]", amount: FloatArray) -> FloatArray:
    """Return how many times its account's median each stray amount is."""
    _, position = np.unique(account.astype(str), return_inverse=True)
    order = np.lexsort((amount, position))
    sizes = np.bincount(position)
    begins = np.cumsum(sizes) - sizes
    median = amount[order][begins + (sizes - 1) // 2]
    ratio = amount / np.maximum(median[position], 1e-9)
    found: FloatArray = ratio[(ratio > STRAY_RATIO) & (sizes[position] >= FEWEST_OF_ACCOUNT) & (median[position] > 0)]
    return found
