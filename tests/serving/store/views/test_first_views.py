"""What is kept with a run says what counting all accounts says, to directors and managers, whatever happens since."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

from features.histories.histories import Histories
from features.instants import MICROSECONDS_PER_DAY
from features.tables import RUNGS
from serving.store.audit_log import Author
from serving.store.database import moment, open_store, reading, writing
from serving.store.maintenance.backup import back_up
from serving.store.maintenance.integrity import check_store
from serving.store.people.viewers import Visibility
from serving.store.people.visibility import limited
from serving.store.retention import Terms, apply
from serving.store.scores.previous_scores import PREVIOUS
from serving.store.scores.scoring_runs import ACCOUNTS, RUNS, SCORES
from serving.store.subjects import Subject, erase
from serving.store.views.first_views import keep_first_views
from serving.store.views.groups import group_roots, root_column
from serving.store.views.list_totals import RUN_TOTALS, count_totals, totals_of_all
from serving.store.views.news import RUN_NEWS, _looked_for, news_of
from serving.store.views.run_figures import figures_query, kept_figures, kept_of_owners, read_figures
from tests.databases import new_database
from tests.serving.runs import profiles, put, scored
from training.simulator.simulation import Simulation

NOW = 1_767_225_600_000_000
KINDS = ("worse", "better", "advice", "missed", "win_back")
OWNED = SCORES.outerjoin(ACCOUNTS, SCORES.c.account_id == ACCOUNTS.c.account_id)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def made(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, folder: Path, histories: Histories,
    tiny: Simulation,
) -> str:  # fmt: skip
    """A store with two runs in between which much changed, and with four owners."""
    url = f"sqlite:///{tmp_path_factory.mktemp('news') / 'ladder.db'}"
    if request.param == "postgresql":
        url = new_database(request.getfixturevalue("postgres_server"))
    engine, known = open_store(url), profiles(tiny)
    owned = known.assign(owner=[f"M{k % 4}" for k in range(len(known))])
    for days in (30, 0):
        frames = scored(folder, histories, histories.end - days * MICROSECONDS_PER_DAY)
        put(engine, frames, owned)
    draw = np.random.default_rng(0)
    with writing(engine) as connection:
        connection.execute(PREVIOUS.delete())
        for row in connection.execute(SCORES.select()).mappings().all():
            was = {"p_switch": float(draw.uniform()), "rung": str(draw.choice(RUNGS)), "reasons": "[]", "run_id": 1,
                   "advice": str(draw.choice(["invest", "talk"])), "expected_gain": float(draw.normal(0, 99)),
                   "recommended_investment": str(draw.choice(["rebate", "none"]))}  # fmt: skip
            connection.execute(PREVIOUS.insert().values(account_id=row["account_id"], **was))
            here = SCORES.c.account_id == row["account_id"]
            late, tied = int(draw.integers(-50, 500)), float(draw.integers(0, 3))  # many are worth the same
            now: dict[str, Any] = {"overdue_days": late, "former": bool(draw.uniform() < 0.2), "value_at_risk": tied}
            connection.execute(SCORES.update().where(here).values(expected_revenue=tied, **now))
        keep_first_views(connection, 2)
    engine.dispose()
    return url


@pytest.fixture
def url(made: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A copy that the test may write to."""
    if made.startswith("sqlite"):
        copy = tmp_path / "ladder.db"
        back_up(made, copy)
        return f"sqlite:///{copy}"
    return new_database(request.getfixturevalue("postgres_server"), of=made)


@pytest.fixture
def engine(url: str) -> Iterator[sa.Engine]:
    engine = open_store(url)
    yield engine
    engine.dispose()


def _compare(engine: sa.Engine) -> dict[str, list[str]]:
    """Compare what is kept with what all accounts tell, over those who may ask, and return the director's news."""
    for seen in (engine, limited(engine, Visibility(("M0", "M1")))):
        with reading(seen) as connection:
            for where in ((), (ACCOUNTS.c.owner == "M0",)):
                few, all_of_them = (news_of(connection, 2, most=most, tables=OWNED, where=where) for most in (5, 500))
                for kind in KINDS:
                    direct = list(connection.execute(_looked_for(kind, 2, OWNED).where(*where)).scalars())
                    assert (all_of_them[kind], few[kind]) == (direct, direct[:5]), kind
            assert totals_of_all(connection, 2) == count_totals(connection)
    with reading(limited(engine, Visibility(("nobody",)))) as connection:
        assert not any(news_of(connection, 2, most=5).values())
        assert totals_of_all(connection, 2).accounts == 0
    with reading(engine) as connection:
        return news_of(connection, 2, most=500)


def test_kept_news_are_those_that_all_accounts_tell(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    found = _compare(engine)
    assert all(len(one) > 5 for one in found.values())
    monkeypatch.setattr("serving.store.views.news.NEAR", 3)  # most owners' accounts stand further on
    assert _compare(engine) == found
    monkeypatch.setattr(
        "serving.store.views.news._looked_for", lambda *_: pytest.fail("all accounts were looked through")
    )
    for one in (engine, limited(engine, Visibility(("M0",)))):
        with reading(one) as connection:
            assert any(news_of(connection, 2, most=5).values())
    monkeypatch.setattr(
        "serving.store.views.list_totals.count_totals", lambda *_: pytest.fail("all accounts were counted")
    )
    with reading(engine) as connection:
        totals_of_all(connection, 2)


def test_figures_of_whoever_sees_some_owners_are_those_of_the_owners_together(engine: sa.Engine) -> None:
    for owners in (("M0",), ("M1", "M2"), ("nobody",)):
        with reading(limited(engine, Visibility(owners))) as connection:
            expected = read_figures(connection.execute(figures_query(2, None)).mappings().one())
            kept = kept_of_owners(connection)
        assert [one.run_id for one in kept] == ([] if owners == ("nobody",) else [2])
        for one in kept:
            assert one.counts == expected.counts
            assert one.sums == pytest.approx(expected.sums)


def test_who_is_forgotten_or_changes_hands_is_in_the_news_of_whoever_sees_them_now(engine: sa.Engine) -> None:
    before = _compare(engine)
    gone, moved = before["worse"][0], before["worse"][1]
    with writing(engine) as connection:
        connection.execute(ACCOUNTS.update().where(ACCOUNTS.c.account_id == moved).values(owner="M3"))
        erased = erase(connection, Subject("account", gone), Author(), NOW)
        assert erased.removed["run_news"] >= 1
        text = json.dumps([list(map(str, row)) for row in connection.execute(RUN_NEWS.select())])
        assert gone not in text
        counted = connection.execute(sa.select(sa.func.count()).select_from(SCORES)).scalar_one()
        assert kept_figures(connection)[-1]["accounts"] == counted
        assert connection.execute(sa.select(RUN_TOTALS.c.accounts)).scalar_one() == counted
    after = _compare(engine)
    assert after == {kind: [one for one in ids if one != gone] for kind, ids in before.items()}
    with reading(engine) as connection:
        assert moved in news_of(connection, 2, most=500, tables=OWNED, where=[ACCOUNTS.c.owner == "M3"])["worse"]
    with writing(engine) as connection:  # by other ways than ours, nothing is written anew
        connection.execute(SCORES.delete().where(SCORES.c.account_id == moved))
    assert moved not in _compare(engine)["worse"]


def test_a_run_of_which_nothing_is_kept_is_looked_through(engine: sa.Engine) -> None:
    before = _compare(engine)
    with writing(engine) as connection:
        connection.execute(RUN_NEWS.delete())
        connection.execute(RUN_TOTALS.delete())
    assert _compare(engine) == before
    with writing(engine) as connection:
        keep_first_views(connection, 2)
        connection.execute(RUNS.update().where(RUNS.c.run_id == 2).values(run_id=3))  # the program before wrote it
        connection.execute(PREVIOUS.update().values(run_id=2))
    with reading(engine) as connection:
        assert news_of(connection, 3, most=500) == before
        assert totals_of_all(connection, 3) == count_totals(connection)


def test_a_run_that_retention_removes_takes_along_what_is_kept_of_it(engine: sa.Engine, url: str) -> None:
    with writing(engine) as connection:
        connection.execute(SCORES.update().values(changed_run=2))
        connection.execute(RUNS.update().where(RUNS.c.run_id == 1).values(written_at=moment(0)))
        keep_first_views(connection, 1)  # as if the second had been written and not kept yet
        gone = apply(connection, Terms(runs=30), NOW)
        assert {"runs", "run_figures", "run_totals"} <= gone.keys()
        assert {one.run_id for one in kept_figures(connection)} == {2}
        found = news_of(connection, 2, most=500)
        assert not any(found[kind] for kind in ("worse", "better", "advice"))  # there is nothing to compare with
        assert all(found[kind] for kind in ("missed", "win_back"))
    assert not check_store(url).findings


def test_groups_to_choose_from_are_the_tops_of_all_accounts(engine: sa.Engine) -> None:
    with writing(engine) as connection:
        ids = list(connection.execute(sa.select(ACCOUNTS.c.account_id).order_by(ACCOUNTS.c.account_id)).scalars())
        parents = {1: ids[0], 2: ids[1], 3: ids[2], 4: ids[3], 5: ids[4], 6: ids[5],  # longer than is climbed
                   7: "elsewhere", 8: ids[8], 9: ids[10], 10: ids[9], 11: "", 12: ids[11], 13: ids[8]}  # fmt: skip
        for number, parent in parents.items():
            here = ACCOUNTS.c.account_id == ids[number]
            connection.execute(ACCOUNTS.update().where(here).values(parent_account_id=parent))
    for one in (engine, limited(engine, Visibility(("M0", "M1")))):
        with reading(one) as connection:
            top = root_column()
            every = sa.select(top).where(top.is_not(None), top != "").distinct().order_by(top)
            expected = list(connection.execute(every).scalars())
            assert len(expected) > 2
            assert group_roots(connection, 500) == expected
            assert group_roots(connection, 2) == expected[:2]
