"""What people come for on Monday, as somebody at a screen does it: every press of the mouse counts, typing does not."""

import io
import re
from collections.abc import Callable
from dataclasses import dataclass

from openpyxl import load_workbook
from playwright.sync_api import Locator, Page, expect

from serving.web.text.catalogue import say

MOST_CLICKS = 3
BUDGET = "60000"


class Clicks:
    """Counts what a person presses: a link, a button, a field, a value of a list."""

    def __init__(self, page: Page) -> None:
        self.page, self.count = page, 0

    def press(self, what: Locator) -> Locator:
        what.click()
        self.count += 1
        return what

    def view(self, key: str) -> None:
        """Open one of the views at the top."""
        views = self.page.get_by_role("navigation", name=say("en", "site.views"))
        self.press(views.get_by_role("link", name=say("en", key), exact=True))

    def choose(self, label: str, value: str) -> None:
        self.page.get_by_label(label, exact=True).first.select_option(value)
        self.count += 1


def _opened(page: Page, path: str) -> None:
    page.wait_for_url(re.compile(path))


def what_changed(clicks: Clicks) -> None:
    page = clicks.page
    expect(page.locator(".tiles li")).to_have_count(7)
    expect(page.locator(".tiles .change").first).to_be_visible()
    expect(page.locator(".news section li").first).to_be_visible()


def my_accounts(clicks: Clicks) -> None:
    """Whom first, what to say there, and back to the rest of one's own."""
    page = clicks.page
    clicks.choose(say("en", "priorities.owner"), page.locator("#owner option").nth(1).get_attribute("value") or "")
    _opened(page, "owner=")
    expect(page.locator(".news .do").first).to_contain_text("→")
    clicks.press(page.locator(".news a.account").first)
    expect(page.locator("[aria-labelledby=t-do]")).to_contain_text(re.compile(r"\w{3}"))
    clicks.press(page.get_by_role("link", name=say("en", "account.back")))
    _opened(page, "/\\?owner=")


def on_paper(clicks: Clicks) -> None:
    """An account on one page."""
    page = clicks.page
    clicks.press(page.locator(".news a.account").first)
    _opened(page, "/accounts/")
    assert len(re.findall(rb"/Type\s*/Page[^s]", page.pdf(format="A4"))) == 1


def plan_a_budget(clicks: Clicks) -> None:
    """With at most twelve visits of each manager."""
    page = clicks.page
    clicks.view("nav.plan")
    clicks.press(page.locator("#budget")).fill(BUDGET)
    clicks.press(page.locator("summary").filter(has_text=say("en", "plan.limits")))
    visits = page.get_by_label(say("en", "plan.limits.owner_hours"), exact=True)
    while not visits.evaluate("e => e === document.activeElement"):
        page.keyboard.press("Tab")
    page.keyboard.type("12")
    page.keyboard.press("Enter")
    expect(page.locator("#whole")).to_contain_text("60,000")
    expect(page.locator("#plan table.list tbody tr").first).to_be_visible()


def hand_out(clicks: Clicks) -> None:
    """A workbook with a sheet for each manager: names, what to do, how to begin."""
    page = clicks.page
    clicks.view("nav.plan")
    clicks.press(page.locator("[aria-labelledby=accepted] a.account").first)
    with page.expect_download() as taken:
        clicks.press(page.get_by_role("link", name=say("en", "plan.handout")))
    book = load_workbook(io.BytesIO(taken.value.path().read_bytes()))
    heads = [cell.value for cell in book.worksheets[0][1]]
    assert {say("en", f"hand_out.{name}") for name in ("account", "rung", "seen", "opening")} <= set(heads)


def disagree(clicks: Clicks) -> None:
    """It will leave, and why."""
    page = clicks.page
    clicks.press(page.locator(".news a.account").first)
    clicks.press(page.get_by_label(say("en", "account.override.yes"), exact=True))
    clicks.press(page.locator("#reason"))
    page.keyboard.type("Their new buyer comes from a competitor")
    page.keyboard.press("Enter")
    expect(page.locator(".wanted.standing").first).to_contain_text("Their new buyer comes from a competitor")


def at_stake(clicks: Clicks) -> None:
    """By trigger, and who that is."""
    page = clicks.page
    clicks.view("nav.risk")
    clicks.choose(say("en", "risk.by"), "trigger")
    _opened(page, "by=trigger")
    clicks.press(page.locator("table.pivot tbody td a").first)
    _opened(page, "/accounts\\?")
    expect(page.locator("table.accounts tbody tr").first).to_be_visible()


def contracts(clicks: Clicks) -> None:
    """That end in sixty days, with date, margin at risk and chance of leaving."""
    page = clicks.page
    clicks.press(page.get_by_role("link", name=re.compile(say("en", "home.renewals"))))
    _opened(page, "renewal=60")
    if page.locator("table.accounts").count():
        expect(page.locator("td.c-contract").first).not_to_have_text("–")
        expect(page.locator("td.c-risk").first).to_be_visible()


def did_it_pay(clicks: Clicks) -> None:
    """What the plan brought, with the share that was carried out."""
    page = clicks.page
    clicks.press(page.get_by_role("link", name=re.compile(say("en", "home.promised"))))
    clicks.press(page.locator("[aria-labelledby=plans] tbody a").first)
    expect(page.locator("main")).to_contain_text("planned investment was made for 83%")


def the_board(clicks: Clicks) -> None:
    """Two pictures of the ladder that count the same accounts, and say who stands in one of them only."""
    page = clicks.page
    clicks.view("nav.ladder")
    now = page.locator("table.rungs tbody tr td:nth-child(2)").all_text_contents()
    flows = page.locator("table.matrix").first.locator("tbody td").all_text_contents()
    assert sum(map(_count, now)) == sum(map(_count, flows))
    expect(page.get_by_text(say("en", "ladder.flows.key"))).to_be_visible()


def _count(cell: str) -> int:
    """Return the number that a cell of a table begins with."""
    return int(cell.split()[0].replace(",", ""))


@dataclass(frozen=True)
class Job:
    """What somebody wants to know or have done, and how they get there from the home page."""

    wanted: str
    do: Callable[[Clicks], None]


JOBS = (
    Job("What changed since last week?", what_changed),
    Job("My accounts: whom first, and what do I say there?", my_accounts),
    Job("Plan 60,000, with at most 12 visits of each manager", plan_a_budget),
    Job("Hand out the accepted plan, a sheet for each manager", hand_out),
    Job("I disagree: this one will leave, because …", disagree),
    Job("What is at stake by trigger, and at whom?", at_stake),
    Job("Which contracts end in 60 days?", contracts),
    Job("Did the plan pay, and was it carried out?", did_it_pay),
    Job("One account on paper, for the meeting", on_paper),
    Job("The whole ladder, for the board", the_board),
)
