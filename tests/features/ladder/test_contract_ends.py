"""What becomes of contracts at their end, and which accounts leave with them, on a few rows written by hand."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from features.histories.histories import Histories
from features.instants import instant
from features.ladder.contract_ends import (
    CONTRACT_COLUMNS,
    ENDED,
    RENEWED,
    SMALLER_RENEWAL,
    contract_outcomes,
    contract_state,
    decided_contracts,
    ending_contracts,
)
from features.ladder.eligibility import can_switch
from features.ladder.rhythm import days_within_rhythm
from features.ladder.rules import LadderRules
from tests.builders import histories, view
from training.data.labels import label
from training.settings import Settings

AS_OF = "2024-10-01"
Contract = dict[str, Any]


def contract(starts: str, ends: str | None, value: float | None = 1000.0, **more: Any) -> Contract:
    return {"account_id": "A", "starts_on": starts, "ends_on": ends, "kind": "membership", "value": value, **more}


FIRST = contract("2024-01-01", "2025-01-01")
FEES = [("A", "2023-01-05", 900.0), ("A", "2024-01-05", 1000.0)]


def known(*contracts: Contract, orders: Any = FEES) -> Histories:
    return histories(orders=orders, contracts=list(contracts))


def outcome(*contracts: Contract, orders: Any = FEES, grace: float = 60) -> list[int]:
    """What became of those that end within 180 days of AS_OF."""
    of = known(*contracts, orders=orders)
    ending = ending_contracts(view(of, AS_OF), 180, grace)
    account = np.zeros(len(ending), np.int64)
    return contract_outcomes(of, account, ending.row, ending.ends, grace).tolist()


@pytest.mark.parametrize(
    ("what", "after", "expected"),
    [
        ("nothing follows", [], ENDED),
        ("the next begins at its end", [contract("2025-01-01", "2026-01-01")], RENEWED),
        ("the next begins late, within the grace", [contract("2025-02-27", "2026-02-27")], RENEWED),
        ("the next begins too late", [contract("2025-03-10", "2026-03-10")], ENDED),
        ("it is renewed early", [contract("2024-11-15", "2025-11-15")], RENEWED),
        ("at 80 of 100", [contract("2025-01-01", "2026-01-01", 800.0)], SMALLER_RENEWAL),
        ("at 95 of 100", [contract("2025-01-01", "2026-01-01", 950.0)], RENEWED),
        ("at a value that nobody knows", [contract("2025-01-01", "2026-01-01", None)], RENEWED),
        ("another kind", [contract("2025-01-01", "2026-01-01") | {"kind": "service"}], ENDED),
        ("withdrawn before it begins", [contract("2025-01-01", "2026-01-01", cancelled_at="2024-12-20")], ENDED),
        (
            "written down after the grace",
            [contract("2025-01-01", "2026-01-01", recorded_at="2025-04-01")],
            ENDED,
        ),
    ],
)
def test_a_contract_renews_renews_smaller_or_ends(what: str, after: list[Contract], expected: int) -> None:
    assert outcome(FIRST, *after) == [expected], what


def test_notice_is_an_end_unless_another_contract_follows_after_all() -> None:
    given_up = FIRST | {"cancelled_at": "2024-09-01"}
    again = contract("2025-01-05", "2026-01-05")
    assert outcome(given_up) == [ENDED]
    assert outcome(given_up, orders=[*FEES, ("A", "2025-01-07", 100.0)]) == [ENDED]
    assert outcome(given_up, again) == [RENEWED]


def test_of_two_contracts_each_needs_one_that_follows() -> None:
    small = contract("2024-01-01", "2025-01-01", 200.0)
    assert outcome(FIRST, small, contract("2025-01-01", "2026-01-01", 210.0)) == [ENDED, RENEWED]
    both = [contract("2025-01-01", "2026-01-01", 210.0), contract("2025-01-03", "2026-01-03", 1000.0)]
    assert outcome(FIRST, small, *both) == [RENEWED, RENEWED]


def test_a_fee_around_the_end_renews_a_contract_that_rolls_on_where_only_fees_are_ordered() -> None:
    rolling = [*FEES, ("A", "2025-01-06", 1000.0)]
    assert outcome(FIRST, orders=rolling) == [RENEWED]
    monthly = [("A", f"{year}-{month:02d}-10", 50.0) for year in (2023, 2024, 2025) for month in range(1, 13)]
    assert outcome(FIRST, orders=monthly) == [ENDED]  # they order anyway: that says nothing of the contract


def test_only_contracts_that_run_and_end_within_the_horizon_are_asked_about() -> None:
    ended, later = contract("2023-01-01", "2024-01-01"), contract("2024-09-01", "2025-09-01")
    endless, ahead = contract("2024-01-01", None), contract("2024-11-01", "2024-12-01")
    unknown = contract("2024-05-01", "2024-12-01", recorded_at="2024-11-01")
    ending = ending_contracts(view(known(ended, FIRST, later, endless, ahead, unknown), AS_OF), 180, 60)
    assert ending.ends.tolist() == [instant("2025-01-01")]
    columns = dict(zip(CONTRACT_COLUMNS, ending.columns[0].tolist(), strict=True))
    assert columns["contract_days_left"] == 92
    assert columns["contract_term_days"] == 366
    assert columns["contract_terms_before"] == 1
    assert columns["contract_value_change"] == 0
    assert columns["contracts_beside"] == 2


def test_the_contract_that_follows_is_known_only_once_it_is_written_down() -> None:
    for recorded, followed in (("2024-09-30", True), (AS_OF, False)):
        of = known(FIRST, contract("2025-01-01", "2026-01-01", recorded_at=recorded))
        assert ending_contracts(view(of, AS_OF), 180, 60).followed.tolist() == [followed]


def test_nothing_of_a_contract_depends_on_what_comes_later() -> None:
    later = [
        contract("2025-01-01", "2026-01-01", 500.0, recorded_at="2024-10-02"),
        contract("2024-01-01", "2024-12-01", 10.0, recorded_at="2024-11-01"),
    ]
    cut, whole = known(FIRST), known(FIRST | {"cancelled_at": AS_OF}, *later, orders=[*FEES, ("A", AS_OF, 9.0)])
    before, after = (ending_contracts(view(of, AS_OF), 180, 60) for of in (cut, whole))
    np.testing.assert_array_equal(before.columns, after.columns)
    states = [contract_state(view(of, AS_OF)) for of in (cut, whole)]
    assert [state.by_contract.tolist() for state in states] == [[True], [True]]
    assert [state.gone.tolist() for state in states] == [[False], [False]]


def test_contracts_are_counted_once_their_grace_is_over() -> None:
    renewed = contract("2025-01-01", "2026-01-01")
    assert decided_contracts(known(FIRST, renewed), instant("2025-03-02"), 60).tolist() == [0, 0, 1]
    assert decided_contracts(known(FIRST, renewed), instant("2025-03-01"), 60).tolist() == [0, 0, 0]


def switched(of: Histories, at: str = AS_OF) -> tuple[bool, bool]:
    """Whether the account can switch, and did within the horizon."""
    found = label(view(of, at), Settings(), "rhythm", instant("2030-01-01"))
    return bool(found.can_switch[0]), bool(found.switched[0])


OPEN = contract("2023-01-01", None)
BROKEN = contract("2022-01-01", "2027-01-01", cancelled_at="2023-02-01")
RENEWAL = contract("2025-01-01", "2026-01-01", recorded_at="2025-01-01")


@pytest.mark.parametrize(
    ("what", "of", "at", "expected"),
    [
        ("a fee a year ago, and renewed", known(FIRST, RENEWAL), AS_OF, (True, False)),
        ("not renewed, and its grace over by the horizon's end", known(FIRST), AS_OF, (True, True)),
        ("not renewed, but the grace is not over", known(FIRST), "2024-08-01", (True, False)),
        ("cancelled within the horizon", known(FIRST | {"cancelled_at": "2024-12-20"}), "2024-08-01", (True, True)),
        ("under notice already", known(FIRST | {"cancelled_at": "2024-09-01"}), AS_OF, (True, True)),
        ("gone: the grace is over", known(FIRST), "2025-03-10", (False, False)),
        ("in its grace", known(FIRST), "2025-01-15", (True, True)),
        ("in its grace, and back", known(FIRST, contract("2025-02-01", "2026-02-01")), "2025-01-15", (True, False)),
        ("open-ended", known(FIRST | {"ends_on": None}), AS_OF, (True, False)),
        ("open-ended, to be cancelled", known(OPEN | {"cancelled_at": "2024-12-01"}), AS_OF, (True, True)),
        ("open-ended, and cancelled", known(OPEN | {"cancelled_at": "2024-09-01"}), AS_OF, (False, False)),
        ("broken off long before its end", known(BROKEN, orders=FEES[:1]), "2024-03-01", (False, False)),
        ("ordered again after the end", known(FIRST, orders=[*FEES, ("A", "2025-01-20", 9.0)]), AS_OF, (True, False)),
    ],
)
def test_an_account_that_orders_only_fees_leaves_with_its_contract(
    what: str, of: Histories, at: str, expected: tuple[bool, bool]
) -> None:
    assert switched(of, at) == expected, what


def test_the_grace_is_a_setting() -> None:
    settings = replace(Settings(), outcome=replace(Settings().outcome, renewal_grace_days=120))
    found = label(view(known(FIRST), AS_OF), settings, "rhythm", instant("2030-01-01"))
    assert found.switched.tolist() == [0]
    assert outcome(FIRST, contract("2025-03-10", "2026-03-10"), grace=120) == [RENEWED]


def test_two_contracts_and_only_one_left_is_no_leaving() -> None:
    other = contract("2024-06-01", "2025-06-01", 300.0) | {"kind": "service"}
    assert switched(known(FIRST, other)) == (True, False)


def test_who_orders_more_than_fees_is_judged_by_its_rhythm() -> None:
    monthly = [("A", f"{year}-{month:02d}-10", 50.0) for year in (2023, 2024) for month in range(1, 13)]
    of = known(FIRST, orders=monthly)
    looked = view(of, AS_OF)
    assert not contract_state(looked).by_contract[0]
    assert days_within_rhythm(looked)[0] > 0
    assert np.isnan(days_within_rhythm(view(known(FIRST), AS_OF))[0])
    assert can_switch(looked, LadderRules(), "rhythm", 180)[0]


def test_what_is_ordered_beyond_the_agreed_value_is_no_fee() -> None:
    """A machine every third year, with a contract for its service: the contract does not say who has left."""
    service = contract("2022-06-01", "2025-06-01", 12_000.0) | {"kind": "service"}
    bought = [("A", "2019-02-01", 150_000.0), ("A", "2022-03-01", 160_000.0)]
    looked = view(known(service, orders=bought), AS_OF)
    assert not contract_state(looked).by_contract[0]
    assert days_within_rhythm(looked)[0] > 0
    for value in (None, 0.0, 160_000.0):
        untold = contract("2022-06-01", "2025-06-01", value) | {"kind": "service"}
        assert contract_state(view(known(untold, orders=bought), AS_OF)).by_contract[0], value


def test_a_value_of_each_year_and_the_fee_of_the_year_before_are_fees() -> None:
    by_year = [("A", f"{year}-03-01", 1000.0) for year in (2022, 2023, 2024)]
    assert contract_state(view(known(contract("2022-03-01", "2026-03-01", 1000.0), orders=by_year), AS_OF)).by_contract[
        0
    ]
    renewed = contract("2024-09-15", "2025-09-15", 1000.0)  # a CRM that keeps the last contract only
    assert contract_state(view(known(renewed, orders=[*by_year, ("A", "2024-09-20", 1000.0)]), AS_OF)).by_contract[0]
