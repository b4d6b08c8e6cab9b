"""Other people's boosters and forests on the same rows: python benchmarks/peers.py ROWS.npz CHANCES.npz [--budget S]

Runs in any Python that has some of catboost, xgboost, scikit-learn and flaml[automl]; what is not there is left out.
ROWS holds matrix, target, weight, asked (the rows to predict) and classes (1 = a chance); CHANCES gets one
array a model. Small and regularised as ours are, and chosen before any result was seen; but for FLAML, which searches
for its own learner and settings through --budget seconds of every fit, on its own splits, which may put rows of one
account on both sides: splits by account fail on rare classes.
"""

import argparse
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
ROUNDS, RATE, RIDGE, SEED, THREADS = 250, 0.05, 10.0, 0, 2


def _catboost(classes: int, _: float) -> Any:
    from catboost import CatBoostClassifier

    loss = "Logloss" if classes == 1 else "MultiClass"
    return CatBoostClassifier(
        iterations=ROUNDS, learning_rate=RATE, depth=5, l2_leaf_reg=RIDGE, loss_function=loss, random_seed=SEED,
        thread_count=THREADS, verbose=False, allow_writing_files=False,
    )  # fmt: skip


def _xgboost(_: int, __: float) -> Any:
    from xgboost import XGBClassifier

    return XGBClassifier(
        n_estimators=ROUNDS, learning_rate=RATE, max_depth=4, min_child_weight=10, reg_lambda=RIDGE, subsample=0.5,
        colsample_bytree=0.3, tree_method="hist", random_state=SEED, n_jobs=THREADS,
    )  # fmt: skip


def _forest(_: int, __: float) -> Any:
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(
        n_estimators=200, min_samples_leaf=20, max_features=0.2, max_samples=0.25, random_state=SEED, n_jobs=THREADS
    )


class _Flaml:
    """FLAML's AutoML with scikit-learn's two methods; learners, settings and their search are its own."""

    def __init__(self, budget: float) -> None:
        from flaml import AutoML
        from pandas import DataFrame

        self._automl, self._budget = AutoML(), budget
        self._frame = DataFrame  # of a bare array it fills in nothing, and learners that cannot miss a value stop it

    def fit(self, matrix: Array, target: Array, sample_weight: Array) -> "_Flaml":
        self._automl.fit(
            self._named(matrix), target, task="classification", metric="log_loss", time_budget=self._budget,
            n_jobs=THREADS, seed=SEED, sample_weight=sample_weight, verbose=0, log_file_name="",
        )  # fmt: skip
        return self

    def predict_proba(self, asked: Array) -> Array:
        if self._automl.model is None:
            raise SystemExit(f"FLAML found no model in {self._budget:g} seconds; give it more with --budget.")
        return np.asarray(self._automl.predict_proba(self._named(asked)))

    def _named(self, matrix: Array) -> Any:
        return self._frame(matrix, columns=[f"f{k}" for k in range(matrix.shape[1])])


def _flaml(_: int, budget: float) -> Any:
    return _Flaml(budget)


Make = Callable[[int, float], Any]
"""A model that is not fitted yet; from the number of classes and the seconds that a search may take."""

PEERS: Mapping[str, tuple[str, Make]] = {
    "CatBoost": ("catboost", _catboost),
    "XGBoost": ("xgboost", _xgboost),
    "random forest": ("sklearn", _forest),
    "FLAML": ("flaml", _flaml),
}


def chances_of(make: Make, rows: Mapping[str, Array], budget: float) -> Array:
    """Fit one peer and predict, shape (n asked, classes), or (n asked, 1) for a chance.

    A class that no row to learn from has gets next to nothing.
    """
    classes = int(rows["classes"])
    present, target = np.unique(rows["target"], return_inverse=True)
    weight = rows["weight"] / rows["weight"].mean()
    model = make(classes, budget).fit(rows["matrix"], target, sample_weight=weight)
    given = np.asarray(model.predict_proba(rows["asked"]))
    if classes == 1:
        return given[:, 1:2].astype(np.float64)
    full = np.full((len(given), classes), 1e-6)
    full[:, present] = given
    return full / full.sum(axis=1, keepdims=True)


def main() -> None:
    """All peers that this Python has."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", type=Path)
    parser.add_argument("chances", type=Path)
    parser.add_argument("--budget", type=float, default=600.0, help="seconds of FLAML's search, of every fit")
    asked = parser.parse_args()
    with np.load(asked.rows) as held:
        rows = dict(held)
    found = {
        name: chances_of(make, rows, asked.budget)
        for name, (module, make) in PEERS.items()
        if find_spec(module) is not None
    }
    np.savez(asked.chances, **found)


if __name__ == "__main__":
    main()
