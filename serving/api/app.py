"""The HTTP application: its endpoints, errors in one shape, and answers before a model is loaded.

Every answer on every path has our shape, errors included; what a client sends can never cause a 500.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

import anyio.to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from features.errors import LadderError, NotReady, PluginFailed
from features.program_version import program_version
from serving.api.answers import model_row, score_json
from serving.api.bounded_executor import BoundedExecutor
from serving.api.documentation import page
from serving.api.endpoints import ENDPOINTS
from serving.api.errors import HttpError, http_error
from serving.api.model_holder import ModelHolder
from serving.api.observability.access_log import AccessLog, Meter
from serving.api.observability.logging import place, tell
from serving.api.observability.request_context import RequestContext, request_context_of
from serving.api.observability.spans import NONE, Spans
from serving.api.openapi import document
from serving.api.queries import score_query
from serving.api.representation import Representation
from serving.api.security.authentication import Authentication
from serving.api.security.gate import Gate
from serving.api.security.keyring import Keyring
from serving.api.security.rate_limit import Rates
from serving.scoring.scoring_service import ScoringService

_CLOSED = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"}
"""The page needs nothing but itself, so nothing else is allowed."""
_CODES = {404: "not_found", 405: "method_not_allowed"}
Endpoint = Callable[[Request], Awaitable[Response]]


class Archive(Protocol):
    """Answers from the store: a request's body in, the answer's out; each raises HttpError and LadderErrors."""

    def lookup(self, body: bytes, /) -> bytes:
        """Answer POST /lookup."""

    def changes(self, given: Sequence[tuple[str, str]], /) -> bytes:
        """Answer GET /changes.  given : names and values of the query string."""

    def plan(self, body: bytes, /) -> bytes:
        """Answer POST /plan."""

    def feedback(self, body: bytes, key_id: str | None, /) -> bytes:
        """Answer POST /feedback.  key_id : of the request's key; None where none was needed."""


class Pages(Protocol):
    """The managers' page."""

    async def index(self, request: Request, /) -> Response:
        """Answer `GET /` of a browser."""

    def routes(self) -> Sequence[Route]:
        """Return the page's other routes."""

    def refused(self, request: Request, refusal: HttpError, /) -> Response:
        """Return a refusal as a page."""


class NoArchive:
    """Where the service was started without a store."""

    def lookup(self, _body: bytes, _key_id: str | None = None) -> bytes:
        """Refuse the request."""
        raise NotReady("The service has no store. Start it with `ladder serve --store URL`.")

    plan = feedback = lookup

    def changes(self, _given: Sequence[tuple[str, str]]) -> bytes:
        """Refuse the request."""
        return self.lookup(b"")


def create_app(
    holder: ModelHolder,
    meter: Meter | None = None,
    *,
    archive: Archive | None = None,
    ring: Callable[[], Keyring] | None = None,
    rates: Rates | None = None,
    scoring: BoundedExecutor | None = None,
    filing: BoundedExecutor | None = None,
    writing: BoundedExecutor | None = None,
    pages: Pages | None = None,
    check_store: Callable[[], None] | None = None,
    spans: Spans = NONE,
) -> Starlette:
    """Return the application; it answers at once, and scores as soon as a model is loaded.

    ring : the keys of now; None = nobody needs one.
    scoring, filing, writing : where accounts are scored, where the store is asked and where it is written to: apart,
        so that neither a slow disk keeps accounts from being scored nor a writer who waits for his turn a reader.
    check_store : raises HttpError where the store does not answer; None = there is none.
    pages : the managers' page; None = there is none, and `/` tells programs where the documentation is.
    spans : on what a request spends its time.
    """
    endpoints = _endpoints(
        holder,
        meter,
        archive=archive or NoArchive(),
        scoring=scoring or BoundedExecutor(),
        filing=filing or BoundedExecutor(),
        writing=writing or BoundedExecutor(),
        pages=pages,
        check_store=check_store,
        spans=spans,
    )
    routes = [Route(endpoint.path, endpoints[endpoint.path], methods=[endpoint.method]) for endpoint in ENDPOINTS]

    def show(request: Request, refusal: HttpError) -> Response:
        """Return a refusal as whoever asks reads it: a browser as a page, a program as JSON."""
        if pages is not None and wants_page(request):
            return pages.refused(request, refusal)
        return refusal.response

    def handled(refusal_of: Callable[[Exception], HttpError]) -> Callable[[Request, Exception], Awaitable[Response]]:
        async def answered(request: Request, error: Exception) -> Response:
            return show(request, refusal_of(error))

        return answered

    app = Starlette(
        routes=[*routes, *(pages.routes() if pages is not None else ())],
        middleware=[
            Middleware(AccessLog, meter=meter, show=show, spans=spans),
            Middleware(Gate),
            Middleware(Representation),
            Middleware(Authentication, ring=ring, rates=rates, show=show),
        ],
        exception_handlers={HttpError: handled(_same), LadderError: handled(_of_domain), HTTPException: _refuse_http},
    )
    app.router.redirect_slashes = False
    return app


def _endpoints(
    holder: ModelHolder,
    meter: Meter | None,
    *,
    archive: Archive,
    scoring: BoundedExecutor,
    filing: BoundedExecutor,
    writing: BoundedExecutor,
    pages: Pages | None,
    check_store: Callable[[], None] | None,
    spans: Spans,
) -> Mapping[str, Endpoint]:
    """Return the function of every endpoint."""
    program = program_version()
    described = document(program)
    html = page(described)

    async def score(request: Request) -> Response:
        scoring_service, note = holder.open(), request_context_of(request.scope)
        note.model = scoring_service.scorer.version

        def scored(body: bytes) -> bytes:
            with spans.step("score"):
                return answer_score(scoring_service, body, note)

        answer = await scoring.work(request, scored)
        return Response(answer, media_type="application/json")

    def filed(work: Callable[[bytes], bytes]) -> Endpoint:
        async def answered(request: Request) -> Response:
            return Response(await filing.work(request, work), media_type="application/json")

        return answered

    async def feedback(request: Request) -> Response:
        key_id = request_context_of(request.scope).key
        answer = await writing.work(request, lambda body: archive.feedback(body, key_id))
        return Response(answer, media_type="application/json")

    async def changes(request: Request) -> Response:
        given = request.query_params.multi_items()
        return Response(await filing.run(lambda: archive.changes(given)), media_type="application/json")

    async def reload(_: Request) -> Response:
        swapped = holder.renew is not None and await anyio.to_thread.run_sync(holder.renew)
        return JSONResponse(_standing(holder) | {"swapped": swapped})

    async def version_of(_: Request) -> Response:
        facts = model_facts(holder.open())
        return JSONResponse({**facts, "refused": holder.refused is not None, "program": program})

    async def healthz(_: Request) -> Response:
        return JSONResponse({"status": "alive"})

    async def readyz(_: Request) -> Response:
        version = holder.open().model.version
        if check_store is not None:
            check_store()
        return JSONResponse({"status": "ready", "version": version})

    async def index(request: Request) -> Response:
        if pages is not None and "text/html" in request.headers.get("accept", ""):
            return await pages.index(request)
        return JSONResponse({"name": "Loyalty ladder", "program": program, "documentation": "/docs"})

    async def docs(_: Request) -> Response:
        return HTMLResponse(html, headers=_CLOSED)

    async def openapi(_: Request) -> Response:
        return JSONResponse(described)

    async def metrics(_: Request) -> Response:
        content, media = meter.show() if meter is not None else (b"", "text/plain")
        return Response(content, media_type=media)

    return {
        "/lookup": filed(archive.lookup), "/plan": filed(archive.plan), "/feedback": feedback, "/changes": changes,
        "/score": score, "/admin/reload": reload, "/version": version_of, "/metrics": metrics, "/healthz": healthz,
        "/readyz": readyz, "/docs": docs, "/openapi.json": openapi, "/": index,
    }  # fmt: skip


def answer_score(scoring_service: ScoringService, body: bytes, note: RequestContext | None = None) -> bytes:
    """Answer POST /score.  note : told what was scored.

    Raises
    ------
    HttpError, InvalidRequest
        If the body as a whole cannot be answered; what is wrong with one account stands in its own result.
    """
    answer = scoring_service.score(score_query(body))
    if note is not None:
        note.saw(answer.scored)
    return score_json(answer)


def model_facts(scoring_service: ScoringService) -> dict[str, object]:
    """Return what GET /version says of the model."""
    facts = scoring_service.scorer.bundle.facts
    return {**model_row(scoring_service.model), "catalog": facts.catalog, "tables": list(facts.tables)}


def _standing(holder: ModelHolder) -> dict[str, object]:
    """Return the version that serves, and whether a newer bundle was refused."""
    version = None if holder.scoring_service is None else holder.scoring_service.scorer.version
    return {"version": version, "refused": holder.refused}


def wants_page(request: Request) -> bool:
    """Return whether a browser asks that shows what it gets."""
    return "text/html" in request.headers.get("accept", "")


def _same(refusal: Exception) -> HttpError:
    assert isinstance(refusal, HttpError)
    return refusal


def _of_domain(error: Exception) -> HttpError:
    assert isinstance(error, LadderError)
    if isinstance(error, PluginFailed):
        tell("plugin_failed", logging.ERROR, at_code=place(error.__cause__ or error))
    return http_error(error)


async def _refuse_http(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    refusal = HttpError(error.status_code, _CODES.get(error.status_code, "http"), f"{error.detail}.")
    return JSONResponse(refusal.content, refusal.status, error.headers)
