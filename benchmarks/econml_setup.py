"""EconML's published example of two investments, rebuilt: support brings 5,000 + 2 % of size, a discount 5 % of size.

The example's effect function and costs (100 a PC for support, 7 % of IT spend for a discount) are its own; how accounts
are distributed and who gets what is ours, since the file was not at hand: 2,000 accounts, the large rather than the
small, both investments by chances that grow with size. A policy is the option, or none, with the highest predicted
effect less its cost; its value is by the true effects, as a share of the oracle's.

Called with a Python that has econml as `python econml_setup.py FILE`, it lets LinearDRLearner learn the same trials.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

N, FOLDS, SUPPORT, DISCOUNT = 2000, 5, 1, 2
SIZE, IT_SPEND, PCS = 7, 4, 6
"""Columns of the features."""


def world(seed: int) -> dict[str, np.ndarray]:
    """Features, arm (0 = none, 1 = support, 2 = discount, 3 = both), revenue, true effects and costs of the arms."""
    rng = np.random.default_rng(seed)
    flags = np.column_stack([rng.random(N) < share for share in (0.2, 0.2, 0.5, 0.7)]).astype(float)
    size = np.exp(rng.normal(11.4, 0.7, N))
    it_spend = 0.25 * size**0.97 * np.exp(rng.normal(0, 0.6, N))
    employees = np.exp(rng.normal(4, 0.9, N))
    pcs = employees * np.exp(rng.normal(0, 0.4, N))
    large = (np.log(size) - 11.4) / 0.7
    chances = (0.8 * large + 0.4 * flags[:, 1] - 0.1, 0.7 * large + 0.3 * flags[:, 3] - 0.2)
    support, discount = ((rng.random(N) < 1 / (1 + np.exp(-odds))).astype(int) for odds in chances)
    arm = SUPPORT * support + DISCOUNT * discount
    effect = np.column_stack([5000 + 0.02 * size, 0.05 * size, 5000 + 0.07 * size])
    base = 0.05 * it_spend + 0.025 * size + 2000 * flags[:, 0] + 1500 * flags[:, 1] + 5 * pcs + 3000
    brought = np.where(arm > 0, effect[np.arange(N), np.maximum(arm - 1, 0)], 0.0)
    return {
        "features": np.column_stack([flags, it_spend, employees, pcs, size]), "arm": arm,
        "revenue": base + brought + rng.normal(0, 1500, N), "effect": effect,
        "cost": np.column_stack([100 * pcs, 0.07 * it_spend, 100 * pcs + 0.07 * it_spend]),
    }  # fmt: skip


def share_of_oracle(predicted: np.ndarray, effect: np.ndarray, cost: np.ndarray) -> float:
    """What the policy by those predictions is worth, as a share of the best."""
    return _value(predicted - cost, effect - cost) / _value(effect - cost, effect - cost)


def _value(believed: np.ndarray, true: np.ndarray) -> float:
    rows, best = np.arange(len(true)), believed.argmax(axis=1)
    return float(np.where(believed[rows, best] > 0, true[rows, best], 0.0).sum())


def ours(told: dict[str, np.ndarray], form_known: bool) -> np.ndarray:
    """Our effects, as `training.effects.uplift` finds them; form_known : linear in size, in money, hardly any prior."""
    from training.effects.estimation.doubly_robust import cross_fitted_propensity
    from training.effects.estimation.effect_estimation import small_booster
    from training.effects.estimation.r_learner import WITHIN, Case, Precisions, fit_cases, refit
    from training.effects.outcomes import measure
    from training.effects.target_trials import Trials
    from training.settings import Settings

    settings = Settings()
    features, arm, nothing, chosen = told["features"], told["arm"], np.full(N, np.nan), np.zeros(N, bool)
    fold, booster = np.random.default_rng(0).integers(0, FOLDS, N), small_booster(settings.booster)
    chance = cross_fitted_propensity(
        features, arm, random=chosen, known=nothing, fold=fold, n_arms=4, booster=booster, clip=settings.uplift.clip
    )
    trials = Trials(
        None, features, arm, chosen, nothing, told["revenue"], nothing, nothing, arm, nothing, np.zeros((N, 3)),  # type: ignore[arg-type]
    )  # fmt: skip
    revenue = measure(trials, "revenue", fold, booster)
    z = (
        features[:, [SIZE]]
        if form_known
        else np.column_stack([np.log(features[:, [SIZE, IT_SPEND, PCS]]), features[:, :2]])
    )
    z = (z - z.mean(axis=0)) / z.std(axis=0)
    scale = np.full(N, revenue.size.mean()) if form_known else revenue.size
    cases = []
    for option in (1, 2, 3):
        used = np.flatnonzero((arm == option) | (arm == 0))
        own = chance[used, option]
        exposed = (arm[used] == option).astype(float)
        both = own / (own + chance[used, 0])
        cases.append(Case(z[used], revenue.beyond[used], exposed, both, scale[used], np.ones(len(used), bool), used))
    known = Precisions(0.01, 0.01, 1e6)
    fitted = refit(cases, known) if form_known else [shrunk for shrunk, _ in fit_cases(cases)]
    design = np.column_stack([np.ones(N), np.clip(z, -WITHIN, WITHIN)])
    return np.column_stack([design @ one.coefficients * scale for one in fitted])


def econml_setup(seeds: Sequence[int], pythons: Sequence[str]) -> Iterator[str]:
    """The table: ours and EconML's, each without and with knowing on what effects depend."""
    rows: dict[str, list[float]] = {}
    for seed in seeds:
        told = world(seed)
        for name, known in (("loyalty-ladder, its terms", False), ("loyalty-ladder, told: linear in size", True)):
            rows.setdefault(name, []).append(share_of_oracle(ours(told, known), told["effect"], told["cost"]))
        for name, predicted in _peers(told, pythons).items():
            rows.setdefault(name, []).append(share_of_oracle(predicted, told["effect"], told["cost"]))
    yield f"## EconML's set-up, rebuilt, seeds {', '.join(map(str, seeds))}: policy value as a share of the oracle's\n"
    yield "| learner | mean | by seed |\n| --- | --- | --- |"
    for name, shares in rows.items():
        yield f"| {name} | {np.mean(shares):.2%} | {' / '.join(f'{share:.2%}' for share in shares)} |"
    yield ""


def _peers(told: dict[str, np.ndarray], pythons: Sequence[str]) -> dict[str, np.ndarray]:
    for python in pythons:
        if subprocess.run([python, "-c", "import econml"], capture_output=True).returncode == 0:
            with tempfile.TemporaryDirectory() as scratch:
                file = Path(scratch) / "world.npz"
                np.savez(file, **told)
                said = subprocess.run([python, __file__, str(file)], capture_output=True, check=True, text=True)
            return {name: np.array(found) for name, found in json.loads(said.stdout.splitlines()[-1]).items()}
    return {}


def _econml(file: str) -> None:
    """EconML's own learner for this example, with all features as effect modifiers and with size alone."""
    import lightgbm as lgb
    from econml.dr import LinearDRLearner  # type: ignore[import-not-found]

    told = np.load(file)
    found = {}
    for name, columns in (("all features", list(range(8))), ("told: linear in size", [SIZE])):
        small = {"n_estimators": 100, "learning_rate": 0.05, "num_leaves": 8, "min_child_samples": 40, "verbose": -1}
        learner = LinearDRLearner(
            model_regression=lgb.LGBMRegressor(**small), model_propensity=lgb.LGBMClassifier(**small), cv=FOLDS,
            random_state=0,
        )  # fmt: skip
        modifiers = told["features"][:, columns]
        learner.fit(told["revenue"], told["arm"], X=modifiers, W=told["features"] if len(columns) == 1 else None)
        found[f"EconML LinearDRLearner, {name}"] = np.column_stack(
            [learner.effect(modifiers, T0=0, T1=option) for option in (1, 2, 3)]
        ).tolist()
    print(json.dumps(found))


if __name__ == "__main__":
    import warnings

    warnings.simplefilter("ignore")
    _econml(sys.argv[1])
