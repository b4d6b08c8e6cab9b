"""Rows that came another way are counted once, and change nothing about what was known when."""

from typing import Any

import numpy as np
import pytest

from features.catalog import catalog
from features.catalog.catalog import Context
from features.histories.histories import build_histories
from features.histories.snapshots import Snapshots
from features.histories.views import View
from features.instants import instant
from features.partitions.summary import join_summaries, read_part, summarise_part
from features.sources.feedback_rows import add_rows, add_rows_to_parts
from features.sources.source import Source, source_from_rows
from tests.parted import tiny_parts
from tests.trained import tiny

ORDERS = {"account_id": ["A", "B"], "ordered_at": ["2025-01-01", "2025-02-01"], "revenue": [10.0, 20.0]}


def rows(*feedback: str) -> dict[str, list[Any]]:
    """Investments: account, day, name, recorded, cost, assignment, propensity."""
    names = "account_id made_at investment recorded_at cost assignment propensity".split()
    cells = [[cell.strip() or None for cell in row.split("|")] for row in feedback]
    return {name: [row[k] for row in cells] for k, name in enumerate(names)}


def source(*investments: str) -> Source:
    tables = {"orders": ORDERS} | ({"investments": rows(*investments)} if investments else {})
    return source_from_rows(tables)


def held(joined: Source) -> list[tuple[Any, ...]]:
    made = joined.tables["investments"]
    columns = (made[name].tolist() for name in ("account_id", "investment", "recorded_at", "cost", "propensity"))
    return sorted(zip(*columns, strict=True))


def test_rows_of_another_table_make_that_table() -> None:
    joined = add_rows(source(), {"investments": rows("A|2025-03-01|visit|2025-03-02|5||")})
    assert joined.rows("investments") == 1
    assert "switches" not in joined.tables
    assert joined.rows_read["investments"] == 1


def test_only_the_tables_that_a_model_knows_are_added_to() -> None:
    joined = add_rows(source(), {"investments": rows("A|2025-03-01|visit|2025-03-02|5||")}, only=("orders",))
    assert "investments" not in joined.tables


def test_what_the_crm_exports_as_well_is_counted_once_and_keeps_its_assignment() -> None:
    both = source("A|2025-03-01|visit|2025-03-01|5||", "B|2025-03-01|visit|2025-03-01|5||")
    joined = add_rows(both, {"investments": rows("A|2025-03-01T15:00|visit|2025-03-02|6|random|0.9")})
    assert held(joined) == [
        ("A", "visit", instant("2025-03-01"), 5.0, 0.9),
        ("B", "visit", instant("2025-03-01"), 5.0, pytest.approx(np.nan, nan_ok=True)),
    ]
    assert joined.tables["investments"]["assignment"].tolist() == [0, -1]
    assert joined.notes[-1].endswith(
        "1 rows of feedback, of which 1 stand in the source too or are repeated: counted once"
    )


def test_the_row_that_was_recorded_first_stays() -> None:
    late = source("A|2025-03-01|visit|2025-04-01|5||")
    joined = add_rows(late, {"investments": rows("A|2025-03-01|visit|2025-03-02|6|random|0.9")})
    assert held(joined) == [("A", "visit", instant("2025-03-02"), 6.0, 0.9)]


def test_another_day_another_option_or_another_account_is_another_act() -> None:
    one = source("A|2025-03-01|visit|2025-03-01|5||0.5")
    feedback = rows(
        "A|2025-03-02|visit|2025-03-02|5||0.5",
        "A|2025-03-01|call|2025-03-02|5||0.5",
        "B|2025-03-01|visit|2025-03-02|5||0.5",
    )
    assert add_rows(one, {"investments": feedback}).rows("investments") == 4


def test_two_rows_of_the_source_stay_two_and_two_of_feedback_are_one() -> None:
    twice = source("A|2025-03-01|visit|2025-03-01|5||0.5", "A|2025-03-01|visit|2025-03-01|7||0.5")
    feedback = rows("A|2025-03-01|visit|2025-03-02|5||0.5", "A|2025-03-01|visit|2025-03-03|5||0.5")
    assert add_rows(twice, {"investments": feedback}).rows("investments") == 2
    assert add_rows(source(), {"investments": feedback}).rows("investments") == 1


def test_switches_are_joined_too() -> None:
    feedback = {
        "account_id": ["A", "A"],
        "switched_at": ["2025-03-01", "2025-03-01T10:00"],
        "recorded_at": [None, None],
    }
    assert add_rows(source(), {"switches": feedback}).rows("switches") == 1


@pytest.mark.parametrize("exported", ["2025-03-01", "2025-03-05", "2025-04-20"])
@pytest.mark.parametrize("feedback", ["2025-03-01", "2025-03-05", "2025-04-10"])
def test_features_are_those_of_the_source_and_the_feedback_as_they_stood(exported: str, feedback: str) -> None:
    in_source, in_feedback = f"A|2025-03-01|visit|{exported}|5||", f"A|2025-03-01T15:00|visit|{feedback}|6|random|0.9"
    now = build_histories(add_rows(source(in_source), {"investments": rows(in_feedback)}))
    empty = "B|2025-01-01|visit|2025-01-01|5||"
    for day in ("2025-03-01T16:00", "2025-03-03", "2025-03-08", "2025-04-15", "2025-05-01"):
        at = instant(day)
        then = source(*[row for row in (in_source,) if instant(exported) < at], empty)
        told_then = [row for row in (in_feedback,) if instant(feedback) < at]
        stood = build_histories(add_rows(then, {"investments": rows(*told_then)} if told_then else {}))
        one, other = (
            catalog.compute(View(h, Snapshots(np.array([0]), np.array([at]))), Context()) for h in (now, stood)
        )
        np.testing.assert_array_equal(one, other)


def test_parts_get_the_rows_of_their_own_accounts() -> None:
    ids = sorted(tiny().tables["accounts"]["account_id"])[:40]
    feedback = rows(*(f"{account}|2025-03-01|visit|2025-03-02|5||0.5" for account in ids))
    parts = add_rows_to_parts(tiny_parts(), {"investments": feedback})
    whole = add_rows(source_from_rows(tiny().tables), {"investments": feedback})
    read = [read_part(part) for part in parts.parts]
    assert sum(part.rows("investments") for part in read) == whole.rows("investments")
    for part in read:
        assert set(part.tables) == set(whole.tables)


def test_feedback_never_moves_the_default_instant() -> None:
    events = {"investments": rows("A|2025-12-01|visit|2025-12-01|5||")}
    for before in (source(), source("A|2025-02-10|visit|2025-02-10|5||")):
        assert build_histories(add_rows(before, events)).end == build_histories(before).end
    parts = add_rows_to_parts(tiny_parts(), {"investments": rows("A00000|2035-12-01|visit|2035-12-01|5||")})
    ends = [join_summaries([summarise_part(part) for part in each.parts]).end for each in (parts, tiny_parts())]
    assert ends[0] == ends[1]


def test_what_managers_say_is_added_once_and_two_words_of_one_day_are_two_facts() -> None:
    columns = ("account_id", "assessed_at", "rung", "made_by")
    own = dict(zip(columns, (["a"], ["2024-03-01"], ["member"], ["anna"]), strict=True))
    more = dict(zip(columns, (["a"] * 3, ["2024-03-01"] * 3, ["member", "advocate", "member"], ["anna", "anna", "bob"]),
                    strict=True))  # fmt: skip
    orders = {"account_id": ["a"], "ordered_at": ["2024-01-01"], "revenue": [1.0]}
    source = source_from_rows({"orders": orders, "assessments": own})
    found = add_rows(source, {"assessments": more})
    told = found.tables["assessments"]
    said = zip(told["made_by"].tolist(), told["rung"].tolist(), strict=True)
    assert sorted(said) == [("anna", 4), ("anna", 5), ("bob", 4)]
