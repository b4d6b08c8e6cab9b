"""The laws of response of a simulated supplier's accounts: satisfaction, habit, status, investments, switching.

They are pure functions of an account's state; `training.simulator.world` applies them. Rates are per 30 days.
"""

from dataclasses import replace

import numpy as np

from training.simulator.population import STEP_DAYS, FloatArray, IntArray, Stage, State, Traits
from training.simulator.scenarios import Option, Scenario

MAX_ORDERS = 6
"""The most orders per step: the mean of the binomial count is known exactly, and each order has a day of its own."""
SWITCH_HAZARDS = np.array([0.0040, 0.0040, 0.0032])
"""The hazards per 30 days, by trigger family, of an account that is average in everything."""
MAX_HAZARD = 0.35
"""The largest hazard per 30 days: nobody leaves with certainty."""
YEAR_MASK, TWO_YEARS_MASK, PERIODS_MASK = 0xFFF, 0xFFFFFF, 0x555
"""The bits of the last 12 steps, of the last 24, and of the first step of each of the last six pairs."""


def sigmoid(x: FloatArray) -> FloatArray:
    """Return 1 / (1 + exp(-x))."""
    value: FloatArray = 1.0 / (1.0 + np.exp(-x))
    return value


def binomial_count(uniform: FloatArray, p: FloatArray, slots: int = MAX_ORDERS) -> IntArray:
    """Count the slots that are filled, each with probability p < 1; rises with `uniform` (inverse distribution)."""
    odds = p / (1.0 - p)
    term = (1.0 - p) ** slots
    below = term.copy()
    count = (uniform > below).astype(np.int64)
    for k in range(slots - 1):
        term *= (slots - k) / (k + 1) * odds
        below += term
        count += uniform > below
    return count


def poisson_count(uniform: FloatArray, rate: FloatArray, most: int) -> IntArray:
    """Return a Poisson count cut off at `most`; rises with `uniform` (inverse distribution)."""
    term = np.exp(-rate)
    below = term.copy()
    count = (uniform > below).astype(np.int64)
    for k in range(1, most):
        term *= rate / k
        below += term
        count += uniform > below
    return count


def delight(satisfaction: FloatArray) -> FloatArray:
    """Return how far satisfaction lies in its upper extreme: 0 below 8, 1 at 9.5.

    Source: Jones & Sasser (1995).
    """
    return np.clip((satisfaction - 8.0) / 1.5, 0.0, 1.3)


def dismay(satisfaction: FloatArray) -> FloatArray:
    """Return how far satisfaction lies in its lower extreme: 0 above 6, 1 at 3.5.

    Source: Jones & Sasser (1995).
    """
    return np.clip((6.0 - satisfaction) / 2.5, 0.0, 1.6)


def habit(state: State) -> FloatArray:
    """Return the logarithm of the months with an order among the last 24, 0 at eight.

    Habits are not given up lightly.
    """
    months = np.bitwise_count(state.order_steps & TWO_YEARS_MASK).astype(np.float64)
    depth: FloatArray = np.log((1.0 + months) / 9.0)
    return depth


def status(state: State) -> IntArray:
    """Return the standing that an account feels: 0 .. 4 for none, shopper, customer, member, advocate.

    It has a resolution of 30 days, coarser than the contract's ladder, which looks at days: a feeling does not count
    days.
    """
    months = state.order_steps & TWO_YEARS_MASK
    periods = np.bitwise_count((months | (months >> 1)) & PERIODS_MASK)
    regular = (periods >= 4) | (state.contract_ends > state.step * STEP_DAYS)
    months_bought = np.minimum(np.bitwise_count(months), 2).astype(np.int64)
    advocate = (state.referral_steps & YEAR_MASK) > 0
    return np.where(regular & (months_bought > 0), 3 + advocate, months_bought)


def lift_of(option: Option, traits: Traits, state: State) -> FloatArray:
    """Return the relative lift of revenue in the first 30 days after an investment, before scenario.effect_scale.

    All moderators can be read from the tables, up to noise; the response trait cannot.
    """
    served = (1.0 - np.exp(-state.recent_orders)) * traits.size
    lift = (
        option.base
        + option.low_contact * np.exp(-state.recent_contact)
        + option.served * served
        + option.price * traits.price_interest
        + option.unhappy * sigmoid((6.0 - state.satisfaction) / 0.8)
    )
    response: FloatArray = getattr(traits, f"response_{option.bond}")
    lift = lift * response
    if option.limit is None:
        return lift
    return np.where(lift > 0, option.limit * (1.0 - np.exp(-np.maximum(lift, 0.0) / option.limit)), lift)


def invest(scenario: Scenario, traits: Traits, state: State, arms: IntArray) -> State:
    """Return the state after this step's investments.

    arms : shape (n,), 0 = none, k = the k-th option.
    """
    given = {name: np.zeros(len(arms)) for name in ("revenue", "frequency", "orders", "wallet", "retention")}
    tie, attitude = np.zeros(len(arms)), np.zeros(len(arms))
    keeps, acts_from = state.lift_keeps, state.acts_from
    for number, option in enumerate(scenario.options, start=1):
        treated = arms == number
        if not treated.any():
            continue
        gain = np.where(treated, scenario.effect_scale * lift_of(option, traits, state), 0.0)
        given[option.becomes] = given[option.becomes] + gain
        tie, attitude = tie + option.tie * gain, attitude + option.attitude * gain
        keeps = np.where(treated, option.keeps, keeps)
        acts_from = np.where(treated, state.step + option.delay, acts_from)
    return replace(
        state,
        lift=np.clip(state.lift + given["revenue"], -0.3, 0.8),
        busier=np.clip(state.busier + given["frequency"], -0.3, 0.8),
        added=np.clip(state.added + given["orders"], -0.5, 1.5),
        # The latest investment sets how long the lift lasts; without any effect there is no lift to keep.
        lift_keeps=keeps if scenario.effect_scale else state.lift_keeps,
        acts_from=acts_from,
        wallet=np.clip(state.wallet + given["wallet"], 0.02, 0.98),
        tie=np.clip(state.tie + tie, -0.5, 1.5),
        attitude=state.attitude + attitude,
        since_investment=np.where(arms > 0, 0.0, state.since_investment + 1.0),
    )


def switching_hazard(scenario: Scenario, traits: Traits, state: State) -> FloatArray:
    """Return the probability of leaving in this step, silently or not, by trigger family, shape (3, n).

    Three competing triggers push; attitude, habit, share of wallet, contract and ties hold.

    Source: Roos (1999).
    """
    day = state.step * STEP_DAYS
    # A contract protects while it runs, not when it is about to end: contractual accounts switch at renewal.
    protected = state.contract_ends > day + 2 * STEP_DAYS
    held = (
        0.40 * state.attitude
        + 0.30 * traits.switching_cost
        + 0.60 * delight(state.satisfaction)
        + 0.60 * protected
        + 1.50 * (state.wallet - 0.4)
        + 0.85 * habit(state)
        + state.tie
    )
    rush = np.stack(
        [
            1.15 * state.pressure_situational - 0.6 * held,
            1.30 * state.damage + 1.10 * dismay(state.satisfaction) - held - 0.35,
            0.60 * state.competition + 1.20 * state.pressure_influential + 0.3 * traits.price_interest - held,
        ]
    )
    hazard = scenario.switch_scale * SWITCH_HAZARDS[:, None] * np.exp(np.minimum(rush, 6.0))
    hazard *= np.minimum(1.0, MAX_HAZARD / np.maximum(hazard.sum(axis=0), 1e-12))
    hazard *= (state.stage == Stage.BUYER) | (state.stage == Stage.OCCASIONAL)
    return hazard
