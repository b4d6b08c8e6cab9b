"""The R-learner: effects of several options at once, from randomised and observational trials, as shares of size.

For option k, on the trials of arm k and of none, with e(x) the probability of k among these two (known where
randomised, else estimated), m(x) the expected outcome without investment (out of fold) and s(x) the account's size:

    y - m(x) = s(x) [ (1[A=k] - e(x)) (tau(x) + delta 1[chosen]) + c(x) ] + error,   Var(error) ~ s(x)^(2 POWER)

tau, the effect, is linear in a few terms; c, linear in the same terms, takes up what m leaves; delta is the average
bias of the observational trials. Centring on e(x) makes errors of m and of e matter only in their product, *provided*
that nothing hidden drives both choice and outcome beyond delta.

How far tau may be from zero on average, how far it may differ between accounts, and how large delta may be, are three
variances, the same for all options, weighted by the evidence (marginal likelihood): where effects are almost all noise,
they are shrunk. Every combination on a grid counts as far as it makes the trials likely, and so does the hypothesis of
no effect at all; with the likeliest combination alone, a little noise would decide between investing in many accounts
and in hardly any. Estimates are then posterior means, from which a plan may pick without promising too much, as far as
the prior fits.

Source: Robinson (1988); Nie & Wager (2021), the R-learner; Kallus, Puli & Shalit (2018), randomised trials that tell
how far observational ones may be trusted; MacKay (1992), evidence; Hoeting et al. (1999), model averaging.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from features.instants import BoolArray, FloatArray, IntArray

POWER = 0.6
"""The standard deviation of revenue grows with this power of its mean: .64 on the simulator's residuals, between a
Poisson's .5 and a gamma's 1. Larger powers give no weight to large accounts, on which most is earned or lost."""
WITHIN = 2.5
"""Standard deviations at which a term is cut off, in learning and in use."""
MEAN_PRECISIONS = (1.0, 10.0, 30.0, 100.0, 300.0, 1e3)
SLOPE_PRECISIONS = (100.0, 300.0, 1e3, 3e3, 1e4, 3e4, 1e6)
TRUST_PRECISIONS = (3.0, 30.0, 300.0, 1e6)
"""Prior precisions of the mean effect, of each term's coefficient and of delta, in trials (relative to the error's)."""
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
    """

    z: FloatArray
    beyond: FloatArray
    exposed: FloatArray
    chance: FloatArray
    size: FloatArray
    chosen: BoolArray
    account: IntArray

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


def fit_cases(cases: Sequence[Case]) -> tuple[list[FittedEffect], Precisions]:
    """Fit every option's effect, averaged over the precisions, and return the likeliest precisions."""
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
    best = grid[int(evidence.argmax())]
    return [_averaged(system, grid, share, best) for system in systems], best


P_NO_EFFECT, NO_EFFECT_PRECISION = 0.5, 1e7
"""The prior probability that no option has an effect, and the precision that says so. Where investments do nothing,
this keeps most accounts from being recommended any; where they do, it costs a fiftieth of the value."""
MIN_WEIGHT = 1e-3
"""Precisions whose likelihood is below this share of the highest do not count."""


def _averaged(system: _System, grid: Sequence[Precisions], share: FloatArray, best: Precisions) -> FittedEffect:
    """Return the posterior mean averaged by `share`, with the covariance and delta of the likeliest precisions."""
    mean = np.zeros(len(system.moments))
    for precisions, part in zip(grid, share, strict=True):
        if part > 0:
            mean += part * np.linalg.solve(
                system.gram + np.diag(_precisions(system.n_terms, precisions)), system.moments
            )
    return replace(_solve(system, best), coefficients=mean[: system.n_terms])


def refit(cases: Sequence[Case], precisions: Precisions) -> list[FittedEffect]:
    """Fit every option's effect with known precisions."""
    return [_solve(_system(case), precisions) for case in cases]


def _system(case: Case) -> _System:
    terms = np.column_stack([np.ones(len(case.z)), within_reach(case.z)])
    treated = (case.exposed - case.chance) * case.size
    delta = (treated * case.chosen * case.both)[:, None]
    weight = case.size ** (-2 * POWER)
    root = np.sqrt(weight / np.mean(weight * case.size**2))[:, None]
    rows = np.hstack([treated[:, None] * terms, case.size[:, None] * terms, delta]) * root
    values = case.beyond * root[:, 0]
    gram, moments = rows.T @ rows, rows.T @ values
    loose = Precisions(MEAN_PRECISIONS[0], SLOPE_PRECISIONS[1], TRUST_PRECISIONS[-1])
    first = np.linalg.solve(gram + np.diag(_precisions(terms.shape[1], loose)), moments)
    noise = max(float(np.mean((values - rows @ first) ** 2)), 1e-12)
    return _System(
        rows=rows,
        values=values,
        gram=gram,
        moments=moments,
        squares=float(values @ values),
        noise=noise,
        n_terms=terms.shape[1],
        account=case.account,
    )


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
    delta, delta_error = float("nan"), float("nan")
    if system.gram[-1, -1] > 0:
        free, spread = _posterior(system, np.append(diagonal[:-1], 1e-9))
        delta, delta_error = float(free[-1]), float(np.sqrt(spread[-1, -1]))
    return FittedEffect(solution[:k], covariance[:k, :k], delta, delta_error)


def _posterior(system: _System, diagonal: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return mean and covariance: the sandwich over accounts for the trials, and the prior's own share."""
    inverse = np.linalg.inv(system.gram + np.diag(diagonal))
    solution = inverse @ system.moments
    residual = (system.values - system.rows @ solution)[:, None] * system.rows
    _, cluster = np.unique(system.account, return_inverse=True)
    summed = np.zeros((cluster.max() + 1, residual.shape[1]))
    np.add.at(summed, cluster, residual)
    middle = summed.T @ summed + system.noise * np.diag(diagonal)
    return solution, inverse @ middle @ inverse
