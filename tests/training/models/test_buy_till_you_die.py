"""BG/NBD against brute force: the same integrals, done by adding up many small steps."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import beta, gamma

from tests.paths import CDNOW
from training.models.buy_till_you_die import BgNbd, fit_bg_nbd, log_likelihood

MODEL = BgNbd(r=0.9, alpha=5.0, a=1.6, b=2.5)
ONE = np.ones(1)


def logs(model: BgNbd) -> np.ndarray:
    return np.log([model.r, model.alpha, model.a, model.b])


HISTORIES = [(0, 0.0, 10.0), (1, 4.0, 10.0), (3, 9.5, 10.0), (5, 6.0, 30.0)]


@pytest.mark.parametrize(("repeats", "recency", "age"), HISTORIES)
def test_the_likelihood_is_the_integral_over_rates_and_chances(repeats: int, recency: float, age: float) -> None:
    """Equation 3 of the paper, averaged over a million accounts spread evenly over what rates and chances may be."""
    even = (np.arange(1000) + 0.5) / 1000
    rate, stop = gamma.ppf(even, MODEL.r, scale=1 / MODEL.alpha)[:, None], beta.ppf(even, MODEL.a, MODEL.b)
    alive = (1 - stop) ** repeats * rate**repeats * np.exp(-rate * age)
    gone = stop * (1 - stop) ** (repeats - 1) * rate**repeats * np.exp(-rate * recency) if repeats else 0.0
    found = log_likelihood(logs(MODEL), np.array([repeats]), np.array([recency]), np.array([age]), ONE)
    assert np.exp(found) == pytest.approx(np.mean(alive + gone), rel=3e-3)


def simulated(n: int, seed: int, span: float) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Repeats, recency and age at 40, and purchases in the next `span`, of accounts that follow MODEL."""
    rng = np.random.default_rng(seed)
    rate, stop = rng.gamma(MODEL.r, 1 / MODEL.alpha, n), rng.beta(MODEL.a, MODEL.b, n)
    at, alive = np.zeros(n), np.ones(n, bool)
    repeats, recency, later = np.zeros(n), np.zeros(n), np.zeros(n)
    for _ in range(400):
        at = np.where(alive, at + rng.exponential(1, n) / rate, np.inf)
        now, then = at <= 40, (at > 40) & (at <= 40 + span)
        repeats += now
        recency = np.where(now, at, recency)
        later += then
        alive &= (at <= 40 + span) & (rng.random(n) >= stop)
    return repeats, recency, np.full(n, 40.0), later


def test_the_parameters_of_simulated_data_are_recovered() -> None:
    repeats, recency, age, _ = simulated(40_000, 0, 20)
    found = fit_bg_nbd(repeats, recency, age)
    assert found.r == pytest.approx(MODEL.r, rel=0.1)
    assert found.alpha == pytest.approx(MODEL.alpha, rel=0.1)
    assert found.a / (found.a + found.b) == pytest.approx(MODEL.a / (MODEL.a + MODEL.b), rel=0.1)


def test_expected_purchases_are_what_comes_on_average() -> None:
    repeats, recency, age, later = simulated(200_000, 1, 20)
    expected = MODEL.expected_purchases(repeats, recency, age, 20.0)
    assert expected.mean() == pytest.approx(later.mean(), rel=0.03)
    for chosen in (repeats == 0, repeats == 1, (repeats >= 2) & (recency < 20), (repeats >= 2) & (recency >= 20)):
        error = later[chosen].std() / np.sqrt(chosen.sum())
        assert abs(expected[chosen].mean() - later[chosen].mean()) < 4 * error + 0.01


def test_the_unit_of_time_changes_nothing() -> None:
    repeats, recency, age, _ = simulated(3000, 2, 20)
    weeks, days = fit_bg_nbd(repeats, recency, age), fit_bg_nbd(repeats, recency * 7, age * 7)
    assert days.alpha == pytest.approx(7 * weeks.alpha, rel=1e-6)
    np.testing.assert_allclose(
        days.expected_purchases(repeats, recency * 7, age * 7, 70.0),
        weeks.expected_purchases(repeats, recency, age, 10.0),
        rtol=1e-6,
    )


@pytest.mark.skipif(not (CDNOW / "orders.parquet").is_file(), reason="the CDNOW data are not here")
def test_on_cdnow_the_search_ends_at_a_maximum() -> None:
    orders = pd.read_parquet(CDNOW / "orders.parquet")
    orders = orders[orders["ordered_at"] < "1997-10-01"]
    day = orders["ordered_at"].dt.normalize()
    grouped = day.groupby(orders["account_id"])
    first, last, days = grouped.min(), grouped.max(), grouped.nunique()
    age = (pd.Timestamp("1997-09-30") - first).dt.days.to_numpy() / 7
    recency, repeats = (last - first).dt.days.to_numpy() / 7, days.to_numpy() - 1.0
    assert len(repeats) == 23_570
    found = fit_bg_nbd(repeats, recency, age)
    # The paper's sample of a tenth of these accounts gives r .243, alpha 4.41, a .793, b 2.43 and -9582.4.
    assert found.r == pytest.approx(0.243, rel=0.1)
    assert found.alpha == pytest.approx(4.41, rel=0.1)
    best = log_likelihood(logs(found), repeats, recency, age, np.ones(len(repeats)))
    assert best / 10 == pytest.approx(-9582.4, rel=0.02)
    for shift in np.vstack([np.eye(4), -np.eye(4)]) * 0.02:
        assert log_likelihood(logs(found) + shift, repeats, recency, age, np.ones(len(repeats))) < best
