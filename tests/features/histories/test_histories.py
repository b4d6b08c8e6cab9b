"""Odd sources: the far future, huge amounts, long histories, nobody at all."""

import numpy as np
import pandas as pd
import pytest

from features.catalog.catalog import NAMES, Context, compute
from features.errors import NotEnoughData
from features.histories.histories import build_histories
from features.histories.outlier_dates import outlier_dates
from features.histories.views import View
from features.instants import ALWAYS, instant, iso
from features.ladder.rules import LadderRules, rungs
from features.schema import MONEY_LIMIT
from features.sources.source import source_from_rows
from tests.builders import histories, source, view
from training.simulator.simulation import simulate

CONTEXT = Context()


def feature(name: str, known: object, as_of: str) -> list[float]:
    return compute(view(known, as_of), CONTEXT, [name])[:, 0].tolist()  # type: ignore[arg-type]


def test_the_data_end_at_the_midnight_after_the_last_event() -> None:
    assert iso(histories(orders=[("A", "2024-03-01T23:59", 1.0)]).end) == "2024-03-02"
    assert iso(histories(orders=[("A", "2024-03-01", 1.0)]).end) == "2024-03-02"


def test_a_contract_says_where_the_data_end_only_if_somebody_wrote_down_when_it_was_recorded() -> None:
    orders = [("A", "2024-03-01", 1.0)]
    planned = [{"account_id": "A", "starts_on": "2027-01-01"}]
    assert iso(histories(orders=orders, contracts=planned).end) == "2024-03-02"
    signed = [{"account_id": "A", "starts_on": "2027-01-01", "recorded_at": "2024-04-05"}]
    assert iso(histories(orders=orders, contracts=signed).end) == "2024-04-06"


def test_an_account_s_own_end_is_that_of_its_data_alone() -> None:
    simulated = simulate("tiny", seed=1)
    known = build_histories(source_from_rows(simulated.tables))
    ends = dict(zip(known.account_ids, known.own_ends(), strict=True))
    assert max(ends.values()) == known.end
    for account in known.account_ids[:60]:
        rows = {name: frame[frame["account_id"] == account] for name, frame in simulated.tables.items()
                if "account_id" in frame}  # fmt: skip
        alone = build_histories(source_from_rows(rows))
        assert ends[account] == (ALWAYS if alone.last_event == ALWAYS else alone.end)


def test_a_contract_counts_for_its_account_s_own_end_when_it_was_recorded() -> None:
    planned = [{"account_id": "A", "starts_on": "2027-01-01"}]
    signed = [{"account_id": "B", "starts_on": "2027-01-01", "recorded_at": "2024-04-05"}]
    known = histories(orders=[("A", "2024-03-01", 1.0)], contracts=[*planned, *signed], accounts=[{"account_id": "C"}])
    assert [ALWAYS if end == ALWAYS else iso(end) for end in known.own_ends()] == ["2024-03-02", "2024-04-06", ALWAYS]


def test_without_any_event_there_is_no_default_instant() -> None:
    known = histories(accounts=[{"account_id": "A"}])
    with pytest.raises(NotEnoughData, match="say which as_of"):
        _ = known.end


def test_events_in_the_year_2999_are_pointed_out_and_change_nothing_before() -> None:
    days = pd.date_range("2023-01-01", periods=300).strftime("%Y-%m-%d")
    orders = [("A", day, 10.0) for day in days]
    tickets = [("A", "2023-02-01"), ("A", "3001-01-01")]
    whole = histories(orders=[*orders, ("A", "2999-01-01", 5.0)], tickets=tickets)
    found = outlier_dates(whole)
    assert found is not None
    assert found.tables == {"orders": 1, "tickets": 1}
    assert iso(found.last_before) == days[-1]
    assert found.gap_days > 300_000
    clean = histories(orders=orders, tickets=tickets[:1])
    assert outlier_dates(clean) is None
    for as_of in ("2023-06-01", "2024-01-01"):
        ours, theirs = (compute(view(known, as_of), CONTEXT) for known in (whole, clean))
        np.testing.assert_array_equal(ours, theirs)


def test_a_quiet_half_year_in_the_middle_of_the_data_is_no_typing_error() -> None:
    days = [*pd.date_range("2022-01-01", periods=90), *pd.date_range("2023-06-01", periods=90)]
    assert outlier_dates(histories(orders=[("A", day.isoformat(), 1.0) for day in days])) is None


def test_huge_and_negative_amounts_stay_exact_and_impossible_ones_are_set_aside() -> None:
    rows = [
        ("A", "2024-01-01", MONEY_LIMIT),
        ("A", "2024-01-02", 0.01),
        ("A", "2024-01-03", -MONEY_LIMIT),
        ("A", "2024-01-04", float("inf")),
        ("A", "2024-01-05", 1e300),
        ("A", "2024-01-06", float("nan")),
    ]
    assert [bad.row for bad in source(orders=rows).set_aside] == [3, 4, 5]
    assert feature("revenue_90d", histories(orders=rows), "2024-02-01") == [0.01]
    many = histories(orders=[(name, "2024-01-01", MONEY_LIMIT) for name in "ABCDEFGHIJ" * 1200])
    assert feature("revenue_90d", many, "2024-02-01") == [1200 * MONEY_LIMIT] * 10


def test_events_before_the_account_was_created_count_and_make_it_known() -> None:
    known = histories(accounts=[{"account_id": "A", "created_at": "2024-05-01"}], orders=[("A", "2024-01-01", 10.0)])
    assert len(known.known_at(instant("2024-01-01"))) == 0
    assert len(known.known_at(instant("2024-01-02"))) == 1
    assert feature("days_known", known, "2024-01-11") == [10.0]
    assert feature("revenue_30d", known, "2024-01-11") == [10.0]


def test_days_known_of_an_account_that_is_not_known_yet_is_missing() -> None:
    known = histories(orders=[("A", "2024-01-01", 10.0)], contacts=[{"contact_id": "p", "account_id": "B"}])
    np.testing.assert_array_equal(feature("days_known", known, "2024-01-01"), [np.nan, np.nan])
    assert known.account_ids[known.known_at(instant("2025-01-01")).account].tolist() == ["A"]


def test_nobody_and_nothing_give_empty_answers() -> None:
    nothing = histories()
    assert compute(View(nothing, nothing.known_at(instant("2024-01-01"))), CONTEXT).shape == (0, len(NAMES))
    quiet = histories(accounts=[{"account_id": "A"}, {"account_id": "B"}])
    seen = view(quiet, "2024-01-01")
    assert rungs(seen, LadderRules()).tolist() == [0, 0]
    matrix = compute(seen, CONTEXT)
    assert np.nansum(matrix[:, [name.startswith("order_days_") and "missing" not in name for name in NAMES]]) == 0


def test_an_account_whose_amounts_no_longer_add_up_keeps_what_came_before() -> None:
    rows = [("A", f"2024-01-{day:02d}", MONEY_LIMIT * (-1) ** k) for k in range(300) for day in range(1, 21)]
    cleaned = source(orders=[*rows, ("B", "2024-01-31", 5.0)])
    assert {bad.account_id for bad in cleaned.set_aside} == {"A"}
    assert "adds up to more than 5e+14" in cleaned.set_aside[0].reason
    assert len(cleaned.set_aside) == 300 * 4  # of each day the three hundred orders: sixteen days fit, and not a part
    known = build_histories(cleaned)
    assert feature("revenue_90d", known, "2024-02-01") == [0.0, 5.0]


def test_one_account_with_a_million_events_is_answered_exactly() -> None:
    random = np.random.default_rng(5)
    n = 1_000_000
    minutes = random.integers(0, 3 * 365 * 1440, n)
    when = np.datetime64("2021-01-01", "us") + minutes * np.timedelta64(60_000_000, "us")
    late = when + random.integers(0, 40 * 1440, n) * np.timedelta64(60_000_000, "us")
    frame = pd.DataFrame(
        {"account_id": "A", "ordered_at": when, "revenue": random.normal(50, 80, n), "recorded_at": late}
    )
    known = build_histories(
        source_from_rows({"orders": frame, "tickets": frame[["account_id"]].assign(opened_at=when)})
    )
    at = [instant(day) for day in ("2022-01-01", "2023-01-01T11:11", "2024-06-01")]
    found = [compute(View(known, known.known_at(as_of)), CONTEXT, ["revenue_365d", "tickets_365d"])[0] for as_of in at]
    for as_of, (revenue, tickets) in zip(at, found, strict=True):
        end = np.datetime64(as_of, "us")
        inside = (when < end) & (when >= end - np.timedelta64(365, "D"))
        assert revenue == pytest.approx(frame["revenue"][inside & (late < end)].sum(), abs=1)
        assert tickets == inside.sum()


def test_an_account_without_a_date_is_known_from_before_the_data_begin() -> None:
    accounts = [{"account_id": "A"}, {"account_id": "B"}, {"account_id": "C", "created_at": "2024-02-01"}]
    known = histories(orders=[("A", "2024-03-01", 1.0)], accounts=accounts)
    for as_of, there in (("2020-01-01", ["A", "B"]), ("2024-02-02", ["A", "B", "C"])):
        assert known.account_ids[known.known_at(instant(as_of)).account].tolist() == there
    days = compute(view(known, "2024-03-11"), CONTEXT)[:, NAMES.index("days_known")]
    np.testing.assert_array_equal(days, [10.0, np.nan, 39.0])  # of an account without a date: since its first event
