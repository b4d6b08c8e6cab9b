"""POST /plan: the plan of `ladder plan`, for the last batch scores or a part of them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.histories.histories import Histories
from serving.api.app import create_app
from serving.api.model_holder import ModelHolder
from serving.api.store_endpoints.store_service import StoreService
from serving.planning.arms import Draw
from serving.planning.candidates import build_candidates
from serving.planning.plan import Allowance, make_plan
from serving.planning.planner import Planner
from serving.store.database import open_store
from serving.store.scores.scoring_runs import Frames
from tests.serving.client import Client
from tests.serving.runs import fill, profiles, scored
from training.simulator.simulation import Simulation


@pytest.fixture(scope="module")
def frames(folder: Path, histories: Histories) -> Frames:
    return scored(folder, histories)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory, frames: Frames, tiny: Simulation) -> str:
    url = f"sqlite:///{tmp_path_factory.mktemp('store') / 'ladder.db'}"
    fill(url, frames, profiles(tiny))
    return url


@pytest.fixture(scope="module")
def planner(url: str) -> Iterator[Client]:
    store_service = StoreService(url)
    with Client(create_app(ModelHolder(), archive=store_service)) as client:
        yield client
    store_service.close()


def _plan(client: Client, **asked: Any) -> dict[str, Any]:
    answer = client.post_json("/plan", asked)
    assert answer.status_code == 200, answer.text
    content: dict[str, Any] = answer.json()
    return content


def test_it_is_the_plan_that_the_command_makes(planner: Client, frames: Frames, tiny: Simulation) -> None:
    found = _plan(planner, budget=20_000, holdout=0.2, seed=3)
    owners = tiny.tables["accounts"].set_index("account_id")["owner"].to_dict()
    draw = Draw(0.2, 0.0, 3)
    wanted = make_plan(frames["scores"], frames["investment_scores"], Allowance(20_000.0), draw, owners=owners)
    rows = wanted.records()
    assert found["plan"] == rows
    assert len(rows) > 10
    for name in ("plan_id", "spent", "treated", "held_out", "expected_gain", "gain_low", "gain_high", "as_of"):
        assert found["totals"][name] == wanted.record[name]
    assert found["totals"]["spent"] <= 20_000 == found["totals"]["budget"]


def test_a_plan_for_one_owner_some_rungs_and_some_options_has_no_other(planner: Client, frames: Frames) -> None:
    rung = dict(zip(frames["scores"]["account_id"], frames["scores"]["rung"], strict=True))
    found = _plan(planner, budget=50_000, owner="M03", rungs=["customer", "shopper"], investments=["rebate"])
    assert found["plan"]
    assert {row["owner"] for row in found["plan"]} == {"M03"}
    assert {row["investment"] for row in found["plan"]} == {"rebate"}
    assert {rung[row["account_id"]] for row in found["plan"]} <= {"customer", "shopper"}
    assert found["totals"]["plan_id"] != _plan(planner, budget=50_000)["totals"]["plan_id"]


def test_no_two_plans_that_differ_have_one_id(planner: Client) -> None:
    budget = {"budget": 20_000}
    asked: list[dict[str, Any]] = [
        budget, {"budget": 20_001}, budget | {"seed": 1}, budget | {"holdout": 0.2}, budget | {"explore": 0.1},
        budget | {"on": "low"}, *(budget | {"owner": owner} for owner in ("M01", "M02", "M03")),
        budget | {"rungs": ["customer"]}, budget | {"rungs": ["member"]}, budget | {"investments": ["rebate"]},
        {"budget": 0, "rungs": ["customer"]}, {"budget": 0, "rungs": ["member"]},
    ]  # fmt: skip
    ids = [_plan(planner, **one)["totals"]["plan_id"] for one in asked]
    assert len(set(ids)) == len(ids)
    assert [_plan(planner, **one)["totals"]["plan_id"] for one in asked] == ids


def test_no_manager_and_no_bond_gets_more_than_its_limit(planner: Client, frames: Frames) -> None:
    options = frames["investment_scores"].drop_duplicates("investment").set_index("investment")["bond"]
    found = _plan(planner, budget=50_000, owner_budget=1_500, bond_budgets={"financial": 2_000, "social": None})
    treated = pd.DataFrame([row for row in found["plan"] if row["arm"] == "treat"])
    assert treated.groupby("owner")["cost"].sum().max() <= 1_500
    assert treated.groupby(treated["investment"].map(options))["cost"].sum().get("financial", 0.0) <= 2_000
    free = _plan(planner, budget=50_000)
    assert found["totals"]["spent"] < free["totals"]["spent"]
    assert found["totals"]["plan_id"] != free["totals"]["plan_id"]


def test_nothing_to_spend_or_nobody_to_spend_it_on_is_an_empty_plan(planner: Client) -> None:
    for asked in ({"budget": 0}, {"budget": 1e9, "rungs": []}, {"budget": 1e9, "investments": []}):
        found = _plan(planner, **asked)
        assert (found["plan"], found["totals"]["treated"], found["totals"]["spent"]) == ([], 0, 0.0)


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({}, "budget"),
        ({"budget": -1}, "budget"),
        ({"budget": "100"}, "budget"),
        ({"budget": None}, "budget"),
        ({"budget": True}, "budget"),
        ({"budget": 10**400}, "budget"),
        ({"budget": 1, "holdout": 0.6}, "holdout"),
        ({"budget": 1, "explore": -0.1}, "explore"),
        ({"budget": 1, "on": "best"}, "on"),
        ({"budget": 1, "seed": 0.5}, "seed"),
        ({"budget": 1, "seed": 10**30}, "seed"),
        ({"budget": 1, "rungs": ["king"]}, "rungs.0"),
        ({"budget": 1, "owner": "nobody"}, "owner"),
        ({"budget": 1, "owner": ["M03"]}, "owner"),
        ({"budget": 1, "investments": ["bribe"]}, "investments"),
        ({"budget": 1, "budgets": 1}, "budgets"),
        ({"budget": 1, "owner_budget": -1}, "owner_budget"),
        ({"budget": 1, "bond_budgets": {"social": "x"}}, "bond_budgets.social"),
        ({"budget": 1, "bond_budgets": {"love": 1}}, "bond_budgets.love"),
    ],
)
def test_what_cannot_be_planned_is_refused_with_its_field(asked: Any, field: str, planner: Client) -> None:
    answer = planner.post_json("/plan", asked)
    assert answer.status_code == 422, answer.text
    assert answer.json()["error"]["field"] == field


def test_every_account_and_option_of_the_store_may_be_planned_the_first_one_too(url: str, frames: Frames) -> None:
    engine = open_store(url)
    offered, _ = Planner().read(engine, 0)
    engine.dispose()
    wanted = build_candidates(frames["scores"], frames["investment_scores"]).known
    np.testing.assert_array_equal(offered.menu.known, wanted)


def test_the_next_run_takes_over_at_once(tmp_path: Path, frames: Frames) -> None:
    url = f"sqlite:///{tmp_path / 'ladder.db'}"
    fill(url, frames)
    store_service = StoreService(url)
    with Client(create_app(ModelHolder(), archive=store_service)) as client:
        before = _plan(client, budget=20_000)
        assert {row["owner"] for row in before["plan"]} == {None}
        first = before["plan"][0]["account_id"]
        options = frames["investment_scores"]
        fill(
            url,
            frames | {"investment_scores": options.assign(gain=options["gain"].where(options["account_id"] != first))},
        )
        after = _plan(client, budget=20_000)
    store_service.close()
    assert first not in {row["account_id"] for row in after["plan"]}


def test_a_manager_s_decision_narrows_what_is_planned_and_forces_nothing(tmp_path: Path, frames: Frames) -> None:
    url = f"sqlite:///{tmp_path / 'ladder.db'}"
    fill(url, frames)
    store_service = StoreService(url)
    with Client(create_app(ModelHolder(), archive=store_service)) as client:
        before = {row["account_id"]: row["investment"] for row in _plan(client, budget=1e9, holdout=0)["plan"]}
        spared, moved = list(before)[:2]
        other = next(option for option in ("rebate", "visit_programme") if option != before[moved])
        decisions = {spared: "none", moved: other}
        events = [
            {"event_id": account, "account_id": account, "override": {"recommended_investment": option}, "reason": "so"}
            for account, option in decisions.items()
        ]
        assert client.post_json("/feedback", {"events": events}).json()["stored"] == 2
        found = _plan(client, budget=1e9, holdout=0)
        after = {row["account_id"]: row["investment"] for row in found["plan"]}
    store_service.close()
    assert found["totals"]["overridden"] == 2
    assert spared not in after
    assert after.get(moved, other) == other
    assert {a: o for a, o in before.items() if a not in decisions} == {a: o for a, o in after.items() if a != moved}
