"""Expected revenue over the horizon without any investment, learnt as shares of each account's own pace.

Two small boosters predict the ratio of the revenue to the account's own pace: its mean, and its median. They are pooled
with the buy-till-you-die expectation times the expected spend of an order (BG/NBD x gamma-gamma), and all are brought
to the level, the sum over the accounts, that this expectation has today. A booster's own level is that of the slices it
has learnt from, which on a short record all lie in one season: on online_retail at 2010-12-09 it is 2.4 times what
came, where the expectation has 1.7. Accounts of a year or more are also taken for what they brought over that year,
the more the oftener they order. The members' shares are fixed, unless others would have erred clearly less over the
latest slice. Who orders too slowly for a pace over the horizon, and who orders but the fees of contracts, is expected
by schedule: the chance of an order times the orders of the same season a year ago.

It is learnt on snapshots that no investment followed within the exposure window. Ratios are capped, and levels are
sums of capped amounts, so that one huge order moves nobody else. Rows of other columns than the catalogue's have no
pace: there, a probability of any order times an amount is learnt.
"""

from collections.abc import Mapping
from dataclasses import replace
from math import fsum

import numpy as np

from features.histories.views import View
from features.instants import MICROSECONDS_PER_DAY, BoolArray, FloatArray, IntArray
from training.data.dataset import Dataset
from training.data.present import present as accounts_now
from training.data.training_task import (
    ABSENT,
    MIN_EARLIER_ROWS,
    TrainingTask,
    usable_columns,
)
from training.model.invoices import InvoiceSchedule
from training.model.predictors import Pool, Trees, TwoPart
from training.model.revenue import N_RATIOS, OnPace, OwnRecord, Pace, RevenueModel, RevenuePool
from training.model.serialization import Predictor
from training.models.any_order import learn_any_order
from training.models.buy_till_you_die import learn_purchases, learn_spend, usual_limit
from training.models.fitting import fit_trees
from training.models.invoices import learn_invoices
from training.models.next_rung import AGE_OF_THE_DATA
from training.models.revenue_level import capped, level, ratio_of_sums
from training.settings import Settings

CORRECTION_LIMITS = (0.5, 2.0)
"""Limits of the correction. One beyond them means that the slices do not resemble each other; it is cut off."""
MEMBERS = ("mean ratio", "median ratio", "expected orders")
SHARES = (0.3, 0.3, 0.4)
"""Of the members, chosen on four origins of online_retail and six of simulated suppliers."""
OTHER_SHARES = (
    (0.4, 0.3, 0.3), (0.4, 0.4, 0.2), (0.5, 0.5, 0.0), (0.2, 0.2, 0.6), (0.5, 0.2, 0.3), (0.2, 0.5, 0.3),
    (0.7, 0.1, 0.2),
)  # fmt: skip
BETTER_BY = 0.05
"""Other shares count only where, over the latest slice, the root of MAE times RMSE would have been less by so much."""
HALF_AT = 60.0
"""Order days of a year at which an account's own year counts as much as the members, chosen on the same and on parts of
online_retail."""
FARTHEST = 2.0
"""How many times above every rule, or below, the sum may lie: at cdnow, where accounts stop, it is .8 of the lowest."""
MOST_RATIO = 6.0
"""Ratios to the pace beyond it count as it: an account that brings more has changed its kind."""
HEAVIEST = 30.0
"""A row weighs at most so many times the median one, by the square root of its pace."""
LIGHTEST = 1e-6
"""Part of its weight that a row keeps whose amount is unlike all others': a slip of the pen teaches nothing."""
LEVEL_LIMITS = (0.2, 5.0)
WINDOWS = {
    30: "revenue_30d", 90: "revenue_90d", 180: "revenue_180d", 365: "revenue_365d", 730: "revenue_730d",
}  # fmt: skip
"""Days -> the feature that holds the revenue of so many days."""


def nearest_window(span: float) -> int:
    """Return the window of a feature that is nearest to a span of days, by their ratio."""
    return min(WINDOWS, key=lambda days: abs(np.log(days / span)))


def invested_after(data: Dataset, days: int) -> BoolArray:
    """Return whether any investment lies in [as_of, as_of + days), shape (n,)."""
    invested: BoolArray = View(data.histories, data.snapshots.later(days)).stream("investments").count(days) > 0
    return invested


def fit_revenue(data: Dataset, rows: BoolArray, settings: Settings) -> RevenueModel:
    """Fit the pool to those of some rows (mask, shape (n,)) that no investment followed."""
    return learn_revenue(*_free_of_investment(data, rows, settings))


def fit_any_order(data: Dataset, rows: BoolArray, settings: Settings) -> Pool:
    """Fit the probability of any order that `fit_revenue` has in it."""
    task, slices = _free_of_investment(data, rows, settings)
    return learn_any_order(replace(task, target=(task.target > 0).astype(np.int64)), slices)


def _free_of_investment(data: Dataset, rows: BoolArray, settings: Settings) -> tuple[TrainingTask, IntArray]:
    """Return the task of those of some rows that no investment followed, and the slice of each."""
    free = rows & ~invested_after(data, settings.uplift.exposure_days)
    rows = free if free.any() else rows  # where everybody is always invested in, nothing else can be learnt from
    task = replace(data.task(data.labels.revenue, settings.booster), today=accounts_now(data, rows, settings).matrix)
    return task.take(rows), data.snapshots.as_of[rows]


def learn_revenue(task: TrainingTask, as_of: IntArray | None = None) -> RevenueModel:
    """Fit the pool to rows of any origin; negative revenue counts as zero.

    as_of : shape (n,), the slice of each row; all are of one by default.
    """
    revenue = np.maximum(task.target, 0.0)
    any_order = (revenue > 0).astype(np.int64)
    slices = np.zeros(len(revenue), np.int64) if as_of is None else as_of
    chance = learn_any_order(replace(task, target=any_order), slices)
    pace = pace_of(task)
    if pace is None:
        return _two_parts(task, revenue, any_order, chance)
    task = replace(task, target=revenue)
    return _on_pace(task, pace, chance, slices, _shares(task, pace, chance, slices))


def pace_of(task: TrainingTask) -> Pace | None:
    """Return how paces are read from the matrix; None where a feature that they need is absent."""
    window = nearest_window(task.span)
    names = {
        "recent": WINDOWS[window], "year": "revenue_365d", "quarter": "revenue_90d", "month": "revenue_30d",
        "age": "days_since_first_order", "order": "revenue_per_order_day_365d",
    }  # fmt: skip
    columns = {part: task.column(name) for part, name in names.items()}
    if ABSENT in columns.values():
        return None
    order = task.matrix[:, columns["order"]]
    bought = order[order > 0]
    usual = float(np.median(bought)) if len(bought) else 1.0
    return Pace(**columns, recent_days=float(window), span=task.span, usual=usual)


def _shares(task: TrainingTask, pace: Pace, chance: Pool, slices: IntArray) -> tuple[float, ...]:
    """Return the shares of the members under which those that learnt earlier err least over the latest slice.

    Those that learnt from the slices of a season or less tell nothing of what boosters are worth that learn from more.
    """
    last, horizon = slices == slices.max(), int(task.span) * MICROSECONDS_PER_DAY
    before = slices + horizon <= slices.max()
    if before.sum() < MIN_EARLIER_ROWS or np.ptp(slices[before]) < LEAST_EARLIER * horizon:
        return SHARES
    there, then = task.take(last), before & (np.cumsum(before) % -(-before.sum() // MOST_EARLIER) == 0)
    earlier = _on_pace(replace(task.take(then), today=there.matrix), pace, chance, slices[then], SHARES)
    judged = np.ones(len(there.matrix), bool)
    for schedule in earlier.schedules():
        judged &= ~schedule.concerned(there.matrix)
    there = there.take(judged)
    came = np.asarray(there.target, np.float64)
    if len(came) < LEAST_JUDGED or not came.any() or len(earlier.members) < len(MEMBERS):
        return SHARES
    levels = {name: earlier.weights[name] / share for name, share in zip(MEMBERS, SHARES, strict=True)}
    found = {name: levels[name] * earlier.members[name].predict(there.matrix)[:, 0] for name in MEMBERS}

    def error(shares: tuple[float, ...]) -> float:
        pooled = np.column_stack([found[name] for name in MEMBERS]) @ np.array(shares)
        missed = earlier.with_record(there.matrix, pooled) - came
        return float(np.sqrt(np.abs(missed).mean() * np.sqrt((missed**2).mean())))

    best = min(OTHER_SHARES, key=error)
    return best if error(best) < (1 - BETTER_BY) * error(SHARES) else SHARES


MOST_EARLIER = 12_000
"""Rows that the earlier members learn from: enough to tell them apart, at a tenth of the time of those that serve."""
LEAST_EARLIER = 0.5
"""Horizons that the slices lie apart from which the earlier members learnt, at least."""
LEAST_JUDGED = 50
"""Accounts of the latest slice, with fewer of which they tell nothing of the members."""


def _on_pace(task: TrainingTask, pace: Pace, chance: Pool, slices: IntArray, shares: tuple[float, ...]) -> RevenuePool:
    members = _ratios(task, pace, slices)
    learnt = (learn_invoices(task, chance, slow=slow) for slow in (False, True))
    (invoices, of_fees), (slow, of_slow) = (_held(schedule, chance, pace, task) for schedule in learnt)
    for schedule in (invoices, slow):  # who orders once a year tells nothing of the others' level
        paced = np.ones(len(task.matrix), bool) if schedule is None else ~schedule.concerned(task.matrix)
        if schedule is not None and paced.any():
            now = task.present[~schedule.concerned(task.present)]
            task, slices = replace(task.take(paced), today=now), slices[paced]
    rows, anchor, record, held = task.matrix, np.asarray(task.target, np.float64), None, 1.0
    expected = learn_spend(task, learn_purchases(task, regular=False))
    if expected is not None:
        members["expected orders"] = expected
        today, rows = level(task, pace, slices, expected), task.present
        anchor = today.expected * expected.predict(rows)[:, 0]
        held = _towards_the_rules(anchor, pace, rows, task)
        anchor = held * anchor
        season, days = (task.column(name) for name in ("revenue_same_season", "order_days_365d"))
        if ABSENT not in (season, days):
            record = OwnRecord(pace, season, days, level=round(today.record, 6), half_at=HALF_AT)
    farthest = max((held, of_fees, of_slow), key=lambda factor: abs(np.log(factor)))
    weights = _weights(members, dict(zip(MEMBERS, shares, strict=True)), rows, anchor)
    return RevenuePool(
        chance, members, weights, invoices=invoices, slow=slow, record=record, held=round(float(farthest), 6)
    )


def _ratios(task: TrainingTask, pace: Pace, slices: IntArray) -> dict[str, Predictor]:
    """Return the boosters of the ratio to the pace, of its mean and of its median."""
    scale, came = pace.scale(task.matrix), np.asarray(task.target, np.float64)
    ratio = np.minimum(came / scale, MOST_RATIO)
    ratio = ratio / _level_by_slice(ratio * scale, scale, slices)
    heavy = np.sqrt(scale)
    weight = task.weight * np.minimum(heavy, HEAVIEST * np.median(heavy))
    unlike = _unlike_all_others(came, scale, pace.paces(task.matrix)[0])
    weight = np.where(unlike, LIGHTEST * weight, weight)
    seen = pace.beside(task.matrix)
    old = {task.column(name) for name in AGE_OF_THE_DATA}
    first = task.matrix.shape[1]
    columns = (*(c for c in usable_columns(task.matrix) if c not in old), *range(first, first + N_RATIOS))
    target = ratio if ratio.any() else np.ones_like(ratio)  # a Poisson regression needs something to count
    return {
        name: OnPace(
            pace,
            fit_trees(seen, target, weight, task.booster, objective=objective, columns=columns, backend=task.backend),
        )
        for name, objective in (("mean ratio", "poisson"), ("median ratio", "l1"))
    }


def _unlike_all_others(target: FloatArray, scale: FloatArray, pace: FloatArray) -> BoolArray:
    """Return which rows have an amount unlike all others', shape (n,).

    Usual is what those bring that bring anything: all without a pace have the same scale, and they may be the most.
    """
    unlike = np.zeros(len(target), bool)
    for amount, some in ((scale, pace > 0), (np.maximum(target, scale), (pace > 0) | (target > 0))):
        if some.any():
            unlike |= some & (amount > usual_limit(amount[some]))
    return unlike


def _level_by_slice(amount: FloatArray, scale: FloatArray, slices: IntArray) -> FloatArray:
    """Return the ratio of sums of each row's slice, shape (n,)."""
    instants, position = np.unique(slices, return_inverse=True)
    levels = [_level(amount[position == k], scale[position == k]) for k in range(len(instants))]
    return np.array(levels)[position]


def _level(amount: FloatArray, scale: FloatArray) -> float:
    """Return the ratio of two sums, in which no amount counts for more than a high quantile of its kind."""
    factor = capped(scale) / np.maximum(scale, 1e-12)
    return float(np.clip((amount * factor).sum() / max((scale * factor).sum(), 1e-12), *LEVEL_LIMITS))


def _weights(
    members: dict[str, Predictor], shares: Mapping[str, float], rows: FloatArray, anchor: FloatArray
) -> dict[str, float]:
    """Return weights that bring every member's sum over some rows to that of the anchor, shape (n,).

    A member that expects nothing of anybody cannot be brought to a level, and has none.
    """
    found = {name: member.predict(rows)[:, 0] for name, member in members.items()}
    total = fsum(shares[name] for name in members if found[name].any()) or 1.0
    return {
        name: round(shares[name] / total * ratio_of_sums(anchor, amount), 6) if amount.any() else 0.0
        for name, amount in found.items()
    }


def _held(
    schedule: InvoiceSchedule | None, chance: Pool, pace: Pace, task: TrainingTask
) -> tuple[InvoiceSchedule | None, float]:
    """Return the schedule, its sum over today's accounts near to what some simple rule says of them, and by what."""
    rows = task.present[schedule.concerned(task.present)] if schedule is not None else task.present[:0]
    if schedule is None or not len(rows):
        return schedule, 1.0
    factor = _towards_the_rules(schedule.expected(rows, chance.predict(rows)[:, 0]), pace, rows, task)
    return replace(schedule, level=round(schedule.level * factor, 6)), factor


def _towards_the_rules(anchor: FloatArray, pace: Pace, rows: FloatArray, task: TrainingTask) -> float:
    """Return what the anchor is to be multiplied by, so that its sum is near to what some simple rule says.

    Where nobody has come back yet, or all came back once, the likelihood of buying till one dies is flat.
    """
    _, recent, _ = pace.paces(rows)
    season = task.column("revenue_same_season")
    rules = [recent, pace.last_year(rows)]
    if season != ABSENT:
        rules.append(np.maximum(np.nan_to_num(rows[:, season]), 0.0))
    over = [ratio_of_sums(anchor, rule) for rule in rules if rule.any()]
    if not over or not anchor.any():
        return 1.0
    return max(1.0, 1 / (FARTHEST * max(over))) * min(1.0, FARTHEST / min(over))


def _two_parts(task: TrainingTask, revenue: FloatArray, any_order: IntArray, chance: Pool) -> TwoPart:
    amount = _fit_amount(task, revenue, any_order)
    expected = np.average(TwoPart(chance, amount, 1.0).predict(task.matrix)[:, 0], weights=task.weight)
    correction = np.average(revenue, weights=task.weight) / max(expected, 1e-9)
    return TwoPart(chance, amount, round(float(np.clip(correction, *CORRECTION_LIMITS)), 6))


def _fit_amount(task: TrainingTask, revenue: FloatArray, any_order: IntArray) -> Trees:
    bought, matrix, weight = any_order > 0, task.matrix, task.weight
    if not bought.any():
        # nobody ever buys: any positive constant will do, since the probability of an order is almost zero
        return fit_trees(matrix, np.ones(len(matrix)), weight, task.booster, objective="gamma")
    return fit_trees(
        matrix[bought], revenue[bought], weight[bought], task.booster, objective="gamma", backend=task.backend
    )
