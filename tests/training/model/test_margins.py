"""The margin that gains are reckoned with: an account's own, its product lines', or that of all."""

import numpy as np
import pytest

from features.accounts.margin_rates import margin_rates
from features.histories.histories import Histories, build_histories
from features.histories.views import View
from features.sources.partitioned import part_numbers
from features.sources.source import source_from_rows
from tests.builders import Row, histories, view
from tests.told import told
from tests.trained import tiny, tiny_histories
from training.model.margins import MIN_ORDERS, add_line_sums, line_margins, line_sums, margins_finding

AS_OF = "2025-01-01"


def order(account: str, line: str | None, cost: float | None, revenue: float = 100.0, day: str = "2024-06-01") -> Row:
    return {"account_id": account, "ordered_at": day, "revenue": revenue, "cost": cost, "product_line": line}


def supplier(*own: Row) -> Histories:
    """Pumps cost 40 of 100 and valves 80 in the orders of others; nothing is known of hoses."""
    others = [order("Z", line, cost) for line, cost in (("pumps", 40.0), ("valves", 80.0)) for _ in range(MIN_ORDERS)]
    return histories(orders=[*others, order("Z", "hoses", None), *own])


def rate(*own: Row) -> float:
    """Of account A, where nothing is known .25."""
    known = supplier(*own)
    rates = margin_rates(view(known, AS_OF, ["A"]), line_margins(line_sums(known)), 0.25)
    return float(rates[0])


def test_an_order_without_a_cost_has_the_margin_of_its_line() -> None:
    assert rate(order("A", "pumps", None)) == 0.6
    assert rate(order("A", "pumps", None), order("A", "valves", None)) == pytest.approx(0.4)
    assert rate(order("A", "pumps", None, 300.0), order("A", "valves", None)) == pytest.approx(0.5)


def test_its_own_cost_comes_first() -> None:
    assert rate(order("A", "pumps", 90.0)) == pytest.approx(0.1)
    assert rate(order("A", "pumps", 90.0), order("A", "pumps", None)) == pytest.approx(0.35, abs=0.02)


def test_an_order_of_an_unknown_line_counts_as_the_account_s_others_else_at_the_default() -> None:
    assert rate(order("A", "hoses", None)) == 0.25
    assert rate(order("A", None, None)) == 0.25
    assert rate(order("A", "pumps", 50.0), order("A", "hoses", None, 900.0)) == 0.5


def test_only_the_last_year_counts() -> None:
    assert rate(order("A", "pumps", None, day="2023-06-01")) == 0.25


def test_a_line_is_only_listed_where_enough_of_its_costs_are_known() -> None:
    few = [order("Z", "pumps", 40.0) for _ in range(MIN_ORDERS - 1)]
    assert line_margins(line_sums(histories(orders=few))) == {}
    at_a_loss = [order("Z", "pumps", 140.0) for _ in range(MIN_ORDERS)]
    assert line_margins(line_sums(histories(orders=at_a_loss))) == {}
    assert sorted(line_margins(line_sums(supplier())).values()) == [0.2, 0.6]


def test_without_lines_or_costs_nothing_fails() -> None:
    bare = histories(orders=[("A", "2024-06-01", 100.0)])
    assert line_sums(bare) == {}
    assert margin_rates(view(bare, AS_OF), {}, 0.3).tolist() == [0.3]
    assert margin_rates(view(bare, AS_OF), {"0000000001": 0.5}, 0.3).tolist() == [0.3]


def test_an_account_s_rate_has_the_same_bits_by_itself_among_others_and_in_parts() -> None:
    known = tiny_histories()
    assert 0 < (known.streams["orders"].value("costed") == 0).mean() < 0.1
    lines, snapshots = line_margins(line_sums(known)), known.known_at(known.end)
    together = margin_rates(View(known, snapshots), lines, 0.3)
    for row in range(0, len(snapshots), 17):
        alone = margin_rates(View(known, snapshots.take(np.array([row]))), lines, 0.3)
        assert alone[0] == together[row]
    orders = tiny().tables["orders"]
    parts = [orders[part_numbers(orders["account_id"], 3) == number] for number in range(3)]
    sums = [line_sums(build_histories(source_from_rows({"orders": part}))) for part in parts]
    assert add_line_sums(sums) == line_sums(known)


def test_what_is_recorded_later_changes_no_rate() -> None:
    late: Row = {**dict(order("A", "pumps", 10.0, 999.0)), "recorded_at": "2025-03-01"}  # type: ignore[call-overload]
    rows = [{**dict(one), "recorded_at": one["ordered_at"]} for one in (order("A", "valves", None),)]  # type: ignore[call-overload,index]
    known = histories(orders=[*rows, late])
    assert margin_rates(view(known, AS_OF), {}, 0.25).tolist() == [0.25]
    assert margin_rates(view(known, "2025-04-01"), {}, 0.25)[0] > 0.9


def test_the_report_says_where_margins_come_from() -> None:
    assert "uplift.margin_rate" in told(margins_finding({}, 0.3, known=False))
    assert "product line (20% to 60%)" in told(margins_finding({"a": 0.2, "b": 0.6}, 0.4, known=True))
    assert told(margins_finding({}, 0.4, known=True)).startswith("gross margin: 40% over the orders")
