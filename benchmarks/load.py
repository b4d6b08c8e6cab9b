"""A load generator that costs little beside what it asks: raw HTTP/1.1 on connections that stay open.

About 0.1 ms of a core a request. wrk and oha are quicker still; they ask one body again and again, which no CRM does,
and which a processor's cache turns into figures that nobody will see.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter


@dataclass(frozen=True)
class Load:
    """What came of it.  seconds : of each request that was answered, ascending; statuses : how often each."""

    seconds: tuple[float, ...]
    statuses: dict[int, int]
    length: float

    @property
    def per_second(self) -> float:
        """Requests answered per second."""
        return len(self.seconds) / self.length

    def quantile(self, share: float) -> float:
        """Time to answer, milliseconds."""
        return 1000 * self.seconds[min(len(self.seconds) - 1, int(share * len(self.seconds)))]


def ask(port: int, path: str, bodies: Sequence[bytes], clients: int, length: float, headers: str = "") -> Load:
    """Ask for `length` seconds with so many clients, each waiting for its answer before it asks again."""
    requests = [
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{headers}"
        f"Content-Length: {len(body)}\r\n\r\n".encode()
        + body
        for body in bodies
    ]
    return asyncio.run(_ask(port, requests, clients, length))


async def _ask(port: int, requests: Sequence[bytes], clients: int, length: float) -> Load:
    seconds: list[float] = []
    statuses: dict[int, int] = {}
    began = perf_counter()

    async def client(first: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        turn = first
        while perf_counter() - began < length:
            at = perf_counter()
            writer.write(requests[turn % len(requests)])
            try:
                status = await _read(reader)
            except (asyncio.IncompleteReadError, ConnectionError):  # the server closed it: what was asked is lost
                statuses[0] = statuses.get(0, 0) + 1
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                continue
            seconds.append(perf_counter() - at)
            statuses[status] = statuses.get(status, 0) + 1
            turn += clients
        writer.close()

    await asyncio.gather(*(client(k) for k in range(clients)))
    return Load(tuple(sorted(seconds)), statuses, perf_counter() - began)


async def _read(reader: asyncio.StreamReader) -> int:
    head = await reader.readuntil(b"\r\n\r\n")
    lower = head.lower()
    if b"content-length:" in lower:
        await reader.readexactly(int(lower.split(b"content-length:")[1].split(b"\r\n")[0]))
    else:
        while True:
            size = int(await reader.readline(), 16)
            await reader.readexactly(size + 2)
            if not size:
                break
    return int(head.split(b" ", 2)[1])
