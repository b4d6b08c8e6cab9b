"""An account's page, the ladder and the trust view: in both languages, with hostile names, with nothing to show."""

import html
import re
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
from serving.store.scoring_runs import SCORES
from serving.store.timelines import TIMELINES
from serving.store.verdicts import keep_verdict
from serving.web.findings import read_report
from tests.databases import new_database
from tests.serving.runs import profiles, put, scored
from tests.serving.sites import Browser
from training.model.bundle import read_bundle
from training.simulator.simulation import Simulation

HOSTILE = '<script>alert("x")</script>\'"&{{7*7}}'
VIEWS = ("/ladder", "/trust")
LANGUAGES = ("en", "nl")
PLAN = {
    "gain": 40.0, "gain_low": 10.0, "gain_high": 70.0, "promised": 90.0, "treated": 80, "held_out": 20, "elapsed": 1.0,
    "made_for": "2023-01-01",
}  # fmt: skip


WATCHED = {
    "advice": "watch", "codes": ["drift", "of a later program"], "labels_due": "2026-06-30",
    "switching_90d_expected": 0.123, "switching_90d_observed": 0.2, "climbing_90d_expected": None,
    "climbing_90d_observed": 0.1, "switching_90d_log_loss": 0.5,
}  # fmt: skip


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
            "overrides_judged": 4, "overrides_right": 0.5, "waiting": 1, "by_manager": {HOSTILE: [4, 2]},
            "brier_difference_low": -0.3, "brier_difference_high": -0.1,
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
        "Its history", "by lot", "not causal", "The people who decide", "Similar accounts a year ago",
        "You know better?",
    ):  # fmt: skip
        assert part in page, part
    assert "<svg" in page
    assert "<table" in page


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
            assert "--no-timelines" in answer.text


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
        assert "The decision is recorded." in page
        assert html.escape("rebate") in page
        assert "<script>alert" not in page
        assert browser.send(path, {"token": form["token"], "take_back": "will_switch"}).status_code == 303
        page = browser.open(path).text
        assert "rebate instead" in page
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
        assert "rebate instead" not in browser.open(path).text


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
        assert "The managers were better." in page
        assert "These scores are more than a month old" in page
        narrowed = browser.open("/trust", owner="x").text
        assert "Where model and manager differ most" in narrowed
        alone = html.unescape(browser.open(f"/trust?owner={quote('Nobody <i>')}").text)
        assert "No account has a forecast to differ from." in alone


def test_trust_says_whether_the_model_in_use_is_still_right(url: str) -> None:
    with Browser(url) as browser:
        page = html.unescape(browser.open("/trust").text)
    for said in (
        "Keep an eye on it.", "from 30 June 2026", "farther from those of its training than is usual",
        "Within 90 days 12.3% of the accounts were expected to leave; 20.0% did.",
    ):  # fmt: skip
        assert said in page
    for not_said in ("Train it anew", "expected to climb", "of a later program"):
        assert not_said not in page


def test_the_report_is_read_in_its_parts() -> None:
    report = read_report([
        "grade of switching: clearly better than recency alone; its log loss is 9 % lower, on 300 snapshots",
        "grade of the next rung: none, not judged out of time",
        "of the accounts that we gave 0-10 %, 4 % left [95 %: 2 to 6 %] (1,200 snapshots)",
        "of the accounts that we gave 10-20 %, 31 % left [95 %: 25 to 38 %] (210 snapshots)",
        "of the accounts that we gave 90-100 %, too few to tell: it was given once",
        "of the accounts that we gave 0-10 %, 5 % climbed [95 %: 4 to 6 %] (900 snapshots)",
        "out of time 90.4 % [95 %: 88.0 to 92.0 %] of the realised rungs lay in their sets, on 300 snapshots",
        "something else",
    ])  # fmt: skip
    assert [(one.task, one.mark) for one in report.grades] == [
        ("switching", "clearly better"), ("the next rung", "none"),
    ]  # fmt: skip
    assert [(one.low, one.fits, one.seen) for one in report.bands["left"]] == [
        (0, True, 0.04), (10, False, 0.31), (90, True, None),
    ]  # fmt: skip
    assert [one.times for one in report.bands["climbed"]] == [900]
    assert report.covered == {"rungs": 0.904}
    assert len(report.every) == 8


def test_what_changed_tells_the_difference_to_the_run_before(url: str) -> None:
    engine = open_store(url)
    engine.dispose()
    with Browser(url) as browser:
        pages = [html.unescape(browser.open(f"/accounts/{account}").text) for account in every_account(url)[:20]]
    assert sum("What happened in between" in page for page in pages) >= 15
    assert not pd.Series(pages).str.contains("Internal").any()
