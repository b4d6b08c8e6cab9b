"""The records of decisions: switches and their triggers, managers' forecasts, investments."""

import numpy as np

from training.simulator.choice import randomised_now
from training.simulator.events import Events
from training.simulator.population import STEP_DAYS, FloatArray, IntArray, Stage, State
from training.simulator.record_book import RecordBook

TRIGGER_RECORDED = 0.55
"""The probability that somebody writes down a trigger: most are never reported."""
INVESTED_AT = 6 / 24
"""The time of day of investments, days after midnight: just before anything else in a step."""
DETAILS = ("decider left", "merger", "contract not renewed", "service failed", "competitor offer", "offer lost")


def record_switches(book: RecordBook, step: int, events: Events) -> None:
    """Write down the switches of a step, and the triggers that somebody noticed."""
    rng = book.rng
    happened = (
        (events.changes.contact_key, 0),
        (events.changes.merger, 0),
        (events.changes.contract_ended, 0),
        ((events.service.breaches > 0) | events.service.critical, 1),
        (events.changes.offer, 2),
        (events.courting.lost & events.courting.inquired, 2),
    )
    for detail, (mask, family) in enumerate(happened):
        account = np.flatnonzero(mask & (rng.random(len(mask)) < TRIGGER_RECORDED))
        _add_triggers(book, account, book.moment(step, len(account)), family, detail)
    gone = np.flatnonzero(events.leaving.switched)
    time = book.moment(step, len(gone))
    book.rows["switches"].add(
        account=gone,
        time=time,
        # Written down the same day: whether an account has left is never itself uncertain.
        recorded=time + 0.1,
        family=np.where(rng.random(len(gone)) < 0.9, events.leaving.family[gone], -1),
        competitor=np.where(rng.random(len(gone)) < 0.7, rng.integers(0, 5, len(gone)), -1),
    )


def _add_triggers(book: RecordBook, account: IntArray, time: FloatArray, family: int, detail: int) -> None:
    size = len(account)
    book.rows["triggers"].add(
        account=account,
        time=time,
        recorded=book.recorded(time),
        family=np.full(size, family),
        detail=np.full(size, detail),
    )


def record_forecasts(book: RecordBook, before: State) -> None:
    """Write down the managers' forecasts of a step."""
    rng, traits = book.rng, book.traits
    # Once a quarter, for accounts that order; the spare share of wallet is what a manager sees in a climb.
    turn = (before.step + traits.phase) % 3 == 0
    account = np.flatnonzero(turn & (before.recent_orders > 0.15) & (before.stage == Stage.BUYER))
    owner = traits.owner[account]
    spare = book.scenario.status_effect + 0.35 * (1 - before.wallet[account])
    truth = before.recent_revenue[account] * 6 * spare
    noise = np.exp(rng.normal(0.0, book.owner_noise[owner]))
    time = book.moment(before.step, len(account))
    book.rows["forecasts"].add(
        account=account,
        time=time,
        recorded=book.recorded(time),
        extra=np.round(truth * book.owner_scale[owner] * noise, -2),
    )


def record_investments(book: RecordBook, before: State, arms: IntArray) -> None:
    """Write down the investments of a step."""
    rng, traits = book.rng, book.traits
    randomised = randomised_now(before, traits)
    account = np.flatnonzero(randomised | (arms > 0))
    planned = np.array([0.0] + [option.cost for option in book.scenario.options])
    cost = np.round(planned[arms[account]] * rng.uniform(0.9, 1.1, len(account)), 2)
    random = randomised[account]
    time = before.step * STEP_DAYS + INVESTED_AT + rng.uniform(0, 1 / 24, len(account))
    book.rows["investments"].add(
        account=account,
        time=time,
        recorded=time + rng.uniform(0, 0.2, len(account)),
        arm=arms[account],
        cost=cost,
        random=random,
        propensity=np.where(random, 1 / len(planned), np.nan),
    )
