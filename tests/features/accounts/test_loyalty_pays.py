"""Whether the ladder pays: rungs of a year's beginning, what was done in it, and sums that add up over parts."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from features.accounts.loyalty_pays import add_sums, after_years, loyalty_rows, loyalty_sums
from features.histories.histories import Histories, build_histories
from features.instants import instant
from features.ladder.rules import LadderRules
from features.sources.source import source_from_rows
from serving.scoring.lifetime_groups import lifetime_rows, lifetime_sums
from tests.builders import as_it_stood, histories
from tests.strategies import Drawn, sources

AS_OF = "2025-01-01"


def sums(of: Histories, at: int | None = None) -> dict[str, list[float]]:
    return loyalty_sums(of, instant(AS_OF) if at is None else at, LadderRules(), line_margins={}, margin_rate=0.5)


def told(found: Mapping[str, list[float]], behaviour: str, rung: str, period: str = "now") -> dict[str, Any]:
    rows = loyalty_rows(found)
    (row,) = (
        r for r in rows
        if (r["behaviour"], r["rung"], r["period"], r["cohort"]) == (behaviour, rung, period, "all")
    )  # fmt: skip
    return row


def source() -> Histories:
    monthly = [f"2023-{month:02d}-10" for month in range(1, 13)]
    orders = [(name, day, 100.0) for name in "AB" for day in monthly]
    orders += [("A", f"2024-{month:02d}-10", 200.0) for month in range(1, 13)]
    orders += [("C", "2023-06-01", 50.0)]
    return histories(
        orders=orders, referrals=[("A", "2024-05-01", "referral")],
        tickets=[{"account_id": "A", "opened_at": "2024-02-01"}, {"account_id": "B", "opened_at": "2022-12-01"}],
    )  # fmt: skip


def test_the_year_is_judged_by_the_rung_on_which_it_began() -> None:
    found = sums(source())
    stays = told(found, "stays", "member")
    assert (stays["accounts"], stays["value"]) == (2, 0.5)
    assert stays["low"] < 0.5 < stays["high"]
    assert told(found, "spends", "member")["value"] == 1200.0  # 2,400 and nothing
    assert told(found, "recommends", "member")["value"] == 0.5
    assert told(found, "service", "member")["value"] == pytest.approx(1000 / 2400)
    assert told(found, "stays", "shopper")["value"] == 0.0
    assert not [row for row in loyalty_rows(found) if row["behaviour"] == "shares"]  # no table says so
    assert {row["period"] for row in loyalty_rows(found)} == {"now", "a_year_ago"}


def test_who_is_still_there_after_years_and_what_margin_remains() -> None:
    rows = {(row["rung"], row["years"]): row for row in after_years(sums(source()))}
    assert rows["member", 1]["stayed"] == 0.5
    assert rows["member", 1]["margin"] == 600.0
    assert json.dumps(list(rows.values()), allow_nan=False)
    assert ("member", 3) not in rows


@settings(max_examples=10)
@given(sources())
def test_the_future_changes_nothing_and_parts_add_up(drawn: Drawn) -> None:
    whole = build_histories(source_from_rows(drawn.tables))
    stood = build_histories(source_from_rows(as_it_stood(drawn.tables, drawn.as_of)))
    if whole.tables == stood.tables:
        assert sums(whole, drawn.at) == sums(stood, drawn.at)
    assert add_sums(sums(whole, drawn.at), {}) == sums(whole, drawn.at)


def test_lifetime_values_stand_beside_what_winning_cost() -> None:
    scores = pd.DataFrame({
        "account_id": list("ABC"), "rung": ["member", "member", "suspect"],
        "lifetime_value": pd.Series([1000.0, 3000.0, None], dtype="Float64"),
        "payback_years": pd.Series([0.5, None, None], dtype="Float64"),
    })  # fmt: skip
    names = pd.DataFrame({
        "channel": ["web", "fair", None], "segment": [None, None, None], "cohort": ["2023", "2024", "2024"],
        "cost": [400.0, 100.0, np.nan],
    })  # fmt: skip
    found = lifetime_sums(scores, names)
    rows = {(row["by"], row["group"]): row for row in lifetime_rows(found)}
    every = rows["all", "all"]
    assert (every["accounts"], every["with_estimate"], every["with_cost"]) == (3, 2, 2)
    assert every["lifetime_value"] == 2000.0
    assert every["lifetime_value_low"] < 2000.0 < every["lifetime_value_high"]
    assert every["value_per_cost"] == 8.0
    assert (every["earned_back"], every["payback_years"]) == (0.5, 0.5)
    assert rows["rung", "suspect"]["lifetime_value"] is None
    assert rows["channel", None]["accounts"] == 1
    halves = add_sums(lifetime_sums(scores[:1], names[:1]), lifetime_sums(scores[1:], names[1:].reset_index(drop=True)))
    assert halves == found
