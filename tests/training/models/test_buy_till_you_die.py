"""Buy till you die against brute force, published parameters and simulated accounts."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import hyp2f1
from scipy.stats import beta, gamma

from tests.paths import CDNOW
from training.model.buy_till_you_die import BuyTillYouDie, ExpectedPurchases, ExpectedSpend, NoPurchase, _series
from training.model.rules import Constant
from training.models import buy_till_you_die
from training.models.buy_till_you_die import (
    PurchaseHistories,
    fit_bg_nbd,
    fit_buy_till_you_die,
    fit_gamma_gamma,
    log_likelihood,
)

BG_NBD = BuyTillYouDie(k=1, r=0.9, alpha=5.0, a=1.6, b=2.5, stops_at_once=False)
MBG_NBD = BuyTillYouDie(k=1, r=0.9, alpha=5.0, a=1.6, b=2.5, stops_at_once=True)
REGULAR = BuyTillYouDie(k=3, r=0.85, alpha=1.45, a=0.79, b=2.42, stops_at_once=True)
"""The parameters of the published example of MBG/CNBD-k (documentation of the R package BTYDplus)."""
GAPS = [(), (4.0,), (2.0, 3.5, 4.0), (1.0, 1.5, 0.5, 2.0, 1.0)]
AGES = (10.0, 10.0, 10.0, 30.0)


def histories(gaps: tuple[float, ...], age: float) -> PurchaseHistories:
    return PurchaseHistories(
        np.array([float(len(gaps))]), np.array([sum(gaps)]), np.array([age]), np.array([float(np.log(gaps).sum())])
    )


@pytest.mark.parametrize("model", [BG_NBD, MBG_NBD, REGULAR])
@pytest.mark.parametrize(("gaps", "age"), list(zip(GAPS, AGES, strict=True)))
def test_the_likelihood_is_the_integral_over_rates_and_chances(
    model: BuyTillYouDie, gaps: tuple[float, ...], age: float
) -> None:
    """The paper's density of one account, averaged over a million spread evenly over what rates and chances may be."""
    even = (np.arange(1000) + 0.5) / 1000
    rate = gamma.ppf(even, model.r, scale=1 / model.alpha)[:, None]
    stop = beta.ppf(even, model.a, model.b)
    bought = np.prod([gamma.pdf(gap, model.k, scale=1 / rate) for gap in gaps], axis=0) if gaps else 1.0
    silent = gamma.sf(age - sum(gaps), model.k, scale=1 / rate)
    goes_on = (1 - stop) ** (len(gaps) + model.stops_at_once)
    stops = stop * (1 - stop) ** (len(gaps) - 1 + model.stops_at_once) if gaps or model.stops_at_once else 0.0
    found, _ = log_likelihood(model, histories(gaps, age))
    assert np.exp(found) == pytest.approx(float(np.mean(bought * (goes_on * silent + stops))), rel=5e-3)


@pytest.mark.parametrize("model", [BG_NBD, MBG_NBD, REGULAR])
def test_the_slopes_are_those_of_the_likelihood(model: BuyTillYouDie) -> None:
    seen = simulated(model, 50, 3, 10.0)[0]

    def at(step: float, k: int) -> float:
        logs = np.log([model.r, model.alpha, model.a, model.b])
        logs[k] += step
        r, alpha, a, b = (float(value) for value in np.exp(logs))
        return log_likelihood(replace(model, r=r, alpha=alpha, a=a, b=b), seen)[0]

    by_steps = [(at(1e-5, k) - at(-1e-5, k)) / 2e-5 for k in range(4)]
    np.testing.assert_allclose(log_likelihood(model, seen)[1], by_steps, rtol=1e-5, atol=1e-6)


HARDLY_STOP = {
    "a likelihood that was flat": BuyTillYouDie(k=1, r=0.79, alpha=70.0, a=519.3, b=162_750.0, stops_at_once=False),
    "all stop alike": BuyTillYouDie(k=1, r=0.1, alpha=3.3, a=2_390.0, b=5_540.0, stops_at_once=True),
    "rarely": BuyTillYouDie(k=1, r=7.6, alpha=3.8, a=4.0, b=60_000.0, stops_at_once=False),
}


@pytest.mark.parametrize("model", HARDLY_STOP.values(), ids=HARDLY_STOP)
@pytest.mark.parametrize("span", [30.0, 180.0, 730.0])
def test_the_expectation_holds_where_chances_of_stopping_hardly_differ(model: BuyTillYouDie, span: float) -> None:
    """The series ended before its terms fell, and 315 orders in half a year were expected of everybody."""
    repeats, recency, age = np.array([0.0, 3.0, 150.0]), np.array([0.0, 300.0, 310.0]), np.array([4.0, 320.0, 320.0])
    even = (np.arange(20_000) + 0.5) / 20_000
    stop = beta.ppf(even, model.a, model.b + repeats[:, None] + model.stops_at_once)
    stages, rate = model.r + repeats[:, None], model.alpha + age[:, None]
    until_it_stops = -np.expm1(-stages * np.log1p(stop * span / rate)) / stop
    wanted = until_it_stops.mean(axis=1) * model.p_alive(repeats, recency, age)
    found = model.expected_purchases(repeats, recency, age, span)
    np.testing.assert_allclose(found, wanted, rtol=2e-3)


def test_where_the_search_begins_changes_no_digit_that_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another machine rounds otherwise: the least of differences at the beginning may not be seen at the end."""
    seen = simulated(BG_NBD, 600, 4, 10.0)[0]
    found = fit_bg_nbd(seen)
    search = buy_till_you_die.minimize
    monkeypatch.setattr(buy_till_you_die, "minimize", lambda loss, begin, **asked: search(loss, begin + 1e-6, **asked))
    again = fit_bg_nbd(seen)
    for name in ("r", "alpha", "a", "b"):
        assert getattr(again, name) == pytest.approx(getattr(found, name), rel=1e-6)


def simulated(
    model: BuyTillYouDie, n: int, seed: int, span: float, age: float = 40.0
) -> tuple[PurchaseHistories, np.ndarray]:
    """Accounts that follow a model, seen until `age`, and their purchases in the next `span`."""
    rng = np.random.default_rng(seed)
    rate, stop = rng.gamma(model.r, 1 / model.alpha, n), rng.beta(model.a, model.b, n)
    at, repeats, recency, log_gaps, later = np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n)
    alive = rng.random(n) >= stop if model.stops_at_once else np.ones(n, bool)
    for _ in range(400):
        gap = rng.gamma(model.k, 1, n) / rate
        at = np.where(alive, at + gap, np.inf)
        now, then = at <= age, (at > age) & (at <= age + span)
        repeats += now
        log_gaps += np.where(now, np.log(gap), 0.0)
        recency = np.where(now, at, recency)
        later += then
        alive &= (at <= age + span) & (rng.random(n) >= stop)
    return PurchaseHistories(repeats, recency, np.full(n, age), log_gaps), later


@pytest.mark.parametrize("model", [BG_NBD, MBG_NBD, REGULAR])
def test_the_parameters_of_simulated_data_are_recovered(model: BuyTillYouDie) -> None:
    seen, _ = simulated(model, 40_000, 0, 20)
    found = fit_bg_nbd(seen) if not model.stops_at_once else fit_buy_till_you_die(seen)
    assert found.k == model.k
    assert found.r == pytest.approx(model.r, rel=0.1)
    assert found.alpha == pytest.approx(model.alpha, rel=0.1)
    assert found.a / (found.a + found.b) == pytest.approx(model.a / (model.a + model.b), rel=0.1)


@pytest.mark.parametrize(("model", "tolerance"), [(BG_NBD, 0.03), (MBG_NBD, 0.03), (REGULAR, 0.12)])
def test_expected_purchases_and_the_chance_of_none_are_what_comes_on_average(
    model: BuyTillYouDie, tolerance: float
) -> None:
    """For regular gaps the expectation is the paper's approximation; the chance of none is exact for all."""
    seen, later = simulated(model, 200_000, 1, 20)
    expected = model.expected_purchases(seen.repeats, seen.recency, seen.age, 20.0)
    none = model.p_none(seen.repeats, seen.recency, seen.age, 20.0)
    assert expected.mean() == pytest.approx(later.mean(), rel=tolerance)
    x, recent = seen.repeats, seen.recency >= 20
    for chosen in (x == 0, x == 1, (x >= 2) & ~recent, (x >= 2) & recent):
        error = np.sqrt(0.25 / chosen.sum())
        assert abs(none[chosen].mean() - (later[chosen] == 0).mean()) < 4 * error


def test_the_unit_of_time_changes_nothing() -> None:
    seen, _ = simulated(BG_NBD, 3000, 2, 20)
    weeks, days = fit_bg_nbd(seen), fit_bg_nbd(seen.scaled(1 / 7))
    assert days.alpha == pytest.approx(7 * weeks.alpha, rel=1e-4)
    np.testing.assert_allclose(
        days.expected_purchases(seen.repeats, seen.recency * 7, seen.age * 7, 70.0),
        weeks.expected_purchases(seen.repeats, seen.recency, seen.age, 10.0),
        rtol=1e-3,
    )


def test_the_series_is_the_hypergeometric_function() -> None:
    rng = np.random.default_rng(0)
    first, third, z = rng.uniform(-3, 3, 2000), rng.uniform(0.6, 40, 2000), rng.uniform(0.01, 0.97, 2000)
    second = np.full(2000, 0.3)
    np.testing.assert_allclose(_series(first, second, third, z), hyp2f1(first, second, third, z), rtol=1e-6, atol=1e-8)


def test_spend_is_recovered_and_shrunk_towards_the_mean_of_all() -> None:
    rng = np.random.default_rng(3)
    p, q, scale, n = 6.0, 4.0, 15.0, 20_000
    rate = rng.gamma(q, 1 / scale, n)
    count = rng.integers(1, 9, n)
    mean = rng.gamma(p * count, 1 / (rate * count))
    found = fit_gamma_gamma(mean, count.astype(float))
    assert found[0] * found[2] / (found[1] - 1) == pytest.approx(p * scale / (q - 1), rel=0.03)
    spend = ExpectedSpend(Constant(1.0), (0, 1), *found)
    few, many, nobody = spend.predict(np.array([[300.0, 1.0], [300.0, 50.0], [np.nan, 0.0]]))[:, 0]
    assert nobody < few < many < 300


@pytest.mark.skipif(not (CDNOW / "orders.parquet").is_file(), reason="the CDNOW data are not here")
def test_on_cdnow_the_parameters_are_near_those_that_were_published() -> None:
    orders = pd.read_parquet(CDNOW / "orders.parquet")
    orders = orders[orders["ordered_at"] < "1997-10-01"]
    day = orders["ordered_at"].dt.normalize()
    grouped = day.groupby(orders["account_id"])
    first, last, days = grouped.min(), grouped.max(), grouped.nunique()
    age = (pd.Timestamp("1997-09-30") - first).dt.days.to_numpy() / 7
    recency, repeats = (last - first).dt.days.to_numpy() / 7, days.to_numpy() - 1.0
    seen = PurchaseHistories(repeats, recency, age, np.zeros(len(repeats)))
    assert len(repeats) == 23_570
    found = fit_bg_nbd(seen)
    # The sample of a tenth of these accounts gives r .243, alpha 4.41, a .793, b 2.43 and -9582.4 (Fader, Hardie & Lee
    # 2005), and r .525, alpha 6.18, a .891, b 1.61 where an account may stop at once (Batislam et al. 2007).
    assert found.r == pytest.approx(0.243, rel=0.1)
    assert found.alpha == pytest.approx(4.41, rel=0.1)
    best, _ = log_likelihood(found, seen)
    assert best / 10 == pytest.approx(-9582.4, rel=0.02)
    modified = fit_buy_till_you_die(seen, regularities=(1,))
    assert modified.r == pytest.approx(0.525, rel=0.25)
    assert modified.alpha == pytest.approx(6.18, rel=0.25)
    assert log_likelihood(modified, seen)[0] > best


def test_a_pause_of_every_winter_is_no_silence() -> None:
    """Of two accounts that ordered every week in summer, and were silent for 150 days, one did so last winter too."""
    model = ExpectedPurchases(
        columns=(0, 1, 2, 3, 4), span=180.0, k=1, r=0.9, alpha=30.0, a=0.5, b=5.0, stops_at_once=0
    )
    matrix = np.array([[44.0, 700.0, 150.0, pause, 11.0] for pause in (220.0, 0.0)])
    paused, silent = NoPurchase(model).predict(matrix)[:, 0]
    assert paused < 0.05 < 0.9 < silent
    assert np.diff(model.predict(matrix)[:, 0]) < -1
    yearly = np.array([[4.0, 1355.0, 260.0, pause, 365.0] for pause in (365.0, 0.0)])  # its season is 100 days off
    comes, unknown = NoPurchase(model).predict(yearly)[:, 0]
    assert comes < 0.5 * unknown
    without = replace(model, columns=(0, 1, 2))
    np.testing.assert_array_equal(without.predict(matrix)[0], without.predict(matrix)[1])
