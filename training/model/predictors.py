"""The predictors of a trained model: boosted trees, linear models and tables, all readable as text.

Nothing here learns. Every predictor gives a row the same bits whatever other rows are predicted with it: sums over
features are taken in a fixed order, element by element, never by a matrix product whose blocking depends on the number
of rows. A class with the decorator `served` is written as plain text and JSON and read back
(`training.model.serialization`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import lightgbm as lgb
import numpy as np

from features.deadlines import check_deadline
from features.errors import BundleError
from features.instants import BoolArray, FloatArray, IntArray
from training.model.rung_mass import mass_below
from training.model.serialization import Predictor, served
from training.model.terms import Term, standardised_values

ROWS_AT_ONCE = 50
"""Rows explained between two looks at the deadline: the dearest thing that is asked of a booster."""
FLOOR = 1e-6
"""The smallest probability of any outcome. With zero, a single surprise would cost an infinite log loss."""


@served
@dataclass(frozen=True)
class Trees:
    """A LightGBM booster, held as its text.

    columns : positions of its features in the matrix; LightGBM is never trusted to find them itself.
    outputs : 1 for a number or a binary probability, else the number of classes.
    """

    text: str
    columns: tuple[int, ...]
    outputs: int = 1

    @cached_property
    def booster(self) -> Any:
        """Return the LightGBM booster.

        Raises
        ------
        BundleError
            If the text is damaged.
        """
        try:
            return lgb.Booster(model_str=self.text)
        except lgb.basic.LightGBMError as error:
            raise BundleError(f"A booster's text is damaged: {str(error).splitlines()[0]}. Export it anew.") from None

    def predict(self, matrix: FloatArray) -> FloatArray:
        """Return values, or probabilities of the classes, shape (n, outputs)."""
        check_deadline()
        chosen = np.take(matrix, self.columns, axis=1)  # by row
        if not len(chosen):
            return np.empty((0, self.outputs))
        values = np.asarray(self.booster.predict(chosen, num_threads=1), np.float64)
        return values.reshape(len(chosen), self.outputs)

    def contributions(self, matrix: FloatArray) -> FloatArray:
        """Return what each feature adds to the raw score of a single output, shape (n, n_features + 1).

        The last column is the starting value.

        Source: Lundberg et al. (2020), TreeSHAP, as LightGBM computes it.
        """
        chosen = np.take(matrix, self.columns, axis=1)  # by row
        full = np.zeros((len(matrix), matrix.shape[1] + 1))
        for begin in range(0, len(chosen), ROWS_AT_ONCE):
            check_deadline()
            piece = slice(begin, begin + ROWS_AT_ONCE)
            parts = np.asarray(self.booster.predict(chosen[piece], num_threads=1, pred_contrib=True))
            full[piece, list(self.columns)] = parts[:, :-1]
            full[piece, -1] = parts[:, -1]
        return full


@served
@dataclass(frozen=True)
class Linear:
    """Linear scores of terms; `link` turns them into values (`identity`) or class probabilities (`softmax`).

    coefficients : shape (outputs, n_terms).
    intercepts : shape (outputs,).
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
        """Return class probabilities, shape (n, n_classes), or values, shape (n, outputs)."""
        values = standardised_values(self.terms, matrix)
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
    """Classes in order, by the probability of reaching each: steps[k] gives that of class k + 1 or higher.

    A probability of reaching a class that exceeds that of the class before is cut down to it, since their difference
    would be negative.

    Source: Frank & Hall (2001), equation of section 2.
    """

    steps: tuple[Predictor, ...]

    def predict(self, matrix: FloatArray) -> FloatArray:
        """Return class probabilities, shape (n, len(steps) + 1)."""
        reach = [np.ones(len(matrix))]
        for step in self.steps:
            reach.append(np.minimum(reach[-1], step.predict(matrix)[:, 0]))
        reach.append(np.zeros(len(matrix)))
        chances = np.column_stack([lower - upper for lower, upper in pairwise(reach)])
        return normalise(np.maximum(chances, FLOOR))


@served
@dataclass(frozen=True)
class Table:
    """Probabilities by the cell that a few whole-numbered features fall into, such as a smoothed Markov matrix.

    sizes : how many values each feature has; a missing or larger value takes the last.
    probabilities : shape (product of sizes, k).
    """

    columns: tuple[int, ...]
    sizes: tuple[int, ...]
    probabilities: tuple[tuple[float, ...], ...]

    def cells(self, matrix: FloatArray) -> IntArray:
        """Return the cell of every row, shape (n,)."""
        cell = np.zeros(len(matrix), np.int64)
        for column, size in zip(self.columns, self.sizes, strict=True):
            value = np.nan_to_num(matrix[:, column], nan=size - 1.0)
            cell = cell * size + np.clip(value, 0, size - 1).astype(np.int64)
        return cell

    def predict(self, matrix: FloatArray) -> FloatArray:
        """Return class probabilities, shape (n, k)."""
        return np.asarray(self.probabilities, np.float64)[self.cells(matrix)]


@served
@dataclass(frozen=True)
class Pool:
    """A weighted mean of predictors (a linear opinion pool).

    weights : learnt on earlier origins; they sum to one.
    log_odds : added to the log odds of a single probability, the same for everybody: calibration in the large.
    gate : a column and a limit: above the limit the probability is as good as zero; None where there is none.
    notice : two columns and a probability, which is that of rows where the first is above zero and the second is zero,
        under notice and without another contract; only where the gate's column is missing. None where there is none.
    """

    members: Mapping[str, Predictor]
    weights: Mapping[str, float]
    log_odds: float = 0.0
    gate: tuple[float, ...] | None = None
    notice: tuple[float, ...] | None = None

    def predict(self, matrix: FloatArray) -> FloatArray:
        """Return class probabilities, shape (n, k), or one probability, shape (n, 1)."""
        total: FloatArray | None = None
        for name in sorted(self.members):
            if self.weights[name] > 0:
                part = self.weights[name] * self.members[name].predict(matrix)
                total = part if total is None else total + part
        assert total is not None, "a pool has at least one member with weight"
        if total.shape[1] > 1:
            return normalise(np.maximum(total, FLOOR))
        chance = shifted(np.clip(total, FLOOR, 1 - FLOOR), self.log_odds)
        if self.gate is None:
            return chance
        column, limit = self.gate
        chance = np.where(matrix[:, [int(column)]] > limit, FLOOR, chance)
        return chance if self.notice is None else np.where(self.given_up(matrix)[:, None], self.notice[2], chance)

    def given_up(self, matrix: FloatArray) -> BoolArray:
        """Return which rows are under notice and have no other contract, shape (n,)."""
        assert self.gate is not None and self.notice is not None, "notice is told with a gate"  # noqa: PT018
        column, under, in_force = int(self.gate[0]), int(self.notice[0]), int(self.notice[1])
        given_up: BoolArray = np.isnan(matrix[:, column]) & (matrix[:, under] > 0) & (matrix[:, in_force] == 0)
        return given_up


def shifted(chance: FloatArray, log_odds: float) -> FloatArray:
    """Return probabilities with their log odds moved, of the same shape."""
    if log_odds == 0:
        return chance
    odds = chance / (1 - chance) * np.exp(log_odds)
    moved: FloatArray = odds / (1 + odds)
    return np.clip(moved, FLOOR, 1 - FLOOR)


@served
@dataclass(frozen=True)
class Floored:
    """Class probabilities with little mass below a floor, the rung that the rules alone would leave.

    column : the column of the matrix that holds the floor of each row, a class number.
    most : the largest mass that may lie below it.
    """

    member: Predictor
    column: int
    most: float

    def predict(self, matrix: FloatArray) -> FloatArray:
        """Return class probabilities, shape (n, k)."""
        chances = self.member.predict(matrix)
        floor = np.nan_to_num(matrix[:, self.column])
        below = mass_below(chances, floor)
        allowed = np.minimum(below, self.most)
        lower, upper = allowed / np.maximum(below, FLOOR), (1 - allowed) / np.maximum(1 - below, FLOOR)
        result = np.empty_like(chances)
        for rung in range(chances.shape[1]):
            result[:, rung] = chances[:, rung] * np.where(rung < floor, lower, upper)
        return normalise(np.maximum(result, FLOOR))


@served
@dataclass(frozen=True)
class TwoPart:
    """Expected revenue: the probability of any order times the revenue if there is one, times a correction."""

    any_order: Predictor
    amount: Predictor
    correction: float

    def predict(self, matrix: FloatArray) -> FloatArray:
        """Return the expected revenue, shape (n, 1), money."""
        return self.any_order.predict(matrix) * self.amount.predict(matrix) * self.correction


def softmax(scores: FloatArray) -> FloatArray:
    """Return exp(score) over the sum of all, by row; columns are summed from left to right."""
    top = scores[:, 0].copy()
    for column in range(1, scores.shape[1]):
        top = np.maximum(top, scores[:, column])
    return normalise(np.column_stack([np.exp(scores[:, column] - top) for column in range(scores.shape[1])]))


def normalise(parts: FloatArray) -> FloatArray:
    """Scale rows to sum to one; columns are summed from left to right, so that a row's bits depend on nothing else."""
    total = parts[:, 0].copy()
    for column in range(1, parts.shape[1]):
        total = total + parts[:, column]
    return parts / total[:, None]
