"""Every endpoint and what it takes to pass: one table for the guard, the routes, the figures and the documentation.

A path that is not here does not exist: the guard answers 404 before any router sees it.
"""

from dataclasses import dataclass

OPEN = "open"
"""Nobody needs a key: it tells nothing of any account."""
ANY = "any"
"""Any key will do."""
PAGE = "page"
"""The managers' page: it sees to it itself who is signed in (`serving.web.session`)."""
SCOPES = ("score", "plan", "feedback", "admin", PAGE)
"""What a key may be good for. None includes another one."""


@dataclass(frozen=True)
class Door:
    """One endpoint.  scope : one of SCOPES, ANY or OPEN.  path : ends in /* where anything may follow."""

    method: str
    path: str
    scope: str


DOORS = (
    Door("POST", "/score", "score"),
    Door("POST", "/lookup", "score"),
    Door("POST", "/plan", "plan"),
    Door("POST", "/feedback", "feedback"),
    Door("POST", "/admin/reload", "admin"),
    Door("GET", "/version", ANY),
    Door("GET", "/metrics", "admin"),
    Door("GET", "/healthz", OPEN),
    Door("GET", "/readyz", OPEN),
    Door("GET", "/docs", OPEN),
    Door("GET", "/openapi.json", OPEN),
    Door("GET", "/", OPEN),
)
PAGES = (
    Door("GET", "/assets/*", PAGE),
    Door("GET", "/sign-in", PAGE),
    Door("POST", "/sign-in", PAGE),
    Door("POST", "/sign-out", PAGE),
    Door("GET", "/accounts.csv", PAGE),
    Door("GET", "/accounts/*", PAGE),
    Door("POST", "/accounts/*", PAGE),
    Door("GET", "/ladder", PAGE),
    Door("GET", "/trust", PAGE),
    Door("GET", "/plan", PAGE),
    Door("GET", "/plan.csv", PAGE),
    Door("GET", "/plan.xlsx", PAGE),
    Door("POST", "/plans", PAGE),
    Door("GET", "/plans/*", PAGE),
)
"""What people see, besides `/`: no part of the API, and not in its documentation."""
_EXACT = {(door.method, door.path): door for door in (*PAGES, *DOORS) if not door.path.endswith("/*")}
_ANY_METHOD = {path: door for (_, path), door in _EXACT.items()}
_BELOW = {door.path.removesuffix("*"): door for door in PAGES if door.path.endswith("/*")}


def door_of(method: str, path: str) -> Door | None:
    """The door of a request; with another method than is meant, any door of the path, and the API's before others."""
    asked = "GET" if method == "HEAD" else method
    exact = _EXACT.get((asked, path)) or _ANY_METHOD.get(path)
    if exact is not None:
        return exact
    return next((door for beginning, door in _BELOW.items() if path.startswith(beginning)), None)
