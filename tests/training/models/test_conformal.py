"""What is stated comes true on rows that were not learnt from, however wrong the models are."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.instants import BoolArray, FloatArray
from tests.told import codes, told
from tests.trained import small_settings, tiny_dataset, tiny_trained
from training.data.dataset import Dataset, earlier_split
from training.model.serialization import Predictor
from training.models.conformal import Calibration, conformal_margin, fit_set_rule
from training.models.next_rung import fit_with_earlier


class Sure:
    """Always nearly sure that the account stays where it is, and often wrong."""

    def __init__(self, column: int) -> None:
        self.column = column

    def predict(self, matrix: FloatArray) -> FloatArray:
        return np.where(np.arange(7) == matrix[:, [self.column]], 0.94, 0.01)


def sure(data: Dataset) -> Predictor:
    return Sure(data.column("rung"))


def everything(data: Dataset) -> BoolArray:
    return np.ones(len(data.matrix), bool)


@pytest.mark.parametrize("bad", [False, True])
@pytest.mark.parametrize("stated", [0.6, 0.9, 0.97])
def test_the_stated_share_is_held_on_the_latest_slice_even_by_a_bad_model(bad: bool, stated: float) -> None:
    data, settings = tiny_dataset(), small_settings()
    settings = replace(settings, outcome=replace(settings.outcome, set_coverage=stated))
    model = sure(data) if bad else fit_with_earlier(data, everything(data), settings)[1]
    rule = fit_set_rule(data, everything(data), model, settings)
    latest = data.snapshots.as_of == data.snapshots.as_of.max()
    assert rule.calibration.snapshots == latest.sum()
    assert rule.calibration.purged
    assert rule.calibration.covered >= stated
    assert rule.calibration.covered < stated + 0.06 or rule.alone > stated or bad


def test_the_pool_of_earlier_slices_learnt_nothing_of_the_latest() -> None:
    data, settings = tiny_dataset(), small_settings()
    rows = everything(data)
    split = earlier_split(data, rows, settings)
    assert split is not None
    horizon = data.context.horizon_days * 86_400_000_000
    assert (data.snapshots.as_of[split[0]] + horizon <= data.snapshots.as_of.max()).all()
    pool, earlier = fit_with_earlier(data, rows, settings)
    assert earlier is not None
    assert earlier.weights == pool.weights
    spoilt = replace(data.labels, next_rung=np.where(split[0], data.labels.next_rung, 0))
    again = fit_with_earlier(replace(data, labels=spoilt), rows, settings)[1]
    assert again is not None
    asked = data.matrix[:50]
    for name, member in earlier.members.items():
        np.testing.assert_array_equal(member.predict(asked), again.members[name].predict(asked))


def test_without_an_earlier_slice_the_mass_is_the_coverage_and_it_is_said() -> None:
    data = tiny_dataset()
    rows = data.snapshots.as_of == data.snapshots.as_of.min()
    rule = fit_set_rule(data, rows, sure(data), small_settings())
    assert rule.threshold == 0.9
    assert codes(rule.findings()) == ["sets_uncalibrated"]


def test_a_most_probable_rung_that_covers_more_than_stated_is_reported() -> None:
    data, settings = tiny_dataset(), small_settings()
    settings = replace(settings, outcome=replace(settings.outcome, set_coverage=0.5))
    rule = fit_set_rule(data, everything(data), sure(data), settings)
    assert rule.alone > 0.5
    assert codes(rule.findings()) == ["sets_calibrated", "sets_exceeded"]
    usual = fit_set_rule(data, everything(data), sure(data), small_settings())
    assert codes(usual.findings()) == ["sets_calibrated"]


@given(st.lists(st.floats(-3, 3), min_size=1, max_size=99), st.floats(0.5, 0.99))
def test_a_margin_holds_the_stated_share(scores: list[float], stated: float) -> None:
    found = np.array(scores)
    assert (found <= conformal_margin(found, stated)).mean() >= stated or conformal_margin(found, stated) == found.max()


def test_of_nothing_the_margin_is_nothing() -> None:
    assert conformal_margin(np.empty(0), 0.9) == 0.0
    assert Calibration(0.9).of_intervals().code == "intervals_uncalibrated"


def test_the_report_says_what_was_held() -> None:
    report = told(tiny_trained().report)
    assert "sets of rungs: 90% stated; 9" in report
    assert "intervals of expected revenue: 90% stated; " in report
    assert tiny_trained().bundle.facts.set_coverage == 0.9
    assert 0 < tiny_trained().bundle.facts.set_threshold <= 1
