"""The same accounts at every horizon of the model, coherent with each other.

The main horizon is never changed; the others are held to it, outwards, one after the other. The chance of a recorded
switch cannot fall with the horizon, nor can expected revenue; the chance that no order comes cannot rise with it. Every
account is held by itself, so that its figures have the same bits whatever accounts stand beside it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.instants import FloatArray, IntArray
from features.tables import RUNGS
from serving.scoring.score_columns import HORIZON_COLUMNS
from training.model.rung_mass import mass_above, mass_below

Column = NDArray[Any]


def rung_columns(chances: FloatArray, rung: IntArray) -> dict[str, Column]:
    """Return the chances of the rungs, the most probable rung, and the mass above and below today's, as columns.

    chances : shape (n, 7).  rung : shape (n,), today's.
    """
    columns: dict[str, Column] = {f"p_{name}": chances[:, k] for k, name in enumerate(RUNGS)}
    most = chances.argmax(axis=1) if len(chances) else np.empty(0, np.int64)
    columns["next_rung"] = np.array(RUNGS, object)[most]
    return columns | {"p_upgrade": mass_above(chances, rung), "p_downgrade": mass_below(chances, rung)}


def hold_to(figures: Sequence[FloatArray], main: int, rises: bool) -> list[FloatArray]:
    """Return the figures horizon by horizon, held to a monotone order: none falls, or none rises.

    figures : shape (n,) each, without NaN.  main : which of them is never changed; the others follow it outwards.
    """
    held = list(figures)
    later, earlier = (np.maximum, np.minimum) if rises else (np.minimum, np.maximum)
    for k in range(main + 1, len(held)):
        held[k] = later(held[k], held[k - 1])
    for k in range(main - 1, -1, -1):
        held[k] = earlier(held[k], held[k + 1])
    return held


def table(
    horizons: Sequence[Mapping[str, Column]], days: Sequence[int], scores: Mapping[str, Column]
) -> dict[str, Column]:
    """Return one row per account and horizon, all horizons of the first account first, shape (n * n_horizons,) each.

    horizons : the columns of each, as scores have them.  days : how far ahead each looks.
    """
    shared = {name: [scores[name]] * len(days) for name in ("account_id", "as_of", "model_version")}
    span = [np.full(len(scores["account_id"]), ahead, np.int64) for ahead in days]
    parts = {
        name: shared.get(name) or [one[name] for one in horizons] for name in HORIZON_COLUMNS if name != "horizon_days"
    }
    parts["horizon_days"] = span
    return {name: np.stack(parts[name], axis=1).reshape(-1) for name in HORIZON_COLUMNS}
