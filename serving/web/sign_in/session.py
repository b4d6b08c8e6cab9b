"""Sessions: who is signed in, what they may, and whether a change was meant by them.

Signed in is who showed a key with the scope `page`, or came from the identity provider (`openid`): a session in the
store then stands for it, which ends when it was not used for a while, when its hours are over, on signing out and with
its key. Or whom a proxy names in a header, where the settings say that there is such a proxy. As long as the service
has no keys, no provider and no proxy, everybody on this machine is let in, as by the API.

A change needs three things: a cookie that other sites' requests do not carry (SameSite=Strict), a request that the
browser does not call cross-site (Sec-Fetch-Site, Origin), and a token in the form that no other site can read.
"""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from itsdangerous import BadData, Signer, URLSafeSerializer
from starlette.requests import Request
from starlette.responses import Response

from features.errors import StoreError
from serving.api.endpoints import PAGE
from serving.api.errors import HttpError
from serving.api.security.authentication import check_from_here
from serving.api.security.keyring import Key, Keyring
from serving.store.audit_log import Author, Entry, record
from serving.store.database import reading, writing
from serving.store.people.people import ADMIN, DIRECTOR, MANAGER, NOBODY, VIEWER, Standing, anybody, standing_of
from serving.store.people.sessions import LONGEST_NAME, begin_session, end_session, session_of, touch_session
from serving.store.people.viewers import EVERYTHING as EVERYBODYS
from serving.store.people.viewers import Visibility
from serving.web.sign_in.openid import Begun, OpenId, Vouched
from serving.web.sign_in.sign_in_secret import sign_in_secret

COOKIE, BEGUN_COOKIE = "ladder_session", "ladder_sign_in"
HOURS = 12
"""A working day: who comes back tomorrow signs in again."""
IDLE_MINUTES = 120
BEGUN_SECONDS = 600
"""For signing in with the provider."""
LONGEST_COOKIE = 1000
_SIGNING: dict[str, Any] = {"key_derivation": "hmac", "digest_method": hashlib.sha256}
_SECOND = 1_000_000


@dataclass(frozen=True)
class Visitor:
    """Who asks.  name : as changes are recorded.  key : id of the key they signed in with.  token : for their forms.

    can_leave : whether there is anything to sign out of.  role : one of `people.ROLES`.  visibility : whose accounts
    they see.
    """

    name: str
    scopes: frozenset[str]
    token: str
    key: str | None = None
    can_leave: bool = False
    role: str = DIRECTOR
    visibility: Visibility = EVERYBODYS

    def may(self, scope: str) -> bool:
        """Return whether they may do what needs that scope."""
        return scope in self.scopes

    @property
    def author(self) -> Author:
        """Return the author of the visitor's changes."""
        return Author(self.name, self.key)


EVERYTHING = frozenset((PAGE, "plan", "feedback"))
SCOPES_OF = {
    VIEWER: frozenset((PAGE,)), MANAGER: EVERYTHING, DIRECTOR: EVERYTHING, ADMIN: EVERYTHING | {"admin"},
}  # fmt: skip
"""What a role may, in the scopes of keys."""


class SessionAuth:
    """Knows visitors.  ring : the keys of now, None = nobody needs one, which is for tests.

    proxy_header : in which a proxy in front names the person it has signed in; None = there is no such proxy.
    openid : the identity provider; None = there is none.  hours, idle_minutes : after which a session ends.
    """

    def __init__(
        self,
        ring: Callable[[], Keyring] | None,
        proxy_header: str | None = None,
        openid: OpenId | None = None,
        *,
        hours: float = HOURS,
        idle_minutes: float = IDLE_MINUTES,
    ) -> None:
        self._ring, self._proxy_header, self.openid = ring, proxy_header, openid
        self._lasts, self._idle = (int(seconds * _SECOND) for seconds in (hours * 3600, idle_minutes * 60))
        self._secret: bytes | None = None

    def visitor(self, request: Request, engine: sa.Engine, now: int) -> Visitor | None:
        """Return who asks; None where they have to sign in first.  now : microseconds.

        Raises
        ------
        HttpError
            403 where there are no keys and somebody beyond this machine asks, and for whom no role is kept.
        """
        named = request.headers.getlist(self._proxy_header) if self._proxy_header else []
        if len(named) == 1 and named[0].strip():
            return self._of_proxy(named[0].strip()[:LONGEST_NAME], engine)
        ring = None if self._ring is None else self._ring()
        if self._proxy_header is None and self.openid is None and (ring is None or ring.empty):
            if ring is not None:
                check_from_here(request.scope)
            return Visitor("", SCOPES_OF[ADMIN], self._token(engine, "open"), role=ADMIN)
        return self._of_session(request.cookies.get(COOKIE, ""), ring or Keyring(), engine, now)

    def sign_in(self, secret: str) -> Key:
        """Return the key typed.  Raises HttpError 401 where it is not valid, 403 where it lacks the scope."""
        key = None if self._ring is None else self._ring().find(secret.strip())
        if key is None:
            raise HttpError(401, "key_refused", "This key is not good: it is unknown, mistyped or revoked.")
        if PAGE not in key.scopes:
            raise HttpError(403, "scope_missing", "This key is not good for the page: it lacks the scope page.")
        return key

    def welcome(self, response: Response, who: Key | Vouched, request: Request, engine: sa.Engine, now: int) -> None:
        """Begin a session, and give the visitor a cookie that stands for it.  Raises HttpError 403 without a role."""
        name, key_id, claims = (who.name, who.key_id, None) if isinstance(who, Key) else (who.person, None, who.claims)
        with writing(engine) as connection:
            if isinstance(who, Vouched):
                _check_role(standing_of(connection, name, claims))
            shown = begin_session(connection, name, key_id, claims, now=now, ends=now + self._lasts)
            record(connection, now, Author(name, key_id), [Entry("signed in", key_id or name, {})])
        response.set_cookie(
            COOKIE, shown, self._lasts // _SECOND, path="/", secure=_encrypted(request), httponly=True,
            samesite="strict",
        )  # fmt: skip

    def leave(self, response: Response, request: Request, engine: sa.Engine, visitor: Visitor | None, now: int) -> None:
        """End the visitor's session, for every copy of its cookie."""
        with writing(engine) as connection:
            session = session_of(connection, request.cookies.get(COOKIE, "")[:LONGEST_COOKIE])
            if session is not None and visitor is not None:
                end_session(connection, session.session_id)
                about = visitor.key or visitor.name
                record(connection, now, visitor.author, [Entry("signed out", about, {})])
        response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")

    def begin(self, request: Request, engine: sa.Engine, now: int, to: str) -> tuple[str, Callable[[Response], None]]:
        """Return the provider's address, and what gives the browser the cookie it comes back with.  to : where next.

        Raises
        ------
        HttpError
            404 without a provider, 503 where it is away.
        """
        if self.openid is None:
            raise HttpError(404, "not_found", "Not Found.")
        address, begun = self.openid.begin()
        content = {**asdict(begun), "to": to, "u": now // _SECOND + BEGUN_SECONDS}
        value = str(self._serializer(engine).dumps(content))

        def remember(response: Response) -> None:
            response.set_cookie(  # lax: the browser comes back from another site
                BEGUN_COOKIE, value, BEGUN_SECONDS, path="/sign-in", secure=_encrypted(request), httponly=True,
                samesite="lax",
            )  # fmt: skip

        return address, remember

    def finish(self, request: Request, engine: sa.Engine, now: int) -> tuple[Vouched, str]:
        """Return whom the provider vouches for, and where they wanted to go.

        Raises
        ------
        HttpError
            403 where the answer was not asked for by this browser or is not good, 503 where the provider is away.
        """
        if self.openid is None:
            raise HttpError(404, "not_found", "Not Found.")
        try:
            cookie = request.cookies.get(BEGUN_COOKIE, "")
            content = self._serializer(engine).loads(cookie if len(cookie) <= LONGEST_COOKIE else "")
        except BadData:
            content = {"u": 0}
        if content["u"] * _SECOND < now:
            raise HttpError(403, "not_meant", "This sign-in was not begun here, or too long ago. Begin again.")
        begun = Begun(content["state"], content["nonce"], content["verifier"])
        answer = dict(request.query_params.multi_items())
        return self.openid.finish(answer, begun), str(content["to"])

    def check_change(self, request: Request, form: Mapping[str, str], visitor: Visitor | None) -> None:
        """Check that the visitor meant this change.  Raises HttpError 403.  visitor : None while signing in."""
        headers = request.headers
        site, origin = headers.get("sec-fetch-site"), headers.get("origin")
        if site is not None:  # the browser's own word: a proxy may give us another Host than the browser sees
            foreign = site not in ("same-origin", "none")
        else:
            foreign = origin is not None and _netloc(origin) != headers.get("host", "")
        given = form.get("token", "")
        if foreign or (visitor is not None and not hmac.compare_digest(given.encode(), visitor.token.encode())):
            raise HttpError(403, "not_meant", "This form was not sent from this page, or is too old. Open it again.")

    def _of_proxy(self, name: str, engine: sa.Engine) -> Visitor:
        with reading(engine) as connection:
            standing = standing_of(connection, name, None)
            if standing is None and not anybody(connection):
                standing = Standing(DIRECTOR)
        role, seen = _check_role(standing)
        return Visitor(name, SCOPES_OF[role], self._token(engine, f"proxy:{name}"), role=role, visibility=seen)

    def _of_session(self, cookie: str, ring: Keyring, engine: sa.Engine, now: int) -> Visitor | None:
        if not cookie or len(cookie) > LONGEST_COOKIE:
            return None
        with reading(engine) as connection:
            session = session_of(connection, cookie)
            if session is None or now > session.ends_at or now > session.seen_at + self._idle:
                return None
            standing = None if session.key_id else standing_of(connection, session.name, session.claims)
        token = hmac.new(cookie.encode(), b"form", hashlib.sha256).hexdigest()
        if session.key_id is None:
            role, seen = _check_role(standing)
            found = Visitor(session.name, SCOPES_OF[role], token, can_leave=True, role=role, visibility=seen)
        else:
            key = ring.get(session.key_id)
            if key is None or PAGE not in key.scopes:
                return None
            found = Visitor(
                key.name, key.scopes, token, key.key_id, can_leave=True, role=_role_of(key), visibility=key.visibility
            )
        if now > session.seen_at + self._idle // 4:
            with suppress(StoreError), writing(engine) as connection:
                touch_session(connection, session.session_id, now)
        return found

    def _serializer(self, engine: sa.Engine) -> URLSafeSerializer:
        """Return what signs and reads cookies: nobody else can write one."""
        return URLSafeSerializer(self._key(engine), "session", signer_kwargs=_SIGNING)

    def _token(self, engine: sa.Engine, whose: str) -> str:
        return Signer(self._key(engine), "form", **_SIGNING).get_signature(whose).decode()

    def _key(self, engine: sa.Engine) -> bytes:
        if self._secret is None:
            self._secret = sign_in_secret(engine.url)
        return self._secret


def _check_role(standing: Standing | None) -> tuple[str, Visibility]:
    """Return the role, and whose accounts are seen.  Raises HttpError 403 where there is none."""
    if standing is None or standing.role == NOBODY:
        raise HttpError(403, "no_role", "You have no role here: an admin gives you one with `ladder people set`.")
    return standing.role, standing.visibility


def _role_of(key: Key) -> str:
    if key.visibility.owners is not None:
        return MANAGER
    return ADMIN if "admin" in key.scopes else DIRECTOR if key.scopes & {"plan", "feedback"} else VIEWER


def _netloc(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


def _encrypted(request: Request) -> bool:
    return request.url.scheme == "https" or request.headers.get("x-forwarded-proto", "") == "https"
