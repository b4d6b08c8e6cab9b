"""The steps up for one account, and when it falls if it does nothing: the ladder's rules looking ahead.

This is a second implementation of `features.ladder.rules` for one account, in whole days. `rung_on` gives the same rung
at every midnight (a test compares them), so that a promise such as "one more order before 3 March" can be tried out in
advance.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np

from features.histories.streams import expand, run_starts, running_sum
from features.histories.views import View
from features.instants import ALWAYS, MICROSECONDS_PER_DAY, NEVER, BoolArray, IntArray
from features.ladder.rules import (
    ADVOCATE,
    CUSTOMER,
    MEMBER,
    PROSPECT,
    RAVING_FAN,
    SHOPPER,
    SUSPECT,
    LadderRules,
    rule_counts,
)

LIMIT_DAYS = 730
"""How far ahead a deadline is searched, days; what holds longer has none."""


@dataclass(frozen=True)
class CountedEvents:
    """The events of one account that the rules count, as known at as_of; days since 1970-01-01.

    order_days : ascending, the newest that can matter.
    last_approach : the last inquiry, or contact that they began.
    referrals : ascending.
    contracts : the first midnight in force, and the first no longer in force (None = open-ended).
    """

    order_days: tuple[int, ...] = ()
    last_approach: int | None = None
    referrals: tuple[int, ...] = ()
    contracts: tuple[tuple[int, int | None], ...] = ()


@dataclass(frozen=True)
class Step:
    """A way up: `count` times `kind`, the first of them on or after the day `since` and before the day `before`.

    kind : orders (on so many different days), contract, referrals, or approach (an inquiry, or a contact that they
        begin).
    before : None = no deadline in sight.
    since : None = at once; an order in a period that already has one would add nothing.
    every_days : the others follow at intervals of so many days; 0 = on the same day or the next ones.
    """

    kind: str
    count: int
    before: int | None = None
    every_days: int = 0
    since: int | None = None


def rung_on(counted: CountedEvents, day: int, rules: LadderRules) -> int:
    """Return the rung at the midnight that begins a day, 0 = suspect .. 6 = raving fan.

    day : at or after as_of.
    """

    def within(days: tuple[int, ...], since: int, until: int) -> int:
        return bisect_left(days, day - until) - bisect_left(days, day - since)

    length = rules.member_period_days
    spans = [(k * length, (k + 1) * length) for k in range(rules.member_periods)]
    filled = sum(within(counted.order_days, since, until) > 0 for until, since in spans)
    force = any(start <= day and (end is None or day < end) for start, end in counted.contracts)
    if force or filled >= rules.member_periods_with_order:
        referrals = within(counted.referrals, rules.referral_days, 0)
        if referrals >= rules.raving_fan_referrals:
            return RAVING_FAN
        return ADVOCATE if referrals >= rules.advocate_referrals else MEMBER
    bought = within(counted.order_days, rules.order_days, 0)
    if bought:
        return CUSTOMER if bought >= rules.customer_order_days else SHOPPER
    last_approach = counted.last_approach
    return PROSPECT if last_approach is not None and day - rules.inquiry_days <= last_approach < day else SUSPECT


def steps_up(counted: CountedEvents, day: int, rules: LadderRules) -> tuple[Step, ...]:
    """Return the ways to the next rung, any one of which will do; empty on the top rung.

    Taking a step, with nothing else happening, puts the account on the next rung or higher at the midnight after the
    last of its acts.

    day : the day of as_of.
    """
    rung = rung_on(counted, day, rules)
    ways: list[Step | None] = []
    if rung == SUSPECT:
        ways = [Step("approach", 1)]
    elif rung in (PROSPECT, SHOPPER):
        ways = [_orders(counted, day, rules, rung + 1, 1)]
    elif rung == CUSTOMER:
        ways = [_orders(counted, day, rules, MEMBER, rules.member_period_days), Step("contract", 1)]
    elif rung in (MEMBER, ADVOCATE):
        ways = [_referrals(counted, day, rules, rung + 1)]
    return tuple(way for way in ways if way is not None)


def falls_on(counted: CountedEvents, day: int, rules: LadderRules) -> tuple[int, int] | None:
    """Return the first day on which the account stands lower if nothing happens, and the rung then.

    None if that lies beyond LIMIT_DAYS.
    """
    rung = rung_on(counted, day, rules)
    for ahead in range(day + 1, day + LIMIT_DAYS + 1):
        later = rung_on(counted, ahead, rules)
        if later < rung:
            return ahead, later
    return None


def take_step(counted: CountedEvents, step: Step, start: int) -> tuple[CountedEvents, int]:
    """Return the account's events with a step taken from a day on, and the midnight at which they count."""
    if step.kind == "contract":
        return replace(counted, contracts=(*counted.contracts, (start, None))), start + 1  # known from then
    if step.kind == "approach":
        return replace(counted, last_approach=start), start + 1
    if step.kind == "referrals":
        return replace(counted, referrals=(*counted.referrals, *[start] * step.count)), start + 1
    acts = [start + k * max(step.every_days, 1) for k in range(step.count)]
    return replace(counted, order_days=tuple(sorted({*counted.order_days, *acts}))), acts[-1] + 1


def _orders(counted: CountedEvents, day: int, rules: LadderRules, target: int, every: int) -> Step | None:
    most = max(rules.member_periods_with_order, rules.customer_order_days)
    return _fewest(counted, day, rules, target, (Step("orders", k, None, every if k > 1 else 0) for k in _one_to(most)))


def _referrals(counted: CountedEvents, day: int, rules: LadderRules, target: int) -> Step | None:
    most = max(rules.raving_fan_referrals, rules.advocate_referrals)
    return _fewest(counted, day, rules, target, (Step("referrals", k) for k in _one_to(most)))


def _one_to(most: int) -> range:
    return range(1, most + 1)


def _fewest(counted: CountedEvents, day: int, rules: LadderRules, target: int, steps: Iterable[Step]) -> Step | None:
    """Return the first step that works within a period, with the first day on which it does and no longer does.

    steps : the candidates, those with fewest acts first.
    """

    def works(step: Step) -> Callable[[int], bool]:
        return lambda start: rung_on(*take_step(counted, step, start), rules) >= target

    for step in steps:
        works_from = works(step)
        first = next((start for start in range(day, day + rules.member_period_days) if works_from(start)), None)
        if first is not None:
            late = next((start for start in range(first + 1, first + LIMIT_DAYS) if not works_from(start)), None)
            return replace(step, before=late, since=None if first == day else first)
    return None


def counted_events(view: View, rules: LadderRules) -> list[CountedEvents]:
    """Return the events of every snapshot that the rules count.  Exact where every as_of is a midnight."""
    last_switch = rule_counts(view, rules).last_switch
    most = max(rules.customer_order_days, rules.member_periods * rules.member_period_days) + 1
    days = _lists(*_order_days(view, rules.order_days, last_switch), len(view), most)
    referrals = _lists(*_event_days(view, "referrals", rules.referral_days, last_switch), len(view), most)
    approaches = [
        _lists(*_event_days(view, name, rules.inquiry_days, last_switch, mark), len(view), 1)
        for name, mark in (("inquiries", None), ("interactions", "them"))
    ]
    contracts = _contracts(view, last_switch)
    return [
        CountedEvents(
            order_days=days[k],
            last_approach=max((*approaches[0][k], *approaches[1][k]), default=None),
            referrals=referrals[k],
            contracts=tuple(contracts.get(k, ())),
        )
        for k in range(len(view))
    ]


def _rows(view: View, name: str, days: float, last_switch: IntArray) -> tuple[IntArray, IntArray]:
    """Return (snapshot, row) of what was known and lies in the last days, after the account last left us."""
    stream = view.stream(name)
    first = stream.edge(days)
    first = np.where(last_switch > ALWAYS, np.maximum(first, stream.position(last_switch)), first)
    return expand(first, stream.edge(0))


def _event_days(
    view: View, name: str, days: float, last_switch: IntArray, mark: str | None = None
) -> tuple[IntArray, IntArray]:
    snapshot, row = _rows(view, name, days, last_switch)
    if mark is not None:
        marked: BoolArray = view.stream(name).value(mark)[row] == 1
        snapshot, row = snapshot[marked], row[marked]
    return snapshot, view.stream(name).time[row] // MICROSECONDS_PER_DAY


def _order_days(view: View, days: float, last_switch: IntArray) -> tuple[IntArray, IntArray]:
    orders = view.stream("orders")
    snapshot, row = _rows(view, "orders", days, last_switch)
    day = orders.time[row] // MICROSECONDS_PER_DAY
    edges = run_starts(snapshot * (1 << 24) + day)
    sums = running_sum(orders.value("revenue")[row])[edges]
    billed = edges[:-1][sums[1:] > sums[:-1]]
    return snapshot[billed], day[billed]


def _lists(snapshot: IntArray, day: IntArray, n: int, most: int) -> list[tuple[int, ...]]:
    """Return the newest days of every snapshot; `snapshot` and its days ascend."""
    ends = np.searchsorted(snapshot, np.arange(n + 1))
    days = day.tolist()
    pairs = zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True)
    return [tuple(days[max(begin, end - most) : end]) for begin, end in pairs]


def _contracts(view: View, last_switch: IntArray) -> dict[int, list[tuple[int, int | None]]]:
    """Return the contracts in force or to come that are not known to be cancelled, by snapshot."""
    stream = view.stream("contracts")
    snapshot, row = stream.pairs()
    contracts: dict[int, list[tuple[int, int | None]]] = {}
    if not len(row):
        return contracts
    starts, ends, cancelled = (stream.raw(name)[row] for name in ("time", "ends", "cancelled"))
    as_of = view.as_of[snapshot]
    kept = (ends > as_of) & (cancelled >= as_of) & (starts >= last_switch[snapshot])
    for which, start, end in zip(*(part[kept].tolist() for part in (snapshot, starts, ends)), strict=True):
        last = None if end >= NEVER else -(-end // MICROSECONDS_PER_DAY)
        contracts.setdefault(which, []).append((-(-start // MICROSECONDS_PER_DAY), last))
    return {which: sorted(held, key=str) for which, held in contracts.items()}
