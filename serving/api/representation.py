"""How an answer travels: compressed where the client takes that, and not at all where it has it already.

JSON of the API, and pages that their visitor or another of our pages asked for, as the browser says (Sec-Fetch-Site).
A page that a foreign site asked for is not compressed: how long it gets tells, guess by guess, what stands in it beside
what that site made it show (BREACH). The page's assets bring their own.
"""

import gzip
import hashlib
from collections.abc import Iterable

import anyio.to_thread
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.api.endpoints import ENDPOINTS

LEAST_BYTES = 1_000
"""Below it, compressing saves no packet."""
LEVEL = 5
TAGGED = frozenset(("/changes", "/openapi.json", "/version", "/lookup"))
"""Paths whose answers have an ETag, so that a program knows them again."""
_OURS = frozenset(endpoint.path for endpoint in ENDPOINTS)


class Representation:
    """Around the application's answers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and the answer back as it travels."""
        if scope["type"] != "http" or not (scope["path"] in _OURS or _asked_here(scope)):
            await self._app(scope, receive, send)
            return
        begun: list[Message] = []

        async def travel(message: Message) -> None:
            if message["type"] == "http.response.start":
                begun.append(message)
                return
            start = begun.pop() if begun else None
            if start is None:
                await send(message)
            elif message.get("more_body") or not _compressed(start["headers"]):
                await send(start)
                await send(message)
            else:
                for part in await _dressed(scope, start, message):
                    await send(part)

        await self._app(scope, receive, travel)


async def _dressed(scope: Scope, start: Message, message: Message) -> tuple[Message, Message]:
    body: bytes = message.get("body", b"")
    page = scope["path"] not in _OURS
    headers = [*start["headers"], (b"vary", b"Accept-Encoding, Sec-Fetch-Site" if page else b"Accept-Encoding")]
    if scope["path"] in TAGGED and start["status"] == 200:
        tag = b'W/"' + hashlib.sha256(body).hexdigest()[:24].encode() + b'"'
        headers.append((b"etag", tag))
        if scope["method"] in ("GET", "HEAD") and _matches(scope["headers"], tag):
            kept = [(name, value) for name, value in headers if name not in (b"content-length", b"content-type")]
            return {**start, "status": 304, "headers": kept}, {**message, "body": b""}
    if len(body) >= LEAST_BYTES and takes_gzip(scope["headers"]):
        body = await anyio.to_thread.run_sync(gzip.compress, body, LEVEL)
        kept = [(name, value) for name, value in headers if name != b"content-length"]
        headers = [*kept, (b"content-encoding", b"gzip"), (b"content-length", str(len(body)).encode())]
    return {**start, "headers": headers}, {**message, "body": body}


def _asked_here(scope: Scope) -> bool:
    """Return whether a browser asked for it, and no foreign site made it do so."""
    return _header(scope["headers"], b"sec-fetch-site") in (b"same-origin", b"none")


def _compressed(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    kind = _header(headers, b"content-type").partition(b";")[0]
    return kind in (b"application/json", b"text/html") and not _header(headers, b"content-encoding")


def _header(headers: Iterable[tuple[bytes, bytes]], wanted: bytes) -> bytes:
    """Return a header's values, one after the other."""
    return b",".join(value for name, value in headers if name == wanted)


def _matches(headers: Iterable[tuple[bytes, bytes]], tag: bytes) -> bool:
    """Return whether the client has this already; weakly, as for GET."""
    held = [one.strip().removeprefix(b"W/") for one in _header(headers, b"if-none-match").split(b",")]
    return b"*" in held or tag.removeprefix(b"W/") in held


def takes_gzip(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Return whether the client takes gzip, by its own weights."""
    for one in _header(headers, b"accept-encoding").lower().split(b","):
        name, _, weight = one.replace(b" ", b"").partition(b";q=")
        if name in (b"gzip", b"x-gzip"):
            return weight.strip(b"0.") != b"" if weight else True
    return False
