"""Attitude, support, and the account manager's view, by example."""

import numpy as np
import pytest

from features.catalog.catalog import Context, compute
from features.catalog.families.loyalty import attitude, patronage
from features.ladder.rules import LadderRules
from tests.builders import Row, histories, view

ORDERS: list[Row] = [("A", "2024-01-10", 100.0)]
PEOPLE: list[Row] = [
    {"contact_id": "c1", "account_id": "A", "role": "decider", "interest": "price"},
    {"contact_id": "c2", "account_id": "A", "role": "user", "interest": "quality"},
    {"contact_id": "c3", "account_id": "A", "role": "buyer"},
]


def _one(as_of: str, name: str, **tables: list[Row]) -> float:
    return float(compute(view(histories(orders=ORDERS, **tables), as_of), Context(), [name])[0, 0])


def _talk(day: str, contact: str | None, topic: str | None, by: str = "us") -> Row:
    return {"account_id": "A", "happened_at": day, "contact_id": contact, "topic": topic, "initiated_by": by}


@pytest.mark.parametrize(
    ("talks", "expected"),
    [
        ([], 0.0),
        ([_talk("2024-02-01", "c1", "price")], 3 / 6),
        ([_talk("2024-02-01", "c1", "quality")], 0.0),
        ([_talk("2024-02-01", "c1", "price"), _talk("2024-02-02", "c2", "quality")], 4 / 6),
        ([_talk("2024-02-01", None, "price")], 0.0),
        ([_talk("2022-02-01", "c1", "price")], 0.0),
        ([_talk("2024-02-01", "c1", None)], np.nan),
    ],
)
def test_support_weighs_those_whose_own_interest_was_spoken_of(talks: list[Row], expected: float) -> None:
    found = _one("2024-03-01", "support", contacts=PEOPLE, interactions=talks)
    np.testing.assert_equal(found, expected)


def test_a_benefit_waits_for_whoever_cares_about_it_and_has_not_heard() -> None:
    benefits: list[Row] = [
        {"benefit": "rebate", "interest": "price", "role": "buyer"},
        {"benefit": "reports", "interest": "quality"},
    ]
    tables: dict[str, list[Row]] = {"contacts": PEOPLE, "benefits": benefits}
    assert _one("2024-03-01", "people_to_tell", interactions=[], **tables) == 1
    heard = [_talk("2024-02-01", "c2", "quality")]
    assert _one("2024-03-01", "people_to_tell", interactions=heard, **tables) == 0
    assert _one("2026-03-01", "people_to_tell", interactions=heard, **tables) == 1


def _answer(day: str, score: float, instrument: str) -> Row:
    return {"account_id": "A", "answered_at": day, "score": score, "instrument": instrument}


@pytest.mark.parametrize(
    ("tables", "expected"),
    [
        ({}, np.nan),
        ({"surveys": [_answer("2024-02-01", 10, "nps")]}, 1.0),
        ({"surveys": [_answer("2024-02-01", 7, "nps"), _answer("2024-02-01", 3, "trust")]}, 0.5),
        ({"surveys": [_answer("2024-02-01", 1, "value")]}, 0.0),
        ({"surveys": [_answer("2022-06-01", 10, "nps")]}, 0.0),
        ({"referrals": [{"account_id": "A", "made_at": "2024-02-01"}]}, 1.0),
        ({"interactions": [_talk("2024-02-01", None, None, "them")] * 3}, 1.0),
        ({"interactions": [_talk("2024-02-01", None, None, "them")] * 2}, np.nan),
    ],
)
def test_attitude_is_the_mean_of_the_signs_that_are_known(tables: dict[str, list[Row]], expected: float) -> None:
    known = histories(orders=ORDERS, **tables)
    np.testing.assert_equal(attitude(view(known, "2024-03-01"))[0], expected)


def test_the_latest_view_of_the_manager_counts_for_a_year_and_from_when_it_was_written_down() -> None:
    assessments: list[Row] = [
        {"account_id": "A", "assessed_at": "2024-02-01", "rung": "customer"},
        {"account_id": "A", "assessed_at": "2024-04-01", "rung": "raving_fan", "recorded_at": "2024-05-01"},
    ]
    found = [
        _one(day, "assessed_above_rule", assessments=assessments)
        for day in ("2024-02-01", "2024-02-02", "2024-04-15", "2024-05-02", "2025-04-01", "2025-04-02")
    ]
    np.testing.assert_equal(found, [np.nan, 1.0, 1.0, 4.0, 4.0, np.nan])


def test_patronage_is_full_under_contract_and_else_the_share_of_periods_with_an_order() -> None:
    known = histories(
        orders=[("A", "2024-01-10", 100.0), ("A", "2024-03-20", 100.0), ("B", "2024-01-10", 5.0)],
        contracts=[{"account_id": "B", "starts_on": "2024-01-01"}],
    )
    assert patronage(view(known, "2024-04-01"), LadderRules()).tolist() == [2 / 6, 1.0]


def test_trust_and_value_are_asked_for_themselves_and_are_no_satisfaction() -> None:
    answers = [_answer("2024-02-01", 5, "trust"), _answer("2024-02-02", 1, "value")]
    known = histories(orders=[("A", "2023-01-10", 100.0)], surveys=answers)
    names = ["trust_last", "value_last", "survey_last", "surveys_365d"]
    np.testing.assert_equal(compute(view(known, "2024-03-01"), Context(), names), [[1.0, 0.0, np.nan, 0.0]])
    alone = histories(surveys=answers)
    assert alone.known_at(alone.end).account.tolist() == [0]
