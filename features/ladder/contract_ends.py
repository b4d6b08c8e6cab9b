"""The contracts that come to an end: which do within a horizon, what follows them, and whether the account goes too.

A contract is *followed* by another of the same account and kind that begins within a grace around its end, before or
after, and is not cancelled before it begins. Where several contracts end about the same time, each is followed by one
of its own: that whose beginning is nearest to the end, then that whose value is.

Some accounts have a contract and pay it by a fee now and then, and order nothing else. Silence says nothing of them:
such an account has left when no contract is in force, none is to come, the grace of the last one is over (or it was
cancelled), and nothing was ordered since.
"""

from dataclasses import dataclass

import numpy as np

from features.histories.histories import Histories
from features.histories.order_days import order_days
from features.histories.snapshots import Snapshots
from features.histories.streams import FIXED_POINT, Stream, expand
from features.histories.views import View
from features.instants import ALWAYS, MICROSECONDS_PER_DAY, NEVER, BoolArray, FloatArray, IntArray
from features.tables import TABLE

GRACE_DAYS = 60
"""The grace where nothing else is set: who renews late does so within two months, and who renews early likewise."""
SPARE_FEES = 1
"""An account orders nothing but fees if it has at most one order day a year for each contract, and so many more: one
may come early, or be sent again."""
FEES_BEFORE_DAYS = 365
"""How long before a contract began an order may have led to it, such as that of the machine that is to be serviced."""
MOST_FEES = 1.5
"""Orders beyond so many times the fees that the contracts may have brought are no fees."""
MOST_NOTICE_DAYS = 365
"""A contract that was cancelled longer ago does not run out: it was broken off, whatever its end."""
SMALLER = 0.9
"""A following contract of less than this part of the value renews smaller."""
CONTRACT_COLUMNS = (
    "contract_days_left", "contract_term_days", "contract_value", "contract_under_notice", "contract_days_since_notice",
    "contract_terms_before", "contract_value_change", "contract_kind", "contract_tenure_days", "contracts_beside",
    "contracts_not_followed",
)  # fmt: skip
"""Features of one contract, beside those of its account."""


@dataclass(frozen=True)
class KnownContracts:
    """The contracts known at some instants, one entry for each (question, contract), in the order of the questions.

    question : shape (k,), position of the account and instant that were asked about.
    row : shape (k,), position in the stream.
    at : shape (k,), the instant, microseconds; all times below are too.
    cancelled : NEVER where no cancellation is known.
    value : in the stored unit, 0 where it is unknown.
    follower : the entry that follows, -1 where none is known.
    """

    question: IntArray
    row: IntArray
    at: IntArray
    starts: IntArray
    ends: IntArray
    cancelled: IntArray
    value: IntArray
    kind: IntArray
    follower: IntArray

    @property
    def begun(self) -> BoolArray:
        """Return which have begun."""
        return self.starts <= self.at

    @property
    def running(self) -> BoolArray:
        """Return which have begun and not ended; under notice too, but not for longer than MOST_NOTICE_DAYS.

        One without an end stops when it is cancelled.
        """
        notice = np.where(self.ends < NEVER, MOST_NOTICE_DAYS * MICROSECONDS_PER_DAY, 0)
        stops = np.where(
            self.noticed, np.minimum(self.ends, np.minimum(self.cancelled, NEVER // 2) + notice), self.ends
        )
        return self.begun & (self.at < stops)

    @property
    def noticed(self) -> BoolArray:
        """Return of which a cancellation is known."""
        return self.cancelled < NEVER


def known_contracts(stream: Stream | None, account: IntArray, at: IntArray, grace_days: float) -> KnownContracts:
    """Return the contracts that each account is known to have at an instant (microseconds), and what follows each.

    account, at : shape (n,).
    """
    if stream is None:
        nothing = np.empty(0, np.int64)
        return KnownContracts(*(nothing for _ in range(9)))
    question, row = expand(stream.bounds[account], stream.bounds[account + 1])
    known = stream.recorded[row] < at[question]
    question, row = question[known], row[known]
    instants, cancelled = at[question], stream.value("cancelled")[row]
    cancelled = np.where(cancelled < instants, cancelled, NEVER)
    starts, ends, value, kind = (
        stream.time[row], *(stream.value(name)[row].astype(np.int64) for name in ("ends", "value", "kind"))
    )  # fmt: skip
    follower = _followers(question, starts, ends, (cancelled, value, kind), int(grace_days * MICROSECONDS_PER_DAY))
    return KnownContracts(
        question=question, row=row, at=instants, starts=starts, ends=ends, cancelled=cancelled, value=value, kind=kind,
        follower=follower,
    )  # fmt: skip


def _followers(
    question: IntArray, starts: IntArray, ends: IntArray, rest: tuple[IntArray, IntArray, IntArray], grace: int
) -> IntArray:
    """Return the entry that follows each, -1 where none does.

    Pairs that are best for both sides are taken, again and again among those that are left.

    rest : cancelled, value and kind.
    """
    cancelled, value, kind = rest
    found = np.full(len(question), -1, np.int64)
    old, new = _near_ends(question * KINDS + kind, starts, ends, grace)
    gap = np.abs(starts[new] - ends[old])
    fits = (gap <= grace) & (starts[old] < starts[new]) & (cancelled[new] > starts[new])
    old, new, gap = old[fits], new[fits], gap[fits]
    apart = np.abs(np.log(np.maximum(value[new], 1)) - np.log(np.maximum(value[old], 1)))
    order = np.lexsort((new, old, apart, gap))
    old, new = old[order], new[order]
    while len(old):
        place = np.arange(len(old))
        first_of_old, first_of_new = np.full((2, len(question)), len(old))
        np.minimum.at(first_of_old, old, place)
        np.minimum.at(first_of_new, new, place)
        best = (first_of_old[old] == place) & (first_of_new[new] == place)
        found[old[best]] = new[best]
        taken = np.zeros(len(question), bool)
        taken[new[best]] = True
        left = (found[old] < 0) & ~taken[new]
        old, new = old[left], new[left]
    return found


KINDS = len(TABLE["contracts"].column("kind").values) + 1
"""Of contracts, and none."""


def _near_ends(group: IntArray, starts: IntArray, ends: IntArray, grace: int) -> tuple[IntArray, IntArray]:
    """Return the pairs (old, new) of one group of which the new one begins about when the old one ends.

    They are found by whole days, so a few too many.
    """
    ending = np.flatnonzero(ends < NEVER)
    if not len(ending):
        return ending, ending
    first = int(min(starts.min(), ends[ending].min() - grace)) // MICROSECONDS_PER_DAY
    last = int(max(starts.max(), ends[ending].max() + grace)) // MICROSECONDS_PER_DAY
    width = last - first + 2
    order = np.lexsort((starts, group))
    keys = group[order] * width + starts[order] // MICROSECONDS_PER_DAY - first
    begin, end = (
        group[ending] * width + (ends[ending] + far) // MICROSECONDS_PER_DAY - first for far in (-grace, grace)
    )
    pair, place = expand(np.searchsorted(keys, begin), np.searchsorted(keys, end, side="right"))
    return ending[pair], order[place]


@dataclass(frozen=True)
class EndingContracts:
    """The contracts of n snapshots that run at as_of and end within a horizon, one entry each, k in all.

    snapshot : shape (k,), ascending.
    row : shape (k,), position in the stream of contracts.
    ends : shape (k,), microseconds.
    value : shape (k,), money; 0 where it is unknown.
    followed : shape (k,), whether the one that follows is known already.
    columns : shape (k, len(CONTRACT_COLUMNS)), NaN = unknown.
    """

    snapshot: IntArray
    row: IntArray
    ends: IntArray
    value: FloatArray
    followed: BoolArray
    columns: FloatArray

    def __len__(self) -> int:
        return len(self.snapshot)


def ending_contracts(view: View, horizon_days: float, grace_days: float) -> EndingContracts:
    """Return the contracts that end in [as_of, as_of + horizon), under notice or not, with what is known of them."""
    known = known_contracts(view.histories.streams.get("contracts"), view.snapshots.account, view.as_of, grace_days)
    chosen = known.running & (known.ends < known.at + int(horizon_days * MICROSECONDS_PER_DAY))
    return EndingContracts(
        snapshot=known.question[chosen], row=known.row[chosen], ends=known.ends[chosen],
        value=known.value[chosen] / FIXED_POINT, followed=known.follower[chosen] >= 0,
        columns=_columns(known, len(view))[chosen],
    )  # fmt: skip


def _columns(known: KnownContracts, n: int) -> FloatArray:
    question, at = known.question, known.at
    value = np.where(known.value > 0, known.value / FIXED_POINT, np.nan)
    former = np.full(len(question), -1, np.int64)
    has = np.flatnonzero(known.follower >= 0)
    former[known.follower[has]] = has
    change = np.where(former >= 0, value / np.where(former >= 0, value[former], np.nan) - 1, np.nan)
    began = np.full(n, NEVER, np.int64)
    np.minimum.at(began, question, known.starts)
    in_force = known.running & ~known.noticed
    lapsed = known.begun & ~known.running & (known.follower < 0)
    beside = np.bincount(question[in_force], minlength=n)[question] - in_force
    columns = [
        _days(known.ends - at), _days(known.ends - known.starts), value, known.noticed.astype(np.float64),
        np.where(known.noticed, _days(at - known.cancelled), np.nan), _terms_before(known), change,
        np.where(known.kind > 0, known.kind - 1.0, np.nan), _days(at - began[question]), beside,
        np.bincount(question[lapsed], minlength=n)[question],
    ]  # fmt: skip
    return np.column_stack([np.asarray(column, np.float64) for column in columns])


def _terms_before(known: KnownContracts) -> IntArray:
    """Return how many contracts of the same account and kind began before each."""
    order = np.lexsort((known.starts, known.kind, known.question))
    question, kind, starts = known.question[order], known.kind[order], known.starts[order]
    new_group = np.ones(len(order), bool)
    new_group[1:] = (question[1:] != question[:-1]) | (kind[1:] != kind[:-1])
    new_start = new_group.copy()
    new_start[1:] |= starts[1:] != starts[:-1]
    place = np.arange(len(order))
    group = np.maximum.accumulate(np.where(new_group, place, 0))
    same = np.maximum.accumulate(np.where(new_start, place, 0))
    counted = np.empty(len(order), np.int64)
    counted[order] = same - group
    return counted


def _days(span: IntArray) -> FloatArray:
    days: FloatArray = span / MICROSECONDS_PER_DAY
    return days


@dataclass(frozen=True)
class ContractState:
    """Where the contracts of n snapshots stand, shape (n,) each.

    by_contract : whether the account has had a contract, orders nothing but its fees, and has ordered nothing since the
        last one stopped: its contracts then say whether it has left, not its silence.
    gone : whether it has left, by its contracts.
    running : whether any contract runs, under notice or not.
    """

    by_contract: BoolArray
    gone: BoolArray
    running: BoolArray


def contract_state(view: View, grace_days: float = GRACE_DAYS) -> ContractState:
    """Return where the contracts of each snapshot's account stand, from what is known at as_of; computed once."""
    return view.cached(("contract state", grace_days), lambda: _contract_state(view, grace_days))


def _contract_state(view: View, grace_days: float) -> ContractState:
    n, stream = len(view), view.histories.streams.get("contracts")
    if stream is None or not len(stream):
        return ContractState(*(np.zeros(n, bool) for _ in range(3)))
    known = known_contracts(stream, view.snapshots.account, view.as_of, grace_days)
    grace = int(grace_days * MICROSECONDS_PER_DAY)

    def any_of(which: BoolArray) -> BoolArray:
        return np.bincount(known.question[which], minlength=n) > 0

    begun, running = known.begun, known.running
    given_up = known.noticed & (known.cancelled < known.ends)
    pending = begun & ~running & ~given_up & (known.ends > known.at - grace)
    to_come = ~begun & (known.starts <= known.at + grace) & ~known.noticed
    # A fee that is due at the end may be billed before it; after a cancellation only a later order counts.
    stopped = np.where(given_up, known.cancelled, known.ends - grace)
    last = np.full(n, ALWAYS, np.int64)
    np.maximum.at(last, known.question[begun], stopped[begun])
    since = order_days(view).days_since(0)
    ordered_since = np.nan_to_num(since, nan=np.inf) * MICROSECONDS_PER_DAY < view.as_of - last
    runs = any_of(running)
    bound = any_of(running & ~given_up) | any_of(pending) | any_of(to_come)
    return ContractState(
        by_contract=any_of(begun) & fees_only(view, known) & (runs | ~ordered_since),
        gone=any_of(begun) & ~bound & ~ordered_since,
        running=runs,
    )


def fees_only(view: View, known: KnownContracts) -> BoolArray:
    """Return whether each account orders nothing but the fees of its contracts, shape (n,).

    Contracts that follow each other count once, and those that stopped two years ago or longer no more.
    """
    stopped = np.minimum(known.ends, known.cancelled)
    counts = known.begun & (known.follower < 0) & (stopped > known.at - 730 * MICROSECONDS_PER_DAY)
    contracts, days = np.bincount(known.question[counts], minlength=len(view)), order_days(view)
    few: BoolArray = days.in_window(365) <= contracts + SPARE_FEES
    few &= (days.in_window(730) <= 2 * contracts + SPARE_FEES) & (contracts > 0)
    return few & ~_beyond_fees(view, known, counts)


def _beyond_fees(view: View, known: KnownContracts, counts: BoolArray) -> BoolArray:
    """Return which accounts ordered for more than their contracts can have brought in fees, shape (n,).

    A fee is the agreed value, or that of each year, this one and the one before at least. Where no value is agreed, or
    until when, nobody can tell.

    counts : which contracts count, shape (k,).
    """
    n, orders, at = len(view), view.stream("orders"), known.question
    priced = (known.value > 0) & (known.ends < NEVER)
    told = np.bincount(at[counts & ~priced], minlength=n) == 0
    first = view.as_of.copy()
    np.minimum.at(first, at[counts], known.starts[counts] - FEES_BEFORE_DAYS * MICROSECONDS_PER_DAY)
    until = np.minimum(known.ends, known.at)
    years = np.where(counts, 1 + np.maximum(_days(until - known.starts) / 365, 1), 1)
    brings = priced & known.begun & (until > first[at])
    fees = np.bincount(at[brings], (years * known.value)[brings], minlength=n)
    billed = orders.running("revenue")
    beyond: BoolArray = told & (billed[orders.edge(0)] - billed[orders.position(first)] > MOST_FEES * fees)
    return beyond


ENDED, SMALLER_RENEWAL, RENEWED = range(3)
"""What becomes of a contract at its end."""


def contract_outcomes(
    histories: Histories, account: IntArray, row: IntArray, ends: IntArray, grace_days: float
) -> IntArray:
    """Return what became of contracts as known when the grace after their end was over: one of the three, shape (k,).

    A contract renews where another follows it, and smaller where that is worth less than SMALLER of it. It also renews,
    without another, where it was not cancelled and its account orders nothing but fees: if there is an order day within
    the grace around the end. Of other accounts an order says nothing of a contract, and no contract was renewed.

    account, row : shape (k,), positions of the accounts, and of the contracts in their stream.
    ends : shape (k,), microseconds.
    """
    decided = decided_at(ends, grace_days)
    known = known_contracts(histories.streams.get("contracts"), account, decided, grace_days)
    mine = np.flatnonzero(known.row == row[known.question])
    outcome = np.full(len(row), ENDED, np.int64)
    follower = known.follower[mine]
    worth_less = known.value[follower] < SMALLER * known.value[mine]
    valued = (known.value[mine] > 0) & (known.value[follower] > 0)
    after = np.where(worth_less & valued, SMALLER_RENEWAL, RENEWED)
    outcome[known.question[mine]] = np.where(follower >= 0, after, ENDED)
    view = View(histories, Snapshots(account, decided))
    days, cancelled = order_days(view), np.ones(len(row), bool)
    cancelled[known.question[mine]] = known.noticed[mine]
    billed = fees_only(view, known) & (days.in_window(2 * grace_days) > 0)
    return np.where((outcome == ENDED) & ~cancelled & billed, RENEWED, outcome)


def decided_at(ends: IntArray, grace_days: float) -> IntArray:
    """Return when it is known what became of contracts, microseconds."""
    decided: IntArray = ends + int(grace_days * MICROSECONDS_PER_DAY)
    return decided


def decided_contracts(histories: Histories, until: int, grace_days: float) -> IntArray:
    """Return how many contracts ended, renewed smaller and renewed, of those whose grace was over by an instant.

    Contracts that were written down after their end say nothing.
    """
    stream = histories.streams.get("contracts")
    if stream is None:
        return np.zeros(3, np.int64)
    ends = stream.value("ends").astype(np.int64)
    row = np.flatnonzero((ends < NEVER) & (stream.recorded < ends))
    row = row[decided_at(ends[row], grace_days) <= until]
    outcome = contract_outcomes(histories, stream.account[row], row, ends[row], grace_days)
    return np.bincount(outcome, minlength=3)
