"""POST /feedback: kept before it is acknowledged, once, and as strict as training will be."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from features.histories.histories import Histories
from features.instants import instant
from features.sources.source import source_from_rows
from serving.api.store_endpoints.store_openapi import FEEDBACK_EXAMPLE
from serving.api.store_endpoints.store_service import StoreService
from serving.store.feedback.overrides import OVERRIDES
from tests.databases import new_database
from tests.serving.integrations.crm_store import NOW, Crm
from tests.serving.runs import fill, scored

VISIT = {"account_id": "A00001", "investment": "visit_programme", "made_at": "2026-01-14", "cost": 640.0,
         "assignment": "random", "propensity": 0.9}  # fmt: skip
LEFT = {"account_id": "A00002", "outcome": "switched", "switched_at": "2026-01-12", "trigger": "reactional"}
STAYS = {"account_id": "A00003", "override": {"will_switch": False}, "reason": "signed", "made_at": "2026-01-15"}


@pytest.fixture
def crm(tmp_path: Path) -> Iterator[Crm]:
    with Crm(f"sqlite:///{tmp_path / 'ladder.db'}") as crm:
        yield crm


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Crm]:
    sqlite = f"sqlite:///{tmp_path / 'ladder.db'}"
    with Crm(sqlite if request.param == "sqlite" else new_database(request.getfixturevalue("postgres_server"))) as crm:
        yield crm


def test_what_was_told_is_kept_once_in_the_order_of_arrival(either: Crm) -> None:
    first = either.tell(VISIT, LEFT)
    assert [result["status"] for result in first] == ["stored", "stored"]
    again = either.tell(LEFT, STAYS, VISIT, STAYS)
    assert [result["status"] for result in again] == ["already_there", "stored", "already_there", "already_there"]
    assert [result["event_id"] for result in again][2] == first[0]["event_id"]
    kept = either.kept()
    assert [(row["seq"], row["kind"]) for row in kept] == [(1, "investment"), (2, "outcome"), (3, "override")]
    assert json.loads(kept[0]["content"]) == VISIT
    assert len(either.kept(OVERRIDES)) == 1


def test_the_same_id_with_another_content_is_refused_and_the_first_stays(either: Crm) -> None:
    assert either.tell({**VISIT, "event_id": "x"})[0] == {
        "event_id": "x",
        "status": "stored",
        "errors": [],
        "warnings": [],
    }
    other = either.tell(
        {**VISIT, "event_id": "x", "cost": 1}, {**VISIT, "event_id": "x", "made_at": "2026-01-14T00:00Z"}
    )
    assert [result["status"] for result in other] == ["error", "already_there"]
    assert other[0]["errors"][0]["code"] == "event_id_taken"
    assert [json.loads(row["content"])["cost"] for row in either.kept()] == [640.0]


def test_one_bad_event_loses_no_other(either: Crm) -> None:
    bad = {**VISIT, "cost": "much"}
    found = either.tell(VISIT, bad, LEFT)
    assert [result["status"] for result in found] == ["stored", "error", "stored"]
    assert found[1]["errors"][0]["field"] == "cost"
    assert len(either.kept()) == 2
    answer = either.client.post_json("/feedback", {"events": [bad, STAYS]}).json()
    assert (answer["stored"], answer["already_there"], answer["failed"]) == (1, 0, 1)


@pytest.mark.parametrize(
    ("event", "code", "field"),
    [
        ("text", "not_an_object", None),
        ({}, "account_id_unreadable", "account_id"),
        ({"account_id": "A"}, "kind_unclear", None),
        ({**VISIT, **LEFT}, "kind_unclear", None),
        ({**VISIT, "account_id": " "}, "account_id_unreadable", "account_id"),
        ({**VISIT, "account_id": "A\x00"}, "account_id_unreadable", "account_id"),
        ({**VISIT, "account_id": "A" * 257}, "account_id_unreadable", "account_id"),
        ({**VISIT, "account_id": "\ud800"}, "account_id_unreadable", "account_id"),
        ({**VISIT, "event_id": ["x"]}, "unreadable_text", "event_id"),
        ({**VISIT, "event_id": "x\x00"}, "unreadable_text", "event_id"),
        ({**VISIT, "investment": None}, "field_missing", "investment"),
        ({**VISIT, "investment": "a\x00b"}, "unreadable_text", "investment"),
        ({**VISIT, "made_at": None}, "not_usable", "made_at"),
        ({"account_id": "A", "investment": "x"}, "field_missing", "made_at"),
        ({**VISIT, "made_at": "14-01-2026"}, "not_usable", "made_at"),
        ({**VISIT, "made_at": "2026-01-22"}, "not_usable", "made_at"),
        ({**VISIT, "made_at": "9999-12-31"}, "not_usable", "made_at"),
        ({**VISIT, "made_at": {"$date": 1}}, "not_usable", "made_at"),
        ({**VISIT, "cost": -1}, "not_usable", "cost"),
        ({**VISIT, "cost": 1e12}, "not_usable", "cost"),
        ({**VISIT, "cost": 10**400}, "not_usable", "cost"),
        ({**VISIT, "cost": True}, "not_usable", "cost"),
        ({**VISIT, "propensity": 1.5}, "not_usable", "propensity"),
        ({**VISIT, "assignment": "lottery"}, "unknown_value", "assignment"),
        ({**VISIT, "assignment": 1}, "unknown_value", "assignment"),
        ({**VISIT, "recorded_at": "2020-01-01"}, "unknown_field", "recorded_at"),
        ({**VISIT, "assigment": "random"}, "unknown_field", "assigment"),
        ({**LEFT, "outcome": "stayed"}, "unknown_value", "outcome"),
        ({**LEFT, "trigger": "whim"}, "unknown_value", "trigger"),
        ({**LEFT, "competitor": {"name": "x"}}, "not_usable", "competitor"),
        ({**STAYS, "override": {}}, "not_usable", "override"),
        ({**STAYS, "override": True}, "not_usable", "override"),
        ({**STAYS, "override": {"rung": "member"}}, "not_usable", "override"),
        ({**STAYS, "override": {"will_switch": 1}}, "unknown_value", "override.will_switch"),
        ({**STAYS, "reason": " "}, "field_missing", "reason"),
        ({**STAYS, "reason": "x" * 2001}, "unreadable_text", "reason"),
        ({**STAYS, "made_at": None}, "field_missing", "made_at"),
        ({**STAYS, "made_at": "soon"}, "unreadable_time", "made_at"),
        ({**STAYS, "made_at": "2026-02-15"}, "not_usable", "made_at"),
        ({**STAYS, "until": "2026-01-15"}, "not_usable", "until"),
        ({**STAYS, "until": "2099-01-15"}, "not_usable", "until"),
    ],
)
def test_what_training_could_not_use_is_refused_with_its_field(
    event: Any, code: str, field: str | None, crm: Crm
) -> None:
    result = crm.tell(event)[0]
    assert (result["status"], result["errors"][0]["code"]) == ("error", code)
    assert result["errors"][0]["field"] == field
    assert crm.kept() == []


@pytest.mark.parametrize(("body", "status"), [({}, 422), ({"events": {}}, 422), ({"events": [{}] * 1001}, 413)])
def test_a_request_that_is_none_is_refused(body: Any, status: int, crm: Crm) -> None:
    assert crm.client.post_json("/feedback", body).status_code == status


def test_what_is_acknowledged_is_accepted_by_training(either: Crm) -> None:
    least = {"account_id": 17, "investment": "none", "made_at": "2026-01-20T13:30:00+02:00"}
    given = [VISIT, least, {**VISIT, "cost": "12.5", "assignment": " Random ", "propensity": None}, LEFT]
    assert {result["status"] for result in either.tell(*given)} == {"stored"}
    read = either.read_back()
    source = source_from_rows({"orders": {"account_id": ["A"], "ordered_at": ["2026-01-01"], "revenue": [1]}, **read})
    assert source.set_aside == ()
    assert (source.rows("investments"), source.rows("switches")) == (3, 1)
    made = source.tables["investments"]
    assert made["cost"].tolist()[::2] == [640.0, 12.5]
    assert made["propensity"].tolist()[0] == 0.9
    assert made["assignment"].tolist() == [0, -1, 0]
    assert made["account_id"].tolist() == ["A00001", "17", "A00001"]
    assert set(made["recorded_at"].tolist()) == {NOW}


def test_a_clock_that_is_set_back_loses_no_row_and_keeps_the_order(crm: Crm) -> None:
    crm.tell({**VISIT, "made_at": "2026-01-20"})
    crm.now = instant("2026-01-19T06:00")  # set back by more than a day
    assert crm.tell({**LEFT, "switched_at": "2026-01-20"})[0]["status"] == "stored"
    assert [row["seq"] for row in crm.kept()] == [1, 2]
    read = crm.read_back(instant("2026-01-25"))
    source = source_from_rows(read)
    assert source.set_aside == ()
    assert source.tables["switches"]["recorded_at"].tolist() == [instant("2026-01-20")]  # not before it happened


def test_a_clock_that_was_ahead_hides_no_row_from_training(crm: Crm) -> None:
    crm.now = instant("2099-01-01")
    crm.tell(VISIT)
    read = crm.read_back(instant("2026-01-25"))
    assert source_from_rows(read).tables["investments"]["recorded_at"].tolist() == [instant("2026-01-25")]


def test_a_full_disk_acknowledges_nothing_and_keeps_what_was(tmp_path: Path) -> None:
    with Crm(f"sqlite:///{tmp_path / 'ladder.db'}") as crm:
        crm.tell(VISIT)
        engine = crm._store_service._engine(writes=True)
        engine.dispose()
        sa.event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA max_page_count = 1"))
        many = [{**VISIT, "event_id": f"{k}", "investment": "x" * 200} for k in range(500)]
        answer = crm.client.post_json("/feedback", {"events": many})
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "storage_full")
        assert len(crm.kept()) == 1


def test_the_example_of_the_document_runs(tmp_path: Path, folder: Path, histories: Histories) -> None:
    url = f"sqlite:///{tmp_path / 'ladder.db'}"
    fill(url, scored(folder, histories))
    with Crm(url) as crm:
        assert {result["status"] for result in crm.tell(*FEEDBACK_EXAMPLE["events"])} == {"stored", "kept_aside"}


def test_the_same_events_from_several_senders_at_once_are_kept_once(either: Crm) -> None:
    bodies = [
        json.dumps({"events": [{**VISIT, "event_id": f"{k}"} for k in range(begin, begin + 30)]}).encode()
        for begin in (0, 10, 20, 0)
    ]
    clerks = [StoreService(either.url, lambda: NOW) for _ in bodies]
    with ThreadPoolExecutor(len(bodies)) as pool:
        answers = [
            json.loads(one)
            for one in pool.map(lambda store_service, body: store_service.feedback(body), clerks, bodies)
        ]
    for store_service in clerks:
        store_service.close()
    assert sum(answer["failed"] for answer in answers) == 0
    assert sum(answer["stored"] for answer in answers) == 50
    assert sorted(int(row["event_id"]) for row in either.kept()) == list(range(50))
    assert [row["seq"] for row in either.kept()] == list(range(1, 51))
