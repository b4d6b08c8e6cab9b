"""The records of trade: orders and credit notes, inquiries, contracts."""

import numpy as np

from training.simulator.events import Events
from training.simulator.population import LINE_MARGINS, MAIN_LINE_SHARE, STEP_DAYS, FloatArray, IntArray
from training.simulator.record_book import DAY_BEGINS, DAY_ENDS, RecordBook
from training.simulator.world import CONTRACT_DAYS

ORDER_SIGMA = 0.45
"""The standard deviation of the logarithm of one order's revenue around its basket."""


def record_orders(book: RecordBook, step: int, events: Events) -> None:
    """Write down the orders of a step and their credit notes."""
    rng, traits = book.rng, book.traits
    account = np.repeat(np.arange(len(events.trade.orders)), events.trade.orders)
    first = np.cumsum(events.trade.orders) - events.trade.orders
    nth = np.arange(len(account)) - first[account]
    width = STEP_DAYS / events.trade.orders[account]
    # Orders of one step fall on different days, and leave the day after each free for its credit note:
    # so the number of order days is the number of orders.
    day = np.floor(nth * width + rng.random(len(account)) * (width - 1))
    time = step * STEP_DAYS + day + rng.uniform(DAY_BEGINS, DAY_ENDS, len(account))
    size = np.exp(rng.normal(-(ORDER_SIGMA**2) / 2, ORDER_SIGMA, len(account)))
    revenue = np.round(events.trade.basket[account] * size, 2)
    main = rng.random(len(account)) < MAIN_LINE_SHARE
    other = (traits.main_line[account] + rng.integers(1, 3, len(account))) % 3
    line = np.where(main, traits.main_line[account], other)
    discount = np.round(rng.beta(1.5, 18, len(account)) + 0.04 * traits.price_interest[account], 3)
    _add_orders(book, account=account, time=time, revenue=revenue, line=line, discount=discount)
    credited = np.flatnonzero(events.service.credit)
    source = first[credited] + (rng.random(len(credited)) * events.trade.orders[credited]).astype(np.int64)
    back = -np.round(events.trade.basket[credited] * rng.uniform(0.1, 0.5, len(credited)), 2)
    _add_orders(
        book, account=credited, time=time[source] + 1.0, revenue=back, line=line[source],
        discount=np.zeros(len(credited)),
    )  # fmt: skip


def _add_orders(
    book: RecordBook, *, account: IntArray, time: FloatArray, revenue: FloatArray, line: IntArray, discount: FloatArray
) -> None:
    cost = revenue * (1 - LINE_MARGINS[line]) * book.rng.uniform(0.9, 1.1, len(account))
    cost[book.rng.random(len(account)) < 0.04] = np.nan
    book.rows["orders"].add(
        account=account,
        time=time,
        recorded=book.recorded(time),
        revenue=revenue,
        cost=np.round(cost, 2),
        discount=discount,
        line=line,
        contact=book.contact_of(account),
    )


def record_inquiries(book: RecordBook, step: int, events: Events) -> None:
    """Write down the inquiries of a step, and how earlier ones ended."""
    rng = book.rng
    new = np.flatnonzero(events.courting.inquired)
    number = book.inquiries_made + np.arange(len(new))
    book.inquiries_made += len(new)
    time = book.moment(step, len(new))
    book.rows["inquiries"].add(account=new, time=time, recorded=book.recorded(time), number=number)
    book.inquiry[new], book.inquired[new] = number, time
    decided = np.flatnonzero((events.courting.won | events.courting.lost) & (book.inquiry >= 0))
    # A prospect's inquiry, of an earlier step, closes in this one; a buyer's own takes a few weeks from its date.
    fresh = events.courting.inquired[decided]
    soon = book.inquired[decided] + rng.uniform(5, 35, len(decided))
    closed = np.where(fresh, soon, book.moment(step, len(decided)))
    book.rows["closings"].add(
        number=book.inquiry[decided],
        closed=closed,
        won=events.courting.won[decided],
        competitor=np.where(rng.random(len(decided)) < 0.75, rng.integers(0, 5, len(decided)), -1),
    )
    book.inquiry[decided] = -1


def record_contracts(book: RecordBook, step: int, events: Events) -> None:
    """Write down the contracts cancelled and signed in a step."""
    gone = np.flatnonzero((events.changes.cancelled | events.leaving.switched) & (book.contract >= 0))
    moment = np.floor(book.moment(step, len(gone))) + DAY_ENDS
    book.rows["cancellations"].add(number=book.contract[gone], time=moment)
    book.contract[gone] = -1
    new = np.flatnonzero(events.changes.contract)
    add_contracts(book, new, events.changes.contract_day[new])


def add_contracts(book: RecordBook, account: IntArray, starts: FloatArray) -> None:
    """Write down new contracts.

    starts : shape (n,), days.
    """
    rng, traits = book.rng, book.traits
    number = book.contracts_made + np.arange(len(account))
    book.contracts_made += len(account)
    book.contract[account] = number
    # Most contracts are signed, and so written down, before they begin.
    ahead = np.where(
        rng.random(len(account)) < 0.6, rng.uniform(1, 20, len(account)), -rng.uniform(0, 0.5, len(account))
    )
    book.rows["contracts"].add(
        account=account,
        time=starts,
        recorded=starts - ahead,
        number=number,
        ends=starts + CONTRACT_DAYS,
        kind=rng.choice(4, len(account), p=(0.35, 0.35, 0.2, 0.1)),
        value=np.round(traits.capacity[account] * 12 * rng.uniform(0.15, 0.45, len(account)), 2),
    )
