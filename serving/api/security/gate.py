"""What every request passes first: its version's path, and headers that no honest client sends.

All of it is cheap, and linear in the bytes of the headers, since nobody has shown a key yet.
"""

from collections.abc import Iterable

from starlette.types import ASGIApp, Receive, Scope, Send

from serving.api.errors import HttpError

VERSION = "/v1"
"""Every path is also there under it."""
MOST_HEADER_BYTES = 32 * 1024
"""Of all headers together: browsers and proxies send a few thousand."""
MOST_ADDRESS_BYTES = 8 * 1024
"""Of a path with its query: the page repeats it in the address of each of its links."""
MOST_COOKIE_BYTES = 4096
"""Of one cookie: what browsers keep at most."""


class Gate:
    """Lets requests pass to the application, or answers them itself."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, with the path of no version and without cookies that cannot be ours; or refuse it."""
        if scope["type"] == "http":
            scope["path"] = unversioned(scope["path"])
            scope["raw_path"] = unversioned((scope.get("raw_path") or b"").decode("latin-1")).encode("latin-1")
            try:
                _check_address(scope)
                scope["headers"] = checked_headers(scope["headers"])
            except HttpError as refusal:
                response = refusal.response
                response.headers["Connection"] = "close"  # what comes next on it may be read otherwise by somebody else
                await response(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _check_address(scope: Scope) -> None:
    """Refuse an address that is too long.  Raises HttpError 414."""
    if len(scope["raw_path"]) + len(scope.get("query_string", b"")) > MOST_ADDRESS_BYTES:
        raise HttpError(414, "address_too_long", f"The address is longer than {MOST_ADDRESS_BYTES // 1024} kB.")


def unversioned(path: str) -> str:
    """Return the path without its version.

    >>> unversioned("/v1/score"), unversioned("/v1"), unversioned("/score"), unversioned("/v10/score")
    ('/score', '/', '/score', '/v10/score')
    """
    if path == VERSION:
        return "/"
    return path.removeprefix(VERSION) if path.startswith(f"{VERSION}/") else path


def checked_headers(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Return the headers with tame cookies.

    Raises
    ------
    HttpError
        400 where they say in two ways how long the body is, which a proxy and we could read differently; 431 where they
        are too large.
    """
    kept = list(headers)
    if sum(len(name) + len(value) for name, value in kept) > MOST_HEADER_BYTES:
        most = f"The headers are larger than {MOST_HEADER_BYTES // 1024} kB."
        raise HttpError(431, "headers_too_large", most)
    lengths = [value for name, value in kept if name == b"content-length"]
    if len(lengths) > 1 or (lengths and any(name == b"transfer-encoding" for name, _ in kept)):
        twice = "Say once how long the body is: by Content-Length or by Transfer-Encoding."
        raise HttpError(400, "ambiguous_length", twice)
    return [(name, _tame(value) if name == b"cookie" else value) for name, value in kept]


def _tame(cookies: bytes) -> bytes:
    """Return the cookies without those that are too long or hold backslashes.

    Python's parser takes time that grows with the square of their number, and none of ours has any.
    """
    if b"\\" not in cookies and len(cookies) <= MOST_COOKIE_BYTES:
        return cookies
    return b";".join(one for one in cookies.split(b";") if b"\\" not in one and len(one) <= MOST_COOKIE_BYTES)
