"""Population totals, and that they add up over parts."""

from features.histories.histories import build_histories
from features.instants import instant
from features.sources.partitioned import part_numbers
from features.sources.source import source_from_rows
from features.tables import TRIGGER_FAMILIES
from tests.builders import Row, histories
from tests.trained import small_settings, tiny, tiny_histories
from training.data.population_totals import PopulationTotals, add_population_totals, population_totals
from training.settings import Settings

ORDERS: list[Row] = [
    {"account_id": "A", "ordered_at": "2024-01-01", "revenue": 100.0, "cost": 60.0},
    {"account_id": "A", "ordered_at": "2024-02-01", "revenue": 300.0, "cost": 100.0},
    {"account_id": "B", "ordered_at": "2024-02-01", "revenue": 999.0},
]


def totals(**tables: list[Row]) -> PopulationTotals:
    """Return the totals of these rows, years later."""
    return population_totals(histories(**tables), Settings(), instant("2030-01-01"))


def test_the_margin_is_that_of_orders_whose_cost_is_known() -> None:
    assert totals(orders=ORDERS).margin_rate(0.3) == 0.6
    assert totals(orders=[ORDERS[2]]).margin_rate(0.3) == 0.3
    at_a_loss = {"account_id": "A", "ordered_at": "2024-01-01", "revenue": 100.0, "cost": 160.0}
    assert totals(orders=[at_a_loss]).margin_rate(0.3) == 0.3


def test_the_triggers_shares_lean_to_equal_where_few_are_known() -> None:
    none = totals(orders=ORDERS).trigger_shares()
    assert none == (0.3333, 0.3333, 0.3333)
    leavers: list[Row] = [
        {"account_id": f"A{k}", "switched_at": "2024-01-01", "trigger": "reactional"} for k in range(15)
    ]
    shares = dict(zip(TRIGGER_FAMILIES, totals(orders=ORDERS, switches=leavers).trigger_shares(), strict=True))
    assert shares == {"situational": 0.1667, "reactional": 0.6667, "influential": 0.1667}


def test_the_digest_of_the_data_changes_with_any_row_and_not_with_their_order() -> None:
    first = totals(orders=ORDERS).digest
    assert totals(orders=ORDERS[::-1]).digest == first
    assert totals(orders=ORDERS[:2]).digest != first
    assert totals(orders=[*ORDERS[:2], {**dict(ORDERS[2]), "revenue": 999.01}]).digest != first  # type: ignore[arg-type]
    assert totals(orders=[*ORDERS[:2], {**dict(ORDERS[2]), "account_id": "A"}]).digest != first  # type: ignore[arg-type]
    assert totals(orders=ORDERS, switches=[("A", "2024-03-01")]).digest != first
    assert totals(orders=[*ORDERS, *ORDERS]).digest != first


def test_totals_of_parts_add_up_to_those_of_the_whole() -> None:
    """Names are counted differently in every part, and the digest does not see it."""
    settings, tables, end = small_settings(), tiny().tables, tiny_histories().end
    whole = population_totals(tiny_histories(), settings, end)
    parts = []
    for number in range(3):
        own = {
            name: rows[part_numbers(rows["account_id"], 3) == number] if "account_id" in rows else rows
            for name, rows in tables.items()
        }
        parts.append(population_totals(build_histories(source_from_rows(own)), settings, end))
    added = add_population_totals(parts)
    assert added == whole
    assert added.digest == whole.digest
    assert added.forecasts is not None
    assert len(added.forecasts.rows["at"]) > 20
