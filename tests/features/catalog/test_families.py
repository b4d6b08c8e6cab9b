"""What the subtler features say of a few rows, family by family; each answer is worked out by hand."""

from typing import Any

import numpy as np
import pytest

from features.catalog.catalog import BY_NAME, Context, compute
from features.catalog.declarations import NEVER_MISSING
from features.catalog.families.triggers import SIGNS
from features.histories.histories import Histories
from features.ladder.rules import LadderRules
from tests.builders import Row, histories, view

AS_OF = "2024-07-01"


def values_of(of: Histories, *names: str, as_of: str = AS_OF, rules: LadderRules | None = None) -> list[Any]:
    """The named features of the first account; None where missing."""
    values = compute(view(of, as_of), Context(LadderRules() if rules is None else rules), names)[0]
    return [None if np.isnan(value) else round(float(value), 6) for value in values]


def orders(*rows: Row) -> Histories:
    return histories(orders=rows)


def line(day: str, revenue: float, product_line: str | None) -> Row:
    return {"account_id": "A", "ordered_at": day, "revenue": revenue, "product_line": product_line}


def test_a_line_not_bought_for_a_year_is_lost_with_what_was_spent_on_it() -> None:
    known = orders(
        line("2022-09-01", 300.0, "pumps"), line("2022-10-01", 100.0, "valves"), line("2023-10-01", 50.0, "valves"),
        line("2024-01-01", 10.0, "seals"), line("2024-01-02", 10.0, None),
    )  # fmt: skip
    names = ("product_lines_365d", "product_lines_lost_365d", "product_lines_lost_share_365d")
    assert values_of(known, *names) == [2, 1, 0.75]


def test_product_lines_are_missing_where_none_is_known() -> None:
    assert values_of(orders(line("2024-01-01", 10.0, None)), "product_lines_365d") == [None]


def test_gaps_shorten_and_steady_gaps_have_no_irregularity() -> None:
    steady = orders(*(("A", day, 10.0) for day in ("2024-06-01", "2024-06-11", "2024-06-21")))
    assert values_of(steady, "order_gap_mean_730d", "order_gap_regularity_730d", "order_gap_change_180d") == [10, 0, 0]
    days = ("2023-03-01", "2023-09-01", "2024-05-01", "2024-05-11")
    names = ("order_gap_last", "order_gap_change_180d")
    assert values_of(orders(*(("A", day, 10.0) for day in days)), *names) == [10, round(126.5 / (437 / 3) - 1, 6)]


def test_half_a_year_is_compared_with_the_best_of_four() -> None:
    known = orders(("A", "2023-09-01", 400.0), ("A", "2024-05-01", 100.0))
    assert values_of(known, "revenue_share_of_best_180d") == [0.25]
    assert values_of(known, "revenue_lost_365d", as_of="2025-01-01") == [300]
    assert values_of(orders(("A", "2024-05-01", -5.0)), "revenue_share_of_best_180d") == [None]


def test_margin_is_of_orders_with_a_known_cost_only() -> None:
    rows = [{"account_id": "A", "ordered_at": "2024-06-01", "revenue": 100.0, "cost": 60.0}, ("A", "2024-06-02", 50.0)]
    assert values_of(orders(*rows), "margin_365d", "cost_share_365d") == [40, 0.6]
    assert values_of(orders(("A", "2024-06-02", 50.0)), "margin_365d", "discount_mean_365d") == [None, None]


def test_what_is_missing_to_the_next_rung_is_in_the_rule_s_own_terms() -> None:
    once = histories(orders=[("A", "2024-06-01", 10.0)], referrals=[("A", "2024-06-01")])
    names = ("order_days_missing_to_customer", "member_periods_filled", "referrals_missing_to_next_rung")
    assert values_of(once, *names) == [1, 1, 2]
    assert values_of(once, *names, rules=LadderRules(customer_order_days=4, advocate_referrals=2)) == [3, 1, 1]
    switched = histories(orders=[("A", "2024-06-01", 10.0)], switches=[("A", "2024-06-10")])
    assert values_of(switched, *names) == [2, 0, 1]


def test_two_orders_at_one_edge_fill_two_periods() -> None:
    known = orders(("A", "2024-05-02", 10.0), ("A", "2024-05-01", 10.0))
    assert values_of(known, "member_periods_filled", as_of="2024-07-01") == [2]


def test_what_drops_out_next_counts_from_the_oldest_that_still_counts() -> None:
    known = histories(
        orders=[("A", "2022-06-30", 10.0), ("A", "2022-07-12", 10.0), ("A", "2024-06-01", 10.0)],
        referrals=[("A", "2023-07-11")],
        inquiries=[("A", "2022-08-01")],
        interactions=[{"account_id": "A", "happened_at": "2022-07-10", "initiated_by": "them"}],
    )
    names = ("days_until_order_leaves", "order_days_leaving_by_horizon", "days_until_referral_leaves")
    assert values_of(known, *names) == [10, 1, 9]
    assert values_of(known, "days_until_prospect_lapses") == [30]


def test_time_on_a_rung_and_moves_are_between_fixed_instants() -> None:
    known = orders(("A", "2023-06-01", 10.0), ("A", "2024-05-01", 10.0))
    names = ("rung", "days_on_rung", "moves_up_365d", "moves_down_365d", "highest_rung_365d")
    assert values_of(known, *names) == [3, 0, 1, 0, 3]
    assert values_of(known, *names, as_of="2024-12-01") == [3, 180, 1, 0, 3]
    assert values_of(known, "days_until_rung_falls", as_of="2024-12-01") == [365]
    assert values_of(known, "days_until_rung_falls", as_of="2025-05-01") == [90]
    assert values_of(known, *names, as_of="2025-07-01") == [2, 0, 0, 1, 3]


def talk(day: str, contact: str | None, by: str | None = None) -> Row:
    return {"account_id": "A", "happened_at": day, "contact_id": contact, "initiated_by": by, "channel": "call"}


def test_who_begins_is_a_share_of_those_known_to_have_begun() -> None:
    known = histories(interactions=[talk("2024-06-01", None, who) for who in ("us", "us", "them", None)])
    assert values_of(known, "approach_share_365d", "interactions_365d") == [0.333333, 4]


def test_only_people_who_are_still_there_count_as_reached() -> None:
    contacts = [
        {"contact_id": "old", "account_id": "A", "role": "decider", "active_until": "2024-06-15", "interest": "price"},
        {"contact_id": "new", "account_id": "A", "role": "decider", "active_from": "2024-06-15", "interest": "risk"},
        {"contact_id": "user", "account_id": "A", "role": "user", "interest": "risk"},
    ]
    names = ("deciders_now", "roles_reached_share_365d", "decider_unreached_365d", "interests_reached_share_365d")
    known = histories(contacts=contacts, interactions=[talk("2024-06-01", "old"), talk("2024-06-02", "user")])
    assert values_of(known, *names) == [1, 0.5, 1, 1]
    assert values_of(known, "single_threaded_365d", "deciders_left_365d") == [0, 1]
    assert values_of(known, *names, as_of="2024-06-10") == [1, 1, 0, 1]
    alone = histories(contacts=contacts, interactions=[talk("2024-06-02", "user")])
    assert values_of(alone, "single_threaded_365d", "contacts_spoken_to_365d") == [1, 1]


def test_nobody_named_is_not_the_same_as_one_person() -> None:
    known = histories(interactions=[talk("2024-06-02", None)])
    assert values_of(known, "single_threaded_365d", "contacts_spoken_to_365d") == [None, None]


def test_a_person_of_another_account_is_not_met_here() -> None:
    contacts = [{"contact_id": "x", "account_id": "A", "role": "user"}]
    known = histories(contacts=contacts, interactions=[{**dict(talk("2024-06-02", "x")), "account_id": "B"}])
    assert values_of(known, "roles_reached_share_365d") == [0]


def test_a_ticket_is_overdue_after_a_fortnight_and_forgotten_after_two_years() -> None:
    def ticket(day: str, solved: str | None = None, severity: float = 3) -> Row:
        return {"account_id": "A", "opened_at": day, "resolved_at": solved, "severity": severity}

    rows = [ticket("2020-01-01"), ticket("2024-06-10", severity=1), ticket("2024-06-17")]
    known = histories(tickets=[*rows, ticket("2024-06-01", "2024-07-01")])
    names = ("open_tickets", "overdue_tickets", "oldest_open_ticket_days")
    assert values_of(known, *names) == [4, 2, 30]
    assert values_of(known, *names, as_of="2024-07-02") == [3, 2, 22]


def answer(day: str, contact: str | None, score: float) -> Row:
    return {"account_id": "A", "answered_at": day, "contact_id": contact, "score": score}


def test_people_differ_by_their_last_answers_and_those_who_left_are_not_silent() -> None:
    contacts = [
        {"contact_id": "p", "account_id": "A"},
        {"contact_id": "q", "account_id": "A", "active_until": "2024-01-01"},
        {"contact_id": "r", "account_id": "A"},
    ]
    surveys = [
        answer("2023-02-01", "p", 9), answer("2023-02-01", "q", 2), answer("2024-06-01", "r", 5),
        answer("2024-05-01", "r", 0), answer("2024-06-02", None, 10),
    ]  # fmt: skip
    known = histories(contacts=contacts, surveys=surveys)
    names = ("survey_contact_spread_730d", "survey_lowest_contact_730d", "silent_people_365d")
    assert values_of(known, *names) == [0.7, 0.2, 1]
    assert values_of(histories(surveys=[answer("2024-06-01", "p", 5)]), *names[:2]) == [None, 0.5]


def test_of_two_answers_of_one_person_at_one_instant_the_higher_counts_whatever_their_order() -> None:
    rows = [answer("2024-06-01", "p", 3), answer("2024-06-01", "p", 7)]
    for surveys in (rows, rows[::-1]):
        assert values_of(histories(surveys=surveys), "survey_lowest_contact_730d") == [0.7]


def test_a_stock_halves_every_half_year() -> None:
    made = [("A", "2024-07-01", "dinner"), ("A", "2024-01-03", "dinner"), ("A", "2019-01-01", "dinner")]
    known = histories(investment_options=[("dinner", "social", 100.0)], investments=made)
    assert values_of(known, "social_stock", "financial_stock") == [0.5, 0]
    assert values_of(known, "social_stock", as_of="2024-07-02") == [
        round(2 ** (-1 / 180), 6) + round(2 ** (-181 / 180), 6)
    ]


def test_a_contract_is_renewed_by_one_that_begins_when_it_ends() -> None:
    def contract(starts: str, ends: str, recorded: str, cancelled: str | None = None) -> Row:
        return {
            "account_id": "A", "starts_on": starts, "ends_on": ends, "cancelled_at": cancelled, "value": 100.0,
            "recorded_at": recorded,
        }  # fmt: skip

    first = contract("2023-01-01", "2024-01-01", "2022-12-01")
    late = contract("2023-01-01", "2024-01-01", "2024-06-01")
    follow = contract("2024-02-01", "2024-12-01", "2024-01-15")
    other = contract("2023-06-01", "2025-06-01", "2023-06-01", "2024-06-30")
    names = ("renewals_730d", "contracts_under_notice", "contract_value_in_force")
    assert values_of(histories(contracts=[first, follow, other]), *names) == [1, 1, 100]
    assert values_of(histories(contracts=[late, follow]), "renewals_730d", as_of="2024-05-01") == [0]
    assert values_of(histories(contracts=[late, follow]), "renewals_730d") == [1]


def test_signs_are_counted_once_a_kind_and_only_where_something_is_known() -> None:
    contacts = [{"contact_id": "d", "account_id": "A", "role": "decider", "active_until": "2024-06-01"}]
    known = histories(
        orders=[("A", "2024-06-02", -5.0)], contacts=contacts,
        tickets=[{"account_id": "A", "opened_at": day, "severity": 1} for day in ("2024-06-01", "2024-06-02")],
        triggers=[("A", "2024-06-01", "influential")],
    )  # fmt: skip
    names = [f"signs_{kind}" for kind in SIGNS]
    assert values_of(known, *names) == [2, 4, 1]
    assert values_of(histories(orders=[("A", "2024-06-02", 5.0)]), *names) == [0, 0, 0]
    left = histories(orders=[("A", "2024-06-02", 5.0)], switches=[{"account_id": "A", "switched_at": "2022-01-01"}])
    assert values_of(left, *names) == [0, 0, 1]  # whoever switches often does so for the market's pull


def test_a_converted_referral_counts_when_it_converted() -> None:
    made = {"account_id": "A", "made_at": "2024-01-01", "kind": "referral", "referred_account_id": "B"}
    known = histories(referrals=[made | {"converted_at": "2024-06-01"}, made])
    names = ("introductions_730d", "referrals_converted_730d", "referral_conversion_share_730d")
    assert values_of(known, *names) == [2, 1, 0.5]
    assert values_of(known, *names, as_of="2024-06-01") == [2, 0, 0]


def test_an_estimate_is_compared_with_the_year_s_and_with_revenue() -> None:
    made = [("A", "2024-02-01", 100.0), ("A", "2024-06-01", 300.0)]
    known = histories(orders=[("A", "2024-06-02", 600.0)], forecasts=made)
    assert values_of(known, "forecast_mean_365d", "forecast_change", "forecast_against_revenue") == [200, 100, 0.5]


def test_revenue_per_employee_is_never_over_no_employee() -> None:
    for employees, told in ((50.0, [2]), (0.0, [None]), (None, [None])):
        known = histories(accounts=[{"account_id": "A", "employees": employees}], orders=[("A", "2024-06-02", 100.0)])
        assert values_of(known, "revenue_per_employee_365d") == told


@pytest.mark.parametrize("name", sorted(n for n in BY_NAME if not n.startswith(("rung", "order_days_missing"))))
def test_without_any_event_a_feature_is_zero_exactly_where_it_cannot_be_missing(name: str) -> None:
    tables: dict[str, list[Row]] = {table: [] for table in BY_NAME[name].tables if table != "accounts"}
    known = histories(accounts=[{"account_id": "A", "created_at": "2024-01-01"}], **tables)
    otherwise = {"referrals_missing_to_next_rung": 1.0, "days_known": 182.0, "days_on_rung": 365.0}.get(name)
    nothing = 0.0 if BY_NAME[name].missing == NEVER_MISSING else None
    assert values_of(known, name) == [nothing if otherwise is None else otherwise]
