"""A change and who made it are kept together, or neither is: on the page and over HTTP."""

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import ladder
from features.errors import StoreError
from features.histories.histories import Histories
from serving.api.score_freshness import watch_scores
from serving.api.security.key_store import create_key, list_keys, read_ring, revoke_key
from serving.store.audit_log import (
    CHANGES,
    HEAD,
    RETRAINED,
    Anchor,
    Author,
    Entry,
    Fault,
    changes,
    drop_before,
    pseudonymise,
    record,
    verify,
)
from serving.store.database import SCHEMA, open_store, reading, writing
from serving.store.feedback.accepted_plans import accepted_plans
from serving.store.feedback.feedback import FEEDBACK
from serving.store.feedback.overrides import OVERRIDES
from serving.store.scores.scoring_runs import Frames
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
    assert secret.split("_", 2)[2] not in logged  # which may hold the separator itself


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


def test_a_decision_tells_before_and_after(browser: Browser, engine: sa.Engine) -> None:
    assert decide(browser)[0] == 303
    stays = {**STAYS, "made_at": "2026-01-20"}
    assert browser.post_json("/feedback", {"events": [stays]}).status_code == 200
    with reading(engine) as connection:
        later, first = changes(connection, "A00003")
    assert (first.before, first.after) == ({"will_switch": None}, {"will_switch": True})
    assert later.after == {"will_switch": False}
    assert later.before is not None


def write(engine: sa.Engine, *about: str, at: int = NOW) -> None:
    with writing(engine) as connection:
        record(connection, at, Author("Anna"), [Entry("override", one, {"reason": f"of {one}"}) for one in about])


def faults(engine: sa.Engine, *anchors: Anchor) -> list[tuple[int, str]]:
    with reading(engine) as connection:
        return [(one.seq, one.kind) for one in verify(connection, anchors).faults]


def last(engine: sa.Engine) -> Anchor:
    with reading(engine) as connection:
        found = verify(connection).last
    assert found is not None
    return found


def row(seq: int) -> Any:
    return CHANGES.c.seq == seq


TAMPERED: dict[str, tuple[Callable[[sa.Connection], Any], set[tuple[int, str]]]] = {
    "another reason": (lambda c: c.execute(CHANGES.update().where(row(2)).values(detail="{}")), {(2, "altered")}),
    "another author": (lambda c: c.execute(CHANGES.update().where(row(2)).values(who="Bob")), {(2, "altered")}),
    "another kind": (lambda c: c.execute(CHANGES.update().where(row(2)).values(what="plan accepted")), {(2, "broken")}),
    "another time": (lambda c: c.execute(CHANGES.update().where(row(2)).values(at=sa.text("at"), key_id="x")),
                     {(2, "broken")}),
    "a row is gone": (lambda c: c.execute(CHANGES.delete().where(row(2))), {(3, "broken")}),
    "the first is gone": (lambda c: c.execute(CHANGES.delete().where(row(1))), {(2, "broken")}),
    "the last is gone": (lambda c: c.execute(CHANGES.delete().where(row(4))), {(4, "cut")}),
    "all are gone": (lambda c: c.execute(CHANGES.delete()), {(4, "cut")}),
    "the head is gone": (lambda c: c.execute(HEAD.delete()), {(0, "cut")}),
    "two are exchanged": (lambda c: [c.execute(CHANGES.update().where(row(a)).values(seq=b))
                                     for a, b in ((2, 9), (3, 2), (9, 3))], {(2, "broken"), (3, "broken")}),
    "made to look erased": (lambda c: c.execute(CHANGES.update().where(row(2)).values(salt=None, about="x")),
                            {(2, "altered")}),
    "put in": (lambda c: c.execute(CHANGES.insert().values(seq=5, at=sa.func.current_timestamp(), who="Eve", what="x",
                                                          about="x", detail="{}")), {(5, "unsealed")}),
}  # fmt: skip


@pytest.mark.parametrize("what", TAMPERED)
def test_whatever_a_hand_does_to_the_log_is_noticed(engine: sa.Engine, what: str) -> None:
    write(engine, "A1", "A2", "A3")
    write(engine, "A4")
    assert faults(engine) == []
    tamper, found = TAMPERED[what]
    with writing(engine) as connection:
        tamper(connection)
    assert found <= set(faults(engine))


def test_a_log_that_is_sealed_anew_is_told_by_an_anchor(engine: sa.Engine) -> None:
    write(engine, "A1", "A2")
    anchor = last(engine)
    write(engine, "A3")
    assert faults(engine, anchor) == []
    with writing(engine) as connection:
        connection.execute(CHANGES.delete())
        connection.execute(HEAD.delete())
    write(engine, "A1", "A9", "A3")
    assert faults(engine) == []
    assert faults(engine, anchor) == [(2, "anchor")]
    assert faults(engine, Anchor(7, "0" * 64)) == [(7, "anchor")]


def test_personal_data_goes_and_the_chain_stays_whole(engine: sa.Engine) -> None:
    write(engine, "A1", "A2", "A1")
    anchor = last(engine)
    for taken in ("A1", "A2"):
        with writing(engine) as connection:
            number = pseudonymise(
                connection, NOW, Author(),
                lambda told, taken=taken: {"about": "forgotten", "detail": "{}"} if told["about"] == taken else None,
            )  # fmt: skip
        assert number == (2 if taken == "A1" else 1)
    assert faults(engine, anchor) == []
    with reading(engine) as connection:
        assert "of A" not in str(connection.execute(CHANGES.select()).all())
    with writing(engine) as connection:
        connection.execute(CHANGES.update().where(row(1)).values(about="another"))
    assert faults(engine) == [(1, "altered")]


def test_old_rows_go_and_the_chain_stays_whole(engine: sa.Engine) -> None:
    day = 86_400_000_000
    write(engine, "A1", "A2", at=NOW - 10 * day)
    write(engine, "A3", at=NOW - day)
    anchor = last(engine)
    with writing(engine) as connection:
        assert drop_before(connection, NOW - 5 * day, NOW, Author()) == 2
        assert drop_before(connection, NOW - 5 * day, NOW, Author()) == 0
    write(engine, "A4")
    assert faults(engine, anchor) == []
    with reading(engine) as connection:
        assert [one.about for one in changes(connection)] == ["A4", "audit_log", "A3"]
    with writing(engine) as connection:
        connection.execute(CHANGES.delete().where(row(3)))
    assert faults(engine)


def test_many_write_at_once_and_the_chain_has_one_end(url: str, engine: sa.Engine) -> None:
    def work(number: int) -> None:
        own = open_store(url)
        for k in range(5):
            write(own, f"{number}-{k}", f"{number}-{k}b")
        own.dispose()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with reading(engine) as connection:
        found = verify(connection)
    assert (found.rows, found.faults) == (40, [])


def test_the_command_prints_and_verifies(url: str, engine: sa.Engine, capsys: pytest.CaptureFixture[str]) -> None:
    day = 86_400_000_000
    write(engine, "A1", at=NOW - 10 * day)
    write(engine, "Ä2")
    store = ["--store", url]
    assert ladder.main(["audit", *store]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(one["seq"], one["who"], one["what"], one["about"]) for one in lines] == [
        (1, "Anna", "override", "A1"), (2, "Anna", "override", "Ä2"),
    ]  # fmt: skip
    assert ladder.main(["audit", "--since", "2026-01-15", *store]) == 0
    assert [json.loads(line)["about"] for line in capsys.readouterr().out.splitlines()] == ["Ä2"]
    assert ladder.main(["audit", "--verify", *store, "--json"]) == 0
    anchor = json.loads(capsys.readouterr().out.splitlines()[-1])["anchor"]
    with writing(engine) as connection:
        connection.execute(CHANGES.update().where(row(1)).values(who="Bob"))
    assert ladder.main(["audit", "--verify", *store, "--anchor", anchor]) == 1
    assert "row 1: says something else" in capsys.readouterr().err
    for wrong in (["--verify", "--since", "2026-01-01"], ["--anchor", "1:x"]):
        with pytest.raises(SystemExit):
            ladder.main(["audit", *wrong, *store])
    assert ladder.main(["audit", "--since", "yesterday", *store]) == 1


def test_last_rows_that_are_taken_away_with_the_logs_end_are_told_by_a_file_of_anchors(
    url: str, engine: sa.Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "anchors.txt"

    def verified() -> int:
        return ladder.main(["audit", "--verify", "--anchors", str(file), "--store", url])

    assert verified() == 0
    assert not file.exists()  # of an empty log there is nothing to keep
    write(engine, "A1", "A2")
    kept = last(engine)
    assert [verified(), verified()] == [0, 0]
    write(engine, "A3")
    assert verified() == 0
    assert [line.split(":")[0] for line in file.read_text().splitlines()] == ["2", "3"]
    with writing(engine) as connection:  # as somebody would who knows how it is made
        connection.execute(CHANGES.delete().where(row(3)))
        connection.execute(HEAD.update().values(seq=kept.seq, seal=kept.seal))
    assert faults(engine) == []
    before = file.read_text()
    assert verified() == 1
    assert "row 3: has another seal" in capsys.readouterr().err
    assert file.read_text() == before
    with pytest.raises(SystemExit):
        ladder.main(["audit", "--anchors", str(file), "--store", url])


def test_the_nightly_jobs_heartbeat_is_told(url: str, engine: sa.Engine) -> None:
    with writing(engine) as connection:
        record(connection, NOW, Author(), [Entry(RETRAINED, "store", {})])
        record(connection, NOW + 5, Author(), [Entry("override", "A1", {})])
    told, heard = list[int](), threading.Event()

    def hear(at: int) -> None:
        told.append(at)
        heard.set()

    watch_scores(url, lambda _: None, retrained=hear)
    assert heard.wait(20)
    assert told[0] == NOW


def test_the_log_is_on_the_page_for_admins(browser: Browser, engine: sa.Engine) -> None:
    write(engine, "A1", "<b>A2")
    page = browser.open("/audit").text
    assert "The log is whole; rows: 2" in page
    assert "&lt;b&gt;A2" in page
    assert "A1" not in browser.open("/audit?about=%3Cb%3EA2").text
    assert Fault(1, "cut") != Fault(1, "altered")
