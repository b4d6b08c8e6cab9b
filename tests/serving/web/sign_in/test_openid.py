"""Signing in with an identity provider: a real one on the loopback address, honest or not."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from joserfc.jwk import RSAKey

from features.errors import SettingsError
from serving.api.security.keyring import Keyring
from serving.store.audit_log import Author, changes
from serving.store.database import open_store, reading, writing
from serving.store.people.people import Person, put_person
from serving.web.sign_in import openid
from serving.web.sign_in.openid import OpenId, OpenIdTerms
from serving.web.sign_in.session import COOKIE, IDLE_MINUTES
from tests.serving.sites import Browser
from tests.serving.web.markup import hidden
from tests.serving.web.provider import CLIENT, CLIENT_SECRET, Provider, running

NOW = 1_767_225_600_000_000


class Clock:
    now = NOW


@pytest.fixture(scope="module")
def _server() -> Iterator[Provider]:
    with running() as provider:
        yield provider


@pytest.fixture
def provider(_server: Provider, monkeypatch: pytest.MonkeyPatch) -> Provider:
    """As it is at first: honest."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    fresh = Provider()
    _server.claims, _server.lies, _server.published = fresh.claims, {}, _server.key
    return _server


@pytest.fixture
def browser(own_url: str, provider: Provider) -> Iterator[Browser]:
    Clock.now = NOW
    with _browser(own_url, provider) as browser:
        yield browser


def _browser(url: str, provider: Provider, **more: Any) -> Browser:
    terms = OpenIdTerms(provider.issuer, CLIENT, "http://localhost:3000", CLIENT_SECRET, **more)
    return Browser(url, Keyring, openid=OpenId(terms), now=lambda: Clock.now)


def _role(url: str, role: str, owner: str | None = None) -> None:
    engine = open_store(url)
    with writing(engine) as connection:
        put_person(connection, Person("cem@example.com", role, owner), Author(), NOW)
    engine.dispose()


def _back(browser: Browser, path: str = "/sign-in/openid?next=/plan") -> str:
    """Where the provider sends the browser back to."""
    begun = browser.open(path)
    assert begun.status_code == 303
    answer = httpx.get(begun.headers["location"])
    assert answer.status_code == 302
    parts = urlsplit(answer.headers["location"])
    assert parts.path == "/sign-in/callback"
    return f"{parts.path}?{parts.query}"


def test_who_has_a_role_is_signed_in_led_on_written_down_and_signed_out(
    browser: Browser, own_url: str, provider: Provider
) -> None:
    assert "/sign-in/openid?next=/plan" in browser.open(browser.open("/plan").headers["location"]).text
    _role(own_url, "director")
    answer = browser.open(_back(browser))
    assert answer.status_code == 200
    assert 'content="0; url=/plan"' in answer.text
    asked = provider.asked[-1]
    assert (asked["code_challenge_method"], asked["response_type"]) == ("S256", "code")
    cookie = browser.cookies[COOKIE]
    shown = browser.open("/")
    assert "cem@example.com" in shown.text
    assert browser.open("/audit").status_code == 403
    assert browser.send("/sign-out", {"token": hidden(shown.text, "token")}).status_code == 303
    assert browser.open("/", Cookie=f"{COOKIE}={cookie}").status_code == 303, "a stolen copy is worth nothing either"
    engine = open_store(own_url)
    with reading(engine) as connection:
        assert [(one.what, one.who) for one in changes(connection)][:2] == [
            ("signed out", "cem@example.com"), ("signed in", "cem@example.com"),
        ]  # fmt: skip
    engine.dispose()


def test_a_claim_gives_a_role_and_the_table_another_at_once(own_url: str, provider: Provider, people: Any) -> None:
    owner = sorted(set(people["owner"].dropna()))[1]
    provider.claims |= {"roles": ["staff", "viewer", "manager"], "name": owner, "team": []}
    with _browser(own_url, provider, team_claim="team") as browser:
        assert browser.open(_back(browser)).status_code == 200
        assert _rows(browser) == (people["owner"] == owner).sum()
        _role(own_url, "admin")
        assert _rows(browser) == len(people)
        assert browser.open("/audit").status_code == 200
        _role(own_url, "none")
        assert browser.open("/").status_code == 403


def _rows(browser: Browser) -> int:
    return sum(row.startswith("A0") for row in browser.open("/accounts.csv").text.splitlines())


def test_who_has_no_role_is_not_let_in(browser: Browser) -> None:
    answer = browser.open(_back(browser))
    assert answer.status_code == 403
    assert "no role here" in answer.text
    assert COOKIE not in browser.cookies


def test_a_session_that_nobody_uses_ends_and_one_in_use_does_not(browser: Browser, own_url: str) -> None:
    _role(own_url, "viewer")
    browser.open(_back(browser))
    for _ in range(5):
        Clock.now += (IDLE_MINUTES - 1) * 60_000_000
        assert browser.open("/").status_code == 200
    Clock.now += (IDLE_MINUTES + 1) * 60_000_000
    assert browser.open("/").status_code == 303


LIES: list[dict[str, Any]] = [
    {"nonce": "another"}, {"nonce": None}, {"aud": "another"}, {"aud": None}, {"iss": "https://another.example"},
    {"exp": 1_600_000_000}, {"exp": None}, {"email": None}, {"email_verified": False}, {"azp": "another"},
    {"iat": 4_000_000_000}, {"email": "a\nb"}, {"email": ["cem@example.com"]}, {"sub": None},
]  # fmt: skip


@pytest.mark.parametrize("lies", LIES, ids=str)
def test_a_token_that_is_not_good_in_every_respect_signs_nobody_in(
    browser: Browser, own_url: str, provider: Provider, lies: dict[str, Any]
) -> None:
    _role(own_url, "admin")
    provider.lies = lies
    assert browser.open(_back(browser)).status_code == 403
    assert COOKIE not in browser.cookies


def test_what_was_not_begun_here_signs_nobody_in(browser: Browser, own_url: str, provider: Provider) -> None:
    _role(own_url, "admin")
    back = _back(browser)
    for wrong in (back.replace("state=", "state=x"), "/sign-in/callback", "/sign-in/callback?error=access_denied",
                  back.replace("iss=http", "iss=https")):  # fmt: skip
        assert browser.open(wrong).status_code == 403
    with _browser(own_url, provider) as victim:
        assert victim.open(back).status_code == 403, "another browser's answer"
        assert COOKIE not in victim.cookies
    Clock.now += 601_000_000
    assert browser.open(back).status_code == 403, "too late"
    Clock.now = NOW
    assert browser.open(back).status_code == 200
    browser.cookies.clear()
    assert browser.open(back).status_code == 403, "a code is good once, and for the browser that began"


def test_a_key_that_the_provider_does_not_publish_signs_nothing_and_a_new_one_does(
    browser: Browser, own_url: str, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    _role(own_url, "admin")
    assert browser.open(_back(browser)).status_code == 200
    provider.key = RSAKey.generate_key(2048, {"kid": "two", "use": "sig", "alg": "RS256"})
    monkeypatch.setattr(openid, "LEAST_SECONDS", 0.0)
    assert browser.open(_back(browser)).status_code == 403
    provider.published = provider.key
    assert browser.open(_back(browser)).status_code == 200


def test_a_provider_that_is_away_is_said_so(own_url: str) -> None:
    terms = OpenIdTerms("http://127.0.0.1:9", CLIENT, "http://localhost:3000")
    with Browser(own_url, Keyring, openid=OpenId(terms)) as browser:
        answer = browser.open("/sign-in/openid")
        assert answer.status_code == 503
        assert "cannot be reached" in answer.text
    with Browser(own_url, Keyring) as browser:
        assert browser.open("/sign-in/openid").status_code == 404


@pytest.mark.parametrize(
    ("terms", "named"),
    [
        (("http://provider.example", CLIENT, "https://l.example"), "issuer"),
        (("", CLIENT, "https://l.example"), "issuer"),
        (("https://p.example", "", "https://l.example"), "client_id"),
        (("https://p.example", CLIENT, ""), "public_url"),
    ],
)  # fmt: skip
def test_terms_that_cannot_work_are_refused_by_name(terms: tuple[str, str, str], named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        OpenIdTerms(*terms)
    with pytest.raises(SettingsError, match="default_role"):
        OpenIdTerms("https://p.example", CLIENT, "https://l.example", default_role="manager")
