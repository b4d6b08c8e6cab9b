"""A view's input and output: one request, and templates filled in the visitor's language, escaped."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import jinja2
import sqlalchemy as sa
from markupsafe import Markup, escape
from starlette.datastructures import QueryParams
from starlette.responses import HTMLResponse, RedirectResponse, Response

from features.instants import MICROSECONDS_PER_DAY
from features.tables import BONDS, NO_INVESTMENT, RUNGS, TABLE, TRIGGER_FAMILIES
from serving.planning.planner import Planner
from serving.scoring.advice.playbook import Playbooks
from serving.store.feedback.work_list import STATUSES
from serving.store.scores.scoring_runs import RunFacts
from serving.web.sign_in.session import Visitor
from serving.web.static_files import url_of
from serving.web.text.catalogue import LANGUAGE_NAMES, PAGE_LANGUAGES, say
from training.model.findings import Finding
from training.model.text.catalogue import GERMAN_ROWS, Writer, capitalised
from training.model.text.formats import Formats
from training.model.text.kinds import option_name, written
from training.model.text.names import name
from training.model.text.words import DEFAULT_LANGUAGE, LANGUAGES, WORDS

PLAIN = frozenset("/ /accounts /work /risk /plan /ladder /trust /glossary /sign-in".split())
"""Pages that are asked for by their address alone; a form that failed is not."""
OLD_DAYS = 31
"""Scores older than this are said to be old on every page."""
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
"""Everything from here, nothing inline: a name that got past the escaping would still run nothing."""


@dataclass(frozen=True)
class Visit:
    """One request to the page.

    visitor : None on the pages that nobody needs to sign in for.  now : microseconds since 1970, UTC.
    track_records : who sees what came true of a single manager's forecasts: `off` = nobody, `own` = that manager,
    `all` = whoever sees all accounts too.
    tail : what follows the path of a door that ends in /*.  query, form : as sent; the last of a name counts in form,
    and picked holds all of them.  names : of investments and the like, as the settings have them.
    as_of : of the scores that are shown, microseconds; 0 where none are.
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
    track_records: str = "off"
    picked: Sequence[str] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    as_of: int = 0
    playbooks: Playbooks = field(default_factory=Playbooks)

    def shows_record_of(self, manager: str) -> bool:
        """Return whether the visitor may see what came true of that manager's forecasts and decisions."""
        who = self.visitor
        if self.track_records == "off" or who is None:
            return False
        own = manager == who.name or manager in (who.visibility.owners or ())
        return own or (self.track_records == "all" and who.visibility.owners is None)

    def say(self, key: str, **values: object) -> str:
        """Return a text in the visitor's language."""
        return say(self.language, key, **values)

    @property
    def formats(self) -> Formats:
        """Return money, numbers and dates as the visitor writes them."""
        return Formats(self.language, self.currency)

    def about(self, facts: RunFacts) -> "Visit":
        """Return the same visit with money in the currency of the model that made these scores."""
        return replace(self, currency=facts.currency or self.currency, as_of=facts.as_of)

    @property
    def told_in(self) -> str:
        """Return the language of what sources hold in English and Dutch: the visitor's, or English."""
        return self.language if self.language in LANGUAGES else DEFAULT_LANGUAGE

    @property
    def reasons_in(self) -> str:
        """Return the language of reasons and of the playbook."""
        return self.language if self.language in WORDS else DEFAULT_LANGUAGE

    @property
    def person(self) -> str:
        """Return whose settings of the page these are; empty where nobody signs in."""
        return "" if self.visitor is None else self.visitor.name

    @property
    def today(self) -> str:
        """Return the day as a form writes it."""
        return datetime.fromtimestamp(self.now / 1e6, UTC).strftime("%Y-%m-%d")

    @property
    def age_days(self) -> int:
        """Return how old the scores are that are shown, in days."""
        return (self.now - self.as_of) // MICROSECONDS_PER_DAY

    @property
    def stale(self) -> bool:
        """Return whether the scores that are shown are too old to decide on."""
        return bool(self.as_of) and self.age_days > OLD_DAYS

    def option(self, name: str) -> str:
        """Return an investment's or a playbook's name as people say it."""
        if name == NO_INVESTMENT:
            return self.say("priorities.wanted.none")
        plain = option_name(name)
        return self.called(name, plain[:1].upper() + plain[1:])

    def called(self, name: str, plain: str) -> str:
        """Return what the settings call something in the data; else the plain words."""
        return self.names.get(f"{name}.{self.language}") or self.names.get(name) or plain

    def country(self, code: str) -> str:
        """Return a country as people call it; what is no code that anybody knows stays as it is."""
        return self.called(code, self.formats.country(code))

    def count(self, key: str, number: int, **values: object) -> str:
        """Return the text of `KEY.one` or `KEY.many`, with the number."""
        return self.say(f"{key}.one" if number == 1 else f"{key}.many", count=self.formats.number(number), **values)

    def tell(self, finding: Finding, names: Mapping[str, str] | None = None) -> Markup:
        """Return a finding as a sentence of HTML.  names : of accounts, which it links to."""
        language = self._language_of(finding)
        told = capitalised(self._writer(language, names or {}).tell(self._people_call(finding, language)))
        return self._foreign(told if told.endswith(".") else f"{told}.", language)

    def heading(self, finding: Finding) -> Markup:
        """Return a finding in a few words of HTML."""
        language = self._language_of(finding)
        told = capitalised(self._writer(language, {}).heading(self._people_call(finding, language)))
        return self._foreign(told, language)

    def _language_of(self, finding: Finding) -> str:
        """Return in which language a finding is told: English where nobody wrote it in the visitor's."""
        known = self.language in LANGUAGES or finding.code in GERMAN_ROWS
        return self.language if known else DEFAULT_LANGUAGE

    def _people_call(self, finding: Finding, language: str) -> Finding:
        """Return a finding that calls investments and the like what people call them."""
        known = {
            name: self.names.get(f"{value}.{language}") or self.names[value]
            for name, value in finding.params.items()
            if isinstance(value, str) and value in self.names
        }
        return replace(finding, params={**finding.params, **known}) if known else finding

    def _foreign(self, told: str, language: str) -> Markup:
        """Return what the model says, marked where it is not in the visitor's language."""
        return Markup(told if language == self.language else f'<span lang="{language}">{told}</span>')

    def _writer(self, language: str, names: Mapping[str, str]) -> Writer:
        def link(account: str) -> str:
            return f'<a href="{escape(account_url(account))}"><bdi>{escape(names.get(account, account))}</bdi></a>'

        return Writer(Formats(language, self.currency), link, lambda text: str(escape(text)))

    def name(self, kind: str, value: str) -> str:
        """Return the words for a machine name, as a cell or a line begins.  kind : of `training.model.text.names`."""
        return capitalised(name(kind, value, self.language))

    def between(self, low: float | None, high: float | None, level: float | None) -> str:
        """Return an interval of money in words.  level : how often it holds; None where nobody knows."""
        ends = {"low": self.formats.money(low), "high": self.formats.money(high)}
        if level is None:
            return self.say("gain.between", **ends)
        return self.say("gain.between.level", **ends, times=written("times", level, self.formats))

    def switched(self, language: str) -> str:
        """Return the address of this page in another language, with everything that was asked of it."""
        path = self.path if self.path in PLAIN or self.path.startswith(("/accounts/", "/plans/")) else "/"
        return self.at(path, language=language)

    def here(self, **changes: object) -> str:
        """Return the address of this page with other values in its query; None takes one away."""
        return self.at(self.path, **changes)

    def at(self, path: str, **changes: object) -> str:
        """Return the address of another page with these values in its query."""
        kept = [
            (name, value) for name, value in self.query.multi_items() if name not in {*changes, "language"} and value
        ]
        kept += [(name, str(value)) for name, value in changes.items() if value is not None]
        return quote(path) + (f"?{urlencode(kept)}" if kept else "")


def option_labels(words: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Return what the table `investment_options` calls the options, as `Visit.names` has it.

    words : option -> label_en and label_nl, those that are given; German readers have the English one.
    """
    labels = {"": "label_en", ".nl": "label_nl"}
    return {
        f"{option}{language}": str(own[label])
        for option, own in words.items()
        for language, label in labels.items()
        if own.get(label)
    }


View = Callable[[Visit], Response]


def render(visit: Visit, template: str, status: int = 200, **values: Any) -> Response:
    """Return a rendered page.  values : what the template needs beyond the values of every page."""
    text = _environment().get_template(template).render(
        visit=visit, say=visit.say, formats=visit.formats, visitor=visit.visitor, **values
    )  # fmt: skip
    # With no-referrer a browser would call the origin of our own forms `null`.
    return HTMLResponse(text, status, {"Content-Security-Policy": POLICY, "Referrer-Policy": "same-origin"})


def redirect(to: str) -> Response:
    """Return a redirect after a change, so that going back repeats nothing."""
    return RedirectResponse(to, 303)


def download(content: bytes, media: str, name: str) -> Response:
    """Return a file to download.  name : plain ASCII."""
    return Response(content, media_type=media, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def account_url(account: str, back: str = "") -> str:
    """Return the address of an account's page, whatever its id holds.  back : where its way back leads."""
    return f"/accounts/{quote(account, safe='')}" + (f"?{urlencode({'back': back})}" if back else "")


def own_path(given: str) -> str:
    """Return where to go next: a path of ours, never another site."""
    own = given.startswith("/") and not given.startswith(("//", "/\\")) and given.isprintable()
    return given if own and not given.startswith("/sign-") else "/"


def language_of(cookie: str | None, accepted: str) -> str:
    """Return the visitor's chosen language, or the first of ours that the browser accepts."""
    if cookie in PAGE_LANGUAGES:
        return str(cookie)
    wanted: list[tuple[float, int, str]] = []
    for position, part in enumerate(accepted[:500].split(",")):
        tag, _, weight = part.strip().partition(";q=")
        name = tag.partition("-")[0].lower()
        try:
            quality = float(weight) if weight else 1.0
        except ValueError:
            quality = 0.0
        if name in PAGE_LANGUAGES and quality > 0:
            wanted.append((-quality, position, name))
    return min(wanted)[2] if wanted else DEFAULT_LANGUAGE


def get_ready() -> None:
    """Read all templates and how each language writes now, so that whoever opens the first page need not wait."""
    environment = _environment()
    for one in environment.list_templates():
        environment.get_template(one)
    for language in PAGE_LANGUAGES:
        Formats(language, "").money(0.0)


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
        "asset": url_of, "account_url": account_url, "languages": PAGE_LANGUAGES, "language_names": LANGUAGE_NAMES,
        "rungs": RUNGS, "bonds": BONDS, "triggers": TRIGGER_FAMILIES, "statuses": STATUSES, "tables": frozenset(TABLE),
    }  # fmt: skip
    return environment
