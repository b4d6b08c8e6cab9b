"""Effects of several options at once, from lots and from the managers' choices, as shares of an account's size.

For option k, on the trials of arm k and of none, with e(x) the chance of k among these two (known where drawn by lot,
else estimated), m(x) what the account brings without investment (out of fold) and s(x) its size:

    y - m(x) = s(x) [ (1[A=k] - e(x)) (tau(x) + delta 1[chosen]) + c(x) ] + error,   Var(error) ~ s(x)^(2 POWER)

tau, what is sought, is linear in a few terms; c, linear in the same terms, takes up what m leaves; delta is by how much
the managers' choices mislead, on average. Centring on e(x) makes errors of m and of e matter only in their product
(Robinson 1988; Nie & Wager 2021, the R-learner), *provided* that nothing hidden drives both choice and outcome beyond
delta. That lots tell how far choices may be trusted: Kallus, Puli & Shalit 2018.

How far tau may be from zero on average, how far it may differ between accounts, and how large delta may be, are three
variances, the same for all options, weighed by the evidence (marginal likelihood; MacKay 1992): where effects are all
but noise, the noise is not paid for. Every combination on a grid counts as far as it makes the trials likely (Hoeting
et al. 1999), that nothing does anything being one of them; with the likeliest alone a little noise would decide between
investing in many and in hardly any. Estimates are then posterior means, which a plan may pick from without promising
too much, as far as the prior fits.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from features.instants import BoolArray, FloatArray, IntArray

POWER = 0.6
"""The spread of revenue grows with this power of its mean: .64 on the simulator's residuals; between a Poisson's .5 and
a gamma's 1. Larger ones give large accounts, on which most is earned or lost, no weight."""
WITHIN = 2.5
"""Standard deviations: a term counts as no further from its mean than this, in learning and in use."""
MEAN_PRECISIONS = (1.0, 10.0, 30.0, 100.0, 300.0, 1e3)
SLOPE_PRECISIONS = (100.0, 300.0, 1e3, 3e3, 1e4, 3e4, 1e6)
TRUST_PRECISIONS = (3.0, 30.0, 300.0, 1e6)
"""Of the mean effect, of each term's coefficient and of delta: in trials, that is against the error's variance."""
REST_PRECISIONS = (1.0, 30.0)
"""Of c's constant and of its coefficients: m has seen all features already."""


@dataclass(frozen=True)
class Case:
    """One option's trials: of that arm and of none.

    z : shape (n, n_terms), standardised.  beyond : shape (n,), y - m.  exposed : shape (n,), 1 = of the option.
    chance : shape (n,), e.  size : shape (n,).  chosen : shape (n,), not drawn by lot.  account : shape (n,).
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
        """Whether there are lots and choices: only then can delta be told from the effect."""
        return bool(self.chosen.any() and not self.chosen.all())


@dataclass(frozen=True)
class Precisions:
    """The three prior precisions, of the mean effect, of what it differs by, of delta."""

    mean: float
    slopes: float
    trust: float


@dataclass(frozen=True)
class Fitted:
    """tau of one option.

    coefficients : shape (1 + n_terms,), shares of size, the constant first.  covariance : of them, for what trials
        drawn anew (clustered by account) and what the prior leaves open would change.
    delta, delta_error : by how much choices mislead, share of size, if nothing were assumed of it; NaN unless both
        kinds of trials are there.
    """

    coefficients: FloatArray
    covariance: FloatArray
    delta: float
    delta_error: float


@dataclass(frozen=True)
class _System:
    """The weighted least-squares problem of one case, reduced to what solving it takes."""

    rows: FloatArray
    values: FloatArray
    gram: FloatArray
    moments: FloatArray
    squares: float
    noise: float
    n_terms: int
    account: IntArray


def within_reach(z: FloatArray) -> FloatArray:
    """The standardised terms, none further than WITHIN from zero."""
    return np.clip(z, -WITHIN, WITHIN)


def fit_cases(cases: Sequence[Case]) -> tuple[list[Fitted], Precisions]:
    """Every option's effect, averaged over the precisions, and those under which all trials are the likeliest."""
    systems = [_system(case) for case in cases]
    trusts = TRUST_PRECISIONS if any(case.both for case in cases) else TRUST_PRECISIONS[-1:]
    some = [Precisions(*found) for found in product(MEAN_PRECISIONS, SLOPE_PRECISIONS, trusts)]
    none = [Precisions(NO_EFFECT, NO_EFFECT, trust) for trust in trusts]
    grid = [*some, *none]
    before = np.log(np.repeat([(1 - NOTHING) / len(some), NOTHING / len(none)], [len(some), len(none)]))
    evidence = before + np.array([sum(_evidence(system, one) for system in systems) for one in grid])
    weight = np.exp(evidence - evidence.max())
    share = np.where(weight < LEAST_WEIGHT, 0.0, weight) / weight[weight >= LEAST_WEIGHT].sum()
    best = grid[int(evidence.argmax())]
    return [_averaged(system, grid, share, best) for system in systems], best


NOTHING, NO_EFFECT = 0.5, 1e7
"""How likely it is thought beforehand that no option does anything, and the precision that says so. Where investments
do nothing this keeps most accounts from being advised any; where they do, it costs a fiftieth of the value."""
LEAST_WEIGHT = 1e-3
"""Of the likeliest: precisions less likely than this do not count."""


def _averaged(system: _System, grid: Sequence[Precisions], share: FloatArray, best: Precisions) -> Fitted:
    """The posterior means weighed by `share`, with the rest of the likeliest."""
    mean = np.zeros(len(system.moments))
    for one, part in zip(grid, share, strict=True):
        if part > 0:
            mean += part * np.linalg.solve(system.gram + np.diag(_precisions(system.n_terms, one)), system.moments)
    return replace(_solve(system, best), coefficients=mean[: system.n_terms])


def fit_again(cases: Sequence[Case], precisions: Precisions) -> list[Fitted]:
    """The same with precisions that are known already."""
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
    constant, rest = REST_PRECISIONS
    return np.array([prior.mean, *[prior.slopes] * (k - 1), constant, *[rest] * (k - 1), prior.trust])


def _evidence(system: _System, prior: Precisions) -> float:
    """The logarithm of the marginal likelihood, up to a constant (Bishop 2006, equation 3.86)."""
    diagonal = _precisions(system.n_terms, prior)
    inner = system.gram + np.diag(diagonal)
    misfit = system.squares - system.moments @ np.linalg.solve(inner, system.moments)
    spread = np.log(diagonal).sum() - np.linalg.slogdet(inner)[1]
    return float(-0.5 * misfit / system.noise + 0.5 * spread)


def _solve(system: _System, prior: Precisions) -> Fitted:
    k, diagonal = system.n_terms, _precisions(system.n_terms, prior)
    solution, covariance = _posterior(system, diagonal)
    delta, delta_error = float("nan"), float("nan")
    if system.gram[-1, -1] > 0:
        free, spread = _posterior(system, np.append(diagonal[:-1], 1e-9))
        delta, delta_error = float(free[-1]), float(np.sqrt(spread[-1, -1]))
    return Fitted(solution[:k], covariance[:k, :k], delta, delta_error)


def _posterior(system: _System, diagonal: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean and covariance: the sandwich over accounts for the trials' part, the prior's own part beside it."""
    inverse = np.linalg.inv(system.gram + np.diag(diagonal))
    solution = inverse @ system.moments
    residual = (system.values - system.rows @ solution)[:, None] * system.rows
    _, cluster = np.unique(system.account, return_inverse=True)
    summed = np.zeros((cluster.max() + 1, residual.shape[1]))
    np.add.at(summed, cluster, residual)
    middle = summed.T @ summed + system.noise * np.diag(diagonal)
    return solution, inverse @ middle @ inverse
