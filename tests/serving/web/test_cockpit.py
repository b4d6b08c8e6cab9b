"""Monday's page, the list, the work list: what changed, what is to be done, what it becomes, what survives an error."""

import html
import io
import re
from urllib.parse import quote, unquote
from xml.etree import ElementTree

import openpyxl
import pytest
import sqlalchemy as sa
from starlette.datastructures import QueryParams

from features.histories.histories import Histories
from features.instants import MICROSECONDS_PER_DAY
from serving.planning.arms import Draw
from serving.planning.plan import Allowance
from serving.planning.planner import Planner, PlanQuery
from serving.store.audit_log import changes
from serving.store.database import open_store, reading, writing
from serving.store.feedback.feedback import feedback_rows
from serving.store.feedback.overrides import overrides_of
from serving.store.feedback.work_list import work_of
from serving.store.scores.scoring_runs import INVESTMENT_SCORES, RUNS, SCORES
from serving.store.views.run_figures import RUN_FIGURES, kept_figures
from serving.web.lists.filters import _slips
from serving.web.text.catalogue import say
from serving.web.ttl_cache import TTLCache
from tests.serving.runs import profiles
from tests.serving.sites import Browser
from tests.serving.web.cockpits import engine_of, ids_of, keep_again, some, texts_of
from tests.serving.web.markup import hidden, read
from training.simulator.simulation import Simulation

NOW = 1_767_225_600_000_000
LANGUAGES = ("en", "nl", "de")


# Home


def test_home_holds_this_run_against_the_last_one(own: Browser) -> None:
    page = own.open("/").text
    with reading(engine_of(own)) as connection:
        before, now = kept_figures(connection)
        stayed = SCORES.c.former.is_not(True)
        risk = connection.execute(sa.select(sa.func.sum(SCORES.c.value_at_risk)).where(stayed)).scalar_one()
    assert now["margin_at_risk"] == pytest.approx(risk)
    told = texts_of(page)
    assert f"Margin at risk €{now['margin_at_risk']:,.0f}" in told
    difference = now["margin_at_risk"] - before["margin_at_risk"]
    sign = "+" if difference > 0 else "\u2212"
    assert f"{sign}€{abs(difference):,.0f} since the last scores" in told
    assert len(re.findall(r'class="picture spark"', page)) >= 6
    assert f"Climbed a rung {now['climbed']:,.0f} " in told


def test_what_is_counted_at_home_is_what_its_link_opens(own: Browser) -> None:
    page = read(own.open("/").text)
    links = [str(a["href"]) for a in page.all("a") if str(a.get("href")).startswith("/accounts?")]
    with reading(engine_of(own)) as connection:
        now = kept_figures(connection)[-1]
    for link, name in (
        ("/accounts?risk=yes", "at_risk"), ("/accounts?renewal=60", "renewals"), ("/accounts?moved=up", "climbed"),
        ("/accounts?moved=down", "fell"), ("/accounts?overdue=yes", "overdue"),
    ):  # fmt: skip
        assert link in links
        assert len(ids_of(own, link.removeprefix("/accounts"))) == now[name], name


def test_a_manager_sees_her_own_accounts_and_is_remembered(own: Browser) -> None:
    owner = str(profiles_owner(own))
    page = own.open(f"/?owner={quote(owner)}").text
    assert f"accounts of {owner}" in page
    form = {"token": hidden(page, "token"), "owner": owner}
    assert own.send("/mine", form).status_code == 303
    assert f"accounts of {owner}" in own.open("/").text
    with reading(engine_of(own)) as connection:
        mine = kept_figures(connection, "owner", owner)[-1]
    assert f"Margin at risk €{mine['margin_at_risk']:,.0f}" in texts_of(own.open("/").text)
    assert f"accounts of {owner}" not in own.open("/?owner=").text
    assert own.send("/mine", form | {"owner": ""}).status_code == 303
    assert f"accounts of {owner}" not in own.open("/").text


def profiles_owner(browser: Browser) -> str:
    page = read(browser.open("/accounts").text)
    return next(str(a["value"]) for a in page.all("option") if str(a.get("value", "")).startswith("M"))


def test_small_changes_are_no_news_and_large_ones_are(own: Browser) -> None:
    engine = engine_of(own)
    with reading(engine) as connection:
        run = connection.execute(sa.select(sa.func.max(RUNS.c.run_id))).scalar_one()
        ids = connection.execute(sa.select(SCORES.c.account_id).where(SCORES.c.p_switch.is_not(None))).scalars().all()
    with writing(engine) as connection:
        from serving.store.scores.previous_scores import PREVIOUS

        connection.execute(PREVIOUS.delete())
        now = dict(connection.execute(sa.select(SCORES.c.account_id, SCORES.c.rung)).all())
        for account, points in ((ids[0], 0.30), (ids[1], 0.049), (ids[2], -0.30)):
            connection.execute(SCORES.update().where(SCORES.c.account_id == account).values(p_switch=0.5))
            connection.execute(PREVIOUS.insert().values(
                account_id=account, run_id=run - 1, rung=now[account], p_switch=0.5 - points, reasons="[]",
            ))  # fmt: skip
        keep_again(connection)
    page = own.open("/").text
    worse = page.split('id="l-worse"')[1].split("</section>")[0]
    better = page.split('id="l-better"')[1].split("</section>")[0]
    assert f"/accounts/{ids[0]}?" in worse
    assert "20% → 50%" in worse
    assert f"/accounts/{ids[2]}?" in better
    assert f"/accounts/{ids[1]}?" not in worse + better


def test_the_first_views_of_a_new_process_look_through_no_accounts(
    own: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = profiles_owner(own)
    for what in ("serving.store.views.news._looked_for", "serving.store.views.list_totals.count_totals",
                 "serving.web.home.figures_query"):  # fmt: skip
        monkeypatch.setattr(what, lambda *_, **__: pytest.fail("all accounts were looked through"))
    for name in ("serving.web.home._news", "serving.web.lists.priorities._totals"):
        monkeypatch.setattr(name, TTLCache(0.0))
    for path in ("/", f"/?owner={quote(owner)}", "/accounts"):
        assert own.open(path).status_code == 200


def test_who_is_forgotten_is_no_news_at_once_and_is_counted_no_more(own: Browser) -> None:
    links = [str(a.get("href")) for a in read(own.open("/").text).all("a")]
    account = next(unquote(link.split("/")[2].split("?")[0]) for link in links if link.startswith("/accounts/"))
    with writing(engine_of(own)) as connection:
        connection.execute(SCORES.delete().where(SCORES.c.account_id == account))
        left = SCORES.c.former.is_not(True)
        risk = connection.execute(sa.select(sa.func.sum(SCORES.c.value_at_risk)).where(left)).scalar_one()
    answer = own.open("/")
    assert answer.status_code == 200
    assert f"/accounts/{account}?" not in answer.text
    assert f"Margin at risk €{risk:,.0f}" in texts_of(answer.text)


def test_old_links_to_the_list_still_work(own: Browser) -> None:
    assert own.open("/?rung=member&sort=leaving").headers["location"] == "/accounts?rung=member&sort=leaving"
    assert own.open("/?find=A00003").headers["location"].startswith("/accounts?find=")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_opens_in_every_language(cockpit: str, language: str) -> None:
    with Browser(cockpit, language=language) as browser:
        account = some(browser)
        for path in ("/", "/accounts", "/accounts?columns=why&columns=evidence&columns=roi&columns=cost", "/work",
                     "/risk", "/plan?budget=5", "/ladder", "/trust", "/glossary", f"/accounts/{account}"):  # fmt: skip
            answer = browser.open(path)
            assert answer.status_code == 200, path
            assert f'<html lang="{language}">' in answer.text
            assert " style=" not in answer.text
            assert "ladder score" not in answer.text
            assert "ladder monitor" not in answer.text


# The list


def test_the_plan_for_an_owner_counts_that_owners_accounts_alone(own: Browser) -> None:
    owner = profiles_owner(own)
    allowed = {"allowance": Allowance(5_000.0), "draw": Draw(0.0)}
    for asked, plan in (
        (f"?owner={owner}", PlanQuery(**allowed, owner=owner)),  # type: ignore[arg-type]
        ("?rung=member", PlanQuery(**allowed, rungs=("member",))),  # type: ignore[arg-type]
        ("?country=NL", PlanQuery(**allowed, accounts=frozenset(ids_of(own, "?country=NL")))),  # type: ignore[arg-type]
    ):
        record = Planner().make(engine_of(own), plan, NOW).record
        assert sum(record["left_alone"].values()) + record["selected"] == len(ids_of(own, asked))


def test_filters_go_along_to_the_plan_the_language_and_back(own: Browser) -> None:
    asked = "country=NL&risk=yes&q=account"
    page = read(own.open(f"/accounts?{asked}").text)
    hrefs = [html.unescape(str(a.get("href"))) for a in page.all("a")]
    plan = next(href for href in hrefs if href.startswith("/plan?"))
    assert QueryParams(plan.partition("?")[2])._dict == {"country": "NL", "risk": "yes", "q": "account"}
    switch = next(str(a["href"]) for a in page.all("a") if a.get("hreflang") == "nl")
    assert asked in switch
    account = next((href for href in hrefs if href.startswith("/accounts/A")), None)
    ids = ids_of(own, f"?{asked}")
    if account is not None:
        back = next(str(a["href"]) for a in read(own.open(account).text).all("a") if "crumbs" not in str(a) and
                    str(a.get("href")).startswith("/accounts?"))  # fmt: skip
        assert "country=NL" in back
    made = own.open(f"{plan}&budget=900000&holdout=0").text
    planned = set(re.findall(r'href="/accounts/(A\d+)\?', made))
    assert planned <= ids
    assert 'name="country" value="NL"' in made
    shown = own.open(f"/plan.csv{plan.removeprefix('/plan')}&budget=900000&holdout=0").content.decode("utf-8-sig")
    assert {line.split(",")[0] for line in shown.splitlines()[1:]} <= ids


def test_one_slip_of_the_finger_still_finds_an_account(own: Browser, tiny: Simulation) -> None:
    name = str(profiles(tiny)["name"].iloc[7])
    account = str(profiles(tiny)["account_id"].iloc[7])
    for typed in (name.lower(), name.upper(), name.replace("cc", "c", 1), name.replace("ou", "uo", 1)):
        assert account in ids_of(own, f"?q={quote(typed)}"), typed
    assert "come near" in own.open(f"/accounts?q={quote(name.replace('cc', 'c', 1))}").text
    assert all(len(_slips("a" * n)) <= 4 * n + 1 for n in (1, 3, 20))


def test_a_row_says_what_was_seen_what_to_do_and_how_to_begin(own: Browser) -> None:
    page = own.open("/accounts?sort=leaving&columns=act&columns=why&columns=evidence").text
    told = texts_of(page)
    assert re.search(r"Service failed (on|\d+ times)", told)
    assert "Begin with what went wrong on" in told
    assert "Why at risk" in told
    assert "Why this action" in told


def test_what_one_brings_back_holds_the_one_itself(own: Browser) -> None:
    account = some(own, SCORES.c.roi.is_not(None))
    with writing(engine_of(own)) as connection:
        where = SCORES.c.account_id == account
        option = connection.execute(sa.select(SCORES.c.recommended_investment).where(where)).scalar_one()
        connection.execute(SCORES.update().where(where).values(roi=0.99, expected_gain=99.0))
        row = (INVESTMENT_SCORES.c.account_id == account) & (INVESTMENT_SCORES.c.investment == option)
        connection.execute(INVESTMENT_SCORES.update().where(row).values(roi=0.99))
    assert "€1.99" in own.open(f"/accounts?q={account}&columns=roi").text
    assert "€1.99" in own.open(f"/accounts/{account}").text
    assert "€1 brings back" in own.open("/plan?budget=5000").text


def test_a_view_is_saved_under_a_name_and_forgotten(own: Browser) -> None:
    page = own.open("/accounts?risk=yes&columns=risk&columns=why").text
    form = {"token": hidden(page, "token"), "query": "risk=yes&columns=risk&columns=why&page=3", "name": "My <b>risks"}
    assert own.send("/views", form).headers["location"] == "/accounts?risk=yes&columns=risk&columns=why"
    shown = own.open("/accounts").text
    assert "My &lt;b&gt;risks" in shown
    assert 'href="/accounts?risk=yes&amp;columns=risk&amp;columns=why"' in shown
    assert own.send("/views", {"token": form["token"], "forget": "My <b>risks"}).status_code == 303
    assert "My &lt;b&gt;risks" not in own.open("/accounts").text
    assert own.send("/views", form | {"name": " "}).status_code == 422


# Work


def _put(browser: Browser, ids: list[str], **form: str) -> int:
    token = hidden(browser.open("/accounts").text, "token")
    content = "&".join([f"account={quote(one)}" for one in ids] +
                       [f"{name}={quote(value)}" for name, value in {"token": token, **form}.items()])  # fmt: skip
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html"}
    return browser.request("POST", "/work", content=content.encode(), headers=headers).status_code


def test_accounts_are_put_on_the_work_list_together_and_found_there(own: Browser) -> None:
    ids = sorted(ids_of(own, ""))[:3]
    assert _put(own, ids, status="doing", owner="Anna", due="2026-12-01", note="<i>call</i>") == 303
    page = own.open("/work").text
    assert all(f"/accounts/{one}?" in page for one in ids)
    assert "&lt;i&gt;call&lt;/i&gt;" in page
    assert "3 accounts" in page
    assert ids_of(own, "?work=open") == set(ids)
    assert "doing" in own.open(f"/accounts?q={ids[0]}").text
    assert _put(own, ids[:1], status="snoozed", snoozed_until="2999-01-01") == 303
    assert ids_of(own, "?work=open") == set(ids[1:])
    with reading(engine_of(own)) as connection:
        item = work_of(connection, ids)[ids[0]]
        told = [one for one in changes(connection, ids[0]) if one.what == "work"]
    assert (item.status, item.owner, item.note) == ("snoozed", "Anna", "<i>call</i>")  # what is not named stays
    assert len(told) == 2
    assert "History" in own.open(f"/accounts/{ids[0]}").text


def test_what_is_done_goes_to_the_next_training_by_itself(own: Browser, histories: Histories) -> None:
    account = sorted(ids_of(own, ""))[0]
    assert _put(own, [account], status="done", action="rebate", outcome="lost") == 303
    assert _put(own, [account], status="done", note="again") == 303  # done already: nothing more is filed
    with reading(engine_of(own)) as connection:
        rows = feedback_rows(connection, histories.end + 9 * MICROSECONDS_PER_DAY)
        row = (INVESTMENT_SCORES.c.account_id == account) & (INVESTMENT_SCORES.c.investment == "rebate")
        cost = connection.execute(sa.select(INVESTMENT_SCORES.c.cost).where(row)).scalar_one()
    assert rows["investments"]["account_id"] == [account]
    assert rows["investments"]["investment"] == ["rebate"]
    assert rows["investments"]["cost"] == [cost]
    assert rows["switches"]["account_id"] == [account]


def test_an_entry_that_begins_takes_the_advised_investment(own: Browser) -> None:
    account = some(own, SCORES.c.recommended_investment != "none")
    with writing(engine_of(own)) as connection:
        connection.execute(SCORES.update().where(SCORES.c.account_id == account).values(advice="invest"))
    assert _put(own, [account], status="todo") == 303
    with reading(engine_of(own)) as connection:
        advised = sa.select(SCORES.c.recommended_investment).where(SCORES.c.account_id == account)
        assert work_of(connection, [account])[account].action == connection.execute(advised).scalar_one()


@pytest.mark.parametrize(
    "wrong", [{"due": "soon"}, {"status": "lost"}, {"action": "no such thing"}, {"outcome": "x"}, {"owner": "x" * 999}]
)
def test_what_was_typed_survives_a_refusal_and_nothing_is_kept(own: Browser, wrong: dict[str, str]) -> None:
    account = sorted(ids_of(own, ""))[0]
    token = hidden(own.open("/accounts").text, "token")
    answer = own.send("/work", {"token": token, "account": account, "note": 'three "quoted" words', **wrong})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert "three &#34;quoted&#34; words" in answer.text
    assert f'name="account" value="{account}"' in answer.text
    with reading(engine_of(own)) as connection:
        assert work_of(connection, [account]) == {}
        assert feedback_rows(connection, 2**60) == {}


def test_nobody_picked_is_said(own: Browser) -> None:
    assert _put(own, []) == 422
    assert _put(own, ["no such account"]) == 422


# Defects that were found


def test_a_decision_that_is_refused_keeps_what_was_typed(own: Browser) -> None:
    path = f"/accounts/{some(own)}"
    token = hidden(own.open(path).text, "token")
    answer = own.send(path, {"token": token, "reason": "We spoke <today>", "leaves": "", "option": ""})
    assert answer.status_code == 422
    assert 'value="We spoke &lt;today&gt;"' in answer.text
    answer = own.send(path, {"token": token, "reason": "", "leaves": "no", "option": "rebate"})
    assert '<option value="rebate" selected>' in answer.text
    assert re.search(r'name="leaves" value="no" checked', answer.text)


def test_a_decision_stands_until_the_date_that_the_form_promises(own: Browser, histories: Histories) -> None:
    account = some(own)
    page = own.open(f"/accounts/{account}").text
    promised = re.search(r"stands beside the advice until ([^;]+);", page)
    assert promised is not None
    form = {"token": hidden(page, "token"), "option": "rebate", "leaves": "", "reason": "why"}
    assert own.send(f"/accounts/{account}", form).status_code == 303
    assert f", until {promised[1]}:" in own.open(f"/accounts/{account}").text
    with reading(engine_of(own)) as connection:
        assert overrides_of(connection, [account], histories.end + 5 * MICROSECONDS_PER_DAY)


def test_that_somebody_says_it_will_leave_shows_in_the_list(own: Browser) -> None:
    account = some(own, SCORES.c.p_switch.is_not(None))
    form = {"token": hidden(own.open("/accounts").text, "token"), "leaves": "yes", "reason": "they told me"}
    assert own.send(f"/accounts/{account}", form).status_code == 303
    assert "says: it will leave" in own.open(f"/accounts?q={account}").text


@pytest.mark.parametrize(
    ("path", "status"),
    [("/nopage", 404), ("/accounts/nobody", 404), ("/plans/none", 404), ("/plan?budget=5&owner=x", 422)],
)
def test_errors_are_pages_for_a_browser_and_json_for_a_program(own: Browser, path: str, status: int) -> None:
    answer = own.open(path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert read(answer.text).all("html") == [{"lang": "en"}]
    assert 'href="/"' in answer.text
    if path == "/nopage":
        assert own.get(path).json()["error"]["code"] == "not_found"


def test_a_form_from_elsewhere_is_refused_on_a_page(own: Browser) -> None:
    for path in ("/work", "/views", "/mine"):
        answer = own.send(path, {"token": "wrong"})
        assert (answer.status_code, "Nothing was changed" in answer.text) == (403, True)


def test_a_mistake_of_ours_is_a_page_too(own: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serving.web.trust.accepted_plans", lambda _: 1 / 0)
    answer = own.open("/trust")
    assert (answer.status_code, "<h1>" in answer.text) == (500, True)


def test_old_scores_are_said_to_be_old_on_every_page(cockpit: str, histories: Histories) -> None:
    for days, said in ((5, False), (40, True)):
        with Browser(cockpit, now=lambda days=days: histories.end + days * MICROSECONDS_PER_DAY) as browser:  # type: ignore[misc]
            for path in (
                "/",
                "/accounts",
                "/work",
                "/risk",
                "/plan",
                "/ladder",
                "/trust",
                f"/accounts/{some(browser)}",
            ):
                assert ("days old" in browser.open(path).text) is said, path


def test_one_is_one_and_many_are_many(own: Browser) -> None:
    account = some(own, SCORES.c.overdue_days.is_not(None))
    for days, said in ((1, "a day late"), (12, "12 days late")):
        with writing(engine_of(own)) as connection:
            connection.execute(SCORES.update().where(SCORES.c.account_id == account).values(overdue_days=days))
        assert said in own.open(f"/accounts?q={account}").text


def test_the_managers_own_number_stands_as_it_was_entered(own: Browser) -> None:
    account = some(own, SCORES.c.manager_forecast.is_not(None))
    with writing(engine_of(own)) as connection:
        author = read_factor(connection)
        connection.execute(SCORES.update().where(SCORES.c.account_id == account).values(
            manager_forecast=800.0, forecast_by=author, forecast_disagreement=2.5))  # fmt: skip
    told = texts_of(own.open(f"/accounts/{account}").text)
    assert "as entered €1,000" in told
    assert "corrected for earlier forecasts €800" in told
    assert "far more than similar accounts earned" in told


def read_factor(connection: sa.Connection) -> str:
    from serving.store.lookups import required_run
    from serving.store.summaries import summary_of

    found = summary_of(connection, required_run(connection).run_id)
    assert found is not None
    (author, factor), *_ = found[1].forecast_factors.items()
    assert factor == 0.8
    return author


def test_a_forecast_and_an_assessment_of_the_page_reach_the_next_training(own: Browser, histories: Histories) -> None:
    account = some(own)
    path = f"/accounts/{account}"
    form = {"token": hidden(own.open(path).text, "token"), "kind": "forecast"}
    refused = own.send(path, form | {"forecast": "a lot"})
    assert (refused.status_code, 'value="a lot"' in refused.text) == (422, True)
    assert own.send(path, {**form, "kind": "assessment", "assessment": "no rung"}).status_code == 422
    assert own.send(path, form | {"forecast": "12.500"}).status_code == 303
    assert own.send(path, {**form, "kind": "assessment", "assessment": "member"}).status_code == 303
    with reading(engine_of(own)) as connection:
        rows = feedback_rows(connection, histories.end + 9 * MICROSECONDS_PER_DAY)
    assert rows["forecasts"]["account_id"] == rows["assessments"]["account_id"] == [account]
    assert rows["forecasts"]["extra_revenue"] == [12_500.0]
    assert rows["assessments"]["rung"] == ["member"]


def test_figures_of_runs_are_kept_by_owner_and_rung(cockpit: str) -> None:
    engine = open_store(cockpit)
    with reading(engine) as connection:
        whole = kept_figures(connection)[-1]
        for dimension in ("rung", "owner", "trigger", "segment", "country"):
            parts = [one for one in kept_figures(connection, dimension) if one.as_of == whole.as_of]
            assert sum(one["accounts"] for one in parts) == whole["accounts"], dimension
            assert sum(one["margin_at_risk"] for one in parts) == pytest.approx(whole["margin_at_risk"])
        assert connection.execute(sa.select(sa.func.count()).select_from(RUN_FIGURES)).scalar_one() < 200
    engine.dispose()


def test_the_way_back_never_leads_elsewhere(own: Browser) -> None:
    page = own.open(f"/accounts/{some(own)}?back=//evil.example/x").text
    assert "evil.example" not in unquote(page).replace("back=//evil.example/x", "")


# Value at risk


def test_every_cell_of_value_at_risk_opens_a_list_of_as_many_accounts(own: Browser) -> None:
    for query in ("?by=rung", "?by=trigger&across=country", "?by=owner&across=rung&risk=yes", "?by=segment"):
        page = own.open(f"/risk{query}").text
        cells = re.findall(r'href="(/accounts[^"]*)">[^<]*</a> <span class="small">([\d,]+)', page)
        if "across" not in query:
            rows = page.split("<tbody>")[1].split("<tr>")[1:]
            cells = [(re.search(r'href="([^"]*)"', row)[1], re.search(r'data-label="Accounts">([\d,]+)', row)[1])  # type: ignore[index]
                     for row in rows]  # fmt: skip
        assert cells, query
        counts = [int(count.replace(",", "")) for _, count in cells]
        assert [len(ids_of(own, html.unescape(link).removeprefix("/accounts"))) for link, _ in cells[:12]] == counts[
            :12
        ]
        if "risk=" not in query:
            assert sum(counts) == len(ids_of(own, ""))
    csv = own.open("/risk.csv?by=rung").content.decode("utf-8-sig")
    assert len(csv.splitlines()) > 3


# A plan in hands


def test_an_accepted_plan_is_named_handed_out_and_carried_out(own: Browser) -> None:
    shown = own.open("/plan?budget=20000&holdout=20").text
    form = {name: hidden(shown, name) for name in ("token", "asked", "plan_id")}
    assert own.send("/plans", form).status_code == 303
    path, token = f"/plans/{form['plan_id']}", {"token": form["token"]}
    assert own.send(path, token | {"name": "Autumn <b>"}).status_code == 303
    assert "Autumn &lt;b&gt;" in own.open(path).text
    assert "Autumn &lt;b&gt;" in own.open("/plan?budget=9000").text  # the what-if stands beside it
    assert "Beside the plan accepted last" in own.open("/plan?budget=9000").text
    book = openpyxl.load_workbook(io.BytesIO(own.open(f"{path}.handout").content))
    rows = [row for sheet in book for row in sheet.iter_rows(min_row=2, values_only=True)]
    planned = own.open(f"{path}.csv").content.decode("utf-8-sig").splitlines()[1:]
    assert len(rows) == len(planned)
    assert len(book.sheetnames) == len({line.split(",")[1] for line in planned})
    assert all(sheet.auto_filter.ref and sheet.freeze_panes == "B2" for sheet in book)
    assert {cell.data_type for sheet in book for row in sheet.rows for cell in row} <= {"s", "n", "inlineStr"}
    treated = sum(",treat," in line for line in planned)
    assert sum(row[5] == "do it" for row in rows) == treated
    assert own.send(path, token).status_code == 303
    assert f"0 of {treated} done, 0 being done; {treated} on the work list." in own.open(path).text
    assert len(ids_of(own, "?work=todo")) == treated
    assert _put(own, sorted(ids_of(own, "?work=todo"))[:2], status="done") == 303
    assert f"2 of {treated} done" in own.open(path).text
    assert own.send("/plans/none", token).status_code == 404


def test_visits_of_each_manager_are_limited(own: Browser) -> None:
    def visits(query: str) -> dict[str, int]:
        lines = own.open(f"/plan.csv?budget=900000&holdout=0{query}").content.decode("utf-8-sig").splitlines()[1:]
        owners = [line.split(",")[1] for line in lines if "visit_programme" in line]
        return {owner: owners.count(owner) for owner in owners}

    assert max(visits("").values()) > 2
    assert max(visits("&owner_hours=2").values()) <= 2
    assert max(visits("&owner_hours=6&hours_visit_programme=3").values()) <= 2
    assert max(visits("&owner_hours=2&hours_visit_programme=&hours_rebate=").values()) <= 2
    assert "A limit is no amount" in own.open("/plan?budget=5&owner_hours=x").text
    assert "how many an action takes" in own.open("/plan?budget=5&owner_hours=2&hours_visit_programme=0").text


@pytest.mark.parametrize("name", ["rungs", "flows"])
def test_a_picture_is_whole_in_itself(cockpit: str, name: str) -> None:
    with Browser(cockpit, language="nl") as browser:
        answer = browser.open(f"/pictures/{name}.svg")
        assert f'href="/pictures/{name}.svg"' in browser.open("/ladder").text
        assert browser.open("/pictures/none.svg").status_code == 404
    assert answer.headers["content-type"] == "image/svg+xml"
    root = ElementTree.fromstring(answer.content)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert root.find("{http://www.w3.org/2000/svg}style") is not None
    assert "Lid" in answer.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_cause_is_named_where_nothing_tells_the_three_apart(own: Browser, language: str) -> None:
    own.language = language
    account = some(own, SCORES.c.switch_trigger.is_not(None), SCORES.c.former.is_not(True))
    main, cause = say(language, "trigger.reactional"), say(language, "account.triggers.alike")

    def told(share: float) -> tuple[bool, bool, bool]:
        others = dict.fromkeys(("trigger_situational", "trigger_influential"), (1 - share) / 2)
        values = {**others, "trigger_reactional": share, "switch_trigger": "reactional"}
        with writing(engine_of(own)) as connection:
            connection.execute(SCORES.update().where(SCORES.c.account_id == account).values(values))
        text = texts_of(own.open(f"/accounts/{account}").text)
        headline = say(language, "account.headline.leaving", days=180, trigger=main)
        return headline in text, cause in text, account in ids_of(own, "?trigger=reactional")

    assert told(0.5) == (True, False, True)
    assert told(1 / 3) == (False, True, False)
