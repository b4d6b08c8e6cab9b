"""A change and who made it are kept together, or neither is: on the page and over HTTP."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from features.errors import StoreError
from features.histories.histories import Histories
from serving.api.key_store import create_key, list_keys, read_ring, revoke_key
from serving.store.accepted_plans import accepted_plans
from serving.store.audit_log import CHANGES, Author, Entry, changes, record
from serving.store.database import SCHEMA, open_store, reading, writing
from serving.store.feedback import FEEDBACK
from serving.store.overrides import OVERRIDES
from serving.store.scoring_runs import Frames
from tests.databases import new_database
from tests.serving.runs import put, scored
from tests.serving.sites import Browser
from tests.serving.web.markup import hidden

VISIT = {"account_id": "A00001", "investment": "visit_programme", "made_at": "2026-01-14", "cost": 640.0,
         "assignment": "random", "propensity": 0.9}  # fmt: skip
STAYS = {"account_id": "A00003", "override": {"will_switch": False}, "reason": "signed", "made_at": "2026-01-15"}
NOW = 1_768_910_400_000_000


@pytest.fixture(scope="module")
def frames(folder: Path, histories: Histories) -> Frames:
    return scored(folder, histories)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path, frames: Frames) -> str:
    url = f"sqlite:///{tmp_path / 'ladder.db'}"
    if request.param == "postgresql":
        url = new_database(request.getfixturevalue("postgres_server"))
    engine = open_store(url)
    put(engine, frames)
    engine.dispose()
    return url


@pytest.fixture
def engine(url: str) -> Iterator[sa.Engine]:
    engine = open_store(url)
    yield engine
    engine.dispose()


@pytest.fixture
def browser(url: str) -> Iterator[Browser]:
    with Browser(url, now=lambda: NOW) as browser:
        yield browser


def lose_the_log(engine: sa.Engine) -> None:
    """From now on nothing can be written down."""
    with writing(engine) as connection:
        schema = "" if connection.dialect.name == "sqlite" else f"{SCHEMA}."
        connection.exec_driver_sql(f"ALTER TABLE {schema}audit_log RENAME TO lost")


def kept(engine: sa.Engine) -> list[int]:
    with reading(engine) as connection:
        tables = (FEEDBACK, OVERRIDES)
        rows = [connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one() for table in tables]
        return [*rows, len(accepted_plans(connection))]


def decide(browser: Browser) -> tuple[int, str]:
    """What the page answers to a manager who says that an account will leave."""
    token = hidden(browser.open("/accounts/A00003").text, "token")
    answer = browser.send("/accounts/A00003", {"token": token, "option": "", "leaves": "yes", "reason": "so they say"})
    return answer.status_code, answer.text


def test_an_override_on_the_page_is_written_down_with_it(browser: Browser, engine: sa.Engine) -> None:
    assert decide(browser)[0] == 303
    with reading(engine) as connection:
        (change,) = changes(connection, "A00003")
    assert (change.what, change.who, change.key_id) == ("override", "", None)
    assert change.detail["override"] == {"will_switch": True}
    assert change.detail["reason"] == "so they say"


def test_an_override_on_the_page_that_cannot_be_written_down_is_not_kept_and_the_user_is_told_so(
    browser: Browser, engine: sa.Engine
) -> None:
    token = hidden(browser.open("/accounts/A00003").text, "token")
    lose_the_log(engine)
    answer = browser.send("/accounts/A00003", {"token": token, "option": "", "leaves": "yes", "reason": "so they say"})
    assert kept(engine) == [0, 0, 0]
    assert answer.status_code == 503
    assert answer.headers["content-type"].startswith("text/html")
    assert "Nothing was changed" in answer.text
    assert "lost" not in answer.text


def test_a_plan_that_cannot_be_written_down_is_not_accepted_and_the_user_is_told_so(
    browser: Browser, engine: sa.Engine
) -> None:
    shown = browser.open("/plan?budget=20000").text
    form = {name: hidden(shown, name) for name in ("token", "asked", "plan_id")}
    lose_the_log(engine)
    answer = browser.send("/plans", form)
    assert kept(engine) == [0, 0, 0]
    assert answer.status_code == 503
    assert "Nothing was changed" in answer.text


def test_feedback_is_written_down_with_the_key_that_sent_it(url: str, engine: sa.Engine) -> None:
    secret = create_key(engine, "crm", {"feedback"})
    with Browser(url, ring=lambda: read_ring(engine), now=lambda: NOW) as browser:
        sent = json.dumps({"events": [VISIT, STAYS, {**VISIT, "cost": "much"}]}).encode()
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {secret}"}
        for _ in range(2):  # a repeat changes nothing, so there is nothing to write down
            assert browser.post("/feedback", content=sent, headers=headers).status_code == 200
    with reading(engine) as connection:
        found = [one for one in changes(connection) if one.who]
    assert [(one.what, one.about, one.who) for one in found] == [
        ("override", "A00003", "crm"), ("investment", "A00001", "crm"),
    ]  # fmt: skip
    assert {one.key_id for one in found} == {secret.split("_")[1]}
    assert found[0].detail["override"] == {"will_switch": False}


def test_a_key_made_or_revoked_is_written_down_without_its_secret(engine: sa.Engine) -> None:
    secret = create_key(engine, "crm", {"plan", "score"})
    key_id = revoke_key(engine, "crm")
    with reading(engine) as connection:
        found = changes(connection, key_id)
        logged = str(connection.execute(CHANGES.select()).all())
    assert [(one.what, one.about, one.who, one.key_id) for one in found] == [
        ("key revoked", key_id, "", None), ("key created", key_id, "", None),
    ]  # fmt: skip
    assert {one.detail["name"] for one in found} == {"crm"}
    assert found[0].detail["scopes"] == ["score", "plan"]
    assert secret not in logged
    assert secret.split("_")[2] not in logged


def test_a_key_that_cannot_be_written_down_is_neither_made_nor_revoked(engine: sa.Engine) -> None:
    create_key(engine, "crm", {"score"})
    lose_the_log(engine)
    for change in (lambda: create_key(engine, "nightly", {"score"}), lambda: revoke_key(engine, "crm")):
        with pytest.raises(StoreError):
            change()
    assert [(key.name, key.revoked_at) for key in list_keys(engine)] == [("crm", None)]


def test_feedback_that_cannot_be_written_down_is_not_kept_and_the_sender_is_told_so(
    browser: Browser, engine: sa.Engine
) -> None:
    lose_the_log(engine)
    answer = browser.post_json("/feedback", {"events": [VISIT, STAYS]})
    assert kept(engine) == [0, 0, 0]
    assert answer.status_code == 503
    assert answer.json()["error"]["code"] == "store_unavailable"
    assert "nothing of this request was kept" in answer.json()["error"]["message"]


def test_entries_are_numbered_in_the_order_in_which_they_came(engine: sa.Engine) -> None:
    for number in range(3):
        with writing(engine) as connection:
            record(connection, NOW, Author("Anna"), [Entry("override", f"{number}-{k}", {}) for k in range(2)])
            record(connection, NOW, Author("Anna"), [])
    with reading(engine) as connection:
        assert [one.about for one in changes(connection)] == ["2-1", "2-0", "1-1", "1-0", "0-1", "0-0"]
        assert len(changes(connection, most=4)) == 4
