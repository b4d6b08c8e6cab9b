"""The bundle as an MLflow pyfunc model, for notebooks and batch jobs: a matrix of features in, chances out.

MLflow imports this module by name and hands it the bundle's folder; no pickle is involved.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from features import catalog
from features.tables import RUNGS
from training.bundle import MANIFEST, Bundle, read_bundle


class PyfuncModel:
    """What MLflow calls."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle

    def predict(self, model_input: pd.DataFrame, params: Any = None) -> pd.DataFrame:  # noqa: ARG002
        """Chances of the rungs at the horizon, of switching, and expected revenue, one row each.

        model_input : columns named as in the catalogue, in any order; one that is not there is missing.
        p_switch is given for every row: whether the account can switch is not known here.
        """
        columns = [
            model_input[name] if name in model_input else np.full(len(model_input), np.nan) for name in catalog.NAMES
        ]
        matrix = np.column_stack([np.asarray(column, np.float64) for column in columns])
        result = pd.DataFrame(self.bundle.next_rung.predict(matrix), columns=[f"p_{rung}" for rung in RUNGS])
        switching = self.bundle.switching
        result["p_switch"] = np.nan if switching is None else switching.predict(matrix)[:, 0]
        result["expected_revenue"] = self.bundle.revenue.predict(matrix)[:, 0]
        return result.set_index(model_input.index)


def _load_pyfunc(path: str) -> PyfuncModel:
    """MLflow's hook; `path` is the folder that was logged, or the one above it."""
    folder = Path(path)
    if not (folder / MANIFEST).is_file():
        folder = next(iter(sorted(folder.glob(f"*/{MANIFEST}")))).parent
    return PyfuncModel(read_bundle(folder)[0])
