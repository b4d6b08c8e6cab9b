"""Another horizon is learnt as if it were the main one, on those slices in which it is complete, and the main one is
left as it was."""

from contextlib import suppress
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from features.catalog import catalog
from features.histories.views import View
from features.instants import MICROSECONDS_PER_DAY, instant
from features.sources.partitioned import LocalExecutor
from tests.builders import histories
from tests.parted import tiny_parts
from tests.told import codes, told
from tests.trained import small_settings, tiny_bundle, tiny_dataset, tiny_histories, tiny_trained
from training.data.dataset import Dataset, at_horizon, build_dataset
from training.data.labels import label
from training.data.partitioned import gather_dataset
from training.models.fitting import one_linear_algebra_thread
from training.models.horizon_models import fit_horizons
from training.models.next_rung import fit_next_rung
from training.pipeline import train
from training.settings import Settings


def ahead(days: int) -> Settings:
    settings = small_settings()
    return replace(settings, outcome=settings.outcome.ahead(days))


def test_only_the_features_that_are_said_to_depend_on_the_horizon_do() -> None:
    data = tiny_dataset()
    view, differ = View(data.histories, data.snapshots), set()
    for days in (7, 90, 365, 1000):
        matrix = catalog.compute(view, replace(data.context, horizon_days=days))
        same = ((matrix == data.matrix) | (np.isnan(matrix) & np.isnan(data.matrix))).all(axis=0)
        differ |= {name for name, alike in zip(catalog.NAMES, same, strict=True) if not alike}
    assert differ == set(catalog.HORIZON_NAMES)


@pytest.mark.parametrize("days", [90, 365])
def test_a_further_horizon_sees_the_features_and_outcomes_that_it_would_see_as_the_main_one(days: int) -> None:
    data = tiny_dataset()
    further = {one.days: one for one in data.further}[days]
    view = View(data.histories, data.snapshots)
    expected = catalog.compute(view, replace(data.context, horizon_days=days))
    labels = label(view, ahead(days), data.definition, data.end)
    with at_horizon(data, further) as seen:
        np.testing.assert_array_equal(seen.matrix, expected)
        for name in labels.__dataclass_fields__:
            np.testing.assert_array_equal(getattr(seen.labels, name), getattr(labels, name))
        assert seen.context.horizon_days == days


def test_the_main_horizon_gets_its_features_back_even_after_an_accident() -> None:
    data = tiny_dataset()
    before = data.matrix.copy()
    with suppress(ZeroDivisionError), at_horizon(data, data.further[0]) as seen:
        assert not np.array_equal(seen.matrix, before, equal_nan=True)
        raise ZeroDivisionError
    np.testing.assert_array_equal(data.matrix, before)


def test_only_complete_slices_are_learnt_from() -> None:
    data = tiny_dataset()
    quarter, year = data.further
    assert quarter.labels.complete.all()
    assert 0 < year.labels.complete.sum() < len(data.matrix)
    last = data.snapshots.as_of[year.labels.complete].max()
    assert last + 365 * MICROSECONDS_PER_DAY <= data.end
    horizons = {horizon.days: horizon for horizon in tiny_trained().bundle.further}
    spoilt = replace(year.labels, next_rung=np.where(year.labels.complete, year.labels.next_rung, 0))
    with one_linear_algebra_thread(), at_horizon(data, replace(year, labels=spoilt)) as seen:
        again = fit_next_rung(seen, year.labels.complete, ahead(365), tiny_bundle().next_rung.weights)
    assert again == horizons[365].next_rung


@cache
def of_a_quarter() -> Dataset:
    known = tiny_histories()
    end = known.end - 90 * MICROSECONDS_PER_DAY  # so that both have the same slices
    return build_dataset(known.as_it_stood(end), ahead(90), end)


def test_a_model_of_a_further_horizon_has_the_members_of_a_main_one_on_the_same_slices() -> None:
    """Their weights are those of the main horizon.

    The main horizon of 180 days ends 90 days later than one of 90, and so has the same slices."""
    quarter = of_a_quarter()
    assert quarter.sample.slices == tiny_dataset().sample.slices
    with at_horizon(tiny_dataset(), tiny_dataset().further[0]) as seen:
        both = (seen.context.vocabulary, quarter.context.vocabulary)
        assert both[0] == both[1]
        np.testing.assert_array_equal(quarter.matrix, seen.matrix)
        np.testing.assert_array_equal(quarter.labels.next_rung, seen.labels.next_rung)
    with one_linear_algebra_thread():
        alone = fit_next_rung(quarter, np.ones(len(quarter.matrix), bool), ahead(90))
    here = tiny_trained().bundle.further[0].next_rung
    assert alone.members == here.members
    assert here.weights == pytest.approx(tiny_bundle().next_rung.weights, rel=1e-3)


def test_a_longer_horizon_is_not_held_to_the_rung_that_the_main_one_leaves() -> None:
    """One order 500 days ago: in 180 days it still counts, in 365 days it does not, and the rung falls."""
    known = histories(orders=[("A", "2024-01-01", 10.0), ("B", "2025-05-01", 10.0)])
    at = instant("2024-01-01") + 500 * MICROSECONDS_PER_DAY
    view = View(known, known.known_at(at))
    column = catalog.HORIZON_NAMES.index("rung_if_nothing_happens")
    context = catalog.Context()
    half, year = (
        catalog.compute(view, replace(context, horizon_days=days), catalog.HORIZON_NAMES)[0, column]
        for days in (180, 365)
    )
    assert (half, year) == (2.0, 0.0)


def test_without_a_complete_slice_a_horizon_is_left_out_and_it_is_said() -> None:
    settings = small_settings()
    settings = replace(settings, outcome=replace(settings.outcome, further_horizons_days=(90, 1000)))
    known = tiny_histories()
    end = instant("2023-06-01")
    trained = train(known, settings, end, folds=0)
    assert [horizon.days for horizon in trained.bundle.further] == [90]
    report = told(trained.report)
    assert "1,000 days ahead: left out; no slice is complete that far ahead" in report
    assert "90 days ahead: " in report
    assert "such falls are underestimated" in report  # there is a year and a half of data, and the window has two
    assert "underestimated" not in told(tiny_trained().report)


def test_no_further_horizons_are_none() -> None:
    settings = small_settings()
    settings = replace(settings, outcome=replace(settings.outcome, further_horizons_days=(180,)))
    known = tiny_histories()
    data = build_dataset(known, settings, known.end)
    assert data.further == ()
    assert fit_horizons(data, settings, tiny_bundle().next_rung, switching=True) == ((), [])


def test_where_the_main_horizon_has_no_model_of_switching_no_further_one_has() -> None:
    data = tiny_dataset()
    with one_linear_algebra_thread():
        found, report = fit_horizons(
            replace(data, further=data.further[1:]), small_settings(), tiny_bundle().next_rung, switching=False
        )
    assert [horizon.switching for horizon in found] == [None]
    assert codes(report) == ["horizon_learnt"]


def test_parts_give_the_further_horizons_of_the_whole() -> None:
    data = gather_dataset(tiny_parts(), LocalExecutor(), small_settings(), tiny_histories().end)
    assert [one.days for one in data.further] == [90, 365]
    for one, other in zip(data.further, tiny_dataset().further, strict=True):
        np.testing.assert_array_equal(one.columns, other.columns)
        for name in one.labels.__dataclass_fields__:
            np.testing.assert_array_equal(getattr(one.labels, name), getattr(other.labels, name))
