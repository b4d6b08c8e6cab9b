"""The accounts of a simulated supplier: what they are (Traits) and where they stand (State).

Every array has shape (n,), one element per account, unless stated.
"""

from dataclasses import dataclass, fields, replace
from enum import IntEnum
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from training.simulator.scenarios import Scenario

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

STEP_DAYS = 30
"""Days per step: six steps make the horizon, two make a period of the ladder's member rule."""
BURN_IN_STEPS = 12
"""Steps that run unrecorded before the data begin, so that latent states are not all at their starting values."""
NO_CONTRACT = -1e9
"""The end of a contract that does not exist, days."""

INDUSTRIES = ("manufacturing", "construction", "logistics", "food", "healthcare", "technology")
_INDUSTRY_WEIGHTS = (0.25, 0.20, 0.15, 0.15, 0.12, 0.13)
_INDUSTRY_CAPACITY = np.array([1.25, 0.9, 1.0, 1.1, 0.85, 1.15])
_INDUSTRY_COMPETITION = np.array([0.2, 0.7, 0.4, -0.1, -0.8, -0.3])
_INDUSTRY_SEASON_PHASE = np.array([0.1, 0.45, 0.9, 0.85, 0.05, 0.95])  # year fraction of the peak
COUNTRIES = ("NL", "BE", "DE", "FR", "UK")
_COUNTRY_WEIGHTS = (0.45, 0.20, 0.20, 0.08, 0.07)
CHANNELS = ("cold", "web", "referral", "fair", "partner")
_CHANNEL_WEIGHTS = (0.30, 0.25, 0.15, 0.15, 0.15)
OWNERS = 12
LINE_MARGINS = np.array([0.45, 0.37, 0.29])
"""Gross margin rate of each product line."""
MAIN_LINE_SHARE = 0.7
"""The share of an account's orders in its main product line; the others share the rest evenly."""
CONTACT_SLOTS = 5


class Stage(IntEnum):
    """The stage of an account in its life with us; the ladder's rungs follow from its events, not from this."""

    ABSENT = 0
    SWITCHED = 1
    SUSPECT = 2
    PROSPECT = 3
    OCCASIONAL = 4
    BUYER = 5
    LAPSED = 6


@dataclass(frozen=True)
class Traits:
    """What does not change of an account.

    Money is per order or per 30 days; rates are events per 30 days.

    match : how likely a talk is about what the person cares about, as `training.simulator.partner_records` draws it.
    """

    industry: IntArray
    country: IntArray
    channel: IntArray
    owner: IntArray
    employees: FloatArray
    arrival: IntArray
    randomised: BoolArray
    attitude_mean: FloatArray
    satisfaction_mean: FloatArray
    competition_mean: FloatArray
    capacity: FloatArray
    base_rate: FloatArray
    size: FloatArray
    season_amplitude: FloatArray
    season_phase: FloatArray
    switching_cost: FloatArray
    price_interest: FloatArray
    care: FloatArray
    contacts: IntArray
    inquiry_rate: FloatArray
    ticket_rate: FloatArray
    breach_rate: FloatArray
    contract_rate: FloatArray
    main_line: IntArray
    margin_rate: FloatArray
    phase: IntArray
    response_financial: FloatArray
    response_social: FloatArray
    response_structural: FloatArray
    match: FloatArray


@dataclass(frozen=True)
class State:
    """What changes of an account.

    step : index of the coming step; the other fields are as at its first midnight.
    recent_* : exponentially weighted means per 30 days of what the tables show.
    order_steps, referral_steps : one bit per past step, the latest lowest.
    contract_ends : day number (0 = first day of the data).
    lift, busier, added : what investments add to the level of business, to the number of orders (shares), and to the
        orders per step (a number); from step `acts_from` on.
    """

    step: int
    stage: IntArray
    attitude: FloatArray
    satisfaction: FloatArray
    damage: FloatArray
    wallet: FloatArray
    competition: FloatArray
    lift: FloatArray
    busier: FloatArray
    added: FloatArray
    acts_from: FloatArray
    lift_keeps: FloatArray
    tie: FloatArray
    pressure_situational: FloatArray
    pressure_influential: FloatArray
    recent_contact: FloatArray
    recent_orders: FloatArray
    recent_revenue: FloatArray
    recent_complaints: FloatArray
    since_investment: FloatArray
    contract_ends: FloatArray
    away: FloatArray
    lapse_family: IntArray
    order_steps: IntArray
    referral_steps: IntArray


Arrays = TypeVar("Arrays", Traits, State)


def repeat(arrays: Arrays, times: int) -> Arrays:
    """Repeat the accounts `times` over, block after block: arrays of shape (times * n,)."""
    tiled: dict[str, Any] = {}
    for item in fields(arrays):
        value = getattr(arrays, item.name)
        if isinstance(value, np.ndarray):
            tiled[item.name] = np.tile(value, times)
    return replace(arrays, **tiled)


def draw_traits(scenario: Scenario, n: int, months: int, rng: np.random.Generator) -> Traits:
    """Draw n accounts; 55 % of them existed before the data begin, the others arrive evenly over the months."""
    industry = rng.choice(len(INDUSTRIES), n, p=_INDUSTRY_WEIGHTS)
    log_size = np.clip(rng.normal(0.0, 1.2, n), -3.0, 3.0)
    employees = np.maximum(np.round(70 * np.exp(log_size)), 1.0)
    base_rate = np.clip(0.95 * np.exp(0.20 * log_size + rng.normal(0.0, 0.75, n)), 0.06, 4.0)
    capacity = 8_500 * np.exp(0.5 * log_size + rng.normal(0.0, scenario.capacity_sigma, n))
    capacity *= _INDUSTRY_CAPACITY[industry]
    stock = rng.random(n) < 0.55
    arrival = np.where(stock, -BURN_IN_STEPS, rng.integers(0, months, n))
    main_line = rng.choice(3, n, p=(0.35, 0.40, 0.25))
    rest = (1 - MAIN_LINE_SHARE) / 2
    margin_rate = rest * LINE_MARGINS.sum() + (MAIN_LINE_SHARE - rest) * LINE_MARGINS[main_line]
    # Service differs between the account managers' regions, so that broken service levels are not pure chance.
    region = rng.normal(0.0, 0.4, OWNERS)
    owner = rng.integers(0, OWNERS, n)
    hidden = scenario.hidden_response
    responses = np.exp(rng.normal(0.0, hidden, (3, n)) - hidden**2 / 2) if hidden else np.ones((3, n))
    attitude_mean = rng.normal(0.0, 0.8, n)
    return Traits(
        industry=industry,
        country=rng.choice(len(COUNTRIES), n, p=_COUNTRY_WEIGHTS),
        channel=rng.choice(len(CHANNELS), n, p=_CHANNEL_WEIGHTS),
        owner=owner,
        employees=employees,
        arrival=arrival,
        randomised=rng.random(n) < scenario.randomised_share,
        attitude_mean=attitude_mean,
        satisfaction_mean=np.clip(7.3 + 0.5 * attitude_mean + rng.normal(0.0, 0.7, n), 3.5, 9.5),
        competition_mean=_INDUSTRY_COMPETITION[industry] + rng.normal(0.0, 0.3, n),
        capacity=capacity,
        base_rate=base_rate,
        size=1 / (1 + np.exp(-1.3 * log_size)),
        season_amplitude=rng.uniform(0.0, 0.35, n),
        season_phase=_INDUSTRY_SEASON_PHASE[industry] + rng.normal(0.0, 0.05, n),
        switching_cost=rng.normal(0.0, 0.5, n),
        price_interest=(rng.random(n) < 0.3).astype(np.float64),
        # Managers go where the money is: contact rises with size, beside their own habits.
        care=np.exp(-0.5 + 0.45 * log_size + rng.normal(0.0, 0.8, n)).clip(0.05, 4.0),
        contacts=np.clip(1 + rng.poisson(0.8 + 0.8 / (1 + np.exp(-log_size)), n), 1, CONTACT_SLOTS),
        inquiry_rate=0.17 * np.exp(rng.normal(0.0, 0.8, n)),
        ticket_rate=0.16 * np.exp(rng.normal(0.0, 0.7, n)),
        breach_rate=1 / (1 + np.exp(1.1 - region[owner] - rng.normal(0.0, 0.5, n))),
        contract_rate=0.025 * rng.gamma(0.6, 1 / 0.6, n),
        main_line=main_line,
        margin_rate=margin_rate,
        phase=rng.integers(0, 6, n),
        response_financial=responses[0],
        response_social=responses[1],
        response_structural=responses[2],
        match=np.zeros(n),
    )


def first_state(traits: Traits, rng: np.random.Generator) -> State:
    """Return the state of the accounts before the burn-in: latent states near their own means."""
    n = len(traits.arrival)
    present = traits.arrival < 0
    kinds = (Stage.SUSPECT, Stage.OCCASIONAL, Stage.BUYER)
    stage = np.where(present, rng.choice(kinds, n, p=(0.12, 0.13, 0.75)), Stage.ABSENT).astype(np.int64)
    zero = np.zeros(n)
    none = np.zeros(n, dtype=np.int64)
    return State(
        step=-BURN_IN_STEPS,
        stage=stage,
        attitude=traits.attitude_mean + rng.normal(0.0, 0.4, n),
        satisfaction=traits.satisfaction_mean.copy(),
        damage=zero,
        wallet=rng.uniform(0.2, 0.5, n),
        competition=traits.competition_mean.copy(),
        lift=zero,
        busier=zero,
        added=zero,
        acts_from=np.full(n, -float(BURN_IN_STEPS)),
        lift_keeps=np.ones(n),
        tie=zero,
        pressure_situational=zero,
        pressure_influential=zero,
        recent_contact=traits.care.copy(),
        recent_orders=np.where(stage == Stage.BUYER, traits.base_rate, 0.0),
        recent_revenue=np.where(stage == Stage.BUYER, 0.4 * traits.capacity, 0.0),
        recent_complaints=zero,
        since_investment=np.full(n, 99.0),
        contract_ends=np.full(n, NO_CONTRACT),
        away=zero,
        lapse_family=none,
        order_steps=none,
        referral_steps=none,
    )
