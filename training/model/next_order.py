"""The predictor of the next order day: a window of days, from the account's own rhythm and the silence so far.

The gap between two order days is log-logistic; its median and its spread depend on the account's own gaps, and are
drawn to those of the population as far as these say little. That the account has been silent so far rules the shorter
gaps out. The whole is then made to agree with the chance of no order over the horizon, which rests on all features.

Source: Kalbfleisch & Prentice (2002), sections 2.2 and 3.2, for the log-logistic model of times until an event.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from features.instants import BoolArray, FloatArray
from features.ladder.rhythm import PAUSE_SLACK
from training.model.buy_till_you_die import in_pause
from training.model.serialization import served

LEVELS = (0.1, 0.5, 0.9)
"""The quantiles that are told: both ends of a window of 80 %, and its median."""
FARTHEST_DAYS = 1_095
"""Three years: a day so far ahead stands for itself, for any later one, and for never."""
FEATURES = (
    "days_since_order_day", "order_days_total", "order_days_730d", "order_gap_last", "order_gap_mean_730d",
    "order_gap_deviation_730d", "usual_pause_days",
)  # fmt: skip
"""The features that the rhythm is read from."""
PAUSE = FEATURES[-1]
"""Earlier models do without it."""
HALF_A_DAY = 0.5
"""A gap of n days is one between n - 1/2 and n + 1/2 on the continuous scale."""
STEEPEST = 100.0
"""The largest shape: beyond it a rhythm is a clock."""
_LARGE = 30.0
"""From here on log(exp(x) - 1) is x in every digit."""


@dataclass(frozen=True)
class Rhythm:
    """What is known of the order days of n accounts, shape (n,) each, n_terms columns for the terms.

    known : whether there are two order days; elsewhere the other values are placeholders.
    silence : days since the last order day.
    location : terms of the log of the median gap: 1, log mean gap, log last gap, log number of gaps, their deviation
        over their mean (0 where there is one gap only), whether there is one only.
    spread : terms of the log of the shape: 1 and the last three.
    pause : days of the pause that it is in, of every year at this time; 0 where it is in none.
    """

    known: BoolArray
    silence: FloatArray
    location: FloatArray
    spread: FloatArray
    pause: FloatArray


def rhythm_of(matrix: FloatArray, columns: Mapping[str, int]) -> Rhythm:
    """Read the rhythm from features.

    columns : feature -> its position, for those of FEATURES.
    """
    silence, total, recent, last, mean, deviation = (matrix[:, columns[name]] for name in FEATURES[:6])
    pause = matrix[:, columns[PAUSE]] if PAUSE in columns else np.zeros(len(matrix))
    known: BoolArray = (total > 1) & (silence >= 0) & np.isfinite(silence) & np.isfinite(last)
    last = np.maximum(np.where(known, last, 1.0), 1.0)
    mean = np.maximum(np.where(np.isfinite(mean), mean, last), 1.0)
    number = np.maximum(np.minimum(np.nan_to_num(total) - 1.0, np.nan_to_num(recent)), 1.0)
    one = number < 2
    deviation = np.where(one, 0.0, np.nan_to_num(deviation) / mean)
    ones, single = np.ones(len(matrix)), one.astype(np.float64)
    own = (np.log(number), deviation, single)
    silence = np.where(known, silence, 0.0)
    return Rhythm(
        known, silence, np.column_stack([ones, np.log(mean), np.log(last), *own]), np.column_stack([ones, *own]),
        np.where(in_pause(silence, np.nan_to_num(pause), mean), pause, 0.0),
    )  # fmt: skip


@served
@dataclass(frozen=True)
class NextOrder:
    """The log-logistic model of the gap: P(gap > t) = 1 / (1 + (t / median)^shape).

    columns : feature -> its position in the matrix, for those of FEATURES.
    location : of the log of the median, one coefficient a term.
    spread : of the log of the shape, likewise.
    horizon_days : of the chance of no order that windows are made to agree with.
    """

    columns: Mapping[str, int]
    location: tuple[float, ...]
    spread: tuple[float, ...]
    horizon_days: int

    def predict(self, matrix: FloatArray) -> FloatArray:
        """Return the window by the rhythm alone and the days overdue, shape (n, 4), days; see `window`, `overdue`."""
        return np.column_stack([self.window(matrix), self.overdue(matrix)])

    def window(self, matrix: FloatArray, no_order: FloatArray | None = None) -> FloatArray:
        """Return the days from as_of to the quantiles LEVELS of the next order day, shape (n, 3).

        From an as_of within a day they are fractions, such that they lead to a midnight. NaN without two order days; at
        most some FARTHEST_DAYS.

        no_order : chance of no order in the horizon, shape (n,). The share of the distribution that lies within the
            horizon is stretched to the rest of it. By default the rhythm speaks for itself.
        """
        rhythm = rhythm_of(matrix, self.columns)
        median, shape = self._median_and_shape(rhythm)
        since = np.maximum(rhythm.silence - HALF_A_DAY, HALF_A_DAY)
        behind = shape * (np.log(since) - median)
        ahead = shape * (np.log(since + self.horizon_days) - median)
        silent = np.exp(np.logaddexp(0.0, behind) - np.logaddexp(0.0, ahead))  # P(nothing in the horizon) by rhythm
        today = np.maximum(np.floor(rhythm.silence), 1.0)
        days = []
        for level in LEVELS:
            left = np.full(len(matrix), 1.0 - level)
            if no_order is not None:
                left = _stretched(left, np.clip(no_order, 1e-6, 1 - 1e-6), np.clip(silent, 1e-9, 1 - 1e-9))
            day = np.floor(self._gap(median, shape, behind, left) + HALF_A_DAY)
            days.append(np.minimum(np.maximum(day, today), today + FARTHEST_DAYS) - rhythm.silence)
        return np.where(rhythm.known[:, None], np.column_stack(days), np.nan)

    def overdue(self, matrix: FloatArray) -> FloatArray:
        """Return by how many whole days the silence exceeds the window that held right after the last order day.

        Shape (n,); zero within it, NaN without two order days.
        """
        rhythm = rhythm_of(matrix, self.columns)
        median, shape = self._median_and_shape(rhythm)
        behind = shape * (np.log(HALF_A_DAY) - median)
        end = np.floor(self._gap(median, shape, behind, np.full(len(matrix), 1.0 - LEVELS[-1])) + HALF_A_DAY)
        end = np.maximum(end, np.floor(PAUSE_SLACK * rhythm.pause))
        return np.where(rhythm.known, np.maximum(np.floor(rhythm.silence) - end, 0.0), np.nan)

    def _median_and_shape(self, rhythm: Rhythm) -> tuple[FloatArray, FloatArray]:
        """Return the log of the median gap and the shape, shape (n,) each; terms are added from left to right."""
        median, shape = np.zeros(len(rhythm.known)), np.zeros(len(rhythm.known))
        for column, coefficient in enumerate(self.location):
            median = median + coefficient * rhythm.location[:, column]
        for column, coefficient in enumerate(self.spread):
            shape = shape + coefficient * rhythm.spread[:, column]
        median = np.maximum(median, np.log(np.maximum(rhythm.pause, 1.0)))
        return median, np.minimum(np.exp(np.minimum(shape, _LARGE)), STEEPEST)

    @staticmethod
    def _gap(median: FloatArray, shape: FloatArray, behind: FloatArray, left: FloatArray) -> FloatArray:
        """Return the gap that a share `left` of those still silent exceeds, days.

        behind : log of (days already silent / median)^shape.
        """
        rest = np.logaddexp(0.0, behind) - np.log(left)
        odds = np.where(rest > _LARGE, rest, np.log(np.expm1(np.minimum(rest, _LARGE))))
        gap: FloatArray = np.exp(np.minimum(median + odds / shape, _LARGE))
        return gap


def _stretched(left: FloatArray, no_order: FloatArray, silent: FloatArray) -> FloatArray:
    """Return the share left by rhythm alone that stands for a share left once the horizon's chance is agreed upon.

    no_order, silent : chance of nothing in the horizon, as it is known and by rhythm alone.
    """
    within = 1.0 - (1.0 - left) * (1.0 - silent) / (1.0 - no_order)
    return np.where(left >= no_order, within, left * silent / no_order)
