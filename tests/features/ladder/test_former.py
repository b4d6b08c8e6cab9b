"""Former customers: recorded leavers and those silent beyond their rhythm, never those who were no customers."""

import numpy as np
import pytest
from hypothesis import given, settings

from features.accounts.pace import own_pace
from features.histories.histories import build_histories
from features.ladder.former import former
from features.ladder.rules import LadderRules
from features.sources.source import source_from_rows
from tests.builders import Row, as_it_stood, histories, view
from tests.strategies import Drawn, sources

MONTHLY = [f"2023-{month:02d}-05" for month in range(1, 13)]


def is_former(at: str, days: list[str], **more: list[Row]) -> bool:
    return bool(former(view(histories(orders=[("A", day, 100.0) for day in days], **more), at), LadderRules())[0])


def contract(**more: str) -> Row:
    return {"account_id": "A", "starts_on": "2023-01-01", "ends_on": "2024-01-01", **more}


@pytest.mark.parametrize(
    ("at", "days", "gone"),
    [
        ("2024-01-15", MONTHLY, False),
        ("2024-09-01", MONTHLY, True),
        ("2026-09-01", MONTHLY, True),  # two years and more beyond the ladder's windows
        ("2026-09-01", MONTHLY[:1], False),  # a single order made no customer
        ("2026-09-01", ["2020-01-05", "2023-01-05"], False),  # nor did two of which one was forgotten by the other
        ("2024-09-01", [*MONTHLY, "2024-08-20"], False),  # came back
    ],
)
def test_who_was_a_customer_and_fell_silent_beyond_its_rhythm_is_former(at: str, days: list[str], gone: bool) -> None:
    assert is_former(at, days) is gone


def test_a_recorded_switch_makes_a_former_customer_at_once_until_it_orders_or_signs_again() -> None:
    switch = [{"account_id": "A", "switched_at": "2023-12-20"}]
    assert is_former("2024-01-05", MONTHLY, switches=switch)
    assert not is_former("2023-12-20", MONTHLY, switches=switch)
    assert not is_former("2024-01-15", [*MONTHLY, "2024-01-10"], switches=switch)
    again = [contract(starts_on="2024-01-08", ends_on="2025-01-08")]
    assert not is_former("2024-01-15", MONTHLY, switches=switch, contracts=again)
    assert not is_former("2024-01-05", [], switches=switch)  # whoever never bought has not gone


def test_a_contract_in_force_holds_and_one_that_ended_lets_go() -> None:
    assert not is_former("2024-11-01", MONTHLY, contracts=[contract(ends_on="2025-06-01")])
    assert is_former("2024-11-01", [], contracts=[contract()])
    assert not is_former("2024-01-20", [], contracts=[contract()])  # within the grace of its end


def test_the_pace_is_that_of_the_time_in_which_the_account_bought() -> None:
    known = histories(orders=[("A", day, 100.0) for day in MONTHLY] + [("B", "2020-03-01", 500.0)])
    pace = own_pace(view(known, "2026-01-01"))
    assert pace[0] == pytest.approx(1200, rel=0.03)
    assert pace[1] == 500.0
    assert own_pace(view(known, "2019-01-01")).tolist() == [0.0, 0.0]


@settings(max_examples=25)
@given(sources())
def test_the_future_changes_neither_who_is_former_nor_its_pace(drawn: Drawn) -> None:
    found = []
    for tables in (drawn.tables, as_it_stood(drawn.tables, drawn.as_of)):
        known = build_histories(source_from_rows(tables))
        seen = view(known, drawn.at, known.account_ids[known.known_at(drawn.at).account].astype(str).tolist())
        found.append((former(seen, LadderRules()).tolist(), own_pace(seen).view(np.int64).tolist()))
    assert found[0] == found[1]
