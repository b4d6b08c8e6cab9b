"""The account lookback: where an account stood a year ago, and what became of it since."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from features.accounts.account_lookback import UNKNOWN, account_lookback
from features.accounts.margin_rates import margin_rates
from features.histories.histories import Histories, build_histories
from features.histories.views import View
from features.instants import MICROSECONDS_PER_DAY, instant
from features.ladder.rules import LadderRules, rungs
from features.sources.source import source_from_rows
from tests.builders import as_it_stood, histories
from tests.strategies import Drawn, sources

AS_OF = instant("2024-06-30")
DAY = AS_OF // MICROSECONDS_PER_DAY
RULES = LadderRules()


def ago(days: float) -> str:
    return (pd.Timestamp("2024-06-30") - pd.Timedelta(days=days)).isoformat()


@settings(max_examples=40)
@given(drawn=sources())
def test_the_lookback_is_the_same_from_the_source_as_it_stood(drawn: Drawn) -> None:
    whole = build_histories(source_from_rows(drawn.tables))
    then = build_histories(source_from_rows(as_it_stood(drawn.tables, drawn.as_of)))
    both = [account_lookback(known, drawn.at, RULES, {}, 0.4) for known in (whole, then)]
    known = [h.account_ids[seen.account].tolist() for h, seen in zip((whole, then), both, strict=True)]
    assert known[0] == known[1]
    for name in vars(both[0]):
        if name != "account":
            np.testing.assert_array_equal(getattr(both[0], name), getattr(both[1], name), err_msg=name)


def test_an_account_that_was_not_known_a_year_ago_has_no_rung_then() -> None:
    known = histories(
        accounts=[{"account_id": "B", "created_at": ago(900)}],
        orders=[("A", ago(10), 80.0)],
        contracts=[{"account_id": "B", "starts_on": ago(100), "ends_on": ago(-30)}],
        switches=[("B", ago(200))],
    )
    seen = account_lookback(known, AS_OF, RULES, {}, 0.25)
    assert seen.rung_then.tolist() == [UNKNOWN, 0]
    assert seen.left.tolist() == [False, True]
    assert seen.margin.tolist() == [20.0, 0.0]
    assert seen.contract_ends.tolist()[1] == DAY + 30
    assert seen.periods_on_rung.tolist()[0] == 0
    assert view_rung(known) == seen.rung.tolist()


def view_rung(known: Histories) -> list[int]:
    return rungs(View(known, known.known_at(AS_OF)), RULES).tolist()


def test_the_margin_of_the_year_is_at_the_rate_that_the_scores_use() -> None:
    """Orders of a product line of known margin lack their cost; another account knows its own."""
    order = {"ordered_at": ago(20), "revenue": 100.0}
    known = histories(
        orders=[
            {"account_id": "A", "product_line": "pumps", **order},
            {"account_id": "B", "product_line": "pumps", "cost": 90.0, **order},
            {"account_id": "C", **order},
        ]
    )
    pumps = f"{known.streams['orders'].value('line')[0]:010x}"
    seen = account_lookback(known, AS_OF, RULES, {pumps: 0.8}, 0.3)
    assert seen.margin.tolist() == pytest.approx([80.0, 10.0, 30.0])
    rates = margin_rates(View(known, known.known_at(AS_OF)), {pumps: 0.8}, 0.3)
    assert seen.margin.tolist() == (seen.revenue * rates).tolist()
