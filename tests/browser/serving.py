"""The page on a socket, and a real Chromium that looks at it."""

import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import uvicorn
from playwright.sync_api import Browser, Page, Playwright

from serving.api.app import create_app
from serving.api.bounded_executor import BoundedExecutor
from serving.api.model_holder import ModelHolder
from serving.api.store_endpoints.store_service import StoreService
from serving.web.routes import Site
from serving.web.sign_in.session import SessionAuth
from tests.serving.sites import Ring

QUIET = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
WIDTHS = {"phone": (390, 844), "tablet": (768, 1024), "laptop": (1280, 800), "wide": (1440, 900)}


def chromium() -> str | None:
    """Where the browser is; None where there is none."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def launch(playwright: Playwright) -> Browser:
    """A browser without a window that talks to nobody but us."""
    return playwright.chromium.launch(executable_path=chromium(), args=QUIET)


@contextmanager
def served(
    url: str, ring: Ring = None, now: Callable[[], int] | None = None, names: Mapping[str, str] | None = None
) -> Iterator[str]:
    """The page of a store, at an address of this machine.

    now : microseconds; None = as it is.  names : as the setting `service.names`.
    """
    store_service = StoreService(url) if now is None else StoreService(url, now)
    app = create_app(
        ModelHolder(),
        archive=store_service,
        ring=ring,
        pages=Site(store_service, SessionAuth(ring), None, BoundedExecutor(), names=names),
    )
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
        store_service.close()


@contextmanager
def looking(
    browser: Browser, at: str, width: str = "wide", language: str = "en", scripts: bool = True, dark: bool = False
) -> Iterator[Page]:
    """A visitor's window; whatever the browser complains of fails the test."""
    w, h = WIDTHS[width]
    context = browser.new_context(
        base_url=at, viewport={"width": w, "height": h}, locale=language, java_script_enabled=scripts,
        color_scheme="dark" if dark else "light", accept_downloads=True,
    )  # fmt: skip
    page, said = context.new_page(), list[str]()
    page.on("console", lambda m: said.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: None if request.url.startswith(at) else said.append(f"asked {request.url}"))
    yield page
    context.close()
    unexpected = [text for text in said if "status of 4" not in text]  # a 4xx that the test asked for
    assert unexpected == []
