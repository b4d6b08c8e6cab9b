"""What an evaluation leaves behind for further questions on the very same rows."""

from collections.abc import Mapping
from dataclasses import dataclass

from features.instants import FloatArray, IntArray
from training.model.serialization import Predictor


@dataclass(frozen=True, eq=False)
class HoldoutPredictions:
    """n rows that were judged out of time, origin after origin.

    rows : shape (n,), their positions in the dataset.  told : our predictions of them, shape (n, k).
    losses : model -> its primary score of every row, shape (n,); lower is better.
    latest : our model as it was at the last origin, which learnt from nothing later.
    """

    rows: IntArray
    told: FloatArray
    losses: Mapping[str, FloatArray]
    latest: Predictor
