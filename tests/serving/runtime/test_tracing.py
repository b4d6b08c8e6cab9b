"""Spans where somebody collects them: a request, its scoring, its statements; of nothing else, and of nobody's data."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from features.errors import SettingsError
from features.histories.histories import Histories
from serving.api.app import create_app
from serving.api.model_holder import ModelHolder
from serving.api.observability.spans import Spans
from serving.api.openapi import EXAMPLE
from serving.api.store_endpoints.store_service import StoreService
from serving.runtime.server import Terms, running
from serving.runtime.tracing import EXPORTER, Traces, check_exporter, traces_of_environment
from serving.scoring.scoring_service import ScoringService
from serving.store.database import open_store, reading
from tests.serving.client import JSON, Client
from tests.serving.runs import fill, scored

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.fixture(scope="module")
def url(folder: Path, histories: Histories, tmp_path_factory: pytest.TempPathFactory) -> str:
    url = f"sqlite:///{tmp_path_factory.mktemp('traced') / 'ladder.db'}"
    fill(url, scored(folder, histories))
    return url


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def client(scoring_service: ScoringService, url: str, exporter: InMemorySpanExporter) -> Iterator[Client]:
    traces, archive = Traces(SimpleSpanProcessor(exporter)), StoreService(url)
    engine = archive._engine(writes=False)
    traces.watch(engine)
    with Client(create_app(ModelHolder(scoring_service), archive=archive, spans=traces)) as client:
        yield client
    archive.close()
    traces.close()


def _told(exporter: InMemorySpanExporter) -> tuple[ReadableSpan, list[ReadableSpan]]:
    """The span of the request, and those within it."""
    spans = exporter.get_finished_spans()
    (outer,) = [span for span in spans if span.kind.name == "SERVER"]
    inner = [span for span in spans if span is not outer]
    assert outer.context is not None
    assert all(span.parent is not None and span.parent.span_id == outer.context.span_id for span in inner)
    return outer, inner


def test_a_request_and_its_scoring_are_measured_and_a_callers_trace_goes_on(
    client: Client, exporter: InMemorySpanExporter
) -> None:
    body = json.dumps(EXAMPLE).encode()
    answer = client.post("/v1/score", content=body, headers={**JSON, "traceparent": PARENT, "X-Request-Id": "r-1"})
    assert answer.status_code == 200
    outer, (inner,) = _told(exporter)
    assert (outer.name, inner.name) == ("POST /score", "score")
    assert dict(outer.attributes or {}) == {
        "http.request.method": "POST", "http.route": "/score", "http.response.status_code": 200,
        "ladder.request_id": "r-1", "ladder.accounts": len(EXAMPLE["accounts"]), "ladder.model": outer_model(client),
    }  # fmt: skip
    assert outer.parent is not None
    assert f"{outer.parent.trace_id:032x}" == PARENT[3:35]


def outer_model(client: Client) -> str:
    return str(client.get("/version").json()["version"])


def test_statements_to_the_store_are_measured_and_tell_nothing_that_stands_in_it(
    client: Client, exporter: InMemorySpanExporter
) -> None:
    assert client.post_json("/lookup?q=secret", {"account_ids": ["A00001"]}).status_code == 200
    outer, inner = _told(exporter)
    assert len(inner) >= 3
    assert {span.name for span in inner} == {"store"}
    assert {(span.attributes or {})["db.operation.name"] for span in inner} <= {"BEGIN", "SELECT", "PRAGMA"}
    told = " ".join(span.to_json() for span in (outer, *inner))
    assert not any(text in told for text in ("A00001", "secret", "account_id", "FROM"))


def test_a_failure_is_told_without_its_words(
    client: Client, exporter: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> bytes:
        raise RuntimeError("Jansen owes 17 euros")

    monkeypatch.setattr("serving.api.app.answer_score", fail)
    assert client.post_json("/score", EXAMPLE).status_code == 500
    assert client.get("/nothing/of/A00001").status_code == 404
    spans = exporter.get_finished_spans()
    assert [span.name for span in spans] == ["score", "POST /score", "GET other"]
    assert [span.status.status_code.name for span in spans] == ["ERROR", "ERROR", "UNSET"]
    assert not any("Jansen" in span.to_json() or "A00001" in span.to_json() for span in spans)


def test_statements_that_fail_end_their_span_and_those_of_nobodys_request_have_none(
    url: str, exporter: InMemorySpanExporter
) -> None:
    traces, engine = Traces(SimpleSpanProcessor(exporter)), open_store(url)
    traces.watch(engine)
    with reading(engine) as connection:
        connection.exec_driver_sql("SELECT 1")
    assert exporter.get_finished_spans() == ()
    with traces.step("outer"), engine.connect() as connection, pytest.raises(sa.exc.OperationalError):
        connection.exec_driver_sql("SELECT nothing FROM nowhere")
    engine.dispose()
    statement = next(span for span in exporter.get_finished_spans() if not span.status.is_ok)
    assert (statement.name, statement.status.status_code.name) == ("store", "ERROR")
    assert "nowhere" not in statement.to_json()


def test_there_are_no_spans_unless_somebody_names_an_exporter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(EXPORTER, raising=False)
    assert type(traces_of_environment()) is Spans
    monkeypatch.setenv(EXPORTER, "console")
    assert check_exporter() == "console"
    monkeypatch.setenv(EXPORTER, "nosuch")
    with pytest.raises(SettingsError, match=r"there are .*console"):
        check_exporter()


def test_the_service_says_before_it_starts_that_nobody_knows_the_exporter(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(EXPORTER, "nosuch")
    with pytest.raises(SettingsError, match=EXPORTER), running(folder, 3_999, Terms()):
        raise AssertionError
