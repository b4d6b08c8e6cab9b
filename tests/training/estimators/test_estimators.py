"""The estimators learn what `ladder train` learns, to the last bit, and go where scikit-learn's own go."""

import doctest
import importlib
import pkgutil
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_val_score
from sklearn.pipeline import make_pipeline

import training.estimators
from features.catalog import catalog
from features.catalog.catalog import FEATURES
from features.catalog.declarations import Family
from features.errors import ColumnMissing, NotEnoughData
from features.tables import RUNGS
from tests.docs.documents import DOCS, python_blocks
from tests.trained import small_settings, tiny_dataset, tiny_histories
from training.data.dataset import earlier_split
from training.data.splits import folds_of
from training.effects.estimation.doubly_robust import cross_fitted_propensity, overlap
from training.effects.estimation.effect_estimation import fit_effects, modifiers, small_booster
from training.effects.estimation.uplift_estimation import Estimation
from training.effects.estimation.within_dates import at_their_dates, centred
from training.effects.outcomes import measure
from training.effects.target_trials import Trials, build_trials
from training.estimators import (
    HistoryFeatures,
    RevenueRegressor,
    RungClassifier,
    SetCalibrator,
    SwitchingClassifier,
    UpliftRegressor,
)
from training.model.serialization import to_json
from training.model.terms import standardised_values
from training.models.conformal import fit_set_rule
from training.models.fitting import one_linear_algebra_thread, standardise_terms
from training.models.next_rung import fit_with_earlier
from training.models.revenue import invested_after, learn_revenue
from training.models.revenue_range import fit_revenue_range
from training.models.switching import learn_switching

MODULES = [f"training.estimators.{module.name}" for module in pkgutil.iter_modules(training.estimators.__path__)]
_OURS = small_settings().booster
FEW: dict[str, Any] = {"rounds": _OURS.rounds, "learning_rate": _OURS.learning_rate}


@cache
def snapshot_rows() -> pd.DataFrame:
    """The snapshots of the tiny dataset."""
    data = tiny_dataset()
    ids = tiny_histories().account_ids[data.snapshots.account].astype(str)
    return pd.DataFrame({"account_id": ids, "as_of": pd.to_datetime(data.snapshots.as_of, unit="us")})


@cache
def matrix() -> pd.DataFrame:
    return pd.DataFrame(tiny_dataset().matrix, columns=list(catalog.NAMES))


def fit_arguments(weight: Any = None) -> dict[str, Any]:
    """Return what `fit` takes besides X and y."""
    weight = tiny_dataset().weight if weight is None else weight
    return {"sample_weight": weight, "as_of": snapshot_rows()["as_of"], "account": snapshot_rows()["account_id"]}


def everything() -> Any:
    return np.ones(len(matrix()), bool)


@pytest.mark.parametrize("module", MODULES)
def test_the_examples_of_the_documentation_are_true(module: str) -> None:
    assert doctest.testmod(importlib.import_module(module)).failed == 0


def test_the_rungs_are_learnt_as_ladder_train_learns_them() -> None:
    data, settings = tiny_dataset(), small_settings()
    model = RungClassifier(**FEW, n_jobs=1).fit(matrix(), data.labels.next_rung, **fit_arguments())
    with one_linear_algebra_thread():
        pool, earlier = fit_with_earlier(data, everything(), settings)
    assert to_json(model.pool_) == to_json(pool)
    assert model.threshold_ == fit_set_rule(data, everything(), earlier, settings).threshold
    seen = sorted(set(data.labels.next_rung.tolist()))
    assert model.classes_.tolist() == seen
    if len(seen) == len(RUNGS):
        np.testing.assert_array_equal(model.predict_proba(matrix()), pool.predict(data.matrix))


def test_rungs_by_name_are_the_rungs_by_number() -> None:
    data = tiny_dataset()
    names = np.array(RUNGS)[data.labels.next_rung]
    numbered, named = (
        RungClassifier(rounds=5).fit(matrix(), y, **fit_arguments()) for y in (data.labels.next_rung, names)
    )
    assert to_json(named.pool_) == to_json(numbered.pool_)
    assert named.classes_.tolist() == sorted(set(names))
    numbers = [RUNGS.index(name) for name in named.classes_]
    by_number = {rung: column for column, rung in enumerate(numbered.classes_)}
    np.testing.assert_allclose(
        named.predict_proba(matrix()), numbered.predict_proba(matrix())[:, [by_number[n] for n in numbers]], rtol=1e-12
    )
    held = named.predict_set(matrix())
    assert held[np.arange(len(held)), named.predict_proba(matrix()).argmax(axis=1)].all()


def test_switching_is_learnt_as_ladder_train_learns_it() -> None:
    data, settings = tiny_dataset(), small_settings()
    weight = data.weight * data.labels.can_switch
    model = SwitchingClassifier(**FEW, n_jobs=1).fit(matrix(), data.labels.switched == 1, **fit_arguments(weight))
    with one_linear_algebra_thread():
        rows = data.labels.can_switch
        expected = learn_switching(
            data.task(data.labels.switched, settings.booster), rows, earlier_split(data, rows, settings)
        )
    assert to_json(model.pool_) == to_json(expected)  # `ladder train` also shows it the accounts of today


def test_revenue_and_its_interval_are_learnt_as_ladder_train_learns_them() -> None:
    data, settings = tiny_dataset(), small_settings()
    free = ~invested_after(data, settings.uplift.exposure_days)
    model = RevenueRegressor(**FEW, n_jobs=1).fit(matrix(), data.labels.revenue, **fit_arguments(data.weight * free))
    with one_linear_algebra_thread():
        task = data.task(data.labels.revenue, settings.booster).take(free)
        assert to_json(model.model_) == to_json(learn_revenue(task, data.snapshots.as_of[free]))
        assert to_json(model.range_) == to_json(fit_revenue_range(data, everything(), settings)[0])
    low, high = model.predict_interval(matrix()).T
    assert (low <= model.predict(matrix())).all()
    assert (model.predict(matrix()) <= high).all()


def test_the_features_are_those_of_the_training_as_a_frame_with_their_names() -> None:
    data = tiny_dataset()
    rows = snapshot_rows().sample(300, random_state=0)
    step = HistoryFeatures(tiny_histories()).set_output(transform="pandas")
    latest = data.snapshots.as_of == data.snapshots.as_of.max()
    frame = step.fit(snapshot_rows()[latest]).transform(rows)
    assert frame.columns.tolist() == list(catalog.NAMES)
    assert frame.index.equals(rows.index)
    np.testing.assert_array_equal(frame.to_numpy(), data.matrix[rows.index])
    plain = clone(step).set_output(transform="default").fit(snapshot_rows()[latest]).transform(rows)
    assert isinstance(plain, np.ndarray)
    assert clone(step).histories is step.histories


def test_a_feature_of_one_s_own_stands_beside_those_of_the_catalogue() -> None:
    mine = Family("mine", "orders").count("orders", 7, "orders")
    step = HistoryFeatures(tiny_histories(), features=(*FEATURES, mine)).set_output(transform="pandas")
    frame = step.fit_transform(snapshot_rows()[:200])
    assert frame.columns[-1] == "orders_7d"
    assert set(frame["orders_7d"]) - {0.0}


def test_what_the_histories_do_not_hold_is_refused() -> None:
    step = HistoryFeatures(tiny_histories()).fit(snapshot_rows()[:10])
    with pytest.raises(ColumnMissing, match="as_of"):
        step.transform(snapshot_rows()[["account_id"]])
    with pytest.raises(NotEnoughData, match="1 of 2 rows"):
        step.transform(
            pd.DataFrame({"account_id": ["nobody", snapshot_rows()["account_id"][0]], "as_of": "2024-01-01"})
        )
    with pytest.raises(ValueError, match="missing in 1 of 10 rows"):
        step.transform(snapshot_rows()[:10].assign(as_of=[pd.NaT, *snapshot_rows()["as_of"][1:10]]))


def test_a_pipeline_from_accounts_to_chances_is_searched_and_cross_validated_by_account() -> None:
    """Metadata go through the pipeline to the estimator that asks for them."""
    rows, y = snapshot_rows()[::5], tiny_dataset().labels.next_rung[::5]
    by_account = GroupKFold(2)
    with sklearn.config_context(enable_metadata_routing=True):
        model = RungClassifier(rounds=3).set_fit_request(as_of=True, account=True, sample_weight=False)
        steps = make_pipeline(HistoryFeatures(tiny_histories()).set_output(transform="pandas"), model)
        search = GridSearchCV(
            steps, {"rungclassifier__leaves": [2, 4]}, cv=by_account, scoring="accuracy", error_score="raise"
        )
        fit_arguments = {"as_of": rows["as_of"], "account": rows["account_id"], "groups": rows["account_id"]}
        search.fit(rows, y, **fit_arguments)
        scores = cross_val_score(
            steps, rows, y, cv=by_account, scoring="accuracy", params=fit_arguments, error_score="raise"
        )
    best = search.best_estimator_[-1]
    assert search.best_params_["rungclassifier__leaves"] in (2, 4)
    assert best.weights_ != dict.fromkeys(best.weights_, best.weights_["logit"])
    dummy = cross_val_score(DummyClassifier(), rows, y, cv=by_account, groups=rows["account_id"], scoring="accuracy")
    assert scores.min() > dummy.max()


def lots(n: int = 3000, seed: int = 0) -> tuple[pd.DataFrame, Any, Any, Any]:
    """A world with a known effect, and managers who choose those who bring most anyway."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.normal(size=(n, 3)), columns=["size", "mood", "noise"])
    chance = np.clip(0.5 + 0.25 * X["size"], 0.1, 0.9)
    exposed = rng.random(n) < chance
    effect = 2.0 + X["mood"]
    y = 5 * X["size"] + exposed * effect + rng.normal(size=n)
    return X, y, exposed, effect.to_numpy()


def test_an_effect_is_recovered_where_the_naive_difference_misleads() -> None:
    X, y, exposed, effect = lots()
    naive = y[exposed].mean() - y[~exposed].mean()
    model = UpliftRegressor(amounts=False, rounds=60).fit(X, y, treatment=exposed)
    assert abs(naive - effect.mean()) > 2
    assert model.average_ == pytest.approx(effect.mean(), abs=0.5)
    assert np.corrcoef(model.predict(X), effect)[0, 1] > 0.9
    assert model.overlap_.share > 0.3
    low, high = model.predict_interval(X, level=0.99).T
    assert (low < high).all()


def test_a_model_of_effects_scores_above_one_that_has_them_the_wrong_way_round() -> None:
    X, y, exposed, _ = lots()
    other, then, lot, _ = lots(seed=1)
    right, wrong = (UpliftRegressor(amounts=False).fit(X, y, treatment=arm) for arm in (exposed, ~exposed))
    assert right.score(other, then, treatment=lot) > 0 > wrong.score(other, then, treatment=lot)


def test_effects_are_cross_validated_with_who_was_exposed_routed_to_fit_and_score() -> None:
    X, y, exposed, _ = lots()
    with sklearn.config_context(enable_metadata_routing=True):
        model = UpliftRegressor(amounts=False).set_fit_request(treatment=True).set_score_request(treatment=True)
        scores = cross_val_score(model, X, y, cv=3, params={"treatment": exposed}, error_score="raise")
    assert (scores > 0).all()


def test_a_column_may_say_who_was_exposed_and_is_no_feature_then() -> None:
    X, y, exposed, _ = lots(1000)
    beside = UpliftRegressor(amounts=False, modifiers=["mood"]).fit(X, y, treatment=exposed)
    within = UpliftRegressor(amounts=False, modifiers=["mood"], treatment_column="exposed")
    within.fit(X.assign(exposed=exposed), y)
    np.testing.assert_array_equal(within.predict(X.assign(exposed=0.0)), beside.predict(X))
    assert {term.column for term in within.effect_.terms} == {1}


EVERY_OTHER = np.arange(1000) % 2


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({}, "treatment_column"),
        ({"treatment": np.ones(5)}, "treatment has 5 values for 1000 rows"),
        ({"treatment": EVERY_OTHER, "propensity": np.ones(5)}, "propensity has 5 values"),
        ({"treatment": EVERY_OTHER, "propensity": np.ones(1000)}, "between 0 and 1"),
        ({"treatment": EVERY_OTHER, "account": ["A"]}, "account has 1"),
    ],
)
def test_what_cannot_be_an_exposure_is_refused(wrong: dict[str, Any], message: str) -> None:
    X, y, _, _ = lots(1000)
    with pytest.raises(ValueError, match=message):
        UpliftRegressor().fit(X, y, **wrong)


def test_sets_of_a_classifier_that_is_learnt_already_hold_what_they_state() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(6000, 1))
    y = np.digitize(X[:, 0] + rng.normal(size=6000), [-1, 0, 1])
    learnt = RungClassifier(rounds=10).fit(X[:2000], y[:2000])
    sets = SetCalibrator(FrozenEstimator(learnt), coverage=0.8).fit(X[2000:4000], y[2000:4000])
    held = sets.predict_set(X[4000:])
    assert held[np.arange(2000), y[4000:]].mean() == pytest.approx(0.8, abs=0.03)
    assert sets.predict_proba(X[4000:]) == pytest.approx(learnt.predict_proba(X[4000:]))
    assert (np.abs(np.diff(np.pad(held.astype(int), ((0, 0), (1, 1))), axis=1)).sum(axis=1) == 2).all()  # unbroken


def test_the_code_of_the_document_runs(capsys: pytest.CaptureFixture[str]) -> None:
    known: dict[str, Any] = {}
    with sklearn.config_context():
        for block in python_blocks(DOCS / "estimators.md"):
            exec(compile(block, "docs/estimators.md", "exec"), known)  # noqa: S102
    assert (known["scores"] > 0.3).all()
    assert known["effect"].average_ == pytest.approx(2.0, abs=0.4)
    assert "true 2.0" in capsys.readouterr().out


def test_every_estimator_is_in_the_document() -> None:
    text = (DOCS / "estimators.md").read_text(encoding="utf-8")
    assert all(f"| `{name}` |" in text for name in training.estimators.__all__)


def test_effects_are_learnt_as_ladder_train_learns_them() -> None:
    """On the managers' choices between one investment and none."""
    data, settings = tiny_dataset(), small_settings()
    found = build_trials(data, settings)
    assert found is not None
    rows = ~found.random & (found.arm <= 1)
    kept = {
        name: getattr(found, name)[rows] for name in Trials.__dataclass_fields__ if name not in ("snapshots", "matrix")
    }
    trials = Trials(found.snapshots.take(rows), np.asfortranarray(found.matrix[rows]), **kept)
    frame = pd.DataFrame(trials.matrix, columns=list(catalog.NAMES))
    names = tiny_histories().account_ids[trials.snapshots.account]
    dates = trials.snapshots.as_of.view("datetime64[us]")
    model = UpliftRegressor(**FEW, n_jobs=1, folds=settings.uplift.folds)
    model.fit(frame, trials.revenue, treatment=trials.arm, account=names, as_of=dates)
    with one_linear_algebra_thread():
        fold = folds_of(data.histories, trials.snapshots.account, settings.uplift.folds)
        booster, terms = small_booster(settings.booster), standardise_terms(modifiers(data), trials.matrix)
        chance = cross_fitted_propensity(
            trials.matrix,
            trials.arm,
            random=trials.random,
            known=trials.propensity,
            fold=fold,
            n_arms=2,
            booster=booster,
            clip=settings.uplift.clip,
        )
        chance = at_their_dates(chance, trials.arm, trials.date)
        work = Estimation(
            names=("visit",), trials=trials, chance=chance, fold=fold, terms=terms,
            z=standardised_values(terms, trials.matrix), settings=settings,
        )  # fmt: skip
        revenue = centred(measure(trials, "revenue", fold, booster), trials.arm, trials.date)
        effect, _ = fit_effects({1: work.case(1, revenue, ~trials.random)}, terms, revenue)[1]
    assert to_json(model.effect_) == to_json(effect)
    assert model.overlap_ == overlap(trials.arm, chance, 1)
