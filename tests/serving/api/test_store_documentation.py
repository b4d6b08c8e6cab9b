"""What the OpenAPI document says of lookups, plans and feedback is what they answer."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from features.histories.histories import Histories
from serving.api.openapi import document
from serving.api.store_endpoints.store_openapi import POSTS, Posted, event_schema
from serving.api.store_endpoints.store_schemas import PlanRequest, PlanTotals
from tests.serving.api.test_documentation import _agrees
from tests.serving.integrations.crm_store import Crm
from tests.serving.runs import fill, profiles, scored
from training.simulator.simulation import Simulation


@pytest.fixture(scope="module")
def crm(
    folder: Path, histories: Histories, tiny: Simulation, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Crm]:
    url = f"sqlite:///{tmp_path_factory.mktemp('store') / 'ladder.db'}"
    fill(url, scored(folder, histories), profiles(tiny))
    with Crm(url) as crm:
        yield crm


@pytest.fixture(scope="module")
def schemas() -> dict[str, Any]:
    found: dict[str, Any] = document("0")["components"]["schemas"]
    return found


@pytest.mark.parametrize("posted", POSTS, ids=lambda posted: posted.path)
def test_the_example_runs_and_is_answered_as_the_document_says(
    posted: Posted, crm: Crm, schemas: dict[str, Any]
) -> None:
    _agrees(posted.example, schemas[posted.request], schemas)
    answer = crm.client.post_json(posted.path, posted.example)
    assert answer.status_code == 200, answer.text
    _agrees(answer.json(), schemas[posted.answer], schemas)
    _agrees(crm.client.post_json(posted.path, []).json(), schemas["ErrorAnswer"], schemas)


def test_answers_with_everything_in_them_are_what_the_document_says(crm: Crm, schemas: dict[str, Any]) -> None:
    decided = {"will_switch": True, "recommended_investment": "rebate"}
    told = crm.tell({"event_id": "1", "account_id": "A00001", "override": decided, "reason": "so"}, {"account_id": "A"})
    assert [result["status"] for result in told] == ["stored", "error"]
    found = crm.client.post_json("/lookup", {"account_ids": ["A00001", "A00002", "x"], "horizons": True}).json()
    assert found["results"][0]["override"]["will_switch"]["value"] is True
    _agrees(found, schemas["LookupAnswer"], schemas)
    plan = crm.client.post_json("/plan", {"budget": 30_000, "explore": 0.2}).json()
    assert len(plan["plan"]) > 5
    _agrees(plan, schemas["PlanAnswer"], schemas)
    assert list(plan["totals"]) == list(PlanTotals.model_fields)


def test_every_field_of_an_event_and_of_a_plan_is_described(schemas: dict[str, Any]) -> None:
    for field in (*event_schema()["properties"].values(), *schemas["PlanRequest"]["properties"].values()):
        assert field["description"].endswith(".")
    assert schemas["PlanRequest"]["properties"].keys() == PlanRequest.model_fields.keys()
