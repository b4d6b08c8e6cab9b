"""An account scored over HTTP gets the bits that it gets in a batch, whatever stands beside it."""

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.catalog import catalog
from features.histories.histories import Histories, build_histories
from features.histories.views import View
from features.instants import instant, iso
from features.sources.source import source_from_rows
from serving.api.app import create_app
from serving.api.model_holder import ModelHolder
from serving.scoring.batch import score_frames
from serving.scoring.request_parsing import join, read_account
from serving.scoring.scoring import Scored, Scorer
from serving.scoring.scoring_service import ScoringService
from tests.serving import builders
from tests.serving.client import Client
from training.model.bundle import read_bundle
from training.model.text.words import render_reason
from training.simulator.simulation import Simulation

Rows = list[dict[str, Any]]
Expected = dict[str, tuple[dict[str, Any], Rows, Rows]]


def _plain(value: Any) -> Any:
    value = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _expected(scored: Scored) -> Expected:
    """Written otherwise than the service does it: cell by cell."""
    ids = scored.scores["account_id"].tolist()
    expected = {}
    for k, account in enumerate(ids):
        score = {name: _plain(column[k]) for name, column in scored.scores.items()}
        score |= {"rank": None, "reasons": [render_reason(reason, "en") for reason in score["reasons"] or ()]}
        options, horizons = (_rows_of(one, k, len(ids)) for one in (scored.investments, scored.horizons))
        expected[account] = (score, options, horizons)
    return expected


def _rows_of(columns: Mapping[str, Any], account: int, accounts: int) -> Rows:
    each = len(columns.get("account_id", ())) // accounts
    return [{name: _plain(column[account * each + k]) for name, column in columns.items()} for k in range(each)]


def _batch(scoring_service: ScoringService, histories: Histories, as_of: int) -> Expected:
    return _expected(scoring_service.scorer.score(histories, histories.known_at(as_of)))


def _ask(client: Client, accounts: list[Any], as_of: int) -> list[dict[str, Any]]:
    answer = client.post("/score", json={"as_of": iso(as_of), "horizons": True, "accounts": accounts})
    assert answer.status_code == 200, answer.text
    results = answer.json()["results"]
    _ranks_are_among_those_asked(results)
    for result in results:
        if result["scores"]:
            result["scores"]["rank"] = None  # the only figure that depends on the company an account is in
    return results


def _ranks_are_among_those_asked(results: list[dict[str, Any]]) -> None:
    ranked = [result["scores"] for result in results if result["scores"] and result["scores"]["rank"] is not None]
    assert sorted(score["rank"] for score in ranked) == list(range(1, len(ranked) + 1))
    assert all(score["recommended_investment"] != "none" for score in ranked)


@pytest.mark.parametrize("size", [1, 7, 200])
@pytest.mark.parametrize("days_ago", [0, 200.4])
def test_every_account_of_tiny_gets_the_bits_of_the_batch(
    tiny: Simulation, histories: Histories, scoring_service: ScoringService, client: Client, size: int, days_ago: float
) -> None:
    as_of = histories.end - int(days_ago * 86_400_000_000)
    expected = _batch(scoring_service, histories, as_of)
    accounts = list(builders.payloads(tiny.tables).values())
    if size == 1:
        accounts = accounts[::9]
    scored = 0
    for first in range(0, len(accounts), size):
        asked = accounts[first : first + size]
        for given, result in zip(asked, _ask(client, asked, as_of), strict=True):
            assert result["account_id"] == given["account_id"]
            if given["account_id"] not in expected:
                assert (result["status"], result["errors"][0]["code"]) == ("error", "not_known")
                continue
            assert (result["scores"], result["investments"], result["horizons"]) == expected[given["account_id"]]
            scored += 1
    assert scored > (20 if size == 1 else 200)


def test_the_comparison_sees_every_kind_of_figure(histories: Histories, scoring_service: ScoringService) -> None:
    scores = [score for score, _, _ in _batch(scoring_service, histories, histories.end).values()]
    for name in ("p_switch", "upgrade_uplift", "upgrade_expectation", "forecast_disagreement", "roi", "switch_trigger"):
        assert {score[name] is None for score in scores} == {True, False}, name
    assert {score["recommended_investment"] for score in scores} >= {"none", "rebate"}
    assert any(score["reasons"] for score in scores)


def test_a_model_of_fewer_tables_ignores_the_others_as_the_batch_without_them_does(tiny: Simulation) -> None:
    tables = {name: tiny.tables[name] for name in ("accounts", "orders", "tickets")}
    histories = build_histories(source_from_rows(tables))
    bundle = builders.bundle(histories)
    scoring_service = ScoringService(bundle, bundle.version)
    expected = _expected(Scorer(bundle, bundle.version).score(histories, histories.known_at(histories.end)))
    accounts = list(builders.payloads(tiny.tables).values())[:40]
    with Client(create_app(ModelHolder(scoring_service))) as client:
        results = _ask(client, accounts, histories.end)
    for result in results:
        unused = {warning["field"] for warning in result["warnings"] if warning["code"] == "unused_table"}
        assert "orders" not in unused
        if result["account_id"] in expected:
            assert result["status"] != "error"
            assert (result["scores"], result["investments"], result["horizons"]) == expected[result["account_id"]]
    assert any("interactions" in warning["field"] for result in results for warning in result["warnings"])


def test_an_omitted_table_and_an_empty_one_are_the_same_and_neighbours_do_not_matter(
    tiny: Simulation, histories: Histories, client: Client
) -> None:
    accounts = list(builders.payloads(tiny.tables).values())
    bare = {"account_id": "bare", "orders": [{"ordered_at": "2025-06-01", "revenue": 10}]}
    empty = {**bare, "tickets": [], "surveys": [], "referrals": [], "contacts": [], "account": {}}
    alone = _ask(client, [bare], histories.end)[0]["scores"]
    assert alone == _ask(client, [empty], histories.end)[0]["scores"]
    assert alone == _ask(client, [*accounts[:30], bare], histories.end)[-1]["scores"]


def test_two_accounts_may_use_the_same_keys(client: Client) -> None:
    rows = {
        "orders": [{"order_id": 1, "ordered_at": "2025-06-01", "revenue": 10, "contact_id": "c"}],
        "contacts": [{"contact_id": "c", "role": "buyer"}],
        "interactions": [{"happened_at": "2025-06-02", "contact_id": "c"}],
    }
    asked = [{"account_id": "a", **rows}, {"account_id": "b", **rows}]
    results = client.post("/score", json={"accounts": asked}).json()["results"]
    assert [result["status"] for result in results] == ["ok", "ok"]
    first, second = ({**result["scores"], "account_id": ""} for result in results)
    assert first == second


def test_without_as_of_the_company_of_others_changes_nothing_but_the_rank(tiny: Simulation, client: Client) -> None:
    accounts = list(builders.payloads(tiny.tables).values())[:30]
    together = client.score(*accounts, horizons=True)
    assert len({result["scores"]["as_of"] for result in together if result["scores"]}) > 10
    for account, result in zip(accounts, together, strict=True):
        (alone,) = client.score(account, horizons=True)
        for one in (alone, result):
            if one["scores"]:
                one["scores"].pop("rank")
        assert result == alone


def test_reasons_are_left_out_when_nobody_asks(tiny: Simulation, client: Client, folder: Any) -> None:
    accounts = list(builders.payloads(tiny.tables).values())[:20]
    told, untold = (
        client.post("/score", json={"as_of": "2026-01-01", "accounts": accounts, "explain": explain}).json()["results"]
        for explain in (True, False)
    )
    assert any(result["scores"]["reasons"] for result in told)
    for with_reasons, without in zip(told, untold, strict=True):
        assert without["scores"] == {**with_reasons["scores"], "reasons": []}
    assert read_bundle(folder)[1] == told[0]["scores"]["model_version"]


def test_reasons_in_dutch_have_the_words_of_the_batch_in_dutch(
    tiny: Simulation, histories: Histories, scoring_service: ScoringService, client: Client
) -> None:
    accounts = list(builders.payloads(tiny.tables).values())[:60]
    body = {"as_of": iso(histories.end), "language": "nl", "accounts": accounts}
    results = client.post("/score", json=body).json()["results"]
    scored = score_frames(scoring_service.scorer, histories, histories.end, language="nl")[0]
    expected = dict(zip(scored["account_id"], map(json.loads, scored["reasons"]), strict=True))
    told = {result["account_id"]: result["scores"]["reasons"] for result in results if result["scores"]}
    assert told == {account: expected[account] for account in told}
    assert "kans op" in str(told)


def test_a_language_that_nobody_wrote_is_refused(client: Client) -> None:
    answer = client.post("/score", json={"language": "fr", "accounts": []})
    assert answer.status_code == 422
    assert answer.json()["error"]["field"] == "language"


def test_columns_that_only_some_have_and_options_that_nobody_declared_are_as_in_a_batch(
    tiny: Simulation, scoring_service: ScoringService
) -> None:
    order = {"ordered_at": "2025-06-01", "revenue": 10.0}
    asked = [
        {"account_id": "a", "orders": [order], "contacts": [{"contact_id": "p", "role": "decider"}]},
        {"account_id": "b", "orders": [order], "contacts": [{"contact_id": "q", "active_from": "2025-05-05"}]},
        {"account_id": "c", "orders": [order], "investments": [{"made_at": "2025-06-02", "investment": "undeclared"}]},
        {"account_id": "d", "investments": [{"made_at": "2025-06-02", "investment": "rebate", "cost": 1.0}]},
    ]
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in tiny.tables}
    for account in asked:
        for name in set(account) - {"account_id"}:
            rows[name] += [{**row, "account_id": account["account_id"]} for row in account[name]]
    tables: dict[str, Any] = {name: pd.DataFrame(found) for name, found in rows.items()}
    tables["investment_options"] = tiny.tables["investment_options"]
    _same_features(scoring_service, asked, build_histories(source_from_rows(tables)), instant("2025-07-01"))


def test_every_feature_of_tiny_has_the_bits_of_the_batch(
    tiny: Simulation, histories: Histories, scoring_service: ScoringService
) -> None:
    _same_features(scoring_service, list(builders.payloads(tiny.tables).values()), histories, histories.end)


def _same_features(scoring_service: ScoringService, asked: list[Any], batch: Histories, as_of: int) -> None:
    """Features rather than scores: a score forgives a feature that its model hardly uses."""
    context = scoring_service.scorer.bundle.context
    matrix = catalog.compute(View(batch, batch.known_at(as_of)), context)
    known = batch.account_ids[batch.known_at(as_of).account].tolist()
    for group in (asked, *([account] for account in asked[:40])):
        found = build_histories(
            join([read_account(account, scoring_service.blank) for account in group], scoring_service.blank)
        )
        there = found.known_at(as_of)
        rows = [known.index(account) for account in found.account_ids[there.account]]
        np.testing.assert_array_equal(catalog.compute(View(found, there), context), matrix[rows])
        declared = dict(zip(batch.options.names, batch.options.bonds, strict=True))
        assert dict(zip(found.options.names, found.options.bonds, strict=True)).items() <= declared.items()


def test_horizons_are_given_only_to_those_who_ask(tiny: Simulation, client: Client) -> None:
    accounts = list(builders.payloads(tiny.tables).values())[:3]
    results = client.post("/score", json={"accounts": accounts}).json()["results"]
    assert [result["horizons"] for result in results] == [[], [], []]
