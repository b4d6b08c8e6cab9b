"""Connections: whoever sends nothing, reads nothing or speaks no HTTP is not waited for, and told in our shape."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from serving.runtime import connections
from serving.runtime.connections import guard_connections


async def _application(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    size = 20_000_000 if scope["path"] == "/large" else 2
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % size)]})
    await send({"type": "http.response.body", "body": b"x" * size})


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    patched = pytest.MonkeyPatch()
    for name in ("connection_made", "data_received", "on_response_complete", "connection_lost", "send_400_response",
                 "_get_upgrade", "pause_writing", "resume_writing"):  # fmt: skip
        patched.setattr(H11Protocol, name, getattr(H11Protocol, name))  # as it was, once the tests are over
    patched.setattr(H11Protocol, "_ladder_guarded", False, raising=False)
    patched.setattr(connections, "HEADER_SECONDS", 0.4)
    patched.setattr(connections, "READ_SECONDS", 0.4)
    patched.setattr(connections, "MOST_CONNECTIONS", 8)
    guard_connections()
    guard_connections()
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(_application, http="h11", ws="wsproto", log_level="critical", lifespan="off")
    )
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener])))
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = server.force_exit = True
        thread.join(20)
        listener.close()
        patched.undo()


def _connect(port: int, first: bytes = b"") -> socket.socket:
    client = socket.create_connection(("127.0.0.1", port), timeout=20)
    client.sendall(first)
    return client


def _rest(client: socket.socket) -> bytes:
    """All that comes until the other end closes."""
    found = b""
    while part := client.recv(65536):
        found += part
    client.close()
    return found


ASK = b"GET / HTTP/1.1\r\nHost: x\r\n"


@pytest.mark.parametrize("first", [b"", b"GET", ASK, ASK + b"X-A: 1\r\nX-B: "])
def test_whoever_sends_no_whole_headers_is_dropped(port: int, first: bytes) -> None:
    assert _rest(_connect(port, first)) == b""


def test_headers_that_drip_are_no_longer_waited_for_than_others(port: int) -> None:
    client = _connect(port, ASK)

    def drip() -> None:
        for _ in range(200):
            client.sendall(b"X-A: 1\r\n")
            time.sleep(0.02)

    with pytest.raises(OSError, match=r"reset|pipe"):
        drip()
    client.close()


def test_a_second_request_has_no_more_time_than_the_first(port: int) -> None:
    client = _connect(port, ASK + b"\r\n")
    assert client.recv(1000).startswith(b"HTTP/1.1 200")
    client.sendall(ASK)
    assert _rest(client) in (b"", b"xx")  # the rest of the first answer


def test_a_request_in_time_is_answered_and_a_slow_body_is_the_applications_matter(port: int) -> None:
    client = _connect(port, b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n")
    time.sleep(0.8)
    client.sendall(b"ab")
    assert client.recv(1000).startswith(b"HTTP/1.1 200")
    client.close()


def test_whoever_does_not_read_is_dropped(port: int) -> None:
    client = _connect(port, b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
    time.sleep(1.5)
    try:
        assert len(_rest(client)) < 20_000_000
    except ConnectionResetError:
        client.close()


@pytest.mark.parametrize(
    "bytes_",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\nBad Header\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 66_000,
    ],
)  # fmt: skip
def test_what_is_no_http_is_told_so_in_the_shape_of_all_errors(port: int, bytes_: bytes) -> None:
    found = _rest(_connect(port, bytes_))
    head, _, body = found.partition(b"\r\n\r\n")
    assert head.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 501 "))
    assert b"content-type: application/json" in head
    assert json.loads(body)["error"]["code"] == "malformed_http"


def test_there_are_only_so_many_connections(port: int) -> None:
    held = [_connect(port) for _ in range(8)]
    time.sleep(0.1)
    refused = _rest(_connect(port))
    assert (refused[:13], json.loads(refused.partition(b"\r\n\r\n")[2])["error"]["code"]) == (b"HTTP/1.1 503 ", "busy")
    for client in held:
        client.close()


@pytest.mark.parametrize("more", [b"", b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"])
def test_a_websocket_is_a_request_like_any_other(port: int, more: bytes) -> None:
    head = ASK + b"Connection: close, Upgrade\r\nUpgrade: websocket\r\n" + more + b"\r\n"
    answer = _rest(_connect(port, head))
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b"xx")
