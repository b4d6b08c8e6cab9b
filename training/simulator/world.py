"""The motion of the world: thirty days of every account, from its state, its investments and the random numbers.

`step` is a pure function of its arguments: the history and the counterfactual replay of the truth use the same one, so
that both obey the same laws.
"""

import math

import numpy as np

from training.simulator.events import Changes, Courting, Draw, Events, Leaving, Noise, Service, Shock, Talk, Trade
from training.simulator.laws import (
    MAX_ORDERS,
    TWO_YEARS_MASK,
    YEAR_MASK,
    binomial_count,
    delight,
    dismay,
    invest,
    poisson_count,
    sigmoid,
    status,
)
from training.simulator.other_switching_laws import hazard_of
from training.simulator.population import (
    NO_CONTRACT,
    STEP_DAYS,
    BoolArray,
    FloatArray,
    IntArray,
    Stage,
    State,
    Traits,
)
from training.simulator.scenarios import Scenario

COOL_OFF_STEPS = 8
"""Steps after a recorded switch in which the account does not come back; longer than the horizon, so that the
rung after a switch within it is certain to be suspect."""
FOUND_OUT_HAZARD = 0.09
"""Hazard per 30 days that a silent leaver is recorded as switched."""
P_DECIDES = 0.55
"""Probability per 30 days that a prospect decides on our offer."""
P_BUYER_INQUIRES = 0.05
"""Probability per 30 days that a regular buyer asks for an offer on something new."""
P_REGULAR_AFTER_TRIAL = 0.65
"""Probability that a first order makes a regular buyer."""
OCCASIONAL_RATE = 0.05
"""Orders of an account that only tried us, as a share of those of a regular buyer."""
MEAN_CREDIT_SHARE = 0.30
"""Mean share of an order that a credit note gives back (drawn evenly between .1 and .5)."""
CONTRACT_DAYS = 360
DAMAGE_KEEPS = 0.87
"""Share of trust damage left after 30 days: it falls in a day and heals over a year (Zhang et al. 2016)."""
PRESSURE_KEEPS = 0.60
"""Share of the pressure of a trigger left after 30 days."""
TIE_KEEPS = 0.90
"""Share of the hold of an investment on switching left after 30 days."""
RECENT_KEEPS = 0.70
"""Weight of the past in the recent_* means: a memory of about three months."""
YEAR_STEPS = 365 / STEP_DAYS


def step(scenario: Scenario, traits: Traits, state: State, arms: IntArray, noise: Noise) -> tuple[State, Events]:
    """Return the state of the accounts 30 days on, and what happened in between.

    Whoever switches in a step does so before anything else in it. A switch needs `noise.uniform[Draw.SWITCH]` below its
    hazard: ones there make a path without recorded switching, along which the hazard can be summed.

    arms : shape (n,), investment made on the first morning: 0 = none, k = the k-th option of the scenario.
    """
    state = invest(scenario, traits, state, arms)
    u = noise.uniform
    leaving = _leave(scenario, traits, state, u)
    courting = _court(traits, state, leaving.stage, u)
    trade = _trade(scenario, traits, state, stage=leaving.stage, tried=courting.tried, u=u)
    service = _serve(traits, leaving.stage, trade.orders, u)
    changes = _change(traits, state, leaving, u)
    talk = _talk(traits, state, leaving, u)
    expected = trade.expected - MEAN_CREDIT_SHARE * service.credit * trade.basket
    events = Events(
        leaving=leaving,
        courting=courting,
        trade=trade,
        service=service,
        changes=changes,
        talk=talk,
        expected_revenue=expected,
    )
    return _after(scenario, traits, state, noise, events), events


def _leave(scenario: Scenario, traits: Traits, state: State, u: FloatArray) -> Leaving:
    drive = hazard_of(scenario, traits, state)
    hazard = drive * (1.0 - scenario.silent_share)
    lapsed = state.stage == Stage.LAPSED
    hazard += FOUND_OUT_HAZARD * (lapsed & (state.lapse_family == np.arange(3)[:, None]))
    switched = u[Draw.SWITCH] < hazard.sum(axis=0)
    silent = ~switched & (u[Draw.LAPSE] < scenario.silent_share * drive.sum(axis=0))
    # The families have the same shares, silent or not; a lapsed account has its family already.
    edges = np.cumsum(hazard, axis=0)
    family = (u[Draw.FAMILY] * edges[2] > edges[:2]).sum(axis=0)
    stage = np.where(silent, Stage.LAPSED, np.where(switched, Stage.SWITCHED, state.stage))
    stage = np.where((stage == Stage.ABSENT) & (traits.arrival < state.step), Stage.SUSPECT, stage)
    return Leaving(hazard, switched, silent, family, stage)


def _buying(stage: IntArray) -> BoolArray:
    buying: BoolArray = (stage == Stage.BUYER) | (stage == Stage.OCCASIONAL)
    return buying


def _court(traits: Traits, state: State, stage: IntArray, u: FloatArray) -> Courting:
    buyer = stage == Stage.BUYER
    inquired = u[Draw.INQUIRY] < np.where(
        stage == Stage.SUSPECT, traits.inquiry_rate, np.where(buyer, P_BUYER_INQUIRES, 0.0)
    )
    deciding = (stage == Stage.PROSPECT) & (u[Draw.DECISION] < P_DECIDES)
    # Those who buy already say yes more often, and decide within the step.
    extra = inquired & buyer
    win = sigmoid(0.9 + 0.8 * state.attitude - 0.5 * state.competition) + 0.1 * extra
    decided = deciding | extra
    won = decided & (u[Draw.WON] < win)
    return Courting(inquired, deciding, won, decided & ~won, won & deciding)


def _trade(
    scenario: Scenario, traits: Traits, state: State, *, stage: IntArray, tried: BoolArray, u: FloatArray
) -> Trade:
    season = 1.0 + traits.season_amplitude * np.cos(2 * np.pi * (state.step / YEAR_STEPS - traits.season_phase))
    acts = state.acts_from <= state.step
    level = (state.wallet / 0.4) * season * (1.0 + acts * state.lift) * (1.0 + scenario.status_effect) ** status(state)
    tempo = np.where(stage == Stage.OCCASIONAL, OCCASIONAL_RATE, 1.0) * (_buying(stage) | tried)
    periods = [period for period in scenario.periods if period.holds(state.step)]
    tempo = tempo * math.prod(period.orders for period in periods)
    # More business is mostly more orders, partly larger ones.
    rate = traits.base_rate * level**0.7 * (1.0 + acts * state.busier) * tempo + acts * state.added * (tempo > 0)
    rate = np.clip(rate, 0.0, 0.97 * MAX_ORDERS)
    basket = 0.4 * traits.capacity / traits.base_rate * level**0.3 * math.prod(period.prices for period in periods)
    p_slot = rate / MAX_ORDERS
    orders = np.maximum(binomial_count(u[Draw.ORDERS], p_slot), tried)
    expected = rate + np.where(tried, (1.0 - p_slot) ** MAX_ORDERS, 0.0)
    return Trade(basket, orders, expected * basket)


def _serve(traits: Traits, stage: IntArray, orders: IntArray, u: FloatArray) -> Service:
    served = (stage == Stage.BUYER) | (orders > 0)
    tickets = poisson_count(u[Draw.TICKETS], served * traits.ticket_rate * (0.6 + 0.5 * orders), 3)
    breaches = np.minimum(binomial_count(u[Draw.BREACHES], traits.breach_rate, 3), tickets)
    critical = (tickets > 0) & (u[Draw.CRITICAL] < 0.10)
    failed = (breaches > 0) | critical
    return Service(tickets, breaches, critical, failed, failed & (orders > 0) & (u[Draw.CREDIT] < 0.5))


def _change(traits: Traits, state: State, leaving: Leaving, u: FloatArray) -> Changes:
    stage, day = leaving.stage, state.step * STEP_DAYS
    buying, buyer = _buying(stage), stage == Stage.BUYER
    contact_left = (buying | (stage == Stage.PROSPECT)) & (u[Draw.CONTACT_LEFT] < 0.014 * traits.contacts)
    contact_key = contact_left & ((u[Draw.CONTACT_KEY] < 0.5) | (traits.contacts == 1))
    merger = buying & (u[Draw.MERGER] < 0.005)
    offer = buying & (u[Draw.OFFER] < np.minimum(0.035 * np.exp(0.6 * state.competition), 0.4))

    in_force = state.contract_ends > day
    expiring = in_force & (state.contract_ends < day + STEP_DAYS)
    stays = sigmoid(1.6 + 0.7 * state.attitude - 0.8 * state.damage)
    renewed = expiring & buyer & (u[Draw.CONTRACT] < stays)
    signs = traits.contract_rate * np.exp(0.5 * np.minimum(state.attitude, 2.0))
    signed = buyer & ~in_force & (u[Draw.CONTRACT] < signs)
    contract_day = np.where(renewed, state.contract_ends, day + np.floor(u[Draw.CONTRACT_DAY] * STEP_DAYS))
    breaks = buying & (u[Draw.CANCEL] < 0.01 * state.damage)
    cancelled = in_force & ~expiring & (leaving.switched | breaks)
    contract = renewed | signed
    ends = np.where(contract, contract_day + CONTRACT_DAYS, state.contract_ends)
    return Changes(
        contact_left=contact_left,
        contact_key=contact_key,
        merger=merger,
        offer=offer,
        contract=contract,
        contract_day=contract_day,
        contract_ended=expiring & ~renewed & buying,
        cancelled=cancelled,
        contract_ends=np.where(cancelled | leaving.switched, NO_CONTRACT, ends),
    )


def _talk(traits: Traits, state: State, leaving: Leaving, u: FloatArray) -> Talk:
    stage = leaving.stage
    buying, prospect = _buying(stage), stage == Stage.PROSPECT
    # Only a very high attitude recommends, and damage silences it at once.
    zeal = np.clip(state.attitude + 0.5 * delight(state.satisfaction) - state.damage - 0.35, 0.0, 2.5)
    speaks = (stage == Stage.BUYER) * (0.03 + 0.17 * (status(state) >= 3)) * zeal**1.5
    # Nobody notices a silent leaver; suspects, and accounts to be won back, get a quarter of the attention.
    present = (stage != Stage.ABSENT) & ~leaving.switched
    attention = np.where(buying | (stage == Stage.LAPSED), 1.0, np.where(prospect, 0.7, 0.25)) * present
    warmth = 0.25 * np.exp(0.35 * np.minimum(state.attitude, 2.0)) * buying + 0.35 * prospect
    return Talk(
        referrals=poisson_count(u[Draw.REFERRALS], speaks, 3),
        by_us=poisson_count(u[Draw.BY_US], traits.care * attention, 6),
        by_them=poisson_count(u[Draw.BY_THEM], warmth, 4),
    )


def _after(scenario: Scenario, traits: Traits, state: State, noise: Noise, events: Events) -> State:
    """Return the state at the end of the step."""
    leaving, courting, trade = events.leaving, events.courting, events.trade
    service, changes, talk = events.service, events.changes, events.talk
    remains = ~leaving.switched
    happy, sad = delight(state.satisfaction), dismay(state.satisfaction)
    attitude = state.attitude + 0.06 * (traits.attitude_mean - state.attitude) + 0.03 * happy - 0.04 * sad
    attitude = attitude - 0.10 * service.failed - 0.3 * leaving.switched + 0.10 * noise.normal[Shock.ATTITUDE]
    if scenario.persuasion:
        told = _buying(leaving.stage) * (1.0 - np.exp(-talk.by_us * traits.match))
        attitude = attitude + scenario.persuasion * (told - 0.25)
    felt = state.satisfaction + 0.22 * (traits.satisfaction_mean - state.satisfaction)
    felt = felt - 0.2 * service.tickets - 0.9 * service.breaches - 1.2 * service.critical
    rivals = traits.competition_mean + scenario.competition_trend * max(state.step, 0)
    pull = -0.4 + 0.7 * state.attitude + 0.5 * happy - 0.9 * state.damage - 0.35 * state.competition
    situational = 1.3 * changes.contact_key + 1.6 * changes.merger + 1.2 * changes.contract_ended
    influential = 1.0 * changes.offer + 1.1 * (courting.lost & courting.inquired)
    return State(
        step=state.step + 1,
        stage=_next_stage(state, leaving, courting, noise.uniform),
        attitude=attitude,
        satisfaction=np.clip(felt + 0.35 * noise.normal[Shock.SATISFACTION], 0.0, 10.0),
        damage=DAMAGE_KEEPS * state.damage + 0.40 * service.breaches + 0.65 * service.critical,
        wallet=np.clip(state.wallet + 0.20 * (sigmoid(pull) - state.wallet), 0.02, 0.98),
        competition=state.competition + 0.15 * (rivals - state.competition) + 0.20 * noise.normal[Shock.COMPETITION],
        lift=state.lift * state.lift_keeps,
        busier=state.busier * state.lift_keeps,
        added=state.added * state.lift_keeps,
        acts_from=state.acts_from,
        lift_keeps=state.lift_keeps,
        tie=state.tie * TIE_KEEPS,
        pressure_situational=(PRESSURE_KEEPS * state.pressure_situational + situational) * remains,
        pressure_influential=(PRESSURE_KEEPS * state.pressure_influential + influential) * remains,
        recent_contact=_recent(state.recent_contact, talk.by_us + talk.by_them),
        recent_orders=_recent(state.recent_orders, trade.orders) * remains,
        recent_revenue=_recent(state.recent_revenue, trade.orders * trade.basket) * remains,
        recent_complaints=_recent(state.recent_complaints, service.tickets + service.breaches),
        since_investment=state.since_investment,
        contract_ends=changes.contract_ends,
        away=np.where(leaving.stage == Stage.SWITCHED, state.away + 1.0, 0.0),
        lapse_family=np.where(leaving.silent, leaving.family, state.lapse_family),
        order_steps=((state.order_steps << 1) & TWO_YEARS_MASK | (trade.orders > 0)) * remains,
        referral_steps=((state.referral_steps << 1) & YEAR_MASK | (talk.referrals > 0)) * remains,
    )


def _recent(mean: FloatArray, new: FloatArray | IntArray) -> FloatArray:
    return RECENT_KEEPS * mean + (1.0 - RECENT_KEEPS) * new


def _next_stage(state: State, leaving: Leaving, courting: Courting, u: FloatArray) -> IntArray:
    stage = leaving.stage
    regular = u[Draw.TRIAL] < P_REGULAR_AFTER_TRIAL
    after = np.where(courting.tried, np.where(regular, Stage.BUYER, Stage.OCCASIONAL), stage)
    after = np.where(courting.deciding & courting.lost, Stage.SUSPECT, after)
    after = np.where(courting.inquired & (stage == Stage.SUSPECT), Stage.PROSPECT, after)
    after = np.where((stage == Stage.SWITCHED) & (state.away >= COOL_OFF_STEPS), Stage.SUSPECT, after)
    return after.astype(np.int64)
