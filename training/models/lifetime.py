"""Lifetime value, learnt: the moves between rungs and having gone, and what is brought on each.

Rows are snapshots that no investment followed, at every distance of whole horizons that the data reach. Counts of
moves are shrunk: those by tenure to those of all tenures, these to what is seen of everybody. What an account brings
later, as a part of its expected revenue now and of its pace, is a regression without an intercept, shrunk to that of
all states.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import nnls
from scipy.special import ndtri
from scipy.stats import rankdata

from features.histories.views import View
from features.instants import MICROSECONDS_PER_DAY, BoolArray, FloatArray, IntArray
from features.ladder.former import former
from features.ladder.rules import SHOPPER, rungs
from features.tables import RUNGS
from training.data.dataset import Dataset
from training.data.splits import account_draw
from training.model.findings import NOTE, Finding
from training.model.lifetime import APART, BANDS, GONE, LEVEL, STATES, TENURE_YEARS, YEAR, LifetimeModel, Start, sum_of
from training.model.predictors import Pool
from training.model.serialization import Predictor
from training.model.win_back import WinBack
from training.models.revenue import invested_after
from training.models.win_back import FormerRows
from training.settings import Settings

LEAST_ROWS = 100
"""Complete snapshots of accounts that once ordered, without which nothing is learnt."""
LEAST_BEGUN = 30
"""Snapshots of accounts that never ordered, and did within the horizon, without which nothing is said of such."""
MOST_STEPS = 5
"""So many horizons ahead are learnt from, as far as the data reach."""
MOST_ROWS = 20_000
STRENGTH = 50.0
"""Imagined rows of all tenures, in each state of a band of tenure."""
BINS = 20
BUYING = tuple(range(SHOPPER, GONE))
SHRINK = 30.0
"""Imagined rows at the regression of all states."""


@dataclass(frozen=True)
class Steps:
    """Some rows of a dataset, and what became of them at whole horizons, m rows by k steps.

    rows : shape (m,), positions in the dataset.
    state : shape (m, k + 1), at as_of and at each horizon after it.
    rung : shape (m,), at the first horizon after as_of, of those that have gone too.
    revenue : shape (m, k), of each step.
    complete : shape (m, k), whether the step was over.
    """

    rows: IntArray
    state: IntArray
    rung: IntArray
    revenue: FloatArray
    complete: BoolArray


@dataclass(frozen=True)
class Later:
    """Steps that are over, m of them, shape (m,) each.

    start : state at as_of.  state : in which the step begins.  terms : shape (m, 2), expected revenue and pace, money
    over a horizon.
    """

    start: IntArray
    state: IntArray
    revenue: FloatArray
    terms: FloatArray

    def take(self, rows: BoolArray) -> "Later":
        """Return some of them (mask)."""
        return Later(self.start[rows], self.state[rows], self.revenue[rows], self.terms[rows])


def steps_of(data: Dataset, seen: FormerRows, rows: BoolArray, settings: Settings) -> Steps:
    """Return what became of some rows (mask), of a share of the accounts where they are very many."""
    chosen = np.flatnonzero(rows)
    if len(chosen) > MOST_ROWS:
        draw = account_draw(list(data.histories.account_ids), "lifetime")[data.snapshots.account[chosen]]
        chosen = chosen[draw < MOST_ROWS / len(chosen)]
    days, grace = settings.outcome.horizon_days, settings.outcome.renewal_grace_days
    snapshots, end = data.snapshots.take(chosen), data.end
    reach = (end - snapshots.as_of) // (days * MICROSECONDS_PER_DAY)
    count = int(np.clip(reach.max(initial=1), 1, MOST_STEPS))
    state = np.zeros((len(chosen), count + 1), np.int64)
    state[:, 0] = np.where(seen.former[chosen], GONE, data.labels.rung[chosen])
    revenue = np.zeros((len(chosen), count))
    for k in range(1, count + 1):
        for part, view in View(data.histories, snapshots.later(k * days)).blocks():
            gone = former(view, settings.ladder, grace)
            state[part, k] = np.where(gone, GONE, rungs(view, settings.ladder))
            revenue[part, k - 1] = np.maximum(view.stream("orders").amount("revenue", days), 0.0)
    complete = reach[:, None] >= np.arange(1, count + 1)[None]
    return Steps(chosen, state, data.labels.next_rung[chosen], revenue, complete)


def start_of(
    data: Dataset, seen: FormerRows, rows: IntArray, *, next_rung: Predictor, switching: Pool | None,
    revenue: Predictor, win_back: WinBack | None,
) -> Start:  # fmt: skip
    """Return where some rows stand, as the scores tell it.  rows : positions in the dataset."""
    matrix, gone = data.matrix[rows], seen.former[rows]
    leaves, returns = np.full(len(rows), np.nan), np.full(len(rows), np.nan)
    can = np.flatnonzero(data.labels.can_switch[rows])
    if switching is not None and len(can):
        leaves[can] = switching.predict(matrix[can])[:, 0]
    back = np.flatnonzero(gone)
    if win_back is not None and len(back):
        returns[back] = win_back.predict(np.column_stack([matrix[back], seen.pace[rows][back]]))[:, 0]
    return Start(
        state=np.where(gone, GONE, data.labels.rung[rows]),
        tenure=np.nan_to_num(matrix[:, data.column("days_since_first_order")]),
        expected=np.maximum(revenue.predict(matrix)[:, 0], 0.0), pace=seen.pace[rows],
        chances=next_rung.predict(matrix), leaves=leaves, returns=returns,
    )  # fmt: skip


def fit_lifetime(
    data: Dataset, seen: FormerRows, rows: BoolArray, settings: Settings, *, next_rung: Predictor,
    switching: Pool | None, revenue: Predictor, win_back: WinBack | None,
) -> LifetimeModel | None:  # fmt: skip
    """Fit to those of some rows (mask, shape (n,)) that no investment followed; None where too little is known."""
    rows = rows & data.labels.complete
    free = rows & ~invested_after(data, settings.uplift.exposure_days)
    rows = free if free.any() else rows
    if (rows & (seen.pace > 0)).sum() < LEAST_ROWS:
        return None
    steps = steps_of(data, seen, rows, settings)
    start = start_of(
        data, seen, steps.rows, next_rung=next_rung, switching=switching, revenue=revenue, win_back=win_back
    )
    days = settings.outcome.horizon_days
    moves = _moves(steps, start.tenure, days)
    (of_expected, of_pace), apart = _brought(steps, start, days)
    model = LifetimeModel(
        horizon_days=days, moves=_rows(moves.reshape(-1, STATES)), gone_then=_rows(_gone_then(steps).reshape(-1, 1)),
        gone_shift=_gone_shift(steps, start), of_expected=_numbers(of_expected), of_pace=_numbers(of_pace),
        first=_first(steps, start), back=_back(steps, start, days), surprises=((1.0,),) * (2 * STATES), same=0.0,
        widths_below=(1.0,) * STATES,
        widths_above=(1.0,) * STATES, year=data.column("revenue_365d"),
        apart=_rows(apart),
    )  # fmt: skip
    surprises, same = _surprises(steps, start, model)
    model = replace(model, surprises=_rows(surprises), same=round(same, 4))
    below, above = _widths(steps, start, model, data.snapshots.account)
    return replace(model, widths_below=below, widths_above=above)


def _band(tenure: FloatArray, step: int, days: int) -> IntArray:
    band: IntArray = np.searchsorted(np.array(TENURE_YEARS) * YEAR, tenure + step * days, side="right")
    return band


def _moves(steps: Steps, tenure: FloatArray, days: int) -> FloatArray:
    """Return the chances of the next state by tenure and state, shape (BANDS, STATES, STATES)."""
    counts = np.zeros((BANDS, STATES, STATES))
    for k in range(steps.complete.shape[1]):
        over = steps.complete[:, k]
        cell = (_band(tenure[over], k, days), steps.state[over, k], steps.state[over, k + 1])
        np.add.at(counts, cell, 1.0)
    every = counts.sum(axis=0)
    shares = every.sum(axis=0) + 0.5
    every = every + 2.0 * np.eye(STATES) + 0.5 * shares / shares.sum()
    usual = every / every.sum(axis=1, keepdims=True)
    shrunk = counts + STRENGTH * usual
    moves: FloatArray = shrunk / shrunk.sum(axis=2, keepdims=True)
    return moves


def _gone_then(steps: Steps) -> FloatArray:
    """Return the share that has gone, by state now and rung then, shape (STATES, 7), shrunk to that by rung then."""
    over = steps.complete[:, 0]
    gone, every = np.zeros((STATES, len(RUNGS))), np.zeros((STATES, len(RUNGS)))
    cell = (steps.state[over, 0], steps.rung[over])
    np.add.at(every, cell, 1.0)
    np.add.at(gone, cell, (steps.state[over, 1] == GONE).astype(np.float64))
    usual = (gone.sum(axis=0) + 0.1) / (every.sum(axis=0) + 1.0)
    share: FloatArray = (gone + 5.0 * usual) / (every + 5.0)
    return share


def _gone_shift(steps: Steps, start: Start) -> tuple[float, ...]:
    """Return by state what is added to the log odds of switching, so that the mean chance of having gone is right."""
    shift = np.zeros(STATES)
    known = ~np.isnan(start.leaves) & steps.complete[:, 0]
    for state in range(STATES):
        of = known & (steps.state[:, 0] == state)
        if not of.any():
            continue
        went, told = (steps.state[of, 1] == GONE).sum(), start.leaves[of].sum()
        seen, said = (went + 1.0) / (of.sum() + 2.0), (told + 1.0) / (of.sum() + 2.0)
        shift[state] = np.clip(np.log(seen / (1 - seen)) - np.log(said / (1 - said)), -3.0, 3.0)
    return _numbers(shift)


def _first(steps: Steps, start: Start) -> tuple[float, ...]:
    """Return by state what accounts bring in a step that had never ordered; empty where too few began."""
    new = start.pace <= 0
    began = steps.complete[:, 0] & new & (steps.revenue[:, 0] > 0)
    if began.sum() < LEAST_BEGUN:
        return ()
    state, revenue = _pairs(steps, new)
    usual = float(np.mean(steps.revenue[began, 0]))
    sums = np.bincount(state, revenue, STATES) + usual * np.isin(np.arange(STATES), BUYING)
    return _numbers(sums / (np.bincount(state, minlength=STATES) + 1.0))


def _pairs(steps: Steps, rows: BoolArray) -> tuple[IntArray, FloatArray]:
    """Return state and revenue of every step that is over, of some rows (mask)."""
    over = steps.complete & rows[:, None]
    return steps.state[:, :-1][over], steps.revenue[over]


def _back(steps: Steps, start: Start, days: int) -> float:
    """Return what former customers that order bring over the horizon, as a part of their pace."""
    back = steps.complete[:, 0] & (steps.state[:, 0] == GONE) & (steps.revenue[:, 0] > 0) & (start.pace > 0)
    pace = start.pace[back].sum() * days / YEAR
    return round(float((steps.revenue[back, 0].sum() + 1.0) / (pace + 1.0)), 6) if back.any() else 1.0


def _brought(steps: Steps, start: Start, days: int) -> tuple[FloatArray, FloatArray]:
    """Return the parts of expected revenue and of the pace that are brought in a step, by the state it begins in.

    First of those that buy, shape (2, STATES); then of each state of APART, shape (2 * len(APART), STATES): shrunk to
    the parts of all rows of such accounts.
    """
    later = _later(steps, start, days)
    buying = ~np.isin(later.start, APART)
    apart = [_shares(later.take(later.start == state)) for state in APART]
    return _shares(later.take(buying) if buying.any() else later), np.vstack(apart)


def _shares(later: Later) -> FloatArray:
    """Return the parts of expected revenue and of the pace by the state that a step begins in, shape (2, STATES)."""
    state, revenue, terms = later.state, later.revenue, later.terms
    found = np.zeros((2, STATES))
    if not len(state):
        return found
    weight = 1.0 / np.sqrt(np.maximum(terms.sum(axis=1), max(float(np.median(terms)), 1e-6) / 10))
    every = _nonnegative(terms * weight[:, None], revenue * weight)
    scale = float(np.mean(terms.sum(axis=1) * weight))
    for k in range(STATES):
        of = state == k
        share = every * (revenue[of].mean() / max(float((terms[of] @ every).mean()), 1e-9) if of.any() else 1.0)
        pull = np.sqrt(SHRINK) * scale * np.eye(2)
        found[:, k] = _nonnegative(
            np.vstack([terms[of] * weight[of, None], pull]), np.concatenate([revenue[of] * weight[of], pull @ share])
        )
        told = float((terms[of] @ found[:, k]).sum())
        if told > 0:  # money is added up, so sums must come right; few rows say little
            extra = SHRINK * told / of.sum()
            found[:, k] *= (float(revenue[of].sum()) + extra) / (told + extra)
    return found


def _later(steps: Steps, start: Start, days: int) -> Later:
    """Return every step but the first that is over, of those that ever ordered."""
    terms, ordered = np.column_stack([start.expected, start.pace * days / YEAR]), start.pace > 0
    first = 1 if steps.complete[ordered, 1:].any() else 0  # with one horizon only, later steps are taken to be as it
    over = steps.complete[:, first:] & ordered[:, None]
    row, k = np.nonzero(over)
    return Later(steps.state[row, 0], steps.state[row, k + first], steps.revenue[row, k + first], terms[row])


def _nonnegative(terms: FloatArray, target: FloatArray) -> FloatArray:
    found: FloatArray = np.asarray(nnls(terms, target)[0], np.float64)
    return found


def _surprises(steps: Steps, start: Start, model: LifetimeModel) -> tuple[FloatArray, float]:
    """Return means of equal shares of revenue over expectation, shape (2 * STATES, BINS), and how they go together."""
    brought = model.brought(start)
    mean = np.take_along_axis(brought, np.minimum(steps.state[:, :-1], GONE), axis=1)
    mean[:, 0] = model.at_once(start)
    ratio = np.where(steps.complete & (mean > 0), steps.revenue / np.maximum(mean, 1e-9), np.nan)
    first = _binned(ratio[:, 0], steps.state[:, 0])
    if np.isnan(ratio[:, 1:]).all():
        return np.vstack([first, first]), 0.3
    later = _binned(ratio[:, 1:].ravel(), steps.state[:, 1:-1].ravel())
    return np.vstack([first, later]), _same(ratio, steps.state[:, :-1])


def _widths(
    steps: Steps, start: Start, model: LifetimeModel, account: IntArray
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return by state what the distances below and above must be multiplied by to hold LEVEL of what was brought.

    Over as many steps as were seen of enough accounts. States with few rows have the widths of all.

    account : of every row of the dataset.
    """
    seen = [k for k in range(steps.complete.shape[1]) if steps.complete[:, k].sum() >= LEAST_ROWS]
    count = max(seen, default=0) + 1
    rows = np.flatnonzero(steps.complete[:, count - 1])
    chosen, days = start.take(rows), float(count * model.horizon_days)
    value = sum_of(model.path(chosen, days, 0.0))
    low, high = model.interval(chosen, days, 0.0)
    happened = steps.revenue[rows, :count].sum(axis=1)
    least = 0.02 * np.maximum(value, 1e-6)
    below = np.maximum(value - happened, 0.0) / np.maximum(value - low, least)
    above = np.maximum(happened - value, 0.0) / np.maximum(high - value, least)
    account = account[steps.rows[rows]]
    return _conformal(below, chosen.state, account), _conformal(above, chosen.state, account)


def _conformal(needed: FloatArray, state: IntArray, account: IntArray) -> tuple[float, ...]:
    """Return by state the width that holds LEVEL, and by one standard error more.

    The error is that of a share among as many accounts: rows of an account are much alike, and few accounts seldom show
    how far off others may be.
    """

    def width(of: BoolArray) -> float:
        share = (1 + LEVEL) / 2
        share += np.sqrt(share * (1 - share) / len(np.unique(account[of])))
        return float(np.quantile(needed[of], min(share, 1.0)))

    widths = np.full(STATES, width(np.ones(len(needed), bool)) if len(needed) else 1.0)
    for k in range(STATES):
        if (state == k).sum() >= LEAST_ROWS:
            widths[k] = width(state == k)
    return _numbers(np.clip(widths, 0.5, 10.0))


def _binned(ratio: FloatArray, state: IntArray) -> FloatArray:
    """Return the means of equal shares of the ratios by state, one on average, shape (STATES, BINS).

    States with few rows have those of all.
    """
    known = ~np.isnan(ratio)
    every = _bins(ratio[known])
    own = [ratio[known & (state == k)] for k in range(STATES)]
    return np.vstack([_bins(one) if len(one) >= 5 * BINS else every for one in own])


def _bins(ratio: FloatArray) -> FloatArray:
    if len(ratio) < BINS:
        return np.ones(BINS)
    means = np.array([part.mean() for part in np.array_split(np.sort(ratio), BINS)])
    return means / max(float(means.mean()), 1e-9) if means.mean() > 0 else np.ones(BINS)


def _same(ratio: FloatArray, state: IntArray) -> float:
    """Return the correlation of successive surprises on the normal scale, each ranked among those of its state."""
    score = np.full(ratio.shape, np.nan)
    for step in range(ratio.shape[1]):
        for k in range(SHOPPER, GONE):
            of = np.flatnonzero((state[:, step] == k) & ~np.isnan(ratio[:, step]))
            if len(of) >= BINS:
                score[of, step] = ndtri((rankdata(ratio[of, step]) - 0.5) / len(of))
    pairs = np.column_stack([score[:, :-1].ravel(), score[:, 1:].ravel()])
    pairs = pairs[~np.isnan(pairs).any(axis=1)]
    if len(pairs) < LEAST_ROWS or (pairs.std(axis=0) < 1e-9).any():
        return 0.3
    return float(np.clip(np.corrcoef(pairs.T)[0, 1], 0.0, 0.95))


def _numbers(values: FloatArray) -> tuple[float, ...]:
    return tuple(float(f"{value:.9g}") for value in np.asarray(values).tolist())


def _rows(values: FloatArray) -> tuple[tuple[float, ...], ...]:
    return tuple(_numbers(row) for row in values)


def lifetime_finding(model: LifetimeModel | None, settings: Settings) -> Finding:
    """Return what the chain says, or that it is missing."""
    if model is None:
        return Finding.of("lifetime_left_out", NOTE, needed=LEAST_ROWS)
    moves = np.array(model.moves).reshape(BANDS, STATES, STATES).mean(axis=0)
    stays = 1.0 - moves[3:GONE, GONE]
    return Finding.of(
        "lifetime_learnt", NOTE, years=settings.outcome.lifetime_years, rate=settings.outcome.discount_rate,
        low=float(stays.min()), high=float(stays.max()), days=model.horizon_days,
        newcomers="estimated" if model.first else "too_few",
    )  # fmt: skip
