"""Other people's boosters and forests on the same rows: python benchmarks/peers.py ROWS.npz CHANCES.npz

Runs in any Python that has some of catboost, xgboost and scikit-learn; what is not there is left out. ROWS holds
matrix, target, weight, asked (the rows to predict) and classes (1 = a chance); CHANCES gets one array a model. Small
and regularised as ours are, and chosen before any result was seen.
"""

import sys
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
ROUNDS, RATE, RIDGE, SEED, THREADS = 250, 0.05, 10.0, 0, 2


def _catboost(classes: int) -> Any:
    from catboost import CatBoostClassifier

    loss = "Logloss" if classes == 1 else "MultiClass"
    return CatBoostClassifier(
        iterations=ROUNDS, learning_rate=RATE, depth=5, l2_leaf_reg=RIDGE, loss_function=loss, random_seed=SEED,
        thread_count=THREADS, verbose=False, allow_writing_files=False,
    )  # fmt: skip


def _xgboost(_: int) -> Any:
    from xgboost import XGBClassifier

    return XGBClassifier(
        n_estimators=ROUNDS, learning_rate=RATE, max_depth=4, min_child_weight=10, reg_lambda=RIDGE, subsample=0.5,
        colsample_bytree=0.3, tree_method="hist", random_state=SEED, n_jobs=THREADS,
    )  # fmt: skip


def _forest(_: int) -> Any:
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(
        n_estimators=200, min_samples_leaf=20, max_features=0.2, max_samples=0.25, random_state=SEED, n_jobs=THREADS
    )


PEERS: Mapping[str, tuple[str, Callable[[int], Any]]] = {
    "CatBoost": ("catboost", _catboost),
    "XGBoost": ("xgboost", _xgboost),
    "random forest": ("sklearn", _forest),
}


def chances_of(make: Callable[[int], Any], rows: Mapping[str, Array]) -> Array:
    """Fit one peer and predict, shape (n asked, classes), or (n asked, 1) for a chance."""
    classes = int(rows["classes"])
    present, target = np.unique(rows["target"], return_inverse=True)
    model = make(classes).fit(rows["matrix"], target, sample_weight=rows["weight"] / rows["weight"].mean())
    given = np.asarray(model.predict_proba(rows["asked"]), np.float64)
    if classes == 1:
        return given[:, 1:2]
    full = np.full((len(given), classes), 1e-6)
    full[:, present] = given
    return full / full.sum(axis=1, keepdims=True)


def main(source: Path, out: Path) -> None:
    """All peers that this Python has."""
    with np.load(source) as held:
        rows = dict(held)
    found = {name: chances_of(make, rows) for name, (module, make) in PEERS.items() if find_spec(module) is not None}
    np.savez(out, **found)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
