"""What the scores say of loyalty, value, plays, groups and four views of the rung, as the page shows it."""

import html
import json
from dataclasses import replace
from xml.etree import ElementTree

import pytest
import sqlalchemy as sa

from features.histories.histories import Histories
from features.instants import MICROSECONDS_PER_DAY
from serving.scoring.advice.playbook import Playbooks
from serving.store.database import reading, writing
from serving.store.feedback.work_list import work_of
from serving.store.lookups import required_run
from serving.store.scores.scoring_runs import ACCOUNTS, SCORES
from serving.store.summaries import SUMMARIES, ModelSummary, Summary, summary_of
from serving.store.views.groups import family_of, group_report, root_column
from serving.web import ladder
from serving.web.lists.priorities import COLUMNS
from serving.web.ttl_cache import TTLCache
from serving.web.visit import option_labels
from tests.serving.sites import Browser
from tests.serving.web.cockpits import engine_of, ids_of, keep_again, some, texts_of
from tests.serving.web.markup import hidden, read
from training.model.playbook import play_of

KNOWN = {
    "lifetime_value": 12_000.0, "lifetime_value_low": 9_000.0, "lifetime_value_high": 15_000.0, "payback_years": 1.5,
    "loyalty": "spurious", "attitude": 0.31, "phase": "emotional", "rung": "customer", "rung_by_manager": "advocate",
    "rung_by_surveys": "customer", "rung_by_service": None, "behaviours": '["grows", "recommends"]',
    "playbook": "customer_rhythm", "act_by": "2099-05-12", "act_by_cause": "next_order",
}  # fmt: skip


@pytest.fixture
def known(own: Browser) -> tuple[Browser, str]:
    """A site, and an account of which everything is known."""
    account = some(own)
    set_scores(own, account, **KNOWN)
    return own, account


def set_scores(browser: Browser, account: str, **values: object) -> None:
    with writing(engine_of(browser)) as connection:
        connection.execute(SCORES.update().where(SCORES.c.account_id == account).values(**values))


def _in(language: str) -> dict[str, str]:
    return {"Accept-Language": language}


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", (
            "Turn orders into a rhythm", "Before 12 May 2099: they usually order then", "€9,000 to €15,000; earns back",
            "spurious: buys, but not out of attachment", "emotional: likes us", "31 out of 100",
            "others see it otherwise (Account manager: Advocate)", "recommends us",
        )),
        ("nl", (
            "Breng ritme in de bestellingen", "Vóór 12 mei 2099: dan bestellen ze gewoonlijk",
            "verdient in 1,5 jaar terug",
            "schijnbaar: koopt, maar zonder binding", "Accountmanager: Pleitbezorger", "beveelt ons aan",
        )),
        ("de", (
            "Aus Bestellungen einen Rhythmus machen", "Vor dem 12. Mai 2099: dann bestellen sie gewöhnlich",
            "verdient in 1,5 Jahren zurück", "scheinbar: kauft", "Betreuer: Fürsprecher", "empfiehlt uns",
        )),
    ],
)  # fmt: skip
def test_an_account_says_what_to_do_by_when_and_what_it_is_worth(
    known: tuple[Browser, str], language: str, said: tuple[str, ...]
) -> None:
    browser, account = known
    page = browser.open(f"/accounts/{account}", **_in(language)).text
    told = texts_of(page).replace("\u00a0", " ")
    for words in said:
        assert words in told, words
    assert '<p lang="en">' not in page


def test_a_play_that_nobody_wrote_in_german_is_told_in_english(own: Browser) -> None:
    account = some(own)
    set_scores(own, account, **KNOWN, next_order_on="2099-05-12")
    texts = {f"{part}_{language}": f"{part} {language}" for part in ("do", "say", "whom") for language in ("en", "nl")}
    texts["do_en"] = "Call as a {rung}[, {next_order}]"
    plain = play_of({"key": "customer_rhythm", "within_days": 7, **texts})
    german = replace(plain, do_de="Als {rung} anrufen[, {next_order}]", say_de="sagen", whom_de="wen")
    asked = {
        plain: '<p lang="en"><strong>Call as a customer, 12 May 2099</strong>',
        german: "<p><strong>Als Stammkunde anrufen, 12. Mai 2099</strong>",
    }
    for play, told in asked.items():
        with Browser(str(engine_of(own).url), playbooks=Playbooks((play,))) as browser:
            assert told in browser.open(f"/accounts/{account}", **_in("de")).text


def test_an_account_about_which_little_is_known_says_so(own: Browser) -> None:
    account = some(own)
    set_scores(own, account, **dict.fromkeys(set(KNOWN) - {"rung"}))
    told = texts_of(own.open(f"/accounts/{account}").text)
    assert "Lifetime value" not in told
    assert "Surveys not known" in told
    assert "others see it otherwise" not in told


def test_the_talk_sheet_tells_whom_what_next(
    own: Browser, monkeypatch: pytest.MonkeyPatch, histories: Histories
) -> None:
    account, day = some(own), histories.end // MICROSECONDS_PER_DAY
    timeline = {
        "since": day - 900, "events": {}, "asked": {}, "rungs": [], "counted": [[], None, [], []],
        "people": [[3, 0, day - 5], [4, 1, day - 500]], "told": [day - 5, None],
        "shown": [{"behaviour": "grows", "day": day - 3, "growth": 0.2, "usual": 0.04},
                  {"behaviour": "pays_premium", "day": day - 3, "discount": 0.01, "usual": 0.05}],
    }  # fmt: skip
    monkeypatch.setattr("serving.web.account.account.timeline_of", lambda *_: timeline)
    monkeypatch.setattr("serving.web.account.account.steps_in_words", lambda *_: None)
    benefit = {"benefit": "warranty", "interest": "quality", "role": None, "text_en": "Ten years' <b>warranty</b>"}

    def with_benefits(connection: sa.Connection, run_id: int) -> tuple[Summary, ModelSummary]:
        found = summary_of(connection, run_id)
        assert found is not None
        words = {"visit_programme": {"label_en": "Visits", "customer_benefit": 750.0}}
        return found[0], replace(found[1], benefits=[benefit], option_words=words)

    monkeypatch.setattr("serving.web.account.account.summary_of", with_benefits)
    set_scores(own, account, support=0.25)
    page = own.open(f"/accounts/{account}").text
    told = texts_of(page)
    assert "25% of those with a say (by role) were spoken to in the last year about what they care about" in told
    assert "For the customer" in told
    assert "€750" in told  # beside our own gain
    assert "buyer: quality" in told
    assert "not convinced yet Tell them next: Ten years' <b>warranty</b>" in told
    assert told.index("buyer: quality") < told.index("decider: price")  # who is to be told comes first
    assert "grows: 20% in a year, 4% is usual" in told
    assert "pays a premium: 1.0% discount, 5.0% is usual" in told


def test_former_customers_stand_beside_the_ladder(own: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ladder, "_counts", TTLCache(seconds=0.0))
    with writing(engine_of(own)) as connection:
        connection.execute(SCORES.update().values(former=False, p_win_back=None))
    assert "former customers, counted" not in own.open("/ladder").text
    for account in sorted(ids_of(own, ""))[:4]:
        set_scores(own, account, former=True, p_win_back=0.5)
    page = own.open("/ladder").text
    assert "4 former customers, counted on a rung too; 2 of them are expected to order within 180 days" in texts_of(
        page
    )
    assert ">Former customers</text>" in own.open("/pictures/rungs.svg").text


def test_options_are_called_as_their_table_calls_them() -> None:
    words = {
        "visit": {"label_en": "Visits", "label_nl": "Bezoeken", "customer_benefit": 5.0},
        "bare": {"label_en": None},
    }
    assert option_labels(words) == {"visit": "Visits", "visit.nl": "Bezoeken"}


def test_a_group_is_named_and_its_link_opens_its_accounts(own: Browser) -> None:
    ids = sorted(ids_of(own, ""))[:4]
    with writing(engine_of(own)) as connection:
        connection.execute(ACCOUNTS.update().values(parent_account_id=None))
        for child, parent in ((ids[1], ids[0]), (ids[2], ids[1]), (ids[3], ids[3])):
            where = ACCOUNTS.c.account_id == child
            connection.execute(ACCOUNTS.update().where(where).values(parent_account_id=parent))
    with reading(engine_of(own)) as connection:
        (group,) = group_report(connection).groups
        for one in ids[:3]:
            found = family_of(connection, one)
            assert found is not None
            assert (found.root, found.members) == (group.root, len(group.members))
        assert family_of(connection, ids[3]) is None
        assert family_of(connection, "no such account") is None
        tops = dict(connection.execute(sa.select(ACCOUNTS.c.account_id, root_column())).all())
    assert tops == {one: ids[0] if one in ids[:3] else None for one in tops}
    page = own.open(f"/accounts/{ids[2]}").text
    assert "3 accounts" in page
    assert f'href="/accounts?group={ids[0]}"' in page
    assert ids_of(own, f"?group={ids[0]}") == set(ids[:3])
    assert ids_of(own, "?nothing=group") == ids_of(own, "") - set(ids[:3])
    pivot = own.open("/risk?by=group&across=rung").text
    with reading(engine_of(own)) as connection:
        name = connection.execute(sa.select(ACCOUNTS.c.name).where(ACCOUNTS.c.account_id == ids[0])).scalar_one()
    assert f"<bdi>{html.escape(name, quote=False)}</bdi>" in pivot


def test_the_list_holds_value_loyalty_and_the_former(known: tuple[Browser, str]) -> None:
    browser, account = known
    others = sorted(ids_of(browser, "") - {account})[:2]
    for one, chance, value in ((others[0], 0.1, 5_000.0), (others[1], 0.5, 2_000.0)):
        set_scores(browser, one, former=True, p_win_back=chance, win_back_value=value)
    with writing(engine_of(browser)) as connection:
        rest = SCORES.c.account_id.not_in(others)
        connection.execute(SCORES.update().where(rest).values(former=False, p_win_back=None, win_back_value=None))
        keep_again(connection)
    asked = "&".join(f"columns={name}" for name in COLUMNS)
    for language in ("en", "nl", "de"):
        assert browser.open(f"/accounts?{asked}", **_in(language)).status_code == 200
    told = texts_of(browser.open(f"/accounts?q={account}&columns=lifetime&columns=loyalty&columns=act_by").text)
    assert "€12,000" in told
    assert "12 May 2099" in told
    assert ids_of(browser, "?former=yes&sort=win_back") == set(others)
    rows = browser.open("/accounts.csv?former=yes&sort=win_back").content.decode("utf-8-sig").splitlines()
    assert [row.split(",")[0] for row in rows[1:]] == others[::-1]  # half of 2,000 is more than a tenth of 5,000
    assert account in ids_of(browser, "?loyalty=spurious")
    assert account not in ids_of(browser, "?loyalty=true")
    home = browser.open("/").text
    back = home.split('<h2 id="l-win_back">')[1].split("</h2>")[1].split("</section>")[0]
    assert back.index(others[1]) < back.index(others[0])
    assert "50% chance to come back, worth €2,000 then" in texts_of(back)
    assert "/accounts?former=yes&amp;sort=win_back" in back
    loyal = browser.open("/risk?by=loyalty").text
    assert "/accounts?loyalty=spurious&amp;sort=margin" in loyal


def test_an_entry_of_the_work_list_is_due_by_the_day_to_act(known: tuple[Browser, str]) -> None:
    browser, account = known
    late = next(one for one in sorted(ids_of(browser, "")) if one != account)
    set_scores(browser, late, act_by="2001-01-01", act_by_cause="playbook")
    token = hidden(browser.open("/accounts").text, "token")
    for one in (account, late):
        assert browser.send("/work", {"token": token, "account": one, "status": "todo"}).status_code == 303
    with reading(engine_of(browser)) as connection:
        work = work_of(connection, [account, late])
    assert (work[account].due, work[late].due) == ("2099-05-12", None)  # what is past is no date to keep
    assert read(browser.open("/work").text)


@pytest.mark.parametrize("name", ["loyalty-stays", "loyalty-spends", "after-years", "lifetime-rung"])
def test_what_loyalty_brings_is_drawn_with_its_table_and_to_take_along(own: Browser, name: str) -> None:
    with reading(engine_of(own)) as connection:
        found = summary_of(connection, required_run(connection).run_id)
        run = required_run(connection).run_id
    assert found is not None
    rung = {f"stays|{period}|member|all": [40.0, 30.0, 30.0, 40.0, 40.0, 30.0] for period in ("now", "a_year_ago")}
    spends = {"spends|now|member|all": [40.0, 4e5, 5e9, 40.0, 40.0, 4e5]}
    after = {
        f"after|{one}|{years}": [40.0, 40.0 - 5 * years, 4e4, 5e7] for one in ("member", "former") for years in (1, 3)
    }
    lifetime = {"rung|member": [40.0, 40.0, 4e5, 5e9, 30.0, 3e4, 3e5, 20.0, 30.0]}
    summary = replace(found[0], loyalty={**rung, **spends, **after}, lifetime=lifetime)
    with writing(engine_of(own)) as connection:
        told = json.loads(
            connection.execute(sa.select(SUMMARIES.c.content).where(SUMMARIES.c.run_id == run)).scalar_one()
        )
        told["summary"] |= {"loyalty": summary.loyalty, "lifetime": summary.lifetime}
        connection.execute(SUMMARIES.update().where(SUMMARIES.c.run_id == run).values(content=json.dumps(told)))
    answer = own.open(f"/pictures/{name}.svg")
    assert answer.status_code == 200
    assert ElementTree.fromstring(answer.content).find("{http://www.w3.org/2000/svg}style") is not None
    page = own.open("/ladder", **_in("nl")).text
    read(page)
    part = page.split(f'id="p-{name}"')[1].split("<h3")[0]
    assert f'href="/pictures/{name}.svg"' in part
    assert '<th scope="row"><bdi>Lid</bdi></th>' in part


def test_the_ladder_lists_who_sees_an_account_otherwise(known: tuple[Browser, str]) -> None:
    browser, account = known
    page = browser.open("/ladder").text
    part = page.split('id="views"')[1]
    assert f"/accounts/{account}?" in part
    assert "Advocate" in part
    facts = [
        {"who": "managers", "manager": None, "kappa": 0.8, "kappa_low": 0.7, "kappa_high": 0.9, "cases": 12},
        {"who": "managers", "manager": "Jan", "kappa": 0.5, "kappa_low": None, "kappa_high": None, "cases": 4},
    ]  # fmt: skip
    with writing(engine_of(browser)) as connection:
        for run, content in connection.execute(sa.select(SUMMARIES.c.run_id, SUMMARIES.c.content)).all():
            told = json.loads(content)
            told["model"]["rung_views"] = facts
            connection.execute(SUMMARIES.update().where(SUMMARIES.c.run_id == run).values(content=json.dumps(told)))
    with Browser(str(engine_of(browser).url), track_records="off") as shut:
        for site, shown in ((browser, True), (shut, False)):
            told = texts_of(site.open("/ladder").text)
            assert "All account managers 0.80 0.70 to 0.90 12" in told
            assert ("Jan 0.50 4" in told) == shown  # what came true of one manager, only where it is switched on
