"""Other laws of leaving than that of `training.simulator.laws`, on the same accounts: nothing is chosen on them.

Under the default law pressures and ties multiply. Here an account bears everything up to a point, and then leaves
(`tipping`); or hazards add up, newcomers leave sooner than old customers, silence makes the bond wear out, and most
leaving falls into the month of the budget, whatever the account thinks of us (`wear`).
"""

from collections.abc import Callable, Mapping

import numpy as np

from training.simulator.laws import MAX_HAZARD, TWO_YEARS_MASK, dismay, habit, sigmoid, switching_hazard
from training.simulator.population import STEP_DAYS, BoolArray, FloatArray, Stage, State, Traits
from training.simulator.scenarios import Scenario

TIPPED, BORNE = 0.2, 0.001
"""Hazards per 30 days and trigger family of an account that bears no more, and of one that bears it."""
BUDGET_STEP, BUDGET_FACTOR = 10, 4.0
"""The step of every twelve in which budgets are made, and what it multiplies hazards by."""


def hazard_of(scenario: Scenario, traits: Traits, state: State) -> FloatArray:
    """Return the probability of leaving in this step, by trigger family, shape (3, n), by the scenario's law."""
    if scenario.switching_law is None:
        return switching_hazard(scenario, traits, state)
    hazard = scenario.switch_scale * SWITCHING_LAWS[scenario.switching_law](traits, state)
    hazard *= np.minimum(1.0, MAX_HAZARD / np.maximum(hazard.sum(axis=0), 1e-12))
    hazard *= (state.stage == Stage.BUYER) | (state.stage == Stage.OCCASIONAL)
    return hazard


def _protected(state: State) -> BoolArray:
    protected: BoolArray = state.contract_ends > (state.step + 2) * STEP_DAYS
    return protected


def tipping(traits: Traits, state: State) -> FloatArray:
    """Return hazards that hardly depend on a grievance until it exceeds what the account bears."""
    grievances = np.stack([
        state.pressure_situational,
        0.9 * state.damage + 0.7 * dismay(state.satisfaction),
        0.4 * state.competition + 0.8 * state.pressure_influential,
    ])  # fmt: skip
    bears = 1.15 + 0.3 * state.attitude + 0.2 * traits.switching_cost + 0.3 * habit(state) + 0.5 * state.tie
    return BORNE + TIPPED * sigmoid((grievances - bears - 0.8 * _protected(state)) / 0.15)


def wear(traits: Traits, state: State) -> FloatArray:
    """Return hazards that add up: of a short history, of silence, of each grievance; none under a contract."""
    months = np.bitwise_count(state.order_steps & TWO_YEARS_MASK).astype(np.float64)
    silent = np.log2((state.order_steps & -state.order_steps).clip(1))  # steps since the last with an order
    new = 0.012 * np.exp(-months / 3.0)
    hazard = np.stack([
        0.002 + 0.010 * np.maximum(state.pressure_situational, 0.0) + new,
        0.001 + 0.016 * state.damage + 0.010 * dismay(state.satisfaction) + 0.0012 * silent,
        0.002 + 0.004 * traits.price_interest + 0.008 * np.maximum(state.pressure_influential, 0.0) + new,
    ])  # fmt: skip
    season = np.where(state.step % 12 == BUDGET_STEP, BUDGET_FACTOR, (12 - BUDGET_FACTOR) / 11)
    return hazard * season * ~_protected(state)


SWITCHING_LAWS: Mapping[str, Callable[[Traits, State], FloatArray]] = {"tipping": tipping, "wear": wear}
