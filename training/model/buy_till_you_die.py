"""Buy till you die: the expected purchases of an account that buys at its own pace until it silently stops.

Gaps between purchases are Erlang-k: k = 1 is buying at random, a larger k is buying regularly. Rates differ over
accounts as a gamma distribution, the probability of stopping after a purchase as a beta distribution. BG/NBD is k = 1
where nobody stops before the second purchase; MBG/CNBD-k lets an account stop after the first purchase too.

Sources: Fader, Hardie & Lee (2005), Marketing Science 24(2), equation 10 (BG/NBD); Reutterer, Platzer & Schroeder
(2021), International Journal of Research in Marketing 38(1) (MBG/CNBD-k, whose conditional expectation is approximate
for k > 1); Fader & Hardie (2013), "The gamma-gamma model of monetary value", equation 5.
"""

from dataclasses import dataclass
from math import lgamma

import numpy as np

from features.instants import BoolArray, FloatArray
from features.ladder.rhythm import PAUSE_SLACK
from training.model.predictors import FLOOR
from training.model.serialization import Predictor, served

SERIES_TERMS = 20_000
"""Most terms of the hypergeometric series; where its argument is near one it needs many."""
TERMS_AT_ONCE = 25
LEAST_TERM = 1e-16
"""Of the sum."""


@dataclass(frozen=True)
class BuyTillYouDie:
    """The parameters of (M)BG/CNBD-k.

    Rates of the Erlang stages are gamma(r, alpha) over accounts, probabilities of stopping after a purchase beta(a, b).

    k : regularity, a whole number.
    stops_at_once : whether an account may stop after its first purchase: MBG; else BG.
    """

    k: int
    r: float
    alpha: float
    a: float
    b: float
    stops_at_once: bool

    def p_alive(self, repeats: FloatArray, recency: FloatArray, age: FloatArray) -> FloatArray:
        """Return the probability that each account still buys, shape (n,); arguments as `expected_purchases` has."""
        stages = self.r + self.k * repeats
        tail = np.maximum(erlang_tail(stages, (age - recency) / (self.alpha + age), self.k), np.finfo(float).tiny)
        stopped = np.log(self.a / (self.b + np.maximum(repeats - 1 + self.stops_at_once, 0))) - np.log(tail)
        stopped = stopped + stages * (np.log(self.alpha + age) - np.log(self.alpha + recency))
        alive: FloatArray = 1.0 / (1.0 + np.exp(np.clip(stopped, -700.0, 700.0)))  # beyond, exp is no number
        return alive if self.stops_at_once else np.where(repeats > 0, alive, 1.0)

    def p_none(self, repeats: FloatArray, recency: FloatArray, age: FloatArray, span: float) -> FloatArray:
        """Return the probability of no purchase in the next `span`, shape (n,); arguments as `expected_purchases` has.

        It is how much likelier the purchases so far and a silence until then are than these and a silence until now.
        """
        stages = self.r + self.k * repeats
        silent = [
            np.exp(-stages * np.log((self.alpha + at) / (self.alpha + recency)))
            * erlang_tail(stages, (at - recency) / (self.alpha + at), self.k)
            for at in (age, age + span)
        ]
        stopped = self.a / (self.b + np.maximum(repeats - 1 + self.stops_at_once, 0))
        if not self.stops_at_once:
            stopped = np.where(repeats > 0, stopped, 0.0)
        chance: FloatArray = (silent[1] + stopped) / (silent[0] + stopped)
        return chance

    def expected_purchases(self, repeats: FloatArray, recency: FloatArray, age: FloatArray, span: float) -> FloatArray:
        """Return the expected purchases in the next `span`, shape (n,).

        repeats : shape (n,), purchases after the first.
        recency : shape (n,), time from the first to the last.
        age : shape (n,), time since the first.

        All times are in the same unit.
        """
        b = self.b + repeats - 1 + self.stops_at_once
        rate, z = self.k * self.alpha + age, span / (self.k * self.alpha + age + span)
        a = self.a if abs(self.a - 1) > SINGULAR else 1 + SINGULAR
        bought, more = self.r + repeats, np.full(len(repeats), a - 1)
        few = bought < more  # Euler's transformation leaves the smaller of the two, with which terms fall fastest
        series = _series(np.where(few, b + 1, a + b - bought), np.where(few, bought, more), a + b, z)
        left = np.exp(np.where(few, bought, more) * (np.log(rate) - np.log(rate + span)))
        expected: FloatArray = (a + b) / (a - 1) * (1 - left * series)
        return np.clip(expected, 0.0, bought * span / rate) * self.p_alive(repeats, recency, age)  # if nobody stopped


SINGULAR = 1e-6
"""The expectation divides by a - 1, and its limit there is continuous."""


def erlang_tail(stages: FloatArray, silence: FloatArray, k: int) -> FloatArray:
    """Return how much likelier k stages make a silence than one stage does: the sum of the paper's S2, shape (n,).

    silence : shape (n,), (age - recency) / (alpha + age).
    """
    total, term = np.ones(len(stages)), np.ones(len(stages))
    for j in range(1, k):
        term = term * (stages + (j - 1)) * silence / j
        total = total + term
    return total


def _series(first: FloatArray, second: FloatArray, third: FloatArray, z: FloatArray) -> FloatArray:
    """Return 2F1(first, second; third; z), shape (n,), row by row the same whatever other rows there are.

    A row is left as soon as its last term no longer counts.
    """
    total, term, rows = np.ones(len(z)), np.ones(len(z)), np.arange(len(z))
    for begin in range(0, SERIES_TERMS, TERMS_AT_ONCE):
        n = np.arange(begin, begin + TERMS_AT_ONCE, dtype=np.float64)
        if not len(rows):
            break
        p, q, c, x = first[rows, None], second[rows, None], third[rows, None], z[rows, None]
        terms = term[rows, None] * np.cumprod((p + n) * (q + n) / ((c + n) * (n + 1)) * x, axis=1)
        total[rows] += np.cumsum(terms, axis=1)[:, -1]
        term[rows] = terms[:, -1]
        rows = rows[np.abs(term[rows]) > LEAST_TERM * np.abs(total[rows])]
    return total


@served
@dataclass(frozen=True)
class ExpectedPurchases:
    """The expected order days over a horizon by buy till you die; nothing of an account that never ordered.

    columns : positions of order_days_total, days_since_first_order and days_since_order_day; and,
        of models that know pauses, of usual_pause_days and order_gap_mean_730d.
    span : days of the horizon.
    k, r, alpha, a, b, stops_at_once : as `BuyTillYouDie` has them, times in days.
    """

    columns: tuple[int, ...]
    span: float
    k: int
    r: float
    alpha: float
    a: float
    b: float
    stops_at_once: int

    @property
    def model(self) -> BuyTillYouDie:
        """Return the parameters."""
        return BuyTillYouDie(
            k=self.k, r=self.r, alpha=self.alpha, a=self.a, b=self.b, stops_at_once=bool(self.stops_at_once)
        )

    def predict(self, matrix: FloatArray) -> FloatArray:
        """Return expected order days, shape (n, 1)."""
        repeats, recency, age = purchase_history(matrix, self.columns)
        with np.errstate(all="ignore"):
            expected = self.model.expected_purchases(repeats, recency, np.maximum(age, 1.0), self.span)
        bought: BoolArray = matrix[:, self.columns[0]] > 0
        return np.where(bought, np.nan_to_num(expected, posinf=0.0), 0.0)[:, None]


@served
@dataclass(frozen=True)
class NoPurchase:
    """The probability of no order day over the horizon by buy till you die; almost one where none was ever."""

    purchases: Predictor

    def predict(self, matrix: FloatArray) -> FloatArray:
        """Return probabilities, shape (n, 1)."""
        of = self.purchases
        assert isinstance(of, ExpectedPurchases), "written by `learn_silence`"
        repeats, recency, age = purchase_history(matrix, of.columns)
        age = np.maximum(age, 1.0)
        chance = of.model.p_none(repeats, recency, age, of.span)
        season = _season_comes(matrix, of.columns, of.span)
        chance = np.where(season, np.minimum(chance, 1.0 - of.model.p_alive(repeats, recency, age)), chance)
        bought: BoolArray = matrix[:, of.columns[0]] > 0
        return np.clip(np.where(bought, chance, 1.0), FLOOR, 1 - FLOOR)[:, None]


def purchase_history(matrix: FloatArray, columns: tuple[int, ...]) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return repeats, recency and age (days) of every row, shape (n,) each; columns as `ExpectedPurchases` has.

    Buy till you die knows no seasons: a silence that is a pause of every year counts as one usual gap.
    """
    total, age, since = (np.nan_to_num(matrix[:, column]) for column in columns[:3])
    if len(columns) > len(WITHOUT_PAUSES):
        pause, gap = (np.nan_to_num(matrix[:, column]) for column in columns[3:])
        since = np.where(in_pause(since, pause, gap), np.minimum(since, gap), since)
    return np.maximum(total - 1, 0.0), np.maximum(age - since, 0.0), age


def _season_comes(matrix: FloatArray, columns: tuple[int, ...], span: float) -> BoolArray:
    """Return where a pause of every year ends within the next `span` days: who is still there then orders."""
    if len(columns) == len(WITHOUT_PAUSES):
        return np.zeros(len(matrix), bool)
    since, pause, gap = (np.nan_to_num(matrix[:, column]) for column in columns[2:])
    left = PAUSE_SLACK * pause - since
    seasonal = (pause > 0) & ((pause > OUT_OF_PACE * gap) | (pause <= YEARLY * gap))
    comes: BoolArray = seasonal & (left >= 0) & (left <= span)
    return comes


WITHOUT_PAUSES = ("order_days_total", "days_since_first_order", "days_since_order_day")


def in_pause(silence: FloatArray, pause: FloatArray, gap: FloatArray) -> BoolArray:
    """Return where a silence is longer than the mean gap and no longer than a usual pause may be, shape (n,).

    Only a pause that is out of the account's own pace is one: among irregular gaps a long one is chance.
    """
    within: BoolArray = (pause > OUT_OF_PACE * gap) & (silence > gap) & (silence <= PAUSE_SLACK * pause)
    return within


OUT_OF_PACE = 4.0
"""How many mean gaps a pause lasts."""
YEARLY = 1.25
"""A pause of no more mean gaps than this is the account's usual gap."""


@served
@dataclass(frozen=True)
class Logged:
    """A predictor on the logarithm of another one's value, the only column that it sees.

    floor : values below it count as it.
    """

    of: Predictor
    then: Predictor
    floor: float

    def predict(self, matrix: FloatArray) -> FloatArray:
        """Return what `then` predicts, shape (n, k)."""
        return self.then.predict(np.log(np.maximum(self.of.predict(matrix), self.floor)))


@served
@dataclass(frozen=True)
class ExpectedSpend:
    """Expected order days times the expected revenue of one, which is gamma-gamma.

    columns : positions of revenue_per_order_day_365d and order_days_365d.
    p, q, gamma : the parameters; an account's mean is shrunk towards that of all by the number of its order days.
    """

    purchases: Predictor
    columns: tuple[int, ...]
    p: float
    q: float
    gamma: float

    def predict(self, matrix: FloatArray) -> FloatArray:
        """Return the expected revenue, shape (n, 1), money."""
        mean, days = (np.nan_to_num(matrix[:, column]) for column in self.columns)
        days = np.where(mean > 0, days, 0.0)
        spend = self.p * (self.gamma + days * np.maximum(mean, 0.0)) / (self.p * days + self.q - 1)
        return self.purchases.predict(matrix) * spend[:, None]


def log_factorial(n: int) -> float:
    """Return log n!."""
    return lgamma(n + 1)
