"""What stands behind the scores in the store: written once, told apart by its content, and gone with its account."""

from pathlib import Path

import pandas as pd
import pytest
import sqlalchemy as sa

from features.accounts.margin_rates import margin_rates
from features.histories.histories import Histories
from features.histories.views import View
from features.sources.source import source_from_rows
from features.tables import RUNGS
from serving.store.background import background_of, write_background
from serving.store.database import open_store, reading, writing
from serving.store.feedback.verdicts import keep_verdict, verdicts
from serving.store.scores.account_lookback import STANDINGS
from serving.store.scores.previous_scores import former_of
from serving.store.scores.scoring_runs import SCORES, current_run
from serving.store.scores.timelines import TIMELINES, timeline_of
from serving.store.summaries import summary_of
from tests.databases import new_database
from tests.serving.runs import put, scored
from training.model.bundle import Facts, read_bundle
from training.simulator.simulation import Simulation

YEAR = 365 * 86_400_000_000


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 's.db'}"
    return new_database(request.getfixturevalue("postgres_server"))


def filled(url: str, folder: Path, histories: Histories, tiny: Simulation) -> tuple[sa.Engine, Facts]:
    engine, facts = open_store(url), read_bundle(folder)[0].facts
    written = put(engine, scored(folder, histories))
    made = background_of(histories, source_from_rows(tiny.tables), histories.end, facts)
    assert write_background(engine, written.run_id, facts, [made]) == written.accounts
    return engine, facts


def test_every_account_with_scores_has_a_timeline_and_a_standing(
    store_url: str, folder: Path, histories: Histories, tiny: Simulation
) -> None:
    engine, _ = filled(store_url, folder, histories, tiny)
    with reading(engine) as connection:
        ids = set(connection.execute(sa.select(SCORES.c.account_id)).scalars())
        for table in (TIMELINES, STANDINGS):
            assert set(connection.execute(sa.select(table.c.account_id)).scalars()) == ids
        told = timeline_of(connection, min(ids))
        assert told is not None
        assert told["events"]
        assert timeline_of(connection, "nobody") is None
    engine.dispose()


def test_the_margin_of_an_account_is_at_the_rate_that_its_scores_use(
    folder: Path, histories: Histories, tiny: Simulation
) -> None:
    """Some orders lack their cost, and their product lines have margins of their own."""
    facts = read_bundle(folder)[0].facts
    assert facts.line_margins
    rows = background_of(histories, source_from_rows(tiny.tables), histories.end, facts).standings
    rates = margin_rates(View(histories, histories.known_at(histories.end)), facts.line_margins, facts.margin_rate)
    assert rows["margin_365d"].tolist() == (rows["revenue_365d"] * rates).tolist()


def test_the_same_again_writes_no_timeline(
    store_url: str, folder: Path, histories: Histories, tiny: Simulation
) -> None:
    engine, facts = filled(store_url, folder, histories, tiny)
    again = background_of(histories, None, histories.end, facts)
    assert write_background(engine, 1, facts, [again]) == 0
    engine.dispose()


def test_the_summary_adds_up_and_knows_what_was_set_aside(
    store_url: str, folder: Path, histories: Histories, tiny: Simulation
) -> None:
    engine, facts = filled(store_url, folder, histories, tiny)
    with reading(engine) as connection:
        found = summary_of(connection, 1)
        accounts = connection.execute(sa.select(sa.func.count()).select_from(SCORES)).scalar()
    assert found is not None
    summary, model = found
    assert sum(summary.accounts) == accounts == sum(map(sum, summary.flows))
    assert sum(summary.before) == sum(map(sum, summary.flows[: len(RUNGS)]))
    assert [sum(row) for row in summary.still] == summary.accounts
    source = source_from_rows(tiny.tables)
    aside = sum(row.table == "orders" for row in source.set_aside)
    assert summary.set_aside["orders"] == [source.rows_read["orders"], aside]
    assert (model.definition, model.rules, model.level, model.currency) == (
        facts.definition, facts.rules, facts.level, facts.currency
    )  # fmt: skip
    assert (model.report, list(model.acquisition)) == (facts.report, list(facts.acquisition))
    doubled = summary.plus(summary)
    assert doubled.revenue == [2 * one for one in summary.revenue]
    assert doubled.set_aside["orders"][0] == 2 * len(tiny.tables["orders"])
    engine.dispose()


def test_an_account_that_is_no_more_takes_its_timeline_with_it(
    store_url: str, folder: Path, histories: Histories, tiny: Simulation
) -> None:
    engine, facts = filled(store_url, folder, histories, tiny)
    frames = scored(folder, histories)
    gone = frames["scores"]["account_id"].iloc[0]
    put(engine, {name: frame[frame["account_id"] != gone] for name, frame in frames.items()})
    write_background(engine, 2, facts, [])
    with reading(engine) as connection:
        assert timeline_of(connection, gone) is None
    engine.dispose()


def test_what_the_run_before_said_is_remembered(store_url: str, folder: Path, histories: Histories) -> None:
    engine = open_store(store_url)
    early = scored(folder, histories, histories.end - YEAR)
    put(engine, early)
    put(engine, scored(folder, histories))
    row = early["scores"].iloc[0]
    with reading(engine) as connection:
        former = former_of(connection, row["account_id"])
        current = current_run(connection)
    assert former is not None
    assert current is not None
    assert (former.run_id, former.rung) == (1, row["rung"])
    assert former.p_switch == (None if pd.isna(row["p_switch"]) else row["p_switch"])
    put(engine, scored(folder, histories))  # nothing changed: what was said before stays
    with reading(engine) as connection:
        assert former_of(connection, row["account_id"]) == former
    engine.dispose()


def test_the_latest_verdict_on_a_plan_stands(store_url: str) -> None:
    engine = open_store(store_url)
    with writing(engine) as connection:
        keep_verdict(connection, "plan", "p1", 0, {"gain": 1.0, "gain_high": float("inf")})
        keep_verdict(connection, "plan", "p1", YEAR, {"gain": 2.0})
    with reading(engine) as connection:
        found = verdicts(connection)
    assert [(one.name, one.figures) for one in found] == [("p1", {"gain": 2.0})]
    engine.dispose()
