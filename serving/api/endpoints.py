"""Every endpoint and the scope that it needs: one table for authentication, routes, metrics and documentation.

A path that is not here does not exist: the guard answers 404 before any router sees it.
"""

from dataclasses import dataclass

OPEN = "open"
"""Nobody needs a key: it tells nothing of any account."""
ANY = "any"
"""Any key will do."""
PAGE = "page"
"""The managers' page: it sees to it itself who is signed in (`serving.web.sign_in.session`)."""
SCOPES = ("score", "plan", "feedback", "admin", PAGE)
"""What a key may be good for. None includes another one."""


@dataclass(frozen=True)
class Endpoint:
    """One endpoint.  scope : one of SCOPES, ANY or OPEN.  path : ends in /* where anything may follow."""

    method: str
    path: str
    scope: str


ENDPOINTS = (
    Endpoint("POST", "/score", "score"),
    Endpoint("POST", "/lookup", "score"),
    Endpoint("GET", "/changes", "score"),
    Endpoint("POST", "/plan", "plan"),
    Endpoint("POST", "/feedback", "feedback"),
    Endpoint("POST", "/admin/reload", "admin"),
    Endpoint("GET", "/version", ANY),
    Endpoint("GET", "/metrics", "admin"),
    Endpoint("GET", "/healthz", OPEN),
    Endpoint("GET", "/readyz", OPEN),
    Endpoint("GET", "/docs", OPEN),
    Endpoint("GET", "/openapi.json", OPEN),
    Endpoint("GET", "/", OPEN),
)
PAGES = (
    Endpoint("GET", "/assets/*", PAGE),
    Endpoint("GET", "/sign-in", PAGE),
    Endpoint("POST", "/sign-in", PAGE),
    Endpoint("POST", "/sign-out", PAGE),
    Endpoint("GET", "/sign-in/openid", PAGE),
    Endpoint("GET", "/sign-in/callback", PAGE),
    Endpoint("GET", "/audit", PAGE),
    Endpoint("POST", "/mine", PAGE),
    Endpoint("GET", "/accounts", PAGE),
    Endpoint("GET", "/accounts.csv", PAGE),
    Endpoint("GET", "/accounts/*", PAGE),
    Endpoint("POST", "/accounts/*", PAGE),
    Endpoint("GET", "/work", PAGE),
    Endpoint("POST", "/work", PAGE),
    Endpoint("POST", "/views", PAGE),
    Endpoint("GET", "/risk", PAGE),
    Endpoint("GET", "/risk.csv", PAGE),
    Endpoint("GET", "/glossary", PAGE),
    Endpoint("GET", "/pictures/*", PAGE),
    Endpoint("GET", "/ladder", PAGE),
    Endpoint("GET", "/trust", PAGE),
    Endpoint("GET", "/plan", PAGE),
    Endpoint("GET", "/plan.csv", PAGE),
    Endpoint("GET", "/plan.xlsx", PAGE),
    Endpoint("POST", "/plans", PAGE),
    Endpoint("GET", "/plans/*", PAGE),
    Endpoint("POST", "/plans/*", PAGE),
)
"""What people see, besides `/`: no part of the API, and not in its documentation."""
_EXACT = {
    (endpoint.method, endpoint.path): endpoint for endpoint in (*PAGES, *ENDPOINTS) if not endpoint.path.endswith("/*")
}
_ANY_METHOD = {path: endpoint for (_, path), endpoint in _EXACT.items()}
_BELOW = {endpoint.path.removesuffix("*"): endpoint for endpoint in PAGES if endpoint.path.endswith("/*")}


def endpoint_of(method: str, path: str) -> Endpoint | None:
    """Return the endpoint of a request; with an unknown method any of its path, those of the API first."""
    asked = "GET" if method == "HEAD" else method
    exact = _EXACT.get((asked, path)) or _ANY_METHOD.get(path)
    if exact is not None:
        return exact
    return next((endpoint for beginning, endpoint in _BELOW.items() if path.startswith(beginning)), None)
