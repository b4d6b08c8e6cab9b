"""Chronicles: what happened, with what was known, and nothing of anybody's name."""

import json

import numpy as np
import pandas as pd
from hypothesis import given, settings

from features.accounts.account_lookback import UNKNOWN, account_lookback
from features.accounts.account_timeline import FIELDS, MOST, account_timelines, counted_in, quarter_days
from features.accounts.nearest_neighbours import nearest_neighbours
from features.catalog.families.contacts import ROLES
from features.histories.histories import Histories, build_histories
from features.histories.views import View
from features.instants import MICROSECONDS_PER_DAY, instant
from features.ladder.next_steps import counted
from features.ladder.rules import LadderRules, rungs
from features.sources.source import source_from_rows
from features.tables import RUNGS
from tests.builders import as_it_stood, histories
from tests.strategies import Drawn, sources

AS_OF = instant("2024-06-30")
DAY = AS_OF // MICROSECONDS_PER_DAY
RULES = LadderRules()


def told(known: Histories, as_of: int = AS_OF) -> dict[str, dict[str, object]]:
    return {
        known.account_ids[account]: row
        for part in account_timelines(known, as_of, RULES)
        for account, row in zip(part.account.tolist(), part.rows, strict=True)
    }


def ago(days: float) -> str:
    return (pd.Timestamp("2024-06-30") - pd.Timedelta(days=days)).isoformat()


def test_an_account_with_everything_is_told_in_full() -> None:
    known = histories(
        orders=[("A", ago(3), 100.0), ("A", ago(3), 50.5), ("A", ago(1200), 9.0)],
        contacts=[("p1", "A", "decider", "price"), ("p2", "A", "user", "quality", ago(900), ago(5))],
        interactions=[{"account_id": "A", "happened_at": ago(8), "contact_id": "p1", "channel": "visit",
                       "initiated_by": "us"}],
        tickets=[{"account_id": "A", "opened_at": ago(20), "severity": 1, "resolved_at": ago(10)}],
        surveys=[("A", ago(30), 9, None, "nps")],
        switches=[("A", ago(400), "Rival", "reactional")],
    )  # fmt: skip
    row = told(known)["A"]
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


def test_the_band_holds_what_was_known_at_the_beginning_of_each_quarter() -> None:
    known = histories(orders=[("A", "2023-08-01", 1.0), ("A", "2023-11-01", 1.0)])
    band = told(known)["A"]["rungs"]
    assert quarter_days(AS_OF)[-1] == instant("2024-04-01") // MICROSECONDS_PER_DAY
    shopper, customer = RUNGS.index("shopper"), RUNGS.index("customer")
    assert band == [None] * 10 + [shopper, customer, customer]


def test_a_lively_account_keeps_its_newest_events() -> None:
    known = histories(orders=[("A", ago(d), 1.0) for d in range(1, 300)])
    days = told(known)["A"]["events"]["orders"][0]  # type: ignore[index]
    assert len(days) == MOST["orders"]
    assert days[-1] == DAY - 1


@settings(max_examples=40)
@given(drawn=sources())
def test_chronicles_are_the_same_from_the_source_as_it_stood(drawn: Drawn) -> None:
    whole = build_histories(source_from_rows(drawn.tables))
    then = build_histories(source_from_rows(as_it_stood(drawn.tables, drawn.as_of)))
    assert told(whole, drawn.at) == told(then, drawn.at)


@settings(max_examples=40)
@given(drawn=sources())
def test_a_chronicle_survives_being_written_and_holds_what_the_rules_count(drawn: Drawn) -> None:
    known = build_histories(source_from_rows(drawn.tables))
    rows = told(known, drawn.at)
    snapshots = known.known_at(drawn.at)
    for account, one in zip(snapshots.account, counted(View(known, snapshots), RULES), strict=True):
        row = rows[known.account_ids[account]]
        again = json.loads(json.dumps(row, allow_nan=False))
        assert counted_in(again) == one
        assert set(again["events"]) <= set(FIELDS)
        for name, columns in again["events"].items():
            assert [len(column) for column in columns] == [len(columns[0])] * len(FIELDS[name])


@settings(max_examples=40)
@given(drawn=sources())
def test_hindsight_is_the_same_from_the_source_as_it_stood(drawn: Drawn) -> None:
    whole = build_histories(source_from_rows(drawn.tables))
    then = build_histories(source_from_rows(as_it_stood(drawn.tables, drawn.as_of)))
    both = [account_lookback(known, drawn.at, RULES, 0.4) for known in (whole, then)]
    known = [h.account_ids[seen.account].tolist() for h, seen in zip((whole, then), both, strict=True)]
    assert known[0] == known[1]
    for name in vars(both[0]):
        if name != "account":
            np.testing.assert_array_equal(getattr(both[0], name), getattr(both[1], name), err_msg=name)


def test_who_was_not_known_a_year_ago_came_from_nowhere() -> None:
    known = histories(
        accounts=[{"account_id": "B", "created_at": ago(900)}],
        orders=[("A", ago(10), 80.0)],
        contracts=[{"account_id": "B", "starts_on": ago(100), "ends_on": ago(-30)}],
        switches=[("B", ago(200))],
    )
    seen = account_lookback(known, AS_OF, RULES, 0.25)
    assert seen.rung_then.tolist() == [UNKNOWN, 0]
    assert seen.left.tolist() == [False, True]
    assert seen.margin.tolist() == [20.0, 0.0]
    assert seen.contract_ends.tolist()[1] == DAY + 30
    assert seen.still.tolist()[0] == 0
    assert view_rung(known) == seen.rung.tolist()


def view_rung(known: Histories) -> list[int]:
    return rungs(View(known, known.known_at(AS_OF)), RULES).tolist()


def test_the_nearest_stood_on_the_same_rung_a_year_ago_and_are_never_the_account_itself() -> None:
    rows = [(name, ago(d), amount) for name, amount in (("A", 100.0), ("B", 110.0), ("C", 9000.0)) for d in (400, 420)]
    known = histories(orders=[*rows, ("D", ago(30), 100.0), ("D", ago(50), 105.0)])
    seen = account_lookback(known, AS_OF, RULES, 0.4)
    nearest = nearest_neighbours(seen).row
    place = known.account_ids.tolist().index
    assert nearest[place("D")].tolist() == [place("A"), place("B"), place("C"), -1, -1]
    assert all(k not in row for k, row in enumerate(nearest.tolist()))
