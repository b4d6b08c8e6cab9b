"""The trials with all that an estimate of effects needs, and one pass of estimating over them.

`training.effects.uplift` repeats the pass until what later investments brought has settled.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import NormalDist

import numpy as np

from features.instants import BoolArray, FloatArray, IntArray
from training.effects.estimation.doubly_robust import Overlap, overlap
from training.effects.estimation.effect_estimation import fit_effects, small_booster
from training.effects.estimation.r_learner import LOOSE, Case, refit
from training.effects.estimation.within_dates import centred, comparable
from training.effects.findings import robustness
from training.effects.outcomes import OUTCOMES, Outcome, measure
from training.effects.target_trials import Trials
from training.model.effect import Effect
from training.model.findings import NOTE, WARNING, Finding
from training.model.terms import Term
from training.settings import Settings

DISAGREEMENT = 0.05
"""The probability, over all options together (Bonferroni), of saying so of observational trials that are not biased."""


@dataclass(frozen=True)
class Basis:
    """The basis of an option's effect, the trials that it may use, and the findings on the way."""

    basis: str
    rows: BoolArray
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Estimation:
    """The trials with all that every estimate needs.

    names : of the options.
    z : the standardised terms' values, shape (n, n_terms).
    """

    names: Sequence[str]
    trials: Trials
    chance: FloatArray
    fold: IntArray
    terms: tuple[Term, ...]
    z: FloatArray
    settings: Settings

    @cached_property
    def comparable(self) -> BoolArray:
        """Return whether a trial's date has both an arm and no investment, shape (n, n_arms)."""
        return comparable(self.trials.arm, self.trials.date, self.chance.shape[1])

    def learn(self) -> "Learnt":
        """Fit every outcome, the basis of each option's effect, and the effects."""
        return self.learn_others(self.learn_revenue(Learnt({}, (), {})))

    def learn_revenue(self, learnt: "Learnt") -> "Learnt":
        """Fit revenue, the basis of each option's effect, and the effects on it; all else stays as it was learnt."""
        revenue = self.measured("revenue")
        grounds = [self.ground(k, revenue) for k in range(1, self.chance.shape[1])]
        return Learnt(
            {**learnt.outcomes, "revenue": revenue}, grounds,
            {**learnt.found, "revenue": self.effects(revenue, grounds)},
        )  # fmt: skip

    def learn_others(self, learnt: "Learnt") -> "Learnt":
        """Fit every other outcome, and the effects on it, on what revenue says of the bases."""
        asked = [name for name in OUTCOMES[1:] if not np.isnan(getattr(self.trials, name)).all()]
        others = {name: self.measured(name) for name in asked}
        found = {name: self.effects(outcome, learnt.grounds) for name, outcome in others.items()}
        return Learnt({**learnt.outcomes, **others}, learnt.grounds, {**learnt.found, **found})

    def measured(self, name: str) -> Outcome:
        """Return an outcome of the trials less what is expected without investment, the same on average by date."""
        outcome = measure(self.trials, name, self.fold, small_booster(self.settings.booster))
        return centred(outcome, self.trials.arm, self.trials.date)

    def case(self, k: int, outcome: Outcome, rows: BoolArray) -> Case:
        """Return option k (from 1) against none, on those of the rows that count."""
        trials = self.trials
        compared = rows & self.comparable[:, k] & outcome.counts
        used = np.flatnonzero(compared & ((trials.arm == k) | (trials.arm == 0)))
        own = self.chance[used, k]
        return Case(
            z=self.z[used], beyond=outcome.beyond[used], exposed=(trials.arm[used] == k).astype(np.float64),
            chance=own / (own + self.chance[used, 0]), size=outcome.size[used], chosen=~trials.random[used],
            account=trials.snapshots.account[used], amounts=outcome.amount,
        )  # fmt: skip

    def ground(self, k: int, revenue: Outcome) -> Basis:
        """Choose the basis of an option's effect: randomised where the lots alone would do, else observational.

        Both kinds of trials are used in any case, weighed by how far they disagree.
        """
        trials, needed, name = self.trials, self.settings.uplift, self.names[k - 1]
        by_choice = ~trials.random & self.comparable[:, k]
        drawn, chosen = (overlap(trials.arm[rows], self.chance[rows], k) for rows in (trials.random, by_choice))
        findings = _gate_findings(name, drawn, chosen)
        alone = int((~trials.random & ~by_choice & (trials.arm == k)).sum())
        if alone:
            findings.append(Finding.of("uplift_alone_at_date", WARNING, investment=name, exposed=alone))
        if not drawn.passes(needed) and not chosen.passes(needed):
            findings.append(Finding.of(
                "uplift_too_few", WARNING, investment=name, least_exposed=needed.least_treated,
                least_controls=needed.least_effective,
            ))  # fmt: skip
            return Basis("insufficient", np.zeros(len(trials), bool), tuple(findings))
        rows = trials.random | chosen.passes(needed)
        if not drawn.passes(needed):
            return Basis("adjusted", rows, (*findings, *self._sensitivity(k, revenue)))
        if chosen.passes(needed):
            told = refit([self.case(k, revenue, rows)], LOOSE)[0]
            findings.append(Finding.of(
                "uplift_choice_against_lot", NOTE, investment=name, delta=told.delta, error=told.delta_error
            ))  # fmt: skip
            if abs(told.delta) > self.disagreement * told.delta_error:
                findings.append(Finding.of("uplift_choice_misleads", WARNING, investment=name))
        return Basis("randomised", rows, tuple(findings))

    @property
    def disagreement(self) -> float:
        """Return from how many standard errors on it is said that the two kinds of trials disagree."""
        return NormalDist().inv_cdf(1 - DISAGREEMENT / 2 / (self.chance.shape[1] - 1))

    def _sensitivity(self, k: int, revenue: Outcome) -> list[Finding]:
        case = self.case(k, revenue, ~self.trials.random)
        told = refit([case], LOOSE)[0]
        error = float(np.sqrt(told.covariance[0, 0]))
        return robustness(self.names[k - 1], float(told.coefficients[0]), error, case)

    def effects(self, outcome: Outcome, grounds: Sequence[Basis]) -> dict[int, tuple[Effect, Effect]]:
        """Return each option's effect on the outcome, and the almost unshrunk one.

        Options with too few trials are left out.
        """
        cases = {k: self.case(k, outcome, g.rows) for k, g in enumerate(grounds, start=1) if g.basis != "insufficient"}
        cases = {k: case for k, case in cases.items() if len(case.size) >= self.settings.uplift.least_treated}
        return fit_effects(cases, self.terms, outcome) if cases else {}


@dataclass(frozen=True)
class Learnt:
    """The result of one pass over the trials.

    outcomes : name -> the outcome as it was measured.
    found : outcome -> option (from 1) -> its effect, and the almost unshrunk one.
    """

    outcomes: Mapping[str, Outcome]
    grounds: Sequence[Basis]
    found: Mapping[str, Mapping[int, tuple[Effect, Effect]]]

    @property
    def revenue(self) -> Outcome:
        """Return the revenue of every trial."""
        return self.outcomes["revenue"]

    def brought(self, matrix: FloatArray, n_options: int) -> dict[str, FloatArray]:
        """Return each option's effect on every row by outcome, shape (n, n_options); zero where there is none."""
        effects = {name: np.zeros((len(matrix), n_options)) for name in self.found}
        for name, options in self.found.items():
            alike = next((effect for effect, _ in options.values()), None)  # all have the same terms and sizes
            if alike is not None:
                columns = alike.size(matrix)[:, None] * alike.design(matrix)
                for k, (effect, _) in options.items():
                    effects[name][:, k - 1] = columns @ np.array(effect.coefficients)
        return effects


def _gate_findings(name: str, drawn: Overlap, chosen: Overlap) -> list[Finding]:
    return [
        Finding.of("uplift_by_lot", NOTE, investment=name, exposed=drawn.treated, controls=drawn.effective),
        Finding.of(
            "uplift_by_choice", NOTE, investment=name, exposed=chosen.treated, controls=chosen.effective,
            overlap=chosen.share, separation=chosen.separation,
        ),
    ]  # fmt: skip
