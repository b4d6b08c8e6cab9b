"""An account's page, the ladder and the trust view: in both languages, with hostile names, with nothing to show."""

import html
import json
import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pandas as pd
import pytest
import sqlalchemy as sa

from features.histories.histories import Histories
from features.sources.source import source_from_rows
from features.tables import RUNGS
from serving.store.background import background_of, write_background
from serving.store.database import open_store, reading, writing
from serving.store.feedback.verdicts import keep_verdict
from serving.store.scores.scoring_runs import RUNS, SCORES
from serving.store.scores.timelines import TIMELINES
from serving.store.summaries import SUMMARIES
from serving.web.account.account_parts import changed_reasons
from tests.databases import new_database
from tests.serving.runs import profiles, put, scored
from tests.serving.sites import Browser
from training.model.bundle import read_bundle
from training.model.findings import NOTE, OK, WARNING, Finding, to_json
from training.model.reasons import Reason
from training.model.text.words import render_reason, render_reasons
from training.simulator.simulation import Simulation

HOSTILE = '<script>alert("x")</script>\'"&{{7*7}}'
VIEWS = ("/ladder", "/trust")
LANGUAGES = ("en", "nl")
PLAN = {
    "gain": 40.0, "gain_low": 10.0, "gain_high": 70.0, "promised": 90.0, "treated": 80, "held_out": 20, "elapsed": 1.0,
    "made_for": "2023-01-01", "findings": to_json([Finding.of(
        "plan_brought_won", OK, gain=40, low=10, high=70, level=0.8, elapsed=1, promised=90, verdict="less",
    )]),
}  # fmt: skip
WATCHED = {
    "advice": "watch", "labels_due": "2026-06-30", "switching_90d_log_loss": 0.5,
    "findings": to_json([
        Finding.of("drift", WARNING, columns=["orders_90d", HOSTILE], more=2, weight=0.1),
        Finding("of_a_later_program", WARNING, {"name": HOSTILE}),
    ]),
    "realised": to_json([Finding.of("realised_switching", NOTE, days=90, expected=0.123, observed=0.2)]),
}  # fmt: skip
OVERRULED = to_json([
    Finding.of("overrides_judged", NOTE, judged=4, right=0.5, switched=1),
    Finding.of("overrides_managers_better", NOTE, managers=0.1, model=0.3, difference=-0.2, low=-0.3, high=-0.1,
               level=0.9),
    Finding.of("overrides_of_manager", NOTE, manager=HOSTILE, right=2, judged=4),
])  # fmt: skip


def facts_version(folder: Path) -> str:
    return read_bundle(folder)[1]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def url(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, folder: Path, histories: Histories,
    tiny: Simulation,
) -> str:  # fmt: skip
    """A store with two runs, what stands behind them, hostile names, and verdicts."""
    url = f"sqlite:///{tmp_path_factory.mktemp('views') / 'ladder.db'}"
    if request.param == "postgresql":
        url = new_database(request.getfixturevalue("postgres_server"))
    engine, facts = open_store(url), read_bundle(folder)[0].facts
    known = profiles(tiny).assign(name=HOSTILE, owner="Anna <b>")
    put(engine, scored(folder, histories, histories.end - 90 * 86_400_000_000), known)
    run = put(engine, scored(folder, histories), known)
    made = background_of(histories, source_from_rows(tiny.tables), histories.end, facts)
    write_background(engine, run.run_id, facts, [made])
    with writing(engine) as connection:
        keep_verdict(connection, "plan", HOSTILE, histories.end, PLAN)
        keep_verdict(connection, "model", facts_version(folder), histories.end, WATCHED)
        keep_verdict(connection, "model", "another", histories.end, WATCHED | {"advice": "retrain"})
        keep_verdict(connection, "overrides", "all", histories.end, {
            "overrides_judged": 4, "findings": OVERRULED,
        })  # fmt: skip
    engine.dispose()
    return url


def some_account(url: str, **wanted: object) -> str:
    engine = open_store(url)
    with reading(engine) as connection:
        query = sa.select(SCORES.c.account_id).where(*(SCORES.c[name] == value for name, value in wanted.items()))
        account = connection.execute(query.order_by(SCORES.c.account_id)).scalars().first()
    engine.dispose()
    assert account is not None
    return str(account)


def every_account(url: str) -> list[str]:
    engine = open_store(url)
    with reading(engine) as connection:
        ids = [
            str(one)
            for one in connection.execute(sa.select(SCORES.c.account_id).order_by(SCORES.c.account_id)).scalars()
        ]
    engine.dispose()
    return ids


def token(page: str) -> str:
    found = re.search(r'name="token" value="([^"]+)"', page)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_views_open_in_both_languages_and_escape_every_name(url: str, language: str) -> None:
    with Browser(url, language=language) as browser:
        for path in (*VIEWS, f"/accounts/{some_account(url, rung='member')}"):
            answer = browser.open(path)
            assert answer.status_code == 200, path
            assert f'<html lang="{language}">' in answer.text
            assert "<script>alert" not in answer.text
            assert "Anna <b>" not in answer.text
            assert " style=" not in answer.text  # the page's policy forbids it


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_account_has_a_page(url: str, language: str) -> None:
    with Browser(url, language=language) as browser:
        for account in every_account(url)[::7]:
            assert browser.open(f"/accounts/{quote(account, safe='')}").status_code == 200, account


def test_the_account_shows_what_the_issue_asks_for(url: str) -> None:
    with Browser(url) as browser:
        page = html.unescape(browser.open(f"/accounts/{some_account(url, rung='customer')}").text)
    for part in (
        "Why the model says so", "To become Member it takes", "a contract", "What changed since", "Where it will stand",
        "Its history", "by lot", "not causal", "Whom to speak to", "Similar accounts a year ago",
        "You know better?",
    ):  # fmt: skip
        assert part in page, part
    assert "<svg" in page
    assert "<table" in page


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_account_says_how_likely_its_contract_renews(own_url: str, language: str) -> None:
    told = {
        "en": ("Chance of renewal", "83%", "of what its contracts that end within 180 days are worth"),
        "nl": ("Kans op verlenging", "83 %", "van wat de contracten die binnen 180 dagen aflopen waard zijn"),
    }[language]
    account = some_account(own_url, rung="customer")
    for chance in (0.83, None):
        engine = open_store(own_url)
        with writing(engine) as connection:
            connection.execute(SCORES.update().where(SCORES.c.account_id == account).values(p_renew=chance))
        engine.dispose()
        with Browser(own_url, language=language) as browser:
            page = html.unescape(browser.open(f"/accounts/{account}").text).replace("\u00a0", " ")
        said = told if chance else (told[0], told[2])
        assert [one in page for one in said] == [chance is not None] * len(said)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_account_says_when_the_next_order_comes_and_what_if_none(own_url: str, language: str) -> None:
    known = {
        "p_no_order": 0.04, "revenue_if_order_low": 85_000.0, "revenue_if_order_high": 240_000.0, "overdue_days": 12,
        "next_order_from": "2026-01-02", "next_order_on": "2026-02-14", "next_order_until": "2026-05-03",
    }  # fmt: skip
    never = {"next_order_on": "2028-12-31", "next_order_until": "2028-12-31", "overdue_days": 0}
    told = {
        "en": ("4% chance of nothing; else 85,000 to 240,000", "around 14 February 2026",
               "most likely between 2 January 2026 and 3 May 2026", "Days overdue: 12", "perhaps never again",
               "most likely after 2 January 2026"),
        "nl": ("4 % kans op geen omzet; anders 85.000 tot 240.000", "rond 14 februari 2026",
               "waarschijnlijk tussen 2 januari 2026 en 3 mei 2026", "Dagen te laat: 12",
               "misschien nooit meer", "waarschijnlijk na 2 januari 2026"),
    }[language]  # fmt: skip
    account = some_account(own_url, rung="customer")
    pages = []
    for values in (known, known | never, dict.fromkeys(known)):
        engine = open_store(own_url)
        with writing(engine) as connection:
            connection.execute(SCORES.update().where(SCORES.c.account_id == account).values(values))
        engine.dispose()
        with Browser(own_url, language=language) as browser:
            page = html.unescape(browser.open(f"/accounts/{account}").text)
        pages.append(re.sub("[€\u00a0]+", "", page.replace("\u00a0%", " %").replace("€\u00a0", "")))
    assert [said in pages[0] for said in told] == [True, True, True, True, False, False]
    assert [said in pages[1] for said in told] == [True, False, False, False, True, True]
    assert [said in pages[2] for said in told] == [False] * len(told)


@pytest.mark.parametrize(("language", "said"), [("en", "There is no account"), ("nl", "Er is geen account")])
def test_an_account_that_nobody_knows_is_not_found(url: str, language: str, said: str) -> None:
    with Browser(url, language=language) as browser:
        for path in (
            "/accounts/B-0",
            f"/accounts/{quote(HOSTILE, safe='')}",
            "/accounts/",
            "/accounts/%00",
            "/accounts/a/b",
        ):
            answer = browser.open(path)
            assert answer.status_code == 404, path
            assert "<script>alert" not in answer.text
        assert said in answer.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_without_timelines_the_views_say_so(
    tmp_path: Path, folder: Path, histories: Histories, language: str
) -> None:  # fmt: skip
    url = f"sqlite:///{tmp_path / 'bare.db'}"
    engine = open_store(url)
    put(engine, scored(folder, histories))
    engine.dispose()
    with Browser(url, language=language) as browser:
        for path in (*VIEWS, f"/accounts/{some_account(url)}"):
            answer = browser.open(path)
            assert answer.status_code == 200
            assert "--no-timelines" not in answer.text
            assert {"en": "these scores", "nl": "deze scores"}[language] in answer.text


def test_without_scores_the_views_are_not_ready(tmp_path: Path) -> None:
    with Browser(f"sqlite:///{tmp_path / 'empty.db'}") as browser:
        assert [browser.open(path).status_code for path in (*VIEWS, "/accounts/A")] == [503] * 3


def test_an_account_without_events_has_a_page(url: str) -> None:
    engine = open_store(url)
    account = every_account(url)[3]
    with writing(engine) as connection:
        connection.execute(TIMELINES.delete().where(TIMELINES.c.account_id == account))
    engine.dispose()
    with Browser(url) as browser:
        answer = browser.open(f"/accounts/{account}")
    assert answer.status_code == 200
    assert "No history is stored" in answer.text


def test_a_decision_is_recorded_with_its_reason_and_can_be_taken_back(url: str) -> None:
    path = f"/accounts/{some_account(url, rung='shopper')}"
    with Browser(url) as browser:
        form = {"token": token(browser.open(path).text), "option": "rebate", "leaves": "no", "reason": HOSTILE}
        answer = browser.send(path, form)
        assert answer.status_code == 303
        page = browser.open(answer.headers["location"]).text
        assert "Recorded." in page
        assert html.escape("rebate") in page
        assert "<script>alert" not in page
        assert browser.send(path, {"token": form["token"], "take_back": "will_switch"}).status_code == 303
        page = browser.open(path).text
        assert "Rebate instead" in page
        assert "it will not leave" not in page


@pytest.mark.parametrize(
    ("change", "status"),
    [({"reason": " "}, 422), ({"option": ""}, 422), ({"option": "no such thing"}, 422), ({"token": "wrong"}, 403)],
)
def test_a_decision_without_reason_content_or_token_is_refused(url: str, change: dict[str, str], status: int) -> None:
    path = f"/accounts/{some_account(url, rung='prospect')}"
    with Browser(url) as browser:
        form = {"token": token(browser.open(path).text), "option": "rebate", "leaves": "", "reason": "why"}
        assert browser.send(path, form | change).status_code == status
        assert "Rebate instead" not in browser.open(path).text


def test_the_ladder_counts_every_account_once(url: str) -> None:
    with Browser(url) as browser:
        page = browser.open("/ladder").text
    counts = re.findall(r'data-label="Now">([\d,]+)', page)
    assert sum(int(one.replace(",", "")) for one in counts) == len(every_account(url))
    assert len(counts) == len(RUNGS)
    for part in ("From a year ago to now", "Where accounts get stuck", 'class="ribbon'):
        assert part in page


def test_trust_says_whether_plans_earned_and_who_was_right(url: str) -> None:
    with Browser(url) as browser:
        page = html.unescape(browser.open("/trust").text)
        assert "It earned money." in page
        assert "Less than promised." in page
        assert "tussen" not in page
        assert "between €10 and €70, eight times out of ten" in page  # the level that the plan was judged at
        assert "the managers were better." in page
        assert f"{HOSTILE}: right 2 of 4 times." in page
        assert "Ask for new ones before you decide" in page
        narrowed = browser.open("/trust", owner="x").text
        assert "Where model and manager differ most" in narrowed
        alone = html.unescape(browser.open(f"/trust?owner={quote('Nobody <i>')}").text)
        assert "No account has a forecast to differ from." in alone


def test_trust_says_whether_the_model_in_use_is_still_right(url: str) -> None:
    with Browser(url) as browser:
        page = html.unescape(browser.open("/trust").text)
    for said in (
        "Keep an eye on it.", "from 30 June 2026", "The data lie farther from those of its training than is usual.",
        f"Drift beyond the usual in orders_90d, {HOSTILE} and 2 more; 10% of the model's weight",
        "Within 90 days 12.3% of the accounts were expected to leave; 20.0% did.", "Of_a_later_program (name",
    ):  # fmt: skip
        assert said in page
    for not_said in ("Train it anew", "expected to climb"):
        assert not_said not in page


REPORT = (
    Finding.of("grade_clearly_better", OK, task="switching", metric="log_loss", share=0.09, low=0.05, high=0.13,
               level=0.95, snapshots=300),
    Finding.of("grade_none", NOTE, task="next_rung"),
    Finding.of("reliability", OK, outcome="left", low=0.0, high=0.1, seen=0.04, seen_low=0.02, seen_high=0.06,
               level=0.95, snapshots=1200),
    Finding.of("reliability", WARNING, outcome="left", low=0.1, high=0.2, seen=0.31, seen_low=0.25, seen_high=0.38,
               level=0.95, snapshots=210),
    Finding.of("reliability_few", NOTE, outcome="climbed", low=0.9, high=1.0, snapshots=1),
    Finding.of("coverage_rungs", NOTE, share=0.904, low=0.88, high=0.92, level=0.95, snapshots=300, size=2.5),
    Finding.of("claim_uncertain", NOTE, trials=336, promised=46, value=1332, low=-79, high=2743, level=0.8),
)  # fmt: skip
SAID = {
    "en": (
        "<strong>Leaving</strong>: Clearly better than the simplest rule", "The next rung</strong>: Not judged",
        "Of the accounts that we gave 0–10%, 4% left (between 2% and 6%, 19 times out of 20).",
        '<em class="bad">not as promised', "We gave 90–100% too seldom to tell (once).",
        "90.4% of the rungs came out as predicted.",
        "promised $46 per account, realised $1,332 [80%: −$79 to $2,743]; too uncertain to tell from zero.",
        "(7 findings)",
    ),
    "nl": (
        "<strong>Vertrek</strong>: Duidelijk beter dan de simpelste regel",
        "De volgende trede</strong>: Niet beoordeeld",
        "Van de accounts die we 0–10 % gaven, vertrok 4 % (tussen 2 % en 6 %, 19 van de 20 keer).",
        '<em class="bad">niet zoals beloofd', "We gaven 90–100 % te zelden om iets te zeggen (één keer).",
        "90,4 % van de treden kwam uit zoals voorspeld.",
        "beloofd $ 46 per account, gebracht $ 1.332 [80 %: −$ 79 tot $ 2.743]; te onzeker om van nul te onderscheiden.",
        "(7 bevindingen)",
    ),
    "de": (
        "<strong>Abwanderung</strong>: Deutlich besser als die einfachste Regel",
        "Die nächste Stufe</strong>: Nicht beurteilt",
        "Von den Kunden, denen wir 0–10 % gaben: 4 % abgewandert (zwischen 2 % und 6 %, 19 von 20 Mal).",
        '<em class="bad">nicht wie versprochen', "90–100 % gaben wir zu selten, um etwas zu sagen (einmal).",
        "90,4 % der Stufen kamen wie vorhergesagt.",
        "versprochen 46 $ je Kunde, eingetreten 1.332 $ [80 %: −79 $ bis 2.743 $]; zu unsicher, um es von null zu",
    ),
}  # fmt: skip


@pytest.mark.parametrize("language", SAID)
def test_what_the_model_reports_is_told_in_the_readers_language(
    tmp_path: Path, folder: Path, histories: Histories, language: str
) -> None:
    """With the level and the currency of the model, whatever those of the service are."""
    url, bundle = f"sqlite:///{tmp_path / 'report.db'}", read_bundle(folder)[0]
    facts = replace(bundle.facts, report=REPORT, currency="$", level=0.8)
    engine = open_store(url)
    put(engine, scored(folder, histories), None, replace(bundle, facts=facts))
    write_background(engine, 1, facts, [background_of(histories, None, histories.end, facts)])
    engine.dispose()
    with Browser(url, language=language) as browser:
        page = html.unescape(browser.open("/trust").text).replace("\u00a0", " ")
        for said in SAID[language]:
            assert said in page, said
        options = browser.open(f"/accounts/{some_account(url, rung='member')}").text
        eight = {"en": "eight times out of ten", "nl": "acht van de tien keer", "de": "acht von zehn Mal"}
        nine = {"en": "nine times", "nl": "negen van de tien", "de": "neun von zehn"}
        assert eight[language] in options
        assert nine[language] not in options
        assert "$" in options
        assert "€" not in options


def test_a_report_that_an_earlier_program_wrote_is_asked_for_again(
    tmp_path: Path, folder: Path, histories: Histories
) -> None:
    """It holds sentences, which nothing reads back; runs have neither level nor currency."""
    url, facts = f"sqlite:///{tmp_path / 'earlier.db'}", read_bundle(folder)[0].facts
    engine = open_store(url)
    put(engine, scored(folder, histories))
    write_background(engine, 1, facts, [background_of(histories, None, histories.end, facts)])
    with writing(engine) as connection:
        content = json.loads(connection.execute(sa.select(SUMMARIES.c.content)).scalar_one())
        content["model"]["report"] = ["grade of switching: clearly better than recency alone"]
        del content["model"]["currency"]
        connection.execute(SUMMARIES.update().values(content=json.dumps(content)))
        connection.execute(RUNS.update().values(level=None, currency=None))
        old = {name: PLAN[name] for name in PLAN if name != "findings"}
        keep_verdict(connection, "plan", "an earlier one", histories.end, old)
        earlier = {"advice": "retrain", "codes": ["drift"], "reasons": ["..."], "labels_due": "2026-06-30"}
        keep_verdict(connection, "model", facts_version(folder), histories.end, earlier)
    engine.dispose()
    with Browser(url) as browser:
        page = html.unescape(browser.open("/trust").text)
        assert "What the model says of itself is not stored with these scores." in page
        assert "Train it anew." in page
        assert "an earlier one" in page
        assert "clearly better" not in page
        assert "between" in browser.open(f"/accounts/{some_account(url, rung='member')}").text


def test_what_changed_tells_the_difference_to_the_run_before(url: str) -> None:
    engine = open_store(url)
    engine.dispose()
    with Browser(url) as browser:
        pages = [html.unescape(browser.open(f"/accounts/{account}").text) for account in every_account(url)[:20]]
    assert sum("What happened in between" in page for page in pages) >= 15
    assert not pd.Series(pages).str.contains("Internal").any()


def test_two_readers_of_one_run_read_its_reasons_in_two_languages(url: str) -> None:
    account = some_account(url, rung="member")
    engine = open_store(url)
    with reading(engine) as connection:
        stored = connection.execute(sa.select(SCORES.c.reasons).where(SCORES.c.account_id == account)).scalar_one()
    engine.dispose()
    assert render_reasons(stored, "en") != render_reasons(stored, "nl") != []
    for language in LANGUAGES:
        with Browser(url, language=language) as browser:
            page = html.unescape(browser.open(f"/accounts/{account}").text)
        assert [reason for reason in render_reasons(stored, language) if reason not in page] == []


def test_a_reason_is_the_same_whatever_its_figures() -> None:
    same = Reason("leaving", "tickets_365d", 7.0, 2.0, 1, 0.5)
    grown, new = replace(same, value=9.0, strength=0.1), Reason("leaving", "days_since_decider", None, 45.0, 1, 0.2)
    assert changed_reasons([same], [grown, new]) == ([new], [])
    assert changed_reasons([grown, new], [same]) == ([], [new])
    known, turned = replace(new, value=30.0), replace(same, direction=-1)
    assert changed_reasons([same, new], [turned, known]) == ([turned, known], [same, new])
    named = Reason("climbing", "industry_code", "retail", None, 1, 0.3)
    assert changed_reasons([named], [replace(named, value="food")])[0][0].value == "food"


def test_sentences_of_an_earlier_release_are_not_compared() -> None:
    reason = Reason("leaving", "tickets_365d", 7.0, 2.0, 1, 0.5)
    for old in (["more likely to leave: the old words"], [render_reason(reason, "en"), reason]):
        assert changed_reasons(old, [reason]) == changed_reasons([reason], old) == ([], [])
