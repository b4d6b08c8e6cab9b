"""POST /lookup: what the batch run wrote, to the bit, in the order asked."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from features.histories.histories import Histories
from features.instants import iso
from serving.api.app import answer_score, create_app
from serving.api.model_holder import ModelHolder
from serving.api.store_endpoints.store_service import StoreService
from serving.scoring.batch import score_frames
from serving.scoring.scoring_service import ScoringService
from tests.databases import new_database
from tests.serving import builders
from tests.serving.client import Client
from tests.serving.runs import fill, scored
from training.simulator.simulation import Simulation


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path_factory.mktemp('store') / 'ladder.db'}"
    return new_database(request.getfixturevalue("postgres_server"))


@pytest.fixture(scope="module")
def filled(url: str, folder: Path, histories: Histories) -> Iterator[Client]:
    """A service without a model, with the batch scores of the tiny supplier."""
    fill(url, scored(folder, histories))
    store_service = StoreService(url)
    with Client(create_app(ModelHolder(), archive=store_service)) as client:
        yield client
    store_service.close()


@pytest.fixture(scope="module")
def frames_nl(scoring_service: ScoringService, histories: Histories) -> pd.DataFrame:
    """The scores as a file in Dutch has them."""
    return score_frames(scoring_service.scorer, histories, histories.end, language="nl")[0]


def _ask(client: Client, *ids: Any, **more: Any) -> list[dict[str, Any]]:
    answer = client.post_json("/lookup", {"account_ids": ids, **more})
    assert answer.status_code == 200, answer.text
    results: list[dict[str, Any]] = answer.json()["results"]
    return results


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def test_what_is_looked_up_is_what_is_scored_to_the_last_bit(
    filled: Client, scoring_service: ScoringService, tiny: Simulation, histories: Histories
) -> None:
    everybody = [account for account in builders.payloads(tiny.tables).values() if "orders" in account][:60]
    asked = {"as_of": iso(histories.end), "accounts": everybody, "horizons": True}
    live = json.loads(answer_score(scoring_service, json.dumps(asked).encode()))
    found = _ask(filled, *(account["account_id"] for account in everybody), horizons=True)
    for one, other in zip(live["results"], found, strict=True):
        assert other["status"] == "ok"
        one["scores"]["rank"] = other["scores"]["rank"]  # among all accounts, not among those of the request
        assert _text(one["scores"]) == _text(other["scores"])
        assert _text(one["investments"]) == _text(other["investments"])
        assert _text(one["horizons"]) == _text(other["horizons"])
        assert other.keys() - one.keys() == {"override"}
    assert filled.post_json("/lookup", {"account_ids": []}).json()["model"] == live["model"] | {"trained_until": None}


def test_two_readers_of_one_run_read_its_reasons_in_two_languages(filled: Client, frames_nl: pd.DataFrame) -> None:
    told = dict(zip(frames_nl["account_id"], map(json.loads, frames_nl["reasons"]), strict=True))
    ids = [account for account, reasons in told.items() if reasons][:20]
    dutch, english, unsaid = (_ask(filled, *ids, **more) for more in ({"language": "nl"}, {"language": "en"}, {}))
    assert [result["scores"]["reasons"] for result in dutch] == [told[account] for account in ids]
    assert english == unsaid
    assert all("more likely to" in str(one) or "less likely to" in str(one) for one in english)
    assert [len(one["scores"]["reasons"]) for one in english] == [len(told[account]) for account in ids]
    refused = filled.post_json("/lookup", {"account_ids": ids, "language": "fr"})
    assert refused.status_code == 422
    assert refused.json()["error"]["field"] == "language"


def test_the_order_is_that_of_the_question_and_an_unknown_account_fails_alone(filled: Client) -> None:
    found = _ask(filled, "A00003", "nobody", "A00001", "A00003", "a\x00b", 17, None, {"deep": []})
    assert [result["account_id"] for result in found] == [
        "A00003", "nobody", "A00001", "A00003", "a\x00b", "17", None, None,
    ]  # fmt: skip
    assert [result["status"] for result in found] == ["ok", "error", "ok", "ok", *["error"] * 4]
    assert found[0] == found[3]
    assert [result["errors"][0]["code"] for result in found if result["errors"]] == [
        *["not_known"] * 3, *["account_id_unreadable"] * 2,
    ]  # fmt: skip
    assert found[1]["scores"] is None
    assert found[0]["horizons"] == []


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({}, 422, "account_ids"),
        ([], 422, None),
        ({"account_ids": "A00001"}, 422, "account_ids"),
        ({"account_ids": [], "horizons": 1}, 422, "horizons"),
        ({"account_ids": [], "extra": 1}, 422, "extra"),
        ({"account_ids": ["A"] * 1001}, 413, "account_ids"),
    ],
)
def test_a_request_that_is_none_is_refused(body: Any, status: int, field: str | None, filled: Client) -> None:
    answer = filled.post_json("/lookup", body)
    assert answer.status_code == status
    assert answer.json()["error"].get("field") == field


def test_before_the_first_run_the_service_is_not_ready_to_look_up(tmp_path: Path) -> None:
    store_service = StoreService(f"sqlite:///{tmp_path / 'ladder.db'}")
    with Client(create_app(ModelHolder(), archive=store_service)) as client:
        for path, body in (("/lookup", {"account_ids": ["A"]}), ("/plan", {"budget": 1})):
            answer = client.post_json(path, body)
            assert (answer.status_code, answer.json()["error"]["code"]) == (503, "not_ready")
            assert "ladder score --to" in answer.json()["error"]["message"]
    store_service.close()


def test_a_store_that_is_away_is_503_without_a_word_about_where_it_stands(tmp_path: Path) -> None:
    store_service = StoreService(f"sqlite:///{tmp_path / 'gone' / 'ladder.db'}")
    with Client(create_app(ModelHolder(), archive=store_service)) as client:
        answer = client.post_json("/lookup", {"account_ids": ["A"]})
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "store_unavailable")
        assert "gone" not in answer.text
        (tmp_path / "gone").mkdir()
        assert client.post_json("/lookup", {"account_ids": ["A"]}).json()["error"]["code"] == "not_ready"
    store_service.close()


def test_without_a_store_the_service_says_how_to_give_it_one(client: Client) -> None:
    for path in ("/lookup", "/plan", "/feedback"):
        answer = client.post_json(path, {})
        assert answer.status_code == 503
        assert "--store" in answer.json()["error"]["message"]
