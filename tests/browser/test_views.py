"""An account, the ladder and trust in a real Chromium: the managers' questions, each within three clicks."""

import re
from collections.abc import Iterator
from itertools import product

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from serving.web.text.catalogue import say
from tests.browser.serving import looking
from tests.browser.test_page import ALL, NAMES

pytestmark = pytest.mark.browser


@pytest.fixture(params=ALL, ids=NAMES)
def view(request: pytest.FixtureRequest, browser: Browser, site: str) -> Iterator[tuple[Page, str]]:
    """A window and its language; scripts run or not."""
    width, language, scripts = request.param
    with looking(browser, site, width, language, scripts) as page:
        yield page, language


def _first_account(page: Page, query: str = "") -> None:
    page.goto(f"/accounts{query}")
    page.locator("table.list a.account").first.click()
    page.wait_for_url(re.compile("/accounts/"))


def _nothing_sticks_out(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def _menu(page: Page, language: str, key: str) -> None:
    views = page.get_by_role("navigation", name=say(language, "site.views"))
    views.get_by_role("link", name=say(language, key)).click()


def test_why_an_account_fell_is_one_click_away(view: tuple[Page, str]) -> None:
    page, language = view
    _first_account(page)
    for key in ("account.reasons", "account.steps", "account.timeline", "account.options", "account.talk.who"):
        expect(page.get_by_role("heading", name=say(language, key), exact=True)).to_be_visible()
    began = say(language, "account.changed", date="|").split("|")[0]
    expect(page.get_by_role("heading", name=re.compile(began))).to_be_visible()
    expect(page.locator("svg.timeline")).to_be_visible()
    _nothing_sticks_out(page)
    page.locator("main details:not(.more) summary").first.click()
    expect(page.locator("details table").first).to_be_visible()


def test_an_account_is_found_by_its_number(view: tuple[Page, str]) -> None:
    page, language = view
    _first_account(page)
    account = page.url.partition("?")[0].rpartition("/")[2]
    page.goto("/ladder")
    page.get_by_role("searchbox").first.fill(account)
    page.get_by_role("button", name=say(language, "site.find.do"), exact=True).click()
    expect(page).to_have_url(re.compile(f"/accounts/{account}$"))


def test_a_decision_is_recorded_and_taken_back(request: pytest.FixtureRequest, view: tuple[Page, str]) -> None:
    page, language = view
    _first_account(page, f"?rung=customer&page=1&sort=name&direction={'up' if language == 'en' else 'down'}")
    reason = f"We spoke on Monday <b>{request.node.callspec.id}</b>"
    page.get_by_role("radio", name=say(language, "account.override.no"), exact=True).check()
    page.get_by_label(say(language, "account.override.reason")).fill(reason)
    page.locator("form:has(#reason)").get_by_role("button", name=say(language, "account.override.do")).click()
    expect(page.get_by_role("status")).to_have_text(say(language, "account.override.done"))
    expect(page.locator(".standing").first).to_contain_text(reason)
    page.get_by_role("button", name=re.compile(say(language, "account.override.undo"))).first.click()
    expect(page.get_by_role("status")).to_have_text(say(language, "account.override.done"))
    expect(page.get_by_text(reason)).to_have_count(0)


def test_the_ladder_is_seen_at_a_glance(view: tuple[Page, str]) -> None:
    page, language = view
    page.goto("/")
    _menu(page, language, "nav.ladder")
    expect(page.get_by_role("heading", level=1)).to_have_text(say(language, "ladder.title"))
    expect(page.locator("svg.flows")).to_be_visible()
    page.locator("main details:not(.more) summary").first.click()
    expect(page.locator("table.matrix:visible").first).to_be_visible()
    _nothing_sticks_out(page)


def test_which_accounts_the_model_sees_differently_from_a_manager_is_three_clicks_away(view: tuple[Page, str]) -> None:
    page, language = view
    page.goto("/")
    _menu(page, language, "nav.trust")
    expect(page.get_by_role("heading", level=1)).to_have_text(say(language, "trust.title"))
    choice = page.get_by_label(say(language, "trust.differ.owner"), exact=True)
    owner = choice.locator("option").nth(1).inner_text()
    choice.select_option(owner)
    page.get_by_role("button", name=say(language, "trust.differ.show")).click()
    page.wait_for_url(re.compile("owner="))
    expect(page.locator("#owner")).to_have_value(owner)
    expect(page.locator("table.list a.account").first).to_be_visible()
    _nothing_sticks_out(page)


def test_who_asks_for_an_account_that_is_not_there_is_told(view: tuple[Page, str]) -> None:
    page, language = view
    page.goto("/accounts/B-0")
    expect(page.locator("main")).to_contain_text(say(language, "account.unknown", account="B-0"))


@pytest.mark.parametrize("path", ["/?rung=member", "/?rung=suspect", "/ladder", "/trust", "/accounts/B-0"])
def test_axe_finds_nothing(browser: Browser, site: str, path: str) -> None:
    for width, dark in (*product(("phone", "wide"), (False, True)), ("tablet", False)):
        with looking(browser, site, width, "nl" if dark else "en", dark=dark) as page:
            if path.startswith("/?"):
                _first_account(page, path[1:])
            else:
                page.goto(path)
            for summary in page.locator("main details:not(.more) summary").all():
                summary.click()
            found = Axe().run(page).response["violations"]
            assert [(one["id"], [node["target"] for node in one["nodes"]][:4]) for one in found] == []
