"""From trials to the effects on one outcome: shrunk to what the evidence supports, with honest uncertainty.

`ladder train` estimates all options at once (`training.effects.uplift`), the scikit-learn estimator one exposure.
"""

from collections.abc import Mapping

from training.data.training_task import Named
from training.effects.estimation.r_learner import WITHIN, Case, FittedEffect, fit_cases
from training.effects.outcomes import Outcome
from training.model.effect import Effect
from training.model.terms import Term
from training.models.next_rung import LONG_AGO
from training.settings import BoosterSettings

NUISANCE_ROUNDS, NUISANCE_RATE = 70, 0.07
HETEROGENEITY, TYPICAL = 0.5, 0.5
"""The standard deviation of an account's effect around that of accounts that look alike: the part that grows with the
account's size, as a share of its effect, and the part that does not, as a share of the mean effect. Effects are sought
as shares of size; where they add orders by number, small accounts get more than their share."""


def modifiers(data: Named) -> list[Term]:
    """Return the terms that effects may differ by: size, attention, rhythm, satisfaction, the contacts' interests.

    They are few, since a few hundred exposed accounts do not allow more.

    Source: Palmatier, Gopalakrishna & Houston (2006), those of their moderators that the tables show.
    """
    column = data.column
    return [
        Term(column("revenue_365d")),
        Term(column("days_since_interaction"), fill=LONG_AGO),
        *(Term(column(name)) for name in "interactions_90d order_days_180d employees".split()),
        Term(column("survey_last"), "identity", fill=0.6),
        Term(column("price_minded_share_now"), "identity"),
    ]


def small_booster(booster: BoosterSettings) -> BoosterSettings:
    """Return settings with fewer and faster trees, for the nuisance models of an effect."""
    as_far = round(booster.rounds * booster.learning_rate / NUISANCE_RATE)
    return booster.with_rounds(max(1, min(NUISANCE_ROUNDS, as_far)), learning_rate=NUISANCE_RATE)


def fit_effects(
    cases: Mapping[int, Case], terms: tuple[Term, ...], outcome: Outcome
) -> dict[int, tuple[Effect, Effect]]:
    """Fit each option's effect on an outcome; return for each option the shrunk effect and the almost unshrunk one.

    cases : option -> its trials, at least one.
    terms : standardised; those whose values the cases hold.
    """
    return {
        k: (_effect(terms, outcome, shrunk, cases[k]), _effect(terms, outcome, unshrunk, cases[k]))
        for k, (shrunk, unshrunk) in zip(cases, fit_cases(list(cases.values())), strict=True)
    }


def _effect(terms: tuple[Term, ...], outcome: Outcome, fitted: FittedEffect, case: Case) -> Effect:
    mean = float((fitted.design(case.z, case.size) @ fitted.coefficients).mean())
    return Effect(
        terms,
        tuple(float(b) for b in fitted.coefficients),
        tuple(tuple(float(c) for c in row) for row in fitted.covariance),
        size_offset=outcome.floor,
        scale=outcome.scale,
        scale_factor=outcome.factor,
        within=WITHIN,
        heterogeneity=HETEROGENEITY,
        typical=round(TYPICAL * abs(mean), 6),
    )
