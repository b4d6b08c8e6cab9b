"""Drift: columns that moved farther than chance and the usual change explain.

The unit is the account. Three questions are asked of every column, feature or score, and drift is what all three say:

1. *Is it more than chance?* Two-sample Kolmogorov-Smirnov distance, with the missing as one more value below all
   others, so that a column that empties is seen; columns of few values by total variation and chi-square.
   *Conservative*: the same accounts stand at both instants, and the tests take them for two samples.
2. *Is it more than usual?* Accounts grow older and seasons differ, so that with enough accounts everything differs from
   half a year ago. The same distance between earlier pairs of instants, as far apart, says what is usual. The two are
   compared by a moderated t statistic: with a handful of pairs a column's own spread is unreliable, so it
   is drawn towards that of all columns as far as the data say that they are alike (Smyth 2004, equations of section 4
   and 6.2). A trend that was always there is usual, and therefore no drift.
3. *Is it large enough to matter?* The distance less the usual one, a share of the accounts.

The p-value of a column is the larger of the first two (both nulls must fall: an intersection-union test; Berger 1982),
held to a false-discovery rate over all columns (Benjamini & Hochberg 1995). With fewer than two earlier pairs nothing
is known of the usual, and nothing is called drift: distances are shown all the same.

*Dangerous* to read as harm: what drifts need not matter to the model, and what harms it need not drift (a changed
meaning leaves every feature where it was). `training.monitoring.realised_performance` is the judge of harm.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import digamma, kolmogorov, polygamma
from scipy.stats import chi2, false_discovery_control
from scipy.stats import t as student

from features.instants import FloatArray

FEW = 10
"""Distinct values up to which a column is compared value by value."""
LEAST_EXPECTED = 5
"""Accounts expected in a cell of a chi-square test; rarer values are put together (Cochran 1954)."""
PSI_BINS = 10


@dataclass(frozen=True)
class Distance:
    """How far two samples of one column lie apart.

    value : 0 .. 1, the share of accounts that would have to move.  by_chance : what chance alone gives, in the mean.
    p : of chance giving so much.
    """

    value: float
    by_chance: float
    p: float


@dataclass(frozen=True)
class Drift:
    """One column at two instants.

    kind : feature or score.  distance, by_chance : as of Distance.  usual : mean distance of earlier pairs, None where
        there are none.  p_chance, p_usual : of the two questions, p_usual None where fewer than two pairs are there.
    q : of both together, adjusted over all columns; None where p_usual is.
    psi : population stability index (Siddiqi 2006), shown because people know it; nothing is decided on it.
    missing_before, missing : shares.  median_before, median : of the known values, NaN where none is.
    weight : share of the model's weight that lies on it, 0 for scores.
    """

    name: str
    kind: str
    distance: float
    by_chance: float
    usual: float | None
    p_chance: float
    p_usual: float | None
    q: float | None
    psi: float
    missing_before: float
    missing: float
    median_before: float
    median: float
    weight: float
    drifted: bool


def find_drift(
    kinds: Mapping[str, str], instants: Sequence[Mapping[str, FloatArray]], pairs: Sequence[tuple[int, int]],
    *, weights: Mapping[str, float], level: float, least_effect: float,
) -> tuple[Drift, ...]:  # fmt: skip
    """Return every column that varies at all, the farthest beyond the usual first.

    kinds : column -> feature or score.  instants : column -> shape (n_accounts_then,), NaN = missing.
    pairs : positions in `instants`, the pair in question first, then earlier ones.
    """
    names, found = [], []
    for name in kinds:
        columns = [instant[name] for instant in instants]
        values = np.unique(np.concatenate([np.unique(column[~np.isnan(column)]) for column in columns]))
        if len(values) + any(np.isnan(column).any() for column in columns) > 1:
            few = len(values) <= FEW
            names.append(name)
            found.append([distance(columns[a], columns[b], few) for a, b in pairs])
    if not names:
        return ()
    now = [row[0] for row in found]
    usual = [float(np.mean([one.value for one in row[1:]])) if len(row) > 1 else None for row in found]
    p_usual = _beyond_usual(found) if len(pairs) > 2 else None
    q = None if p_usual is None else false_discovery_control(np.maximum([one.p for one in now], p_usual))
    drifts = []
    for k, name in enumerate(names):
        before, after = (instants[at][name] for at in pairs[0])
        normal, own_q = usual[k], None if q is None else float(q[k])
        beyond = normal is not None and now[k].value - normal >= least_effect
        drifts.append(Drift(
            name=name, kind=kinds[name], distance=now[k].value, by_chance=now[k].by_chance, usual=normal,
            p_chance=now[k].p, p_usual=None if p_usual is None else float(p_usual[k]), q=own_q,
            psi=stability_index(before, after), missing_before=_missing(before), missing=_missing(after),
            median_before=_median(before), median=_median(after), weight=weights.get(name, 0.0),
            drifted=own_q is not None and own_q <= level and beyond,
        ))  # fmt: skip
    return tuple(sorted(drifts, key=lambda one: (not one.drifted, (one.usual or 0.0) - one.distance, one.name)))


def distance(before: FloatArray, after: FloatArray, few: bool) -> Distance:
    """Return the distance of two samples of a column, NaN = missing.  few : compare value by value, not by order.

    >>> distance(np.array([1.0, 2, 3, 4]), np.array([3.0, 4, np.nan, np.nan]), False).value
    0.5
    """
    n, m = len(before), len(after)
    if not n or not m:
        return Distance(0.0, 1.0, 1.0)
    left, right = (np.sort(np.where(np.isnan(one), -np.inf, one)) for one in (before, after))
    values = np.unique(np.concatenate([left, right]))
    below, above = (np.searchsorted(one, values, side="right") for one in (left, right))
    if few:
        return _by_value(np.diff(below, prepend=0), np.diff(above, prepend=0))
    apart = float(np.abs(below / n - above / m).max())
    effective = np.sqrt(n * m / (n + m))
    # the mean of Kolmogorov's law is sqrt(pi / 2) ln 2; the correction is Stephens 1970
    p = float(kolmogorov((effective + 0.12 + 0.11 / effective) * apart))
    return Distance(apart, float(np.sqrt(np.pi / 2) * np.log(2) / effective), p)


def _by_value(before: FloatArray, after: FloatArray) -> Distance:
    n, m = before.sum(), after.sum()
    share = (before + after) / (n + m)
    apart = 0.5 * float(np.abs(before / n - after / m).sum())
    by_chance = 0.5 * float(np.sqrt(2 / np.pi * share * (1 - share) * (1 / n + 1 / m)).sum())
    rare = share * min(n, m) < LEAST_EXPECTED
    cells = [np.concatenate([one[~rare], [one[rare].sum()]]) if rare.any() else one for one in (before, after)]
    whole = cells[0] + cells[1]
    kept = whole > 0
    if kept.sum() < 2:
        return Distance(apart, by_chance, 1.0)
    statistic = sum(
        float(((cell - whole * size / (n + m))[kept] ** 2 / (whole * size / (n + m))[kept]).sum())
        for cell, size in zip(cells, (n, m), strict=True)
    )
    return Distance(apart, by_chance, float(chi2.sf(statistic, kept.sum() - 1)))


def _beyond_usual(found: Sequence[Sequence[Distance]]) -> FloatArray:
    """Return one-sided p-values of each column's first distance among its earlier ones, shape (n_columns,).

    On distances as they are: logarithms or roots make their spread more even but hide the large ones, and found less on
    the few worlds with planted changes that were tried, at no fewer false alarms.
    """
    values = np.array([[one.value for one in row] for row in found])
    earlier, pairs = values[:, 1:], values.shape[1] - 1
    variance, degrees = moderated(earlier.var(axis=1, ddof=1), pairs - 1)
    error = np.sqrt(variance * (1 + 1 / pairs))
    excess = values[:, 0] - earlier.mean(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(error > 0, excess / error, np.where(excess > 0, np.inf, 0.0))
    p: FloatArray = student.sf(t, min(degrees, 1e6))
    return p


def moderated(variance: FloatArray, degrees: int) -> tuple[FloatArray, float]:
    """Return variances shrunk towards their common one, and the degrees of freedom that they then have.

    Smyth 2004, section 6.2: log variances are of a scaled F law, whose prior degrees and scale follow from their mean
    and variance. Columns without any variance are left out of that, and get the common one.
    """
    positive = variance[variance > 0]
    if len(positive) < 3:
        return variance, float(degrees)
    e = np.log(positive) - digamma(degrees / 2) + np.log(degrees / 2)
    left = float(e.var(ddof=1) - polygamma(1, degrees / 2))
    if left <= 1e-6:
        common = float(np.exp(e.mean()))
        return np.full(len(variance), common), np.inf
    prior = 2 * float(brentq(lambda half: float(polygamma(1, half)) - left, 1e-3, 1e7))
    common = float(np.exp(e.mean() + digamma(prior / 2) - np.log(prior / 2)))
    return (prior * common + degrees * variance) / (prior + degrees), prior + degrees


def stability_index(before: FloatArray, after: FloatArray) -> float:
    """Sum of (share - share before) x log of their ratio over tenths of `before` and the missing.

    Half an account is added to every bin, so that an empty one does not make it infinite.
    """
    known = before[~np.isnan(before)]
    edges = np.unique(np.quantile(known, np.linspace(0, 1, PSI_BINS + 1)[1:-1])) if len(known) else np.empty(0)
    shares = []
    for one in (before, after):
        there = one[~np.isnan(one)]
        counts = np.append(np.bincount(np.searchsorted(edges, there), minlength=len(edges) + 1), len(one) - len(there))
        shares.append((counts + 0.5) / (len(one) + 0.5 * len(counts)))
    return float(((shares[1] - shares[0]) * np.log(shares[1] / shares[0])).sum())


def _missing(column: FloatArray) -> float:
    return float(np.isnan(column).mean()) if len(column) else 0.0


def _median(column: FloatArray) -> float:
    known = column[~np.isnan(column)]
    return float(np.median(known)) if len(known) else np.nan
