"""Routes, statuses and the one shape of errors."""

import json
import logging
import pickle
from typing import Any

import pytest

from serving.api.app import create_app
from serving.api.model_holder import ModelHolder
from serving.api.observability.logging import JsonLines
from serving.api.observability.request_context import RequestContext
from serving.api.request_bodies import MOST_BYTES
from serving.scoring.scoring_service import ScoreAnswer, ScoreQuery, ScoringService
from tests.serving.client import JSON, Client

GOOD = {"account_id": "good", "orders": [{"ordered_at": "2025-06-01", "revenue": 10}]}


def _error(answer: Any) -> tuple[int, str, str | None]:
    """Status, code and field of an answer that must have the shape of errors and nothing beside it."""
    assert answer.headers["content-type"] == "application/json"
    content = answer.json()
    assert set(content) == {"error"}
    assert set(content["error"]) <= {"code", "message", "field"}
    assert len(content["error"]["message"]) < 300
    return answer.status_code, content["error"]["code"], content["error"].get("field")


def test_the_model_and_its_state_are_told(client: Client, scoring_service: ScoringService) -> None:
    assert client.get("/healthz").json() == {"status": "alive"}
    assert client.get("/readyz").json() == {"status": "ready", "version": scoring_service.scorer.version}
    told = client.get("/version").json()
    assert set(told) == {"name", "version", "trained_until", "horizon_days", "catalog", "tables", "refused", "program"}
    assert told["trained_until"] == "2026-01-01"
    answer = client.post("/score", json={"accounts": [GOOD]}).json()
    assert answer["model"] == {name: told[name] for name in ("name", "version", "trained_until", "horizon_days")}


def test_before_a_model_is_there_everything_that_needs_it_says_so_and_the_rest_answers() -> None:
    with Client(create_app(ModelHolder())) as empty:
        assert _error(empty.get("/readyz")) == (503, "not_ready", None)
        assert _error(empty.get("/version")) == (503, "not_ready", None)
        assert _error(empty.post("/score", json={"accounts": []})) == (503, "not_ready", None)
        assert [empty.get(path).status_code for path in ("/healthz", "/docs", "/openapi.json", "/")] == [200] * 4


def test_another_model_is_swapped_in_between_two_requests(scoring_service: ScoringService) -> None:
    holder = ModelHolder()
    with Client(create_app(holder)) as client:
        assert client.get("/readyz").status_code == 503
        holder.scoring_service = scoring_service
        assert client.get("/readyz").status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"nul", b"\xff\xfe", b'{"accounts": [NaN]}', b'{"accounts": [-Infinity]}', b'{"accounts": [1e400]}',
        b'{"accounts": [], "accounts": []}', b'{"accounts": [' + b"9" * 5000 + b"]}", b"[" * 100_000,
        b'{"a":' * 50_000, '{"accounts": []}'.encode("utf-16"), pickle.dumps({"accounts": []}),
    ],
)  # fmt: skip
def test_what_is_not_json_is_400(client: Client, body: bytes) -> None:
    assert _error(client.post("/score", content=body, headers=JSON)) == (400, "malformed_json", None)


@pytest.mark.parametrize(
    ("content", "code", "field"),
    [
        ([], "not_an_object", None),
        (None, "not_an_object", None),
        ({}, "contract", "accounts"),
        ({"accounts": None}, "contract", "accounts"),
        ({"accounts": {"account_id": "a"}}, "contract", "accounts"),
        ({"accounts": "a"}, "contract", "accounts"),
        ({"accounts": [], "asof": "2025-01-01"}, "contract", "asof"),
        ({"accounts": [], "explain": "yes"}, "contract", "explain"),
        ({"accounts": [], "explain": 1}, "contract", "explain"),
        ({"accounts": [], "as_of": 20250101}, "contract", "as_of"),
        ({"accounts": [], "as_of": "tomorrow"}, "unreadable_time", "as_of"),
        ({"accounts": [], "as_of": ""}, "unreadable_time", "as_of"),
        ({"accounts": [], "as_of": "2025-02-30"}, "unreadable_time", "as_of"),
        ({"accounts": [], "as_of": "0000-01-01"}, "unreadable_time", "as_of"),
        ({"accounts": [], "as_of": "0001-01-01"}, "out_of_range", "as_of"),
        ({"accounts": [], "as_of": "9999-12-31"}, "out_of_range", "as_of"),
    ],
)
def test_what_does_not_keep_to_the_contract_is_422(client: Client, content: Any, code: str, field: str) -> None:
    assert _error(client.post_json("/score", content)) == (422, code, field)


@pytest.mark.parametrize(
    "headers",
    [
        {}, {"Content-Type": "text/plain"}, {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "application/vnd.bentoml+pickle"}, {"Content-Type": "application/octet-stream"},
        {"Content-Type": "multipart/form-data; boundary=x"}, {"Content-Type": "application/json; charset=latin-1"},
        JSON | {"Content-Encoding": "gzip"},
    ],
)  # fmt: skip
def test_what_is_not_declared_as_plain_json_is_415_and_never_decoded(client: Client, headers: dict[str, str]) -> None:
    body = pickle.dumps(_Bomb())
    assert _error(client.post("/score", content=body, headers=headers))[0] == 415
    assert not _Bomb.went_off


class _Bomb:
    went_off = False

    def __reduce__(self) -> Any:
        return setattr, (_Bomb, "went_off", True)


def test_json_with_a_charset_or_a_byte_order_mark_is_read(client: Client) -> None:
    body = b"\xef\xbb\xbf" + json.dumps({"accounts": [GOOD]}).encode()
    headers = {"Content-Type": 'Application/JSON; charset="UTF-8"'}
    assert client.post("/score", content=body, headers=headers).status_code == 200


def test_too_much_is_413(client: Client) -> None:
    many = {"accounts": [GOOD | {"account_id": str(k)} for k in range(201)]}
    assert _error(client.post("/score", json=many)) == (413, "too_many_accounts", "accounts")
    assert len(client.score(*many["accounts"][:200])) == 200
    body = b" " * (MOST_BYTES + 1)
    assert _error(client.post("/score", content=body, headers=JSON)) == (413, "body_too_large", None)


def test_a_body_of_unknown_length_is_cut_off_where_it_becomes_too_large(scoring_service: ScoringService) -> None:
    sent = 0

    async def endless() -> Any:
        nonlocal sent
        while True:
            sent += 1
            yield b" " * 65_536

    with Client(create_app(ModelHolder(scoring_service))) as client:
        answer = client.post("/score", content=endless(), headers=JSON)
    assert _error(answer) == (413, "body_too_large", None)
    assert sent <= MOST_BYTES // 65_536 + 2


def test_unknown_paths_and_methods_have_our_shape_too(client: Client) -> None:
    for path in ("/nothing", "/score/", "/livez", "/schema.json", "/docs.json", "/static_content/x", "/../etc/passwd"):
        assert _error(client.get(path)) == (404, "not_found", None)
    answer = client.get("/score")
    assert (*_error(answer), answer.headers["allow"]) == (405, "method_not_allowed", None, "POST")
    for path in ("/", "/healthz", "/readyz", "/version", "/docs", "/openapi.json", "/metrics"):
        assert _error(client.post(path))[0] == 405
    assert client.request("HEAD", "/healthz").status_code == 200


def test_a_mistake_of_ours_is_a_500_that_tells_neither_client_nor_log_a_value(
    scoring_service: ScoringService, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def mistake(_: ScoringService, query: ScoreQuery) -> ScoreAnswer:
        raise ValueError(f"secret {query!r}")

    monkeypatch.setattr(ScoringService, "score", mistake)
    with caplog.at_level(logging.DEBUG), Client(create_app(ModelHolder(scoring_service))) as client:
        answer = client.post("/score", json={"accounts": ["secret"]})
    assert _error(answer) == (500, "internal", None)
    assert "secret" not in answer.text
    (line,) = [json.loads(JsonLines().format(r)) for r in caplog.records if r.levelno >= logging.ERROR]
    assert (line["event"], line["path"], line["type"]) == ("mistake", "/score", "ValueError")
    assert "mistake" in line["at_code"]
    assert line["request_id"] == answer.headers["x-request-id"]
    assert "secret" not in caplog.text


def test_nothing_of_a_request_is_logged(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="serving"):
        client.score({"account_id": "secret", "orders": [{"ordered_at": "secret", "secret": 1}], "secret": 1})
        client.post("/score", json={"accounts": [], "secret": 1})
        client.post("/score", content=b"secret", headers=JSON)
    assert "secret" not in caplog.text


def test_a_slow_request_is_given_up_in_our_shape(
    scoring_service: ScoringService, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def slow() -> Any:
        import anyio

        yield b"{"
        await anyio.sleep(5)

    monkeypatch.setattr("serving.api.bounded_executor.PATIENCE_SECONDS", 0.05)
    with Client(create_app(ModelHolder(scoring_service))) as client:
        assert _error(client.post("/score", content=slow(), headers=JSON)) == (503, "too_slow", None)


def test_requests_are_measured_by_route_and_never_by_what_somebody_tried(scoring_service: ScoringService) -> None:
    seen: list[tuple[str, int]] = []

    class Meter:
        def observe(self, path: str, status: int, seconds: float, _: RequestContext) -> None:
            assert seconds > 0
            seen.append((path, status))

        def show(self) -> tuple[bytes, str]:
            return b"figures 1\n", "text/plain"

    with Client(create_app(ModelHolder(scoring_service), Meter())) as client:
        client.get("/metrics")
        client.get("/a/b/c")
        client.post("/score", json={"accounts": [GOOD]})
        client.get("/score")
        assert client.get("/metrics").text == "figures 1\n"
    assert seen[:4] == [("/metrics", 200), ("other", 404), ("/score", 200), ("/score", 405)]
