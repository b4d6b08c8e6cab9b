"""GET /changes: whose scores changed since the last time, and who is gone, each at least once, page by page."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from features.histories.histories import Histories
from serving.store.database import open_store
from serving.store.scores.scoring_runs import Frames
from tests.databases import new_database
from tests.serving.integrations.crm_store import Crm
from tests.serving.runs import put, scored


@pytest.fixture(scope="module")
def frames(folder: Path, histories: Histories) -> Frames:
    whole = scored(folder, histories)
    few = set(whole["scores"]["account_id"][:40])
    return {name: frame[frame["account_id"].isin(few)].reset_index(drop=True) for name, frame in whole.items()}


@pytest.fixture(params=["sqlite", "postgresql"])
def crm(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Crm]:
    sqlite = f"sqlite:///{tmp_path / 'ladder.db'}"
    with Crm(sqlite if request.param == "sqlite" else new_database(request.getfixturevalue("postgres_server"))) as crm:
        yield crm


def _write(crm: Crm, *runs: Frames) -> None:
    engine = open_store(crm.url)
    for run in runs:
        put(engine, run)
    engine.dispose()


def _with_roi(frames: Frames, account: str, roi: float) -> Frames:
    scores = frames["scores"]
    return {**frames, "scores": scores.assign(roi=scores["roi"].where(scores["account_id"] != account, roi))}


def _without(frames: Frames, account: str) -> Frames:
    return {name: frame[frame["account_id"] != account] for name, frame in frames.items()}


def _ask(crm: Crm, **asked: Any) -> dict[str, Any]:
    query = "&".join(f"{name}={value}" for name, value in asked.items())
    answer = crm.client.get(f"/v1/changes?{query}")
    assert answer.status_code == 200, answer.text
    content: dict[str, Any] = answer.json()
    return content


def _read(crm: Crm, since: str | None, limit: int) -> tuple[list[str], list[str], str]:
    """Everything since a cursor: changed, gone, the next cursor."""
    changed, gone = list[str](), list[str]()
    while True:
        page = _ask(crm, limit=limit, **({} if since is None else {"since": since}))
        assert len(page["changed"]) + len(page["gone"]) <= limit
        changed += [one["account_id"] for one in page["changed"]]
        gone += [one["account_id"] for one in page["gone"]]
        since = page["next_cursor"]
        if not page["more"]:
            return changed, gone, since


def test_each_change_comes_once_and_in_the_order_of_the_runs(crm: Crm, frames: Frames) -> None:
    ids = sorted(frames["scores"]["account_id"])
    _write(crm, frames)
    changed, gone, cursor = _read(crm, None, 7)
    assert (sorted(changed), gone) == (ids, [])
    assert _read(crm, cursor, 7) == ([], [], cursor)
    other = _with_roi(frames, ids[3], 77.0)
    _write(crm, frames, other, _without(_with_roi(other, ids[1], 5.0), ids[5]))
    changed, gone, later = _read(crm, cursor, 1)
    assert (changed, gone) == ([ids[3], ids[1]], [ids[5]])
    assert _read(crm, cursor, 1_000)[:2] == (changed, gone)  # the old cursor is still good
    _write(crm, other)
    assert _read(crm, later, 10)[:2] == ([ids[1], ids[5]], [])  # come back, so no longer gone


def test_what_is_told_is_what_a_lookup_tells(crm: Crm, frames: Frames) -> None:
    _write(crm, frames)
    page = _ask(crm, limit=3, language="nl")
    ids = [one["account_id"] for one in page["changed"]]
    looked = crm.client.post_json("/lookup", {"account_ids": ids, "language": "nl"}).json()
    assert (page["model"], page["changed"]) == (looked["model"], looked["results"])


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("since=x", "cursor_unreadable"), ("since=", "cursor_unreadable"), ("since=%00", "cursor_unreadable"),
        ("limit=0", "contract"), ("limit=1001", "contract"), ("limit=x", "contract"), ("limit=1&limit=2", "contract"),
        ("language=fr", "unknown_language"), ("until=1", "contract"), (f"since={'A' * 4_000}", "cursor_unreadable"),
        *((f"since={base64.urlsafe_b64encode(json.dumps(cursor).encode()).decode()}", code) for cursor, code in (
            ([1, 2, 3], "cursor_unreadable"), ({"a": 1}, "cursor_unreadable"), ([True, 0, ""], "cursor_unreadable"),
            ([2**40, 0, ""], "cursor_unreadable"), ([1, 2, "\ud800"], "cursor_unreadable"),
            ([9, 0, "A"], "cursor_gone"), ([1, 12345, "A"], "cursor_gone"), ([0, 5, "A"], "cursor_gone"),
        )),
    ],
)  # fmt: skip
def test_what_is_no_question_is_refused(query: str, code: str, frames: Frames, tmp_path: Path) -> None:
    with Crm(f"sqlite:///{tmp_path / 'ladder.db'}") as crm:
        _write(crm, frames)
        answer = crm.client.get(f"/changes?{query}")
        assert answer.status_code == 422, answer.text
        assert code in (answer.json()["error"]["code"], "unknown_language")


def test_before_the_first_run_there_is_nothing_to_read(tmp_path: Path) -> None:
    with Crm(f"sqlite:///{tmp_path / 'ladder.db'}") as crm:
        assert crm.client.get("/changes").status_code == 503
