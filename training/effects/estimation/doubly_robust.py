"""Doubly robust effects: cross-fitted scores, an overlap gate, a linear final stage with honest intervals.

The score of option k against none is that of augmented inverse propensity weighting:

    psi = m_k(x) - m_0(x) + 1[A=k] (y - m_k(x)) / e_k(x) - 1[A=0] (y - m_0(x)) / e_0(x)

Its mean is the effect if *either* the outcome models m or the propensities e are right, *provided* that no hidden cause
drives both exposure and outcome (unconfoundedness) and that comparable accounts exist in both arms (overlap). Where the
arm was randomised, e is known and both hold by design.

*Dangerous* without overlap: scores then explode, which is what the gate is for.

Source: Robins, Rotnitzky & Zhao (1994); cross-fitting, Chernozhukov et al. (2018).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from features.instants import BoolArray, FloatArray, IntArray
from training.effects.estimation.r_learner import summed_by_account
from training.evaluation.metrics import auc
from training.model.effect import Effect
from training.model.terms import Term
from training.models.fitting import fit_trees, standardise_terms
from training.settings import BoosterSettings, UpliftSettings

PENALTIES = (30.0, 3000.0, 1e6)
"""Strengths of the ridge on the effect's modifiers, in imagined rows; with the last, all have one share of size."""


@dataclass(frozen=True)
class Scores:
    """The doubly robust score of every option and trial, and the weight of the row in the final stage.

    psi : shape (n, n_options).
    weight : shape (n, n_options); zero where the row says nothing about the option.
    """

    psi: FloatArray
    weight: FloatArray


def cross_fitted_propensity(
    matrix: FloatArray, arm: IntArray, *, random: BoolArray, known: FloatArray, fold: IntArray,
    n_arms: int, booster: BoosterSettings, clip: float,
) -> FloatArray:  # fmt: skip
    """Return the probability of every arm for every trial, out of fold, shape (n, n_arms).

    It is clipped below at `clip`, or at a quarter of the arm's own share where that is less: a rare arm is not one
    without overlap, and clipping it above its share would undo the adjustment. Where the arm was randomised, the
    probability of the row's own arm is the known one, and the other arms get the mean of what is known of them.

    matrix : shape (n, n_features).
    arm, random, known, fold : shape (n,).
    """
    chance = np.zeros((len(arm), n_arms))
    for k in np.unique(fold):
        train, test = (fold != k) & ~random, (fold == k) & ~random
        if train.any() and test.any():
            model = fit_trees(
                matrix[train], arm[train], np.ones(int(train.sum())), booster, objective="multiclass", n_classes=n_arms
            )
            chance[test] = model.predict(matrix[test])
    for a in range(n_arms):
        own = random & (arm == a)
        chance[random, a] = known[own].mean() if own.any() else 0.0
    rows = np.flatnonzero(random)
    chance[rows, arm[rows]] = known[rows]
    share = np.maximum(np.bincount(arm, minlength=n_arms), 1) / len(
        arm
    )  # maximum: an empty arm must not divide by zero
    return np.maximum(chance, np.minimum(clip, share / 4))


def cross_fitted_outcomes(
    matrix: FloatArray, arm: IntArray, outcome: FloatArray, *, fold: IntArray,
    terms: Sequence[Term], n_arms: int, booster: BoosterSettings,
) -> FloatArray:  # fmt: skip
    """Return the expected outcome under every arm, out of fold, shape (n, n_arms).

    m_0 is a booster on the trials without investment; m_k adds a strongly penalised linear correction, learnt from how
    the trials of arm k differ from m_0: a few hundred treated accounts do not allow more.
    """
    expected = np.zeros((len(arm), n_arms))
    for k in np.unique(fold):
        train, test = fold != k, fold == k
        free = train & (arm == 0)
        if not free.any():  # nobody to compare with: the overlap gate refuses the effect
            continue
        base = fit_trees(matrix[free], outcome[free], np.ones(int(free.sum())), booster, objective="regression")
        expected[test] = base.predict(matrix[test])
        for a in range(1, n_arms):
            treated = train & (arm == a)
            if treated.sum() >= 20:
                beyond = outcome[treated] - base.predict(matrix[treated])[:, 0]
                correction = fit_effect(
                    matrix[treated],
                    beyond,
                    weight=np.ones(len(beyond)),
                    account=np.arange(len(beyond)),
                    terms=terms,
                    penalty=100.0,
                )
                expected[test, a] += correction.predict(matrix[test])[:, 0]
    return expected


def scores(arm: IntArray, outcome: FloatArray, expected: FloatArray, chance: FloatArray, size: FloatArray) -> Scores:
    """Return the doubly robust scores of every option against none, per unit of size, with overlap weights.

    size : shape (n,), the scale of each account's outcome. Effects on revenue and its spread both grow with it, so the
        effect is sought as a share of it.

    Source: Li, Morgan & Zaslavsky (2018), the overlap weights.
    """
    n_options = chance.shape[1] - 1
    psi, weight = np.empty((len(arm), n_options)), np.empty((len(arm), n_options))
    control = np.where(arm == 0, (outcome - expected[:, 0]) / chance[:, 0], 0.0)
    for k in range(1, n_options + 1):
        treated = np.where(arm == k, (outcome - expected[:, k]) / chance[:, k], 0.0)
        psi[:, k - 1] = (expected[:, k] - expected[:, 0] + treated - control) / size
        weight[:, k - 1] = chance[:, k] * chance[:, 0] / (chance[:, k] + chance[:, 0])
    return Scores(psi, weight)


@dataclass(frozen=True)
class Overlap:
    """How comparable the exposed and the unexposed are.

    treated : exposed trials.
    effective : effective number of controls once weighted to resemble the exposed.
    share : of the exposed trials, those with a probability of exposure of at most 19 in 20.
    separation : how often an exposed trial has a higher probability than an unexposed one (AUC). Near one, exposure
        follows a rule, and the few exceptions say more about the rule's gaps than about the effect.
    """

    treated: int
    effective: float
    share: float
    separation: float = 0.5

    def passes(self, settings: UpliftSettings) -> bool:
        """Return whether an effect may be reported."""
        enough_trials = self.treated >= settings.least_treated and self.effective >= settings.least_effective
        return enough_trials and self.share >= settings.least_overlap and self.separation <= settings.most_separation


def overlap(arm: IntArray, chance: FloatArray, option: int) -> Overlap:
    """Return the overlap between arm `option` and none.

    chance : shape (n, n_arms), from `cross_fitted_propensity`.
    """
    treated, control = arm == option, arm == 0
    odds = (chance[:, option] / chance[:, 0])[control]
    effective = float(odds.sum() ** 2 / max((odds**2).sum(), 1e-12)) if control.any() else 0.0
    relative = chance[treated, option] / (chance[treated, option] + chance[treated, 0])
    share = float((relative <= 0.95).mean()) if treated.any() else 0.0
    both = treated | control
    known = chance[both, option] / (chance[both, option] + chance[both, 0])
    separation = auc(known, treated[both]) if treated.any() and control.any() else 0.5
    return Overlap(int(treated.sum()), effective, share, separation)


def fit_effect(
    matrix: FloatArray, psi: FloatArray, *, weight: FloatArray, account: IntArray, terms: Sequence[Term], penalty: float
) -> Effect:
    """Fit a weighted ridge of the scores on the terms, with a covariance clustered by account (sandwich)."""
    standardised = standardise_terms(terms, matrix)
    z = np.column_stack([np.ones(len(psi)), *(term.value(matrix) for term in standardised)])
    w = weight / weight.mean()
    ridge = np.diag([0.0, *([penalty] * len(standardised))])
    inverse = np.linalg.inv(z.T @ (z * w[:, None]) + ridge + 1e-9 * np.eye(z.shape[1]))
    beta = inverse @ (z.T @ (w * psi))
    middle, n_clusters = summed_by_account((w * (psi - z @ beta))[:, None] * z, account), len(np.unique(account))
    covariance = inverse @ middle @ inverse * (n_clusters / max(n_clusters - 1, 1))
    return Effect(
        standardised, tuple(float(b) for b in beta), tuple(tuple(float(c) for c in row) for row in covariance)
    )
