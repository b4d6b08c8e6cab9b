"""The site of the documents builds without a warning, needs nothing from elsewhere, and leads everywhere."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from docs.conf import navigation
from tests.docs.documents import ROOT

LOADING = {"script": "src", "link": "href", "img": "src", "iframe": "src", "source": "src", "video": "src"}
"""Elements that make a browser fetch something as soon as a page is shown, and where they say what."""


class Page(HTMLParser):
    """What a page loads, where it leads, and where one can be led to in it."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = {name: value or "" for name, value in attrs}
        self.anchors |= {held[name] for name in ("id", "name") if name in held}
        if tag in LOADING and LOADING[tag] in held:
            self.loads.append(held[LOADING[tag]])
        elif tag == "a" and "href" in held:
            self.links.append(held["href"])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("site")
    options = ["--quiet", "--fail-on-warning", "--keep-going", "--builder", "html", "--conf-dir", "docs"]
    command = [sys.executable, "-m", "sphinx", *options, ".", str(out / "html"), "--doctree-dir", str(out / "trees")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    return out / "html"


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Page]:
    return {path: Page(path) for path in sorted(site.rglob("*.html")) if "_static" not in path.parts}


def test_nothing_is_loaded_from_elsewhere(site: Path, pages: dict[Path, Page]) -> None:
    assert len(pages) > 20
    for path, page in pages.items():
        for address in page.loads:
            parts = urlsplit(address)
            assert not parts.scheme or parts.scheme == "data", f"{path}: {address}"
            assert not parts.netloc, f"{path}: {address}"
            assert (path.parent / unquote(parts.path)).exists(), f"{path}: {address}"
    for style in site.rglob("*.css"):
        text = style.read_text(encoding="utf-8")
        assert not re.search(r"(url\(|@import)\s*[\"']?(https?:)?//", text), style
    for path in pages:
        assert not re.search(r"(import|fetch)\s*\(?\s*[\"']https?:", path.read_text(encoding="utf-8")), path


def test_every_link_within_the_site_leads_somewhere(site: Path, pages: dict[Path, Page]) -> None:
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            assert target.exists(), f"{path.relative_to(site)}: {link}"
            if parts.fragment and target in pages:
                assert unquote(parts.fragment) in pages[target].anchors, f"{path.relative_to(site)}: {link}"


def test_every_page_leads_to_every_document(site: Path, pages: dict[Path, Page]) -> None:
    text = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    documents = re.findall(r"^- \[[^]]+\]\(([^)]+)\.md\)", text, re.MULTILINE)
    assert len(documents) == len(set(documents)) > 20
    for path, page in pages.items():
        reached = {path} | {(path.parent / urlsplit(link).path).resolve() for link in page.links if "://" not in link}
        missing = [name for name in documents if (site / "docs" / f"{name}.html").resolve() not in reached]
        assert path == site / "index.html" or not missing, f"{path.relative_to(site)} does not lead to {missing}"


def test_the_front_door_leads_to_the_documents(site: Path, pages: dict[Path, Page]) -> None:
    assert pages[site / "index.html"].links == ["docs/index.html"]


def test_the_reference_has_the_classes_and_functions_of_the_public_modules(site: Path, pages: dict[Path, Page]) -> None:
    anchors = pages[site / "docs" / "python.html"].anchors
    assert {
        "features.histories.histories.build_histories",
        "training.pipeline.train",
        "serving.scoring.scoring.Scorer",
    } <= anchors


def test_the_navigation_follows_the_headings_of_the_front_page() -> None:
    text = "# T\n\n## One\n\n- [a](a.md): why.\n- [b](../b.md): why.\n\n## None\n\nwords [c](c.md)\n"
    assert re.findall(r":caption: (.*)|^(.*<.*>)$", navigation(text), re.MULTILINE) == [
        ("One", ""), ("", "a <a>"), ("", "b <../b>")
    ]  # fmt: skip
