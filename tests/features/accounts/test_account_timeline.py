"""Account timelines: what happened, from what was known, without anybody's name."""

import json

import pandas as pd
from hypothesis import given, settings

from features.accounts.account_timeline import FIELDS, MAX_EVENTS, account_timelines, counted_events_in, quarter_days
from features.catalog.families.contacts import ROLES
from features.histories.histories import Histories, build_histories
from features.histories.views import View
from features.instants import MICROSECONDS_PER_DAY, instant
from features.ladder.next_steps import counted_events
from features.ladder.rules import LadderRules
from features.sources.source import source_from_rows
from features.tables import RUNGS
from tests.builders import as_it_stood, histories
from tests.strategies import Drawn, sources

AS_OF = instant("2024-06-30")
DAY = AS_OF // MICROSECONDS_PER_DAY
RULES = LadderRules()


def timelines(known: Histories, as_of: int = AS_OF) -> dict[str, dict[str, object]]:
    return {
        known.account_ids[account]: row
        for part in account_timelines(known, as_of, RULES)
        for account, row in zip(part.account.tolist(), part.rows, strict=True)
    }


def ago(days: float) -> str:
    return (pd.Timestamp("2024-06-30") - pd.Timedelta(days=days)).isoformat()


def test_a_timeline_holds_events_of_every_kind() -> None:
    known = histories(
        orders=[("A", ago(3), 100.0), ("A", ago(3), 50.5), ("A", ago(1200), 9.0)],
        contacts=[("p1", "A", "decider", "price"), ("p2", "A", "user", "quality", ago(900), ago(5))],
        interactions=[{"account_id": "A", "happened_at": ago(8), "contact_id": "p1", "channel": "visit",
                       "initiated_by": "us"}],
        tickets=[{"account_id": "A", "opened_at": ago(20), "severity": 1, "resolved_at": ago(10)}],
        surveys=[("A", ago(30), 9, None, "nps")],
        switches=[("A", ago(400), "Rival", "reactional")],
    )  # fmt: skip
    row = timelines(known)["A"]
    assert row["events"] == {
        "orders": [[DAY - 3], [150.5]],
        "interactions": [[DAY - 8], [0], [0], [ROLES.index("decider")]],
        "tickets": [[DAY - 20], [1], [DAY - 10]],
        "nps": [[DAY - 30], [9.0]],
        "switches": [[DAY - 400], [1]],
    }
    assert row["people"] == [[ROLES.index("decider"), 0, DAY - 8]]
    assert "p1" not in json.dumps(row)
    assert "Rival" not in json.dumps(row)


def test_the_rung_of_a_quarter_is_from_what_was_known_at_its_beginning() -> None:
    known = histories(orders=[("A", "2023-08-01", 1.0), ("A", "2023-11-01", 1.0)])
    rungs_by_quarter = timelines(known)["A"]["rungs"]
    assert quarter_days(AS_OF)[-1] == instant("2024-04-01") // MICROSECONDS_PER_DAY
    shopper, customer = RUNGS.index("shopper"), RUNGS.index("customer")
    assert rungs_by_quarter == [None] * 10 + [shopper, customer, customer]


def test_a_lively_account_keeps_its_newest_events() -> None:
    known = histories(orders=[("A", ago(d), 1.0) for d in range(1, 300)])
    days = timelines(known)["A"]["events"]["orders"][0]  # type: ignore[index]
    assert len(days) == MAX_EVENTS["orders"]
    assert days[-1] == DAY - 1


@settings(max_examples=40)
@given(drawn=sources())
def test_timelines_are_the_same_from_the_source_as_it_stood(drawn: Drawn) -> None:
    whole = build_histories(source_from_rows(drawn.tables))
    then = build_histories(source_from_rows(as_it_stood(drawn.tables, drawn.as_of)))
    assert timelines(whole, drawn.at) == timelines(then, drawn.at)


@settings(max_examples=40)
@given(drawn=sources())
def test_a_timeline_survives_being_written_and_holds_what_the_rules_count(drawn: Drawn) -> None:
    known = build_histories(source_from_rows(drawn.tables))
    rows = timelines(known, drawn.at)
    snapshots = known.known_at(drawn.at)
    for account, one in zip(snapshots.account, counted_events(View(known, snapshots), RULES), strict=True):
        row = rows[known.account_ids[account]]
        again = json.loads(json.dumps(row, allow_nan=False))
        assert counted_events_in(again) == one
        assert set(again["events"]) <= set(FIELDS)
        for name, columns in again["events"].items():
            assert [len(column) for column in columns] == [len(columns[0])] * len(FIELDS[name])
