"""The assignment of investments: randomised, or by what account managers see."""

import numpy as np

from training.simulator.laws import sigmoid
from training.simulator.population import BoolArray, IntArray, Stage, State, Traits
from training.simulator.scenarios import Scenario


def randomised_now(state: State, traits: Traits) -> BoolArray:
    """Return whose investment is randomised in the coming step: twice a year, once they have asked for an offer."""
    met = (state.stage >= Stage.PROSPECT) | (state.order_steps > 0)
    randomised: BoolArray = traits.randomised & met & ((state.step + traits.phase) % 6 == 0)
    return randomised


def choose_arms(scenario: Scenario, traits: Traits, state: State, rng: np.random.Generator) -> IntArray:
    """Return this step's investments, shape (n,), 0 = none.

    They are random in the randomised pool and the managers' choice elsewhere. Managers go for recent revenue and for
    complaints; that is why treated accounts are not like the others.
    """
    n = len(traits.arrival)
    randomised_arm = rng.integers(0, len(scenario.options) + 1, n)
    candidate = (state.stage >= Stage.OCCASIONAL) & (state.recent_orders > 0.02)
    log_revenue = np.log1p(state.recent_revenue)
    spread = log_revenue[candidate].std() if candidate.sum() > 1 else 1.0
    z = np.where(candidate, log_revenue - (log_revenue[candidate].mean() if candidate.any() else 0.0), 0.0) / max(
        spread, 1e-9
    )
    drive = scenario.by_revenue * z + scenario.by_complaints * np.minimum(state.recent_complaints, 2.0)
    odds = scenario.choice_steepness * (drive - 0.3) - 3.0 + scenario.manager_knowledge * state.attitude
    chosen = candidate & ~traits.randomised & (state.since_investment >= 5) & (rng.random(n) < sigmoid(odds))
    taste = np.stack(
        [
            0.9 * np.minimum(state.recent_complaints, 2.0) + 0.5 * traits.price_interest,
            0.3 * z,
            1.1 * z - 1.2,
        ]
    )[: len(scenario.options)]
    gumbel = -np.log(-np.log(rng.random(taste.shape)))
    chosen_arm = 1 + (taste + gumbel).argmax(axis=0)
    return np.where(randomised_now(state, traits), randomised_arm, np.where(chosen, chosen_arm, 0))
