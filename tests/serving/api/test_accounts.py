"""What one account of a request may hold, and what is said of what it may not."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from features.instants import instant, iso
from features.sources.cleaning.rules import SourceRules
from serving.scoring.request_parsing import HARMLESS, MOST_LISTED, read_account
from serving.scoring.scoring_service import ScoringService
from tests.serving.client import Client
from tests.trained import tiny_bundle
from training.model.bundle import read_bundle, write_bundle

ORDER = {"ordered_at": "2025-06-01", "revenue": 10}
GOOD = {"account_id": "good", "orders": [ORDER]}


def _codes(result: dict[str, Any], kind: str = "warnings") -> set[tuple[str, str | None]]:
    """Code and field of every message but those about tables that are not there."""
    return {(m["code"], m["field"]) for m in result[kind] if m["code"] != "table_missing"}


def test_a_plain_account_is_ok_although_most_tables_are_missing(client: Client) -> None:
    (result,) = client.score(GOOD)
    assert (result["status"], _codes(result), result["errors"]) == ("ok", set(), [])
    assert {w["field"] for w in result["warnings"]} >= {"account", "tickets", "surveys"}
    assert result["scores"]["as_of"] == "2025-06-02"
    pays = result["scores"]["recommended_investment"] != "none"
    assert result["scores"]["rank"] == (1 if pays else None), "the rank is among the accounts of the request"
    assert [row["investment"] for row in result["investments"]] == [
        "integration", "rebate", "undeclared", "visit_programme",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("bad", "code", "field"),
    [
        ({"orders": [ORDER]}, "account_id_unreadable", "account_id"),
        ({"account_id": None}, "account_id_unreadable", "account_id"),
        ({"account_id": " "}, "account_id_unreadable", "account_id"),
        ({"account_id": True}, "account_id_unreadable", "account_id"),
        ({"account_id": ["good"]}, "account_id_unreadable", "account_id"),
        ({"account_id": "x" * 257}, "account_id_unreadable", "account_id"),
        ({"account_id": "\ud800"}, "account_id_unreadable", "account_id"),
        ("good", "not_an_object", None),
        (None, "not_an_object", None),
        ([], "not_an_object", None),
        ({"account_id": "b", "orders": {}}, "table_unreadable", "orders"),
        ({"account_id": "b", "orders": "many"}, "table_unreadable", "orders"),
        ({"account_id": "b", "account": []}, "table_unreadable", "account"),
        ({"account_id": "good", "orders": []}, "duplicate_account", "account_id"),
        ({"account_id": "b"}, "not_known", None),
        ({"account_id": "b", "account": {"created_at": "2030-01-01"}}, "not_known", None),
        ({"account_id": "b", "orders": [{"ordered_at": "2026-01-01", "revenue": 1}]}, "not_known", None),
    ],
)
def test_a_bad_account_has_its_own_error_and_never_touches_the_others(
    client: Client, bad: Any, code: str, field: str | None
) -> None:
    alone, spoiled = (
        client.score(GOOD, as_of="2025-12-01"),
        client.score(GOOD, bad, GOOD | {"account_id": "c"}, as_of="2025-12-01"),
    )
    assert [result["status"] for result in spoiled] == ["ok", "error", "ok"]
    assert spoiled[0] == alone[0]
    assert (spoiled[1]["scores"], spoiled[1]["investments"]) == (None, [])
    assert _codes(spoiled[1], "errors") == {(code, field)}


def test_numbers_as_ids_are_text_and_unicode_comes_back_whole(client: Client) -> None:
    asked = [GOOD | {"account_id": given} for given in (7, "Café Müller — 東京 🏭", "a\u0000b", "' OR 1=1 --")]
    assert [r["account_id"] for r in client.score(*asked)] == ["7", *(a["account_id"] for a in asked[1:])]


def test_a_row_that_cannot_be_used_is_named_with_table_row_column_and_reason(client: Client) -> None:
    orders: list[Any] = [
        ORDER, None, ORDER | {"revenue": "much"}, "row", {"revenue": 1}, ORDER | {"account_id": "somebody else"},
        ORDER | {"account_id": "a"}, ORDER | {"discount": 1.5}, ORDER | {"revenue": [[]]}, ORDER | {"ordered_at": 5},
    ]  # fmt: skip
    (result,) = client.score({"account_id": "a", "orders": orders})
    assert result["status"] == "warning"
    assert _codes(result) == {
        ("row_set_aside", f"orders[{place}")
        for place in ("1]", "2].revenue", "3]", "4].ordered_at", "5].account_id", "7].discount", "8].revenue",
                      "9].ordered_at")
    }  # fmt: skip
    reasons = {w["field"]: w["message"] for w in result["warnings"]}
    assert reasons["orders[2].revenue"] == "not used: unreadable number: revenue is 'much'"
    assert "no time" in reasons["orders[4].ordered_at"]
    good, _ = client.score({"account_id": "a", "orders": [ORDER, ORDER]}, GOOD)
    assert result["scores"] == good["scores"]


def test_what_is_lost_turns_the_status_and_what_costs_nothing_does_not(client: Client) -> None:
    lost = [
        GOOD | {"oders": []},
        GOOD | {"orders": [ORDER | {"revnue": 3}]},
        GOOD | {"investment_options": [{"investment": "gold", "bond": "social", "cost": 1}]},
        GOOD | {"tickets": [{"opened_at": "2025-05-01", "sla_breached": "perhaps"}]},
        GOOD | {"account": {"industry": {"code": 7}}},
        GOOD | {"account": {"created_at": "soon"}},
    ]
    fields = [{field for _, field in _codes(client.score(given)[0])} for given in lost]
    assert fields == [
        {"oders"}, {"orders.revnue"}, {"investment_options"}, {"tickets"}, {"account"},
        {"account", "account.created_at"},
    ]  # fmt: skip
    assert {client.score(given)[0]["status"] for given in lost} == {"warning"}
    harmless = GOOD | {"account": {"name": "Bakery"}, "tickets": None}
    (result,) = client.score(harmless)
    assert (result["status"], _codes(result)) == ("ok", {("note", "account")})


def test_every_code_of_the_harmless_kind_is_described_as_such(client: Client) -> None:
    status = client.get("/openapi.json").json()["components"]["schemas"]["Result"]["properties"]["status"]
    assert all(code in status["description"] for code in HARMLESS)


def test_messages_are_counted_beyond_the_first_so_that_the_answer_stays_small(client: Client) -> None:
    rows = [{f"k{i}": i} for i in range(3_000)]
    (result,) = client.score(
        {"account_id": "a", "orders": rows, "account": {"created_at": "2020-01-01"}}, as_of="2021-01-01"
    )
    kinds = [w["code"] for w in result["warnings"]]
    assert kinds.count("row_set_aside") == kinds.count("unknown_field") == MOST_LISTED + 1
    assert any(w["message"] == f"{3_000 - MOST_LISTED} more rows are not used" for w in result["warnings"])


def test_without_as_of_each_is_looked_at_from_the_midnight_after_its_own_last_event(client: Client) -> None:
    late = {"account_id": "late", "tickets": [{"opened_at": "2025-09-09T10:00:00+02:00"}]}
    assert [r["scores"]["as_of"] for r in client.score(GOOD, late)] == ["2025-06-02", "2025-09-10"]


def test_the_rank_is_among_all_accounts_of_the_request_whenever_they_are_looked_at(client: Client) -> None:
    accounts = [
        {"account_id": f"{month}-{k}", "orders": [ORDER | {"ordered_at": f"2025-0{month}-01", "revenue": 1000 * k}] * k}
        for month in (5, 6, 7) for k in (1, 2, 5)
    ]  # fmt: skip
    ranks = [r["scores"]["rank"] for r in client.score(*accounts) if r["scores"]["rank"] is not None]
    assert sorted(ranks) == list(range(1, len(ranks) + 1))
    assert len(ranks) > 1


def test_one_slip_of_the_pen_does_not_take_the_others_into_another_age(client: Client) -> None:
    for year in ("2999", "9999"):
        stray = {"account_id": "stray", "orders": [{"ordered_at": f"{year}-12-31", "revenue": 1}]}
        results = client.score(GOOD, stray)
        assert [r["status"] for r in results] == ["ok", "error"]
        assert results[0]["scores"]["as_of"] == "2025-06-02"
        assert _codes(results[1], "errors") == {("event_out_of_range", None)}
        (known,) = client.score({"account_id": "s", "orders": [*stray["orders"], ORDER]}, as_of="2025-07-01")
        assert known["scores"]["rung"] == "shopper"


def test_without_any_event_and_without_as_of_nobody_can_be_scored(client: Client) -> None:
    results = client.score({"account_id": "a", "account": {"created_at": "2024-01-01"}}, {"account_id": "b"})
    assert [_codes(r, "errors") for r in results] == [{("not_known", None)}] * 2
    (scored,) = client.score({"account_id": "a", "account": {"created_at": "2024-01-01"}}, as_of="2024-05-01")
    assert scored["scores"]["rung"] == "suspect"
    assert client.score() == []


def test_an_account_is_read_without_looking_at_the_model(scoring_service: ScoringService) -> None:
    reading = read_account(GOOD | {"tickets": []}, ["orders"])
    assert list(reading.tables) == ["orders"]
    assert [(w.code, w.field) for w in reading.warnings] == [("unused_table", "tickets")]
    assert "tickets" in scoring_service.scorer.bundle.facts.tables


def test_an_account_is_read_as_the_source_was_that_the_model_learnt_from() -> None:
    rules = SourceRules(
        time_zone="America/New_York", currency="EUR", exchange_rates={"USD": 0.5}, deflator={instant("2000-01-01"): 200}
    )
    orders = [
        {"ordered_at": "2025-06-02T01:30:00Z", "revenue": 100, "currency": "usd"},  # the evening before, over there
        {"ordered_at": "2025-06-02 01:30:00", "revenue": 100, "currency": "EUR"},
        {"ordered_at": "2025-06-02", "revenue": 100},
        {"ordered_at": "2025-06-03", "revenue": 100, "currency": "GBP"},
    ]
    reading = read_account({"account_id": "a", "orders": orders}, ["orders"], rules)
    read = reading.tables["orders"]
    assert read["revenue"].tolist() == [25, 50, 50]
    assert [iso(at) for at in read["ordered_at"].tolist()] == [
        "2025-06-01T21:30:00", "2025-06-02T01:30:00", "2025-06-02",
    ]  # fmt: skip
    aside = [message for message in reading.warnings if message.code == "row_set_aside"]
    assert [(m.field, m.message) for m in aside] == [
        ("orders[3].currency", "not used: the model's money is EUR, and it has no rate for GBP")
    ]


def test_two_currencies_without_a_rate_are_not_added_up() -> None:
    orders = [{"ordered_at": "2025-06-02", "revenue": 100, "currency": name} for name in ("EUR", "USD", "EUR")]
    reading = read_account({"account_id": "a", "orders": orders}, ["orders"])
    assert reading.tables["orders"]["revenue"].tolist() == [100, 100]
    assert [w.field for w in reading.warnings] == ["orders[1].currency"]


def test_the_bundle_keeps_how_its_source_was_understood(tmp_path: Path) -> None:
    bundle = tiny_bundle()
    facts = replace(
        bundle.facts, source_currency="EUR", exchange_rates={"USD": 0.9}, time_zone="Europe/Amsterdam",
        price_index=((instant("2024-01-01"), 90.0), (instant("2025-01-01"), 100.0)),
    )  # fmt: skip
    write_bundle(replace(bundle, facts=facts), tmp_path / "bundle")
    again = read_bundle(tmp_path / "bundle")[0].facts
    assert again.source_rules == facts.source_rules
    assert again.source_rules.deflator == {instant("2024-01-01"): 90.0, instant("2025-01-01"): 100.0}
