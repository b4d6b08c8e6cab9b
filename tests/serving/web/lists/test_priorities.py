"""The list: what the store holds, in the order and the part that was asked for, and nothing of it runs."""

import csv
import io
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from starlette.datastructures import QueryParams

from features.tables import RUNGS
from serving.scoring.advice.reason_table import reason_texts
from serving.store.database import moment, open_store, writing
from serving.store.feedback.overrides import OVERRIDES
from serving.store.scores.scoring_runs import Frames
from serving.web.lists.filters import Filters, filters_of
from serving.web.lists.list_csv import CSV_COLUMNS
from serving.web.lists.priorities import ROWS
from serving.web.ttl_cache import TTLCache
from tests.serving.sites import Browser
from tests.serving.web.conftest import HOSTILE
from tests.serving.web.markup import read
from training.model.text.words import render_reasons


@pytest.fixture(scope="module", params=["en", "nl"])
def browser(request: pytest.FixtureRequest, url: str) -> Iterator[Browser]:
    with Browser(url, language=request.param) as browser:
        yield browser


@pytest.fixture(scope="module")
def truth(frames: Frames, people: pd.DataFrame) -> pd.DataFrame:
    """What the list is made from, by another way: pandas instead of SQL."""
    scores = frames["scores"].merge(people.drop(columns="digest", errors="ignore"), on="account_id", how="left")
    options = frames["investment_scores"]
    told = options[options["basis"] != "insufficient"].groupby("account_id").size()
    scores["told"] = scores["account_id"].isin(told.index)
    best = options.rename(columns={"investment": "recommended_investment"})
    best = best[["account_id", "recommended_investment", "bond", "cost", "gain_low", "gain_high"]]
    scores = scores.merge(best, on=["account_id", "recommended_investment"], how="left")
    pays = scores["recommended_investment"] != "none"
    scores["state"] = ["pays" if p else "alone" if t else "unknown" for p, t in zip(pays, scores["told"], strict=True)]
    of_customers = ["p_switch", "switch_trigger"]
    scores[of_customers] = scores[of_customers].where(~scores["former"].astype(bool))
    return scores


def _listed(browser: Browser, query: str) -> list[dict[str, str]]:
    answer = browser.open(f"/accounts.csv{query}")
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def _ids(browser: Browser, query: str) -> list[str]:
    return [row["account_id"] for row in _listed(browser, query)]


def test_the_list_is_ranked_by_expected_gain_and_every_account_is_on_it(
    browser: Browser, truth: pd.DataFrame, frames: Frames
) -> None:
    rows = _listed(browser, "")
    assert list(rows[0]) == list(CSV_COLUMNS)
    order = truth.sort_values(["expected_gain", "account_id"], ascending=[False, True], na_position="last")
    assert [row["account_id"] for row in rows] == order["account_id"].tolist()
    first = order.iloc[0]
    assert float(rows[0]["expected_gain"]) == first["expected_gain"]
    assert float(rows[0]["cost"]) == first["cost"]
    assert float(rows[0]["gain_low"]) == first["gain_low"]
    assert rows[0]["recommended_investment"] == first["recommended_investment"]
    of_first = frames["reasons"][frames["reasons"]["account_id"] == first["account_id"]]
    stored = reason_texts(of_first, np.zeros(len(of_first), np.int64), 1)[0]
    assert rows[0]["reason"] == render_reasons(stored, browser.language)[0]


@pytest.mark.parametrize("name", ["owner", "rung", "bond", "switch_trigger", "country", "industry", "state"])
def test_a_filter_lets_through_what_it_names_and_nothing_else(browser: Browser, truth: pd.DataFrame, name: str) -> None:
    for value in truth[name].dropna().unique()[:8]:
        query = f"?{QueryParams({name.removeprefix('switch_'): value})}"
        wanted = truth[(truth[name] == value) & (truth["state"].eq("pays") | (name != "bond"))]
        assert set(_ids(browser, query)) == set(wanted["account_id"]), value
        shown = read(browser.open(f"/accounts{query}").text)
        assert len([a for a in shown.all("tr") if a.get("class") in ("pays", "alone", "unknown")]) == min(
            len(wanted), ROWS
        )


def test_filters_hold_together(browser: Browser, truth: pd.DataFrame) -> None:
    first = truth[truth["state"] == "pays"].iloc[0]
    query = f"?{QueryParams({'owner': first['owner'], 'rung': first['rung'], 'state': 'pays'})}"
    wanted = truth[(truth["owner"] == first["owner"]) & (truth["rung"] == first["rung"]) & (truth["state"] == "pays")]
    assert set(_ids(browser, query)) == set(wanted["account_id"])


@pytest.mark.parametrize(("by", "column"), [("roi", "roi"), ("leaving", "p_switch"), ("climbing", "p_upgrade")])
def test_it_can_be_sorted_up_and_down_and_what_is_unknown_comes_last(
    browser: Browser, truth: pd.DataFrame, by: str, column: str
) -> None:
    for direction, ascending in (("down", False), ("up", True)):
        order = truth.sort_values([column, "account_id"], ascending=[ascending, True], na_position="last")
        assert _ids(browser, f"?sort={by}&direction={direction}") == order["account_id"].tolist()


@pytest.mark.parametrize("by", ["cost", "name", "owner", "rung"])
def test_every_other_order_keeps_every_account(browser: Browser, truth: pd.DataFrame, by: str) -> None:
    ids = _ids(browser, f"?sort={by}&direction=up")
    assert sorted(ids) == sorted(truth["account_id"])
    if by == "rung":
        levels = truth.set_index("account_id")["rung"].map(RUNGS.index)
        assert levels[ids].is_monotonic_increasing


def test_pages_follow_on_each_other_without_gap_or_repeat(browser: Browser) -> None:
    found: list[str] = []
    for page in range(1, 4):
        shown = read(browser.open(f"/accounts?page={page}").text)
        links = [str(a["href"]).partition("?")[0] for a in shown.all("a") if a.get("class") == "account"]
        assert len(links) == ROWS
        found += [link.removeprefix("/accounts/") for link in links]
    assert found == _ids(browser, "")[: 3 * ROWS]
    assert browser.open("/accounts?page=99999").status_code == 200


def test_the_totals_are_those_of_all_that_the_filter_lets_through(browser: Browser, truth: pd.DataFrame) -> None:
    member = truth[truth["rung"] == "member"]
    numbers = [text.strip() for text in read(browser.open("/accounts?rung=member").text).texts]
    counts = member["state"].value_counts()
    english = [f"{len(member):,}", *(f"{counts.get(state, 0):,}" for state in ("pays", "alone", "unknown"))]
    money = [f"{member[member['state'] == 'pays'][name].sum():,.0f}" for name in ("cost", "expected_gain")]
    if browser.language == "nl":
        assert all(f"€\u00a0{amount.replace(',', '.')}" in numbers for amount in money)
    else:
        assert all(f"€{amount}" in numbers for amount in money)
        assert all(count in numbers for count in english)


def test_part_of_a_name_or_an_id_finds_the_account_whatever_stands_in_it(
    browser: Browser, people: pd.DataFrame
) -> None:
    for row, name in enumerate(HOSTILE):
        part = name.strip()[:150]
        found = _ids(browser, f"?{QueryParams({'q': part})}")
        assert people["account_id"][row] in found, part
    for odd in ("%", "_", "\\", "'", "\x00", "%' OR 1=1 --"):
        names = people["name"].fillna("").str.lower()
        wanted = odd.replace("\x00", "").lower()
        listed = _ids(browser, f"?{QueryParams({'q': odd})}")
        if wanted:
            assert len(listed) == int((names.str.contains(wanted, regex=False)).sum())


def test_the_search_for_an_id_leads_to_the_account_and_any_other_to_the_list(
    browser: Browser, people: pd.DataFrame
) -> None:
    account = people["account_id"][20]
    assert browser.open(f"/accounts?find={account}").headers["location"] == f"/accounts/{account}"
    assert browser.open("/accounts?find=bakery%20%26%20co").headers["location"] == "/accounts?q=bakery+%26+co"
    assert browser.open(f"/accounts?find={account.lower()}").headers["location"] == f"/accounts/{account}"


def test_no_name_gets_out_of_its_place(browser: Browser, people: pd.DataFrame) -> None:
    for row, name in enumerate(HOSTILE):
        html = browser.open(f"/accounts?{QueryParams({'q': name[:150].strip()})}").text
        page = read(html)
        assert {tag for tag, _ in page.elements} <= _ELEMENTS
        assert all(not a.startswith("on") and a != "style" for _, attributes in page.elements for a in attributes)
        shown = " ".join("".join(page.texts).split())
        assert " ".join(name.split()) in shown
        assert people["account_id"][row] in shown
        assert all(str(a.get("href", "/")).startswith(("/", "#")) for a in page.all("a"))
        assert [a.get("src") for a in page.all("script")] == [page.all("script")[0]["src"]]
    assert "<b>Anna" not in browser.open("/accounts").text


_ELEMENTS = frozenset(
    "fieldset legend details summary polyline "
    "html head meta title link script body a header nav ul li form label input button span div main h1 p select option "
    "dl dt dd table caption thead tbody tr th td strong bdi svg line rect circle footer".split()
)


def test_nothing_comes_from_elsewhere_and_nothing_inline_runs(browser: Browser) -> None:
    answer = browser.open("/accounts")
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "http" not in re.sub(r"[\w.+-]+@", "", answer.text)
    assert " style=" not in answer.text
    for tag, name in (("script", "src"), ("link", "href")):
        for one in read(answer.text).all(tag):
            asset = browser.open(str(one[name]))
            assert asset.status_code == 200
            assert "immutable" in asset.headers["cache-control"]
    assert browser.open("/assets/page.css").status_code == 404
    assert browser.open("/assets/../page.css").status_code == 404


def test_what_cannot_be_read_in_the_query_asks_nothing(browser: Browser) -> None:
    for query in ("?rung=king", "?sort=;drop", "?page=-1", "?page=x", "?direction=left", "?state=%00", "?bond=<b>"):
        assert browser.open(f"/accounts{query}").status_code == 200
    assert filters_of(QueryParams("rung=king&bond=x&state=y&trigger=z&renewal=-4&q=%00")) == Filters()


def test_what_a_manager_wants_instead_is_shown_beside_the_advice(own_url: str, frames: Frames) -> None:
    account = frames["scores"].sort_values("expected_gain", ascending=False)["account_id"].iloc[0]
    engine = open_store(own_url)
    with writing(engine) as connection:
        row: dict[str, Any] = {
            "seq": 1, "field": "recommended_investment", "account_id": account, "value": '"none"',
            "reason": "we <i>know</i>", "made_by": "Anna", "made_at": moment(1), "until": moment(9_000_000_000_000_000),
        }  # fmt: skip
        connection.execute(OVERRIDES.insert().values(row))
    engine.dispose()
    with Browser(own_url) as browser:
        assert "Anna wants instead: nothing" in browser.open("/accounts").text


def test_without_scores_the_page_says_what_to_do(tmp_path: Any) -> None:
    with Browser(f"sqlite:///{tmp_path / 'empty.db'}", language="nl") as browser:
        for path in ("/", "/plan", "/accounts.csv"):
            answer = browser.open(path)
            assert answer.status_code == 503
            assert "ladder score --data exports --config ladder.toml --to" in answer.text
            assert answer.headers["retry-after"]


def test_the_language_is_switched_by_a_link_and_remembered(url: str) -> None:
    with Browser(url, language="en") as browser:
        assert read(browser.open("/accounts").text).all("html") == [{"lang": "en"}]
        switch = next(a for a in read(browser.open("/accounts?rung=member").text).all("a") if a.get("hreflang") == "nl")
        page = browser.open(str(switch["href"]))
        assert read(page.text).all("html") == [{"lang": "nl"}]
        assert 'value="member" selected' in page.text
        assert read(browser.open("/accounts").text).all("html") == [{"lang": "nl"}]


def test_a_value_is_kept_until_its_time_and_the_oldest_goes_first() -> None:
    now, made = [0.0], []
    kept: TTLCache[int] = TTLCache(10, 2, lambda: now[0])

    def make(value: int) -> int:
        made.append(value)
        return value

    assert [kept.get("a", lambda: make(1)), kept.get("a", lambda: make(2))] == [1, 1]
    now[0] = 11.0
    assert kept.get("a", lambda: make(3)) == 3
    for key in ("b", "c"):
        kept.get(key, lambda: make(4))
    assert kept.get("a", lambda: make(5)) == 5
