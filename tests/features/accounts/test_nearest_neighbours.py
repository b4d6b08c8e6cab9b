"""Nearest neighbours stood on the same rung a year ago."""

import pandas as pd

from features.accounts.account_lookback import account_lookback
from features.accounts.nearest_neighbours import nearest_neighbours
from features.instants import MICROSECONDS_PER_DAY, instant
from features.ladder.rules import LadderRules
from tests.builders import histories

AS_OF = instant("2024-06-30")
DAY = AS_OF // MICROSECONDS_PER_DAY
RULES = LadderRules()


def ago(days: float) -> str:
    return (pd.Timestamp("2024-06-30") - pd.Timedelta(days=days)).isoformat()


def test_the_nearest_stood_on_the_same_rung_a_year_ago_and_are_never_the_account_itself() -> None:
    rows = [(name, ago(d), amount) for name, amount in (("A", 100.0), ("B", 110.0), ("C", 9000.0)) for d in (400, 420)]
    known = histories(orders=[*rows, ("D", ago(30), 100.0), ("D", ago(50), 105.0)])
    seen = account_lookback(known, AS_OF, RULES, {}, 0.4)
    nearest = nearest_neighbours(seen).row
    place = known.account_ids.tolist().index
    assert nearest[place("D")].tolist() == [place("A"), place("B"), place("C"), -1, -1]
    assert all(k not in row for k, row in enumerate(nearest.tolist()))
