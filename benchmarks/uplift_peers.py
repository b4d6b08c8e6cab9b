"""Other people's learners of effects on the same trials: python benchmarks/uplift_peers.py TRIALS.npz EFFECTS.npz

Runs in any Python that has econml or causalml, and lightgbm; what is not there is left out. TRIALS holds matrix (no
value missing), modifiers, arm (0 = none), random, outcome, account, and for the rows to predict asked and
asked_modifiers; EFFECTS gets of each learner the effects, shape (n asked, n options), and under its name and
"|seconds" how long it took. Settings were chosen before any result was seen, for few and noisy data: LightGBM nuisances
as small and regularised as ours, folds that keep an account together, propensities known where all arms were drawn by
lot and estimated (with that they were, as a feature) where only some were, forests with large leaves.
"""

import argparse
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
ROUNDS, RATE, LEAVES, LEAST, RIDGE, SEED, THREADS = 100, 0.05, 8, 60, 10.0, 0, 1
CLIP, FOLDS, TREES, LEAST_IN_FOREST = 0.01, 5, 200, 60


@dataclass(frozen=True)
class Given:
    """What a learner learns from, and whom it is asked about: see the module."""

    matrix: Array
    modifiers: Array
    arm: Array
    random: Array
    outcome: Array
    account: Array
    asked: Array
    asked_modifiers: Array

    @property
    def by_lot(self) -> bool:
        """Whether every arm was drawn by lot."""
        return bool(self.random.all())


def _booster(kind: str) -> Any:
    import lightgbm as lgb

    return getattr(lgb, f"LGBM{kind}")(
        n_estimators=ROUNDS, learning_rate=RATE, num_leaves=LEAVES, min_child_samples=LEAST, reg_lambda=RIDGE,
        subsample=0.5, subsample_freq=1, colsample_bytree=0.3, random_state=SEED, n_jobs=THREADS, verbosity=-1,
    )  # fmt: skip


def _propensity(given: Given) -> Any:
    """Of the arms: their shares where they were drawn by lot, which are the known chances, else a booster."""
    from sklearn.dummy import DummyClassifier

    return DummyClassifier(strategy="prior") if given.by_lot else _booster("Classifier")


def _econml(given: Given, make: Callable[[Given], Any]) -> Array:
    learner = make(given)
    learner.fit(given.outcome, given.arm, X=given.modifiers, W=given.matrix, groups=given.account)
    effects = np.asarray(learner.const_marginal_effect(given.asked_modifiers))
    return effects.reshape(len(given.asked_modifiers), -1)


def _linear_dr(given: Given) -> Any:
    from econml.dr import LinearDRLearner

    return LinearDRLearner(
        model_propensity=_propensity(given), model_regression=_booster("Regressor"), min_propensity=CLIP, cv=FOLDS,
        random_state=SEED,
    )  # fmt: skip


def _forest_dr(given: Given) -> Any:
    from econml.dr import ForestDRLearner

    return ForestDRLearner(
        model_propensity=_propensity(given), model_regression=_booster("Regressor"), min_propensity=CLIP, cv=FOLDS,
        n_estimators=TREES, min_samples_leaf=LEAST_IN_FOREST, n_jobs=THREADS, random_state=SEED,
    )  # fmt: skip


def _causal_forest(given: Given) -> Any:
    from econml.dml import CausalForestDML

    return CausalForestDML(
        model_y=_booster("Regressor"), model_t=_propensity(given), discrete_treatment=True, cv=FOLDS,
        n_estimators=TREES, min_samples_leaf=LEAST_IN_FOREST, n_jobs=THREADS, random_state=SEED,
    )  # fmt: skip


def _causalml(given: Given, name: str) -> Array:
    from causalml.inference import meta

    options = np.unique(given.arm[given.arm > 0])
    here, there = _pair_chances(given, options)
    if name == "DR":
        learner = meta.BaseDRRegressor(learner=_booster("Regressor"), control_name=0)
        learner.fit(given.matrix, given.arm, given.outcome, p=here, seed=SEED)
        return np.asarray(learner.predict(given.asked))
    learner = getattr(meta, f"Base{name}Regressor")(learner=_booster("Regressor"), control_name=0)
    if name == "X":
        learner.fit(given.matrix, given.arm, given.outcome, p=here)
        return np.asarray(learner.predict(given.asked, p=there))
    learner.fit(given.matrix, given.arm, given.outcome)
    return np.asarray(learner.predict(given.asked))


def _pair_chances(given: Given, options: Array) -> tuple[dict[int, Array], dict[int, Array]]:
    """Per option its chance against none, out of fold for the trials and plainly for the rows asked about."""
    from sklearn.model_selection import GroupKFold, cross_val_predict

    model = _propensity(given)
    here = cross_val_predict(
        model, given.matrix, given.arm, groups=given.account, cv=GroupKFold(FOLDS), method="predict_proba"
    )
    there = model.fit(given.matrix, given.arm).predict_proba(given.asked)

    def of_pair(chance: Array, option: int) -> Array:
        return np.asarray(np.clip(chance[:, option] / (chance[:, option] + chance[:, 0]), CLIP, 1 - CLIP))

    return {int(k): of_pair(here, k) for k in options}, {int(k): of_pair(there, k) for k in options}


LEARNERS: Mapping[str, tuple[str, Callable[[Given], Array]]] = {
    "EconML LinearDRLearner": ("econml", lambda given: _econml(given, _linear_dr)),
    "EconML ForestDRLearner": ("econml", lambda given: _econml(given, _forest_dr)),
    "EconML CausalForestDML": ("econml", lambda given: _econml(given, _causal_forest)),
    "CausalML S-learner": ("causalml", lambda given: _causalml(given, "S")),
    "CausalML T-learner": ("causalml", lambda given: _causalml(given, "T")),
    "CausalML X-learner": ("causalml", lambda given: _causalml(given, "X")),
    "CausalML DR-learner": ("causalml", lambda given: _causalml(given, "DR")),
}


def main() -> None:
    """All learners that this Python has."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("trials", type=Path)
    parser.add_argument("effects", type=Path)
    asked = parser.parse_args()
    from threadpoolctl import threadpool_limits

    warnings.filterwarnings("ignore")  # of libraries about each other's names and versions; nothing can be done here
    with np.load(asked.trials) as held:
        given = Given(**{name: held[name] for name in Given.__dataclass_fields__})
    found: dict[str, Array] = {}
    for name, (module, learn) in LEARNERS.items():
        if find_spec(module) is None:
            continue
        began = time.monotonic()
        with threadpool_limits(limits=THREADS):  # on shared cores threads wait for each other: tenfold the time
            found[name] = learn(given).astype(np.float64)
        found[f"{name}|seconds"] = np.array(time.monotonic() - began)
    np.savez(asked.effects, **found)


if __name__ == "__main__":
    main()
