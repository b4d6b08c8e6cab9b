"""What a view is given, and how it answers: a template filled in the visitor's language, everything in it escaped."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import jinja2
import sqlalchemy as sa
from starlette.datastructures import QueryParams
from starlette.responses import HTMLResponse, RedirectResponse, Response

from features.tables import BONDS, RUNGS, TRIGGER_FAMILIES
from serving.planning.planner import Planner
from serving.web.formats import Formats
from serving.web.session import Visitor
from serving.web.static_files import url_of
from serving.web.text.catalogue import LANGUAGE_NAMES, say
from training.model.text.words import DEFAULT_LANGUAGE, LANGUAGES

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
"""Everything from here, nothing inline: a name that got past the escaping would still run nothing."""


@dataclass(frozen=True)
class Visit:
    """One request to the page.

    visitor : None on the pages that nobody needs to sign in for.  now : microseconds since 1970, UTC.
    tail : what follows the path of a door that ends in /*.  query, form : as sent; the last of a name counts in form.
    """

    engine: sa.Engine
    now: int
    visitor: Visitor | None
    language: str
    currency: str
    path: str
    tail: str
    query: QueryParams
    form: Mapping[str, str]
    planner: Planner

    def say(self, key: str, **values: object) -> str:
        """A text in the visitor's language."""
        return say(self.language, key, **values)

    @property
    def formats(self) -> Formats:
        """Money, numbers and dates as the visitor writes them."""
        return Formats(self.language, self.currency)

    def here(self, **changes: object) -> str:
        """The address of this page with other values in its query; None takes one away."""
        return self.at(self.path, **changes)

    def at(self, path: str, **changes: object) -> str:
        """The same of another page."""
        kept = [(name, value) for name, value in self.query.multi_items() if name not in changes and value]
        kept += [(name, str(value)) for name, value in changes.items() if value is not None]
        return quote(path) + (f"?{urlencode(kept)}" if kept else "")


View = Callable[[Visit], Response]


def render(visit: Visit, template: str, status: int = 200, **values: Any) -> Response:
    """A page.  values : what the template needs besides what every one has (below, and in `_environment`)."""
    text = _environment().get_template(template).render(
        visit=visit, say=visit.say, formats=visit.formats, visitor=visit.visitor, **values
    )  # fmt: skip
    # With no-referrer a browser would call the origin of our own forms `null`.
    return HTMLResponse(text, status, {"Content-Security-Policy": POLICY, "Referrer-Policy": "same-origin"})


def redirect(to: str) -> Response:
    """After a change: the browser asks for that page next, and going back repeats nothing."""
    return RedirectResponse(to, 303)


def download(content: bytes, media: str, name: str) -> Response:
    """A file for the visitor's disk.  name : plain ASCII."""
    return Response(content, media_type=media, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def account_url(account: str) -> str:
    """Where an account's own page is, whatever its id holds."""
    return f"/accounts/{quote(account, safe='')}"


def language_of(cookie: str | None, accepted: str) -> str:
    """The language that the visitor chose, else the first of ours that the browser accepts."""
    if cookie in LANGUAGES:
        return str(cookie)
    wanted: list[tuple[float, int, str]] = []
    for position, part in enumerate(accepted[:500].split(",")):
        tag, _, weight = part.strip().partition(";q=")
        name = tag.partition("-")[0].lower()
        try:
            quality = float(weight) if weight else 1.0
        except ValueError:
            quality = 0.0
        if name in LANGUAGES and quality > 0:
            wanted.append((-quality, position, name))
    return min(wanted)[2] if wanted else DEFAULT_LANGUAGE


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {
        "asset": url_of, "account_url": account_url, "languages": LANGUAGES, "language_names": LANGUAGE_NAMES,
        "rungs": RUNGS, "bonds": BONDS, "triggers": TRIGGER_FAMILIES,
    }  # fmt: skip
    return environment
