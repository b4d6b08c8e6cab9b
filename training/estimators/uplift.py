"""A scikit-learn regressor of the effect of an exposure."""

from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data

from features.instants import BoolArray, FloatArray, IntArray
from training.data.splits import folds_of_ids
from training.data.training_task import ABSENT, present
from training.effects.doubly_robust import Overlap, average, cross_fitted_propensity, overlap
from training.effects.effect_estimation import fit_effects, modifiers, small_booster
from training.effects.outcomes import Outcome, measure_outcome
from training.effects.r_learner import POWER, Case
from training.estimators.boosted import OURS, Boosted, accounts_of
from training.model.terms import Term, standardised_values
from training.models.fitting import every_term, one_linear_algebra_thread, standardise_terms
from training.settings import UpliftSettings

SETTINGS = UpliftSettings()


@dataclass(frozen=True)
class _Trials:
    """What the effect is learnt from and scored on.

    chance : shape (n, 2), probability of either arm, out of fold.
    """

    outcome: Outcome
    arm: IntArray
    chance: FloatArray
    randomised: BoolArray
    account: IntArray

    def case(self, z: FloatArray) -> Case:
        own = self.chance[:, 1] / self.chance.sum(axis=1)
        exposed = self.arm.astype(np.float64)
        z, outcome = np.ascontiguousarray(z), self.outcome  # sums are then those of the training, to the last bit
        return Case(
            z=z,
            beyond=outcome.beyond,
            exposed=exposed,
            chance=own,
            size=outcome.size,
            chosen=~self.randomised,
            account=self.account,
        )


class UpliftRegressor(RegressorMixin, Boosted):  # type: ignore[misc]
    """The effect of one exposure on an outcome, with its interval: the R-learner with averaged prior variances.

    It is what `ladder train` learns of an investment (`training.effects.r_learner` has the equations), for one
    exposure. Probabilities of exposure are known where the exposure was randomised, else estimated; outcomes are used
    less their expectation without exposure, out of fold; folds are of accounts.

    *Dangerous* without overlap, or where something that is not a feature drove both exposure and outcome: check
    `overlap_` before you believe a number. `predict` returns an effect, not y; `score` is about effects as well.

    Parameters
    ----------
    amounts : whether y is an amount (revenue): its effects are then sought as shares of what is expected.
    modifiers : names or positions of the columns that the effect may differ by; by default those of `ladder train`, or
        all columns where none of these is there. Few are best: some hundred exposed rows do not allow more.
    treatment_column : name or position of a column that says who was exposed (above zero), if `treatment` is not given
        to `fit`; it is then not a feature.
    folds, clip : as [uplift] in the settings. The others are of the boosters, as for `RungClassifier`.

    Attributes
    ----------
    effect_ : as a bundle would hold it.
    overlap_ : exposed rows, effective controls, share in overlap, separation.
    average_, average_error_ : the mean effect over the rows of `fit`, almost unshrunk, and its standard error.

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
        self, *, amounts: bool = True, modifiers: Any = None, treatment_column: Any = None,
        folds: int = SETTINGS.folds, clip: float = SETTINGS.clip, rounds: int = OURS.rounds,
        learning_rate: float = OURS.learning_rate, leaves: int = OURS.leaves, least_in_leaf: int = OURS.least_in_leaf,
        l2: float = OURS.l2, row_share: float = OURS.row_share, column_share: float = OURS.column_share,
        n_jobs: int | None = None, random_state: Any = 0,
    ) -> None:  # fmt: skip
        self.amounts = amounts
        self.modifiers = modifiers
        self.treatment_column = treatment_column
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
        self, X: Any, y: Any, treatment: Any = None, propensity: Any = None, account: Any = None
    ) -> "UpliftRegressor":
        """Learn the effect.

        treatment : shape (n,), whether each row was exposed.
        propensity : shape (n,), the known probability of exposure where it was randomised, NaN elsewhere.
        account : shape (n,), the account of each row, for folds and errors.

        Raises
        ------
        ValueError
            If nothing says who was exposed.
        """
        matrix, y = validate_data(
            self, X, y, dtype=np.float64, order="F", ensure_all_finite="allow-nan", y_numeric=True
        )
        trials = self._trials(matrix, y, treatment, propensity, account)
        terms = standardise_terms(self._terms(matrix), matrix)
        case = trials.case(standardised_values(terms, matrix))
        self.effect_, unshrunk = fit_effects({1: case}, terms, trials.outcome)[1]
        self.average_, self.average_error_ = average(unshrunk, matrix)
        self.overlap_: Overlap = overlap(trials.arm, trials.chance, 1)
        return self

    def predict(self, X: Any) -> FloatArray:
        """Return the effect of exposure on each row, shape (n,), in y's unit."""
        check_is_fitted(self)
        return self.effect_.predict(self._checked(X))[:, 0]

    def predict_interval(self, X: Any, level: float = SETTINGS.level) -> FloatArray:
        """Return low and high of the effect, shape (n, 2), at some level."""
        check_is_fitted(self)
        effect = self.effect_.predict(self._checked(X))
        reach = NormalDist().inv_cdf(0.5 + level / 2) * effect[:, 1]
        return np.column_stack([effect[:, 0] - reach, effect[:, 0] + reach])

    @one_linear_algebra_thread()
    def score(self, X: Any, y: Any, treatment: Any = None, propensity: Any = None, account: Any = None) -> float:
        """Return the share of what exposure changed that the effect explains: one less the relative R-loss.

        The R-loss is relative to that of no effect at all. Expected outcomes and probabilities are learnt again on
        these rows, out of fold. The score is at most one, usually hardly above zero, since most of an outcome is no
        effect. Below zero, the prediction is worse than saying that exposure does nothing.

        Source: Nie & Wager (2021), equation 4; Schuler, Baiocchi, Tibshirani & Shah (2018).
        """
        effect, matrix = self.predict(X), self._checked(X)
        trials = self._trials(matrix, column_or_1d(y).astype(np.float64), treatment, propensity, account)
        case = trials.case(np.empty((len(matrix), 0)))
        weight = case.size ** (-2 * POWER)
        residual = case.beyond - (case.exposed - case.chance) * effect
        return float(
            1 - np.average(residual**2, weights=weight) / max(np.average(case.beyond**2, weights=weight), 1e-300)
        )

    def _trials(self, matrix: FloatArray, y: FloatArray, treatment: Any, propensity: Any, account: Any) -> _Trials:
        column, n = self._column_position(self.treatment_column), len(matrix)
        if treatment is None and column == ABSENT:
            raise ValueError(
                "who was exposed is not known: give fit(X, y, treatment=...), through pipelines and searches with "
                "set_fit_request(treatment=True), or name a column of X as treatment_column"
            )
        exposed = matrix[:, column] if treatment is None else column_or_1d(treatment).astype(np.float64)
        known = np.full(n, np.nan) if propensity is None else column_or_1d(propensity).astype(np.float64)
        names = accounts_of(account, n)
        if not len(exposed) == len(known) == n:
            raise ValueError(f"treatment has {len(exposed)} and propensity {len(known)} values for {n} rows")
        if ((known <= 0) | (known >= 1)).any():
            raise ValueError("propensity must lie between 0 and 1, both excluded; NaN where nothing was randomised")
        arm, randomised = (exposed > 0).astype(np.int64), ~np.isnan(known)
        own = np.where(arm == 1, known, 1 - known)
        features = self._without(matrix)
        fold, booster = folds_of_ids(names, self.folds), small_booster(self._booster())
        chance = cross_fitted_propensity(
            features, arm, random=randomised, known=own, fold=fold, n_arms=2, booster=booster, clip=self.clip
        )
        chance[randomised] = np.column_stack([1 - known, known])[randomised]  # with two arms both are known
        name = "revenue" if self.amounts else "outcome"
        outcome = measure_outcome(features, y, free=arm == 0, fold=fold, booster=booster, name=name)
        return _Trials(outcome, arm, chance, randomised, np.unique(names, return_inverse=True)[1])

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
