"""Drift: what differs by chance or as usual is none, what was changed is named, and odd columns break nothing."""

from dataclasses import replace
from functools import cache
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2_contingency, ks_2samp

from features.histories.histories import build_histories
from features.instants import MICROSECONDS_PER_DAY, IntArray, iso
from features.sources.source import source_from_rows
from tests.trained import earlier_bundle, small_settings, tiny, tiny_histories
from training.model.bundle import Bundle
from training.monitoring.drift import distance, find_drift, moderated, stability_index
from training.monitoring.drift_since import DriftSince, drift_since, earlier_ends
from training.monitoring.table_freshness import stale_tables

SPAN_DAYS = 60
Tables = dict[str, pd.DataFrame]


def test_the_distance_of_many_values_is_that_of_kolmogorov_and_smirnov() -> None:
    random = np.random.default_rng(0)
    for shift in (0.0, 0.1, 1.0):
        before, after = random.normal(size=400), random.normal(shift, size=500)
        ours, theirs = distance(before, after, few=False), ks_2samp(before, after, method="asymp")
        assert ours.value == pytest.approx(theirs.statistic)
        assert ours.p == pytest.approx(theirs.pvalue, abs=0.03)


def test_few_values_are_compared_by_chi_square() -> None:
    random = np.random.default_rng(1)
    before, after = random.integers(0, 4, 300).astype(float), random.integers(0, 5, 400).astype(float)
    cells = [[(one == k).sum() for k in range(5)] for one in (before, after)]
    assert distance(before, after, few=True).p == pytest.approx(chi2_contingency(cells, correction=False).pvalue)


def test_what_chance_gives_is_the_mean_distance_of_two_samples_of_one_law() -> None:
    random = np.random.default_rng(2)
    for few in (False, True):
        found = []
        for _ in range(300):
            pool = random.integers(0, 3, 500).astype(float) if few else random.normal(size=500)
            found.append(distance(pool[:200], pool[200:], few))
        assert np.mean([one.value for one in found]) == pytest.approx(found[0].by_chance, rel=0.12)
        assert np.mean([one.p <= 0.05 for one in found]) < 0.1


def test_a_column_that_empties_is_far_from_what_it_was() -> None:
    before = np.arange(100.0)
    assert distance(before, np.where(before < 60, np.nan, before), few=False).value == pytest.approx(0.6)


@pytest.mark.parametrize("few", [False, True])
@pytest.mark.parametrize("column", [np.empty(0), np.full(5, np.nan), np.ones(5), np.array([np.inf, -np.inf, 0.0])])
def test_empty_constant_and_infinite_columns_have_a_distance(column: np.ndarray, few: bool) -> None:
    for other in (np.empty(0), np.full(7, np.nan), np.arange(9.0), column):
        one = distance(column, other, few)
        assert 0 <= one.value <= 1
        assert 0 <= one.p <= 1
        assert np.isfinite(stability_index(np.nan_to_num(column), other[np.isfinite(other)]))


def test_variances_that_are_alike_are_drawn_together_and_others_are_not() -> None:
    random = np.random.default_rng(4)
    alike, degrees = moderated(random.chisquare(4, 2000) / 4 * 3.0, 4)
    assert degrees > 40
    assert alike == pytest.approx(3.0, rel=0.15)
    prior = 6 * 2.0 / random.chisquare(6, 4000)  # Smyth's own law: scaled inverse chi-square with 6 degrees
    _, degrees = moderated(random.chisquare(4, 4000) / 4 * prior, 4)
    assert degrees == pytest.approx(4 + 6, rel=0.25)


def test_of_columns_that_wander_as_ever_few_are_called_drifted_and_a_planted_one_is() -> None:
    random, columns = np.random.default_rng(5), 60
    wandering = [{f"c{k}": random.normal(random.normal(0, 0.1), 1, 800) for k in range(columns)} for _ in range(9)]
    wandering[0]["c7"] = wandering[0]["c7"] + 1.5
    pairs = [(k + 1, k) for k in range(8)]
    found = find_drift(
        dict.fromkeys(wandering[0], "feature"), wandering, pairs, weights={"c7": 0.5}, level=0.05, least_effect=0.05
    )
    assert len(found) == columns
    assert found[0].name == "c7"
    assert found[0].weight == 0.5
    assert sum(one.drifted for one in found) <= 1 + 0.1 * columns
    assert sum(one.p_chance < 0.05 for one in found) > 0.3 * columns  # chance alone would have called these drift


def test_without_two_earlier_pairs_nothing_is_called_drift_and_all_is_shown() -> None:
    found = find_drift({"x": "feature", "same": "feature"},
                       [{"x": np.zeros(50), "same": np.ones(50)}, {"x": np.arange(50.0), "same": np.ones(50)}],
                       [(0, 1)], weights={}, level=0.05, least_effect=0.05)  # fmt: skip
    assert [(one.name, one.usual, one.drifted) for one in found] == [("x", None, False)]
    assert found[0].distance > 0.9
    assert (
        find_drift({"same": "feature"}, [{"same": np.ones(3)}] * 2, [(0, 1)], weights={}, level=0.05, least_effect=0.05)
        == ()
    )


def test_earlier_pairs_lie_side_by_side_and_one_of_them_a_year_before() -> None:
    ends = earlier_ends(1000 * MICROSECONDS_PER_DAY, 100 * MICROSECONDS_PER_DAY, 0, 12)
    days = [end // MICROSECONDS_PER_DAY for end in ends]
    assert 1100 - 365 in days
    assert all(a - b >= 100 for a, b in pairwise(days))
    assert min(days) - 100 >= 0
    assert earlier_ends(1000, 2000, 0, 12) == ()
    assert earlier_ends(10**17, MICROSECONDS_PER_DAY, 0, 0) == ()


@cache
def champion() -> Bundle:
    """As if it had been trained later than it was: with the span of a usual monitoring."""
    bundle, until = earlier_bundle(), tiny_histories().end - SPAN_DAYS * MICROSECONDS_PER_DAY
    return replace(bundle, facts=replace(bundle.facts, trained_until=until))


def planted(change: str) -> tuple[DriftSince, list[str]]:
    """The tiny source after a change of everything since training; what drifted, and what stopped."""
    tables: Tables = dict(tiny().tables)
    since, end = pd.Timestamp(iso(champion().facts.trained_until)), tiny_histories().end
    if change == "currency":
        orders = tables["orders"].copy()
        late = pd.to_datetime(orders["ordered_at"]) >= since
        orders.loc[late, "revenue"] = orders.loc[late, "revenue"] * 100
        tables["orders"] = orders
    if change == "interactions stop":
        rows = tables["interactions"]
        tables["interactions"] = rows[pd.to_datetime(rows["happened_at"]) < since]
    known = build_histories(source_from_rows(tables)).as_it_stood(end)
    found = drift_since(known, champion(), small_settings(), end)
    assert found is not None
    return found, [one.table for one in stale_tables(known, end, 7)]


def test_the_world_as_ever_is_not_called_drift() -> None:
    found, stopped = planted("nothing")
    assert found.pairs >= 5
    assert len(found.columns) > 100
    assert len(found.drifted) <= 0.05 * len(found.columns)
    assert stopped == []


def test_a_currency_times_a_hundred_is_named() -> None:
    found, stopped = planted("currency")
    names = [one.name for one in found.drifted]
    assert "revenue_90d" in names
    assert all("ticket" not in name for name in names)
    assert 0 < found.weight < 1
    assert stopped == []


def test_a_table_that_stopped_arriving_is_named_and_no_other() -> None:
    found, stopped = planted("interactions stop")
    assert stopped == ["interactions"]
    assert any("interaction" in one.name or "touch" in one.name for one in found.columns[:20])


def test_nothing_lies_between_training_and_its_own_instant() -> None:
    known = tiny_histories()
    assert drift_since(known, champion(), small_settings(), champion().facts.trained_until) is None


def test_a_source_that_ended_long_ago_is_one_finding_and_not_one_a_table() -> None:
    known = tiny_histories()
    found = stale_tables(known, known.end + 90 * MICROSECONDS_PER_DAY, 7)
    assert [one.table for one in found] == ["the whole source"]
    assert found[0].silent_days == pytest.approx(90, abs=1)
    assert stale_tables(known.as_it_stood(0), known.end, 7) == ()


def test_a_rare_table_is_named_later_where_there_are_many_that_could_be_silent_by_chance() -> None:
    rare = np.append(np.random.default_rng(1).choice(330, 79, replace=False), 330)

    def rows(time: str, days: IntArray, **more: object) -> pd.DataFrame:
        return pd.DataFrame({"account_id": "A", time: pd.Timestamp("2024-01-01") + pd.to_timedelta(days, "D"), **more})

    def silent(daily: Tables) -> list[str]:
        known = build_histories(source_from_rows({**daily, "triggers": rows("occurred_at", rare, kind="situational")}))
        return [one.table for one in stale_tables(known, known.end, 7)]

    orders = {"orders": rows("ordered_at", np.arange(365), revenue=1.0)}
    times = {"interactions": "happened_at", "tickets": "opened_at", "inquiries": "inquired_at", "referrals": "made_at"}
    assert silent(orders) == ["triggers"]
    assert silent(orders | {table: rows(time, np.arange(365)) for table, time in times.items()}) == []
