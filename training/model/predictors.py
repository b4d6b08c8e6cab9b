"""What a trained model is when it is served: boosted trees, linear terms and tables, all readable as text.

Nothing here learns. Every predictor gives the same bits for a row whatever rows stand beside it: sums over
features are taken in a fixed order, element by element, never by a matrix product whose blocking depends
on the number of rows. A class that is `served` turns to and from plain text and JSON (`training.model.serialization`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import lightgbm as lgb
import numpy as np

from features.errors import BundleError
from features.instants import FloatArray, IntArray
from training.model.serialization import Predictor, served

FLOOR = 1e-6
"""No outcome is ever given a probability of zero: one surprise would cost an infinite log loss."""


@served
@dataclass(frozen=True)
class Trees:
    """A LightGBM booster held as its text.

    columns : positions of its features in the matrix: it is never trusted to find them by itself.
    outputs : 1 for a number or a binary probability, else the number of classes.
    """

    text: str
    columns: tuple[int, ...]
    outputs: int = 1

    @cached_property
    def booster(self) -> Any:
        try:
            return lgb.Booster(model_str=self.text)
        except lgb.basic.LightGBMError as error:
            raise BundleError(f"A booster's text is damaged: {str(error).splitlines()[0]}. Export it anew.") from None

    def predict(self, matrix: FloatArray) -> FloatArray:
        """Shape (n, outputs): values, or probabilities of the classes."""
        chosen = np.ascontiguousarray(matrix[:, self.columns])
        if not len(chosen):
            return np.empty((0, self.outputs))
        values = np.asarray(self.booster.predict(chosen, num_threads=1), np.float64)
        return values.reshape(len(chosen), self.outputs)

    def contributions(self, matrix: FloatArray) -> FloatArray:
        """What each feature of the matrix adds to a single output's raw score, shape (n, n_features + 1).

        The last column is the starting value (Lundberg et al. 2020, TreeSHAP as LightGBM computes it).
        """
        chosen = np.ascontiguousarray(matrix[:, self.columns])
        full = np.zeros((len(matrix), matrix.shape[1] + 1))
        if len(chosen):
            parts = np.asarray(self.booster.predict(chosen, num_threads=1, pred_contrib=True))
            full[:, list(self.columns)] = parts[:, :-1]
            full[:, -1] = parts[:, -1]
        return full


@dataclass(frozen=True)
class Term:
    """One column of a linear model: a feature after `shape`, missing values filled, then standardised.

    shape : `identity`, `log` (sign kept: log(1 + |x|)), or `equals` (1 where the feature equals `level`).
    cap : larger values count as this one, so that one giant does not steer a line.
    """

    column: int
    shape: str = "log"
    level: float = 0.0
    fill: float = 0.0
    cap: float = 1e18
    mean: float = 0.0
    scale: float = 1.0

    def raw(self, matrix: FloatArray) -> FloatArray:
        """The term before it is standardised, shape (n,)."""
        return raw_values([self], matrix)[:, 0]

    def value(self, matrix: FloatArray) -> FloatArray:
        """The standardised term, shape (n,)."""
        return (self.raw(matrix) - self.mean) / self.scale


def raw_values(terms: Sequence[Term], matrix: FloatArray) -> FloatArray:
    """The terms before they are standardised, shape (n, n_terms)."""
    values = matrix[:, [term.column for term in terms]].astype(np.float64)
    equals = [k for k, term in enumerate(terms) if term.shape == "equals"]
    level = values[:, equals] == np.array([terms[k].level for k in equals])
    fill, cap = (np.array([getattr(term, name) for term in terms], np.float64) for name in ("fill", "cap"))
    values = np.minimum(np.where(np.isnan(values), fill, values), cap)
    logs = [k for k, term in enumerate(terms) if term.shape == "log"]
    values[:, logs] = np.sign(values[:, logs]) * np.log1p(np.abs(values[:, logs]))
    values[:, equals] = level
    return values


def settled_values(terms: Sequence[Term], matrix: FloatArray) -> FloatArray:
    """The standardised terms, shape (n, n_terms)."""
    mean, scale = (np.array([getattr(term, name) for term in terms], np.float64) for name in ("mean", "scale"))
    standardised: FloatArray = (raw_values(terms, matrix) - mean) / scale
    return standardised


@served
@dataclass(frozen=True)
class Linear:
    """Linear scores of terms; `link` turns them into values (`identity`) or class probabilities (`softmax`).

    coefficients : shape (outputs, n_terms).  intercepts : shape (outputs,).
    classes : for softmax, which of n_classes each output stands for; the others get FLOOR.
    A single output with softmax is the log odds of 1 against 0 and gives one column.
    """

    terms: tuple[Term, ...]
    coefficients: tuple[tuple[float, ...], ...]
    intercepts: tuple[float, ...]
    link: str = "softmax"
    classes: tuple[int, ...] = ()
    n_classes: int = 1

    def predict(self, matrix: FloatArray) -> FloatArray:
        """Shape (n, n_classes) for classes, (n, outputs) otherwise."""
        values = settled_values(self.terms, matrix)
        scores = np.empty((len(matrix), len(self.intercepts)))
        added = np.empty((len(matrix), len(self.terms) + 1))
        for output, (row, intercept) in enumerate(zip(self.coefficients, self.intercepts, strict=True)):
            added[:, 0] = intercept
            np.multiply(values, np.array(row, np.float64), out=added[:, 1:])
            scores[:, output] = np.cumsum(added, axis=1)[:, -1]  # from left to right, whatever the number of rows
        if self.link == "identity":
            return scores
        if self.n_classes == 1:
            return 1.0 / (1.0 + np.exp(-np.clip(scores, -40, 40)))
        result = np.full((len(matrix), self.n_classes), FLOOR)
        result[:, self.classes] = softmax(scores)
        return normalise(result)


@served
@dataclass(frozen=True)
class Ordinal:
    """Classes in order, by the chance of reaching each: steps[k] gives the chance of class k + 1 or higher.

    A chance of reaching more than the class before it is cut down to that (Frank & Hall 2001, equation of section 2,
    whose differences could otherwise be negative).
    """

    steps: tuple[Predictor, ...]

    def predict(self, matrix: FloatArray) -> FloatArray:
        """Shape (n, len(steps) + 1)."""
        reach = [np.ones(len(matrix))]
        for step in self.steps:
            reach.append(np.minimum(reach[-1], step.predict(matrix)[:, 0]))
        reach.append(np.zeros(len(matrix)))
        chances = np.column_stack([lower - upper for lower, upper in pairwise(reach)])
        return normalise(np.maximum(chances, FLOOR))


@served
@dataclass(frozen=True)
class Table:
    """Probabilities by the cell that a few whole-numbered features fall into (a smoothed Markov matrix).

    sizes : how many values each feature has; a missing or larger value takes the last.
    probabilities : shape (product of sizes, k).
    """

    columns: tuple[int, ...]
    sizes: tuple[int, ...]
    probabilities: tuple[tuple[float, ...], ...]

    def cells(self, matrix: FloatArray) -> IntArray:
        """The cell of every row, shape (n,)."""
        cell = np.zeros(len(matrix), np.int64)
        for column, size in zip(self.columns, self.sizes, strict=True):
            value = np.nan_to_num(matrix[:, column], nan=size - 1.0)
            cell = cell * size + np.clip(value, 0, size - 1).astype(np.int64)
        return cell

    def predict(self, matrix: FloatArray) -> FloatArray:
        """Shape (n, k)."""
        return np.asarray(self.probabilities, np.float64)[self.cells(matrix)]


@served
@dataclass(frozen=True)
class Pool:
    """A weighted mean of predictors (a linear opinion pool); weights are learnt on earlier origins."""

    members: Mapping[str, Predictor]
    weights: Mapping[str, float]

    def predict(self, matrix: FloatArray) -> FloatArray:
        """Shape (n, k)."""
        total: FloatArray | None = None
        for name in sorted(self.members):
            if self.weights[name] > 0:
                part = self.weights[name] * self.members[name].predict(matrix)
                total = part if total is None else total + part
        assert total is not None, "a pool has at least one member with weight"
        return normalise(np.maximum(total, FLOOR)) if total.shape[1] > 1 else np.clip(total, FLOOR, 1 - FLOOR)


@served
@dataclass(frozen=True)
class Floored:
    """Class probabilities in which little ends below a floor: the rung that the rules alone would leave.

    column : the floor of each row, a class number.  most : the largest mass that may lie below it.
    """

    member: Predictor
    column: int
    most: float

    def predict(self, matrix: FloatArray) -> FloatArray:
        """Shape (n, k)."""
        chances = self.member.predict(matrix)
        floor = np.nan_to_num(matrix[:, self.column])
        below = np.zeros(len(chances))
        for rung in range(chances.shape[1]):
            below = below + np.where(rung < floor, chances[:, rung], 0.0)
        allowed = np.minimum(below, self.most)
        lower, upper = allowed / np.maximum(below, FLOOR), (1 - allowed) / np.maximum(1 - below, FLOOR)
        result = np.empty_like(chances)
        for rung in range(chances.shape[1]):
            result[:, rung] = chances[:, rung] * np.where(rung < floor, lower, upper)
        return normalise(np.maximum(result, FLOOR))


@served
@dataclass(frozen=True)
class TwoPart:
    """Expected revenue: the chance of any order times the revenue if there is one, times a correction.

    shift : added to what the amount's model says, money (amounts are learnt as log(1 + revenue)).
    """

    any_order: Predictor
    amount: Predictor
    correction: float

    def predict(self, matrix: FloatArray) -> FloatArray:
        """Shape (n, 1), money."""
        return self.any_order.predict(matrix) * self.amount.predict(matrix) * self.correction


@served
@dataclass(frozen=True)
class RevenueRange:
    """Between which two amounts the revenue will lie: quantiles of log(1 + revenue), moved apart by a margin.

    low, high : the quantiles that leave out half of the rest each.
    high_from_nothing : the one that leaves out all of the rest: it takes the place of `high` where the low one is
        nothing, for there no revenue lies below.
    margin : on their scale, not below zero. A range that holds nothing but nothing stays as it is.
    """

    low: Predictor
    high: Predictor
    high_from_nothing: Predictor
    margin: float

    def quantiles(self, matrix: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Both ends before they are moved, in order, shape (n,) each; what is less than one of money is nothing."""
        low, high, from_nothing = (
            member.predict(matrix)[:, 0] for member in (self.low, self.high, self.high_from_nothing)
        )
        low = np.where(low < ONE, 0.0, low)
        high = np.where(low > 0, np.maximum(low, high), from_nothing)
        return low, np.where(high < ONE, 0.0, high)

    def predict(self, matrix: FloatArray) -> FloatArray:
        """Shape (n, 2), money: low and high."""
        low, high = self.quantiles(matrix)
        low, high = np.maximum(low - self.margin, 0.0), np.where(high > 0, high + self.margin, 0.0)
        return np.expm1(np.column_stack([low, high]))


ONE = float(np.log(2.0))
"""log(1 + revenue) of one unit of money."""


@served
@dataclass(frozen=True)
class Effect:
    """A causal effect in proportion to the account's size, linear in a few terms, with its covariance.

    coefficients : shape (1 + n_terms,), the constant first.  covariance : shape (1 + n_terms, 1 + n_terms).
    size_column, size_offset : the size is offset + what the column holds (missing or negative = 0); with
        size_column -1 it is the offset alone.
    scale, scale_factor : with a scale, the size is what it predicts times the factor, and at least the offset.
    within : standardised terms count as no further from zero than this: an effect is not carried beyond what was seen.
    """

    terms: tuple[Term, ...]
    coefficients: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]
    size_column: int = -1
    size_offset: float = 1.0
    scale: Predictor | None = None
    scale_factor: float = 1.0
    within: float = 1e9

    @cached_property
    def _coefficients(self) -> FloatArray:
        return np.array(self.coefficients, np.float64)

    @cached_property
    def _covariance(self) -> FloatArray:
        return np.array(self.covariance, np.float64)

    def size(self, matrix: FloatArray) -> FloatArray:
        """What one unit of relative effect is worth, shape (n,), in the outcome's unit."""
        if self.scale is not None:
            return np.maximum(self.scale.predict(matrix)[:, 0] * self.scale_factor, self.size_offset)
        if self.size_column < 0:
            return np.full(len(matrix), self.size_offset)
        held = np.ascontiguousarray(matrix[:, self.size_column])
        return self.size_offset + np.maximum(np.where(np.isnan(held), 0.0, held), 0.0)

    def design(self, matrix: FloatArray) -> FloatArray:
        """One, and the terms within their reach, shape (n, 1 + n_terms): what the coefficients multiply."""
        values = np.clip(settled_values(self.terms, matrix), -self.within, self.within)
        return np.column_stack([np.ones(len(matrix)), values])

    def predict(self, matrix: FloatArray) -> FloatArray:
        """Shape (n, 2): the effect and its standard error, in the outcome's unit."""
        values = np.ascontiguousarray(self.design(matrix).T)
        effect = sum_in_order(self._coefficients[:, None] * values)
        if len(matrix) <= FEW:  # all products at once: for a single account calling numpy is what costs
            products = self._covariance[:, :, None] * (values[:, None, :] * values[None, :, :])
            variance = sum_in_order(products.reshape(len(values) ** 2, len(matrix)))
        else:
            variance = np.zeros(len(matrix))
            for row, left in zip(self.covariance, values, strict=True):
                for cell, right in zip(row, values, strict=True):
                    variance = variance + cell * (left * right)
        size = self.size(matrix)
        return np.column_stack([size * effect, size * np.sqrt(np.maximum(variance, 0.0))])


FEW = 500
"""Rows for which an effect's products are all held at once: 64 numbers a row, for seven terms."""


def sum_in_order(parts: FloatArray) -> FloatArray:
    """The sum over the first axis, one after the other: the same bits whatever the number of columns."""
    total: FloatArray = np.add.accumulate(parts, axis=0)[-1] + 0.0  # no negative zero, as when one begins with zero
    return total


def softmax(scores: FloatArray) -> FloatArray:
    """exp(score) over the sum of them, by row; columns summed from left to right."""
    top = scores[:, 0].copy()
    for column in range(1, scores.shape[1]):
        top = np.maximum(top, scores[:, column])
    return normalise(np.column_stack([np.exp(scores[:, column] - top) for column in range(scores.shape[1])]))


def normalise(parts: FloatArray) -> FloatArray:
    """Rows that sum to one; columns summed from left to right, so that a row's bits depend on nothing else."""
    total = parts[:, 0].copy()
    for column in range(1, parts.shape[1]):
        total = total + parts[:, column]
    return parts / total[:, None]
