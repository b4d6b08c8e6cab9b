"""A proxy on the loopback address that can stop forwarding: the other end goes silent, and nothing is reset."""

import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa


@dataclass
class Proxy:
    """In front of a server.  silent : while set, bytes are taken and acknowledged and go nowhere."""

    target: str | tuple[str, int]
    silent: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)
    listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))

    @property
    def port(self) -> int:
        port: int = self.listener.getsockname()[1]
        return port

    def serve(self) -> None:
        """Forward every connection, until it is ended."""
        self.listener.settimeout(0.1)
        while not self.ended.is_set():
            with suppress(TimeoutError, OSError):
                connection, _ = self.listener.accept()
                threading.Thread(target=self._forward, args=(connection,), daemon=True).start()

    def _forward(self, client: socket.socket) -> None:
        family = socket.AF_UNIX if isinstance(self.target, str) else socket.AF_INET
        with client, socket.socket(family) as server, suppress(OSError):
            server.connect(self.target)
            to = {client: server, server: client}
            while not self.ended.is_set():
                for ready in select.select(list(to), [], [], 0.1)[0]:
                    content = ready.recv(65536)
                    if not content:
                        return
                    if not self.silent.is_set():
                        to[ready].sendall(content)


@contextmanager
def proxied(url: str) -> Iterator[tuple[str, Proxy]]:
    """The URL of the PostgreSQL database or the HTTP server behind a proxy, and the proxy."""
    there = sa.make_url(url)
    host = there.query.get("host") or there.host
    assert isinstance(host, str)
    port = there.port or 5432
    proxy = Proxy(str(Path(host) / f".s.PGSQL.{port}") if host.startswith("/") else (host, port))
    thread = threading.Thread(target=proxy.serve, daemon=True)
    thread.start()
    try:
        through = there.set(host="127.0.0.1", port=proxy.port, query={})
        yield through.render_as_string(hide_password=False), proxy
    finally:
        proxy.ended.set()
        thread.join(5)
        proxy.listener.close()
