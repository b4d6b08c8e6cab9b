"""The HTTP application: routes, errors, and what is said before a model is there.

Every answer on every path has our shape, errors included; what a client sends can never cause a 500, and if
something else does, the log names the place in the code, never a value.
"""

import logging
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from time import perf_counter
from typing import Protocol

import anyio
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.bodies import read_body
from serving.documentation import page
from serving.openapi import document
from serving.refusals import Refusal
from serving.requests import Desk

PATIENCE_SECONDS = 15.0
"""For a body to arrive and to be scored; the scoring of 200 accounts takes a small part of it."""
THREADS = 2
"""Requests scored at once by a worker: more only take turns, each holding its own tables in memory. As many more wait
for the store, so that a slow disk does not keep accounts from being scored."""
_CLOSED = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}
"""The page needs nothing but itself, so nothing else is allowed."""
_CODES = {404: "not_found", 405: "method_not_allowed"}
_log = logging.getLogger(__name__)


class Meter(Protocol):
    """Counts what is answered, and shows it."""

    def observe(self, path: str, status: int, seconds: float) -> None:
        """One request answered; path is a route of ours or `other`."""

    def show(self) -> tuple[bytes, str]:
        """All figures, and their content type."""


@dataclass
class Counter:
    """What serves at the moment: swapped in one step when another model is loaded.

    desk : None until a model is loaded.  reason : why there is none.
    """

    desk: Desk | None = None
    reason: str = "The model is being loaded."

    def open(self) -> Desk:
        """The desk.  Raises Refusal 503 where there is none."""
        if self.desk is None:
            raise Refusal(503, "not_ready", self.reason)
        return self.desk


class Archive(Protocol):
    """Answers from the store: a request's body in, the answer's out; each raises Refusal."""

    def lookup(self, body: bytes, /) -> bytes:
        """Of POST /lookup."""

    def plan(self, body: bytes, /) -> bytes:
        """Of POST /plan."""

    def feedback(self, body: bytes, /) -> bytes:
        """Of POST /feedback."""


class NoArchive:
    """Where the service was started without a store."""

    def lookup(self, _: bytes) -> bytes:
        """Refused."""
        raise Refusal(503, "not_ready", "The service has no store. Start it with `ladder serve --store URL`.")

    plan = feedback = lookup


def create_app(counter: Counter, meter: Meter | None = None, archive: Archive | None = None) -> Starlette:
    """The application; it answers from the start, and scores as soon as the counter has a desk."""
    archive = NoArchive() if archive is None else archive
    program = program_version()
    described = document(program)
    html = page(described)
    scoring, filing = anyio.CapacityLimiter(THREADS), anyio.CapacityLimiter(THREADS)

    async def answered(request: Request, work: Callable[[bytes], bytes], limiter: anyio.CapacityLimiter) -> Response:
        try:
            with anyio.fail_after(PATIENCE_SECONDS):
                body = await read_body(request)
                answer = await anyio.to_thread.run_sync(work, body, abandon_on_cancel=True, limiter=limiter)
        except TimeoutError:
            slow = f"The request was not done in {PATIENCE_SECONDS:g} seconds. Send less in each request."
            raise Refusal(503, "too_slow", slow) from None
        return Response(answer, media_type="application/json", headers={"Cache-Control": "no-store"})

    async def score(request: Request) -> Response:
        return await answered(request, counter.open().score, scoring)

    async def lookup(request: Request) -> Response:
        return await answered(request, archive.lookup, filing)

    async def plan(request: Request) -> Response:
        return await answered(request, archive.plan, filing)

    async def feedback(request: Request) -> Response:
        return await answered(request, archive.feedback, filing)

    async def version_of(_: Request) -> Response:
        return JSONResponse({**counter.open().facts, "program": program})

    async def healthz(_: Request) -> Response:
        return JSONResponse({"status": "alive"})

    async def readyz(_: Request) -> Response:
        return JSONResponse({"status": "ready", "version": counter.open().model["version"]})

    async def index(_: Request) -> Response:
        return JSONResponse({"name": "Loyalty ladder", "program": program, "documentation": "/docs"})

    async def docs(_: Request) -> Response:
        return HTMLResponse(html, headers=_CLOSED)

    async def openapi(_: Request) -> Response:
        return JSONResponse(described)

    async def metrics(_: Request) -> Response:
        content, media = meter.show() if meter is not None else (b"", "text/plain")
        return Response(content, media_type=media)

    posted = {"/score": score, "/lookup": lookup, "/plan": plan, "/feedback": feedback}
    routes = [Route(path, endpoint, methods=["POST"]) for path, endpoint in posted.items()]
    plain = {"/": index, "/version": version_of, "/healthz": healthz, "/readyz": readyz}
    plain |= {"/docs": docs, "/openapi.json": openapi, "/metrics": metrics}
    routes += [Route(path, endpoint, methods=["GET"]) for path, endpoint in plain.items()]
    app = Starlette(
        routes=routes,
        middleware=[Middleware(Outermost, meter=meter)],
        exception_handlers={Refusal: _refuse, HTTPException: _refuse_http},
    )
    app.router.redirect_slashes = False
    return app


def program_version() -> str:
    """The version of the installed package, or `unknown` where it runs without being installed."""
    try:
        return version("loyalty-ladder")
    except PackageNotFoundError:
        return "unknown"


async def _refuse(_: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, Refusal)
    return JSONResponse(refusal.content, refusal.status)


async def _refuse_http(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    refusal = Refusal(error.status_code, _CODES.get(error.status_code, "http"), f"{error.detail}.")
    return JSONResponse(refusal.content, refusal.status, error.headers)


class Outermost:
    """Measures every request, and turns what nobody caught into a 500 that tells the client nothing."""

    def __init__(self, app: ASGIApp, meter: Meter | None) -> None:
        self.app, self.meter = app, meter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on; raises nothing, since above us a traceback would be printed with the values in it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = perf_counter(), 0

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, noted)
        except ClientDisconnect:
            status = 499  # nobody is left to answer
        except Exception as error:  # noqa: BLE001
            _log.error("500 on %s: %s at %s", _path(scope), type(error).__name__, _place(error))
            if not status:
                mistake = Refusal(500, "internal", "A mistake of ours; it has been noted.")
                await JSONResponse(mistake.content, mistake.status)(scope, receive, noted)
        finally:
            if self.meter is not None:
                self.meter.observe(_path(scope), status, perf_counter() - began)


def _path(scope: Scope) -> str:
    """The route's path; whatever else was asked for is one word, so that nobody can make the figures grow."""
    route = scope.get("route")
    return route.path if isinstance(route, Route) else "other"


def _place(error: Exception) -> str:
    """The innermost lines of code, without any value."""
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    return " < ".join(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in reversed(frames))
