"""The next order day, learnt from the gaps that the slices cut: complete ones, and those that are still open.

Each snapshot tells how long the account had been silent, and either when its next order day came, or that none came
over the horizon. A gap enters from its silence on only, since shorter ones could not have been met there (left
truncation), and an open one as longer than what was seen of it (right censoring). The likelihood of both is maximised,
with a small penalty that draws whatever the data do not speak of to the population.

Tried on simulated suppliers and on online_retail, and not kept: a Weibull law, a share of accounts that never orders
again, terms of season and trend (no gain that the chance of no order had not brought already), levels calibrated on the
latest slice alone (a season: the windows of the next were worse), and boosted hazards (worse on real orders, and twenty
predictions an account).

Source: Kalbfleisch & Prentice (2002), sections 3.2 and 3.5.
"""

from collections.abc import Callable

import numpy as np
from scipy.optimize import minimize

from features.histories.order_days import order_days
from features.histories.views import View
from features.instants import BoolArray, FloatArray
from training.data.dataset import Dataset
from training.data.training_task import CATALOGUE
from training.model.next_order import FEATURES, HALF_A_DAY, NextOrder, Rhythm, rhythm_of
from training.models.revenue import invested_after
from training.settings import Settings

LEAST_GAPS = 30
"""Gaps seen to end, with fewer of which nothing is learnt."""
PENALTY = 1e-4
"""Per snapshot, on the square of each standardised coefficient but the first."""
DIGITS = 9
"""Significant digits of the coefficients: the last bits depend on the processor."""


def days_until_order(data: Dataset, days: int) -> FloatArray:
    """Return the days from as_of to the next order day, shape (n,); infinity where none came within `days`.

    As known `days` after as_of.
    """
    until = order_days(View(data.histories, data.snapshots.later(days))).days_until_first(days)
    return np.where(np.isnan(until), np.inf, until)


def fit_next_order(data: Dataset, rows: BoolArray, settings: Settings) -> NextOrder | None:
    """Fit to those of some rows (mask, shape (n,)) that no investment followed; None where too few gaps ended."""
    free = rows & ~invested_after(data, settings.uplift.exposure_days)
    rows = (free if free.any() else rows) & data.labels.complete
    columns = {name: CATALOGUE[name] for name in FEATURES}
    rows = rows & rhythm_of(data.matrix, columns).known
    days = settings.outcome.horizon_days
    until = days_until_order(data, days)[rows]
    if np.isfinite(until).sum() < LEAST_GAPS:
        return None
    location, spread = learn_gaps(rhythm_of(data.matrix[rows], columns), until, data.weight[rows], days)
    return NextOrder(columns, location, spread, days)


def learn_gaps(
    rhythm: Rhythm, until: FloatArray, weight: FloatArray, days: int
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the coefficients of location and spread.

    rhythm : of rows with two order days or more.
    until : shape (n,), days to the next order day; infinity where none came within `days`.
    weight : shape (n,), any scale.
    """
    location, back_location = _standardised(rhythm.location)
    spread, back_spread = _standardised(rhythm.spread)
    since = np.maximum(rhythm.silence - HALF_A_DAY, HALF_A_DAY)
    came = np.isfinite(until)
    seen = np.maximum(rhythm.silence + np.where(came, until, days), since + HALF_A_DAY)
    begin, end = np.log(since), np.log(seen)
    share = weight / weight.sum()
    terms = location.shape[1]

    def loss(values: FloatArray) -> tuple[float, FloatArray]:
        """Return the penalised mean of -log likelihood, and its gradient."""
        median, steepness = location @ values[:terms], np.clip(spread @ values[terms:], -5.0, 5.0)
        shape = np.exp(steepness)
        behind, at = shape * (begin - median), shape * (end - median)
        log_likelihood = np.where(came, steepness + at - 2 * np.logaddexp(0.0, at), -np.logaddexp(0.0, at))
        log_likelihood += np.logaddexp(0.0, behind)
        by_at = np.where(came, 1 - 2 * _logistic(at), -_logistic(at))
        by_behind = _logistic(behind)
        by_median = -shape * (by_at + by_behind)
        by_steepness = np.where(came, 1.0, 0.0) + by_at * at + by_behind * behind
        gradient = -np.concatenate([location.T @ (share * by_median), spread.T @ (share * by_steepness)])
        free = np.ones(len(values))
        free[[0, terms]] = 0.0
        penalised = -float(share @ log_likelihood) + PENALTY * float((free * values) @ values)
        return penalised, gradient + 2 * PENALTY * free * values

    start = np.zeros(terms + spread.shape[1])
    start[0] = float(share @ end)
    found = np.asarray(minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 500}).x, np.float64)
    return _rounded(back_location(found[:terms])), _rounded(back_spread(found[terms:]))


def _logistic(value: FloatArray) -> FloatArray:
    result: FloatArray = 1.0 / (1.0 + np.exp(-np.clip(value, -500, 500)))
    return result


def _standardised(terms: FloatArray) -> tuple[FloatArray, Callable[[FloatArray], FloatArray]]:
    """Return the terms standardised, but for the first, and what turns their coefficients into those of the terms."""
    mean, scale = terms.mean(axis=0), terms.std(axis=0)
    mean[0], scale[0] = 0.0, 1.0
    scale = np.where(scale > 1e-9, scale, 1.0)

    def back(coefficients: FloatArray) -> FloatArray:
        plain = coefficients / scale
        plain[0] -= float((plain * mean).sum())
        return plain

    return (terms - mean) / scale, back


def _rounded(coefficients: FloatArray) -> tuple[float, ...]:
    return tuple(float(f"{value:.{DIGITS}g}") for value in coefficients.tolist())
