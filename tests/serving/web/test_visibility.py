"""A manager sees own accounts and the team's, and of the others nothing: on every page, in every file, over HTTP."""

import io
import itertools
import json
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa

from features.histories.histories import Histories
from serving.api.endpoints import ENDPOINTS, PAGES
from serving.api.security.keyring import Key, Keyring, make_secret
from serving.store.audit_log import Author
from serving.store.background import background_of, write_background
from serving.store.database import moment, open_store, reading, writing
from serving.store.feedback.accepted_plans import PLANS
from serving.store.feedback.feedback import FEEDBACK
from serving.store.feedback.overrides import OVERRIDES
from serving.store.feedback.work_list import WORK_ITEMS
from serving.store.maintenance.integrity import TABLES
from serving.store.people.people import Person, put_person
from serving.store.people.viewers import EVERYTHING, Visibility
from serving.store.people.visibility import limited
from serving.store.scores.account_lookback import STANDINGS
from serving.store.scores.scoring_runs import ACCOUNTS, SCORES, Frames, current_run
from tests.databases import new_database
from tests.serving.runs import put
from tests.serving.sites import Browser
from tests.serving.web.markup import hidden
from training.model.bundle import read_bundle

PICTURES = ["rungs.svg", "flows.svg", "loyalty-stays.svg", "after-years.svg", "lifetime-rung.svg"]
NOW = 1_767_225_600_000_000
OWNERS = ("Anna", "Bob", "Cem")
MARK = "Secret of {owner} no. {number}"
"""In the name of an account: what must not be seen elsewhere."""


@pytest.fixture(scope="module")
def owned(people: pd.DataFrame) -> pd.DataFrame:
    """Every account has one of three owners, and tells it in its name."""
    owners = list(itertools.islice(itertools.cycle(OWNERS), len(people)))
    names = [MARK.format(owner=owner, number=number) for number, owner in enumerate(owners)]
    return people.assign(owner=owners, name=names)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def url(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, frames: Frames, owned: pd.DataFrame,
    folder: Path, histories: Histories,
) -> str:  # fmt: skip
    url = f"sqlite:///{tmp_path_factory.mktemp('seen') / 'ladder.db'}"
    if request.param == "postgresql":
        url = new_database(request.getfixturevalue("postgres_server"))
    engine = open_store(url)
    put(engine, frames, owned)
    bundle, _ = read_bundle(folder)
    with reading(engine) as connection:
        current = current_run(connection)
    assert current is not None
    parts = [background_of(histories, None, current.facts.as_of, bundle.facts)]
    write_background(engine, current.run_id, bundle.facts, parts)
    with writing(engine) as connection:
        for person in (
            Person("anna@example.com", "manager", "Anna", "north"),
            Person("cem@example.com", "manager", "Cem"),
            Person("bob@example.com", "manager", "Bob", "north"),
            Person("dora@example.com", "director"),
            Person("vera@example.com", "viewer"),
            Person("nobody@example.com", "none"),
        ):
            put_person(connection, person, Author(), NOW)
    engine.dispose()
    return url


@pytest.fixture
def engine(url: str) -> Iterator[sa.Engine]:
    engine = open_store(url)
    yield engine
    engine.dispose()


def _accounts(owned: pd.DataFrame, *owners: str) -> list[str]:
    return owned["account_id"][owned["owner"].isin(owners)].tolist()


def _texts(content: bytes) -> str:
    """What an answer says, also where it is packed."""
    if not content.startswith(b"PK"):
        return content.decode("utf-8", "replace")
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        return "\n".join(packed.read(name).decode("utf-8", "replace") for name in packed.namelist())


def _strangers(text: str, ids: Sequence[str]) -> set[str]:
    """Which of the accounts a text names."""
    return set(re.findall(r"A\d{5}", text)) & set(ids) | set(re.findall(r"Secret of (?:Anna|Bob)", text))


class _As(Browser):
    """A browser behind a proxy that has signed somebody in."""

    who: str

    def open(self, path: str, **headers: str) -> Any:
        return super().open(path, **{"X-Forwarded-User": self.who, **headers})

    def send(self, path: str, form: dict[str, str], **headers: str) -> Any:
        return super().send(path, form, **{"X-Forwarded-User": self.who, **headers})


def _as(url: str, who: str) -> _As:
    browser = _As(url, Keyring, "X-Forwarded-User", now=lambda: NOW)
    browser.who = who
    return browser


def _accept(browser: _As, query: str) -> str:
    shown = browser.open(f"/plan?{query}").text
    form = {name: hidden(shown, name) for name in ("token", "asked", "plan_id")}
    assert browser.send("/plans", form).status_code == 303
    return form["plan_id"]


@pytest.fixture(scope="module")
def accepted(url: str) -> dict[str, str]:
    """Ids of accepted plans, by who made and sees them."""
    found = {}
    for who, query in (("dora", "budget=20000"), ("anna", "budget=9000"), ("cem", "budget=15000&holdout=0")):
        with _as(url, f"{who}@example.com") as browser:
            found[who] = _accept(browser, query)
    return found


def test_no_page_and_no_file_shows_a_manager_the_account_of_another(
    url: str, owned: pd.DataFrame, accepted: dict[str, str]
) -> None:
    theirs = _accounts(owned, "Anna", "Bob")
    own = _accounts(owned, "Cem")
    tails = [*theirs[:2], *own[:3], "nobody"]
    plans = [f"{plan}{form}" for plan in accepted.values() for form in ("", ".csv", ".xlsx", ".zip")]
    queries = (
        "", "?q=Secret", "?q=A0", "?owner=Anna", "?sort=name&page=2", f"?find={theirs[0]}", "?sort=owner",
        "?state=alone",
        "?budget=20000", "?budget=20000&owner=Bob", "?renewal=9999", "?by=group&across=owner", "?by=loyalty",
        "?former=yes&sort=win_back", "?columns=lifetime&columns=win_back&columns=loyalty&columns=act_by",
        "?status=todo",
    )  # fmt: skip
    seen = 0
    with _as(url, "dora@example.com") as director, _as(url, "cem@example.com") as manager:
        for page in (*PAGES, ENDPOINTS[-1]):
            if page.method != "GET" or page.path.startswith(("/assets", "/sign-in")):
                continue
            ends = tails if page.path == "/accounts/*" else plans if page.path == "/plans/*" else [""]
            ends = PICTURES if page.path == "/pictures/*" else ends
            for end, query in itertools.product(ends, queries if ends == [""] else ("",)):
                path = page.path.replace("*", end) + query
                director.open(path)  # what is kept for a director is not for a manager
                answer = manager.open(path)
                text = _texts(answer.content).replace(theirs[0], "") if theirs[0] in path else _texts(answer.content)
                asked_for = {end} if end in theirs else set()
                assert _strangers(text, theirs) <= asked_for, path
                assert "Secret of Anna" not in text
                seen += "Secret of Cem" in text
    assert seen > 10, "the manager sees own accounts"


def test_a_team_sees_its_accounts_and_a_director_all(url: str, owned: pd.DataFrame) -> None:
    for who, owners in (
        ("anna@example.com", ("Anna", "Bob")),
        ("dora@example.com", OWNERS),
        ("vera@example.com", OWNERS),
    ):
        with _as(url, who) as browser:
            listed = browser.open("/accounts.csv").text
            assert set(re.findall(r"A\d{5}", listed)) == set(_accounts(owned, *owners))
    with _as(url, "vera@example.com") as viewer:
        token = hidden(viewer.open("/plan?budget=1").text, "token") if "token" in viewer.open("/plan").text else ""
        assert viewer.send("/plans", {"token": token, "asked": "budget=1", "plan_id": "x"}).status_code == 403
    for who in ("nobody@example.com", "stranger@example.com"):
        with _as(url, who) as browser:
            assert browser.open("/").status_code == 403
            assert "Secret" not in browser.open("/").text


def test_a_manager_decides_about_own_accounts_only(url: str, owned: pd.DataFrame, engine: sa.Engine) -> None:
    own, strange = _accounts(owned, "Cem")[0], _accounts(owned, "Anna")[0]
    with _as(url, "cem@example.com") as manager:
        token = hidden(manager.open(f"/accounts/{own}").text, "token")
        form = {"token": token, "option": "", "leaves": "yes", "reason": "so they say"}
        assert manager.send(f"/accounts/{strange}", form).status_code == 404
        assert manager.send(f"/accounts/{own}", form).status_code == 303
    with reading(engine) as connection:
        kept = connection.execute(sa.select(OVERRIDES.c.account_id)).scalars().all()
    assert own in kept
    assert strange not in kept


def test_a_key_bound_to_an_owner_looks_up_plans_and_tells_of_no_other_account(url: str, owned: pd.DataFrame) -> None:
    own, strange = _accounts(owned, "Cem")[1], _accounts(owned, "Anna")[1]
    (of_cem, secret), (of_all, other) = _key("cem", Visibility(("Cem",))), _key("all", EVERYTHING)

    def post(path: str, content: Any, key: str = secret) -> Any:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
        answer = browser.post(path, content=json.dumps(content).encode(), headers=headers)
        assert answer.status_code in (200, 422), answer.text
        return answer.json()

    with Browser(url, lambda: Keyring((of_cem, of_all)), now=lambda: NOW) as browser:
        asked = {"account_ids": [own, strange]}
        assert [one["status"] for one in post("/lookup", asked, other)["results"]] == ["ok", "ok"]
        assert [one["scores"] is not None for one in post("/lookup", asked)["results"]] == [True, False]
        for plan in ({"budget": 1e6}, {"budget": 1e6, "holdout": 0.2}):
            assert {row["account_id"] for row in post("/plan", plan)["plan"]} <= set(_accounts(owned, "Cem"))
        assert post("/plan", {"budget": 1e6, "owner": "Anna"})["error"]["code"] == "unknown_owner"
        visit = {"investment": "visit_programme", "made_at": "2025-12-14", "cost": 1.0, "assignment": "chosen"}
        told = post("/feedback", {"events": [{"account_id": own, **visit}, {"account_id": strange, **visit}]})
        assert [one["status"] for one in told["results"]] == ["stored", "error"]
        assert told["results"][1]["errors"][0]["code"] == "not_known"


def test_a_key_bound_to_an_owner_takes_back_events_of_its_own_accounts_and_no_others(
    url: str, owned: pd.DataFrame, engine: sa.Engine
) -> None:
    own, strange = _accounts(owned, "Cem")[2], _accounts(owned, "Anna")[2]
    (of_cem, secret), (of_all, other) = _key("cem", Visibility(("Cem",))), _key("all", EVERYTHING)
    visit = {"investment": "visit_programme", "made_at": "2025-11-14", "cost": 1.0, "assignment": "chosen"}

    def tell(key: str, *events: dict[str, Any]) -> list[str]:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
        answer = browser.post("/feedback", content=json.dumps({"events": events}).encode(), headers=headers)
        return [one["errors"][0]["message"] if one["errors"] else one["status"] for one in answer.json()["results"]]

    with Browser(url, lambda: Keyring((of_cem, of_all)), now=lambda: NOW) as browser:
        theirs = {"event_id": "of Anna", "account_id": strange, **visit}
        ours = [{"event_id": f"of Cem {number}", "account_id": own, **visit} for number in (1, 2)]
        assert tell(other, theirs, ours[0]) == ["stored"] * 2
        asked = ("of Anna", "of nobody", "of Cem 1", "of Cem 2")
        said = tell(secret, ours[1], *({"withdraw": one} for one in asked))
    assert said == ["stored", "no event has this id", "no event has this id", "stored", "stored"]
    with reading(engine) as connection:
        gone = sa.select(FEEDBACK.c.event_id).where(FEEDBACK.c.withdrawn_at.is_not(None))
        assert set(connection.execute(gone).scalars()) == {"of Cem 1", "of Cem 2"}


def _key(name: str, visibility: Visibility) -> tuple[Key, str]:
    key_id, secret, digest = make_secret()
    return Key(key_id, name, frozenset(("score", "plan", "feedback", "page")), digest, visibility=visibility), secret


def test_a_key_bound_to_an_owner_signs_a_manager_in(url: str, owned: pd.DataFrame) -> None:
    key, secret = _key("cem", Visibility(("Cem",)))
    with Browser(url, lambda: Keyring((key,)), now=lambda: NOW) as browser:
        assert browser.send("/sign-in", {"key": secret}).status_code == 303
        assert set(re.findall(r"A\d{5}", browser.open("/accounts.csv").text)) == set(_accounts(owned, "Cem"))
        assert browser.open("/audit").status_code == 403


def test_every_table_is_limited_whoever_reads_it_and_however(
    engine: sa.Engine, owned: pd.DataFrame, accepted: dict[str, str]
) -> None:
    """Also one that is declared tomorrow: what nobody allowed shows nothing."""
    seen, own = limited(engine, Visibility(("Cem",))), set(_accounts(owned, "Cem"))
    with reading(seen) as connection, reading(engine) as whole:
        for table in TABLES:
            if "account_id" in table.columns:
                assert set(connection.execute(sa.select(table.c.account_id)).scalars()) <= own, table.name
                alias = table.alias("x")
                joined = sa.select(alias.c.account_id).join(ACCOUNTS, ACCOUNTS.c.account_id == alias.c.account_id)
                assert set(connection.execute(joined).scalars()) <= own, table.name
            if table.name in ("keys", "sessions", "people", "page_secrets", "audit_head"):
                assert connection.execute(table.select()).all() == []
        assert {row.plan_id for row in connection.execute(PLANS.select())} == {accepted["cem"]}
        assert {row.owner for row in connection.execute(ACCOUNTS.select())} == {"Cem"}
        near = [
            row[0] for text in connection.execute(sa.select(STANDINGS.c.similar)).scalars() for row in json.loads(text)
        ]
        standing = sa.select(STANDINGS.c.similar).where(STANDINGS.c.account_id.in_(own))
        of_all = [row[0] for text in whole.execute(standing).scalars() for row in json.loads(text)]
        assert set(near) <= own
        assert set(near) == set(of_all) & own
        common = sa.select(ACCOUNTS.c.account_id).cte("mine")
        assert set(connection.execute(sa.select(common)).scalars()) == own
    nobody = limited(engine, Visibility(()))
    with reading(nobody) as connection:
        assert connection.execute(ACCOUNTS.select()).all() == []
    assert str(seen.url) != str(nobody.url) != str(engine.url)
    assert replace(EVERYTHING) == EVERYTHING
    assert limited(engine, EVERYTHING) is engine


def test_sums_over_all_accounts_and_the_parents_of_others_are_not_for_a_manager(
    url: str, owned: pd.DataFrame, engine: sa.Engine
) -> None:
    own, strange = _accounts(owned, "Cem")[:3], _accounts(owned, "Anna")[0]
    with writing(engine) as connection:
        for child, parent in ((own[0], strange), (own[1], own[2])):
            where = ACCOUNTS.c.account_id == child
            connection.execute(ACCOUNTS.update().where(where).values(parent_account_id=parent))
        where = SCORES.c.account_id.in_([own[0], strange])
        connection.execute(SCORES.update().where(where).values(rung="prospect", rung_by_manager="advocate"))
        connection.execute(WORK_ITEMS.delete())
        connection.execute(WORK_ITEMS.insert(), [
            {"account_id": one, "status": "todo", "changed_at": moment(NOW), "changed_by": "x"}
            for one in (own[0], strange)
        ])  # fmt: skip
    with _as(url, "dora@example.com") as director, _as(url, "cem@example.com") as manager:
        for path in ("/ladder", "/work", "/accounts", "/accounts.csv", "/risk?by=group"):
            assert path == "/accounts" or strange in director.open(path).text, path  # it may stand on a later page
            assert not _strangers(manager.open(path).text, [strange]), path
        of_group = f"/accounts.csv?group={strange}"
        assert {strange, own[0]} <= set(re.findall(r"A\d{5}", director.open(of_group).text))
        assert re.findall(r"A\d{5}", manager.open(of_group).text) == []
        for path in ("/ladder", "/work", f"/accounts?group={own[2]}"):
            assert own[0] in manager.open(path).text or own[1] in manager.open(path).text, path
        assert strange not in manager.open(f"/accounts/{own[0]}").text
        assert strange in director.open(f"/accounts/{own[0]}").text
        assert "sums over years are of all accounts" in manager.open("/ladder").text.lower()
        for picture in ("flows.svg", "loyalty-stays.svg"):
            assert manager.open(f"/pictures/{picture}").status_code == 404
        assert director.open("/pictures/flows.svg").status_code == 200
        counted = sum(int(n) for n in re.findall(r'data-label="Now">(\d+)', manager.open("/ladder").text))
        assert counted == len(_accounts(owned, "Cem"))


def test_what_no_database_can_hold_is_a_name_that_nobody_has(url: str) -> None:
    """NUL, which PostgreSQL refuses: an answer that blames the store would wake somebody up."""
    with _as(url, "dora@example.com") as director:
        token = hidden(director.open("/accounts").text, "token")
        for path in ("/plans/x%00", "/plans/%00.csv", "/accounts/a%00b", "/pictures/%00", "/assets/%00"):
            assert director.open(path).status_code == 404, path
        for page in ("/accounts", "/accounts.csv", "/risk", "/work"):
            query = "q=%00&owner=a%00&group=%00&find=%00&language=%00&view=%00&%00=1"
            assert director.open(f"{page}?{query}").status_code in (200, 303), page
        for path, form in (
            ("/work", {"account": "\x00", "status": "todo"}), ("/work", {"account": "A", "note": "\x00"}),
            ("/plans/x%00", {"name": "\x00"}), ("/accounts/%00", {"kind": "forecast", "forecast": "5"}),
            ("/views", {"forget": "\x00"}), ("/mine", {"owner": "\x00"}), ("/plans", {"plan_id": "\x00"}),
        ):  # fmt: skip
            assert director.send(path, {"token": token, **form}).status_code in (303, 404, 422), path
