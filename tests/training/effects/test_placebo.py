"""The checks that ask for an effect where there can be none."""

from collections.abc import Iterator

import numpy as np
import pytest

from tests.told import told
from tests.training.effects.test_uplift import dataset, settings, supplier
from training.effects.estimation.effect_estimation import modifiers
from training.effects.placebo import choices_finding, lots_finding, negative_control, placebo_date
from training.effects.target_trials import Trials, build_trials
from training.effects.uplift import fit_uplift
from training.models.fitting import one_linear_algebra_thread


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    with one_linear_algebra_thread():
        yield


def lots(seed: int) -> tuple[Trials, int]:
    data = dataset(supplier(seed, lift=0.25, how="lot")[0])
    trials = build_trials(data, settings())
    assert trials is not None
    return trials, data.column("revenue_365d")


def test_a_fair_randomisation_shows_no_difference_before() -> None:
    trials, column = lots(0)
    (found,) = negative_control(trials, np.full((len(trials), 2), 0.5), column).values()
    assert not found.clear
    assert lots_finding("visit", found).code == "uplift_lots_fair"


def test_a_randomisation_that_favours_the_large_is_reported() -> None:
    trials, column = lots(0)
    large = trials.matrix[:, column] > np.nanmedian(trials.matrix[:, column])
    trials.arm[large & (np.arange(len(trials)) % 3 == 0)] = 1
    (found,) = negative_control(trials, np.full((len(trials), 2), 0.5), column).values()
    assert found.clear
    assert lots_finding("visit", found).code == "uplift_lots_suspect"


@pytest.mark.parametrize(("growing", "clear"), [(0.0, False), (0.4, True)])
def test_choice_by_recent_revenue_is_reported(growing: float, clear: bool) -> None:
    """Managers who choose by size choose by what was known half a year ago; those who see growth do not."""
    tables, _ = supplier(3, lift=0.0, how="size")
    made, orders = tables["investments"], tables["orders"]
    last = made.groupby("account_id")["made_at"].max().reindex(orders["account_id"]).to_numpy()
    days = (last - orders["ordered_at"].to_numpy()) / np.timedelta64(1, "D")
    orders["revenue"] *= np.where((days > 0) & (days <= 180), 1 + growing, 1.0)
    data = dataset(tables)
    trials = build_trials(data, settings())
    assert trials is not None
    (found,) = placebo_date(data, trials, modifiers(data), settings()).values()
    assert found.clear == clear, found
    code = "uplift_choices_differed" if clear else "uplift_choices_comparable"
    assert choices_finding("visit", found).code == code


def test_the_report_holds_both() -> None:
    (by_lot,) = fit_uplift(dataset(supplier(0, lift=0.25, how="lot")[0]), settings()).options
    assert "negative control" in told(by_lot.findings)
    (by_choice,) = fit_uplift(dataset(supplier(1, lift=0.25, how="size")[0]), settings()).options
    assert "placebo date" in told(by_choice.findings)
