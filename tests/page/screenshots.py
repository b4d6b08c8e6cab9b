"""The pictures of README and docs/managers.md, from the store of a demonstration.

python -m tests.page.screenshots STORE OUT
"""

import sys
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.page.serving import launch, looking, served


@dataclass(frozen=True)
class Picture:
    """One view as a file.  height : pixels, 0 = the whole page."""

    name: str
    path: str
    width: str = "wide"
    language: str = "en"
    dark: bool = False
    height: int = 0


PICTURES = (
    Picture("priorities", "/", height=900),
    Picture("priorities-phone-nl", "/?owner=M08#list", "phone", "nl", height=844),
    Picture("priorities-dark-nl", "/?sort=leaving", language="nl", dark=True, height=900),
    Picture("plan", "/plan?budget=20000", height=1500),
    Picture("plan-phone", "/plan?budget=20000#plan", "phone", height=844),
)


def main(store: str, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright, served(f"sqlite:///{store}") as at:
        browser = launch(playwright)
        for picture in PICTURES:
            with looking(browser, at, picture.width, picture.language, dark=picture.dark) as page:
                size = page.viewport_size
                assert size is not None
                page.set_viewport_size({"width": size["width"], "height": picture.height or size["height"]})
                page.goto(picture.path)
                page.screenshot(path=out / f"{picture.name}.png", full_page=not picture.height)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
