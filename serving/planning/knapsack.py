"""At most one option an account, within limits, for the largest value: the multiple-choice knapsack.

One limit (a budget): options that no budget would ever take are dropped (they lie below the convex hull of the
account's options), and what is left are steps of falling return, taken in that order until the money is gone. All
steps taken and a part of the next solve the linear relaxation, so its value is an upper bound for every choice, and
the gap to it at most the value of that one step.

Several limits: each gets a price, lowered or raised until what the prices make the accounts choose fits (the
Lagrangian dual, by subgradients). Any prices give an upper bound; accounts are then served in the order of value for
priced use, as far as the limits allow.

Where the gap is not nearly nil, an exact solver, if one is given, decides anew about the accounts near the border.

Source: Kellerer, Pferschy & Pisinger (2004), Knapsack Problems, chapter 11.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from features.deadlines import check_deadline, timed
from features.errors import ShapeMismatch
from features.instants import FloatArray, IntArray

NONE = -1
"""The choice to leave an account alone."""
NEARLY_NIL = 1e-4
"""Share of the bound: a smaller gap is not worth a second of anybody's time."""
CORE = 2_000
"""Accounts near the border that the exact solver decides about: it takes about a second."""
ROUNDS = 300
"""Steps of the prices' search; each looks at every option once."""
ROOM = 1e-9
"""Share of a limit by which rounding may seem to exceed it."""


@dataclass(frozen=True)
class Limit:
    """Something of which there is only so much, for each of some groups of choices.

    group : shape (n, k), the group that uses it when account n gets option k; NONE where nobody does.
    weight : shape (n, k), how much it uses, 0 or more.  most : shape (n_groups,), how much there is.
    """

    name: str
    group: IntArray
    weight: FloatArray
    most: FloatArray

    def used(self, option: IntArray) -> FloatArray:
        """Return the use of each group under that choice, shape (n_groups,)."""
        rows = np.flatnonzero(option != NONE)
        group, weight = self.group[rows, option[rows]], self.weight[rows, option[rows]]
        counts = group != NONE
        used: FloatArray = np.bincount(group[counts], weight[counts], minlength=len(self.most)).astype(np.float64)
        return used

    def take(self, rows: IntArray, most: FloatArray) -> "Limit":
        """Return the limit for some of the accounts, with another supply."""
        return Limit(self.name, self.group[rows], self.weight[rows], most)


@dataclass(frozen=True)
class Choice:
    """option : shape (n,), NONE = leave alone.  value : of all.  bound : no choice is worth more.
    proven : whether an exact solver found nothing better among all accounts."""

    option: IntArray
    value: float
    bound: float
    proven: bool = False

    @property
    def gap(self) -> float:
        """Return the share of the bound that may be missing, 0 .. 1."""
        return max(0.0, 1.0 - self.value / self.bound) if self.bound > 0 else 0.0


Exact = Callable[[FloatArray, Sequence[Limit]], tuple[IntArray, float] | None]
"""(value, limits) -> choice and upper bound; None where time ran out.  Values that are -inf are forbidden."""


def choose(value: FloatArray, limits: Sequence[Limit], exact: Exact | None = None) -> Choice:
    """Return the choice of largest value within all limits.

    value : shape (n, k); what is not above zero is never chosen, nor is -inf or NaN.
    limits : the first is the budget; one at least.

    Raises
    ------
    ShapeMismatch
        If a limit is about other accounts or options than the values, or there is none.
    """
    if not limits or any(limit.group.shape != value.shape or limit.weight.shape != value.shape for limit in limits):
        raise ShapeMismatch(f"values of shape {value.shape} need one limit or more of that shape")
    worth = np.where(value > 0, value, -np.inf)
    for limit in limits:  # what does not fit by itself never will
        alone = np.append(limit.most, np.inf)[limit.group]
        worth = np.where(limit.weight > alone * (1 + ROOM), -np.inf, worth)
    if not np.isfinite(worth).any():
        return Choice(np.full(len(worth), NONE), 0.0, 0.0, proven=True)
    single = len(limits) == 1 and len(limits[0].most) == 1 and not (limits[0].group == NONE).any()
    found, border = _by_return(worth, limits[0]) if single else _by_prices(worth, limits)
    if exact is not None and found.gap > NEARLY_NIL:
        return _refine(found, border, worth, limits, exact)
    return found


def values_of(option: IntArray, value: FloatArray) -> FloatArray:
    """Return the value of each account's choice, shape (n,); 0 where it is left alone."""
    rows, worth = np.flatnonzero(option != NONE), np.zeros(len(option))
    worth[rows] = value[rows, option[rows]]
    return worth


@dataclass(frozen=True)
class Steps:
    """Steps along the accounts' hulls, best return first: account, from which option to which, extra cost and value."""

    account: IntArray
    before: IntArray
    after: IntArray
    cost: FloatArray
    value: FloatArray


def hull_steps(value: FloatArray, cost: FloatArray) -> Steps:
    """Return the steps of the convex hull: from nothing to the option of highest return, then to the next.

    value, cost : shape (n, k); -inf = forbidden.  Returns fall strictly along an account's steps. Of equal returns the
    larger step is taken; of equal steps the account that stands first.
    """
    n = len(value)
    rows = np.arange(n)
    at, at_value, at_cost = np.full(n, NONE), np.zeros(n), np.zeros(n)
    parts: list[tuple[IntArray, IntArray, IntArray, FloatArray, FloatArray]] = []
    for _ in range(value.shape[1]):
        more, extra = value[rows] - at_value[:, None], cost[rows] - at_cost[:, None]
        with np.errstate(divide="ignore", invalid="ignore"):
            slope = np.where((more > 0) & (extra >= 0), more / extra, -np.inf)
        best = slope.max(axis=1, initial=-np.inf)
        goes = best > -np.inf
        if not goes.any():
            break
        level = (slope == best[:, None]) & goes[:, None]
        step = np.where(level, more, -np.inf).argmax(axis=1)
        rows, step, kept = rows[goes], step[goes], np.flatnonzero(goes)
        parts.append((rows, at[goes], step, extra[kept, step], more[kept, step]))
        at, at_value, at_cost = step, value[rows, step], cost[rows, step]
    joined = [np.concatenate([part[k] for part in parts]) for k in range(5)] if parts else [np.empty(0)] * 5
    account, before, after, extra, more = joined
    with np.errstate(divide="ignore"):
        order = np.lexsort((account, -np.divide(more, extra)))
    return Steps(
        account[order].astype(np.int64), before[order].astype(np.int64), after[order].astype(np.int64),
        extra[order], more[order],
    )  # fmt: skip


def _by_return(value: FloatArray, budget: Limit) -> tuple[Choice, FloatArray]:
    """Return the greedy choice under one budget, and each account's distance from the border, shape (n,)."""
    steps, most = hull_steps(value, budget.weight), float(budget.most[0])
    spent, earned = np.cumsum(steps.cost), np.cumsum(steps.value)
    fits = int(np.searchsorted(spent, most * (1 + ROOM), side="right"))
    option = np.full(len(value), NONE)
    option[steps.account[:fits]] = steps.after[:fits]  # an account's later steps stand later: the last one counts
    total, left = (float(earned[fits - 1]), most - float(spent[fits - 1])) if fits else (0.0, most)
    bound, price = total, 0.0
    if fits < len(steps.account):
        price = float(steps.value[fits] / steps.cost[fits])
        bound += price * max(left, 0.0)
        _fill(option, steps, fits, left)
    chosen = float(values_of(option, value).sum())
    return Choice(option, chosen, max(bound, chosen)), _margins(value - price * budget.weight)


def _fill(option: IntArray, steps: Steps, begin: int, left: float) -> None:
    """Spend what is left on the later steps that still fit, in their order."""
    cheapest = np.minimum.accumulate(steps.cost[begin:][::-1])[::-1].tolist()
    later = (part[begin:].tolist() for part in (steps.account, steps.before, steps.after, steps.cost))
    for least, account, before, after, cost in zip(cheapest, *later, strict=True):
        if least > left:
            return
        if cost <= left and option[account] == before:
            option[account] = after
            left -= cost


def _margins(reduced: FloatArray) -> FloatArray:
    """Return each account's lead of its best choice over the second best at these prices, shape (n,)."""
    with_none = np.column_stack([np.zeros(len(reduced)), reduced])
    top = np.sort(with_none, axis=1)[:, -2:]
    margins: FloatArray = top[:, 1] - top[:, 0]
    return margins


class _Priced:
    """All limits' groups in one row of prices; supplies are scaled to one."""

    def __init__(self, value: FloatArray, limits: Sequence[Limit]) -> None:
        self.value = value
        offsets = np.cumsum([0, *(len(limit.most) for limit in limits)])
        self.size = int(offsets[-1])
        self.place = [
            np.where(limit.group == NONE, self.size, limit.group + offset)
            for limit, offset in zip(limits, offsets, strict=False)
        ]
        supply = np.append(np.concatenate([limit.most for limit in limits]), 1.0)
        self.supply = np.where(supply > 0, supply, 1.0)
        self.use = [
            np.where(limit.group == NONE, 0.0, limit.weight / self.supply[place])
            for limit, place in zip(limits, self.place, strict=True)
        ]
        self.capacity = (supply > 0).astype(np.float64)[:-1]

    def reduced(self, price: FloatArray) -> FloatArray:
        """Return the values less the price of their use, shape (n, k)."""
        return self.value - self.charge(price)

    def charge(self, price: FloatArray) -> FloatArray:
        padded = np.append(price, 0.0)
        charge: FloatArray = np.sum([padded[p] * use for p, use in zip(self.place, self.use, strict=True)], axis=0)
        return charge

    def answer(self, price: FloatArray) -> tuple[float, FloatArray]:
        """Return the upper bound at those prices, and the use beyond each supply."""
        reduced = self.reduced(price)
        best = reduced.argmax(axis=1)
        gain = reduced[np.arange(len(best)), best]
        rows = np.flatnonzero(gain > 0)
        used = np.zeros(self.size + 1)
        for place, use in zip(self.place, self.use, strict=True):
            used += np.bincount(place[rows, best[rows]], use[rows, best[rows]], minlength=self.size + 1)
        return float(gain[rows].sum() + price @ self.capacity), used[:-1] - self.capacity


def _by_prices(value: FloatArray, limits: Sequence[Limit]) -> tuple[Choice, FloatArray]:
    """Return the choice at the limits' prices, and each account's distance from the border."""
    priced = _Priced(value, limits)
    price = np.zeros(priced.size)
    best, bound = price, np.inf
    option = _serve(priced, price)
    least = float(values_of(option, value).sum())
    pace, idle = 1.0, 0
    for _ in range(ROUNDS):
        check_deadline()
        upper, excess = priced.answer(price)
        idle = 0 if upper < bound - 1e-9 * abs(bound) or bound == np.inf else idle + 1
        if upper < bound:
            bound, best = upper, price
        if idle >= 10:
            pace, idle, price = pace / 2, 0, best
            continue
        falling = np.where((price <= 0) & (excess < 0), 0.0, excess)
        length = float(falling @ falling)
        if length == 0 or bound - least <= NEARLY_NIL * bound / 10:
            break
        price = np.maximum(0.0, price + pace * (upper - least) / length * falling)
    served = _serve(priced, best)
    if values_of(served, value).sum() > least:
        option = served
    chosen = float(values_of(option, value).sum())
    return Choice(option, chosen, max(bound, chosen)), _margins(priced.reduced(best))


def _serve(priced: _Priced, price: FloatArray) -> IntArray:
    """Give each account, by value at these prices, the first of its options that still fits."""
    n, k = priced.value.shape
    scarce = price if price.any() else np.ones(priced.size)
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = np.where(priced.value > 0, priced.value / priced.charge(scarce), -np.inf).ravel()
    order = np.argsort(-rate, kind="stable")
    order = order[priced.value.ravel()[order] > 0]
    # Options that the prices would never take come last, whatever their rate.
    paying = priced.reduced(price).ravel()[order]
    order = np.concatenate([order[paying >= 0], order[paying < 0]])
    option, left = np.full(n, NONE), [*(priced.capacity + ROOM).tolist(), np.inf]
    places = [place.ravel()[order].tolist() for place in priced.place]
    uses = [use.ravel()[order].tolist() for use in priced.use]
    taken = [False] * n
    for row, item in enumerate(timed(order.tolist())):
        account = item // k
        if taken[account] or any(use[row] > left[place[row]] for place, use in zip(places, uses, strict=True)):
            continue
        for place, use in zip(places, uses, strict=True):
            left[place[row]] -= use[row]
        taken[account] = True
        option[account] = item % k
    return option


def _refine(found: Choice, border: FloatArray, value: FloatArray, limits: Sequence[Limit], exact: Exact) -> Choice:
    """Choose anew for the accounts nearest to the border; all others keep their choice."""
    core = able = np.flatnonzero(np.isfinite(value).any(axis=1))
    core = np.sort(core[np.argsort(border[core], kind="stable")[:CORE]])
    fixed = found.option.copy()
    fixed[core] = NONE
    rest = [limit.take(core, np.maximum(limit.most - limit.used(fixed), 0.0)) for limit in limits]
    answer = exact(value[core], rest)
    if answer is None:
        return found
    option, upper = fixed.copy(), answer[1]
    option[core] = answer[0]
    total = float(values_of(option, value).sum())
    if any((limit.used(option) > limit.most * (1 + ROOM)).any() for limit in limits):
        total = -np.inf  # the solver's own tolerance is wider than ours
    whole = len(core) == len(able)
    bound = min(found.bound, max(upper, total, found.value)) if whole else found.bound
    best = found if total <= found.value else Choice(option, total, found.bound)
    bound = max(bound, best.value)
    return replace(best, bound=bound, proven=whole and bound - best.value <= 1e-9 * max(bound, 1.0))
