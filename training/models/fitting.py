"""The fitting of single predictors: regularised boosters, penalised linear models, smoothed tables, pooled weights."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from math import fsum
from threading import Lock
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression, Ridge
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from features.instants import FloatArray, IntArray
from training.boosting_backend import BoostingBackend, binned_once, local_backend
from training.data.training_task import usable_columns
from training.model.predictors import FLOOR, Linear, Ordinal, Pool, Table, Trees
from training.model.serialization import Predictor
from training.model.terms import Term, raw_values, standardised_values
from training.once import FITS, digest
from training.settings import BoosterSettings

DEFAULT_LIGHTGBM = BoosterSettings(
    rounds=100, learning_rate=0.1, leaves=31, least_in_leaf=20, l2=0.0, row_share=1.0, column_share=1.0, bins=255
)
"""LightGBM's own defaults, but for bins found from fewer rows: a baseline, never a model of ours."""


@contextmanager
def one_linear_algebra_thread() -> Iterator[None]:
    """Run matrix products on one thread, so that sums, and the model's bytes, do not depend on the number of cores.

    It is also faster: on two shared cores OpenBLAS's threads wait for each other, and training took 24 s instead of 2
    s.
    """
    with threadpool_limits(limits=1, user_api="blas"):
        yield


def fit_trees(
    matrix: FloatArray,
    target: FloatArray | IntArray,
    weight: FloatArray,
    settings: BoosterSettings,
    *,
    objective: str,
    n_classes: int = 1,
    columns: Sequence[int] | None = None,
    backend: BoostingBackend = local_backend,
    quantile: float | None = None,
    directions: Sequence[int] | None = None,
) -> Trees:
    """Fit a LightGBM booster and return it as text.

    With the local backend the same rows, settings and machine type give the same bytes.

    matrix : shape (n, n_features).
    target : shape (n,).
    weight : shape (n,), any scale: made to average one.
    objective : LightGBM's name of it.
    columns : features to use; by default all that vary.
    backend : where it is trained.
    quantile : the quantile, for the objective of that name.
    directions : of every column of the matrix, 1 where the prediction may only rise with it, -1 where only fall, 0
        where neither is asked; by default of none.
    """
    (trees,) = fit_trees_of_targets(
        matrix, [target], weight, settings, objective=objective, n_classes=n_classes, columns=columns, backend=backend,
        quantile=quantile, directions=directions,
    )  # fmt: skip
    return trees


def fit_trees_of_targets(
    matrix: FloatArray, targets: Sequence[FloatArray | IntArray], weight: FloatArray, settings: BoosterSettings, *,
    objective: str, n_classes: int = 1, columns: Sequence[int] | None = None, backend: BoostingBackend = local_backend,
    quantile: float | None = None, directions: Sequence[int] | None = None,
) -> list[Trees]:  # fmt: skip
    """Fit a booster for each of several targets of the same rows, otherwise as `fit_trees`."""
    used = usable_columns(matrix) if columns is None else tuple(columns)
    row_share = (
        settings.row_share if settings.row_share * len(matrix) >= 1 else 1.0
    )  # LightGBM refuses to draw no row at all
    parameters: dict[str, Any] = {
        "objective": objective,
        "learning_rate": settings.learning_rate,
        "num_leaves": settings.leaves,
        "min_data_in_leaf": max(1, min(settings.least_in_leaf, len(matrix) // 20)),
        "lambda_l2": settings.l2,
        "bagging_fraction": row_share,
        "bagging_freq": 1 if row_share < 1 else 0,
        "feature_fraction": settings.column_share,
        "max_bin": settings.bins,
        "seed": settings.seed,
        "num_threads": settings.threads,
        "deterministic": True,
        # the same trees, faster: by row where each sees every feature, by column where a third of them
        "force_row_wise" if settings.column_share == 1 else "force_col_wise": True,
        "verbosity": -1,
    }
    if n_classes > 1:
        parameters["num_class"] = n_classes
    if quantile is not None:
        parameters["alpha"] = quantile
    if directions is not None and any(directions[column] for column in used):
        parameters["monotone_constraints"] = [int(directions[column]) for column in used]
        parameters["monotone_constraints_method"] = "intermediate"
    values, names = matrix.T[list(used)].T, [f"f{column}" for column in used]  # by column, in one copy
    texts = backend(values, targets, weight / weight.mean(), names=names, parameters=parameters, rounds=settings.rounds)
    return [Trees(text, used, n_classes) for text in texts]


def fit_ordinal(
    matrix: FloatArray,
    target: IntArray,
    weight: FloatArray,
    settings: BoosterSettings,
    *,
    n_classes: int,
    columns: Sequence[int] | None = None,
    backend: BoostingBackend = local_backend,
) -> Ordinal:
    """Fit a booster for each class after the first, of reaching it or more; a constant where all do or none does.

    target : shape (n,), 0 .. n_classes - 1.
    weight : shape (n,).
    """
    reached = [(target >= level).astype(np.int64) for level in range(1, n_classes)]
    mixed = [one for one in reached if one.min() < one.max()]
    boosters = iter(
        fit_trees_of_targets(matrix, mixed, weight, settings, objective="binary", columns=columns, backend=backend)
        if mixed
        else ()
    )
    steps: list[Predictor] = [next(boosters) if one.min() < one.max() else _constant(one, weight, 1) for one in reached]
    return Ordinal(tuple(steps))


def standardise_terms(terms: Sequence[Term], matrix: FloatArray) -> tuple[Term, ...]:
    """Return the terms with the mean and deviation of these rows, without those that never vary."""
    if not len(matrix):
        return ()
    values = raw_values(terms, matrix)
    mean, scale = values.mean(axis=0), values.std(axis=0)
    return tuple(
        replace(term, mean=float(mean[k]), scale=float(scale[k])) for k, term in enumerate(terms) if scale[k] > 1e-9
    )


def every_term(
    matrix: FloatArray, columns: Sequence[int] | None = None, zero_if_absent: Collection[int] = ()
) -> list[Term]:
    """Return a logarithmic term of each column, by default of all that vary; missing counts as the column's median.

    zero_if_absent : columns in which missing counts as zero, so that an absent table says what an empty one says.
    """
    used = usable_columns(matrix) if columns is None else columns
    known = [column for column in used if not np.isnan(matrix[:, column]).all()]
    fills = [0.0 if column in zero_if_absent else float(np.nanmedian(matrix[:, column])) for column in known]
    return [Term(column, fill=fill) for column, fill in zip(known, fills, strict=True)]


ROWS_TO_BEGIN_WITH = 4000
_NEWTON = Lock()
"""One at a time: the solver tells an ill-conditioned step by a warning that it turns into an error while it solves, and
Python's warning filters are those of all threads. Side by side, now and then another coefficient came out."""


def fit_classes(
    matrix: FloatArray,
    target: IntArray,
    weight: FloatArray,
    terms: Sequence[Term],
    *,
    n_classes: int,
    penalty: float = 1.0,
) -> Linear:
    """Fit a penalised (multinomial) logistic regression; n_classes = 1 is the binary case with one output.

    matrix : shape (n, n_features).
    target, weight : shape (n,).
    penalty : of the squared standardised coefficients, against a log likelihood in which the mean row weighs one.
    """
    standardised, present = standardise_terms(terms, matrix), np.unique(target)
    binary = n_classes == 1
    if len(present) < 2 or not standardised:
        return _constant(target, weight, n_classes)
    values = standardised_values(standardised, matrix)
    coefficients, intercepts = FITS.of(
        lambda: digest(values, target, weight, repr((values.shape, values.strides, target.dtype, penalty)).encode()),
        lambda: _solve(values, target, weight / weight.mean(), penalty),
    )
    if not binary and len(present) == 2:  # scikit-learn gives one row for two classes: score 0 for the other
        coefficients, intercepts = np.vstack([0 * coefficients, coefficients]), np.append(0.0, intercepts)
    return Linear(
        terms=standardised,
        coefficients=tuple(tuple(float(v) for v in row) for row in coefficients),
        intercepts=tuple(float(v) for v in intercepts),
        link="softmax",
        classes=() if binary else tuple(int(c) for c in present),
        n_classes=n_classes,
    )


def _solve(values: FloatArray, target: IntArray, weight: FloatArray, penalty: float) -> tuple[FloatArray, FloatArray]:
    """Return the coefficients and the intercepts of a penalised logistic regression.

    Of many rows it begins with what a part of them says: half of the steps through all are saved.
    """
    model = LogisticRegression(C=1.0 / penalty, solver="newton-cholesky", max_iter=100, tol=1e-5, warm_start=True)
    part = slice(None, None, max(len(target) // ROWS_TO_BEGIN_WITH, 1))
    with _NEWTON:
        if part.step > 1 and len(np.unique(target[part])) == len(np.unique(target)):
            model.fit(values[part], target[part], sample_weight=part.step * weight[part])
        model.fit(values, target, sample_weight=weight)
    return np.asarray(model.coef_, np.float64), np.asarray(model.intercept_, np.float64)


@contextmanager
def fitted_once() -> Iterator[None]:
    """Bin every matrix once within the block, and fit what is asked for twice once."""
    with binned_once(), FITS.within():
        yield


def _constant(target: IntArray, weight: FloatArray, n_classes: int) -> Linear:
    """Return the class frequencies as a model, where nothing else can be learnt."""
    share = np.bincount(target, weights=weight, minlength=max(n_classes, 2)) / weight.sum()
    share = np.clip(share, FLOOR, 1 - FLOOR)
    if n_classes == 1:
        return Linear(
            terms=(),
            coefficients=((),),
            intercepts=(float(np.log(share[1] / share[0])),),
            link="softmax",
            classes=(),
            n_classes=1,
        )
    scores = tuple(float(v) for v in np.log(share))
    return Linear(
        terms=(),
        coefficients=tuple(() for _ in scores),
        intercepts=scores,
        link="softmax",
        classes=tuple(range(n_classes)),
        n_classes=n_classes,
    )


def fit_values(
    matrix: FloatArray, target: FloatArray, weight: FloatArray, terms: Sequence[Term], penalty: float = 1.0
) -> Linear:
    """Fit a ridge regression on the terms, which gives one number."""
    standardised = standardise_terms(terms, matrix)
    if not standardised:
        return Linear((), ((),), (float(np.average(target, weights=weight)),), "identity")
    values = standardised_values(standardised, matrix)
    model = Ridge(alpha=penalty).fit(values, target, sample_weight=weight / weight.mean())
    return Linear(standardised, (tuple(float(v) for v in model.coef_),), (float(model.intercept_),), "identity")


def fit_table(
    matrix: FloatArray,
    target: IntArray,
    weight: FloatArray,
    columns: Sequence[int],
    *,
    sizes: Sequence[int],
    n_classes: int,
    strength: float = 20.0,
) -> Table:
    """Fit class shares by cell, shrunk towards the overall shares by `strength` imagined rows (a Dirichlet prior).

    columns, sizes : as those of `Table`.
    """
    blank = Table(tuple(columns), tuple(sizes), ())
    n_cells = int(np.prod(sizes))
    counts = np.bincount(
        blank.cells(matrix) * n_classes + target, weights=weight / weight.mean(), minlength=n_cells * n_classes
    )
    counts = counts.reshape(n_cells, n_classes)
    overall = (counts.sum(axis=0) + 0.5) / (counts.sum() + 0.5 * n_classes)
    shares = (counts + strength * overall) / (counts.sum(axis=1, keepdims=True) + strength)
    return Table(tuple(columns), tuple(sizes), tuple(tuple(float(v) for v in row) for row in shares))


def equal_pool(members: Mapping[str, Predictor]) -> Pool:
    """Return a pool of equal weights, for where nothing could be learnt about which member is right."""
    return Pool(members, {name: 1.0 / len(members) for name in members})


def weighed_pool(members: Mapping[str, Predictor], weights: Mapping[str, float]) -> Pool:
    """Return a pool with weights learnt earlier, be it that some member could be learnt at one of the times only."""
    kept = {name: weights.get(name, 0.0) for name in members}
    total = fsum(kept.values())  # the same whatever the order of the members
    return Pool(members, {name: weight / total for name, weight in kept.items()}) if total > 0 else equal_pool(members)


def pool_weights(
    chances: Mapping[str, FloatArray],
    weight: FloatArray,
    simple: Collection[str] = (),
    flexible: Collection[str] = (),
    *,
    periods: float = 1.0,
) -> dict[str, float]:
    """Return the weights of the mixture under which what happened was most likely, by expectation maximisation.

    Weights below one in a hundred are dropped: a served model should not run a member that hardly counts.

    chances : predictor -> shape (n,), the probability that it gave to what then happened.
    weight : shape (n,).
    simple : predictors that a short history is drawn towards: PRIOR_ROWS more rows count as having been right by all
        members alike, and twice as much by these.
    flexible : predictors that learn from every feature, and gain most from the horizon more that they serve with:
        beyond one period, up to FLEXIBLE_ROWS more rows count as having been right by each.
    periods : horizons that the predictors learnt from. Rows of one slice share its season and its luck, however many
        they are, so what PRIOR_ROWS counts for falls with the square of the periods, not with the rows.
    """
    names = sorted(chances)
    likelihood = np.column_stack([np.maximum(chances[name], FLOOR) for name in names])
    rows = weight / weight.mean()
    drawn = np.array([2.0 if name in simple else 1.0 for name in names])
    prior = PRIOR_ROWS / periods**2 * drawn / drawn.sum()
    prior += FLEXIBLE_ROWS * (1 - 1 / periods**2) * np.array([name in flexible for name in names])
    share, before = np.full(len(names), 1.0 / len(names)), np.zeros(len(names))
    for _ in range(MOST_ROUNDS):
        if np.abs(share - before).max() < SETTLED:
            break
        responsibility = likelihood * share
        responsibility /= responsibility.sum(axis=1, keepdims=True)
        before, share = share, rows @ responsibility + prior
        share /= share.sum()
    share = np.where(share < 0.01, 0.0, share)
    return {name: float(round(value, 4)) for name, value in zip(names, share / share.sum(), strict=True)}


MOST_ROUNDS, SETTLED = 5000, 1e-6
PRIOR_ROWS, FLEXIBLE_ROWS = 30.0, 10.0
"""Rows that count before any is seen, of a history of one period; those that a long one adds for flexible members."""
