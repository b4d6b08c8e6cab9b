"""The managers' page over a store, without a socket."""

from collections.abc import Callable
from typing import Any

import httpx

from serving.api.app import create_app
from serving.api.bounded_executor import BoundedExecutor
from serving.api.model_holder import ModelHolder
from serving.api.security.keyring import Keyring
from serving.api.security.rate_limit import Rates
from serving.api.store_endpoints.store_service import StoreService
from serving.scoring.advice.playbook import Playbooks
from serving.web.routes import Site
from serving.web.sign_in.openid import OpenId
from serving.web.sign_in.session import SessionAuth
from tests.serving.client import Client

HTML = {"Accept": "text/html"}
Ring = Callable[[], Keyring] | None


class Browser(Client):
    """A client that asks for pages, in a language, and keeps cookies."""

    def __init__(
        self, url: str, ring: Ring = None, proxy_header: str | None = None, language: str = "en",
        now: Callable[[], int] | None = None, rates: Rates | None = None, openid: OpenId | None = None,
        track_records: str = "all", playbooks: Playbooks | None = None,
    ) -> None:  # fmt: skip
        self.store_service = StoreService(url) if now is None else StoreService(url, now)
        session_auth = SessionAuth(ring, proxy_header, openid)
        site = Site(
            self.store_service, session_auth, rates, BoundedExecutor(), track_records=track_records,
            playbooks=lambda: playbooks or Playbooks(),
        )  # fmt: skip
        super().__init__(create_app(ModelHolder(), archive=self.store_service, ring=ring, pages=site))
        self.language = language

    @property
    def cookies(self) -> httpx.Cookies:
        return self._client.cookies

    def open(self, path: str, **headers: str) -> httpx.Response:
        return self.request("GET", path, headers={**HTML, "Accept-Language": self.language, **headers})

    def send(self, path: str, form: dict[str, str], **headers: str) -> httpx.Response:
        return self.request("POST", path, data=form, headers={**HTML, "Accept-Language": self.language, **headers})

    def __exit__(self, *what: Any) -> None:
        super().__exit__(*what)
        self.store_service.close()
