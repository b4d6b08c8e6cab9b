"""What people come for on Monday, each in three clicks or fewer, with the keyboard alone, and on paper."""

import re
import time
from collections.abc import Callable, Iterator
from itertools import product

import pytest
from playwright.sync_api import Browser, Page, expect

from features.instants import instant
from serving.store.database import open_store, writing
from serving.store.feedback.verdicts import keep_verdict
from serving.web.text.catalogue import say
from tests.browser.conftest import TIMED
from tests.browser.jobs import JOBS, MOST_CLICKS, Clicks, Job
from tests.browser.serving import looking
from training.model.findings import NOTE, OK, Finding, to_json

pytestmark = pytest.mark.browser


@pytest.fixture
def page(browser: Browser, site: str) -> Iterator[Page]:
    with looking(browser, site) as page:
        page.goto("/")
        yield page


@pytest.fixture(scope="module")
def judged(browser: Browser, site: str, url: str) -> None:
    """A plan that was accepted, and judged since."""
    with looking(browser, site) as page:
        page.goto("/plan?budget=47000")
        page.get_by_role("button", name=say("en", "plan.accept")).click()
        page.wait_for_url(re.compile("/plans/"))
        plan_id = page.url.partition("?")[0].rpartition("/")[2]
    found = [
        Finding.of("plan_brought_won", OK, gain=40, low=10, high=70, level=0.8, elapsed=1, promised=90, verdict="less"),
        Finding.of("plan_brought_compliance", NOTE, compliance=0.83, contamination=0.0),
    ]
    figures = {
        "gain": 40.0, "gain_low": 10.0, "gain_high": 70.0, "promised": 90.0, "elapsed": 1.0, "compliance": 0.83,
        "treated": 80, "held_out": 20, "made_for": "2026-01-01", "findings": to_json(found),
    }  # fmt: skip
    engine = open_store(url)
    with writing(engine) as connection:
        keep_verdict(connection, "plan", plan_id, instant("2026-07-01"), figures)
    engine.dispose()


@pytest.mark.usefixtures("judged")
@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.do.__name__)
def test_every_job_of_monday_takes_three_clicks_or_fewer(
    browser: Browser, site: str, record_property: Callable[[str, object], None], job: Job
) -> None:
    with looking(browser, site) as page:
        began = time.perf_counter()
        page.goto("/")
        clicks = Clicks(page)
        job.do(clicks)
        record_property(TIMED, [job.wanted, clicks.count, time.perf_counter() - began])
    assert clicks.count <= MOST_CLICKS


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
        page.goto("/accounts?former=yes&overdue=yes")  # the menu of further filters does not cover what they found
        expect(page.locator(".chip")).to_have_count(2)
        expect(page.locator("details.more > .menu").first).to_be_hidden()


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
    for language, width in product(("en", "nl", "de"), ("laptop", "wide")):
        with looking(browser, site, width, language) as page:
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
