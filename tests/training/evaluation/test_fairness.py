"""Chances by country, industry, segment and size: a part that is off is found, with its interval; noise is not."""

from dataclasses import replace

import numpy as np

from tests.trained import tiny_dataset
from tests.training.evaluation.comparisons import tiny_comparisons
from training.evaluation.fairness import clustered_mean, fairness_findings, fairness_rows, judge_fairness
from training.model.findings import WARNING
from training.model.text.catalogue import render


def test_every_part_of_enough_accounts_has_its_interval() -> None:
    parts = judge_fairness(tiny_dataset(), tiny_comparisons())
    assert {one.kind for one in parts} >= {"country", "industry", "size"}
    assert {one.task for one in parts} == {"next_rung", "switching"}
    assert all(one.low <= one.observed - one.expected <= one.high for one in parts)
    assert all(one.accounts >= 30 for one in parts)
    assert fairness_rows(parts)[0]["task"] == parts[0].task
    assert judge_fairness(tiny_dataset(), ()) == ()


def test_a_country_whose_chances_are_off_is_named() -> None:
    data = tiny_dataset()
    (switching,) = (one for one in tiny_comparisons() if one.task == "switching")
    judged = switching.holdout
    assert judged is not None
    country = data.histories.profile["country"][data.snapshots.account[judged.rows]]
    country_off = max(set(country) - {None}, key=lambda name: (country == name).sum())
    predictions = judged.predictions.copy()
    happened = data.labels.switched[judged.rows] > 0
    predictions[:, 0] = np.where(country == country_off, np.minimum(predictions[:, 0] + 0.4, 1.0), happened.mean())
    worse = replace(switching, holdout=replace(judged, predictions=predictions))
    first = judge_fairness(data, (worse,))[0]
    assert first.off
    assert first.high < 0
    found = fairness_findings((first,))
    assert [one.severity for one in found] == [WARNING]
    assert str(first.name) in render(found[0], "en")
    assert "land" in render(fairness_findings((replace(first, kind="country"),))[0], "nl")


def test_that_nothing_is_off_is_said() -> None:
    parts = tuple(replace(one, q=1.0) for one in judge_fairness(tiny_dataset(), tiny_comparisons()))
    assert [one.code for one in fairness_findings(parts)] == ["fair_all"]
    assert fairness_findings(()) == []


def test_an_interval_is_of_accounts_not_of_snapshots() -> None:
    values, account = np.array([0.0, 0.0, 1.0, 1.0]), np.array([1, 1, 2, 2])
    mean, error = clustered_mean(values, account)
    assert mean == 0.5
    assert error > clustered_mean(values, np.arange(4))[1]
