"""Authentication: the key of a request, its scope, and its rate.

It stands before the router and before a byte of the body is read, and knows every path there is: what is not in the
table of endpoints is not there, so no way of writing a path leads past it.
"""

import re
from collections.abc import Callable, Iterable
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from serving.api.endpoints import ANY, OPEN, PAGE, Endpoint, endpoint_of
from serving.api.errors import HttpError
from serving.api.observability.request_context import request_context_of
from serving.api.security.keyring import Key, Keyring
from serving.api.security.rate_limit import Rates, Refusals
from serving.store.people.viewers import EVERYTHING, Visibility, seeing


class Authentication:
    """Lets requests pass to the application, or answers them itself.

    ring : the keys of now; None = everybody may do everything, which is for tests.  It may refuse by raising.
    show : how a refusal is answered; None = as JSON.
    """

    def __init__(
        self, app: ASGIApp, ring: Callable[[], Keyring] | None, rates: Rates | None,
        show: Callable[[Request, HttpError], Response] | None = None,
    ) -> None:  # fmt: skip
        self._app, self._ring, self._rates, self._show = app, ring, rates, show
        self._refusals = Refusals()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        visibility = EVERYTHING
        if scope["type"] == "http":
            try:
                visibility = self._admit(scope)
            except HttpError as refusal:
                answer = refusal.response if self._show is None else self._show(Request(scope), refusal)
                await answer(scope, receive, send)
                return
        with seeing(visibility):
            await self._app(scope, receive, send)

    def _admit(self, scope: Scope) -> Visibility:
        """Check key, scope and rate, and return whose accounts the request may see.

        Raises HttpError: 404, 401 without a valid key, 403 without its scope, 429.
        """
        endpoint = endpoint_of(scope["method"], scope["path"])
        if endpoint is None:
            raise HttpError(404, "not_found", "Not Found.")
        if self._ring is None or endpoint.scope in (OPEN, PAGE):
            return EVERYTHING
        ring = self._ring()
        if ring.empty:
            check_from_here(scope)
            return EVERYTHING
        try:
            key = _shown(scope["headers"], ring)
        except HttpError:
            check_turn(self._refusals.take(scope.get("client")))
            raise
        context = request_context_of(scope)
        context.key = key.key_id
        _check_scope(key, endpoint)
        if self._rates is not None:
            wait = self._rates.take(key.key_id)
            context.headers = self._rates.headers(key.key_id)
            check_turn(wait)
        return key.visibility


def check_turn(wait: int) -> None:
    """Check that nobody has to wait.  Raises HttpError 429.  wait : seconds."""
    if wait:
        raise HttpError(429, "too_many_requests", f"Too many requests. Try again in {wait} s.", retry_after=wait)


def _shown(headers: Iterable[tuple[bytes, bytes]], ring: Keyring) -> Key:
    """Return the request's key.  Raises HttpError 401 where it has none, two, or one that is not valid."""
    shown = []
    for name, value in headers:
        text = value.decode("latin-1")
        if name == b"authorization":
            scheme, _, secret = text.partition(" ")
            shown.append(secret.strip() if scheme.lower() == "bearer" else "")
        elif name == b"x-api-key":
            shown.append(text.strip())
    if not shown:
        raise HttpError(401, "key_missing", "Send a key, with the header Authorization: Bearer KEY.")
    key = ring.find(shown[0]) if len(shown) == 1 else None
    if key is None:
        raise HttpError(401, "key_refused", "This key is not good: it is unknown, mistyped or revoked.")
    return key


def _check_scope(key: Key, endpoint: Endpoint) -> None:
    if endpoint.scope != ANY and endpoint.scope not in key.scopes:
        raise HttpError(
            403, "scope_missing", f"This key is not good for {endpoint.path}: it lacks the scope {endpoint.scope}."
        )


def check_from_here(scope: Scope) -> None:
    """Refuse requests from other machines.  Raises HttpError 403."""
    if not _from_here(scope):
        how = "Create one: ladder keys create --name N --scopes score"
        raise HttpError(403, "keys_needed", f"Without keys only this machine is answered. {how}")


def _from_here(scope: Scope) -> bool:
    """Return whether the request comes straight from this machine, addressed by a name of this machine.

    The name too: a page on the web can make its own name mean 127.0.0.1, and then read what is answered there. And
    straight: behind a proxy on this machine everybody seems to be here. A proxy shows by a header that says so, by
    HTTP/1.0, which nginx speaks unless told otherwise, or by a page of another site.
    """
    client, told = scope.get("client"), [(name, value.decode("latin-1")) for name, value in scope["headers"]]
    hosts = [value for name, value in told if name == b"host"]
    pages = [value for name, value in told if name in (b"origin", b"referer")]
    return (
        client is not None
        and _loopback(client[0])
        and len(hosts) == 1
        and _local(hosts[0])
        and scope.get("http_version") != "1.0"
        and not any(_says_forwarded(name.decode("latin-1")) for name, _ in told)
        and (b"sec-fetch-site", "cross-site") not in told
        and all(_local(_host_of(page)) for page in pages)
    )


def _says_forwarded(name: str) -> bool:
    """Return whether a header is one that proxies add: of whom it came from, of whom they are, of what was asked first.

    >>> [_says_forwarded(name) for name in ("x_forwarded_for", "fly-client-ip", "via", "accept-encoding", "dnt")]
    [True, True, True, False, False]
    """
    return _PROXYS.search(name.replace("_", "-").lower()) is not None


_PROXYS = re.compile(
    r"forward|proxy|(^|-)(via|real|remote|originating|original|rewrite|envoy|traefik|varnish|akamai|nginx|arr|waws|cf|"
    r"cdn|edge|amzn?|appengine|azure|fastly|fly|vercel|nf|litespeed|tor2web|surrogate|override|tls|ssl|webauth)(-|$)|"
    r"-(ip|addr|address|via|scheme|from)$|client-?ip|^(x-host|x-client|max-forwards|early-data|disguised-host|"
    r"x-request-start|x-site-deployment-id|x-auth-request-.*)$"
)
"""In the name of a header. Proxies are many, and each adds one of its own beside those that all add."""
_HOST = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([^\s:\[\]@/\\]+))(?::[0-9]{1,5})?")


def _host_of(page: str) -> str:
    try:
        return urlsplit(page).netloc
    except ValueError:
        return ""


def _local(host: str) -> bool:
    """Return whether a Host header names this machine.

    >>> [_local(host) for host in ("localhost:3000", "[::1]:3000", "[::1].example.com", "localhost:@example.com")]
    [True, True, False, False]
    """
    parts = _HOST.fullmatch(host)
    if parts is None:
        return False
    name = parts[1] or parts[2]
    return (parts[1] is None and name.lower() == "localhost") or _loopback(name)


def _loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
