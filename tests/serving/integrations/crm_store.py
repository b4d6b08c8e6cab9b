"""A CRM that speaks to the service, and a look behind the scenes."""

from types import TracebackType
from typing import Any

import sqlalchemy as sa

from features.instants import instant
from serving.api.app import create_app
from serving.api.model_holder import ModelHolder
from serving.api.store_endpoints.store_service import StoreService
from serving.store.database import open_store, reading
from serving.store.feedback.feedback import FEEDBACK, feedback_rows
from tests.serving.client import Client

NOW = instant("2026-01-20T12:00")


class Crm:
    """A CRM that speaks to the service, and a look behind the scenes."""

    def __init__(self, url: str) -> None:
        self.url, self.now = url, NOW
        self._store_service = StoreService(url, lambda: self.now)
        self.client = Client(create_app(ModelHolder(), archive=self._store_service))

    def tell(self, *events: Any) -> list[dict[str, Any]]:
        answer = self.client.post_json("/feedback", {"events": events})
        assert answer.status_code == 200, answer.text
        results: list[dict[str, Any]] = answer.json()["results"]
        return results

    def kept(self, table: sa.Table = FEEDBACK) -> list[dict[str, Any]]:
        engine = open_store(self.url)
        with reading(engine) as connection:
            rows = [dict(row) for row in connection.execute(table.select().order_by(table.c.seq)).mappings()]
        engine.dispose()
        return rows

    def read_back(self, now: int | None = None) -> dict[str, dict[str, list[Any]]]:
        engine = open_store(self.url)
        with reading(engine) as connection:
            rows = feedback_rows(connection, self.now if now is None else now)
        engine.dispose()
        return rows

    def __enter__(self) -> "Crm":
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.client.__exit__()
        self._store_service.close()
