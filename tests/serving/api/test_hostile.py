"""Whatever a client sends, the answer is below 500, in our shape, and a good account beside it keeps its scores."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from features.histories.histories import Histories
from features.schema import Column, Kind, Table
from features.tables import TABLES
from serving.api.app import create_app
from serving.api.model_holder import ModelHolder
from serving.api.openapi import document
from serving.api.store_endpoints.store_service import StoreService
from serving.scoring.request_parsing import EVENT_TABLES, PROFILE
from serving.scoring.scoring_service import ScoringService
from tests.serving.client import JSON, Client
from tests.serving.runs import fill, scored

GOOD = {"account_id": "good", "orders": [{"ordered_at": "2025-06-01", "revenue": 10}]}
CELLS: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 0.5, -0.0, 1e308, -1e308, 5e-324, 10**18, 10**30, 10**4000, "", " ", "x", "NaN", "inf",
    "1e400", "-", "0001-01-01", "9999-12-31", "9999-12-31T23:59:59.999999Z", "0000-00-00", "2025-06-01T00:00+24:00",
    "2025-06-01T25:00", "10000-01-01", "1969-12-31T23:59:59.999999", "\u0000", "\ud800", "🏭" * 100, "a" * 10_000, [],
    {}, [[]], {"a": {"b": []}}, [1, 2], "won", "none", "buyer", "1", "true", "２０２５-06-01", "-5", "1_000", "0x10",
)  # fmt: skip


def _plain(table: Table) -> dict[str, Any]:
    """A row that can be used."""

    def cell(column: Column) -> Any:
        if column.kind is Kind.TIME:
            return "2025-05-01"
        if column.kind in (Kind.MONEY, Kind.NUMBER):
            return 1
        return column.values[0] if column.values else "x"

    return {column.name: cell(column) for column in table.columns if column.required and column.name != "account_id"}


def _accounts() -> Iterator[dict[str, Any]]:
    """Every kind of cell in every column of every table."""
    for table in (TABLES[0], *EVENT_TABLES):
        for column in table.columns:
            rows = [_plain(table) | {column.name: cell} for cell in CELLS]
            if table.name == "accounts":
                yield from ({"account_id": "bad", PROFILE: row} for row in rows)
            else:
                yield {"account_id": "bad", table.name: rows}


def _post(client: Client, content: Any) -> Any:
    answer = client.post_json("/score", content)
    assert answer.status_code < 500, (answer.text, str(content)[:500])
    return answer


def test_any_value_in_any_column_is_scored_or_named_and_never_a_500(client: Client) -> None:
    alone = client.score(GOOD, as_of="2025-07-01")[0]
    accounts = [account | {"account_id": f"bad {k}"} for k, account in enumerate(_accounts())]
    assert len(accounts) > 500
    for first in range(0, len(accounts), 150):
        results = _post(client, {"as_of": "2025-07-01", "accounts": [GOOD, *accounts[first : first + 150]]}).json()
        assert results["results"][0] == alone
        for result in results["results"]:
            assert result["status"] in ("ok", "warning", "error")
            assert (result["scores"] is None) == (result["status"] == "error")


def test_any_value_is_survived_without_as_of_too(client: Client) -> None:
    accounts = list(_accounts())
    for account in accounts[:: max(1, len(accounts) // 120)]:
        results = _post(client, {"accounts": [GOOD, account]}).json()["results"]
        assert results[0]["status"] == "ok"


def test_any_value_in_the_place_of_any_part_is_survived(client: Client) -> None:
    values = [*CELLS, [GOOD], [[GOOD]], {"account_id": {}}, {"account_id": "a", "orders": [[]]}]
    for value in values:
        _post(client, value)
        for part in ("accounts", "as_of", "explain", "more"):
            _post(client, {"accounts": [GOOD]} | {part: value})
        for part in ("account_id", "account", "orders", "contacts", "investment_options", "more"):
            assert _post(client, {"accounts": [GOOD, GOOD | {"account_id": "b"} | {part: value}]}).status_code == 200
            assert _post(client, {"accounts": [GOOD | {part: [value]}]}).status_code == 200


def test_a_cell_nested_to_the_limit_of_the_parser_is_survived(client: Client) -> None:
    for depth in (50, 300, 600, 900, 950, 980):
        for opening, closing in (("[", "]"), ('{"a":', "}")):
            cell = opening * depth + "1" + closing * depth
            body = json.dumps({"accounts": [GOOD | {"orders": [{"ordered_at": "2025-06-01", "revenue": "@"}]}]})
            answer = client.post("/score", content=body.replace('"@"', cell).encode(), headers=JSON)
            assert answer.status_code in (200, 400)
    body = json.dumps({"accounts": [GOOD | {"account_id": "@"}]}).replace('"@"', "[" * 900 + "]" * 900)
    assert client.post("/score", content=body.encode(), headers=JSON).status_code in (200, 400)


def test_bodies_with_bytes_changed_at_random_are_survived(client: Client) -> None:
    rng = random.Random(5)
    body = json.dumps({"as_of": "2025-07-01", "accounts": [GOOD | {"tickets": [{"opened_at": "2025-05-05"}]}]}).encode()
    for _ in range(400):
        spoiled = bytearray(body)
        for _ in range(rng.randint(1, 4)):
            spoiled[rng.randrange(len(spoiled))] = rng.choice(b'{}[]",:0129.eE-\\u \x00\xff')
        answer = client.post("/score", content=bytes(spoiled), headers=JSON)
        assert answer.status_code in (200, 400, 413, 422), spoiled


def test_events_at_both_ends_of_time_are_scored_together(client: Client) -> None:
    days = ("0001-01-01", "1000-01-01", "1969-12-31", "2025-06-01", "9998-01-01")
    orders = [{"ordered_at": day, "revenue": 1e11, "recorded_at": "2025-06-02"} for day in days]
    orders += [{"ordered_at": "2025-06-01", "revenue": -1e11}] * 3
    contracts = [{"starts_on": "9999-12-31", "recorded_at": "0001-01-02", "ends_on": "0001-01-01", "value": 1e11}]
    (result,) = client.score({"account_id": "a", "orders": orders, "contracts": contracts}, as_of="2026-01-01")
    assert result["scores"]["rung"] in ("suspect", "shopper")


DOCUMENT = document("1.0")["paths"]
POSTS = [path for path, methods in DOCUMENT.items() if "post" in methods]
CORPUS: tuple[bytes, ...] = (
    b"", b" ", b"null", b"0", b'""', b"[]", b"{}", b"{", b"}", b"nul", b"\x00", b"\xff\xfe{}", b"\xef\xbb\xbf", b"{}{}",
    b"NaN", b"-Infinity", b"1e400", b"-1e400", b"1e-400", b"9" * 4000, b"9" * 5000, b"-" + b"9" * 400, b"0x10", b"01",
    b"1.", b"[" * 100_000, b"[" * 990 + b"]" * 990, b'{"a":' * 990 + b"1" + b"}" * 990, b'{"a":' * 50_000, b"{},",
    b'{"accounts": [], "accounts": []}', b'{"a": 1, "a": 2}', b'{"\\u0061": 1, "a": 2}', b'{"a": [{"a": 1, "a": 1}]}',
    b'"\\ud800"', b'{"\\ud800": 1}', b'"\\udc00\\ud800"', b'"\xed\xa0\x80"', b'"\\u0000"', b'"\\x41"', b'"a\nb"',
    b'{"accounts": [{"account_id": "\\ud800"}]}', b'{"accounts": [{"account_id": 1e400}]}', b'"\xc0\xaf"',
    b'{"accounts": [{"account_id": NaN}]}', b'{"as_of": "0000-01-01", "accounts": []}', b"\x80\x04\x95", b"(dp0\n.",
    b'{"as_of": "9999-12-31", "accounts": []}', b'{"__proto__": {}, "accounts": []}', b"/* */ {}", b"{'a': 1}",
    b'{"constructor": {"prototype": {}}}', b"<xml/>", b"a=b", b"{" + b" " * 100_000, b"[{}" + b",{}" * 5_000 + b"]",
    b'{"accounts": ["' + b"x" * 1_000_000 + b'"]}', b'{"' + b"x" * 100_000 + b'": 1}',
)  # fmt: skip
TYPES: tuple[Any, ...] = (
    None, True, -1, 1e308, 10**30, "", "\ud800", "0000-01-01", "9999-12-31", [], {}, [[1]], {"a": {}},
)  # fmt: skip


@pytest.fixture(scope="module")
def whole(
    scoring_service: ScoringService, folder: Path, histories: Histories, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Client]:
    """A service with a model and a store that has batch scores."""
    url = f"sqlite:///{tmp_path_factory.mktemp('store') / 'ladder.db'}"
    fill(url, scored(folder, histories))
    store_service = StoreService(url)
    with Client(create_app(ModelHolder(scoring_service), archive=store_service)) as client:
        yield client
    store_service.close()


def _said(path: str) -> set[int]:
    """Every status that the document knows of."""
    return {int(status) for status in DOCUMENT[path]["post"]["responses"]}


@pytest.mark.parametrize("path", POSTS)
def test_every_endpoint_survives_what_is_hardly_json(whole: Client, path: str) -> None:
    for raw in CORPUS:
        answer = whole.post(path, content=raw, headers=JSON)
        assert answer.status_code in _said(path) - {500, 503}, (raw[:60], answer.text)
        assert answer.status_code == 200 or set(answer.json()) == {"error"}


def _places(content: Any, here: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value within."""
    yield here
    inside = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    for key, value in inside:
        yield from _places(value, (*here, key))


def _replaced(content: Any, place: tuple[Any, ...], value: Any) -> Any:
    """The same with another value there."""
    if not place:
        return value
    copy = dict(content) if isinstance(content, dict) else list(content)
    copy[place[0]] = _replaced(content[place[0]], place[1:], value)
    return copy


@pytest.mark.parametrize("path", [path for path in POSTS if "requestBody" in DOCUMENT[path]["post"]])
def test_every_field_of_every_example_survives_every_type(whole: Client, path: str) -> None:
    """The same for endpoints to come: the document names them, and their examples name their fields."""
    example = DOCUMENT[path]["post"]["requestBody"]["content"]["application/json"]["example"]
    tried = 0
    for place in _places(example):
        for value in TYPES:
            answer = whole.post_json(path, _replaced(example, place, value))
            assert answer.status_code in _said(path) - {500, 503}, (place, value, answer.text)
            tried += 1
    assert tried > 50
