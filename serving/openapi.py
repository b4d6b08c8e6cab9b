"""The OpenAPI 3.0 document: paths, the pydantic models, and every column of the contract's tables.

Written from the same tables and models that read the requests, so that it cannot say anything else.
"""

from collections.abc import Mapping
from typing import Any

from pydantic.json_schema import models_json_schema

from features.tables import TABLE, Column, Kind, Table
from serving.bodies import MOST_BYTES
from serving.readings import EVENT_TABLES, PROFILE
from serving.schemas import MOST_ACCOUNTS, ErrorAnswer, ScoreAnswer, ScoreRequest, Version
from serving.store_openapi import POSTS, Posted, event_schema
from serving.store_schemas import (
    MOST_EVENTS,
    MOST_LOOKUPS,
    FeedbackAnswer,
    FeedbackRequest,
    LookupAnswer,
    LookupRequest,
    PlanAnswer,
    PlanRequest,
)

EXAMPLE: Mapping[str, Any] = {
    "as_of": "2026-01-01",
    "explain": True,
    "accounts": [
        {
            "account_id": "A-1007",
            "account": {"industry": "food", "country": "NL", "employees": 140, "created_at": "2023-02-01"},
            "contacts": [{"contact_id": "P-1", "role": "buyer", "active_from": "2023-02-01"}],
            "orders": [
                {"order_id": "O-1", "ordered_at": "2025-03-14", "revenue": 1250.0, "cost": 830.5},
                {"order_id": "O-2", "ordered_at": "2025-06-20T09:30:00Z", "revenue": 980.25, "discount": 0.05},
                {"order_id": "O-3", "ordered_at": "2025-11-03", "revenue": 1410.0},
            ],
            "tickets": [{"ticket_id": "T-1", "opened_at": "2025-11-20", "severity": 2}],
            "interactions": [
                {"happened_at": "2025-12-01", "contact_id": "P-1", "channel": "visit", "initiated_by": "us"}
            ],
        },
        {"account_id": "A-1008", "orders": [{"ordered_at": "2025-10-10", "revenue": 310.0}]},
    ],
}
_MEANINGS = {
    400: "The body is not JSON.",
    413: f"More accounts or events than allowed, or more than {MOST_BYTES // 1024 // 1024} MB.",
    415: "The body is not declared as JSON in UTF-8.",
    422: "The JSON does not keep to the contract.",
    500: "A mistake of ours.",
    503: "No model is loaded or no batch scores are there yet, the store cannot be used or is full, or the request "
    "took too long. Send it again later: what was not acknowledged may be repeated.",
}


_REQUESTS = (ScoreRequest, LookupRequest, PlanRequest, FeedbackRequest)
_ANSWERS = (ScoreAnswer, LookupAnswer, PlanAnswer, FeedbackAnswer, Version, ErrorAnswer)


def document(program: str) -> dict[str, Any]:
    """The whole document.  program : the program's version."""
    return {
        "openapi": "3.0.3",
        "info": {
            "title": "Loyalty ladder",
            "version": program,
            "description": "Where every business account stands on the loyalty ladder, where it goes next, and whom to "
            "invest in first. Times are UTC and written as ISO 8601; money is in one currency; what is not known is "
            "null. The same account with the same rows gets the same scores here as in a batch, to the last bit, "
            "whatever accounts stand beside it.",
        },
        "paths": {
            **{posted.path: {"post": _post(posted)} for posted in (_SCORE, *POSTS)},
            "/version": {"get": _get("Which model and which program answer", "Version", 503)},
            "/healthz": {"get": _get("Whether the process is alive", None)},
            "/readyz": {"get": _get("Whether a model is loaded", None, 503)},
            "/metrics": {"get": _text("Figures about the service, for Prometheus", "text/plain")},
            "/docs": {"get": _text("This documentation", "text/html")},
            "/openapi.json": {"get": _get("This documentation, for programs", None)},
        },
        "components": {"schemas": _schemas()},
    }


_SCORE = Posted(
    "/score", "Score accounts from their own rows",
    f"At most {MOST_ACCOUNTS} accounts in each request. Every account is read and scored by itself: "
    "a row that cannot be used is set aside and named in its account's warnings, an account that cannot be scored "
    "gets the status error, and neither touches the others. A table that is left out counts as empty. Without "
    "as_of, all accounts are looked at from the midnight after the last event of the request.",
    "ScoreRequest", "ScoreAnswer", "A result for every account, in the order asked", EXAMPLE,
)  # fmt: skip


def _post(posted: Posted) -> dict[str, Any]:
    content = {"schema": _ref(posted.request), "example": posted.example}
    return {
        "summary": posted.summary,
        "description": posted.description,
        "requestBody": {"required": True, "content": {"application/json": content}},
        "responses": {"200": _response(posted.means, posted.answer)} | _errors(400, 413, 415, 422, 500, 503),
    }


def _get(summary: str, schema: str | None, *errors: int) -> dict[str, Any]:
    return {"summary": summary, "responses": {"200": _response(summary, schema)} | _errors(*errors)}


def _text(summary: str, media: str) -> dict[str, Any]:
    answer = {"description": summary, "content": {media: {"schema": {"type": "string"}}}}
    return {"summary": summary, "responses": {"200": answer}}


def _response(description: str, schema: str | None) -> dict[str, Any]:
    content = {"type": "object"} if schema is None else _ref(schema)
    return {"description": description, "content": {"application/json": {"schema": content}}}


def _errors(*statuses: int) -> dict[str, Any]:
    return {str(status): _response(_MEANINGS[status], "ErrorAnswer") for status in statuses}


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def _schemas() -> dict[str, Any]:
    modes = [*((model, "validation") for model in _REQUESTS), *((model, "serialization") for model in _ANSWERS)]
    _, written = models_json_schema(modes, ref_template="#/components/schemas/{model}")  # type: ignore[arg-type]
    schemas: dict[str, Any] = {name: _older(schema) for name, schema in written["$defs"].items()}
    schemas["ScoreRequest"]["properties"]["accounts"] |= {"items": _ref("Account"), "maxItems": MOST_ACCOUNTS}
    schemas["LookupRequest"]["properties"]["account_ids"] |= {"items": {"type": "string"}, "maxItems": MOST_LOOKUPS}
    schemas["FeedbackRequest"]["properties"]["events"] |= {"items": _ref("Event"), "maxItems": MOST_EVENTS}
    schemas["Event"] = event_schema()
    schemas["Problem"]["required"].remove("field")
    schemas["Account"] = {
        "type": "object",
        "description": "One account and its rows, each table by its name.",
        "required": ["account_id"],
        "properties": {
            "account_id": {"type": "string", "description": "Comes back with the result; rows need not repeat it."},
            PROFILE: {"allOf": [_ref("AccountRow")], "description": TABLE["accounts"].meaning},
            **{
                table.name: {"type": "array", "items": _ref(f"{_title(table)}Row"), "description": table.meaning}
                for table in EVENT_TABLES
            },
        },
    }
    schemas["AccountRow"] = _row(TABLE["accounts"])
    return schemas | {f"{_title(table)}Row": _row(table) for table in EVENT_TABLES}


def _title(table: Table) -> str:
    return table.name.capitalize()


def _row(table: Table) -> dict[str, Any]:
    columns = [column for column in table.columns if column.name != "account_id"]
    schema: dict[str, Any] = {"type": "object", "description": f"One row of {table.name}: {table.meaning}."}
    required = [column.name for column in columns if column.required]
    if required:
        schema["required"] = required
    return schema | {"properties": {column.name: _cell(column) for column in columns}}


def _cell(column: Column) -> dict[str, Any]:
    """What a cell holds; whatever is not required may be null or left out."""
    schema: dict[str, Any] = {"description": column.meaning}
    if column.kind is Kind.TIME:
        schema |= {"type": "string", "format": "date-time"}
        if column.known_from is not None:
            schema["description"] += "; not used unless it lies before as_of"
    elif column.kind in (Kind.MONEY, Kind.NUMBER):
        schema |= {"type": "number", "minimum": column.low, "maximum": column.high}
    elif column.kind is Kind.FLAG:
        schema |= {"type": "boolean"}
    elif column.kind is Kind.CATEGORY:
        schema |= {"type": "string", "enum": [*column.values, *([] if column.required else [None])]}
    else:
        schema |= {"type": "string"}
    return schema if column.required else schema | {"nullable": True}


def _older(node: Any) -> Any:
    """The schema in the words of OpenAPI 3.0, which says `nullable` where JSON Schema has a type null."""
    if isinstance(node, list):
        return [_older(item) for item in node]
    if not isinstance(node, dict):
        return node
    content = {key: _older(value) for key, value in node.items() if key != "title" or not isinstance(value, str)}
    choices = content.get("anyOf", [])
    if {"type": "null"} in choices:
        rest = [choice for choice in choices if choice != {"type": "null"}]
        del content["anyOf"]
        only = rest[0] if len(rest) == 1 and "$ref" not in rest[0] else {"allOf": rest}
        if "enum" in only:
            only = only | {"enum": [*only["enum"], None]}
        content = {**only, **content, "nullable": True}
    if content.get("default", ...) is None:
        del content["default"]
    return content
