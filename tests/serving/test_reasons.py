"""Reasons read as sentences."""

import numpy as np

from features import catalog
from serving.reasons import write_reasons


def sentence(name: str, value: float, peer: float) -> str:
    contributions, values = np.zeros(len(catalog.NAMES)), np.zeros(len(catalog.NAMES))
    contributions[catalog.NAMES.index(name)], values[catalog.NAMES.index(name)] = 1.0, value
    return write_reasons(contributions, values, {name: peer}, "Raises the risk", "Lowers the risk")[0]


def test_what_is_so_or_not_is_told_as_yes_or_no() -> None:
    told = sentence("decider_unreached_365d", 1.0, 0.0)
    fact = "no decider there was spoken to in the last 365 days"
    assert told == f"Raises the risk: {fact}: yes; others on this rung: no"


def test_what_is_missing_is_told_in_the_feature_s_own_words() -> None:
    told = sentence("oldest_open_ticket_days", np.nan, 12.0)
    assert (
        told == "Raises the risk: days that the oldest open ticket has been open: none is open; others on this rung: 12"
    )
