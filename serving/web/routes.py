"""The page's routes: the visitor is known, the form is read, and every answer is a page, errors included."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol, TypeVar
from urllib.parse import parse_qsl, quote

import sqlalchemy as sa
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from features.errors import InvalidRequest, NotReady, StoreError
from serving.api.bounded_executor import BoundedExecutor
from serving.api.endpoints import PAGES
from serving.api.errors import HttpError, http_error
from serving.api.rate_limit import Rates
from serving.api.request_context import request_context_of
from serving.planning.planner import Planner
from serving.web import (
    account,
    glossary,
    hand_out,
    home,
    ladder,
    pictures,
    planning,
    priorities,
    risk,
    start,
    trust,
    work,
)
from serving.web.session import COOKIE, SessionAuth, Visitor
from serving.web.static_files import asset_at
from serving.web.text.catalogue import PAGE_LANGUAGES
from serving.web.visit import View, Visit, language_of, own_path, redirect, render

NO_STORE = sa.create_engine("sqlite://")
"""Stands where a page has nothing to ask."""
MOST_FORM_BYTES = 64 * 1024
LANGUAGE_COOKIE = "ladder_language"
_YEAR_SECONDS = 365 * 24 * 3600
T = TypeVar("T")
Form = Sequence[tuple[str, str]]
VIEWS: Mapping[tuple[str, str], View] = {
    ("GET", "/"): home.show,
    ("POST", "/mine"): home.remember,
    ("GET", "/accounts"): priorities.show,
    ("GET", "/work"): work.show,
    ("POST", "/work"): work.change,
    ("POST", "/views"): work.keep_view,
    ("GET", "/accounts.csv"): priorities.download_list,
    ("GET", "/accounts/*"): account.show,
    ("POST", "/accounts/*"): account.decide,
    ("GET", "/risk"): risk.show,
    ("GET", "/risk.csv"): risk.download_pivot,
    ("GET", "/glossary"): glossary.show,
    ("GET", "/pictures/*"): pictures.show,
    ("GET", "/ladder"): ladder.show,
    ("GET", "/trust"): trust.show,
    ("GET", "/plan"): planning.show,
    ("GET", "/plan.csv"): planning.download_csv,
    ("GET", "/plan.xlsx"): planning.download_sheet,
    ("POST", "/plans"): planning.accept,
    ("GET", "/plans/*"): planning.show_accepted,
    ("POST", "/plans/*"): hand_out.change,
}
"""By method and path of `endpoints.PAGES`; what is about assets and signing in is the site's own."""


class Stores(Protocol):
    """Who answers from the store."""

    planner: Planner

    def ask(self, work: Callable[[sa.Engine, int], T], /) -> T:
        """Return what the work makes of the store and the time, microseconds.  Raises LadderErrors."""


class Site:
    """The managers' page, ready to be mounted."""

    def __init__(
        self,
        stores: Stores,
        session_auth: SessionAuth,
        rates: Rates | None,
        executor: BoundedExecutor,
        *,
        currency: str = "€",
        standing: Callable[[], start.Standing] = start.Standing,
        names: Mapping[str, str] | None = None,
    ) -> None:
        self._stores, self._session_auth, self._rates, self._executor = stores, session_auth, rates, executor
        self._currency, self._standing, self._names = currency, standing, names or {}

    def routes(self) -> list[Route]:
        """Return the routes of the page, without `/`."""
        own: dict[tuple[str, str], Callable[[Request], Awaitable[Response]]] = {
            ("GET", "/assets/*"): _asset,
            ("GET", "/sign-in"): self._sign_in_page,
            ("POST", "/sign-in"): self._sign_in,
            ("POST", "/sign-out"): self._sign_out,
        }
        found = []
        for page in PAGES:
            key = (page.method, page.path)
            endpoint = own[key] if key in own else self._endpoint(VIEWS[key])
            found.append(Route(page.path.replace("*", "{tail:path}"), endpoint, methods=[page.method]))
        return found

    async def index(self, request: Request) -> Response:
        """Answer `GET /` of a browser."""
        return await self._endpoint(VIEWS["GET", "/"])(request)

    def refused(self, request: Request, refusal: HttpError) -> Response:
        """Return a refusal as a page, for a browser that asked for what no view answers; asks no store."""
        visit = self._visit(request, NO_STORE, 0, [])
        return _remember_language(request, _refused(visit, refusal))

    def _endpoint(self, view: View) -> Callable[[Request], Awaitable[Response]]:
        async def answered(request: Request) -> Response:
            form = await _form(request) if request.method == "POST" else []
            return await self._executor.run(lambda: self._answer(request, form, view))

        return answered

    def _answer(self, request: Request, form: Form, view: View) -> Response:
        """Return the view's answer to who is signed in; the way to the sign-in for others."""
        visits: list[Visit] = []

        def work(engine: sa.Engine, now: int) -> Response:
            visit = self._visit(request, engine, now, form)
            visits.append(visit)
            try:
                visitor = self._session_auth.visitor(request, engine, now)
                if visitor is None:
                    wanted = visit.here() if request.method == "GET" else "/"
                    return redirect(f"/sign-in?next={quote(wanted, safe='')}")
                self._take_turn(request, visitor)
                visit = self._visit(request, engine, now, form, visitor)
                if request.method == "POST":
                    self._session_auth.check_change(request, dict(form), visitor)
                return view(visit)
            except HttpError as error:
                return _refused(visit, error)
            except NotReady as error:
                return start.show(visit, self._standing(), http_error(error).status)
            except InvalidRequest as error:
                return _refused(visit, http_error(error))

        try:
            answer = self._stores.ask(work)
        except StoreError as error:
            if not visits:
                raise
            answer = _refused(visits[-1], http_error(error))
        return _remember_language(request, answer)

    def _visit(
        self, request: Request, engine: sa.Engine, now: int, form: Form, visitor: Visitor | None = None
    ) -> Visit:
        asked = request.query_params.get("language")
        chosen = asked if asked in PAGE_LANGUAGES else request.cookies.get(LANGUAGE_COOKIE)
        language = language_of(chosen, request.headers.get("accept-language", ""))
        tail = str(request.path_params.get("tail", ""))
        return Visit(
            engine=engine,
            now=now,
            visitor=visitor,
            language=language,
            currency=self._currency,
            path=request.scope["path"],
            tail=tail,
            query=request.query_params,
            form=dict(form),
            planner=self._stores.planner,
            picked=tuple(value for name, value in form if name == "account"),
            names=self._names,
        )

    def _take_turn(self, request: Request, visitor: Visitor) -> None:
        if visitor.key is not None:
            request_context_of(request.scope).key = visitor.key
            wait = 0 if self._rates is None else self._rates.take(visitor.key)
            if wait:
                raise HttpError(
                    429, "too_many_requests", f"Too many requests. Try again in {wait} s.", retry_after=wait
                )

    async def _sign_in_page(self, request: Request) -> Response:
        def work(engine: sa.Engine, now: int) -> Response:
            visit = self._visit(request, engine, now, [])
            return render(visit, "sign_in.html", refused=None, next=own_path(request.query_params.get("next", "/")))

        return _remember_language(request, await self._executor.run(lambda: self._stores.ask(work)))

    async def _sign_in(self, request: Request) -> Response:
        form = await _form(request)

        def work(engine: sa.Engine, now: int) -> Response:
            visit, to = self._visit(request, engine, now, form), own_path(dict(form).get("next", "/"))
            try:
                self._session_auth.check_change(request, dict(form), None)
                key = self._session_auth.sign_in(dict(form).get("key", ""))
            except HttpError as refusal:
                return render(visit, "sign_in.html", refusal.status, refused=refusal.code, next=to)
            answer = redirect(to)
            self._session_auth.welcome(answer, key, request, engine, now)
            return answer

        return await self._executor.run(lambda: self._stores.ask(work))

    async def _sign_out(self, request: Request) -> Response:
        def leave(_: Visit) -> Response:
            answer = redirect("/sign-in")
            answer.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
            return answer

        return await self._endpoint(leave)(request)


def _refused(visit: Visit, refusal: HttpError) -> Response:
    answer = render(visit, "error.html", refusal.status, refusal=refusal)
    if refusal.retry_after is not None:
        answer.headers["Retry-After"] = str(refusal.retry_after)
    return answer


def _remember_language(request: Request, answer: Response) -> Response:
    """Keep the language that the visitor switched to."""
    asked = request.query_params.get("language")
    if asked in PAGE_LANGUAGES:
        answer.set_cookie(LANGUAGE_COOKIE, str(asked), _YEAR_SECONDS, path="/", httponly=True, samesite="lax")
    return answer


async def _asset(request: Request) -> Response:
    found = asset_at(str(request.path_params["tail"]))
    if found is None:
        raise HttpError(404, "not_found", "Not Found.")
    kept = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(found.content, media_type=found.media, headers=kept)


async def _form(request: Request) -> Form:
    """Return what a form sent, in its order.  Raises HttpError 415 for anything else, 413 for too much of it."""
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != "application/x-www-form-urlencoded":
        raise HttpError(415, "unsupported_media_type", "Send the form as the page does.")
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MOST_FORM_BYTES:
            raise HttpError(413, "body_too_large", "The form is too large.")
    try:
        return parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=200)
    except ValueError:
        raise HttpError(400, "malformed_form", "The form cannot be read.") from None
