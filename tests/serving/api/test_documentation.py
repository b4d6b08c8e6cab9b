"""The OpenAPI document and the page: complete, true, and whole in themselves."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from features.tables import OF_THE_SUPPLIER, TABLES
from serving.api.app import create_app
from serving.api.model_holder import ModelHolder
from serving.api.openapi import EXAMPLE
from tests.serving.client import Client


@pytest.fixture(scope="module")
def document(client: Client) -> Any:
    return client.get("/openapi.json").json()


def _nodes(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _nodes(child)


def test_the_example_of_the_document_runs_as_it_stands(client: Client, document: Any) -> None:
    example = document["paths"]["/score"]["post"]["requestBody"]["content"]["application/json"]["example"]
    assert example == EXAMPLE
    answer = client.post_json("/score", example)
    assert answer.status_code == 200
    results = answer.json()["results"]
    assert [result["status"] for result in results] == ["ok", "ok"]
    assert {w["code"] for result in results for w in result["warnings"]} == {"table_missing"}
    assert [result["account_id"] for result in results] == [account["account_id"] for account in EXAMPLE["accounts"]]


def test_every_table_and_column_of_the_contract_is_documented_with_its_meaning(document: Any) -> None:
    schemas = document["components"]["schemas"]
    given = schemas["Account"]["properties"]
    for table in TABLES:
        if table.name in OF_THE_SUPPLIER:
            continue
        name = "account" if table.name == "accounts" else table.name
        reference = given[name]["allOf"][0] if name == "account" else given[name]["items"]
        row = schemas[reference["$ref"].rsplit("/", 1)[1]]
        columns = [column for column in table.columns if column.name != "account_id"]
        assert list(row["properties"]) == [column.name for column in columns]
        for column in columns:
            assert column.meaning in row["properties"][column.name]["description"]
            assert (column.name in row.get("required", [])) == column.required


def test_answers_are_what_the_document_says(client: Client, document: Any) -> None:
    schemas = document["components"]["schemas"]
    answer = client.post_json("/score", EXAMPLE | {"accounts": [*EXAMPLE["accounts"], {}]}).json()
    _agrees(answer, schemas["ScoreAnswer"], schemas)
    _agrees(client.get("/version").json(), schemas["Version"], schemas)
    _agrees(client.post_json("/score", {}).json(), schemas["ErrorAnswer"], schemas)
    _agrees(client.get("/nothing").json(), schemas["ErrorAnswer"], schemas)
    _agrees(EXAMPLE, schemas["ScoreRequest"], schemas)


def _agrees(value: Any, schema: dict[str, Any], schemas: dict[str, Any]) -> None:
    """The few words of JSON Schema that the document uses, checked with nothing left over."""
    if value is None:
        assert schema.get("nullable"), schema
        return
    for part in schema.get("allOf", [schema] if "$ref" in schema else []):
        _agrees(value, schemas[part["$ref"].rsplit("/", 1)[1]], schemas)
    kind = schema.get("type")
    if kind == "object":
        assert set(value) <= set(schema["properties"])
        assert set(value) >= set(schema.get("required", ()))
        for name, cell in value.items():
            _agrees(cell, schema["properties"][name], schemas)
    elif kind == "array":
        for cell in value:
            _agrees(cell, schema["items"], schemas)
    elif kind is not None:
        allowed = {"string": str, "number": (int, float), "integer": int, "boolean": bool}[kind]
        assert isinstance(value, allowed), (value, schema)
        assert value in schema.get("enum", [value])


def test_the_document_speaks_openapi_3_0_and_refers_to_nothing_that_is_not_there(document: Any) -> None:
    assert document["openapi"] == "3.0.3"
    names = document["components"]["schemas"]
    for node in _nodes(document):
        assert node.get("type") != "null"
        assert not set(node) & {"const", "prefixItems", "$defs", "examples"}
        if isinstance(node.get("$ref"), str):
            assert node["$ref"].removeprefix("#/components/schemas/") in names
            assert list(node) == ["$ref"]
    for name in (
        "ScoreRequest",
        "ScoreAnswer",
        "Result",
        "Scores",
        "InvestmentScores",
        "HorizonScores",
        "Model",
        "Version",
        "Finding",
        "LookupRequest",
        "LookupResult",
        "LookupModel",
        "InvestmentDecision",
        "SwitchDecision",
        "Override",
        "PlanRequest",
        "PlanRow",
        "PlanTotals",
        "FeedbackRequest",
        "FeedbackResult",
        "Event",
    ):
        properties = names[name]["properties"]
        silent = [field for field, content in properties.items() if not content.get("description")]
        assert set(silent) <= {
            "account_id",
            "model_version",
            "errors",
            "warnings",
            "model",
            "results",
            "not_the_best",
        }, (name, silent)


def test_every_route_is_documented_and_answers(client: Client, document: Any) -> None:
    app = create_app(ModelHolder())
    documented = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    routes = {(method, route.path) for route in app.routes for method in route.methods - {"HEAD"}}  # type: ignore[attr-defined]
    assert documented == routes
    for method, path in documented:
        if method == "GET":
            assert client.get(path).status_code == (503 if path == "/changes" else 200)  # without a store


def test_the_page_needs_nothing_from_elsewhere_and_shows_every_endpoint_and_field(
    client: Client, document: Any
) -> None:
    answer = client.get("/docs")
    html = answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert not re.search(r"<script|<link|<img|<iframe|@import|url\(|https?://", html)
    anchors = set(re.findall(r'id="([^"]+)"', html))
    assert set(re.findall(r'href="#([^"]+)"', html)) <= anchors
    assert set(re.findall(r'href="([^#"][^"]*)"', html)) == set()
    assert set(document["paths"]) | set(document["components"]["schemas"]) <= anchors
    for schema in document["components"]["schemas"].values():
        for field in schema["properties"]:
            assert f"<code>{field}</code>" in html


def test_the_index_shows_nothing_of_anybody_else(client: Client) -> None:
    assert "http" not in client.get("/").text
    assert client.get("/").json()["documentation"] == "/docs"
