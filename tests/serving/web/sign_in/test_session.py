"""Who may see the page, and that nobody changes anything in somebody else's name."""

import json
from collections.abc import Iterator

import pytest

from serving.api.security.keyring import Key, Keyring, make_secret
from serving.api.security.rate_limit import Rates
from serving.web.sign_in.session import COOKIE, HOURS
from tests.serving.sites import Browser
from tests.serving.web.markup import hidden, read

PLAN = "/plan?budget=20000"
NOW = 1_767_225_600_000_000


def _key(name: str, *scopes: str, revoked: bool = False) -> tuple[Key, str]:
    key_id, secret, digest = make_secret()
    return Key(key_id, name, frozenset(scopes), digest, revoked), secret


ANNA, SECRET = _key("Anna <b>", "page", "plan")
LOOKS, LOOKS_SECRET = _key("looks only", "page")
SCORES, SCORES_SECRET = _key("a program", "score", "plan", "feedback", "admin")
REVOKED, REVOKED_SECRET = _key("gone", "page", revoked=True)


class Clock:
    now = NOW


@pytest.fixture
def ring() -> list[Keyring]:
    """What the service reads its keys from; a test may put others there."""
    return [Keyring((ANNA, LOOKS, SCORES, REVOKED))]


@pytest.fixture
def browser(own_url: str, ring: list[Keyring]) -> Iterator[Browser]:
    Clock.now = NOW
    with Browser(own_url, lambda: ring[0], now=lambda: Clock.now) as browser:
        yield browser


def _sign_in(browser: Browser, secret: str = SECRET, **more: str) -> int:
    return browser.send("/sign-in", {"key": secret, **more}).status_code


def _accept(browser: Browser, **changes: str) -> int:
    shown = browser.open(PLAN).text
    form = {name: hidden(shown, name) for name in ("token", "asked", "plan_id")}
    return browser.send("/plans", form | changes).status_code


@pytest.mark.parametrize("path", ["/", PLAN, "/plan.csv?budget=1", "/accounts.csv", "/plans/x", "/?q=a%20b"])
def test_who_is_not_signed_in_is_sent_to_the_sign_in_and_then_on(browser: Browser, path: str) -> None:
    answer = browser.open(path)
    assert answer.status_code == 303
    page = browser.open(answer.headers["location"])
    assert page.status_code == 200
    assert "Account 0" not in page.text
    to = hidden(page.text, "next")
    after = browser.send("/sign-in", {"key": SECRET, "next": to})
    assert (after.status_code, after.headers["location"]) == (303, to)
    assert to.split("?")[0] == path.split("?")[0]


def test_the_cookie_is_shut_away_from_scripts_and_other_sites(browser: Browser) -> None:
    answer = browser.send("/sign-in", {"key": SECRET})
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "secure" not in cookie
    assert SECRET not in answer.headers["set-cookie"]
    assert (
        "secure"
        in browser.send("/sign-in", {"key": SECRET}, **{"X-Forwarded-Proto": "https"}).headers["set-cookie"].lower()
    )


@pytest.mark.parametrize(
    ("secret", "status"),
    [(REVOKED_SECRET, 401), (SECRET[:-1], 401), ("", 401), ("x" * 60_000, 401), (SCORES_SECRET, 403), ("é", 401)],
    ids=["revoked", "cut", "none", "long", "for scores", "letter"],
)
def test_a_key_that_is_not_good_for_the_page_opens_nothing(browser: Browser, secret: str, status: int) -> None:
    answer = browser.send("/sign-in", {"key": secret})
    assert answer.status_code == status
    assert "set-cookie" not in answer.headers
    assert browser.open("/").status_code == 303


@pytest.mark.parametrize("to", ["//evil.example", "https://evil.example", "/\\evil.example", "/sign-in", "x", "/\n"])
def test_signing_in_leads_to_a_page_of_ours_whatever_was_asked(browser: Browser, to: str) -> None:
    assert browser.send("/sign-in", {"key": SECRET, "next": to}).headers["location"] == "/"


def test_a_session_ends_after_its_hours_on_signing_out_and_with_its_key(browser: Browser, ring: list[Keyring]) -> None:
    assert _sign_in(browser) == 303
    assert browser.open("/").status_code == 200
    Clock.now = NOW + HOURS * 3600 * 1_000_000 + 1_000_001
    assert browser.open("/").status_code == 303
    Clock.now = NOW
    assert browser.open("/").status_code == 200
    ring[0] = Keyring((LOOKS, REVOKED))
    assert browser.open("/").status_code == 303
    ring[0] = Keyring((ANNA,))
    token = hidden(browser.open("/").text, "token")
    assert browser.send("/sign-out", {"token": token}).status_code == 303
    assert browser.open("/").status_code == 303


def test_a_cookie_that_was_touched_is_worth_nothing(browser: Browser) -> None:
    assert _sign_in(browser) == 303
    good = browser.cookies[COOKIE]
    packed, signature = good.split(".")
    for bad in (
        packed,
        f"{packed}.",
        f".{signature}",
        f"{packed}x.{signature}",
        f"{packed}.{signature[:-1]}0",
        "x" * 9_000,
    ):
        if bad == good:
            continue
        browser.cookies.clear()
        assert browser.open("/", Cookie=f"{COOKIE}={bad}").status_code == 303
    assert browser.open("/", Cookie=f"{COOKIE}={good}").status_code == 200


def test_another_store_signs_otherwise(browser: Browser, url: str, ring: list[Keyring]) -> None:
    assert _sign_in(browser) == 303
    with Browser(url, lambda: ring[0], now=lambda: NOW) as other:
        assert other.open("/", Cookie=f"{COOKIE}={browser.cookies[COOKIE]}").status_code == 303


def test_a_change_without_the_token_of_the_form_is_refused(browser: Browser) -> None:
    assert _sign_in(browser) == 303
    for token in ("", "x", "0" * 64, "é"):
        assert _accept(browser, token=token) == 403
    assert "No plan has been accepted" in browser.open("/plan").text
    assert _accept(browser) == 303


def test_the_token_of_one_session_is_none_in_another(browser: Browser, own_url: str, ring: list[Keyring]) -> None:
    with Browser(own_url, lambda: ring[0], now=lambda: NOW) as other:
        assert _sign_in(other) == 303
        theirs = hidden(other.open("/").text, "token")
    assert _sign_in(browser) == 303
    assert _accept(browser, token=theirs) == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"}, {"Origin": "http://ladder.evil.example"},
    ],
)  # fmt: skip
def test_a_form_from_another_site_is_refused_though_it_has_the_token(browser: Browser, headers: dict[str, str]) -> None:
    assert _sign_in(browser) == 303
    shown = browser.open(PLAN).text
    form = {name: hidden(shown, name) for name in ("token", "asked", "plan_id")}
    assert browser.send("/plans", form, **headers).status_code == 403
    assert browser.send("/sign-in", {"key": SECRET}, **headers).status_code == 403
    assert browser.send("/plans", form, Origin="http://ladder", **{"Sec-Fetch-Site": "same-origin"}).status_code == 303


def test_a_browser_names_our_own_forms_origin(browser: Browser) -> None:
    assert _sign_in(browser) == 303
    shown = browser.open(PLAN)
    assert shown.headers["referrer-policy"] == "same-origin", "with no-referrer the origin of our forms is `null`"
    form = {name: hidden(shown.text, name) for name in ("token", "asked", "plan_id")}
    behind = {"Sec-Fetch-Site": "same-origin", "Origin": "https://ladder.example"}
    assert browser.send("/plans", form, **behind).status_code == 303, "a proxy may give us another Host"


def test_what_changes_something_takes_a_form_and_nothing_else(browser: Browser) -> None:
    assert _sign_in(browser) == 303
    for headers in ({"Content-Type": "application/json"}, {"Content-Type": "text/plain"}, {}):
        assert browser.request("POST", "/plans", content=json.dumps({"token": "x"}), headers=headers).status_code == 415
    assert browser.send("/plans", {"asked": "x" * 70_000}).status_code == 413
    assert browser.open("/sign-out").status_code == 405
    raw = {"Content-Type": "application/x-www-form-urlencoded"}
    assert browser.request("POST", "/plans", content=b"\xff=\xfe", headers=raw).status_code in (400, 403)
    assert browser.request("POST", "/plans", content=b"&".join([b"a=1"] * 500), headers=raw).status_code == 400


def test_a_key_that_may_look_may_not_accept(browser: Browser) -> None:
    assert _sign_in(browser, LOOKS_SECRET) == 303
    shown = browser.open(PLAN).text
    assert 'name="plan_id"' not in shown
    token = hidden(shown, "token")
    assert browser.send("/plans", {"token": token, "asked": "budget=20000", "plan_id": "x"}).status_code == 403


def test_a_key_asks_no_oftener_than_it_may(own_url: str, ring: list[Keyring]) -> None:
    with Browser(own_url, lambda: ring[0], now=lambda: NOW, rates=Rates(0.01, 2)) as browser:
        assert _sign_in(browser) == 303
        assert [browser.open("/").status_code for _ in range(3)] == [200, 200, 429]


def test_the_proxys_header_counts_only_where_the_settings_say_so(own_url: str, ring: list[Keyring]) -> None:
    named = {"X-Forwarded-User": "anna@example.com"}
    with Browser(own_url, lambda: ring[0]) as browser:
        assert browser.open("/", **named).status_code == 303
    with Browser(own_url, lambda: ring[0], "X-Forwarded-User") as browser:
        assert "anna@example.com" in browser.open("/", **named).text
        assert browser.open("/").status_code == 303
        shown = browser.open(PLAN, **named).text
        form = {name: hidden(shown, name) for name in ("token", "asked", "plan_id")}
        assert browser.send("/plans", form, **{"X-Forwarded-User": "bob"}).status_code == 403
        assert browser.send("/plans", form, **named).status_code == 303
        assert "anna@example.com" in browser.open("/plan", **named).text
    with Browser(own_url, Keyring, "X-Forwarded-User") as browser:
        assert browser.open("/").status_code == 303, "with a proxy nobody comes past it, keys or none"


def test_without_keys_only_this_machine_is_answered(own_url: str) -> None:
    with Browser(own_url, Keyring) as browser:
        assert browser.open("/").status_code == 403, "the client's Host is `ladder`, no name of this machine"
        assert browser.open("/", Host="127.0.0.1:3000").status_code == 200
        assert "serves it" in browser.open(PLAN, Host="evil.example").text


def test_who_is_signed_in_is_shown_as_text(browser: Browser) -> None:
    assert _sign_in(browser) == 303
    page = read(browser.open("/").text)
    assert "Signed in as Anna <b>" in page.texts


def test_programs_are_told_where_the_documentation_is_as_before(browser: Browser) -> None:
    assert browser.get("/").json()["documentation"] == "/docs"
