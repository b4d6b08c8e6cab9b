"""A causal effect as it is served: linear in a few terms, scaled by the account's size, with a standard error."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from features.instants import FloatArray
from training.model.serialization import Predictor, served
from training.model.terms import Term, standardised_values


@served
@dataclass(frozen=True)
class Effect:
    """A causal effect in proportion to the account's size, linear in a few terms, with its covariance.

    coefficients : shape (1 + n_terms,), the constant first.
    covariance : shape (1 + n_terms, 1 + n_terms).
    size_column, size_offset : the size is offset + the value of the column (missing or negative = 0); with size_column
        -1 it is the offset alone.
    scale, scale_factor : with a scale, the size is what it predicts times the factor, and at least the offset.
    heterogeneity : the standard deviation of an account's own effect around what is estimated of accounts like it, as a
        share of the estimate; the part that grows with the account's size.
    typical : the part that does not, in the outcome's unit.
    within : standardised terms are cut off at this distance from zero, so that an effect is not extrapolated beyond
        what was seen.
    """

    terms: tuple[Term, ...]
    coefficients: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]
    size_column: int = -1
    size_offset: float = 1.0
    scale: Predictor | None = None
    scale_factor: float = 1.0
    within: float = 1e9
    heterogeneity: float = 0.0
    typical: float = 0.0

    @cached_property
    def _coefficients(self) -> FloatArray:
        return np.array(self.coefficients, np.float64)

    @cached_property
    def _covariance(self) -> FloatArray:
        return np.array(self.covariance, np.float64)

    def size(self, matrix: FloatArray) -> FloatArray:
        """Return what one unit of relative effect is worth, shape (n,), in the outcome's unit."""
        if self.scale is not None:
            return np.maximum(self.scale.predict(matrix)[:, 0] * self.scale_factor, self.size_offset)
        if self.size_column < 0:
            return np.full(len(matrix), self.size_offset)
        held = np.ascontiguousarray(matrix[:, self.size_column])
        return self.size_offset + np.maximum(np.where(np.isnan(held), 0.0, held), 0.0)

    def design(self, matrix: FloatArray) -> FloatArray:
        """Return the columns that the coefficients multiply: one, and the terms cut off, shape (n, 1 + n_terms)."""
        values = np.clip(standardised_values(self.terms, matrix), -self.within, self.within)
        return np.column_stack([np.ones(len(matrix)), values])

    def predict(self, matrix: FloatArray) -> FloatArray:
        """Return the effect on each account and its standard error, shape (n, 2), in the outcome's unit.

        The error holds what is not known of accounts like it, and how accounts differ that look alike.
        """
        values = np.ascontiguousarray(self.design(matrix).T)
        effect = sum_in_order(self._coefficients[:, None] * values)
        if len(matrix) <= MAX_ROWS_AT_ONCE:  # all products at once: for a few accounts the calls to NumPy cost most
            products = self._covariance[:, :, None] * (values[:, None, :] * values[None, :, :])
            variance = sum_in_order(products.reshape(len(values) ** 2, len(matrix)))
        else:
            variance = np.zeros(len(matrix))
            for row, left in zip(self.covariance, values, strict=True):
                for cell, right in zip(row, values, strict=True):
                    variance = variance + cell * (left * right)
        variance = np.maximum(variance, 0.0) + (self.heterogeneity * effect) ** 2
        size = self.size(matrix)
        return np.column_stack([size * effect, np.sqrt(size**2 * variance + self.typical**2)])

    def average(self, matrix: FloatArray) -> tuple[float, float]:
        """Return the mean effect over some accounts and its standard error, by the covariance of the coefficients."""
        direction = (self.design(matrix) * self.size(matrix)[:, None]).mean(axis=0)
        variance = max(float(direction @ self._covariance @ direction), 0.0)
        return float(direction @ self._coefficients), float(np.sqrt(variance))

    def group(self, matrix: FloatArray) -> tuple[float, float]:
        """Return the mean effect over a group that is picked by its features, and its standard error.

        How single accounts differ averages out over it. That effects may not grow with size as they are taken to does
        not: the error also holds GROUP of `typical`.
        """
        mean, error = self.average(matrix)
        return mean, float(np.hypot(error, GROUP * self.typical))


GROUP = 0.6
"""Groups of a tenth by predicted effect are held in 87 to 100 % then, 74 to 100 % without, by family of suppliers that
does not judge (benchmarks/effect_families.md)."""
MAX_ROWS_AT_ONCE = 500
"""Rows for which all products are held at once: 64 numbers a row, for seven terms."""


def sum_in_order(parts: FloatArray) -> FloatArray:
    """Sum over the first axis, one after the other: the same bits whatever the number of columns."""
    total: FloatArray = (
        np.add.accumulate(parts, axis=0)[-1] + 0.0
    )  # + 0.0: no negative zero, as in a sum that begins with zero
    return total
