"""A scikit-learn regressor of the effects of exposures."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import RegressorMixin
from sklearn.utils import check_scalar
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, column_or_1d, validate_data

from features.instants import BoolArray, FloatArray, IntArray
from training.data.splits import folds_of_ids
from training.data.training_task import ABSENT, present
from training.effects.estimation.doubly_robust import Overlap, cross_fitted_propensity, overlap
from training.effects.estimation.effect_estimation import fit_effects, modifiers, small_booster
from training.effects.estimation.r_learner import Case, spread_power
from training.effects.estimation.stacked_effect import Sample, StackedEffect, stack
from training.effects.estimation.within_dates import at_their_dates, centred, comparable
from training.effects.outcomes import Outcome, measure_outcome
from training.effects.target_trials import dates_of
from training.estimators.boosted import OURS, Boosted, accounts_of, instants
from training.model.effect import Effect
from training.model.terms import Term, standardised_values
from training.models.fitting import every_term, one_linear_algebra_thread, standardise_terms
from training.settings import UpliftSettings

SETTINGS = UpliftSettings()


@dataclass(frozen=True)
class _Trials:
    """What the effects are learnt from and scored on.

    chance : shape (n, n_arms), probability of every arm, out of fold.
    compared : shape (n, n_arms), whether a row may be compared with that arm's, or that arm with it.
    target : shape (n,), y less what moved everybody at its date.
    """

    outcome: Outcome
    target: FloatArray
    arm: IntArray
    chance: FloatArray
    randomised: BoolArray
    compared: BoolArray
    account: IntArray
    weight: FloatArray
    fold: IntArray

    def rows(self, k: int) -> BoolArray:
        """Return the rows of arm k and of the control that count."""
        found: BoolArray = ((self.arm == k) | (self.arm == 0)) & self.compared[:, k] & (self.weight > 0)
        return found

    def case(self, k: int, z: FloatArray) -> Case:
        """Return arm k against none."""
        rows = self.rows(k)
        own = self.chance[rows, k] / (self.chance[rows, k] + self.chance[rows, 0])
        return Case(
            z=np.ascontiguousarray(z[rows]),  # sums are then those of the training, to the last bit
            beyond=self.outcome.beyond[rows], exposed=(self.arm[rows] == k).astype(np.float64), chance=own,
            size=self.outcome.size[rows], chosen=~self.randomised[rows], account=self.account[rows],
            weight=self.weight[rows], amounts=self.outcome.amount,
        )  # fmt: skip

    def sample(self, k: int, matrix: FloatArray, case: Case) -> Sample:
        """Return arm k against none, as the other stages take it."""
        rows = self.rows(k)
        return Sample(
            matrix=np.asfortranarray(matrix[rows]), outcome=self.target[rows], exposed=self.arm[rows] == k,
            chance=case.chance, weight=self.weight[rows], fold=self.fold[rows], case=case,
        )  # fmt: skip


class UpliftRegressor(RegressorMixin, Boosted):  # type: ignore[misc]
    """The effects of exposures on an outcome, with intervals: the R-learner with averaged prior variances.

    Of amounts it is what `ladder train` learns of investments (the equations: `training.effects.estimation.r_learner`);
    of other outcomes regressions stand beside it (`stacked`). Probabilities of exposure are known where the exposure
    was randomised, else estimated; outcomes are used less their expectation without exposure, out of fold; folds are of
    accounts. With `as_of`, rows are compared within their dates only.

    *Dangerous* without overlap, or where something that is not a feature drove both exposure and outcome: check
    `overlap_` and `refute` before you believe a number. `predict` returns an effect, not y; `score` is about effects as
    well.

    Parameters
    ----------
    amounts : whether y is an amount (revenue): its effects are then sought as shares of what is expected.
    control : the value of `treatment` that means not exposed. By default False, 0 or 0.0; of texts it must be named.
    modifiers : names or positions of the columns that the effect may differ by; by default those of `ladder train`, or
        all columns where none of these is there. Few are best: some hundred exposed rows do not allow more.
    treatment_column : name or position of a column that says who was exposed, if `treatment` is not given to `fit`; it
        is then not a feature.
    stacked : whether regressions by arm stand beside the linear effect, as far as they foretell more
        (`training.effects.estimation.stacked_effect`); by default where y is no amount.
    folds, clip : as [uplift] in the settings. The others are of the boosters, as for `RungClassifier`.

    Attributes
    ----------
    arms_ : the values of `treatment` other than the control, in order.
    effects_ : arm -> its linear effect, as a bundle would hold it; `effect_` is that of the first.
    stacks_ : arm -> what predicts: the linear effect, or several stages with their `weights`.
    overlaps_ : arm -> exposed rows, effective controls, share in overlap, separation; `overlap_` is that of the first.
    averages_ : arm -> the mean effect over the rows of `fit`, almost unshrunk, and its standard error; `average_` and
        `average_error_` are those of the first.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(2000, 2))
    >>> exposed = rng.random(2000) < 0.5
    >>> y = X[:, 1] + exposed * (2 + X[:, 0]) + rng.normal(size=2000)
    >>> model = UpliftRegressor(amounts=False).fit(X, y, treatment=exposed, propensity=np.full(2000, 0.5))
    >>> np.round(model.predict([[0.0, 0.0], [1.0, 0.0]])).tolist()
    [2.0, 3.0]
    """

    def __init__(
        self, *, amounts: bool = True, control: Any = None, modifiers: Any = None, treatment_column: Any = None,
        stacked: bool | None = None, folds: int = SETTINGS.folds, clip: float = SETTINGS.clip,
        rounds: int = OURS.rounds, learning_rate: float = OURS.learning_rate, leaves: int = OURS.leaves,
        least_in_leaf: int = OURS.least_in_leaf,
        l2: float = OURS.l2, row_share: float = OURS.row_share, column_share: float = OURS.column_share,
        n_jobs: int | None = None, random_state: Any = 0,
    ) -> None:  # fmt: skip
        self.amounts = amounts
        self.control = control
        self.modifiers = modifiers
        self.treatment_column = treatment_column
        self.stacked = stacked
        self.folds = folds
        self.clip = clip
        self.rounds = rounds
        self.learning_rate = learning_rate
        self.leaves = leaves
        self.least_in_leaf = least_in_leaf
        self.l2 = l2
        self.row_share = row_share
        self.column_share = column_share
        self.n_jobs = n_jobs
        self.random_state = random_state

    @one_linear_algebra_thread()
    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, *, treatment: Any = None, propensity: Any = None,
        account: Any = None, as_of: Any = None,
    ) -> "UpliftRegressor":  # fmt: skip
        """Learn the effects.

        sample_weight : shape (n,), not below zero.
        treatment : shape (n,), which exposure each row had: two values (True and False, 1 and 0), or the names of
            several arms, one of which is the control.
        propensity : shape (n,), the known probability of the row being exposed where it was randomised, NaN elsewhere;
            with several arms, that of the row's own arm.
        account : shape (n,), the account of each row, for folds and errors.
        as_of : shape (n,), the date of each row: rows are then compared with those of their own date.

        Raises
        ------
        ValueError
            If nothing says who was exposed, a value is missing, an arm or the control has no row, no row has one to be
            compared with at its date, or values look like doses.
        """
        check_scalar(self.folds, "folds", Integral, min_val=2)
        check_scalar(self.clip, "clip", Real, min_val=0.0, max_val=0.5)
        if not isinstance(self.modifiers, Iterable | None) or isinstance(self.modifiers, str):
            raise TypeError(f"modifiers is {self.modifiers!r}: give a list of columns, by name or position, or None")
        matrix, y = validate_data(
            self, X, y, dtype=np.float64, order="F", ensure_all_finite="allow-nan", y_numeric=True
        )
        weight = _check_sample_weight(sample_weight, matrix, dtype=np.float64, ensure_non_negative=True)
        arm, self.arms_ = self._arms(matrix, treatment)
        trials = self._trials(matrix, y, arm, weight, propensity=propensity, account=account, as_of=as_of)
        terms = standardise_terms(self._terms(matrix), matrix)
        z = standardised_values(terms, matrix)
        cases = {k: trials.case(k, z) for k in range(1, len(self.arms_) + 1)}
        for k, case in cases.items():
            if not case.exposed.any() or case.exposed.all():
                raise ValueError(
                    f"nobody who was not exposed can be compared with those of arm {self.arms_[k - 1]!r} (at their "
                    "dates, with a weight above zero): its effect cannot be learnt; leave the arm out, or as_of away"
                )
        found = fit_effects(cases, terms, trials.outcome)
        self.effects_: dict[Any, Effect] = {self.arms_[k - 1]: pair[0] for k, pair in found.items()}
        self.stacks_: dict[Any, Effect | StackedEffect] = dict(self.effects_)
        if self.stacked or (self.stacked is None and not self.amounts):
            features = self._without(matrix)
            for k, case in cases.items():
                self.stacks_[self.arms_[k - 1]] = stack(
                    found[k][0], trials.sample(k, features, case), terms, self._booster()
                )
        self.averages_ = {self.arms_[k - 1]: pair[1].average(matrix) for k, pair in found.items()}
        self.overlaps_: dict[Any, Overlap] = {
            name: overlap(trials.arm, trials.chance, k) for k, name in enumerate(self.arms_, start=1)
        }
        first = self.arms_[0]
        self.effect_, self.overlap_ = self.effects_[first], self.overlaps_[first]
        self.average_, self.average_error_ = self.averages_[first]
        return self

    def predict(self, X: Any) -> FloatArray:
        """Return the effect of exposure on each row, in y's unit, shape (n,); shape (n, n_arms) with several arms."""
        check_is_fitted(self)
        matrix = self._checked(X)
        found = np.column_stack([self.stacks_[arm].predict(matrix)[:, 0] for arm in self.arms_])
        return found[:, 0] if len(self.arms_) == 1 else found

    def predict_interval(self, X: Any, level: float = SETTINGS.level) -> FloatArray:
        """Return low and high of the effect at some level, shape (n, 2); shape (n, n_arms, 2) with several arms."""
        check_is_fitted(self)
        matrix, reach = self._checked(X), NormalDist().inv_cdf(0.5 + level / 2)
        found = np.stack([self.stacks_[arm].predict(matrix) for arm in self.arms_], axis=1)
        ends = np.stack([found[..., 0] - reach * found[..., 1], found[..., 0] + reach * found[..., 1]], axis=-1)
        return ends[:, 0] if len(self.arms_) == 1 else ends

    def group_interval(self, X: Any, level: float = SETTINGS.level) -> FloatArray:
        """Return mean, low and high of the effect over a group of rows, shape (3,); (n_arms, 3) with several arms.

        X : the rows of the group, which should be picked by their features, not by what became of them.
        """
        check_is_fitted(self)
        matrix, reach = self._checked(X), NormalDist().inv_cdf(0.5 + level / 2)
        found = np.array([self.stacks_[arm].group(matrix) for arm in self.arms_])
        ends = np.column_stack([found[:, 0], found[:, 0] - reach * found[:, 1], found[:, 0] + reach * found[:, 1]])
        return ends[0] if len(self.arms_) == 1 else ends

    @one_linear_algebra_thread()
    def score(
        self, X: Any, y: Any, sample_weight: Any = None, *, treatment: Any = None, propensity: Any = None,
        account: Any = None, as_of: Any = None,
    ) -> float:  # fmt: skip
        """Return the share of what exposure changed that the effects explain: one less the relative R-loss.

        The R-loss is relative to that of no effect at all. Expected outcomes and probabilities are learnt again on
        these rows, out of fold. The score is at most one, usually hardly above zero, since most of an outcome is no
        effect. Below zero, the prediction is worse than saying that exposure does nothing.

        Source: Nie & Wager (2021), equation 4; Schuler, Baiocchi, Tibshirani & Shah (2018).
        """
        matrix = self._checked(X)
        effects = np.column_stack([self.predict(X)])
        arm, arms = self._arms(matrix, treatment)
        if arms != self.arms_:
            raise ValueError(f"these rows have the arms {arms}, fit had {self.arms_}")
        weight = _check_sample_weight(sample_weight, matrix, dtype=np.float64, ensure_non_negative=True)
        trials = self._trials(
            matrix, column_or_1d(y).astype(np.float64), arm, weight, propensity=propensity, account=account, as_of=as_of
        )
        lost = nothing = 0.0
        for k in range(1, len(arms) + 1):
            case = trials.case(k, effects[:, [k - 1]])
            weights = case.weights * case.size ** (-2 * spread_power(case))
            residual = case.beyond - (case.exposed - case.chance) * case.z[:, 0]
            lost += float(weights @ residual**2)
            nothing += float(weights @ case.beyond**2)
        return 1 - lost / max(nothing, 1e-300)

    def refute(
        self, X: Any, y: Any, sample_weight: Any = None, *, treatment: Any = None, propensity: Any = None,
        account: Any = None, as_of: Any = None,
    ) -> pd.DataFrame:  # fmt: skip
        """Return what becomes of the average effects where they should vanish, and where they should stay.

        `placebo_treatment`: exposures are dealt out anew among the rows of each date; there should be no effect.
        `random_common_cause`: a feature of random numbers is added; the effect should stay. `subset`: on four accounts
        in five; the effect should stay within its error.

        Returns a DataFrame with columns refuter, arm, average, error, expected (0, or the average of `fit`).

        Source: Sharma & Kiciman (2020), the refuters of DoWhy.
        """
        check_is_fitted(self)
        matrix = self._checked(X)
        given: dict[str, Any] = {
            "y": column_or_1d(y), "treatment": self._treatment(matrix, treatment), "sample_weight": sample_weight,
            "propensity": propensity, "account": account, "as_of": as_of,
        }  # fmt: skip
        rng = np.random.default_rng(0)
        dates = np.zeros(len(matrix), np.int64) if as_of is None else np.unique(instants(as_of), return_inverse=True)[1]
        order = np.lexsort((rng.random(len(matrix)), dates))
        dealt = np.empty_like(given["treatment"])
        dealt[np.argsort(dates, kind="stable")] = given["treatment"][order]
        some = np.isin(folds_of_ids(accounts_of(account, len(matrix)), 5), range(4))
        fewer = {name: None if value is None else np.asarray(value)[some] for name, value in given.items()}
        beside = np.column_stack([matrix, rng.normal(size=len(matrix))])
        tried = {
            "placebo_treatment": (matrix, given | {"treatment": dealt, "propensity": None}, 0.0),
            "random_common_cause": (beside, given, 1.0),
            "subset": (matrix[some], fewer, 1.0),
        }
        rows = []
        for name, (features, arguments, stays) in tried.items():
            column = self._column_position(self.treatment_column)
            names = None if self.modifiers is None else [self._column_position(one) for one in self.modifiers]
            again = type(self)(**{
                **self.get_params(), "stacked": False, "modifiers": names,
                "treatment_column": None if column == ABSENT else column,
            }).fit(features, **arguments)  # fmt: skip
            for arm in again.arms_:
                mean, error = again.averages_[arm]
                rows.append((name, arm, mean, error, stays * self.averages_[arm][0]))
        return pd.DataFrame(rows, columns=["refuter", "arm", "average", "error", "expected"])

    def _treatment(self, matrix: FloatArray, treatment: Any) -> Any:
        column = self._column_position(self.treatment_column)
        if treatment is None and column == ABSENT:
            raise ValueError(
                "who was exposed is not known: give fit(X, y, treatment=...), through pipelines and searches with "
                "set_fit_request(treatment=True), or name a column of X as treatment_column"
            )
        return matrix[:, column] if treatment is None else column_or_1d(treatment)

    def _arms(self, matrix: FloatArray, treatment: Any) -> tuple[IntArray, list[Any]]:
        """Return the number of each row's arm, 0 = the control, and the values of the others in order."""
        values = self._treatment(matrix, treatment)
        if len(values) != len(matrix):
            raise ValueError(f"treatment has {len(values)} values for {len(matrix)} rows")
        missing = int(pd.isna(values).sum())
        if missing:
            raise ValueError(
                f"treatment is missing in {missing} of {len(values)} rows; say of each row which exposure it had, or "
                "leave the row out: a missing value is not a control"
            )
        seen = sorted(set(values.tolist()), key=lambda value: (isinstance(value, str), value))
        control = self._control(seen, len(values))
        arms = [value for value in seen if value != control]
        if not arms:
            raise ValueError(
                f"every row is a control ({control!r}; n_samples = {len(values)}): there is no exposure to "
                "learn an effect of"
            )
        if any(isinstance(value, float) and value != int(value) for value in seen):
            raise ValueError(
                f"treatment holds values such as {next(v for v in seen if v != int(v))!r}, which look like doses or "
                "probabilities; give 0 and 1, or the names of the arms"
            )
        numbers: Mapping[Any, int] = {control: 0} | {value: k for k, value in enumerate(arms, start=1)}
        return np.array([numbers[value] for value in values.tolist()], np.int64), arms

    def _control(self, seen: list[Any], n: int) -> Any:
        asked = self.control
        if asked is None:
            found = [value for value in seen if not isinstance(value, str) and value == 0]
            if not found:
                raise ValueError(
                    f"no row of treatment is 0 or False (n_samples = {n}), so nobody is a control; found "
                    f"{seen[:5]}. Name the control's value as UpliftRegressor(control=...)"
                )
            return found[0]
        if asked not in seen:
            raise ValueError(f"no row of treatment is the control {asked!r}; found {seen[:5]}")
        return asked

    def _trials(
        self, matrix: FloatArray, y: FloatArray, arm: IntArray, weight: FloatArray, *, propensity: Any, account: Any,
        as_of: Any,
    ) -> _Trials:  # fmt: skip
        n, n_arms = len(matrix), int(arm.max()) + 1
        known = np.full(n, np.nan) if propensity is None else column_or_1d(propensity).astype(np.float64)
        names = accounts_of(account, n)
        if len(known) != n:
            raise ValueError(f"propensity has {len(known)} values for {n} rows")
        if ((known <= 0) | (known >= 1)).any():
            raise ValueError("propensity must lie between 0 and 1, both excluded; NaN where nothing was randomised")
        randomised = ~np.isnan(known)
        own = np.where(arm > 0, known, 1 - known) if n_arms == 2 else known
        features = self._without(matrix)
        fold, booster = folds_of_ids(names, self.folds), small_booster(self._booster())
        chance = cross_fitted_propensity(
            features, arm, random=randomised, known=own, fold=fold, n_arms=n_arms, booster=booster, clip=self.clip
        )
        if n_arms == 2:  # with two arms both are known
            chance[randomised] = np.column_stack([1 - known, known])[randomised]
        name = "revenue" if self.amounts else "outcome"
        outcome = measure_outcome(features, y, free=arm == 0, fold=fold, booster=booster, name=name)
        date, measured = np.full(n, -1, np.int64), outcome
        if as_of is not None:
            at = instants(as_of)
            if len(at) != n:
                raise ValueError(f"as_of has {len(at)} dates for {n} rows")
            date = dates_of(at, randomised)
            chance, outcome = at_their_dates(chance, arm, date), centred(outcome, arm, date)
        cluster = np.unique(names, return_inverse=True)[1]
        return _Trials(
            outcome=outcome, target=y - (measured.beyond - outcome.beyond), arm=arm, chance=chance,
            randomised=randomised, compared=comparable(arm, date, n_arms), account=cluster, weight=weight, fold=fold,
        )  # fmt: skip

    def _without(self, matrix: FloatArray) -> FloatArray:
        """Return the features: a column that says who was exposed is not one."""
        column = self._column_position(self.treatment_column)
        if column == ABSENT:
            return matrix
        features = matrix.copy(order="F")
        features[:, column] = np.nan
        return features

    def _terms(self, matrix: FloatArray) -> list[Term]:
        if self.modifiers is None:
            named = present(modifiers(self))
            if named:
                return named
        columns = (
            range(matrix.shape[1])
            if self.modifiers is None
            else [self._column_position(name) for name in self.modifiers]
        )
        varies = every_term(self._without(matrix))
        return [term for term in varies if term.column in columns]

    def column(self, name: str) -> int:
        """Return the position of a column that fit saw; -1 where it is not there."""
        return self._positions().get(name, ABSENT)

    def _column_position(self, column: Any) -> int:
        if column is None:
            return ABSENT
        position = self.column(column) if isinstance(column, str) else int(column)
        if not 0 <= position < self.n_features_in_:
            raise ValueError(f"{column!r} is no column of X; it has {self.n_features_in_} columns")
        return position

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.regressor_tags.poor_score = True  # what is predicted is not y
        return tags
