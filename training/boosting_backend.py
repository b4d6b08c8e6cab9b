"""The boosting backend: where boosters are trained, in this process or elsewhere (see `training.distributed`)."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import lightgbm as lgb

from features.instants import FloatArray, IntArray


class BoostingBackend(Protocol):
    """A function that trains one booster and returns its text."""

    def __call__(
        self,
        values: FloatArray,
        target: FloatArray | IntArray,
        weight: FloatArray,
        *,
        names: Sequence[str],
        parameters: Mapping[str, Any],
        rounds: int,
    ) -> str:
        """Train a booster.

        values : shape (n, len(names)).
        target : shape (n,).
        weight : shape (n,), with mean one.
        names : of the columns.
        parameters : LightGBM's.
        rounds : number of trees, per class.
        """
        ...


def local_backend(
    values: FloatArray,
    target: FloatArray | IntArray,
    weight: FloatArray,
    *,
    names: Sequence[str],
    parameters: Mapping[str, Any],
    rounds: int,
) -> str:
    """Train a booster in this process: the same text for the same rows, parameters and machine type."""
    data = lgb.Dataset(
        values,
        label=target,
        weight=weight,
        feature_name=list(names),
        params={"verbosity": -1, "num_threads": parameters["num_threads"]},
        free_raw_data=True,
    )
    return str(lgb.train(dict(parameters), data, num_boost_round=rounds).model_to_string())
