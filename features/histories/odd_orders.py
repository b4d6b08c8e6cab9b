"""Oddities of all orders together: a hole in the feed, an account that stands for many, or brings nearly all."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from features.histories.histories import Histories
from features.instants import ALWAYS, MICROSECONDS_PER_DAY, NEVER, IntArray, iso

LEAST_HOLE_DAYS, LEAST_MISSED = 14, 30
"""A hole is so many days without any order, on which so many would be usual."""
AROUND_DAYS = 90
"""Days before a hole, and after it, by which it is said how many are usual."""
SEASON_DAYS, DAYS_A_YEAR = 45, 365.25
"""A pause at the same time of another year, so many days more or less, is the business's own."""
LEAST_ACCOUNTS = 50
MOST_ROWS, TIMES_MEDIAN = 0.1, 50
"""An account with more than this share of all orders, and so many times those of the middle one, may stand for many."""
MOST_REVENUE = 0.5
"""From this share of a year's revenue on, sums and means tell of one account."""


@dataclass(frozen=True)
class Hole:
    """Days without any order.  first, after : microseconds, its first day, and the one after it.  missed : orders."""

    first: int
    after: int
    missed: int


def holes(times: IntArray) -> list[Hole]:
    """Return the holes in the times of all orders, microseconds; but not a pause that comes every year."""
    times = np.sort(times[(times > ALWAYS) & (times < NEVER)]) // MICROSECONDS_PER_DAY
    days, counts = np.unique(times, return_counts=True)
    before = np.append(0, np.cumsum(counts))
    long = np.flatnonzero(np.diff(days) > LEAST_HOLE_DAYS)
    found = []
    for at in long.tolist():
        start, end = int(days[at]) + 1, int(days[at + 1])
        seen = np.searchsorted(days, [start - AROUND_DAYS, end + AROUND_DAYS])
        span = min(AROUND_DAYS, start - int(days[0])) + min(AROUND_DAYS, int(days[-1]) - end + 1)
        missed = (before[seen[1]] - before[seen[0]]) / span * (end - start)
        if missed >= LEAST_MISSED and not _every_year(days, long, at):
            found.append(Hole(start * MICROSECONDS_PER_DAY, end * MICROSECONDS_PER_DAY, round(missed)))
    return found


def _every_year(days: IntArray, long: IntArray, at: int) -> bool:
    """Return whether a pause of half its length or more began at the same time of another year.

    long : which days one follows.
    """
    others = long[(long != at) & (2 * (days[long + 1] - days[long]) >= days[at + 1] - days[at])]
    apart = np.abs(days[others] - days[at])
    off = apart % DAYS_A_YEAR
    return bool(((apart > DAYS_A_YEAR / 2) & (np.minimum(off, DAYS_A_YEAR - off) <= SEASON_DAYS)).any())


def hole_notes(histories: Histories, as_of: int, left_out: Sequence[tuple[int, int]] = ()) -> Iterator[str]:
    """Say which days have no orders known at as_of (microseconds), and what to do.

    left_out : first and end of periods from which nothing is learnt, microseconds; holes within them are known.
    """
    for hole in holes(histories.as_it_stood(as_of).streams["orders"].time):
        if any(begin <= hole.first and hole.after <= end for begin, end in left_out):
            continue
        first, after, days = iso(hole.first), iso(hole.after), (hole.after - hole.first) // MICROSECONDS_PER_DAY
        yield (
            f"orders: none from {first} until {after}, {days:,} days on which about {hole.missed:,} would be usual. "
            "If the export lacks them, bring them: everybody looks silent there. If there were none, let nothing be "
            f'learnt from these days: [source] leave_out = [["{first}", "{after}"]]'
        )


def account_notes(histories: Histories, as_of: int) -> Iterator[str]:
    """Say of which account most orders, or most of the revenue, are at as_of (microseconds), and what to do."""
    orders = histories.as_it_stood(as_of).streams["orders"]
    if len(np.unique(orders.account)) < LEAST_ACCOUNTS:
        return
    numbers = np.bincount(orders.account)
    most, share = int(numbers.argmax()), numbers.max() / len(orders)
    if share > MOST_ROWS and numbers.max() > TIMES_MEDIAN * np.median(numbers[numbers > 0]):
        name = str(histories.account_ids[most]).replace("'", "''")
        yield (
            f"orders: {share:.0%} of the rows are those of one account, {name!r}. If it stands for many (guests, cash "
            "sales), leave it out: [tables.orders] "
            f"""query = "select * from orders where account_id <> '{name}'\""""
        )
    year = orders.time >= as_of - 365 * MICROSECONDS_PER_DAY
    revenue = np.bincount(orders.account[year], orders.value("revenue")[year])
    total = revenue[revenue > 0].sum()
    if len(revenue) and revenue.max() > MOST_REVENUE * total > 0:
        yield (
            f"orders: one account, {str(histories.account_ids[int(revenue.argmax())])!r}, brings "
            f"{revenue.max() / total:.0%} of the last year's revenue. Sums and means tell of that account: look at it "
            "by itself, and at the others by rank and median"
        )
