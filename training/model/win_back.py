"""The predictor of coming back: the chance that a former customer orders within the horizon."""

from dataclasses import dataclass

import numpy as np

from features.instants import FloatArray
from training.model.predictors import FLOOR
from training.model.serialization import Predictor, served

FORMER_COLUMNS = ("former_pace",)
"""What is known of a former account beside its features: its revenue a year while it bought."""


@served
@dataclass(frozen=True)
class WinBack:
    """The chance of an order within the horizon, of accounts that were customers and have gone.

    chance : of the matrix with FORMER_COLUMNS behind the features.
    features : number of columns of the features.
    """

    chance: Predictor
    features: int

    def predict(self, matrix: FloatArray) -> FloatArray:
        """Return probabilities, shape (n, 1).

        matrix : shape (n, features), or wider by FORMER_COLUMNS; without them nothing is known of the former pace.
        """
        missing = self.features + len(FORMER_COLUMNS) - matrix.shape[1]
        if missing:
            matrix = np.column_stack([matrix, np.full((len(matrix), missing), np.nan)])
        return np.clip(self.chance.predict(matrix), FLOOR, 1 - FLOOR)
