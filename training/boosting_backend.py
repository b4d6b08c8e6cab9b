"""The boosting backend: where boosters are trained, in this process or elsewhere (see `training.distributed`).

Boosters of several targets of the same rows are asked for at once, since the rows are then binned once.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import lightgbm as lgb

from features.instants import FloatArray, IntArray


class BoostingBackend(Protocol):
    """A function that trains a booster for each of several targets and returns their texts."""

    def __call__(
        self,
        values: FloatArray,
        targets: Sequence[FloatArray | IntArray],
        weight: FloatArray,
        *,
        names: Sequence[str],
        parameters: Mapping[str, Any],
        rounds: int,
    ) -> list[str]:
        """Train a booster for each target.

        values : shape (n, len(names)).
        targets : shape (n,) each.
        weight : shape (n,), with mean one.
        names : of the columns.
        parameters : LightGBM's.
        rounds : number of trees, per class.
        """
        ...


def local_backend(
    values: FloatArray,
    targets: Sequence[FloatArray | IntArray],
    weight: FloatArray,
    *,
    names: Sequence[str],
    parameters: Mapping[str, Any],
    rounds: int,
) -> list[str]:
    """Train boosters in this process: the same texts for the same rows, parameters and machine type."""
    data = lgb.Dataset(
        values,
        label=targets[0],
        weight=weight,
        feature_name=list(names),
        params={"verbosity": -1, "num_threads": parameters["num_threads"]},
        free_raw_data=True,
    )
    texts = []
    for target in targets:
        data.set_label(target)
        texts.append(str(lgb.train(dict(parameters), data, num_boost_round=rounds).model_to_string()))
    return texts
