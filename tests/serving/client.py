"""A client that calls the application itself, without a socket."""

import asyncio
import json
from types import TracebackType
from typing import Any

import httpx
from starlette.types import ASGIApp

JSON = {"Content-Type": "application/json"}


class Client:
    """Requests one after the other, all in one event loop; an exception of the application comes out here."""

    def __init__(self, app: ASGIApp) -> None:
        self._loop = asyncio.new_event_loop()
        self._client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://ladder")

    def request(self, method: str, path: str, **what: Any) -> httpx.Response:
        return self._loop.run_until_complete(self._client.request(method, path, **what))

    def get(self, path: str) -> httpx.Response:
        return self.request("GET", path)

    def post(self, path: str, **what: Any) -> httpx.Response:
        return self.request("POST", path, **what)

    def post_json(self, path: str, content: Any) -> httpx.Response:
        """In ASCII, so that whatever Python can hold can be sent."""
        return self.post(path, content=json.dumps(content).encode(), headers=JSON)

    def score(self, *accounts: Any, **options: Any) -> list[dict[str, Any]]:
        """The results for these accounts; anything but a 200 fails the test."""
        answer = self.post_json("/score", {"accounts": accounts, **options})
        assert answer.status_code == 200, answer.text
        results: list[dict[str, Any]] = answer.json()["results"]
        return results

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._loop.run_until_complete(self._client.aclose())
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()
