"""The climbs an investment adds, beside its uplift; and what serving costs when it has a price."""

from dataclasses import replace

import pandas as pd

from features.histories.histories import build_histories
from features.sources.source import source_from_rows
from tests.told import codes
from tests.training.effects.test_uplift import dataset, settings, supplier
from training.data.dataset import build_dataset
from training.effects.coherence import coherence
from training.effects.target_trials import build_trials
from training.effects.upgrade import fit_value_gaps
from training.effects.uplift import fit_uplift
from training.models.fitting import one_linear_algebra_thread


def test_climbs_and_uplift_are_reported_side_by_side() -> None:
    data = dataset(supplier(0, lift=0.25, how="lot")[0])
    with one_linear_algebra_thread():
        (effect,) = fit_uplift(data, settings()).options
        gaps = fit_value_gaps(data)
    assert effect.effects is not None
    assert coherence(effect, [10.0] * 7, data) == []  # a change in climbing that cannot be told from zero
    effect = replace(effect, effects={**effect.effects, "climbed": effect.effects["revenue"]})
    told = coherence(effect, [10.0] * 7, data)
    assert codes(told) == ["uplift_coherence"]
    assert coherence(effect, [None] * 7, data) == []
    assert coherence(replace(effect, effects=None), gaps, data) == []


def test_what_serving_costs_is_an_outcome_once_it_has_a_price() -> None:
    """Every visit is followed by two tickets; a ticket costs 25."""
    tables, _ = supplier(0, lift=0.0, how="lot")
    made = tables["investments"]
    visited = made[made["investment"] == "visit"]
    tickets = pd.concat([visited.assign(opened_at=visited["made_at"] + pd.Timedelta(days=d)) for d in (20, 40)])
    tables["tickets"] = tickets[["account_id", "opened_at"]].reset_index(drop=True)
    priced = replace(settings(), uplift=replace(settings().uplift, cost_per_ticket=25.0))
    known = build_histories(source_from_rows(tables))
    data = build_dataset(known, priced, known.end)
    trials = build_trials(data, priced)
    assert trials is not None
    assert set(trials.served[trials.random & (trials.arm == 1)]) == {50.0}
    with one_linear_algebra_thread():
        (effect,) = fit_uplift(data, priced).options
    assert effect.effects is not None
    found = effect.effects["served"].predict(data.matrix)[:, 0]
    assert abs(found.mean() - 50.0) < 10.0
    assert "served" not in (fit_uplift(dataset(tables), settings()).options[0].effects or {})
