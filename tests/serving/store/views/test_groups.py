"""Groups and disagreements on the rung, as the page reads them from the store."""

import json
from pathlib import Path

import numpy as np
import pytest

from features.histories.histories import Histories
from features.instants import MICROSECONDS_PER_DAY
from features.sources.source import source_from_rows
from features.tables import RUNGS
from serving.planning.arms import Draw
from serving.planning.plan import Allowance
from serving.planning.planner import Planner, PlanQuery
from serving.scoring.advice.talk_sheet import talk_sheet
from serving.store.background import background_of, write_background
from serving.store.database import open_store, reading
from serving.store.scores.scoring_runs import current_run
from serving.store.scores.timelines import timeline_of
from serving.store.summaries import summary_of
from serving.store.views.groups import group_people, group_report
from serving.store.views.rung_views import rung_disagreements
from tests.serving.runs import profiles, put, scored
from training.model.bundle import read_bundle
from training.simulator.simulation import Simulation


@pytest.fixture(scope="module")
def url(folder: Path, histories: Histories, tiny: Simulation, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A store with scores, profiles, and what stands behind them."""
    url = f"sqlite:///{tmp_path_factory.mktemp('groups') / 'ladder.db'}"
    bundle, _ = read_bundle(folder)
    engine = open_store(url)
    written = put(engine, scored(folder, histories), profiles(tiny), bundle)
    behind = background_of(histories, source_from_rows(tiny.tables), histories.end, bundle.facts)
    write_background(engine, written.run_id, bundle.facts, [behind])
    engine.dispose()
    return url


def test_a_group_adds_up_its_accounts(url: str, folder: Path, histories: Histories, tiny: Simulation) -> None:
    scores = scored(folder, histories)["scores"].set_index("account_id")
    parents = tiny.tables["accounts"].set_index("account_id")["parent_account_id"]
    engine = open_store(url)
    with reading(engine) as connection:
        report = group_report(connection)
        assert report.unknown_parents == 1 and report.cyclic == 0  # noqa: PT018
        stranger = next(group for group in report.groups if group.root == "HOLDING-1")
        assert set(stranger.members) >= set(parents.index[parents == "HOLDING-1"]) & set(scores.index)
        for group in report.groups:
            own = scores.loc[list(group.members)]
            assert group.expected_revenue == pytest.approx(own["expected_revenue"].sum())
            assert group.value_at_risk == pytest.approx(own["value_at_risk"].fillna(0.0).sum())
            assert dict(group.rungs) == own["rung"].value_counts().to_dict()
            assert len(group.members) > 1
        members = [account for group in report.groups for account in group.members]
        assert len(members) == len(set(members))
        assert sum(group_people(connection, report.groups[0]).values()) > 0
        owner = tiny.tables["accounts"]["owner"].iloc[0]
        assert len(group_report(connection, owner).groups) < len(report.groups)
    plan = Planner().make(engine, PlanQuery(Allowance(60_000.0, group_budget=900.0), Draw(0.0)), 0)
    top = {account: group.root for group in report.groups for account in group.members}
    assert plan.rows.groupby(plan.rows["account_id"].map(lambda a: top.get(a, a)))["cost"].sum().max() <= 900
    engine.dispose()


def test_disagreements_are_listed_the_farthest_apart_first(url: str, folder: Path, histories: Histories) -> None:
    scores = scored(folder, histories)["scores"]
    differ = scores[scores["rung_by_manager"].notna() & (scores["rung_by_manager"] != scores["rung"])]
    engine = open_store(url)
    with reading(engine) as connection:
        found = rung_disagreements(connection, most=10_000)
        assert {one.account_id for one in found} == set(differ["account_id"])
        apart = [abs(RUNGS.index(one.rung_by_manager) - RUNGS.index(one.rung)) for one in found]
        assert apart == sorted(apart, reverse=True) and apart[0] > 1  # noqa: PT018
        assert rung_disagreements(connection, most=3) == found[:3]
        owner = found[0].owner
        assert {one.owner for one in rung_disagreements(connection, owner)} == {owner}
    engine.dispose()


def test_the_page_finds_a_talk_sheet_and_the_evidence_of_every_behaviour(
    url: str, folder: Path, histories: Histories
) -> None:
    scores = scored(folder, histories)["scores"].set_index("account_id")
    engine = open_store(url)
    with reading(engine) as connection:
        current = current_run(connection)
        assert current is not None
        summary = summary_of(connection, current.run_id)
        assert summary is not None
        assert len(summary[1].benefits) == 7
        today = current.facts.as_of // MICROSECONDS_PER_DAY
        told = 0
        for account in scores.index[::7]:
            timeline = timeline_of(connection, account)
            assert timeline is not None
            names = [row["behaviour"] for row in timeline["shown"]]
            assert names == json.loads(scores["behaviours"][account])
            assert all(0 < row["day"] <= today for row in timeline["shown"])
            lines = talk_sheet(timeline, summary[1].benefits, today)
            assert len(lines) == len(timeline["people"])
            told += sum(line.addressed for line in lines)
            if not any(line.addressed for line in lines) and lines and not np.isnan(scores["support"][account]):
                assert scores["support"][account] == 0
        assert told > 0
    engine.dispose()
