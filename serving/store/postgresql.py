"""Connections to PostgreSQL that give up: a server or a network that says nothing any more stops nobody for long.

The server ends a statement that takes too long, and the kernel a connection whose other end is gone. Neither helps
where something in between still acknowledges every packet and passes none on, so the driver's own waiting has an end
too, and a connection that reached it is closed.
"""

import time
from collections.abc import Callable, Generator
from functools import partial
from typing import Any, TypeVar

import psycopg
import sqlalchemy as sa

from features.deadlines import seconds_left

T = TypeVar("T")
CONNECT_SECONDS = 3
"""To reach the server and log in."""
PING_SECONDS = 2.0
"""To hear whether a connection of the pool is still good."""
GRACE_SECONDS = 1.0
"""Beyond a statement's own time: the server's word about it comes first where it comes at all."""
_KEPT_ALIVE = {
    "keepalives": 1, "keepalives_idle": 10, "keepalives_interval": 3, "keepalives_count": 3, "tcp_user_timeout": 15_000,
}  # fmt: skip


class ImpatientConnection(psycopg.Connection[Any]):
    """A connection that waits only so long for an answer.  patience : seconds; None = as long as it takes."""

    patience: float | None = None

    def wait(self, gen: "Generator[Any, Any, T]", *more: Any, **options: Any) -> T:
        """Wait as the driver does, but not beyond our patience or the deadline of this thread's work."""
        most = min(seconds_left(), float("inf") if self.patience is None else self.patience + GRACE_SECONDS)
        return super().wait(gen if most == float("inf") else self._impatient(gen, max(most, 0.0)), *more, **options)

    def _impatient(self, gen: "Generator[Any, Any, T]", most: float) -> "Generator[Any, Any, T]":
        """Return the generator with an end: the driver resumes it every tenth of a second, whatever happens."""
        until = time.monotonic() + most
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                if not ready and time.monotonic() > until:
                    gen.close()
                    self.close()
                    raise psycopg.OperationalError(f"no answer within {most:.0f} seconds")
                wanted = gen.send(ready)
        except StopIteration as done:
            found: T = done.value
            return found


def create_engine(url: sa.URL, patience: float | None) -> sa.Engine:
    """Return an engine whose connections give up.

    patience : seconds for each statement; None = as long as it takes, for commands that write whole runs.
    """
    settings = {"fallback_application_name": "ladder", "connect_timeout": str(CONNECT_SECONDS)}
    settings |= {name: str(value) for name, value in _KEPT_ALIVE.items()}
    if patience is not None:
        given = url.query.get("options", "")
        own = given if isinstance(given, str) else " ".join(given)
        settings["options"] = f"{own} -c statement_timeout={round(1000 * patience)}".strip()
    named = url.update_query_dict({name: value for name, value in settings.items() if name not in url.query})
    if patience is not None:
        named = named.update_query_dict({"options": settings["options"]})
    engine = sa.create_engine(named, hide_parameters=True, pool_pre_ping=True)

    def connect(_dialect: Any, _record: Any, words: list[Any], options: dict[str, Any]) -> ImpatientConnection:
        connection = ImpatientConnection.connect(*words, **options)
        connection.patience = patience
        return connection

    sa.event.listen(engine, "do_connect", connect)
    if patience is not None:
        dialect: Any = engine.dialect
        dialect.do_ping = partial(_ping, dialect.do_ping)
    return engine


def _ping(ping: Callable[[Any], bool], connection: Any) -> bool:
    """Ask whether a connection is still good, and wait for the answer a moment only."""
    before, connection.patience = connection.patience, PING_SECONDS - GRACE_SECONDS
    try:
        return ping(connection)
    finally:
        connection.patience = before
