"""A change in a chance is served only where it can be told from zero."""

import numpy as np
import pandas as pd
import pytest

from tests.told import codes
from tests.training.effects.test_uplift import BEGIN, ROUNDS, dataset, settings, supplier
from training.effects.plans.off_policy_value import drawn_to_one
from training.effects.uplift import InvestmentEffect, fit_uplift
from training.models.fitting import one_linear_algebra_thread


def estimate(tables: dict[str, pd.DataFrame]) -> InvestmentEffect:
    with one_linear_algebra_thread():
        (effect,) = fit_uplift(dataset(tables), settings()).options
    return effect


def driven_away(share: float) -> dict[str, pd.DataFrame]:
    """A world by lot in which that share of the accounts invested in last never orders again."""
    tables, _ = supplier(0, lift=0.1, how="lot")
    made, last = tables["investments"], BEGIN + pd.Timedelta(days=ROUNDS[-1])
    treated = made.loc[(made["made_at"] == last) & (made["investment"] == "visit"), "account_id"].to_numpy()
    gone = treated[np.random.default_rng(1).random(len(treated)) < share]
    orders = tables["orders"]
    tables["orders"] = orders[~(orders["account_id"].isin(gone) & (orders["ordered_at"] >= last))]
    return tables


def test_what_cannot_be_told_from_zero_is_not_served_and_a_finding_says_so() -> None:
    effect = estimate(driven_away(0.0))
    assert effect.effects is not None
    assert set(effect.effects) == {"revenue"}
    assert codes(effect.findings).count("uplift_chance_untold") == 2


def test_an_option_that_drives_accounts_away_says_so() -> None:
    effect = estimate(driven_away(0.5))
    assert effect.effects is not None
    assert "switched" in effect.effects
    assert "uplift_raises_leaving" in codes(effect.findings)
    found = next(one for one in effect.findings if one.code == "uplift_chance" and one.params["outcome"] == "switched")
    assert isinstance(low := found.params["low"], float)
    assert low > 0
    assert isinstance(factor := found.params["factor"], float)
    assert 0.7 < factor < 1.3


@pytest.mark.parametrize(("realised", "promised", "error", "factor"), [
    (0.05, 0.1, 0.0, 0.5), (0.05, 0.1, 1e9, 1.0), (-0.1, 0.1, 0.0, -1.0), (0.9, 0.1, 0.03, 5.0), (0.1, 0.0, 0.1, 1.0),
])  # fmt: skip
def test_a_calibration_follows_what_came_true_as_far_as_it_is_known(
    realised: float, promised: float, error: float, factor: float
) -> None:
    assert drawn_to_one(realised, promised, error, 0.3) == pytest.approx(factor)
