"""Several arms at once, and what is refused rather than guessed."""

from typing import Any

import numpy as np
import pytest

from training.estimators import UpliftRegressor

RNG = np.random.default_rng(3)
X = RNG.normal(size=(3000, 2))
NAMES = np.array(["none", "visit", "rebate"])[RNG.integers(0, 3, 3000)]
Y = X[:, 1] + np.where(NAMES == "visit", 2 + X[:, 0], 0.0) + np.where(NAMES == "rebate", -1.0, 0.0)
Y += RNG.normal(size=3000)


def fitted(**arguments: Any) -> UpliftRegressor:
    return UpliftRegressor(amounts=False, rounds=40, control="none").fit(X, Y, treatment=NAMES, **arguments)


def test_several_arms_are_learnt_at_once_and_keep_their_names() -> None:
    model = fitted()
    assert model.arms_ == ["rebate", "visit"]
    found = model.predict([[0.0, 0.0], [1.0, 0.0]])
    np.testing.assert_allclose(found, [[-1.0, 2.0], [-1.0, 3.0]], atol=0.35)
    ends = model.predict_interval([[0.0, 0.0]])
    assert ends.shape == (1, 2, 2)
    assert (ends[..., 0] < found[:1]).all()
    assert (found[:1] < ends[..., 1]).all()
    assert 0.2 < model.score(X, Y, treatment=NAMES) <= 1


def test_the_mean_effect_of_a_group_is_told_apart_from_its_accounts() -> None:
    model, large = fitted(), X[X[:, 0] > 1]
    means = model.group_interval(large)
    assert means.shape == (2, 3)
    np.testing.assert_allclose(means[:, 0], model.predict(large).mean(axis=0))
    np.testing.assert_allclose(means[:, 0], [-1.0, 2 + large[:, 0].mean()], atol=0.35)
    assert (means[:, 1] < means[:, 0]).all()
    assert (means[:, 0] < means[:, 2]).all()
    narrower = model.group_interval(large, level=0.5)
    assert (np.ptp(narrower[:, 1:], axis=1) < np.ptp(means[:, 1:], axis=1)).all()
    accounts = np.ptp(model.predict_interval(large), axis=-1).mean(axis=0)
    assert (np.ptp(means[:, 1:], axis=1) < accounts).all()
    alone = UpliftRegressor(amounts=False, rounds=40).fit(X, Y, treatment=NAMES == "visit")
    assert alone.group_interval(large).shape == (3,)


def test_rows_without_weight_do_not_count() -> None:
    spoilt = np.where(np.arange(3000) < 300, Y + 50.0 * (NAMES == "visit"), Y)
    weight = (np.arange(3000) >= 300).astype(float)
    model = UpliftRegressor(amounts=False, rounds=40, control="none")
    model.fit(X, spoilt, sample_weight=weight, treatment=NAMES)
    assert model.averages_["visit"][0] == pytest.approx(2.0, abs=0.4)


@pytest.mark.parametrize(
    ("treatment", "control", "message"),
    [
        (np.where(np.arange(3000) < 3, np.nan, NAMES == "visit"), None, "missing in 3 of 3000 rows"),
        (np.zeros(3000), None, "there is no exposure to learn"),
        (np.ones(3000), None, "nobody is a control"),
        (NAMES, None, r"nobody is a control; found \['none', 'rebate', 'visit'\]"),
        (NAMES, "nothing", "no row of treatment is the control 'nothing'"),
        (RNG.random(3000).round(2), None, "look like doses"),
        (NAMES[:10], "none", "treatment has 10 values for 3000 rows"),
    ],
)
def test_what_does_not_say_who_was_exposed_is_refused(treatment: Any, control: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        UpliftRegressor(control=control).fit(X, Y, treatment=treatment)


def test_refuters_tell_a_placebo_from_an_effect() -> None:
    table = fitted().refute(X, Y, treatment=NAMES).set_index(["refuter", "arm"])
    for arm in ("rebate", "visit"):
        placebo = table.loc[("placebo_treatment", arm)]
        assert abs(placebo["average"]) < 3 * placebo["error"]
        for stays in ("random_common_cause", "subset"):
            kept = table.loc[(stays, arm)]
            assert kept["average"] == pytest.approx(kept["expected"], abs=3 * kept["error"])
