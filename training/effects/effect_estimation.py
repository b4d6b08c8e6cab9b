"""From trials to the effects on one outcome: drawn to what the evidence supports, with the spread of what is not known.

`ladder train` asks for all options at once (`training.effects.uplift`), the scikit-learn estimator for one exposure.
"""

from collections.abc import Mapping

from training.data.training_task import Named
from training.effects.outcomes import Outcome
from training.effects.r_learner import WITHIN, Case, Fitted, Precisions, fit_again, fit_cases
from training.model.effect import Effect
from training.model.terms import Term
from training.models.next_rung import LONG_AGO
from training.settings import BoosterSettings

NUISANCE_ROUNDS = 100
LOOSE = Precisions(1.0, 300.0, 1e6)
"""Hardly any prior: what the trials themselves say, and how surely."""


def modifiers(data: Named) -> list[Term]:
    """What effects may differ by: size, attention, rhythm, satisfaction, what the contacts care for.

    Few: a few hundred exposed accounts do not bear more. Source: the moderators of Palmatier, Gopalakrishna & Houston
    2006 that the tables show.
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
    """Fewer and quicker trees, for outcomes and chances that an effect only needs in passing."""
    return booster.with_rounds(NUISANCE_ROUNDS, learning_rate=0.05)


def fit_effects(
    cases: Mapping[int, Case], terms: tuple[Term, ...], outcome: Outcome
) -> dict[int, tuple[Effect, Effect]]:
    """Option -> its effect on the outcome, and the same hardly drawn to anything.

    cases : at least one.  terms : settled; those whose values the cases hold.
    """
    fitted, prior = fit_cases(list(cases.values()))
    loose = fit_again(list(cases.values()), Precisions(LOOSE.mean, min(LOOSE.slopes, prior.slopes), prior.trust))
    return {
        k: (_effect(terms, outcome, mine, free), _effect(terms, outcome, free, free))
        for k, mine, free in zip(cases, fitted, loose, strict=True)
    }


def _effect(terms: tuple[Term, ...], outcome: Outcome, estimate: Fitted, spread: Fitted) -> Effect:
    return Effect(
        terms,
        tuple(float(b) for b in estimate.coefficients),
        tuple(tuple(float(c) for c in row) for row in spread.covariance),
        size_offset=outcome.floor,
        scale=outcome.scale,
        scale_factor=outcome.factor,
        within=WITHIN,
    )
