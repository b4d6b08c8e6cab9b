"""Search by a contact's role, what words mean where they stand, limits per group, and German to the last reason."""

import re

import pytest
import sqlalchemy as sa

from features.catalog.families.contacts import ROLES
from serving.store.database import reading, writing
from serving.store.scores.scoring_runs import ACCOUNTS, SCORES
from serving.store.scores.timelines import timelines_of
from serving.web.glossary import WORDS as GLOSSARY
from serving.web.lists import priorities
from serving.web.text.catalogue import say
from serving.web.ttl_cache import TTLCache
from serving.web.words.contact_roles import roles_in
from tests.serving.sites import Browser
from tests.serving.web.cockpits import engine_of, ids_of, some, texts_of
from tests.serving.web.markup import read


def _with_role(browser: Browser, role: str) -> set[str]:
    with reading(engine_of(browser)) as connection:
        ids = list(connection.execute(sa.select(SCORES.c.account_id)).scalars())
        known = timelines_of(connection, ids)
    return {one for one in ids if ROLES.index(role) in {person[0] for person in known[one]["people"]}}


@pytest.mark.parametrize(
    ("q", "roles", "rest"),
    [
        ("decider", ("decider",), ""), ("DECIDER", ("decider",), ""), ("Deciders", ("decider",), ""),
        ("beslisser", ("decider",), ""), ("beslissr", ("decider",), ""), ("Entsheider", ("decider",), ""),
        ("ikoper", ("buyer",), ""), ("Einkäufer", ("buyer",), ""), ("gebruiker acme", ("user",), "acme"),
        ("acme", (), "acme"), ("use", (), "use"), ("buyr", (), "buyr"), ("", (), ""),
        ("decider buyer", ("decider", "buyer"), ""),
    ],
)  # fmt: skip
def test_a_role_is_known_in_every_language_in_any_case_and_with_a_slip(
    q: str, roles: tuple[str, ...], rest: str
) -> None:
    assert roles_in(q) == (roles, rest)


def test_a_search_finds_accounts_by_the_role_of_somebody_there(own: Browser) -> None:
    deciders, buyers = _with_role(own, "decider"), _with_role(own, "buyer")
    assert 0 < len(deciders & buyers) < len(deciders)
    for q in ("decider", "BESLISSER", "Entscheidr"):
        assert ids_of(own, f"?q={q}") == deciders
    assert ids_of(own, "?q=decider+inkoper") == deciders & buyers
    one = sorted(deciders)[0]
    assert ids_of(own, f"?q=decider+{one.lower()}") == {one}
    assert ids_of(own, f"?q={one}") == {one}  # a name or number is found as before
    told = texts_of(own.open("/accounts?q=decider").text)
    assert f"of {len(deciders)}," in told


@pytest.mark.parametrize("language", ["en", "nl", "de"])
def test_what_a_head_means_is_said_where_it_stands(cockpit: str, language: str) -> None:
    with Browser(cockpit, language=language) as browser:
        every = "owner rung risk margin act gain next revenue why evidence act_by lifetime loyalty win_back roi".split()
        account = some(browser)
        for path in ("/accounts?" + "&".join(f"columns={one}" for one in every), f"/accounts/{account}"):
            answer = browser.open(path).text
            told = re.findall(r'aria-describedby="(tip-[^"]+)"', answer)
            tips = dict(re.findall(r'role="tooltip" id="(tip-[^"]+)">([^<]+)<', answer))
            assert set(told) == set(tips), path
            assert len(told) == len(set(told)) >= 1
            assert all(len(tip) > 20 for tip in tips.values())
        words = texts_of(browser.open("/glossary").text)
        for one in GLOSSARY:
            assert say(language, f"glossary.{one}").partition(":")[0] in words


def test_a_plan_keeps_to_a_limit_for_each_group_and_asks_for_one_where_there_are_groups(
    own: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    with writing(engine_of(own)) as connection:
        connection.execute(ACCOUNTS.update().values(parent_account_id=None))
    assert 'name="group_budget"' not in own.open("/plan").text
    assert own.open("/plan?budget=20000&group_budget=1").status_code == 200
    with reading(engine_of(own)) as connection:
        paying = list(
            connection.execute(
                sa.select(SCORES.c.account_id).where(SCORES.c.expected_gain > 0).order_by(SCORES.c.account_id)
            ).scalars()
        )
    assert len(paying) >= 2
    with writing(engine_of(own)) as connection:
        where = ACCOUNTS.c.account_id.in_(paying[1:])
        connection.execute(ACCOUNTS.update().where(where).values(parent_account_id=paying[0]))
    own.store_service.planner._kept = None  # what it knew of the store before
    monkeypatch.setattr(priorities, "_choices", TTLCache())
    page = own.open("/plan?budget=20000&group_budget=1").text
    assert 'name="group_budget"' in page
    assert say("en", "plan.nothing") in page
    page = own.open("/plan?budget=20000&group_budget=x").text
    assert say("en", "plan.wrong.limits") in page


def test_german_reads_german_to_the_last_reason(cockpit: str) -> None:
    with Browser(cockpit, language="de") as browser:
        with reading(engine_of(browser)) as connection:
            query = sa.select(SCORES.c.account_id).where(sa.func.length(SCORES.c.reasons) > 10).limit(6)
            ids = list(connection.execute(query).scalars())
        for account in ids:
            page = read(browser.open(f"/accounts/{account}").text)
            told = " ".join(" ".join(page.texts).split())
            assert "spricht " in told
            for english in ("more likely", "less likely", "similar accounts", " days ", "the last ", "whoever"):
                assert english not in told, (account, english)


def test_a_country_is_called_by_its_name(cockpit: str) -> None:
    with Browser(cockpit, language="nl") as browser:
        assert "Nederland" in browser.open("/accounts").text
        assert "<bdi>Nederland</bdi>" in browser.open("/risk?by=country").text


def test_assets_travel_compressed_and_what_a_monday_loads_first_is_small(cockpit: str) -> None:
    with Browser(cockpit) as browser:
        page = browser.open("/")
        loaded = len(page.content)
        for address in set(re.findall(r'"(/assets/[^"]+)"', page.text)):
            answer = browser.open(address, **{"Accept-Encoding": "gzip"})
            assert answer.headers["content-encoding"] == "gzip"
            assert answer.headers["vary"] == "Accept-Encoding"
            plain = browser.open(address, **{"Accept-Encoding": "identity"})
            assert "content-encoding" not in plain.headers
            assert plain.content == answer.content  # what the client makes of it
            loaded += int(answer.headers["content-length"])
        assert loaded <= 60_000


@pytest.mark.parametrize(("site", "small"), [("none", True), ("same-origin", True), ("cross-site", False),
                                             ("same-site", False), (None, False)])  # fmt: skip
def test_a_page_is_compressed_unless_a_foreign_site_may_have_asked_for_it(
    cockpit: str, site: str | None, small: bool
) -> None:
    """How long it gets would tell that site, guess by guess, what stands in it."""
    with Browser(cockpit) as browser:
        asked = {"Accept-Encoding": "gzip"} if site is None else {"Accept-Encoding": "gzip", "Sec-Fetch-Site": site}
        answer = browser.open("/accounts", **asked)
        assert (answer.headers.get("content-encoding") == "gzip") is small
        if small:
            assert answer.headers["vary"] == "Accept-Encoding, Sec-Fetch-Site"
            assert int(answer.headers["content-length"]) <= 30_000
