"""Where boosters are grown: here, or by whoever takes this place (see `training.distributed`)."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import lightgbm as lgb

from features.instants import FloatArray, IntArray


class Grow(Protocol):
    """Grows one booster and gives its text."""

    def __call__(
        self,
        values: FloatArray,
        target: FloatArray | IntArray,
        weight: FloatArray,
        names: Sequence[str],
        parameters: Mapping[str, Any],
        rounds: int,
    ) -> str:
        """values : shape (n, len(names)).  weight : shape (n,), averages one.  parameters : LightGBM's."""
        ...


def local_backend(
    values: FloatArray,
    target: FloatArray | IntArray,
    weight: FloatArray,
    names: Sequence[str],
    parameters: Mapping[str, Any],
    rounds: int,
) -> str:
    """A booster grown by this process: the same text for the same rows, parameters and machine type."""
    data = lgb.Dataset(
        values,
        label=target,
        weight=weight,
        feature_name=list(names),
        params={"verbosity": -1, "num_threads": parameters["num_threads"]},
        free_raw_data=True,
    )
    return str(lgb.train(dict(parameters), data, num_boost_round=rounds).model_to_string())
