"""Spans of OpenTelemetry: a request, the scoring in it, and every statement to the store.

Off unless `LADDER_TRACES` names an exporter, as OpenTelemetry's packages register them: `console` comes with its SDK,
`otlp` with opentelemetry-exporter-otlp-proto-http. Where to and how is said by OpenTelemetry's own variables
(`OTEL_EXPORTER_OTLP_ENDPOINT`, `OTEL_SERVICE_NAME`). A caller's `traceparent` is continued.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import sqlalchemy as sa
from opentelemetry import context as contexts
from opentelemetry import trace
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from features.errors import SettingsError
from serving.api.observability.request_context import RequestContext
from serving.api.observability.spans import Answered, Headers, Spans

EXPORTER = "LADDER_TRACES"
"""Environment variable: the exporter's name; empty or not there = no spans."""
_GROUP = "opentelemetry_traces_exporter"
_CARRIED = (b"traceparent", b"tracestate")
_OPERATIONS = frozenset("BEGIN SELECT INSERT UPDATE DELETE WITH PRAGMA VACUUM SET SHOW".split())
_OF_STATEMENT = "_ladder_span"


class Traces(Spans):
    """Makes spans and hands them to a processor."""

    def __init__(self, processor: SpanProcessor) -> None:
        name = os.environ.get("OTEL_SERVICE_NAME", "loyalty-ladder")
        self._provider = TracerProvider(resource=Resource.create({SERVICE_NAME: name}))
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("loyalty_ladder")
        self._incoming = TraceContextTextMapPropagator()

    @contextmanager
    def request(self, method: str, headers: Headers) -> Iterator[Answered]:
        """Measure a request for the length of the block."""
        carried = {name.decode(): value.decode("latin-1") for name, value in headers if name in _CARRIED}
        before = self._incoming.extract(carried)
        with self._span(method, SpanKind.SERVER, before, {"http.request.method": method}) as span:

            def answered(path: str, status: int, context: RequestContext) -> None:
                span.update_name(f"{method} {path}")
                span.set_attribute("http.route", path)
                span.set_attribute("http.response.status_code", status)
                span.set_attribute("ladder.request_id", context.request_id)
                if context.accounts is not None:
                    span.set_attribute("ladder.accounts", context.accounts)
                if context.model is not None:
                    span.set_attribute("ladder.model", context.model)
                if status >= 500:
                    span.set_status(StatusCode.ERROR)

            yield answered

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Measure a part of the request that is being answered."""
        with self._span(name, SpanKind.INTERNAL, None, {}):
            yield

    @contextmanager
    def _span(self, name: str, kind: SpanKind, before: contexts.Context | None, told: dict[str, str]) -> Iterator[Span]:
        # What an exception says may hold somebody's values: that there was one is all that is told.
        with self._tracer.start_as_current_span(
            name, before, kind, told, record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                yield span
            except Exception:
                span.set_status(StatusCode.ERROR)
                raise

    def watch(self, engines: Any = sa.Engine) -> None:
        """Measure the statements of all engines, or of one, within requests."""
        sa.event.listen(engines, "before_cursor_execute", self._begin_statement)
        sa.event.listen(engines, "after_cursor_execute", _end_statement)
        sa.event.listen(engines, "handle_error", _fail_statement)

    def _begin_statement(
        self, connection: sa.Connection, _cursor: Any, statement: str, _given: Any, execution: Any, _many: bool
    ) -> None:
        if execution is None or not trace.get_current_span().get_span_context().is_valid:
            return  # nobody's request: the watchers of keys and scores look every few seconds
        word = statement.split(None, 1)[0].upper() if statement.strip() else ""
        told = {
            "db.system.name": connection.dialect.name,
            "db.operation.name": word if word in _OPERATIONS else "OTHER",
        }
        span = self._tracer.start_span("store", kind=SpanKind.CLIENT, attributes=told)
        setattr(execution, _OF_STATEMENT, span)

    def close(self) -> None:
        """Hand over what is left."""
        self._provider.shutdown()


def _end_statement(
    _connection: sa.Connection, _cursor: Any, _statement: str, _given: Any, execution: Any, _many: bool
) -> None:
    span = getattr(execution, _OF_STATEMENT, None)
    if span is not None:
        span.end()


def _fail_statement(failure: sa.engine.ExceptionContext) -> None:
    span = getattr(failure.execution_context, _OF_STATEMENT, None)
    if span is not None:
        span.set_status(StatusCode.ERROR)
        span.end()


def check_exporter() -> str:
    """Return the exporter's name, empty where there is none.  Raises SettingsError where nobody knows it."""
    name = os.environ.get(EXPORTER, "")
    if name:
        _entry(name)
    return name


def traces_of_environment() -> Spans:
    """Return what makes the spans, ready; where no exporter is named, what makes none."""
    name = check_exporter()
    if not name:
        return Spans()
    traces = Traces(BatchSpanProcessor(_entry(name).load()()))
    traces.watch()
    return traces


def _entry(name: str) -> EntryPoint:
    found = entry_points(group=_GROUP)
    for entry in found.select(name=name):
        return entry
    known = ", ".join(sorted({entry.name for entry in found}))
    raise SettingsError(
        f"{EXPORTER}={name}: there is no such exporter of traces; there are {known}. For otlp install "
        "opentelemetry-exporter-otlp-proto-http."
    )
