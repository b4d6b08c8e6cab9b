"""One line a request, in JSON, with everything that operators need and nothing that clients sent."""

import io
import json
import logging
import os
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from serving.api.app import create_app
from serving.api.model_holder import ModelHolder
from serving.api.observability.logging import Patient, configure_logging, tell
from serving.api.security.keyring import Key, Keyring, make_secret
from serving.scoring.scoring_service import ScoringService
from tests.serving.client import JSON, Client

KEY_ID, SECRET, DIGEST = make_secret()
RING = Keyring([Key(KEY_ID, "SECRETNAME", frozenset(("score", "admin")), DIGEST)])
KEYED = JSON | {"Authorization": f"Bearer {SECRET}"}
ORDER = {"ordered_at": "2025-06-01", "revenue": 10}


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What stands in the log."""
    log, logger = io.StringIO(), logging.getLogger("serving")
    before = logger.handlers, logger.propagate, logger.level
    monkeypatch.setattr(sys, "stderr", log)
    configure_logging()
    yield log
    logger.handlers, logger.propagate = before[0], before[1]
    logger.setLevel(before[2])


@pytest.fixture
def client(scoring_service: ScoringService) -> Iterator[Client]:
    with Client(create_app(ModelHolder(scoring_service), ring=lambda: RING)) as client:
        yield client


def _lines(written: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written.getvalue().splitlines()]


def test_a_request_is_one_line_with_what_operators_ask_for(
    client: Client, scoring_service: ScoringService, written: io.StringIO
) -> None:
    body = json.dumps({"accounts": [{"account_id": "A", "orders": [ORDER]}, {"account_id": "B"}]}).encode()
    answer = client.post("/score", content=body, headers=KEYED | {"X-Request-Id": "crm-17.a_B"})
    (line,) = _lines(written)
    assert answer.headers["x-request-id"] == "crm-17.a_B"
    assert line.pop("ms") > 0
    assert line.pop("at").endswith("+00:00")
    assert line == {
        "level": "info", "event": "request", "request_id": "crm-17.a_B", "method": "POST", "path": "/score",
        "status": 200, "model": scoring_service.scorer.version, "accounts": 1, "key": KEY_ID,
    }  # fmt: skip


@pytest.mark.parametrize("given", ["", "a b", "a\tb", "x" * 65, "<script>", "{}", '"', "é", "a;b", "..%0a"])
def test_a_request_id_that_is_not_sane_is_replaced(client: Client, written: io.StringIO, given: str) -> None:
    answer = client.request("GET", "/version", headers={"X-Request-Id": given.encode(), "X-API-Key": SECRET})
    assert answer.headers["x-request-id"] == _lines(written)[0]["request_id"] != given
    assert len(answer.headers["x-request-id"]) == 32


def test_nothing_that_a_client_sends_reaches_the_log(client: Client, written: io.StringIO) -> None:
    """Hostile values in every place there is; each holds one word, which must then be nowhere."""
    word = "SECRET"
    nasty = [word, f"{word}\n{{}}", f"\r\n{word}", f"\u2028{word}", f"{word}\x00", f"%s{word}%n", f"\ud800{word}"]
    for text in nasty:
        for body in (
            {"accounts": [{"account_id": text, "account": {"name": text}, text: text, "orders": [{text: text}]}]},
            {"accounts": [{"account_id": "a", "orders": [ORDER | {"ordered_at": text, "revenue": text}]}]},
            {"accounts": [], "as_of": text}, {"accounts": [], text: 1}, {"accounts": text}, text, {text: text},
            {"accounts": [], "language": text},
        ):  # fmt: skip
            assert client.post("/score", content=json.dumps(body).encode(), headers=KEYED).status_code < 500
    for raw in (b"SECRET", b'{"SECRET": NaN}', b'{"SECRET": 1, "SECRET": 2}', b"\xffSECRET"):
        client.post("/score", content=raw, headers=KEYED)
    for headers in (
        {"Authorization": f"Bearer {word}"}, {"X-API-Key": word}, {"Content-Type": word}, {"Host": word},
        {"User-Agent": word}, {"X-Forwarded-For": word}, {"X-Request-Id": f"{word} {word}"}, {"Cookie": word},
        {"Content-Encoding": word}, {"Referer": word},
    ):  # fmt: skip
        client.request("POST", "/score", headers=KEYED | headers, content=b"{}")
    for path in (f"/{word}", f"/score?{word}={word}", f"/{word}/%0a", f"/score#{word}"):
        client.request("GET", path, headers=KEYED)
    client.request(word, "/score", headers=KEYED)
    lines = _lines(written)
    assert len(lines) > 60
    assert word not in written.getvalue()
    assert SECRET not in written.getvalue()
    assert {line["method"] for line in lines} == {"POST", "GET", "other"}
    assert {line["path"] for line in lines} == {"/score", "other"}


def test_probes_are_written_down_only_when_they_fail(scoring_service: ScoringService, written: io.StringIO) -> None:
    holder = ModelHolder(scoring_service)
    with Client(create_app(holder)) as client:
        client.get("/healthz")
        client.get("/readyz")
        assert not _lines(written)
        holder.scoring_service = None
        client.get("/readyz")
    assert [line["status"] for line in _lines(written)] == [503]


def test_a_log_that_nobody_reads_any_more_stops_nothing() -> None:
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as stream:
        handler = Patient(stream)
        logger = logging.Logger("full")
        logger.addHandler(handler)
        for _ in range(5_000):
            logger.info("x" * 100)
    assert os.read(reading, 10) == b"x" * 10
    os.close(reading)


def test_a_field_that_is_not_known_is_left_out(written: io.StringIO) -> None:
    tell("event", one=None, two=2)
    (line,) = _lines(written)
    assert set(line) == {"at", "level", "event", "two"}
