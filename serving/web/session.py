"""Sessions: who is signed in, and whether a change was meant by them.

Signed in is who showed a key with the scope `page` (a cookie then stands for it, signed, for twelve hours), or whom a
proxy names in a header, where the settings say that there is such a proxy. As long as the service has no keys and no
proxy, everybody on this machine is let in, as by the API. A cookie is worth nothing once its key is revoked.

A change needs three things: a cookie that other sites' requests do not carry (SameSite=Strict), a request that the
browser does not call cross-site (Sec-Fetch-Site, Origin), and a token in the form that no other site can read.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from itsdangerous import BadData, Signer, URLSafeSerializer
from starlette.requests import Request
from starlette.responses import Response

from serving.api.authentication import check_from_here
from serving.api.endpoints import PAGE
from serving.api.errors import HttpError
from serving.api.keyring import Key, Keyring
from serving.store.audit_log import Author
from serving.store.page_secrets import page_secret

COOKIE = "ladder_session"
HOURS = 12
"""A working day: who comes back tomorrow shows the key again."""
LONGEST_NAME, LONGEST_COOKIE = 200, 1000
_SIGNING: dict[str, Any] = {"key_derivation": "hmac", "digest_method": hashlib.sha256}
_SECOND = 1_000_000


@dataclass(frozen=True)
class Visitor:
    """Who asks.  name : as changes are recorded.  key : id of the key they signed in with.  token : for their forms.

    can_leave : whether there is anything to sign out of.
    """

    name: str
    scopes: frozenset[str]
    token: str
    key: str | None = None
    can_leave: bool = False

    def may(self, scope: str) -> bool:
        """Return whether they may do what needs that scope."""
        return scope in self.scopes

    @property
    def author(self) -> Author:
        """Return the author of the visitor's changes."""
        return Author(self.name, self.key)


EVERYTHING = frozenset((PAGE, "plan", "feedback"))


class SessionAuth:
    """Knows visitors.  ring : the keys of now, None = nobody needs one, which is for tests.

    proxy_header : in which a proxy in front names the person it has signed in; None = there is no such proxy.
    """

    def __init__(self, ring: Callable[[], Keyring] | None, proxy_header: str | None = None) -> None:
        self._ring, self._proxy_header = ring, proxy_header
        self._secret: bytes | None = None

    def visitor(self, request: Request, engine: sa.Engine, now: int) -> Visitor | None:
        """Return who asks; None where they have to sign in first.  now : microseconds.

        Raises
        ------
        HttpError
            403 where there are no keys and somebody beyond this machine asks.
        """
        named = request.headers.getlist(self._proxy_header) if self._proxy_header else []
        if len(named) == 1 and named[0].strip():
            name = named[0].strip()[:LONGEST_NAME]
            return Visitor(name, EVERYTHING, self._token(engine, f"proxy:{name}"))
        ring = None if self._ring is None else self._ring()
        if self._proxy_header is None and (ring is None or ring.empty):
            if ring is not None:
                check_from_here(request.scope)
            return Visitor("", EVERYTHING, self._token(engine, "open"))
        key, nonce = self._signed_in(request.cookies.get(COOKIE, ""), ring or Keyring(), engine, now)
        if key is None:
            return None
        return Visitor(key.name, key.scopes, self._token(engine, f"key:{nonce}"), key.key_id, True)

    def sign_in(self, secret: str) -> Key:
        """Return the key typed.  Raises HttpError 401 where it is not valid, 403 where it lacks the scope."""
        key = None if self._ring is None else self._ring().find(secret.strip())
        if key is None:
            raise HttpError(401, "key_refused", "This key is not good: it is unknown, mistyped or revoked.")
        if PAGE not in key.scopes:
            raise HttpError(403, "scope_missing", "This key is not good for the page: it lacks the scope page.")
        return key

    def welcome(self, response: Response, key: Key, request: Request, engine: sa.Engine, now: int) -> None:
        """Give the visitor a cookie that stands for the key."""
        until = now // _SECOND + HOURS * 3600
        content = {"k": key.key_id, "n": secrets.token_urlsafe(12), "u": until}
        value = str(self._serializer(engine).dumps(content))
        response.set_cookie(
            COOKIE, value, HOURS * 3600, path="/", secure=_encrypted(request), httponly=True, samesite="strict"
        )

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

    def _signed_in(self, cookie: str, ring: Keyring, engine: sa.Engine, now: int) -> tuple[Key | None, str]:
        if len(cookie) > LONGEST_COOKIE:
            return None, ""
        try:
            content = self._serializer(engine).loads(cookie)
        except BadData:
            return None, ""
        key = ring.get(content["k"])
        if key is None or PAGE not in key.scopes or content["u"] * _SECOND < now:
            return None, ""
        return key, content["n"]

    def _serializer(self, engine: sa.Engine) -> URLSafeSerializer:
        """Return what signs and reads cookies: nobody else can write one."""
        return URLSafeSerializer(self._key(engine), "session", signer_kwargs=_SIGNING)

    def _token(self, engine: sa.Engine, whose: str) -> str:
        return Signer(self._key(engine), "form", **_SIGNING).get_signature(whose).decode()

    def _key(self, engine: sa.Engine) -> bytes:
        if self._secret is None:
            self._secret = page_secret(engine)
        return self._secret


def _netloc(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


def _encrypted(request: Request) -> bool:
    return request.url.scheme == "https" or request.headers.get("x-forwarded-proto", "") == "https"
