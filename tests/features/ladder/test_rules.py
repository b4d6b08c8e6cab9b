"""The seven rules on hand-written accounts and boundary instants, and against a slow second implementation."""

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given

from features.histories.histories import build_histories
from features.histories.views import View
from features.instants import MICROSECONDS_PER_DAY, instant
from features.ladder.rules import LadderRules, rungs
from features.sources.source import Source, source_from_rows
from features.tables import RUNGS, TABLE
from tests.builders import Row, histories, view
from tests.strategies import Drawn, sources
from training.simulator.simulation import simulate

AS_OF = "2024-06-30"
DEFAULT = LadderRules()
LOOKS = (0.0, 45.25, 180.0, 400.0, 730.0, -30.0, -90.5, -180.0, -365.0, -800.0)


def ago(days: float, microseconds: int = 0) -> str:
    """So many days before AS_OF, as people write it."""
    return (pd.Timestamp(AS_OF) - pd.Timedelta(days=days) + pd.Timedelta(microseconds, "us")).isoformat()


def rung(as_of: str = AS_OF, ahead: float = 0, rules: LadderRules = DEFAULT, **tables: list[Row]) -> str:
    """The rung of account A, who is known in any case."""
    known = histories(accounts=[{"account_id": "A"}], **tables)
    return RUNGS[int(rungs(view(known, as_of, ["A"]), rules, ahead)[0])]


def orders(*days: float, revenue: float = 100.0) -> list[Row]:
    return [("A", ago(d), revenue) for d in days]


def they_called(*days: float) -> list[Row]:
    return [{"account_id": "A", "happened_at": ago(d), "initiated_by": "them"} for d in days]


def referrals(*days: float) -> list[Row]:
    return [{"account_id": "A", "made_at": ago(d), "kind": "referral"} for d in days]


MEMBER = orders(10, 70, 130, 190)
CONTRACT: list[Row] = [{"account_id": "A", "starts_on": ago(100), "ends_on": ago(-100)}]


def test_who_is_known_and_nothing_more_is_a_suspect() -> None:
    assert rung() == "suspect"


@pytest.mark.parametrize(
    ("happened", "expected"),
    [
        (ago(730), "prospect"),
        (ago(730, -1), "suspect"),
        (ago(0, -1), "prospect"),
        (ago(0), "suspect"),
    ],
)
def test_an_inquiry_or_their_approach_in_two_years_makes_a_prospect(happened: str, expected: str) -> None:
    assert rung(inquiries=[("A", happened)]) == expected
    assert rung(interactions=[{"account_id": "A", "happened_at": happened, "initiated_by": "them"}]) == expected


def test_our_own_calls_make_nobody_a_prospect() -> None:
    ours = [{"account_id": "A", "happened_at": ago(5), "initiated_by": by} for by in ("us", None)]
    assert rung(interactions=ours) == "suspect"


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ((1,), "shopper"),
        ((1, 1), "shopper"),
        ((1, 2), "customer"),
        ((730,), "shopper"),
        ((731,), "suspect"),
        ((731, 3), "shopper"),
        ((730, 3), "customer"),
        ((0,), "suspect"),
    ],
)
def test_one_order_day_makes_a_shopper_and_two_a_customer(days: tuple[float, ...], expected: str) -> None:
    assert rung(orders=orders(*days)) == expected


def test_two_orders_on_one_day_are_one_order_day_and_around_midnight_two() -> None:
    assert rung(orders=[("A", ago(3), 1.0), ("A", ago(2, -1), 1.0)]) == "shopper"
    assert rung(orders=[("A", ago(2, -1), 1.0), ("A", ago(2), 1.0)]) == "customer"


def test_a_credit_note_cancels_the_day_on_which_it_falls_and_no_other() -> None:
    bought = orders(20, 10)
    assert rung(orders=[*bought, ("A", ago(9.5), -100.0)]) == "shopper"
    assert rung(orders=[*bought, ("A", ago(9.5), -99.99)]) == "customer"
    assert rung(orders=[*bought, ("A", ago(9), -5000.0)]) == "customer"
    assert rung(orders=[("A", ago(10), 0.0)]) == "suspect"


def test_a_credit_note_counts_only_once_it_is_known() -> None:
    note = {"account_id": "A", "ordered_at": ago(9.5), "revenue": -100.0, "recorded_at": ago(2)}
    rows = [*orders(10), note]
    assert rung(orders=rows) == "suspect"
    assert rung(as_of=ago(2), orders=rows) == "shopper"
    assert rung(as_of=ago(2, 1), orders=rows) == "suspect"


def test_in_the_middle_of_a_day_the_day_counts_as_far_as_it_has_gone() -> None:
    rows = [("A", ago(10, 9), 100.0), ("A", ago(9.5), -100.0)]
    assert rung(as_of=ago(9.5), orders=rows) == "shopper"
    assert rung(as_of=ago(9.5, 1), orders=rows) == "suspect"


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ((1, 61, 121, 181), "member"),
        ((60, 61, 121, 181), "member"),
        ((59, 60, 121, 181), "customer"),
        ((60, 120, 180, 240), "member"),
        ((1, 61, 121, 182, 360), "member"),
        ((61, 121, 181, 361), "customer"),
        ((61, 121, 181, 360), "member"),
        ((1, 61, 121), "customer"),
        ((1, 2, 3, 4, 5, 6), "customer"),
    ],
)
def test_orders_in_four_of_the_last_six_periods_make_a_member(days: tuple[float, ...], expected: str) -> None:
    assert rung(orders=orders(*days)) == expected


@pytest.mark.parametrize(
    ("contract", "expected"),
    [
        ({"starts_on": ago(1)}, "member"),
        ({"starts_on": ago(0), "recorded_at": ago(30)}, "member"),
        ({"starts_on": ago(-1), "recorded_at": ago(30)}, "suspect"),
        ({"starts_on": ago(0)}, "suspect"),
        ({"starts_on": ago(9), "recorded_at": ago(0)}, "suspect"),
        ({"starts_on": ago(9), "ends_on": ago(0)}, "suspect"),
        ({"starts_on": ago(9), "ends_on": ago(0, 1)}, "member"),
        ({"starts_on": ago(9), "cancelled_at": ago(0)}, "member"),
        ({"starts_on": ago(9), "cancelled_at": ago(0, -1)}, "suspect"),
    ],
)
def test_a_known_contract_in_force_makes_a_member(contract: dict[str, Any], expected: str) -> None:
    assert rung(contracts=[{"account_id": "A"} | contract]) == expected


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ((), "member"),
        ((365,), "advocate"),
        ((366,), "member"),
        ((1, 2), "advocate"),
        ((1, 2, 2), "raving_fan"),
        ((1, 2, 366), "advocate"),
        ((0, 1, 2), "advocate"),
    ],
)
def test_referrals_of_a_year_lift_a_member_and_nobody_else(days: tuple[float, ...], expected: str) -> None:
    assert rung(orders=MEMBER, referrals=referrals(*days)) == expected
    assert rung(contracts=CONTRACT, referrals=referrals(*days)) == expected
    assert rung(orders=orders(5, 6), referrals=referrals(*days)) == "customer"


def test_a_switch_wipes_what_came_before_it() -> None:
    before: dict[str, list[Row]] = {
        "orders": MEMBER,
        "contracts": CONTRACT,
        "referrals": referrals(10, 20, 30),
        "interactions": they_called(15),
    }
    assert rung(**before) == "raving_fan"
    assert rung(switches=[("A", ago(3))], **before) == "suspect"
    assert rung(switches=[("A", ago(40))], **before) == "shopper"
    assert rung(switches=[("A", ago(0))], **before) == "raving_fan"


def test_what_happens_at_the_instant_of_a_switch_belongs_to_the_new_start() -> None:
    switches: list[Row] = [("A", ago(10.5))]
    assert rung(orders=[("A", ago(10.5), 5.0)], switches=switches) == "shopper"
    assert rung(orders=[("A", ago(10.5, -1), 5.0)], switches=switches) == "suspect"
    assert rung(orders=[("A", ago(11), 5.0), ("A", ago(10.2), -1.0)], switches=switches) == "suspect"


def test_looking_back_to_the_day_of_a_switch_stops_at_the_hour_of_as_of() -> None:
    switches: list[Row] = [("A", ago(10.5))]
    order: list[Row] = [("A", ago(10.1), 5.0)]
    assert [rung(ahead=-days, orders=order, switches=switches) for days in (10.2, 10)] == ["suspect", "shopper"]


def test_a_switch_wipes_nothing_before_it_is_recorded() -> None:
    switch: list[Row] = [{"account_id": "A", "switched_at": ago(50), "recorded_at": ago(5)}]
    assert rung(orders=orders(60), switches=switch) == "suspect"
    assert rung(as_of=ago(5), orders=orders(60), switches=switch) == "shopper"


def test_if_nothing_happens_windows_move_on_and_contracts_end_as_planned() -> None:
    assert [rung(ahead=days, orders=orders(100)) for days in (0, 630, 630.5, 631)] == ["shopper"] * 2 + ["suspect"] * 2
    assert [rung(ahead=days, contracts=CONTRACT) for days in (0, 99, 100)] == ["member", "member", "suspect"]
    planned: list[Row] = [{"account_id": "A", "starts_on": ago(-20), "recorded_at": ago(2)}]
    assert [rung(ahead=days, contracts=planned) for days in (0, 19, 20)] == ["suspect", "suspect", "member"]


def test_every_number_of_the_ladder_is_a_setting() -> None:
    strict = LadderRules(inquiry_days=10, order_days=30, customer_order_days=3, referral_days=5, raving_fan_referrals=2)
    assert rung(rules=strict, inquiries=[("A", ago(11))]) == "suspect"
    assert rung(rules=strict, orders=orders(31)) == "suspect"
    assert rung(rules=strict, orders=orders(3, 4)) == "shopper"
    assert rung(rules=strict, contracts=CONTRACT, referrals=referrals(4, 3)) == "raving_fan"
    assert rung(rules=strict, contracts=CONTRACT, referrals=referrals(6)) == "member"
    often = LadderRules(member_periods=2, member_period_days=30, member_periods_with_order=2)
    assert rung(rules=often, orders=orders(30, 31)) == "member"
    assert rung(rules=often, orders=orders(29, 30)) == "customer"


def slow_rung(source: Source, account: str, as_of: int, at: int) -> str:
    """The contract's table of rules, read aloud, one account and one event at a time."""
    day, stop = MICROSECONDS_PER_DAY, min(at, as_of)

    def rows(name: str) -> list[dict[str, Any]]:
        columns = source.tables.get(name, {})
        every = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        return [row for row in every if row["account_id"] == account and row["recorded_at"] < as_of]

    left = max([row["switched_at"] for row in rows("switches") if row["switched_at"] < stop], default=-(2**62))

    def since(name: str, days: float) -> list[dict[str, Any]]:
        time = TABLE[name].time
        return [row for row in rows(name) if max(at - days * day, left) <= row[time] < stop]

    def order_days(first: int, last: int) -> int:
        revenue: dict[int, int] = {}
        for row in rows("orders"):
            if max(first, left) <= row["ordered_at"] < min(last, stop):
                on = row["ordered_at"] // day
                revenue[on] = revenue.get(on, 0) + round(row["revenue"] * 10_000)
        return sum(total > 0 for total in revenue.values())

    contract = any(
        max(row["starts_on"], left) == row["starts_on"] <= at < row.get("ends_on", 2**62)
        and row.get("cancelled_at", 2**62) >= stop
        for row in rows("contracts")
    )
    periods = sum(order_days(at - (k + 1) * 60 * day, at - k * 60 * day) > 0 for k in range(6))
    member, bought, recommended = contract or periods >= 4, order_days(at - 730 * day, at), len(since("referrals", 365))
    theirs = TABLE["interactions"].column("initiated_by").values.index("them")
    asked = since("inquiries", 730) or [
        row for row in since("interactions", 730) if row.get("initiated_by", -1) == theirs
    ]
    holds = {
        "raving_fan": member and recommended >= 3,
        "advocate": member and recommended >= 1,
        "member": member,
        "customer": bought >= 2,
        "shopper": bought == 1,
        "prospect": bool(asked),
    }
    return next((name for name, rule in holds.items() if rule), "suspect")


LADDER_TABLES = {"accounts", "orders", "inquiries", "interactions", "contracts", "referrals", "switches"}


@given(sources(LADDER_TABLES.__contains__))
def test_a_slow_reading_of_the_rules_gives_the_same_rung(drawn: Drawn) -> None:
    source = source_from_rows(drawn.tables)
    known = build_histories(source)
    seen = View(known, known.known_at(drawn.at))
    for days in LOOKS:
        at = drawn.at + int(days * MICROSECONDS_PER_DAY)
        slow = [slow_rung(source, name, drawn.at, at) for name in known.account_ids[seen.snapshots.account]]
        assert [RUNGS[rung] for rung in rungs(seen, DEFAULT, days)] == slow, f"{days} days ahead"


@cache
def tiny() -> tuple[Any, Any]:
    simulation = simulate("tiny", seed=1)
    return simulation, build_histories(source_from_rows(simulation.tables))


def test_every_simulated_account_stands_on_the_rung_that_the_simulator_says() -> None:
    simulation, known = tiny()
    seen = View(known, known.known_at(instant(simulation.as_of.to_pydatetime())))
    ours = pd.Series(np.array(RUNGS)[rungs(seen, DEFAULT)], known.account_ids[seen.snapshots.account])
    truth = simulation.truth.set_index("account_id")["rung"]
    assert ours.sort_index().tolist() == truth.sort_index().tolist()
    assert set(truth) == set(RUNGS)
