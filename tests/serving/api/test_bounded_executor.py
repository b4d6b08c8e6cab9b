"""A bounded number of requests waits; the next one is told at once to come again."""

import asyncio
import json
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from features.deadlines import check_deadline
from features.errors import DeadlinePassed
from serving.api.app import create_app
from serving.api.bounded_executor import THREADS, BoundedExecutor
from serving.api.errors import HttpError
from serving.api.model_holder import ModelHolder
from serving.scoring.scoring_service import ScoreAnswer, ScoreQuery, ScoringService
from tests.serving.client import JSON

BODY = json.dumps({"accounts": []}).encode()


class Held:
    """A scoring service that answers when it is released."""

    def __init__(self, scoring_service: ScoringService) -> None:
        self.scoring_service, self.scorer, self.go, self.begun = (
            scoring_service,
            scoring_service.scorer,
            threading.Event(),
            0,
        )

    def score(self, query: ScoreQuery) -> ScoreAnswer:
        self.begun += 1
        self.go.wait(20)
        return self.scoring_service.score(query)


@pytest.fixture
def held(scoring_service: ScoringService) -> Iterator[Held]:
    held = Held(scoring_service)
    yield held
    held.go.set()


def _client(held: Held, executor: BoundedExecutor) -> httpx.AsyncClient:
    app = create_app(ModelHolder(held), scoring=executor)  # type: ignore[arg-type]
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://ladder")


async def _settle(so: Any) -> None:
    while not so():
        await asyncio.sleep(0.005)


def test_what_is_too_much_is_refused_at_once_and_what_was_accepted_is_answered(held: Held) -> None:
    async def run() -> None:
        executor = BoundedExecutor(most_waiting=3)
        async with _client(held, executor) as client:
            accepted = [
                asyncio.create_task(client.post("/score", content=BODY, headers=JSON)) for _ in range(THREADS + 3)
            ]
            await _settle(lambda: executor._inside == THREADS + 3)
            for _ in range(3):
                refused = await client.post("/score", content=BODY, headers=JSON)
                assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
                assert refused.json()["error"]["code"] == "busy"
            assert (await client.get("/healthz")).status_code == 200
            assert held.begun == THREADS
            held.go.set()
            assert [answer.status_code for answer in await asyncio.gather(*accepted)] == [200] * (THREADS + 3)
            assert (await client.post("/score", content=BODY, headers=JSON)).status_code == 200

    asyncio.run(run())


def test_bodies_take_no_more_memory_than_they_may(held: Held) -> None:
    async def run() -> None:
        executor = BoundedExecutor(most_held=3 * len(BODY))
        async with _client(held, executor) as client:
            accepted = [asyncio.create_task(client.post("/score", content=BODY, headers=JSON)) for _ in range(3)]
            await _settle(lambda: executor._inside == 3)
            refused = await client.post("/score", content=BODY, headers=JSON)
            assert (refused.status_code, refused.json()["error"]["code"]) == (503, "busy")
            held.go.set()
            assert [answer.status_code for answer in await asyncio.gather(*accepted)] == [200] * 3
            assert executor._held == 0

    asyncio.run(run())


def test_what_was_given_up_keeps_its_place_until_its_thread_is_free(
    held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else work that nobody waits for would pile up behind every answer that came too late."""
    monkeypatch.setattr("serving.api.bounded_executor.PATIENCE_SECONDS", 0.1)

    async def run() -> None:
        executor = BoundedExecutor(most_waiting=1)
        async with _client(held, executor) as client:
            answers = await asyncio.gather(*(client.post("/score", content=BODY, headers=JSON) for _ in range(3)))
            assert {answer.json()["error"]["code"] for answer in answers} == {"too_slow"}
            assert all(answer.headers["retry-after"] for answer in answers)
            assert executor._inside == THREADS  # the one that waited for a thread has gone
            held.go.set()
            await _settle(lambda: executor._inside == 0)
            assert (await client.post("/score", content=BODY, headers=JSON)).status_code == 200
            assert held.begun == THREADS + 1

    asyncio.run(run())


def test_work_that_never_ends_is_told_to_whoever_watches_over_the_process(
    held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serving.api.bounded_executor.PATIENCE_SECONDS", 0.05)
    monkeypatch.setattr("serving.api.bounded_executor.STUCK_SECONDS", 0.1)
    told = []

    async def run() -> None:
        async with _client(held, BoundedExecutor(stuck=lambda: told.append(True))) as client:
            assert (await client.post("/score", content=BODY, headers=JSON)).status_code == 503
            await _settle(lambda: bool(told))
            held.go.set()
            told.clear()
            assert (await client.post("/score", content=BODY, headers=JSON)).status_code == 200
            await asyncio.sleep(0.3)
            assert told == []  # what ended is nothing to tell of

    asyncio.run(run())


def test_work_that_is_given_up_ends_at_its_next_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serving.api.bounded_executor.PATIENCE_SECONDS", 0.1)
    ended = threading.Event()

    def work() -> None:
        try:
            while True:
                check_deadline()
        finally:
            ended.set()

    async def run() -> None:
        with pytest.raises((HttpError, DeadlinePassed)):
            await BoundedExecutor().run(work)

    asyncio.run(run())
    assert ended.wait(20)
