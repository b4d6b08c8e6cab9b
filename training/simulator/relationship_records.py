"""The records of the relationship: tickets, interactions, surveys, referrals, contacts."""

import numpy as np

from training.simulator.events import Events
from training.simulator.laws import sigmoid
from training.simulator.population import FloatArray, IntArray, Stage, State
from training.simulator.record_book import RecordBook


def record_tickets(book: RecordBook, step: int, events: Events) -> None:
    """Write down the tickets of a step."""
    rng = book.rng
    account = np.repeat(np.arange(len(events.service.tickets)), events.service.tickets)
    nth = np.arange(len(account)) - (np.cumsum(events.service.tickets) - events.service.tickets)[account]
    breached = nth < events.service.breaches[account]
    severity = np.where(events.service.critical[account] & (nth == 0), 1, rng.integers(2, 5, len(account)))
    time = book.moment(step, len(account))
    answered = time + rng.exponential(np.where(breached, 2.0, 0.3))
    resolved = answered + rng.exponential(np.where(breached, 16.0, 2.5)) + np.where(breached, 4.0, 0.05)
    book.rows["tickets"].add(
        account=account,
        time=time,
        recorded=book.recorded(time),
        answered=answered,
        resolved=resolved,
        severity=severity,
        breached=breached.astype(np.int64),
        contact=book.contact_of(account),
    )


def record_interactions(book: RecordBook, step: int, events: Events) -> None:
    """Write down the interactions of a step."""
    rng = book.rng
    for count, us in ((events.talk.by_us, True), (events.talk.by_them, False)):
        account = np.repeat(np.arange(len(count)), count)
        time = book.moment(step, len(account))
        weights = (0.2, 0.4, 0.3, 0.05, 0.05) if us else (0.03, 0.32, 0.35, 0.05, 0.25)
        channel = rng.choice(5, len(account), p=weights)
        minutes = np.round(np.array([70.0, 14.0, 6.0, 150.0, 9.0])[channel] * rng.gamma(3, 1 / 3, len(account)))
        book.rows["interactions"].add(
            account=account,
            time=time,
            recorded=book.recorded(time),
            channel=channel,
            us=np.full(len(account), us),
            minutes=minutes,
            contact=book.contact_of(account),
        )


def record_surveys(book: RecordBook, before: State, events: Events) -> None:
    """Write down the survey answers of a step."""
    rng, n = book.rng, len(events.trade.orders)
    active = (before.stage == Stage.BUYER) | (before.stage == Stage.OCCASIONAL) & (events.trade.orders > 0)
    surveyed = active & ~events.leaving.switched & (rng.random(n) < 0.30 + 0.25 * (events.service.tickets > 0))
    # The unhappy and the busy answer less: a missing survey tells something.
    willing = sigmoid(0.2 + 0.45 * (before.satisfaction - 6.5) - 0.12 * events.trade.orders)
    account = np.flatnonzero(surveyed & (rng.random(n) < willing))
    felt = np.clip(before.satisfaction[account] + rng.normal(0.0, 0.9, len(account)), 0.0, 10.0)
    instrument = np.where(events.service.tickets[account] > 0, rng.choice(3, len(account), p=(0.3, 0.4, 0.3)), 0)
    score = np.where(instrument == 0, felt, np.where(instrument == 1, 1 + 0.4 * felt, 1 + 0.6 * felt))
    time = book.moment(before.step, len(account))
    book.rows["surveys"].add(
        account=account,
        time=time,
        recorded=book.recorded(time),
        score=np.round(score),
        instrument=instrument,
        contact=book.contact_of(account),
    )


def record_referrals(book: RecordBook, step: int, events: Events) -> None:
    """Write down the referrals of a step."""
    account = np.repeat(np.arange(len(events.talk.referrals)), events.talk.referrals)
    time = book.moment(step, len(account))
    book.rows["referrals"].add(
        account=account,
        time=time,
        recorded=book.recorded(time),
        kind=book.rng.choice(4, len(account), p=(0.25, 0.5, 0.15, 0.1)),
    )


def record_contacts(book: RecordBook, step: int, events: Events) -> None:
    """Write down who left in a step and who took over."""
    rng, traits = book.rng, book.traits
    account = np.flatnonzero(events.changes.contact_left)
    other = 1 + (rng.random(len(account)) * (traits.contacts[account] - 1)).astype(np.int64)
    slot = np.where(events.changes.contact_key[account], 0, other)
    left = np.maximum(np.floor(book.moment(step, len(account))), book.contact_since[account, slot] + 1)
    book.rows["departures"].add(number=book.contact[account, slot], time=left)
    book.contact[account, slot] = book.contacts_made + np.arange(len(account))
    book.contacts_made += len(account)
    add_contacts(book, account, slot, left + 1 + rng.integers(0, 20, len(account)))


def add_contacts(book: RecordBook, account: IntArray, slot: IntArray, since: FloatArray) -> None:
    """Write down new contacts.

    since : shape (n,), days.
    """
    rng = book.rng
    book.contact_since[account, slot] = since
    price = (book.traits.price_interest[account] > 0) & (slot == 0)
    # The first slot is the decider; what a decider cares about stays with the account.
    role = np.where(slot == 0, 3, rng.choice([0, 1, 2, 4, 5], len(account)))
    role = np.where(rng.random(len(account)) < 0.06, -1, role)
    book.rows["contacts"].add(
        account=account,
        time=since,
        recorded=since + rng.uniform(0.3, 0.7, len(account)),
        number=book.contact[account, slot],
        role=role,
        interest=np.where(price, 0, rng.integers(1, 5, len(account))),
    )
