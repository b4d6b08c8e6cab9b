"""The plan on the page is the plan of the API; accepted, it is kept as it was shown, with who accepted it."""

import csv
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from starlette.datastructures import QueryParams

from commands.planning import show_earlier
from features.instants import instant
from serving.planning.accepted import accepted_plan
from serving.planning.arms import Draw
from serving.planning.files import read_plan
from serving.planning.plan import PLAN_COLUMNS, Allowance, Plan
from serving.planning.planner import PlanQuery
from serving.store.audit_log import changes
from serving.store.database import open_store, reading, writing
from serving.store.feedback.accepted_plans import accepted_plans
from serving.store.feedback.verdicts import keep_verdict
from serving.web.plans.plan_downloads import as_csv, as_sheet
from serving.web.plans.planning import form_of
from tests.serving.sites import Browser
from tests.serving.web.conftest import HOSTILE
from tests.serving.web.markup import hidden, read
from training.model.findings import NOTE, OK, Finding, to_json

PLAN = "/plan?budget=20.000&holdout=20"
NOW = 1_767_225_600_000_000


@pytest.fixture(scope="module", params=["en", "nl"])
def browser(request: pytest.FixtureRequest, url: str) -> Iterator[Browser]:
    with Browser(url, language=request.param) as browser:
        yield browser


@pytest.fixture
def own(own_url: str) -> Iterator[Browser]:
    with Browser(own_url, now=lambda: NOW) as browser:
        yield browser


def _api(browser: Browser, **asked: Any) -> dict[str, Any]:
    content: dict[str, Any] = browser.post_json("/plan", asked).json()
    return content


def _accept(browser: Browser, path: str = PLAN) -> str:
    shown = browser.open(path).text
    form = {name: hidden(shown, name) for name in ("token", "asked", "plan_id")}
    answer = browser.send("/plans", form)
    assert answer.status_code == 303, answer.text
    return form["plan_id"]


def test_the_page_shows_the_plan_that_the_api_makes(browser: Browser) -> None:
    wanted = _api(browser, budget=20_000, holdout=0.2)
    page = read(browser.open(PLAN).text)
    links = [
        str(a["href"]).partition("?")[0]
        for a in page.all("a")
        if a.get("class") == "account" and "/accounts/" in str(a["href"])
    ]
    assert links == [f"/accounts/{row['account_id']}" for row in wanted["plan"]][:100]
    treated = sum(row["arm"] == "treat" for row in wanted["plan"])
    rows = [a.get("class") for a in page.all("tr") if a.get("class")]
    assert rows == ["treat"] * treated + ["holdout"] * (len(wanted["plan"]) - treated)
    amount = f"{wanted['totals']['spent']:,.0f}"
    assert (f"€{amount}" if browser.language == "en" else f"€\u00a0{amount.replace(',', '.')}") in " ".join(page.texts)
    assert f"{treated}" in [text.strip() for text in page.texts]


def test_owner_rungs_options_and_what_it_is_chosen_by_narrow_it_as_in_the_api(browser: Browser) -> None:
    query = "owner=M03&rung=customer&rung=shopper&investment=rebate&on=low&holdout=0&explore=12,5&social_budget=0"
    asked = form_of(QueryParams(f"budget=1.500,50&{query}")).query
    assert asked == PlanQuery(
        Allowance(1500.5, None, {"social": 0.0}), Draw(0.0, 0.125), "low", "M03", ("customer", "shopper"), ("rebate",)
    )
    assert browser.open(f"/plan?budget=50000&{query}").status_code == 200


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("budget=x", "budget"), ("budget=-5", "budget"), ("budget=1e9", "budget"), ("budget=5&holdout=51", "holdout"),
        ("budget=5&owner_budget=x", "owner_budget"), ("budget=5&social_budget=-1", "social_budget"),
        ("budget=5&holdout=x", "holdout"), ("budget=5&explore=-1", "explore"), ("budget=9999999999999999", "budget"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said_beside_the_form_and_nothing_is_planned(
    browser: Browser, query: str, field: str
) -> None:
    answer = browser.open(f"/plan?{query}")
    assert answer.status_code == 200
    page = read(answer.text)
    assert [a.get("aria-invalid") for a in page.all("input") if a.get("id") == field] == ["true"]
    assert not [a for a in page.all("section") if a.get("id") == "plan"]


def test_limits_of_managers_and_bonds_hold_on_the_page_as_in_the_api(browser: Browser) -> None:
    wanted = _api(browser, budget=20_000, holdout=0.2, owner_budget=1_500, bond_budgets={"social": 700})
    page = read(browser.open(f"{PLAN}&owner_budget=1.500&social_budget=700").text)
    links = [
        str(a["href"]).partition("?")[0]
        for a in page.all("a")
        if a.get("class") == "account" and "/accounts/" in str(a["href"])
    ]
    assert links == [f"/accounts/{row['account_id']}" for row in wanted["plan"]][:100]
    assert 0 < len(wanted["plan"]) < len(_api(browser, budget=20_000, holdout=0.2)["plan"])
    assert [a.get("value") for a in page.all("input") if a.get("id") == "owner_budget"] == ["1.500"]


def test_an_owner_or_an_option_that_there_is_not_is_a_page_that_says_so(browser: Browser) -> None:
    for query in ("owner=%3Cscript%3E", "investment=%3Cb%3Enothing"):
        answer = browser.open(f"/plan?budget=500&{query}")
        assert answer.status_code == 422
        assert "<script>" not in answer.text.replace('<script src="', "")
        assert "<b>" not in answer.text


def test_nothing_to_spend_is_a_plan_of_nothing(browser: Browser) -> None:
    answer = browser.open("/plan?budget=0")
    assert answer.status_code == 200
    assert 'name="plan_id"' not in answer.text


def test_its_files_hold_the_same_rows(browser: Browser) -> None:
    wanted = pd.DataFrame(_api(browser, budget=20_000, holdout=0.2)["plan"])
    found = pd.read_csv(io.BytesIO(browser.open(PLAN.replace("/plan", "/plan.csv")).content))
    assert list(found.columns) == PLAN_COLUMNS
    assert found["account_id"].tolist() == wanted["account_id"].tolist()
    assert found["expected_gain"].tolist() == wanted["expected_gain"].tolist()
    book = openpyxl.load_workbook(io.BytesIO(browser.open(PLAN.replace("/plan", "/plan.xlsx")).content))
    rows = list(book.worksheets[0].values)
    assert [row[0] for row in rows[1:]] == wanted["account_id"].tolist()
    assert len(book.worksheets) == 2


def test_no_cell_of_a_sheet_is_a_formula() -> None:
    names = ["=1+1", "+1", "-1", "@x", *HOSTILE]
    rows = pd.DataFrame({
        "account_id": names, "owner": names, "investment": "=HYPERLINK(1)", "cost": 1.0, "expected_gain": -2.0,
        "gain_low": None, "gain_high": None, "roi": None, "arm": "treat", "propensity": 1.0,
        "advice": "test", "instead_of": names, "why": "budget",
    })  # fmt: skip
    plan = Plan(rows, dict.fromkeys("budget spent treated held_out expected_gain gain_low gain_high claimed_gain roi "
                                    "horizon_days as_of".split(), 1.0))  # fmt: skip

    class Told:
        def say(self, key: str) -> str:
            return key

    book = openpyxl.load_workbook(io.BytesIO(as_sheet(plan, Told())))  # type: ignore[arg-type]
    assert {cell.data_type for sheet in book for row in sheet.rows for cell in row} <= {"s", "n"}
    cells = [cell for row in csv.reader(io.StringIO(as_csv(plan).decode("utf-8-sig"))) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@")) and cell != "-2.0"]


def test_an_accepted_plan_is_kept_as_it_was_shown(own: Browser, own_url: str) -> None:
    wanted = _api(own, budget=20_000, holdout=0.2)
    plan_id = _accept(own)
    assert plan_id == wanted["totals"]["plan_id"]
    engine = open_store(own_url)
    with reading(engine) as connection:
        kept, plan = accepted_plan(connection, plan_id)
        told = changes(connection)
        assert [one.plan_id for one in accepted_plans(connection)] == [plan_id]
    engine.dispose()
    rows = plan.rows.astype(object).where(plan.rows.notna(), None).to_dict("records")
    assert rows == wanted["plan"]
    assert kept.record["expected_gain"] == wanted["totals"]["expected_gain"]
    assert [(one.what, one.about, one.who) for one in told] == [("plan accepted", plan_id, "")]
    assert plan_id in own.open("/plan").text
    shown = own.open(f"/plans/{plan_id}?accepted=1")
    assert "The plan is accepted" in shown.text


def test_it_downloads_in_the_form_that_the_monitor_reads(own: Browser, tmp_path: Path) -> None:
    wanted = _api(own, budget=20_000, holdout=0.2)
    plan_id = _accept(own)
    with zipfile.ZipFile(io.BytesIO(own.open(f"/plans/{plan_id}.zip").content)) as archive:
        archive.extractall(tmp_path)
    plan = read_plan(tmp_path / f"plan-{plan_id}.csv")
    assert plan.rows["propensity"].tolist() == [row["propensity"] for row in wanted["plan"]]
    assert plan.rows["arm"].tolist() == [row["arm"] for row in wanted["plan"]]
    assert plan.record["holdout"] == 0.2
    for form in ("csv", "xlsx"):
        assert own.open(f"/plans/{plan_id}.{form}").status_code == 200
    for path in ("/plans/x", f"/plans/{plan_id}.exe", f"/plans/{plan_id}/x", "/plans/", "/plans/%00"):
        assert own.open(path).status_code == 404


def test_accepting_twice_keeps_one(own: Browser, own_url: str) -> None:
    shown = own.open(PLAN).text
    form = {name: hidden(shown, name) for name in ("token", "asked", "plan_id")}
    assert [own.send("/plans", form).status_code for _ in range(2)] == [303, 303]
    engine = open_store(own_url)
    with reading(engine) as connection:
        assert len(accepted_plans(connection)) == len(changes(connection)) == 1
    engine.dispose()
    assert 'name="plan_id"' not in own.open(PLAN).text


def test_another_plan_than_the_one_seen_is_not_accepted(own: Browser) -> None:
    shown = own.open(PLAN).text
    token = hidden(shown, "token")
    for asked, plan_id in (("budget=19000", hidden(shown, "plan_id")), (hidden(shown, "asked"), "0" * 12), ("", "")):
        status = own.send("/plans", {"token": token, "asked": asked, "plan_id": plan_id}).status_code
        assert status in (409, 422)
    decided = {
        "account_id": next(row["account_id"] for row in _api(own, budget=20_000, holdout=0.2)["plan"]),
        "override": {"recommended_investment": "none"}, "reason": "on hold", "made_by": "Anna", "event_id": "E-1",
    }  # fmt: skip
    assert own.post_json("/feedback", {"events": [decided]}).json()["stored"] == 1
    form = {name: hidden(shown, name) for name in ("token", "asked", "plan_id")}
    answer = own.send("/plans", form)
    assert answer.status_code == 409
    assert "Nothing was accepted" in answer.text


def test_an_accepted_plan_stands_beside_what_it_brought_wherever_it_is_shown(
    own: Browser, own_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    plan_id = _accept(own)
    assert "not judged yet" in own.open("/plan").text
    assert "Running: nobody" in own.open(f"/plans/{plan_id}").text
    show_earlier(own_url)
    assert f"Accepted plan {plan_id}, made for 2026-01-01: not judged yet" in capsys.readouterr().out
    found = [
        Finding.of("plan_brought_won", OK, gain=40, low=10, high=70, level=0.8, elapsed=1, promised=90, verdict="less"),
        Finding.of("plan_brought_compliance", NOTE, compliance=0.83, contamination=0.0),
        Finding.of("plan_brought_sides", NOTE, treated=80, held_out=20, level=0.8),
    ]
    figures = {
        "gain": 40.0, "gain_low": 10.0, "gain_high": 70.0, "promised": 90.0, "elapsed": 1.0, "compliance": 0.83,
        "treated": 80, "held_out": 20, "made_for": "2026-01-01", "findings": to_json(found),
    }  # fmt: skip
    engine = open_store(own_url)
    with writing(engine) as connection:
        keep_verdict(connection, "plan", plan_id, instant("2026-07-01"), figures)
    engine.dispose()
    for path in ("/plan", "/trust"):
        told = " ".join(read(own.open(path).text).texts)
        assert "Carried out" in told
        assert "83 %" in told.replace("\u00a0", " ").replace("83%", "83 %")
    whole = " ".join(read(own.open(f"/plans/{plan_id}").text).texts)
    assert "What became of it" in whole
    assert "planned investment was made for" in whole
    show_earlier(own_url)
    said = capsys.readouterr().out
    assert "the list beat the hold-out by 40" in said
    assert "promised 90" in said
    assert "planned investment was made for 83% of the treated" in said
    assert "80 treated against" not in said
