"""What uvicorn leaves open about connections, closed: none is kept for somebody who sends or reads nothing.

Uvicorn has no limit for headers to arrive in, answers what is no HTTP in plain text, and waits for ever for a client
that does not read. Its protocol is patched here, in a worker's process alone: BentoML makes the server itself.
"""

import asyncio
import json
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

HEADER_SECONDS = 10.0
"""For the headers of a request, from when the connection is made or the answer before was given."""
READ_SECONDS = 30.0
"""For a client to read what was sent."""
MOST_CONNECTIONS = 1_000
"""At once, of each worker; more are told to come again."""
_TIMER, _READER = "_ladder_timer", "_ladder_reader"


def guard_connections() -> None:
    """Patch uvicorn's HTTP protocol; twice is once."""
    if getattr(H11Protocol, "_ladder_guarded", False):
        return
    H11Protocol._ladder_guarded = True  # type: ignore[attr-defined]
    made, received, completed, lost = (
        H11Protocol.connection_made, H11Protocol.data_received, H11Protocol.on_response_complete,
        H11Protocol.connection_lost,
    )  # fmt: skip
    paused, resumed = H11Protocol.pause_writing, H11Protocol.resume_writing

    def connection_made(self: Any, transport: Any) -> None:
        made(self, transport)
        if len(self.connections) > MOST_CONNECTIONS:
            transport.write(_answer(503, "busy", "Too many connections are open. Try again after a moment."))
            transport.close()
        else:
            _wait_for_headers(self)

    def data_received(self: Any, data: bytes) -> None:
        received(self, data)
        if not _idle(self):
            _cancel(self, _TIMER)
        elif getattr(self, _TIMER, None) is None:
            _wait_for_headers(self)

    def on_response_complete(self: Any) -> None:
        completed(self)
        _cancel(self, _TIMER)  # uvicorn's own time for the next request to begin

    def connection_lost(self: Any, error: Exception | None) -> None:
        _cancel(self, _TIMER)
        _cancel(self, _READER)
        lost(self, error)

    def send_400_response(self: Any, _message: str) -> None:
        if not _idle(self):  # an answer may be under way, and nobody reads the rest of the request
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if _idle(self) or not self.cycle.response_started:
            self.transport.write(_answer(400, "malformed_http", "This is no HTTP request that can be read."))
        self.transport.close()
        self.conn.send_failed()

    def _get_upgrade(_self: Any) -> None:
        """Speak HTTP alone: a WebSocket would leave every limit of ours, and its errors our shape."""

    def pause_writing(self: Any) -> None:
        paused(self)
        setattr(self, _READER, asyncio.get_running_loop().call_later(READ_SECONDS, self.transport.abort))

    def resume_writing(self: Any) -> None:
        _cancel(self, _READER)
        resumed(self)

    for method in (
        connection_made, data_received, on_response_complete, connection_lost, send_400_response, _get_upgrade,
        pause_writing, resume_writing,
    ):  # fmt: skip
        setattr(H11Protocol, method.__name__, method)


def _idle(protocol: Any) -> bool:
    """Return whether the connection waits for the headers of a request."""
    return protocol.cycle is None or protocol.cycle.response_complete


def _wait_for_headers(protocol: Any) -> None:
    def give_up() -> None:
        if _idle(protocol):
            protocol.transport.close()

    setattr(protocol, _TIMER, asyncio.get_running_loop().call_later(HEADER_SECONDS, give_up))


def _cancel(protocol: Any, timer: str) -> None:
    running = getattr(protocol, timer, None)
    if running is not None:
        running.cancel()
    setattr(protocol, timer, None)


def _answer(status: int, code: str, message: str) -> bytes:
    """Return a whole answer in the shape of all errors, where there is no application to give it."""
    body = json.dumps({"error": {"code": code, "message": message}}).encode()
    phrase = {400: "Bad Request", 503: "Service Unavailable"}[status]
    later = "retry-after: 1\r\n" if status == 503 else ""
    head = (
        f"HTTP/1.1 {status} {phrase}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n"
        f"{later}x-content-type-options: nosniff\r\ncache-control: no-store\r\nconnection: close\r\n\r\n"
    )
    return head.encode() + body
