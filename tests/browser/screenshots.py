"""The pictures of README and docs/managers.md, from the store of a demonstration.

python -m tests.browser.screenshots STORE OUT
"""

import re
import sys
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import sync_playwright

from commands.demo import NAMES
from features.instants import MICROSECONDS_PER_DAY
from serving.store.database import open_store, reading
from serving.store.lookups import required_run
from tests.browser.serving import launch, looking, served


@dataclass(frozen=True)
class Picture:
    """One view as a file.  height : pixels, 0 = the whole page."""

    name: str
    path: str
    width: str = "wide"
    language: str = "en"
    dark: bool = False
    height: int = 0


DAYS_AFTER = 4
"""After its scores the store is looked at."""
FIRST = "first"
"""Stands for the page of the account that the list puts first."""
PICTURES = (
    Picture("home", "/", height=900),
    Picture("home-phone-nl", "/", "phone", "nl", height=844),
    Picture("accounts", "/accounts?sort=margin", height=900),
    Picture("accounts-phone-nl", "/accounts?sort=leaving", "phone", "nl", height=844),
    Picture("accounts-dark-de", "/accounts?sort=leaving", language="de", dark=True, height=900),
    Picture("value-at-risk", "/risk?by=rung&across=country", height=700),
    Picture("plan", "/plan?budget=20000", height=1500),
    Picture("plan-phone", "/plan?budget=20000#plan", "phone", height=844),
    Picture("account", FIRST, height=1500),
    Picture("account-phone-nl", FIRST, "phone", "nl", dark=True, height=1600),
    Picture("ladder", "/ladder", height=1300),
    Picture("trust", "/trust", height=1100),
)


def main(store: str, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    url = f"sqlite:///{store}"
    engine = open_store(url)
    with reading(engine) as connection:
        soon = required_run(connection).facts.as_of + DAYS_AFTER * MICROSECONDS_PER_DAY
    engine.dispose()
    with sync_playwright() as playwright, served(url, now=lambda: soon, names=NAMES) as at:
        browser = launch(playwright)
        for picture in PICTURES:
            with looking(browser, at, picture.width, picture.language, dark=picture.dark) as page:
                size = page.viewport_size
                assert size is not None
                page.set_viewport_size({"width": size["width"], "height": picture.height or size["height"]})
                if picture.path == FIRST:
                    page.goto("/accounts?rung=customer&sort=margin")
                    page.locator("table.list a.account").first.click()
                    page.wait_for_url(re.compile("/accounts/"))
                else:
                    page.goto(picture.path)
                page.screenshot(path=out / f"{picture.name}.png", full_page=not picture.height)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
