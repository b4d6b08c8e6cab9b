"""The return of new accounts, inquiries and suspects, on suppliers written by hand."""

import numpy as np
import pytest

from features.histories.histories import Histories, build_histories
from features.instants import MICROSECONDS_PER_DAY, instant
from features.sources.partitioned import part_numbers
from features.sources.source import source_from_rows
from tests.builders import Row, histories
from tests.told import codes, told
from tests.trained import tiny, tiny_histories, tiny_trained
from training.data.acquired_accounts import acquired_totals, add_acquired
from training.effects.acquisition_roi import LEAST_ACCOUNTS, AcquisitionRoi, acquisition_roi
from training.effects.acquisition_roi import Row as Line
from training.effects.plans.off_policy_value import OffPolicyValue

END = instant("2024-07-01")
CLAIM = OffPolicyValue(120.0, 90.0, 40.0, 140.0, 300, 30.0, 60.0)
N = 40


def day(text: str, later: float = 0.0) -> str:
    return str(np.datetime64(instant(text) + int(later * MICROSECONDS_PER_DAY), "us"))


def supplier(accounts: bool = True, costs: bool = True) -> Histories:
    """Forty accounts come by fair, of which every second asks after 60 days and every fourth orders 20 days later,

    1,000 that cost 400, and again in the second year; twenty come by web at the end, whose first year is not over."""
    made: list[Row] = []
    asked: list[Row] = []
    orders: list[Row] = [{"account_id": "OLD", "ordered_at": "2021-01-01", "revenue": 5.0, "cost": 1.0}]
    for k in range(N):
        name = f"F{k:02}"
        row = {"account_id": name, "created_at": "2022-03-01", "acquisition_channel": "fair"}
        made.append(row | ({"acquisition_cost": 100.0 + k % 2} if costs else {}))
        if k % 2 == 0:
            asked.append((name, day("2022-03-01", 60)))
        if k % 4 == 0:
            orders += [
                {"account_id": name, "ordered_at": day("2022-03-01", later), "revenue": 1000.0, "cost": 400.0}
                for later in (80, 500)
            ]
    made += [{"account_id": f"W{k:02}", "created_at": "2024-06-01", "acquisition_channel": "web"} for k in range(20)]
    return histories(**({"accounts": made} if accounts else {}), orders=orders, inquiries=asked)


def worth(of: Histories, claim: OffPolicyValue | None = CLAIM, rate: float = 0.3) -> AcquisitionRoi:
    return acquisition_roi(acquired_totals(of.as_it_stood(END), END), instant("2021-01-01"), rate, claim, 180)


def line(of: AcquisitionRoi, what: str, days: int, channel: str | None = None) -> Line:
    return next(row for row in of.rows if (row["what"], row["channel"], row["days"]) == (what, channel, days))


def test_margin_cost_and_return_of_a_new_account() -> None:
    year, two = (line(worth(supplier()), "new_account", days) for days in (365, 730))
    assert (year["accounts"], year["cost"], year["inquired"], year["ordered"]) == (N, 100.5, 0.5, 0.25)
    assert (year["margin"], two["margin"]) == (150.0, 300.0)
    assert year["gain"] == 49.5
    assert year["gain_per_cost"] == pytest.approx(49.5 / 100.5, abs=1e-4)
    values = np.where(np.arange(N) % 4 == 0, 600.0, 0.0)
    assert year["margin_error"] == pytest.approx(values.std() / (N - 1) ** 0.5, abs=0.01)


def test_an_inquiry_is_worth_its_chance_times_what_the_won_bring() -> None:
    brought = worth(supplier())
    inquiry, suspect = line(brought, "inquiry", 365), line(brought, "suspect", 365)
    assert (inquiry["accounts"], inquiry["ordered"], inquiry["margin"]) == (N // 2, 0.5, 300.0)
    assert (suspect["accounts"], suspect["margin"], suspect["cost"]) == (N, 150.0, None)
    assert "50% of 20 ordered, and those brought 600" in told(brought.findings)


def test_a_cohort_whose_span_is_not_over_is_not_counted() -> None:
    """Counted, the twenty new ones would make winning look half as good as it is."""
    brought = worth(supplier())
    assert {row["channel"] for row in brought.rows} == {None, "fair"}
    assert line(brought, "new_account", 365, "fair")["accounts"] == N


def test_one_currency_for_winning_and_moving_up() -> None:
    brought = worth(supplier())
    invested = brought.rows[-1]
    assert (invested["cost"], invested["gain"], invested["gain_per_cost"]) == (60.0, 90.0, 1.5)
    compared = told(brought.findings[-1])
    assert "one unit of money brought 0.49 net in winning accounts (365 days) and 1.50" in compared
    assert "no effect" in compared
    assert len(worth(supplier(), claim=None).rows) == len(brought.rows) - 1


def test_without_accounts_or_their_cost_a_sentence_says_so() -> None:
    nothing = worth(supplier(accounts=False))
    assert [row["what"] for row in nothing.rows] == [CLAIM and "recommended"]
    assert codes(nothing.findings) == ["acquisition_left_out"]
    free = worth(supplier(costs=False))
    assert "acquisition_cost_unknown" in codes(free.findings)
    assert line(free, "new_account", 365)["gain"] is None


def test_accounts_that_traded_before_they_were_entered_or_before_the_data_are_no_new_ones() -> None:
    rows: list[Row] = [
        {"account_id": f"A{k}", "created_at": "2022-03-01", "acquisition_cost": 10.0} for k in range(LEAST_ACCOUNTS)
    ]
    orders: list[Row] = [(f"A{k}", "2021-06-01", 50.0) for k in range(LEAST_ACCOUNTS)]
    assert codes(worth(histories(accounts=rows, orders=orders)).findings) == ["acquisition_left_out"]
    soon: list[Row] = [(f"A{k}", "2022-02-20", 50.0) for k in range(LEAST_ACCOUNTS)]
    assert line(worth(histories(accounts=rows, orders=soon)), "new_account", 365)["margin"] == 15.0
    late = acquisition_roi(acquired_totals(supplier(), END), instant("2022-06-01"), 0.3, None, 180)
    assert codes(late.findings) == ["acquisition_left_out"]


def test_orders_without_a_cost_have_the_margin_of_all() -> None:
    rows: list[Row] = [{"account_id": f"A{k}", "created_at": "2022-03-01"} for k in range(LEAST_ACCOUNTS)]
    orders: list[Row] = [(f"A{k}", "2022-06-01", 100.0 * (1 + k % 2)) for k in range(LEAST_ACCOUNTS)]
    brought = line(worth(histories(accounts=rows, orders=orders), rate=0.4), "new_account", 365)
    assert brought["margin"] == 60.0
    assert brought["margin_error"] == pytest.approx(20 / (LEAST_ACCOUNTS - 1) ** 0.5, abs=0.01)


def test_nothing_entered_later_is_seen() -> None:
    """Both bought before, one was entered with its channel only afterwards."""
    rows: list[Row] = [
        {"account_id": name, "created_at": "2022-03-01", "recorded_at": recorded, "acquisition_channel": "fair"}
        for name, recorded in (("A", "2022-03-01"), ("B", "2024-08-01"))
    ]
    known = histories(accounts=rows, orders=[("A", "2022-04-01", 10.0), ("B", "2024-07-20", 10.0)])
    taken = acquired_totals(known.as_it_stood(END), END)
    assert {key[0] for key in taken} == {"fair"}
    assert sum(sums[0] for key, sums in taken.items() if key[1:3] == ("account", 365)) == 1


def test_the_sums_of_parts_are_those_of_the_whole() -> None:
    known = tiny_histories()
    parts = []
    for number in range(3):
        own = {
            name: rows[part_numbers(rows["account_id"], 3) == number] if "account_id" in rows else rows
            for name, rows in tiny().tables.items()
        }
        parts.append(acquired_totals(build_histories(source_from_rows(own)), known.end))
    assert add_acquired(parts) == acquired_totals(known, known.end)


def test_the_simulated_supplier_s_bundle_holds_the_table() -> None:
    brought = tiny_trained().bundle.facts.acquisition
    assert {row["what"] for row in brought} >= {"new_account", "inquiry"}
    assert "acquisition_brought" in codes(tiny_trained().report)
