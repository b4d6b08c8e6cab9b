"""Every endpoint and what it takes to pass: one table for the guard, the routes, the figures and the documentation.

A path that is not here does not exist: the guard answers 404 before any router sees it.
"""

from dataclasses import dataclass

OPEN = "open"
"""Nobody needs a key: it tells nothing of any account."""
ANY = "any"
"""Any key will do."""
SCOPES = ("score", "plan", "feedback", "admin")
"""What a key may be good for. None includes another one."""


@dataclass(frozen=True)
class Door:
    """One endpoint.  scope : one of SCOPES, ANY or OPEN."""

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
DOOR = {door.path: door for door in DOORS}
