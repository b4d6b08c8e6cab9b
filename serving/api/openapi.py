"""The OpenAPI 3.0 document: paths, the pydantic models, and every column of the contract's tables.

Written from the same tables and models that read the requests, so that it cannot say anything else.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic.json_schema import models_json_schema

from features.schema import Column, Kind, Table
from features.tables import TABLE
from serving.api.endpoints import ANY, ENDPOINTS, OPEN, Endpoint
from serving.api.request_bodies import MOST_BYTES
from serving.api.schemas import MOST_ACCOUNTS, ErrorAnswer, Reloaded, ScoreAnswer, ScoreRequest, Version
from serving.api.security.gate import VERSION
from serving.api.store_endpoints.store_openapi import POSTS, Posted, event_schema
from serving.api.store_endpoints.store_schemas import (
    MOST_CHANGES,
    MOST_EVENTS,
    MOST_LOOKUPS,
    USUAL_CHANGES,
    ChangesAnswer,
    FeedbackAnswer,
    FeedbackRequest,
    LookupAnswer,
    LookupRequest,
    PlanAnswer,
    PlanRequest,
)
from serving.scoring.request_parsing import EVENT_TABLES, PROFILE
from training.model.text.words import DEFAULT_LANGUAGE, LANGUAGES

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
    401: "No key, or one that is not good.",
    403: "The key lacks the scope; or there are no keys, and somebody beyond this machine asks.",
    405: "Another method is meant.",
    413: f"More accounts or events than allowed, or more than {MOST_BYTES // 1024 // 1024} MB.",
    414: "The address is longer than 8 kB.",
    415: "The body is not declared as JSON in UTF-8.",
    422: "The JSON does not keep to the contract.",
    500: "A mistake of ours.",
    429: "Too many requests of this key; Retry-After says when to come again.",
    503: "No model is loaded, no batch scores are there, the store cannot be used or is full, too much is waiting, or "
    "it took too long. Retry-After says when to come again; what was not acknowledged may be repeated.",
}


_REQUESTS = (ScoreRequest, LookupRequest, PlanRequest, FeedbackRequest)
_ANSWERS = (ScoreAnswer, LookupAnswer, ChangesAnswer, PlanAnswer, FeedbackAnswer, Version, Reloaded, ErrorAnswer)


def document(program: str) -> dict[str, Any]:
    """Return the whole OpenAPI document.  program : the program's version."""
    operations: dict[str, dict[str, Any]] = {
        **{posted.path: _post(posted) for posted in (_SCORE, *POSTS)},
        "/changes": _changes(),
        "/admin/reload": _order("Look for another champion at once, instead of within seconds", "Reloaded"),
        "/version": _get("Which model and which program answer", "Version", 503),
        "/healthz": _get("Whether the process is alive", None),
        "/readyz": _get("Whether a model is loaded and the store answers", None, 503),
        "/metrics": _text("Figures about the service, for Prometheus", "text/plain"),
        "/docs": _text("This documentation", "text/html"),
        "/openapi.json": _get("This documentation, for programs", None),
        "/": _get("Where the documentation is; to a browser, the managers' page", None),
    }
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
        "servers": [{"url": VERSION, "description": "This version."}, {"url": "/", "description": "The same."}],
        "paths": {
            endpoint.path: {endpoint.method.lower(): _guarded(endpoint, operations[endpoint.path])}
            for endpoint in ENDPOINTS
        },
        "components": {"schemas": _schemas(), "securitySchemes": _SCHEMES},
    }


_SCHEMES = {
    "key": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key, made by `ladder keys create`. The header X-API-Key takes it too.",
    }
}
_LEAP = "(19|21)(0[48]|[2468][048]|[13579][26])|20([02468][048]|[13579][26])"
_DAY = (
    "(19[0-9]{2}|20[0-9]{2}|21[0-9]{2})-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|"
    f"02-(0[1-9]|1[0-9]|2[0-8]))|({_LEAP})-02-29"
)
_TIME = "T([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,6})?)?"
_ZONE = "Z|[+-](0[0-9]|1[0-4]):[0-5][0-9]"
INSTANT = f"^(?!1900-01-01|2199-12-31)({_DAY})({_TIME}({_ZONE})?)?$"
"""What as_of may be, to the day: so a program that keeps to the document is never told that there is no such day. The
first and the last day of the span are left out, since a zone may push them beyond it."""


def _guarded(endpoint: Endpoint, operation: Mapping[str, Any]) -> dict[str, Any]:
    """Return the operation with its name, and with the answers of the authentication before it."""
    name = endpoint.path.strip("/").replace("/", "_").removesuffix(".json") or "index"
    content = {"operationId": name, **operation}
    if endpoint.scope == OPEN:
        return content | {"security": []}
    needed = "any scope" if endpoint.scope == ANY else f"the scope {endpoint.scope}"
    said = operation.get("description", operation["summary"] + ".")
    responses = dict(sorted((operation["responses"] | _errors((401, 403, 429, 503))).items()))
    return content | {
        "description": f"{said} Needs a key with {needed}, as soon as the service has keys.",
        "security": [{name: []} for name in _SCHEMES],
        "responses": responses,
    }


_SCORE = Posted(
    path="/score",
    summary="Score accounts from their own rows",
    description=(
        f"At most {MOST_ACCOUNTS} accounts in each request. Every account is read and scored by itself: "
        "a row that cannot be used is set aside and named in its account's warnings, an account that cannot be scored "
        "gets the status error, and neither touches the others. A table that is left out counts as empty. Without "
        "as_of, each account is looked at from the midnight after its own last event, whatever stands beside it."
    ),
    request="ScoreRequest",
    answer="ScoreAnswer",
    means="A result for every account, in the order asked",
    example=EXAMPLE,
)


def _post(posted: Posted) -> dict[str, Any]:
    content = {"schema": _ref(posted.request), "example": posted.example}
    return {
        "summary": posted.summary,
        "description": posted.description,
        "requestBody": {"required": True, "content": {"application/json": content}},
        "responses": {"200": _response(posted.means, posted.answer)} | _errors((400, 413, 415, 422, 500, 503)),
    }


def _get(summary: str, schema: str | None, *errors: int) -> dict[str, Any]:
    return {"summary": summary, "responses": {"200": _response(summary, schema)} | _errors(errors)}


def _changes() -> dict[str, Any]:
    def asked(name: str, schema: dict[str, Any], words: str) -> dict[str, Any]:
        return {"name": name, "in": "query", "required": False, "schema": schema, "description": words}

    return {
        **_get("What changed since the last time, page by page", "ChangesAnswer", 414, 422, 503),
        "description": "Accounts whose scores changed, and those that are gone, oldest change first. Without since "
        "everything, from the beginning. Keep next_cursor and give it the next time; while more is true, ask at once.",
        "parameters": [
            asked("since", {"type": "string"}, "The next_cursor of an earlier answer, as it is."),
            asked("limit", {"type": "integer", "minimum": 1, "maximum": MOST_CHANGES, "default": USUAL_CHANGES},
                  "Accounts in the answer."),
            asked("language", {"type": "string", "enum": [*LANGUAGES], "default": DEFAULT_LANGUAGE}, "Of the reasons."),
        ],
    }  # fmt: skip


def _order(summary: str, schema: str) -> dict[str, Any]:
    """Return an operation without a body."""
    return {"summary": summary, "responses": {"200": _response(summary, schema)}}


def _text(summary: str, media: str) -> dict[str, Any]:
    answer = {"description": summary, "content": {media: {"schema": {"type": "string"}}}}
    return {"summary": summary, "responses": {"200": answer}}


def _response(description: str, schema: str | None) -> dict[str, Any]:
    content = {"type": "object"} if schema is None else _ref(schema)
    return {"description": description, "content": {"application/json": {"schema": content}}}


def _errors(statuses: Sequence[int]) -> dict[str, Any]:
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
    schemas["ScoreRequest"]["properties"]["as_of"] |= {"pattern": INSTANT}
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
    """Return a cell's schema; what is not required may be null or left out."""
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
    """Return the schema as OpenAPI 3.0 writes it, with `nullable` instead of a type null."""
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
