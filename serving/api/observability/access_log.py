"""The outermost middleware: headers of every response, and a log line and metrics of every request.

It gives the request an id, adds the headers that keep browsers from doing anything clever, measures, logs one line,
and turns what nobody caught into a 500 that tells the client nothing.
"""

import logging
from collections.abc import Callable
from time import perf_counter
from typing import Protocol

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.api.endpoints import endpoint_of
from serving.api.errors import HttpError
from serving.api.observability.logging import place, tell
from serving.api.observability.request_context import RequestContext, begin_request_context
from serving.api.observability.spans import NONE, Spans

HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
DEFAULTS = (
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cache-control", b"no-store"),
    (b"referrer-policy", b"no-referrer"),
)
"""Where the answer does not say it itself."""
GONE = 499
"""Nobody was left to answer."""
_PROBES = frozenset(("/healthz", "/readyz", "/metrics"))
"""Asked every few seconds for ever: only what is wrong with them is written down."""
_METHODS = frozenset("GET HEAD POST PUT PATCH DELETE OPTIONS".split())


class Meter(Protocol):
    """Counts what is answered, and shows it."""

    def observe(self, path: str, status: int, seconds: float, note: RequestContext) -> None:
        """Count an answered request.  path : a route of ours or `other`."""

    def show(self) -> tuple[bytes, str]:
        """Return all metrics as text, and their content type."""


class AccessLog:
    """Around the whole application.  show : how a mistake is answered; None = as JSON."""

    def __init__(
        self, app: ASGIApp, meter: Meter | None, show: Callable[[Request, HttpError], Response] | None = None,
        spans: Spans = NONE,
    ) -> None:  # fmt: skip
        self.app, self.meter, self.show, self.spans = app, meter, show, spans

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on. Raises nothing: the server above would print a traceback with values in it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        with self.spans.request(_method(scope), scope["headers"]) as answered:
            status, note = await self._answer(scope, receive, send)
            answered(_path(scope), status, note)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> tuple[int, RequestContext]:
        """Return the status of the answer that was given, and what is known of the request."""
        status, note = 0, begin_request_context(scope)

        async def dressed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                given = {name for name, _ in message["headers"]}
                added = [*HEADERS, *((name, value) for name, value in DEFAULTS if name not in given)]
                added += [*note.headers, (b"x-request-id", note.request_id.encode())]
                message = {**message, "headers": [*message["headers"], *added]}
            await send(message)

        try:
            await self.app(scope, receive, dressed)
        except ClientDisconnect:
            status = GONE
        except Exception as error:  # noqa: BLE001
            tell(
                "mistake", logging.ERROR, path=_path(scope), type=type(error).__name__, at_code=place(error),
                request_id=note.request_id,
            )  # fmt: skip
            if not status:
                mistake = HttpError(500, "internal", "A mistake of ours; it has been noted.")
                answer = mistake.response if self.show is None else self.show(Request(scope), mistake)
                await answer(scope, receive, dressed)
        finally:
            self._write_down(scope, status, note)
        return status, note

    def _write_down(self, scope: Scope, status: int, note: RequestContext) -> None:
        seconds, path = perf_counter() - note.began, _path(scope)
        if self.meter is not None:
            self.meter.observe(path, status, seconds, note)
        if path in _PROBES and status < 400:
            return
        tell(
            "request", request_id=note.request_id, method=_method(scope), path=path, status=status,
            ms=round(1000 * seconds, 2), model=note.model, accounts=note.accounts, key=note.key,
        )  # fmt: skip


def _method(scope: Scope) -> str:
    return str(scope["method"]) if scope["method"] in _METHODS else "other"


def _path(scope: Scope) -> str:
    """Return the endpoint's path, or one word for all others, so that metrics and log stay bounded."""
    endpoint = endpoint_of(scope["method"], scope["path"])
    return "other" if endpoint is None else endpoint.path
