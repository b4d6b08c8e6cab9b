"""What happened after a snapshot, on a few rows written by hand."""

from dataclasses import replace

import numpy as np
import pytest

from features.histories.histories import Histories
from features.instants import instant
from tests.builders import Row, histories, view
from training.data.labels import Labels, label
from training.data.population_totals import population_totals
from training.settings import OutcomeSettings, Settings

AS_OF, HORIZON_ENDS = "2024-07-01", "2024-12-28"
LONG_AFTER = instant("2030-01-01")


def outcomes(of: Histories, definition: str = "silence", end: int = LONG_AFTER) -> Labels:
    return label(view(of, AS_OF), Settings(), definition, end)


BEFORE: list[Row] = [("A", "2024-06-01", 100.0)]
"""A shopper on AS_OF."""

ORDERS = {
    "the very instant of as_of": ("2024-07-01T00:00", 50.0, True),
    "the instant before": ("2024-06-30T23:59:59.999999", 0.0, False),
    "the last instant of the horizon": ("2024-12-27T23:59:59.999999", 50.0, True),
    "the very end of the horizon": ("2024-12-28T00:00", 0.0, False),
    "long after": ("2025-06-01", 0.0, False),
}


@pytest.mark.parametrize("when", ORDERS)
def test_the_horizon_holds_its_first_instant_and_not_its_last(when: str) -> None:
    at, revenue, ordered = ORDERS[when]
    found = outcomes(histories(orders=[*BEFORE, ("A", at, 50.0)]))
    assert found.revenue.tolist() == [revenue]
    assert found.ordered.tolist() == [ordered]
    assert found.can_switch.tolist() == [True]
    assert found.switched.tolist() == [int(not ordered)]


def test_six_orders_make_four_outcomes() -> None:
    orders = [
        ("A", "2024-06-01", 100.0),
        ("A", "2024-08-01", 30.0),
        ("A", "2024-08-01", 20.0),
        ("B", "2024-06-01", 100.0),
        ("C", "2023-06-01", 100.0),
        ("D", "2024-09-01", 70.0),
    ]
    found = outcomes(histories(orders=orders, accounts=[("D", "d", None, None, None, None, None, "2024-01-01")]))
    assert found.rung.tolist() == [2, 2, 2, 0]
    assert found.next_rung.tolist() == [3, 2, 2, 2]
    assert found.can_switch.tolist() == [True, True, False, False]  # C had fallen silent before, D never ordered
    assert found.switched.tolist() == [0, 1, 0, 0]
    assert found.revenue.tolist() == [50.0, 0.0, 0.0, 70.0]


def test_a_credit_note_lowers_revenue_and_is_no_order() -> None:
    found = outcomes(histories(orders=[*BEFORE, ("A", "2024-08-01", -40.0)]))
    assert (found.revenue.tolist(), found.ordered.tolist(), found.switched.tolist()) == ([-40.0], [False], [1])


SWITCHES = {
    "the very instant of as_of": ("2024-07-01T00:00", 1),
    "the last instant of the horizon": ("2024-12-27T23:59:59.999999", 1),
    "the very end of the horizon": ("2024-12-28T00:00", 0),
    "the instant before: it is no shopper any more": ("2024-06-30T23:59:59.999999", 0),
}


@pytest.mark.parametrize("when", SWITCHES)
def test_a_recorded_switch_counts_within_the_horizon(when: str) -> None:
    at, switched = SWITCHES[when]
    found = outcomes(histories(orders=BEFORE, switches=[("A", at)]), "recorded")
    assert found.switched.tolist() == [switched]
    assert found.can_switch.tolist() == ["before" not in when]


def test_a_switch_wipes_the_rung_at_the_horizon() -> None:
    orders = [*BEFORE, ("A", "2024-06-10", 1.0), ("A", "2024-08-10", 1.0)]
    found = outcomes(histories(orders=orders, switches=[("A", "2024-09-01")]), "recorded")
    assert (found.rung.tolist(), found.next_rung.tolist()) == ([3], [0])


def test_what_is_recorded_after_the_horizon_is_no_outcome_of_it() -> None:
    late = {"account_id": "A", "ordered_at": "2024-08-01", "revenue": 5.0, "recorded_at": "2025-03-01"}
    found = outcomes(histories(orders=[*BEFORE, late]))
    assert (found.revenue.tolist(), found.switched.tolist()) == ([0.0], [1])


@pytest.mark.parametrize(("end", "complete"), [("2024-12-27T23:59", False), (HORIZON_ENDS, True), ("2025-01-01", True)])
def test_a_horizon_that_has_not_run_out_is_not_complete(end: str, complete: bool) -> None:
    assert outcomes(histories(orders=BEFORE), end=instant(end)).complete.tolist() == [complete]


@pytest.mark.parametrize(("recorded", "meant"), [(0, "rhythm"), (49, "rhythm"), (50, "recorded")])
def test_auto_takes_recorded_switches_where_there_are_enough(recorded: int, meant: str) -> None:
    known = histories(orders=BEFORE, switches=[(f"A{k}", "2024-01-01") for k in range(recorded)])
    survey = population_totals(known, Settings(), LONG_AFTER)
    assert survey.definition(OutcomeSettings()) == meant
    for said in ("recorded", "rhythm", "silence"):
        assert survey.definition(OutcomeSettings(switching=said)) == said


def test_recorded_without_a_table_of_switches_finds_none() -> None:
    known = histories(orders=BEFORE)
    assert population_totals(known, Settings(), LONG_AFTER).definition(OutcomeSettings()) == "rhythm"
    assert outcomes(known, "recorded").switched.tolist() == [0]


def test_another_horizon_and_another_silence_are_obeyed() -> None:
    known = histories(orders=[*BEFORE, ("A", "2024-08-15", 9.0)])
    short = replace(Settings(), outcome=OutcomeSettings(horizon_days=45, silence_days=30))
    found = label(view(known, AS_OF), short, "silence", LONG_AFTER)
    assert found.revenue.tolist() == [0.0]  # the 45 days end at the midnight that begins 15 August
    assert found.can_switch.tolist() == [True]  # 30 days before 1 July is 1 June, which counts
    shorter = replace(short, outcome=replace(short.outcome, silence_days=29))
    assert label(view(known, AS_OF), shorter, "silence", LONG_AFTER).can_switch.tolist() == [False]


def test_outcomes_can_be_taken_by_position() -> None:
    found = outcomes(histories(orders=[*BEFORE, ("B", "2024-06-01", 1.0)]))
    assert len(found.take(np.array([1])).rung) == 1
    assert len(found.take(np.array([True, True])).revenue) == 2


def test_the_trigger_is_that_of_the_last_switch_in_the_horizon() -> None:
    switches: list[Row] = [
        ("A", "2024-06-20", "rival", "situational"),
        ("A", "2024-08-01", "rival", "situational"),
        ("A", "2024-09-01", "rival", "influential"),
        ("B", "2024-12-28", "rival", "reactional"),
        ("C", "2024-08-01", "rival", None),
    ]
    orders: list[Row] = [(name, "2024-06-01", 100.0) for name in "ABC"]
    assert outcomes(histories(orders=orders, switches=switches), "recorded").trigger.tolist() == [2, -1, -1]
    assert outcomes(histories(orders=orders), "silence").trigger.tolist() == [-1, -1, -1]
