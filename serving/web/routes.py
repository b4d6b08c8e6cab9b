"""The page's routes: the visitor is known, the form is read, and every answer is a page, errors included."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol, TypeVar
from urllib.parse import quote

import sqlalchemy as sa
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from features.errors import InvalidRequest, NotReady, StoreError
from serving.api.bounded_executor import BoundedExecutor
from serving.api.endpoints import PAGES
from serving.api.errors import HttpError, http_error
from serving.api.observability.request_context import request_context_of
from serving.api.representation import takes_gzip
from serving.api.request_bodies import parse_form, read_form
from serving.api.security.authentication import check_turn
from serving.api.security.rate_limit import Rates, Refusals
from serving.planning.planner import Planner
from serving.scoring.advice.playbook import Playbooks
from serving.store.people.visibility import limited
from serving.web import audit, glossary, home, ladder, pictures, start, trust
from serving.web.account import account
from serving.web.lists import list_csv, priorities, risk, work
from serving.web.plans import hand_out, planning
from serving.web.sign_in.session import BEGUN_COOKIE, SessionAuth, Visitor
from serving.web.static_files import asset_at
from serving.web.text.catalogue import PAGE_LANGUAGES
from serving.web.visit import View, Visit, get_ready, language_of, own_path, redirect, render

NO_STORE = sa.create_engine("sqlite://")
"""Stands where a page has nothing to ask."""
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
    ("GET", "/accounts.csv"): list_csv.download_list,
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
    ("GET", "/audit"): audit.show,
    ("POST", "/plans/*"): hand_out.change,
}
"""By method and path of `endpoints.PAGES`; what is about assets and signing in is the site's own."""


class Stores(Protocol):
    """Who answers from the store."""

    planner: Planner

    def ask(self, work: Callable[[sa.Engine, int], T], /) -> T:
        """Return what the work makes of the store and the time, microseconds.  Raises LadderErrors."""

    def change(self, work: Callable[[sa.Engine, int], T], /) -> T:
        """Do the same for work that writes."""


class Site:
    """The managers' page, ready to be mounted.

    executor : where it is looked at.  writing : where something is changed; None = there, too.
    """

    def __init__(
        self,
        stores: Stores,
        session_auth: SessionAuth,
        rates: Rates | None,
        executor: BoundedExecutor,
        *,
        writing: BoundedExecutor | None = None,
        currency: str = "€",
        track_records: str = "off",
        standing: Callable[[], start.Standing] = start.Standing,
        names: Mapping[str, str] | None = None,
        playbooks: Callable[[], Playbooks] = Playbooks,
        labels: Callable[[], Mapping[str, str]] = dict,
    ) -> None:
        self._stores, self._session_auth, self._rates = stores, session_auth, rates
        self._reading, self._writing = executor, writing or executor
        self._currency, self._standing, self._track_records = currency, standing, track_records
        self._names, self._labels, self._playbooks = names or {}, labels, playbooks
        self._refusals = Refusals()
        get_ready()

    def routes(self) -> list[Route]:
        """Return the routes of the page, without `/`."""
        own: dict[tuple[str, str], Callable[[Request], Awaitable[Response]]] = {
            ("GET", "/assets/*"): _asset,
            ("GET", "/sign-in"): self._sign_in_page,
            ("POST", "/sign-in"): self._sign_in,
            ("POST", "/sign-out"): self._sign_out,
            ("GET", "/sign-in/openid"): self._to_provider,
            ("GET", "/sign-in/callback"): self._from_provider,
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
            if request.method != "POST":
                return await self._reading.run(lambda: self._answer(request, [], view))
            return await self._writing.work(
                request, lambda body: self._answer(request, parse_form(body), view), read_form
            )

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
                visit = self._visit(request, limited(engine, visitor.visibility), now, form, visitor)
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
            answer = (self._stores.change if request.method == "POST" else self._stores.ask)(work)
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
        tail = _without_nul(str(request.path_params.get("tail", "")))
        form = _pairs(form)
        return Visit(
            engine=engine,
            now=now,
            visitor=visitor,
            language=language,
            currency=self._currency,
            path=request.scope["path"],
            tail=tail,
            query=QueryParams(_pairs(request.query_params.multi_items())),
            form=dict(form),
            planner=self._stores.planner,
            track_records=self._track_records,
            picked=tuple(value for name, value in form if name == "account"),
            names={**self._labels(), **self._names},
            playbooks=self._playbooks(),
        )

    def _take_turn(self, request: Request, visitor: Visitor) -> None:
        if visitor.key is not None:
            request_context_of(request.scope).key = visitor.key
            check_turn(0 if self._rates is None else self._rates.take(visitor.key))

    async def _sign_in_page(self, request: Request) -> Response:
        def work(engine: sa.Engine, now: int) -> Response:
            visit = self._visit(request, engine, now, [])
            return self._sign_in_form(visit, 200, None, request.query_params.get("next", "/"))

        return _remember_language(request, await self._reading.run(lambda: self._stores.ask(work)))

    async def _sign_in(self, request: Request) -> Response:
        def work(engine: sa.Engine, now: int, form: Form) -> Response:
            visit, to = self._visit(request, engine, now, form), own_path(dict(form).get("next", "/"))
            try:
                self._session_auth.check_change(request, dict(form), None)
                key = self._session_auth.sign_in(dict(form).get("key", ""))
            except HttpError as refusal:
                check_turn(self._refusals.take(request.scope.get("client")))
                return self._sign_in_form(visit, refusal.status, refusal.code, to)
            answer = redirect(to)
            self._session_auth.welcome(answer, key, request, engine, now)
            return answer

        def answered(body: bytes) -> Response:
            form = parse_form(body)
            return self._stores.change(lambda engine, now: work(engine, now, form))

        return await self._writing.work(request, answered, read_form)

    async def _sign_out(self, request: Request) -> Response:
        def leave(visit: Visit) -> Response:
            answer = redirect("/sign-in")
            self._session_auth.leave(answer, request, visit.engine, visit.visitor, visit.now)
            return answer

        return await self._endpoint(leave)(request)

    async def _to_provider(self, request: Request) -> Response:
        def work(engine: sa.Engine, now: int) -> Response:
            to = own_path(request.query_params.get("next", "/"))
            try:
                address, remember = self._session_auth.begin(request, engine, now, to)
            except HttpError as refusal:
                return self._sign_in_form(self._visit(request, engine, now, []), refusal.status, refusal.code, to)
            answer = redirect(address)
            remember(answer)
            return answer

        return await self._writing.run(lambda: self._stores.change(work))

    async def _from_provider(self, request: Request) -> Response:
        def work(engine: sa.Engine, now: int) -> Response:
            visit = self._visit(request, engine, now, [])
            try:
                who, to = self._session_auth.finish(request, engine, now)
                # A page that goes on by itself: what the browser opens next is then no request from the provider's
                # site, to which it would not send the cookie.
                answer = render(visit, "signed_in.html", next=own_path(to))
                self._session_auth.welcome(answer, who, request, engine, now)
            except HttpError as refusal:
                return self._sign_in_form(visit, refusal.status, refusal.code, "/")
            answer.delete_cookie(BEGUN_COOKIE, path="/sign-in", httponly=True, samesite="lax")
            return answer

        return await self._writing.run(lambda: self._stores.change(work))

    def _sign_in_form(self, visit: Visit, status: int, refused: str | None, to: str) -> Response:
        """Return the page on which one signs in.  refused : why it did not work."""
        provider = self._session_auth.openid is not None
        return render(visit, "sign_in.html", status, refused=refused, next=own_path(to), provider=provider)


def _pairs(given: Form) -> list[tuple[str, str]]:
    return [(_without_nul(name), _without_nul(value)) for name, value in given]


def _without_nul(text: str) -> str:
    """Return a text that every database takes: PostgreSQL holds no NUL, and no name of ours has one."""
    return text.replace("\x00", "\ufffd")


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
    kept = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
    if takes_gzip(request.scope["headers"]):
        return Response(found.packed, media_type=found.media, headers={**kept, "Content-Encoding": "gzip"})
    return Response(found.content, media_type=found.media, headers=kept)
