"""The page in a real Chromium: every view and action, phone and wide, with and without scripts, in both languages."""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from serving.api.security.keyring import Key, Keyring, make_secret
from serving.web.text.catalogue import say
from tests.browser.serving import looking, served

pytestmark = pytest.mark.browser
ALL = [
    ("phone", "en", True), ("phone", "nl", False), ("phone", "de", True), ("tablet", "nl", True),
    ("tablet", "de", False),
    ("wide", "en", False), ("wide", "nl", True), ("wide", "de", True),
]  # fmt: skip
"""Every width with every language, or every language with and without scripts; all of both would tell no more."""
NAMES = [f"{width}-{language}-{'scripts' if scripts else 'bare'}" for width, language, scripts in ALL]
Look = Callable[[], AbstractContextManager[Page]]


@pytest.fixture(params=ALL, ids=NAMES)
def view(request: pytest.FixtureRequest, browser: Browser, site: str) -> Iterator[tuple[Page, str, bool]]:
    """A window, its language, and whether scripts run."""
    width, language, scripts = request.param
    with looking(browser, site, width, language, scripts) as page:
        yield page, language, scripts


def _fits(page: Page) -> bool:
    """Whether nothing has to be scrolled sideways."""
    size = page.viewport_size
    box = page.locator("main").bounding_box()
    assert size is not None
    assert box is not None
    widest = max((part.bounding_box() or box)["width"] for part in page.locator("main > *").all())
    return box["width"] <= size["width"] and widest <= size["width"]


def test_the_list_is_filtered_sorted_and_leafed_through(view: tuple[Page, str, bool]) -> None:
    page, language, scripts = view
    page.goto("/accounts")
    expect(page.get_by_role("heading", level=1)).to_have_text(say(language, "priorities.title"))
    expect(page.locator("html")).to_have_attribute("lang", language)
    assert _fits(page)
    rows = page.locator("table.list tbody tr")
    expect(rows).to_have_count(50)
    filters = page.get_by_role("form", name=say(language, "priorities.filters"))
    filters.locator("#f-rung").select_option("member")
    if not scripts:
        filters.get_by_role("button", name=say(language, "priorities.apply"), exact=True).click()
    else:
        page.wait_for_url(re.compile("rung=member"))
    expect(page.locator("table.list tbody td.c-rung strong").first).to_have_text(say(language, "rung.member"))
    texts = set(page.locator("table.list tbody td.c-rung strong").all_text_contents())
    assert texts == {say(language, "rung.member")}
    filters.locator("#f-sort").select_option("leaving")
    filters.get_by_role("button", name=say(language, "priorities.apply"), exact=True).click()
    page.wait_for_url(re.compile("sort=leaving"))
    page.goto("/accounts?sort=leaving")
    chances = page.locator("tbody td.c-risk strong").all_text_contents()
    shown = [float(text.strip(" %\u00a0<").replace(",", ".")) for text in chances]
    assert shown == sorted(shown, reverse=True)
    page.locator("a[rel=next]").click()
    page.wait_for_url(re.compile("page=2"))
    with page.expect_download() as taken:
        page.get_by_role("link", name=say(language, "priorities.csv")).click()
    assert taken.value.suggested_filename == "accounts.csv"


def test_both_states_in_which_nothing_is_advised_say_why(view: tuple[Page, str, bool]) -> None:
    page, language, _ = view
    for state in ("alone", "unknown"):
        page.goto(f"/accounts?state={state}")
        if not page.locator(f"tr.{state}").count():
            expect(page.locator(".empty")).to_have_text(say(language, "priorities.none"))
            continue
        row = page.locator(f"tr.{state}").first
        if state == "alone":
            words = say(language, "priorities.alone.why", option="?", loss="?").split("?")[1]
            expect(row).to_contain_text(words.strip())
        else:
            expect(row).to_contain_text(say(language, "advice.not_enough_data"))


def test_what_20_000_would_buy_is_two_clicks_away(view: tuple[Page, str, bool]) -> None:
    page, language, scripts = view
    page.goto("/")
    page.get_by_role("navigation", name=say(language, "site.views")).get_by_role(
        "link", name=say(language, "nav.plan")
    ).click()
    budget = page.get_by_label(say(language, "plan.budget.amount", currency="€"), exact=True)
    slider = page.get_by_role("slider")
    if scripts:
        slider.fill("35000")
        expect(budget).to_have_value("35,000" if language == "en" else "35.000")
    else:
        expect(slider).to_have_count(0)
    budget.fill("20,000" if language == "en" else "20.000")
    page.get_by_role("button", name=say(language, "plan.make")).click()
    section = page.locator("#plan")
    expect(section.get_by_role("heading", level=2)).to_contain_text("20,000" if language == "en" else "20.000")
    expect(section.get_by_role("img").first).to_be_visible()
    expect(page.locator("tr.holdout .badge").first).to_have_text(say(language, "plan.hold"))
    assert _fits(page)
    with page.expect_download() as taken:
        section.get_by_role("link", name=say(language, "plan.xlsx")).click()
    assert taken.value.suggested_filename.endswith(".xlsx")


def test_a_plan_is_accepted_and_comes_as_a_file_for_the_monitor(
    request: pytest.FixtureRequest, view: tuple[Page, str, bool]
) -> None:
    page, language, _ = view
    own = 5_000 + 500 * NAMES.index(request.node.callspec.id)
    page.goto(f"/plan?budget={own}")
    page.get_by_role("button", name=say(language, "plan.accept")).click()
    expect(page.get_by_role("status")).to_have_text(say(language, "plan.accepted.done"))
    with page.expect_download() as taken:
        page.get_by_role("link", name=say(language, "plan.zip")).click()
    assert taken.value.suggested_filename.endswith(".zip")
    page.goto("/plan")
    expect(page.locator("[aria-labelledby=accepted] tbody tr").first).to_be_visible()


def test_a_wrong_budget_is_said_where_it_was_typed(view: tuple[Page, str, bool]) -> None:
    page, language, _ = view
    page.goto("/plan")
    page.locator("#budget").fill("a lot")
    page.get_by_role("button", name=say(language, "plan.make")).click()
    expect(page.get_by_role("alert")).to_contain_text(say(language, "plan.wrong.budget"))
    expect(page.locator("#budget")).to_have_attribute("aria-invalid", "true")


def test_the_other_language_is_one_click_away_and_stays(view: tuple[Page, str, bool]) -> None:
    page, language, _ = view
    other = "nl" if language == "en" else "en"
    page.goto("/accounts?rung=member")
    page.get_by_role("navigation", name=say(language, "site.language")).get_by_role("link", name=other.upper()).click()
    expect(page.locator("html")).to_have_attribute("lang", other)
    expect(page).to_have_url(re.compile("rung=member"))
    page.goto("/plan")
    expect(page.get_by_role("heading", level=1)).to_have_text(say(other, "plan.title"))


def test_the_keyboard_skips_to_the_content_and_sees_where_it_is(view: tuple[Page, str, bool]) -> None:
    page, language, _ = view
    page.goto("/")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name=say(language, "site.skip"))
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("#content"))


@pytest.mark.parametrize(("width", "language", "scripts"), ALL, ids=NAMES)
def test_who_signs_in_with_a_key_comes_in_and_goes_out(
    browser: Browser, url: str, width: str, language: str, scripts: bool
) -> None:
    key_id, secret, digest = make_secret()
    ring = Keyring([Key(key_id, "Anna", frozenset(("page", "plan")), digest)])
    with served(url, lambda: ring) as at, looking(browser, at, width, language, scripts) as page:
        page.goto("/plan")
        page.get_by_label(say(language, "sign_in.key")).fill("wrong")
        page.get_by_role("button", name=say(language, "sign_in.do")).click()
        expect(page.get_by_role("alert")).to_have_text(say(language, "sign_in.key_refused"))
        page.get_by_label(say(language, "sign_in.key")).fill(secret)
        page.get_by_role("button", name=say(language, "sign_in.do")).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(say(language, "plan.title"))
        expect(page.get_by_text(say(language, "site.signed_in", name="Anna"))).to_be_visible()
        page.get_by_role("button", name=say(language, "sign_in.out")).click()
        page.goto("/")
        expect(page.get_by_label(say(language, "sign_in.key"))).to_be_visible()


PATHS = (
    "/", "/accounts?risk=yes", "/accounts?columns=why&columns=evidence", "/accounts?q=nothing-is-called-so", "/work",
    "/risk", "/risk?by=rung&across=country", "/glossary", "/nopage", "/plan", "/plan?budget=20000&rung=member",
    "/plan?budget=x", "/plan?budget=0", "/sign-in", "/plans/nothing", "/audit",
    "/accounts?q=decider&columns=lifetime&columns=loyalty&columns=win_back&columns=roi&columns=act_by",
)  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_axe_finds_nothing(browser: Browser, site: str, path: str) -> None:
    for width, language, dark in (("phone", "de", False), ("tablet", "en", False), ("wide", "nl", True)):
        with looking(browser, site, width, language, dark=dark) as page:
            page.goto(path)
            found = Axe().run(page).response["violations"]
            assert [(one["id"], [node["target"] for node in one["nodes"]][:4]) for one in found] == []


@pytest.mark.parametrize("path", PATHS)
def test_what_is_pressed_or_tapped_is_large_enough(browser: Browser, site: str, path: str) -> None:
    with looking(browser, site, "phone") as page:
        page.goto(path)
        for part in page.locator("button, input:not([type=hidden]), select, summary, nav a").all()[:40]:
            box = part.bounding_box()
            if box is not None and part.is_visible() and box["width"] > 1:
                assert box["height"] >= 20, part.evaluate("e => e.outerHTML")
