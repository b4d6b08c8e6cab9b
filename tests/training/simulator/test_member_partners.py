"""Members have people with interests, assessments that know something, joint work and groups, beside their fees."""

from functools import cache

import pandas as pd

from features.sources.source import source_from_rows
from training.simulator.simulation import AS_OF, Simulation, simulate


@cache
def members(seed: int = 3) -> Simulation:
    return simulate("membership", accounts=500, months=24, seed=seed)


def test_members_have_every_table_of_partnership_and_all_of_it_is_good() -> None:
    tables = members().tables
    assert {"contacts", "benefits", "assessments", "collaborations"} <= tables.keys()
    assert not source_from_rows(tables).set_aside
    assert set(tables["surveys"]["instrument"]) == {"nps", "trust", "value"}
    for name, time in (("assessments", "assessed_at"), ("collaborations", "happened_at")):
        assert (tables[name][time] < AS_OF).all()
        assert (tables[name]["recorded_at"] >= tables[name][time]).all()
    accounts, talks = tables["accounts"], tables["interactions"]
    child = accounts["parent_account_id"].notna()
    assert 0.05 < child.mean() < 0.2
    assert (accounts["parent_account_id"][child] < accounts["account_id"][child]).all()  # so there is no circle
    whose = tables["contacts"].set_index("contact_id")["account_id"]
    assert (whose[talks["contact_id"]].to_numpy() == talks["account_id"].to_numpy()).all()
    assert 0.05 < talks["topic"].isna().mean() < 0.25


def test_assessments_know_something_of_who_renews() -> None:
    truth = members().truth.set_index("account_id")["p_renew"].dropna()
    last = members().tables["assessments"].groupby("account_id")["rung"].last().reindex(truth.index)
    high, low = truth[last.isin(["advocate", "raving_fan"])], truth[last.isin(["shopper", "customer"])]
    assert min(len(high), len(low)) >= 10
    assert high.mean() > low.mean() + 0.04


def test_the_same_seed_gives_the_same_members() -> None:
    again = simulate("membership", accounts=500, months=24, seed=3)
    for name, table in members().tables.items():
        pd.testing.assert_frame_equal(table, again.tables[name])
