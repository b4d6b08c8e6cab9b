"""The fitting of buy till you die by maximum likelihood: BG/NBD, and MBG/CNBD-k for regular buyers.

They are baselines and members of the pools. Compare models by expected purchases, never by P(alive).

Sources: Fader, Hardie & Lee (2005), Marketing Science 24(2), equation 6; Batislam, Denizel & Filiztekin (2007) for the
account that stops at once; Reutterer, Platzer & Schroeder (2021) for k > 1; Fader & Hardie (2013) for the spend.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize
from scipy.special import betaln, digamma, gammaln

from features.instants import BoolArray, FloatArray
from training.data.training_task import ABSENT, TrainingTask
from training.model.buy_till_you_die import (
    WITHOUT_PAUSES,
    BuyTillYouDie,
    ExpectedPurchases,
    ExpectedSpend,
    log_factorial,
    purchase_history,
)
from training.once import FITS, digest

REGULARITIES = (1, 2, 3, 4, 6)
"""The k that are tried; the likelihood chooses."""
LARGEST = 12.0
"""Logs of parameters are sought between plus and minus this."""
MOST_ROWS = 3000
"""More rows hardly change four parameters, and the search takes time in proportion."""


@dataclass(frozen=True)
class PurchaseHistories:
    """What the likelihood needs of n accounts that bought, times in any one unit.

    repeats : shape (n,), purchases after the first.
    recency : shape (n,), time from the first to the last.
    age : shape (n,), time since the first.
    log_gaps : shape (n,), the sum of the logarithms of the times between purchases.
    """

    repeats: FloatArray
    recency: FloatArray
    age: FloatArray
    log_gaps: FloatArray

    def scaled(self, unit: float) -> "PurchaseHistories":
        """Return the same with times divided by `unit`."""
        log_gaps = self.log_gaps - self.repeats * np.log(unit)
        return PurchaseHistories(self.repeats, self.recency / unit, self.age / unit, log_gaps)

    def take(self, rows: slice | BoolArray) -> "PurchaseHistories":
        """Return some of the accounts."""
        return PurchaseHistories(self.repeats[rows], self.recency[rows], self.age[rows], self.log_gaps[rows])


def log_likelihood(model: BuyTillYouDie, seen: PurchaseHistories) -> tuple[float, FloatArray]:
    """Sum the log likelihood over the accounts; return it and its slopes in the logs of r, alpha, a and b."""
    k, r, alpha, a, b, x = model.k, model.r, model.alpha, model.a, model.b, seen.repeats
    at_once = float(model.stops_at_once)
    stages, stayed, known = r + k * x, b + x + at_once, alpha + seen.age
    gaps = (k - 1) * seen.log_gaps - x * log_factorial(k - 1) if k > 1 else 0.0
    front = gammaln(stages) - gammaln(r) + r * np.log(alpha) + betaln(a, stayed) - betaln(a, b)
    silence = (seen.age - seen.recency) / known
    tail, by_stages, by_silence = _erlang_tail_with_slopes(stages, silence, k)
    gone = np.full(len(x), -np.inf)
    may = slice(None) if model.stops_at_once else x > 0
    longer = np.log(known) - np.log(alpha + seen.recency)
    gone[may] = np.log(a) - np.log(stayed[may] - 1) + (stages * longer)[may]
    either = np.logaddexp(np.log(tail), gone)
    p_gone = np.exp(gone - either)
    value = float(np.sum(gaps + front - stages * np.log(known) + either))
    in_alpha = r / alpha - stages / known - (1 - p_gone) / tail * by_silence * silence / known
    in_a = digamma(a + b) - digamma(a + stayed)
    slopes = (
        r * (digamma(stages) - digamma(r) + np.log(alpha / known) + (1 - p_gone) / tail * by_stages + p_gone * longer),
        alpha * (in_alpha + p_gone * stages * (1 / known - 1 / (alpha + seen.recency))),
        a * in_a + p_gone,
        b * (in_a + digamma(stayed) - digamma(b)),
    )
    summed = np.array([part.sum() for part in slopes])
    summed[3] -= b * float(np.sum(p_gone[may] / (stayed[may] - 1)))
    return value, summed


def _erlang_tail_with_slopes(
    stages: FloatArray, silence: FloatArray, k: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return `erlang_tail` and its slopes in both, shape (n,) each."""
    term, by_stages, by_silence = np.ones(len(stages)), np.zeros(len(stages)), np.zeros(len(stages))
    sums = [term, by_stages, by_silence]
    for j in range(1, k):
        more = (stages + (j - 1)) / j
        by_stages = (by_stages * more + term / j) * silence
        by_silence = by_silence * more * silence + term * more
        term = term * more * silence
        sums = [total + part for total, part in zip(sums, (term, by_stages, by_silence), strict=True)]
    return sums[0], sums[1], sums[2]


def fit_buy_till_you_die(
    seen: PurchaseHistories, *, regularities: tuple[int, ...] = REGULARITIES, stops_at_once: bool = True
) -> BuyTillYouDie:
    """Fit by maximum likelihood; with BG/NBD as `regularities=(1,), stops_at_once=False`.

    The search (L-BFGS on the logs) begins at one point for every k, and ends with k where the next is no better.
    """
    asked = repr((len(seen.age), regularities, stops_at_once)).encode()
    return FITS.of(
        lambda: digest(seen.repeats, seen.recency, seen.age, seen.log_gaps, asked),
        lambda: _fit_best(seen, regularities, stops_at_once),
    )


def _fit_best(seen: PurchaseHistories, regularities: tuple[int, ...], stops_at_once: bool) -> BuyTillYouDie:
    unit = max(float(seen.age.max()), 1.0) / 40  # times of the order of ten keep the search well scaled
    scaled = seen.scaled(unit)
    best: tuple[float, BuyTillYouDie] | None = None
    for k in regularities:
        found = _fit_one(scaled, k, stops_at_once)
        if best is not None and found[0] <= best[0]:
            break
        best = found
    assert best is not None, "one k at least is tried"
    return replace(best[1], alpha=best[1].alpha * unit)


def fit_bg_nbd(seen: PurchaseHistories) -> BuyTillYouDie:
    """Fit BG/NBD: gaps at random, and nobody stops before the second purchase."""
    return fit_buy_till_you_die(seen, regularities=(1,), stops_at_once=False)


def _fit_one(seen: PurchaseHistories, k: int, stops_at_once: bool) -> tuple[float, BuyTillYouDie]:
    def model(logs: FloatArray) -> BuyTillYouDie:
        r, alpha, a, b = (float(value) for value in np.exp(logs))
        return BuyTillYouDie(k=k, r=r, alpha=alpha, a=a, b=b, stops_at_once=stops_at_once)

    likelihood, logs = _likeliest(lambda logs: log_likelihood(model(logs), seen), np.log([0.5, 5.0 / k, 1.5, 2.0]))
    return likelihood, model(logs)


def _likeliest(
    likelihood: Callable[[FloatArray], tuple[float, FloatArray]], begin: FloatArray
) -> tuple[float, FloatArray]:
    """Return the highest log likelihood and where it is, so exactly that machines agree on it."""

    def loss(logs: FloatArray) -> tuple[float, FloatArray]:
        value, slopes = likelihood(logs)
        return -value, -slopes

    bounds = [(-LARGEST, LARGEST)] * len(begin)
    best = minimize(
        loss, begin, jac=True, method="L-BFGS-B", bounds=bounds, options={"ftol": 1e-15, "gtol": 1e-7}
    )  # fmt: skip
    return -float(best.fun), best.x


def fit_gamma_gamma(mean: FloatArray, purchases: FloatArray) -> tuple[float, float, float]:
    """Fit the spend of a purchase, gamma-gamma, by maximum likelihood; returns p, q and gamma.

    mean : shape (n,), an account's mean revenue per purchase, above zero.
    purchases : shape (n,), how many it is the mean of.
    """
    unit, usual = float(np.median(mean)), mean <= usual_limit(mean)
    m, x = mean[usual] / unit, purchases[usual]

    def likelihood(logs: FloatArray) -> tuple[float, FloatArray]:
        p, q, gamma = np.exp(logs)
        both, spent = p * x + q, np.log(gamma + x * m)
        parts = gammaln(both) - gammaln(p * x) - gammaln(q) + q * np.log(gamma) + (p * x - 1) * np.log(m)
        slopes = (
            p * x * (digamma(both) - digamma(p * x) + np.log(x * m) - spent),
            q * (digamma(both) - digamma(q) + np.log(gamma) - spent),
            q - both * gamma / (gamma + x * m),
        )
        value = float(np.sum(parts + p * x * np.log(x) - both * spent))
        return value, np.array([part.sum() for part in slopes])

    p, q, gamma = (float(value) for value in np.exp(_likeliest(likelihood, np.log([2.0, 3.0, 2.0]))[1]))
    return p, max(q, 1.05), gamma * unit


PAUSES = ("usual_pause_days", "order_gap_mean_730d")
GAPS = ("order_gap_mean_730d", "order_gap_deviation_730d")
SPEND = ("revenue_per_order_day_365d", "order_days_365d")


MOST_DEVIATIONS = 6.0


def usual_limit(amounts: FloatArray) -> float:
    """Return the amount beyond which one is unlike all others, by median and median deviation of their logarithms."""
    logs = np.log(amounts)
    centre = float(np.median(logs))
    deviation = 1.4826 * float(np.median(np.abs(logs - centre)))
    return float(np.exp(centre + MOST_DEVIATIONS * max(deviation, 0.1)))


def purchases_of(task: TrainingTask, purchases: tuple[int, ...]) -> PurchaseHistories | None:
    """Return the purchase histories of a sample of today's accounts; None where fewer than two bought twice.

    The logarithms of an account's gaps are taken from their mean and deviation, as if they were gamma.
    """
    matrix = task.present
    rows = np.flatnonzero(matrix[:, purchases[0]] > 0)
    rows = rows[:: max(1, len(rows) // MOST_ROWS)]
    repeats, recency, age = purchase_history(matrix[rows], purchases)
    if (repeats > 0).sum() < 2:
        return None
    mean, deviation = (task.column(name) for name in GAPS)
    spread = np.zeros(len(rows))
    if ABSENT not in (mean, deviation):
        with np.errstate(divide="ignore", invalid="ignore"):
            spread = np.nan_to_num(matrix[rows, deviation] / matrix[rows, mean], posinf=0.0)
    gap = np.maximum(recency, 1.0) / np.maximum(repeats, 1.0)
    shape = (repeats - 1) / np.maximum(repeats * spread**2, 1e-2)  # one over the squared deviation, without its bias
    shape = np.where((repeats > 1) & (spread > 0), np.clip(shape, 0.1, 100.0), 100.0)
    log_gaps = repeats * (np.log(gap) + np.where(repeats > 1, digamma(shape) - np.log(shape), 0.0))
    return PurchaseHistories(repeats, recency, np.maximum(age, 1.0), log_gaps)


def learn_purchases(task: TrainingTask, *, regular: bool = True) -> ExpectedPurchases | None:
    """Fit MBG/CNBD-k, or BG/NBD, to today's accounts; None where the features that it needs are absent.

    regular : whether gaps may be regular and accounts may stop at once; else BG/NBD.
    """
    columns, pauses = (tuple(task.column(name) for name in names) for names in (WITHOUT_PAUSES, PAUSES))
    known = columns if ABSENT in pauses else (*columns, *pauses)
    seen = None if ABSENT in columns else purchases_of(task, known)
    if seen is None:
        return None
    model = fit_buy_till_you_die(seen) if regular else fit_bg_nbd(seen)
    return ExpectedPurchases(
        columns=known, span=task.span, k=model.k, r=_kept(model.r), alpha=_kept(model.alpha), a=_kept(model.a),
        b=_kept(model.b), stops_at_once=int(model.stops_at_once),
    )  # fmt: skip


def _kept(parameter: float) -> float:
    """Return the digits of a parameter that every machine finds."""
    return float(f"{parameter:.5g}")


def learn_spend(task: TrainingTask, purchases: ExpectedPurchases | None) -> ExpectedSpend | None:
    """Fit the gamma-gamma spend to today's accounts; None where the features that it needs are absent."""
    columns, matrix = tuple(task.column(name) for name in SPEND), task.present
    if purchases is None or ABSENT in columns:
        return None
    mean, days = (np.nan_to_num(matrix[:, column]) for column in columns)
    known = np.flatnonzero((mean > 0) & (days > 0))
    known = known[:: max(1, len(known) // MOST_ROWS)]
    if len(known) < 2:
        return None
    p, q, gamma = fit_gamma_gamma(mean[known], days[known])
    return ExpectedSpend(purchases, columns, _kept(p), _kept(q), _kept(gamma))
