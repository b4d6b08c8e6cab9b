"""The features that installed packages and modules of one's own add to the catalogue."""

from collections.abc import Sequence
from dataclasses import replace
from functools import wraps

import numpy as np

from features.catalog.declarations import Compute, Context, Feature
from features.errors import SettingsError
from features.extensions import FEATURES, added_from, called_by_name, refuse_taken
from features.histories.views import View
from features.instants import FloatArray


def with_added(ours: Sequence[Feature]) -> tuple[Feature, ...]:
    """Return our features and those that are added; what goes wrong in one of these is called by who adds it.

    Raises
    ------
    SettingsError
        If one has the name of another.
    """
    features = list(ours)
    for feature, one in added_from(FEATURES, Feature):
        if not str(feature.name).isidentifier():
            raise SettingsError(
                f"The {one.origin} adds the feature {feature.name!r}: a name is of letters, digits and _. Call it so."
            )
        refuse_taken(feature.name, one, [known.name for known in features])
        compute = called_by_name(_checked(feature.compute), f"The feature {feature.name}", one)
        features.append(replace(feature, compute=compute))
    return tuple(features)


def _checked(compute: Compute) -> Compute:
    """Return a computation that refuses what would be no column of the matrix."""

    @wraps(compute)
    def checked(view: View, context: Context) -> FloatArray:
        values = np.asarray(compute(view, context), np.float64)
        if values.shape != (len(view),):
            raise ValueError(f"it gives the shape {values.shape}, and there are {len(view)} snapshots")
        if np.isinf(values).any():
            raise ValueError("it gives infinite numbers; what is not known is NaN")
        return values

    return checked
