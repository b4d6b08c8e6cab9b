"""The R-learner: effects of several options at once, from randomised and observational trials, by the account's size.

For option k, on the trials of arm k and of none, with e(x) the probability of k among these two (known where
randomised, else estimated), m(x) the expected outcome without investment (out of fold) and s(x) the account's size:

    y - m(x) = s(x) [ (1[A=k] - e(x)) (tau(x) + delta 1[chosen]) + c(x) ] + error,   Var(error) ~ s(x)^(2 p)

tau, the effect as a share of size, is linear in a few terms; delta is the average bias of the observational trials;
c, linear in the same terms, takes up what m leaves. Centring on e(x) makes errors of m and of e matter only in their
product, *provided* that nothing hidden drives both choice and outcome beyond delta.

A few outcomes far above all others would drown every effect. They are cut off (winsorised) in both arms alike, and the
effect on the rest is taken to be, share for share, that on the whole: it is divided by the rest's share of the
unexposed accounts' outcomes.

How far tau may be from zero on average, how far it may differ between accounts, and how large delta may be, are three
variances, the same for all options, weighted by the evidence (marginal likelihood). Where effects are almost all noise,
they are shrunk; where the two kinds of trials disagree by more than their noise, choices count less, by degrees. Every
combination on a grid counts as far as it makes the trials likely, and so does the hypothesis of no effect at all; with
the likeliest combination alone, a little noise would decide between investing in many accounts and in hardly any.
Estimates are then posterior means, from which a plan may pick without promising too much, as far as the prior fits.
The trials of an account overlap, and some accounts vary more than others, so the trials know less than as many
independent ones: the likelihood counts them for as few as the variance of the coefficients by accounts says. Without
it estimates differed more between accounts than the truth, and the best of them promised too much.
Effects by number, whatever the size, and by its square root were tried as further forms, weighed by evidence: over the
families of suppliers they cost half of the value, since the many small accounts decide what fits.

Source: Robinson (1988); Nie & Wager (2021), the R-learner; Kallus, Puli & Shalit (2018), randomised trials that tell
how far observational ones may be trusted; MacKay (1992), evidence; Hoeting et al. (1999), model averaging; Ribatet,
Cooley & Davison (2012), likelihoods of dependent data that are made smaller.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from features.instants import BoolArray, FloatArray, IntArray

POWER = 0.6
"""The power p of its mean with which the standard deviation of revenue grows: by date, and where few trials tell."""
POWERS = (0.5, 0.8)
"""Its limits: a Poisson's, and near a gamma's. With larger powers large accounts, on which most is earned or lost, have
no weight."""
TELLS, GROUPS = 500, 10
"""Unexposed trials from which on they tell the power, and groups that the larger half of them is put into."""
WITHIN = 2.5
"""Standard deviations at which a term is cut off, in learning and in use."""
MEAN_PRECISIONS = (1.0, 10.0, 30.0, 100.0, 300.0, 1e3)
SLOPE_PRECISIONS = (100.0, 300.0, 1e3, 3e3, 1e4, 3e4, 1e6)
TRUST_PRECISIONS = (3.0, 30.0, 300.0, 1e6)
"""Prior precisions of the mean effect, of each term's coefficient and of delta, in trials (relative to the error's)."""
CUT_AT = 3.0
"""Robust standard deviations beyond which outcomes are cut off: 2 in 100, which hold three fifths of the variance."""
LEAST_SIZE = 0.05
"""Of the mean size; smaller accounts do not tell what deviation is usual."""
LARGEST_CUT = 0.5
"""The largest share of all outcomes that may lie in what is cut off."""
RESIDUAL_PRECISIONS = (1.0, 30.0)
"""Prior precisions of c's constant and of its coefficients: m has used all features already."""


@dataclass(frozen=True)
class Case:
    """The trials of one option: of its arm and of none.

    z : shape (n, n_terms), standardised.
    beyond : shape (n,), y - m.
    exposed : shape (n,), 1 = of the option.
    chance : shape (n,), e.
    size : shape (n,).
    chosen : shape (n,), whether the trial is observational.
    account : shape (n,).
    weight : shape (n,), of the rows; all weigh the same by default.
    amounts : whether the outcome is an amount, whose tail is cut off.
    """

    z: FloatArray
    beyond: FloatArray
    exposed: FloatArray
    chance: FloatArray
    size: FloatArray
    chosen: BoolArray
    account: IntArray
    weight: FloatArray | None = None
    amounts: bool = True

    @property
    def weights(self) -> FloatArray:
        """Return the weight of every row, shape (n,), of mean one."""
        return np.ones(len(self.size)) if self.weight is None else self.weight / self.weight.mean()

    @property
    def both(self) -> bool:
        """Return whether there are randomised and observational trials: only then can delta be told from the effect."""
        return bool(self.chosen.any() and not self.chosen.all())


@dataclass(frozen=True)
class Precisions:
    """The three prior precisions: of the mean effect, of its differences, and of delta."""

    mean: float
    slopes: float
    trust: float


@dataclass(frozen=True)
class FittedEffect:
    """The effect tau of one option.

    coefficients : shape (1 + n_terms,), shares of size, the constant first.
    covariance : of the coefficients, from resampling trials (clustered by account) and from what the prior leaves open.
    delta, delta_error : the bias of the observational trials, share of size, estimated without a prior on it; NaN
        unless both kinds of trials are there.
    """

    coefficients: FloatArray
    covariance: FloatArray
    delta: float
    delta_error: float

    def design(self, z: FloatArray, size: FloatArray) -> FloatArray:
        """Return the columns that the coefficients multiply, money per coefficient, shape (n, 1 + n_terms).

        z : shape (n, n_terms), standardised.
        size : shape (n,).
        """
        return size[:, None] * within_design(z)


@dataclass(frozen=True)
class _System:
    """The weighted least-squares problem of one case, reduced to what is needed to solve it."""

    rows: FloatArray
    values: FloatArray
    gram: FloatArray
    moments: FloatArray
    squares: float
    noise: float
    n_terms: int
    account: IntArray


def within_reach(z: FloatArray) -> FloatArray:
    """Cut the standardised terms off at WITHIN from zero."""
    return np.clip(z, -WITHIN, WITHIN)


def within_design(z: FloatArray) -> FloatArray:
    """Return one and the terms cut off, shape (n, 1 + n_terms)."""
    return np.column_stack([np.ones(len(z)), within_reach(z)])


def fit_cases(cases: Sequence[Case]) -> list[tuple[FittedEffect, FittedEffect]]:
    """Fit every option's effect; return for each the one averaged over all precisions, and the almost unshrunk one.

    The covariance of both is that of the almost unshrunk one: what is not known of accounts like it.
    """
    systems = [_system(case) for case in cases]
    trusts = TRUST_PRECISIONS if any(case.both for case in cases) else TRUST_PRECISIONS[-1:]
    grid_with_effects = [Precisions(*point) for point in product(MEAN_PRECISIONS, SLOPE_PRECISIONS, trusts)]
    grid_without = [Precisions(NO_EFFECT_PRECISION, NO_EFFECT_PRECISION, trust) for trust in trusts]
    grid = [*grid_with_effects, *grid_without]
    p_each = [(1 - P_NO_EFFECT) / len(grid_with_effects), P_NO_EFFECT / len(grid_without)]
    before = np.log(np.repeat(p_each, [len(grid_with_effects), len(grid_without)]))
    evidence = before + np.array([sum(_evidence(system, precisions) for system in systems) for precisions in grid])
    weight = np.exp(evidence - evidence.max())
    share = np.where(weight < MIN_WEIGHT, 0.0, weight) / weight[weight >= MIN_WEIGHT].sum()
    slopes = min(LOOSE.slopes, grid[int(evidence.argmax())].slopes)
    p_trust = {trust: float(share[[p.trust == trust for p in grid]].sum()) for trust in trusts}
    fitted = []
    for system in systems:
        unshrunk = _unshrunk(system, p_trust, slopes)
        fitted.append((replace(unshrunk, coefficients=_mean_over(system, grid, share)), unshrunk))
    return fitted


P_NO_EFFECT, NO_EFFECT_PRECISION = 0.2, 1e7
"""The prior probability that no option has an effect, and the precision that says so. Where investments do nothing,
this keeps most accounts from being recommended any."""
MIN_WEIGHT = 1e-3
"""Precisions whose likelihood is below this share of the highest do not count."""
LOOSE = Precisions(1.0, 300.0, 1e6)
"""Almost no prior: what the trials themselves say, and with what certainty."""


def _mean_over(system: _System, grid: Sequence[Precisions], share: FloatArray) -> FloatArray:
    """Return the posterior mean of tau, averaged over the grid by `share`."""
    mean = np.zeros(system.n_terms)
    for precisions, part in zip(grid, share, strict=True):
        if part > 0:
            inner = system.gram + np.diag(_precisions(system.n_terms, precisions))
            mean += part * np.linalg.solve(inner, system.moments)[: system.n_terms]
    return mean


def _unshrunk(system: _System, p_trust: Mapping[float, float], slopes: float) -> FittedEffect:
    """Return the almost unshrunk effect, over how far choices are trusted: mean and covariance of a mixture."""
    parts = [(p, _solve(system, Precisions(LOOSE.mean, slopes, trust))) for trust, p in p_trust.items() if p > 0]
    mean = np.sum([p * found.coefficients for p, found in parts], axis=0)
    spread = np.zeros((len(mean), len(mean)))
    for p, found in parts:
        apart = found.coefficients - mean
        spread += p * (found.covariance + np.outer(apart, apart))
    return replace(max(parts, key=lambda part: part[0])[1], coefficients=mean, covariance=spread)


def refit(cases: Sequence[Case], precisions: Precisions) -> list[FittedEffect]:
    """Fit every option's effect with known precisions."""
    return [_solve(_system(case), precisions) for case in cases]


def _system(case: Case) -> _System:
    terms = within_design(case.z)
    apart = case.exposed - case.chance
    treated = (apart * case.size)[:, None] * terms
    delta = (apart * case.size * case.chosen * case.both)[:, None]
    weight = case.size ** (-2 * spread_power(case))
    root = np.sqrt(weight / np.mean(weight * case.size**2))
    values, kept = _without_tail(case, case.beyond * root)
    root, values = root * np.sqrt(case.weights), values * np.sqrt(case.weights)
    rows = np.hstack([kept * treated, case.size[:, None] * terms, kept * delta]) * root[:, None]
    noise, repeated = _noise(rows, values, case.account, terms.shape[1])
    rows, values = rows / np.sqrt(repeated), values / np.sqrt(repeated)
    return _System(
        rows=rows,
        values=values,
        gram=rows.T @ rows,
        moments=rows.T @ values,
        squares=float(values @ values),
        noise=noise,
        n_terms=terms.shape[1],
        account=case.account,
    )


def spread_power(case: Case) -> float:
    """Return the power of the size with which the spread of the outcome grows, as the unexposed trials have it.

    It is the slope of the logarithm of the median deviation on that of the size, by tenths of the larger half: medians,
    since a few orders far above all others say nothing of it, and the larger half, since most of the smaller accounts
    bring nothing, and so deviate by their size; of it, those of some size.
    """
    free = (case.exposed == 0) & case.amounts
    size, apart = case.size[free], np.abs(case.beyond[free])
    if len(size) < TELLS:
        return POWER
    larger = np.argsort(size, kind="stable")[len(size) // 2 :]
    larger = larger[size[larger] >= LEAST_SIZE * size.mean()]
    if len(larger) < TELLS // 4:
        return POWER
    groups = np.array_split(larger, GROUPS)
    sizes, spreads = (np.array([np.median(values[rows]) for rows in groups]) for values in (size, apart))
    if sizes[-1] <= 2 * sizes[0] or not spreads.all():
        return POWER
    return float(np.clip(np.polyfit(np.log(sizes), np.log(spreads), 1)[0], *POWERS))


def _noise(rows: FloatArray, values: FloatArray, account: IntArray, n_terms: int) -> tuple[float, float]:
    """Return the error's variance, and for how many independent trials the trials count too many for one.

    The second is how much larger the variances of tau's coefficients are by accounts than by trials, on average, and
    one at least.
    """
    inverse = np.linalg.inv(rows.T @ rows + np.diag(_precisions(n_terms, LOOSE)))
    residual = values - rows @ (inverse @ (rows.T @ values))
    noise = max(float(np.mean(residual**2)), 1e-12)
    by_account = np.diag(inverse @ summed_by_account(residual[:, None] * rows, account) @ inverse)[:n_terms]
    by_trial = noise * np.diag(inverse @ (rows.T @ rows) @ inverse)[:n_terms]
    return noise, max(float(np.mean(by_account / np.maximum(by_trial, 1e-300))), 1.0)


def summed_by_account(scores: FloatArray, account: IntArray) -> FloatArray:
    """Return the sum over accounts of the outer product of each account's summed scores."""
    _, cluster = np.unique(account, return_inverse=True)
    summed = np.zeros((cluster.max() + 1, scores.shape[1]))
    np.add.at(summed, cluster, scores)
    return summed.T @ summed


def _without_tail(case: Case, values: FloatArray) -> tuple[FloatArray, float]:
    """Return the standardised residuals cut off above, and the share of the outcomes that is left, 0 .. 1.

    Below nothing is cut: an account that left is no slip of the pen. What is usual is told by accounts of some size:
    where most have fallen silent, what deviates from them is every account that still orders.
    """
    usual = values[case.size >= LEAST_SIZE * case.size.mean()] if case.amounts else values
    limit = CUT_AT * 1.4826 * float(np.median(np.abs(usual - np.median(usual))))
    free = case.exposed == 0
    outcome, cut = np.maximum(case.size + case.beyond, 0.0), (values > limit) & free
    if not case.amounts or limit <= 0 or not outcome[free].any():
        return values, 1.0
    return np.minimum(values, limit), 1.0 - min(float(outcome[cut].sum() / outcome[free].sum()), LARGEST_CUT)


def _precisions(k: int, prior: Precisions) -> FloatArray:
    constant, rest = RESIDUAL_PRECISIONS
    return np.array([prior.mean, *[prior.slopes] * (k - 1), constant, *[rest] * (k - 1), prior.trust])


def _evidence(system: _System, prior: Precisions) -> float:
    """Return the logarithm of the marginal likelihood, up to a constant.

    Source: Bishop (2006), equation 3.86.
    """
    diagonal = _precisions(system.n_terms, prior)
    inner = system.gram + np.diag(diagonal)
    misfit = system.squares - system.moments @ np.linalg.solve(inner, system.moments)
    spread = np.log(diagonal).sum() - np.linalg.slogdet(inner)[1]
    return float(-0.5 * misfit / system.noise + 0.5 * spread)


def _solve(system: _System, prior: Precisions) -> FittedEffect:
    k, diagonal = system.n_terms, _precisions(system.n_terms, prior)
    solution, covariance = _posterior(system, diagonal)
    delta, delta_error, at = float("nan"), float("nan"), 2 * k
    if system.gram[at, at] > 0:
        free, spread = _posterior(system, np.append(diagonal[:-1], 1e-9))
        delta, delta_error = float(free[at]), float(np.sqrt(spread[at, at]))
    return FittedEffect(solution[:k], covariance[:k, :k], delta, delta_error)


def _posterior(system: _System, diagonal: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return mean and covariance: the sandwich over accounts for the trials, and the prior's own share."""
    inverse = np.linalg.inv(system.gram + np.diag(diagonal))
    solution = inverse @ system.moments
    scores = (system.values - system.rows @ solution)[:, None] * system.rows
    middle = summed_by_account(scores, system.account) + system.noise * np.diag(diagonal)
    return solution, inverse @ middle @ inverse
