"""What people come for on Monday, each in three clicks or fewer, with the keyboard alone, and on paper."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from serving.web.text.catalogue import say
from tests.browser.serving import looking

pytestmark = pytest.mark.browser
MOST_CLICKS = 3


@pytest.fixture
def page(browser: Browser, site: str) -> Iterator[Page]:
    with looking(browser, site) as page:
        page.goto("/")
        yield page


class Clicks:
    """Counts what a person presses."""

    def __init__(self, page: Page) -> None:
        self.page, self.count = page, 0

    def link(self, name: str | re.Pattern[str]) -> None:
        self.page.get_by_role("link", name=name).first.click()
        self.count += 1

    def choose(self, label: str, value: str) -> None:
        self.page.get_by_label(label, exact=True).first.select_option(value)
        self.count += 1


def test_what_changed_since_last_week_is_there_at_once(page: Page) -> None:
    expect(page.locator(".tiles li")).to_have_count(7)
    expect(page.get_by_text(say("en", "home.change", change="").strip()).first).to_be_visible()


def test_my_five_accounts_and_what_to_say(page: Page) -> None:
    clicks = Clicks(page)
    owner = page.locator("#owner option").nth(1).get_attribute("value") or ""
    clicks.choose("Account manager", owner)
    page.wait_for_url(re.compile("owner="))
    expect(page.locator(".news .do").first).to_contain_text("→")
    assert clicks.count <= MOST_CLICKS


def test_contracts_that_end_soon_with_their_dates(page: Page) -> None:
    clicks = Clicks(page)
    clicks.link(re.compile(say("en", "home.renewals")))
    page.wait_for_url(re.compile("renewal=60"))
    if page.locator("table.accounts").count():
        expect(page.locator("td.c-contract").first).not_to_have_text("–")
    assert clicks.count <= MOST_CLICKS


def test_what_is_at_stake_by_trigger_and_who_that_is(page: Page) -> None:
    clicks = Clicks(page)
    clicks.link(say("en", "nav.risk"))
    clicks.choose(say("en", "risk.by"), "trigger")
    page.wait_for_url(re.compile("by=trigger"))
    page.locator("table.pivot tbody td a").first.click()
    page.wait_for_url(re.compile("/accounts\\?"))
    assert clicks.count + 1 <= MOST_CLICKS


def test_accounts_are_handed_to_somebody(page: Page) -> None:
    page.goto("/accounts")
    page.locator("td.pick input").nth(0).check()
    page.locator("td.pick input").nth(1).check()
    page.get_by_role("button", name=say("en", "work.put")).click()
    expect(page.locator(".work-todo")).to_have_count(2)
    page.goto("/work")
    expect(page.locator("table.work tbody tr")).to_have_count(2)


def test_fifteen_rows_on_a_laptop_and_the_first_on_a_phones_first_screen(browser: Browser, site: str) -> None:
    with looking(browser, site) as page:
        page.goto("/accounts")
        tops = [row.bounding_box() for row in page.locator("table.accounts tbody tr").all()[:15]]
        assert all(box is not None for box in tops)
        assert sum(box["y"] < 900 for box in tops if box is not None) >= 14
    with looking(browser, site, "phone", "de") as page:
        page.goto("/accounts")
        box = page.locator("table.accounts tbody tr").first.bounding_box()
        assert box is not None
        assert box["y"] + 120 < 844
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_the_keyboard_alone_finds_an_account(page: Page) -> None:
    page.goto("/accounts")
    page.keyboard.press("/")
    expect(page.locator("#f-q")).to_be_focused()
    page.keyboard.press("Escape")
    page.locator("h1").click()
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator("table.accounts a.account").nth(1)).to_be_focused()
    page.keyboard.press("k")
    name = page.locator("table.accounts a.account").first.inner_text()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/accounts/"))
    expect(page.get_by_role("heading", level=1)).to_have_text(name)


def test_filters_by_script_go_along_to_the_other_language(page: Page) -> None:
    page.goto("/accounts")
    page.locator("#f-rung").select_option("member")
    page.wait_for_url(re.compile("rung=member"))
    expect(page.locator(".chip")).to_contain_text("Member")
    page.locator("a[hreflang=de]").click()
    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(page).to_have_url(re.compile("rung=member"))


def test_what_goes_into_a_meeting_is_one_screen(browser: Browser, site: str) -> None:
    for language in ("en", "nl", "de"):
        with looking(browser, site, "wide", language) as page:
            page.goto("/accounts?rung=customer&sort=margin")
            page.locator("table.accounts a.account").first.click()
            page.wait_for_url(re.compile("/accounts/"))
            box = page.locator(".meeting").bounding_box()
            assert box is not None
            assert box["y"] + box["height"] <= 900


def test_no_table_of_the_list_sticks_out_of_a_laptops_screen(browser: Browser, site: str) -> None:
    for language in ("en", "nl", "de"):
        with looking(browser, site, "wide", language) as page:
            page.goto("/accounts")
            assert page.evaluate("(e => e.scrollWidth <= e.clientWidth)(document.querySelector('.wide'))")


def test_a_head_explains_itself_to_the_keyboard_and_is_silenced_by_it(page: Page) -> None:
    page.goto("/accounts")
    head = page.locator("th.tipped").first
    expect(head.get_by_role("tooltip")).to_be_hidden()
    head.locator("[aria-describedby]").focus()
    expect(head.get_by_role("tooltip")).to_be_visible()
    page.keyboard.press("Escape")
    expect(head.get_by_role("tooltip")).to_be_hidden()


def test_accounts_are_found_by_a_contacts_role(page: Page) -> None:
    page.goto("/accounts")
    page.keyboard.press("/")
    page.keyboard.type("decidr")
    page.wait_for_url(re.compile("q=decidr"))
    expect(page.locator("table.accounts tbody tr").first).to_be_visible()


def test_an_account_prints_on_one_page(page: Page, site: str) -> None:
    page.goto(f"{site}/accounts")
    page.locator("table.accounts a.account").first.click()
    page.wait_for_url(re.compile("/accounts/"))
    content = page.pdf(format="A4")
    assert len(re.findall(rb"/Type\s*/Page[^s]", content)) == 1
