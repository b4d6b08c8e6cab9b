"""The estimation of effects from the trials of all investments, and the choice of what each effect is based on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from features.instants import BoolArray, FloatArray, IntArray
from training.effects.doubly_robust import Overlap, overlap
from training.effects.effect_estimation import WEAK_PRIOR, fit_effects, small_booster
from training.effects.findings import robustness
from training.effects.outcomes import OUTCOMES, Outcome, measure
from training.effects.r_learner import Case, refit
from training.effects.target_trials import Trials
from training.model.effect import Effect
from training.model.findings import NOTE, WARNING, Finding
from training.model.terms import Term
from training.settings import Settings

DISAGREEMENT = 0.05
"""The probability, over all options together (Bonferroni), of discarding observational trials that are not biased."""


@dataclass(frozen=True)
class EffectBasis:
    """The basis of an option's effect.

    kind : `randomised`, `adjusted` or `insufficient`.
    rows : mask of the trials that the effect may use, shape (n,).
    findings : what the choice of the basis found.
    """

    kind: str
    rows: BoolArray
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class TrialEstimation:
    """The trials, and everything else that every estimate from them needs.

    names : of the options.
    chance : probabilities of the arms, shape (n, 1 + n_options).
    fold : shape (n,), of each trial's account.
    z : the standardised terms' values, shape (n, n_terms).
    """

    names: Sequence[str]
    trials: Trials
    chance: FloatArray
    fold: IntArray
    terms: tuple[Term, ...]
    z: FloatArray
    settings: Settings

    def estimate(self) -> "EstimatedEffects":
        """Fit every outcome, the basis of each option's effect, and the effects."""
        booster = small_booster(self.settings.booster)
        known = [name for name in OUTCOMES if not np.isnan(getattr(self.trials, name)).all()]
        outcomes = [measure(self.trials, name, self.fold, booster) for name in known]
        bases = [self.choose_basis(k, outcomes[0]) for k in range(1, self.chance.shape[1])]
        return EstimatedEffects(outcomes[0], bases, {o.name: self.effects(o, bases) for o in outcomes})

    def case(self, k: int, outcome: Outcome, rows: BoolArray) -> Case:
        """Return option k (from 1) against none, on those of the rows that count."""
        trials = self.trials
        used = np.flatnonzero(rows & outcome.counts & ((trials.arm == k) | (trials.arm == 0)))
        own = self.chance[used, k]
        return Case(
            z=self.z[used], beyond=outcome.beyond[used], exposed=(trials.arm[used] == k).astype(np.float64),
            chance=own / (own + self.chance[used, 0]), size=outcome.size[used], chosen=~trials.random[used],
            account=trials.snapshots.account[used],
        )  # fmt: skip

    def choose_basis(self, k: int, revenue: Outcome) -> EffectBasis:
        """Choose the basis of an option's effect.

        It is all trials where both kinds have enough and agree, else the randomised ones, else the observational ones.
        """
        trials, needed, name = self.trials, self.settings.uplift, self.names[k - 1]
        randomised, chosen = (
            overlap(trials.arm[rows], self.chance[rows], k) for rows in (trials.random, ~trials.random)
        )
        findings = _gate_findings(name, randomised, chosen)
        if not randomised.passes(needed):
            if not chosen.passes(needed):
                findings.append(Finding.of(
                    "uplift_too_few", WARNING, investment=name, least_exposed=needed.least_treated,
                    least_controls=needed.least_effective,
                ))  # fmt: skip
                return EffectBasis("insufficient", np.zeros(len(trials), bool), tuple(findings))
            return EffectBasis("adjusted", ~trials.random, (*findings, *self._sensitivity(k, revenue)))
        if not chosen.passes(needed):
            return EffectBasis("randomised", trials.random, tuple(findings))
        both = np.ones(len(trials), bool)
        fit = refit([self.case(k, revenue, both)], WEAK_PRIOR)[0]
        findings.append(Finding.of(
            "uplift_choice_against_lot", NOTE, investment=name, delta=fit.delta, error=fit.delta_error
        ))  # fmt: skip
        if abs(fit.delta) > self.disagreement * fit.delta_error:
            findings.append(Finding.of("uplift_choice_misleads", WARNING, investment=name))
            return EffectBasis("randomised", trials.random, tuple(findings))
        return EffectBasis("randomised", both, tuple(findings))

    @property
    def disagreement(self) -> float:
        """Return by how many standard errors the two kinds of trials may differ.

        Beyond that only the randomised ones are used.
        """
        return NormalDist().inv_cdf(1 - DISAGREEMENT / 2 / (self.chance.shape[1] - 1))

    def _sensitivity(self, k: int, revenue: Outcome) -> list[Finding]:
        case = self.case(k, revenue, ~self.trials.random)
        fit = refit([case], WEAK_PRIOR)[0]
        error = float(np.sqrt(fit.covariance[0, 0]))
        return [robustness(self.names[k - 1], float(fit.coefficients[0]), error, case)]

    def effects(self, outcome: Outcome, bases: Sequence[EffectBasis]) -> dict[int, tuple[Effect, Effect]]:
        """Return each option's effect on the outcome, and the almost unshrunk one.

        Options with too few trials are left out.
        """
        cases = {k: self.case(k, outcome, b.rows) for k, b in enumerate(bases, start=1) if b.kind != "insufficient"}
        cases = {k: case for k, case in cases.items() if len(case.size) >= self.settings.uplift.least_treated}
        return fit_effects(cases, self.terms, outcome) if cases else {}


@dataclass(frozen=True)
class EstimatedEffects:
    """The effects of all options, estimated in one pass over the trials.

    bases : of the options, in their order.
    effects_of : outcome -> option (from 1) -> its effect, and the almost unshrunk one.
    """

    revenue: Outcome
    bases: Sequence[EffectBasis]
    effects_of: Mapping[str, Mapping[int, tuple[Effect, Effect]]]

    def brought(self, matrix: FloatArray, n_options: int) -> dict[str, FloatArray]:
        """Return each option's effect on every row by outcome, shape (n, n_options); zero where there is none."""
        effects = {name: np.zeros((len(matrix), n_options)) for name in self.effects_of}
        for name, options in self.effects_of.items():
            for k, (effect, _) in options.items():
                effects[name][:, k - 1] = effect.predict(matrix)[:, 0]
        return effects


def _gate_findings(name: str, randomised: Overlap, chosen: Overlap) -> list[Finding]:
    return [
        Finding.of("uplift_by_lot", NOTE, investment=name, exposed=randomised.treated, controls=randomised.effective),
        Finding.of(
            "uplift_by_choice", NOTE, investment=name, exposed=chosen.treated, controls=chosen.effective,
            overlap=chosen.share, separation=chosen.separation,
        ),
    ]  # fmt: skip
