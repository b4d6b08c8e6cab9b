"""The ladder read forwards: the same rung as the rules give, and steps that hold what they promise."""

from typing import Any

import numpy as np
import pandas as pd
from hypothesis import given, settings

from features.histories.histories import build_histories
from features.histories.views import View
from features.instants import MICROSECONDS_PER_DAY, instant, iso
from features.ladder.next_steps import CountedEvents, Step, counted_events, falls_on, rung_on, steps_up, take_step
from features.ladder.rules import LadderRules, rungs
from features.sources.source import source_from_rows
from features.tables import RUNGS, TABLE
from tests.builders import Row, as_it_stood, frame, histories, view
from tests.strategies import Drawn, sources

AS_OF = "2024-06-30"
DAY = instant(AS_OF) // MICROSECONDS_PER_DAY
RULES = LadderRules()
LEFT_OUT = ("tickets", "surveys", "forecasts", "contacts", "investments", "triggers")
"""No rule looks into them."""


def ago(days: float) -> str:
    return (pd.Timestamp(AS_OF) - pd.Timedelta(days=days)).isoformat()


def orders(*days: float) -> list[Row]:
    return [("A", ago(d), 100.0) for d in days]


def of(**tables: list[Row]) -> CountedEvents:
    return counted_events(view(histories(accounts=[{"account_id": "A"}], **tables), AS_OF, ["A"]), RULES)[0]


def as_tuples(counted: CountedEvents) -> list[tuple[Any, ...]]:
    steps = steps_up(counted, DAY, RULES)
    return [(s.kind, s.count, None if s.before is None else s.before - DAY, s.every_days) for s in steps]


def test_who_has_done_nothing_has_to_ask() -> None:
    assert as_tuples(of()) == [("approach", 1, None, 0)]


def test_a_prospect_has_to_buy_once_at_any_time() -> None:
    assert as_tuples(of(inquiries=[("A", ago(3))])) == [("orders", 1, None, 0)]


def test_a_second_order_counts_only_until_the_first_is_two_years_old() -> None:
    # The first order leaves the window when 730 days have gone: the midnight after day 29 is the last to see it.
    assert as_tuples(of(orders=orders(700))) == [("orders", 1, 30, 0)]


def test_three_filled_periods_need_one_more_order_before_the_oldest_ends_or_a_contract() -> None:
    counted = of(orders=orders(10, 70, 190))
    assert as_tuples(counted)[1] == ("contract", 1, None, 0)
    # The period of today has an order already, ten days ago: another one adds nothing before that is sixty days old.
    step = steps_up(counted, DAY, RULES)[0]
    assert (step.kind, step.count, step.since, step.before) == ("orders", 1, DAY + 50, DAY + 170)
    for start, rung in ((49, "customer"), (50, "member"), (169, "member"), (170, "customer")):
        assert rung_on(*take_step(counted, Step("orders", 1), DAY + start), RULES) == RUNGS.index(rung)


def test_two_old_orders_need_one_in_each_of_four_periods() -> None:
    assert as_tuples(of(orders=orders(500, 600)))[0][:2] == ("orders", 4)
    assert as_tuples(of(orders=orders(500, 600)))[0][3] == 60


def test_a_member_recommends_once_and_an_advocate_twice_more_while_the_contract_runs() -> None:
    contract: list[Row] = [{"account_id": "A", "starts_on": ago(10), "ends_on": ago(-100)}]
    assert as_tuples(of(contracts=contract)) == [("referrals", 1, 99, 0)]
    once: list[Row] = [{"account_id": "A", "made_at": ago(300), "kind": "referral"}]
    # The recommendation of 300 days ago counts until it is a year old.
    assert as_tuples(of(contracts=contract, referrals=once)) == [("referrals", 2, 65, 0)]


def test_the_top_has_nothing_above_it_and_says_when_it_ends() -> None:
    contract: list[Row] = [{"account_id": "A", "starts_on": ago(10), "ends_on": ago(-20)}]
    fans: list[Row] = [{"account_id": "A", "made_at": ago(d), "kind": "referral"} for d in (1, 2, 3)]
    counted = of(contracts=contract, referrals=fans, orders=orders(5))
    assert as_tuples(counted) == []
    assert falls_on(counted, DAY, RULES) == (DAY + 20, RUNGS.index("shopper"))
    assert falls_on(of(), DAY, RULES) is None


def test_what_came_before_a_switch_does_not_count() -> None:
    switches: list[Row] = [("A", ago(40))]
    assert of(orders=orders(10, 70, 130), switches=switches).order_days == (DAY - 10,)


@settings(max_examples=60)
@given(drawn=sources(lambda name: name not in LEFT_OUT))
def test_the_rung_is_that_of_the_rules(drawn: Drawn) -> None:
    known = build_histories(source_from_rows(drawn.tables))
    at = drawn.at // MICROSECONDS_PER_DAY * MICROSECONDS_PER_DAY
    snapshots = known.known_at(at)
    seen = View(known, snapshots)
    day = at // MICROSECONDS_PER_DAY
    for ahead in (0, 1, 30, 90, 200, 500):
        assert [rung_on(one, day + ahead, RULES) for one in counted_events(seen, RULES)] == rungs(
            seen, RULES, ahead
        ).tolist()


def _with(tables: dict[str, pd.DataFrame], account: str, step: Step, start: int) -> dict[str, pd.DataFrame]:
    """The source with what the step asks for, done at noon."""
    noon = [iso((start + k * max(step.every_days, 1)) * MICROSECONDS_PER_DAY + MICROSECONDS_PER_DAY // 2) for k in
            range(step.count)]  # fmt: skip
    rows: dict[str, tuple[str, list[Row]]] = {
        "orders": ("orders", [{"account_id": account, "ordered_at": at, "revenue": 1.0} for at in noon]),
        "contract": ("contracts", [{"account_id": account, "starts_on": iso(start * MICROSECONDS_PER_DAY)}]),
        "referrals": ("referrals", [{"account_id": account, "made_at": noon[0], "kind": "referral"}] * step.count),
        "approach": ("inquiries", [{"account_id": account, "inquired_at": noon[0]}]),
    }
    table, new = rows[step.kind]
    fresh = frame(table, new)
    for name in fresh:
        if name.endswith(("_at", "_on")):
            fresh[name] = pd.to_datetime(fresh[name]).astype("datetime64[us]")
    return tables | {table: pd.concat([tables[table], fresh]) if table in tables else fresh}


@settings(max_examples=20)
@given(drawn=sources(lambda name: name not in LEFT_OUT))
def test_who_does_what_a_step_says_stands_higher(drawn: Drawn) -> None:
    at = drawn.at // MICROSECONDS_PER_DAY * MICROSECONDS_PER_DAY
    day = at // MICROSECONDS_PER_DAY
    moment = pd.Timestamp(at, unit="us")
    tables = as_it_stood(drawn.tables, moment)
    for name in tables:
        column = TABLE[name].time
        if column in tables[name]:  # nothing else may happen after as_of
            tables[name] = tables[name][~(tables[name][column] >= moment).to_numpy()]
    known = build_histories(source_from_rows(tables))
    snapshots = known.known_at(at)
    before = rungs(View(known, snapshots), RULES)
    for account, one, rung in zip(
        snapshots.account, counted_events(View(known, snapshots), RULES), before, strict=True
    ):
        for step in steps_up(one, day, RULES):
            first = day if step.since is None else step.since
            for start in {first, first if step.before is None else step.before - 1}:
                _, look = take_step(one, step, start)
                name = known.account_ids[account]
                later = build_histories(source_from_rows(_with(tables, name, step, start)))
                seen = view(later, look * MICROSECONDS_PER_DAY, [name])
                assert rungs(seen, RULES)[0] > rung, (name, step, np.int64(start - day))
