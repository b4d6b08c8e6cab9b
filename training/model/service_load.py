"""The service load of an account: contacts and tickets of a year per thousand of its revenue."""

from collections.abc import Sequence

import numpy as np

from features.instants import BoolArray, FloatArray

REVENUE_UNIT = 1000.0
"""The revenue to which a load refers, money."""


def service_load(matrix: FloatArray, names: Sequence[str]) -> FloatArray:
    """Return contacts and tickets per thousand of revenue, shape (n,); NaN without revenue.

    An absent table counts as an empty one.

    names : of the matrix's columns.
    """
    revenue, contacts, tickets = (
        matrix[:, names.index(name)] for name in ("revenue_365d", "interactions_365d", "tickets_365d")
    )
    sold, events = revenue > 0, np.nan_to_num(contacts) + np.nan_to_num(tickets)
    load: FloatArray = np.where(sold, events, np.nan) / np.where(sold, revenue, 1.0) * REVENUE_UNIT
    return load


def usual_load(matrix: FloatArray, names: Sequence[str], rows: BoolArray) -> float | None:
    """Return the median load of some rows; None where none is known or nobody was ever served."""
    load = service_load(matrix[rows], names)
    known = load[~np.isnan(load)]
    return round(float(np.median(known)), 6) if len(known) and known.max() > 0 else None
