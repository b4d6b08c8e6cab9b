"""The predictions of an evaluation on rows held out in time, for further questions on the very same rows."""

from collections.abc import Mapping
from dataclasses import dataclass

from features.instants import FloatArray, IntArray
from training.model.serialization import Predictor


@dataclass(frozen=True, eq=False)
class HoldoutPredictions:
    """Predictions of n rows that were evaluated out of time, origin after origin.

    rows : shape (n,), their positions in the dataset.
    predictions : our predictions of them, shape (n, k).
    losses : model -> its primary score of every row, shape (n,); lower is better.
    latest : our model of the last origin, which learnt from nothing later.
    """

    rows: IntArray
    predictions: FloatArray
    losses: Mapping[str, FloatArray]
    latest: Predictor
