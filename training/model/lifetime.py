"""Lifetime value: the rungs and having gone as states of a Markov chain, and what an account brings in each.

Time goes on in steps of the horizon. In the first step an account has its own chances and its own expected revenue, as
the scores tell them. From there on the chain moves by shares that were counted, by how long accounts had been buying:
who has stayed for long stays longer, so one rate for all would be too low for the old and too high for the young. What
an account brings in a state is a part of its expected revenue and a part of the pace of its active time, so a large one
stays large while it stays.

The interval comes from paths: states are drawn, and revenues over expectation from those that were seen, with a part
that stays the same along a path. The draws are the same for everybody, so an account has the same bits alone.

Sources: Pfeifer & Carraway (2000), Journal of Interactive Marketing 14(2), for customer relationships as Markov chains;
Fader & Hardie (2010), Marketing Science 29(1), for why one retention rate understates who stays.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from statistics import NormalDist

import numpy as np

from features.instants import BoolArray, FloatArray, IntArray
from features.ladder.rules import SHOPPER
from features.tables import RUNGS
from training.model.serialization import served

STATES = len(RUNGS) + 1
GONE = len(RUNGS)
"""The state of a former customer; the others are the rungs."""
APART = (SHOPPER, GONE)
"""States that an account may start from whose expected revenue is mostly the chance of an order at all: once they buy,
they bring another part of it than those that buy all the time."""
TENURE_YEARS = (1.0, 2.0, 4.0)
"""Where the bands of the time since the first order end."""
BANDS = len(TENURE_YEARS) + 1
PATHS = 300
LEVEL = 0.9
SEED = 5
YEAR = 365.0
BLOCK = 2_000


@dataclass(frozen=True)
class Start:
    """Where n accounts stand, shape (n,) each, but for chances.

    state : rung, or GONE.
    tenure : days since the first order; 0 without one.
    expected : expected revenue over the horizon, money.
    pace : revenue a year of the account's active time, money; 0 where it never ordered.
    chances : shape (n, 7), of the rungs at the horizon.
    leaves : chance of switching within the horizon; NaN where it is not told.
    returns : chance of an order of a former customer; NaN elsewhere, and where it is not told.
    """

    state: IntArray
    tenure: FloatArray
    expected: FloatArray
    pace: FloatArray
    chances: FloatArray
    leaves: FloatArray
    returns: FloatArray

    def __len__(self) -> int:
        return len(self.state)

    def take(self, rows: IntArray | slice) -> "Start":
        """Return some of the accounts."""
        return Start(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))


@served
@dataclass(frozen=True)
class LifetimeModel:
    """The chain, and what is brought in each state.

    horizon_days : of a step.
    moves : shape (BANDS * STATES, STATES), the chances of the next state, by tenure and state.
    gone_then : shape (STATES * 7, 1), by state now and rung then, the share that has gone.
    gone_shift : by state, what is added to the log odds of switching, so that the chances of having gone come right.
    of_expected, of_pace : by state at the beginning of a step, the parts of the expected revenue and of the pace that
        are brought in it.
    first : by state at the beginning of a step, what accounts bring in it that had never ordered when it was looked,
        money; empty where too few were seen to begin.
    back : what a former customer that orders brings over the horizon, as a part of its pace.
    surprises : shape (2 * STATES, n_bins), means of equal shares of revenue over expectation: of the first step, then
        of later ones.
    same : correlation of the surprises of a path, on the normal scale.
    widths_below, widths_above : by state, what the distances of the interval's ends from the expectation are multiplied
        by, so that what was brought over several steps lay within.
    year : column of the revenue of the last 365 days.
    apart : shape (2 * len(APART), STATES), for each state of APART that an account starts from the parts of the
        expected revenue, then those of the pace; empty where of_expected and of_pace hold for them too.
    """

    horizon_days: int
    moves: tuple[tuple[float, ...], ...]
    gone_then: tuple[tuple[float, ...], ...]
    gone_shift: tuple[float, ...]
    of_expected: tuple[float, ...]
    of_pace: tuple[float, ...]
    first: tuple[float, ...]
    back: float
    surprises: tuple[tuple[float, ...], ...]
    same: float
    widths_below: tuple[float, ...]
    widths_above: tuple[float, ...]
    year: int
    apart: tuple[tuple[float, ...], ...] = ()

    def predict(self, matrix: FloatArray) -> FloatArray:
        """Return the revenue in every state over a horizon, shape (n, STATES), from the features alone."""
        year = np.maximum(np.nan_to_num(matrix[:, self.year]), 0.0)
        expected = year * (self.horizon_days / YEAR)
        return self._brought(expected, year)

    def known(self, start: Start) -> BoolArray:
        """Return of which accounts there is an estimate, shape (n,): of those that never ordered, if some began."""
        known: BoolArray = start.pace > 0
        return known | bool(self.first)

    def path(self, start: Start, days: float, rate: float, chances: FloatArray | None = None) -> FloatArray:
        """Return the expected discounted revenue of every step, shape (n, steps), money.

        days : how far ahead.  rate : discount a year.
        chances : of the state at the horizon, shape (n, STATES); by default as `next_state` has them.
        """
        weights, (moves, _) = self._weights(days, rate), self._tables
        occupied = self.next_state(start) if chances is None else chances
        brought = self.brought(start)
        steps = self._tenure_steps(start)
        columns = [weights[0] * self.at_once(start)]
        for k in range(1, len(weights)):
            revenue = np.zeros(len(start))
            for state in range(STATES):
                revenue = revenue + occupied[:, state] * brought[:, state]
            columns.append(weights[k] * revenue)
            band = self._band(steps + k)
            following = np.zeros_like(occupied)
            for state in range(STATES):
                following = following + occupied[:, [state]] * moves[band, state]
            occupied = following
        return np.column_stack(columns)

    def interval(self, start: Start, days: float, rate: float) -> tuple[FloatArray, FloatArray]:
        """Return the ends of the interval that holds the discounted revenue of LEVEL of the accounts, shape (n,)."""
        low, high = np.empty(len(start)), np.empty(len(start))
        for rows in _blocks(len(start)):
            low[rows], high[rows] = self._interval(start.take(rows), days, rate)
        expected = sum_of(self.path(start, days, rate))
        below, above = (np.array(widths)[start.state] for widths in (self.widths_below, self.widths_above))
        under, over = np.maximum(expected - low, 0.0) * below, np.maximum(high - expected, 0.0) * above
        return np.maximum(expected - under, 0.0), expected + over

    def if_won_back(self, start: Start, days: float, rate: float) -> FloatArray:
        """Return the expected discounted revenue of former customers if they order within the horizon, shape (n,)."""
        moves, _ = self._tables
        expected = self.back * start.pace * (self.horizon_days / YEAR)
        back = moves[:, GONE].copy()
        back[:, GONE] = 0.0
        back = back / np.maximum(back.sum(axis=1, keepdims=True), 1e-12)
        chosen = back[self._band(self._tenure_steps(start))]
        return sum_of(self.path(replace(start, expected=expected), days, rate, chosen))

    def next_state(self, start: Start) -> FloatArray:
        """Return the chances of the state at the horizon, shape (n, STATES)."""
        moves, _ = self._tables
        counted = moves[self._band(self._tenure_steps(start)), start.state]
        leaves = np.clip(start.leaves, 1e-6, 1 - 1e-6)
        shifted = 1.0 / (1.0 + np.exp(-(np.log(leaves / (1 - leaves)) + np.array(self.gone_shift)[start.state])))
        gone = np.where(np.isnan(shifted), counted[:, GONE], shifted)
        gone = np.where(np.isnan(start.returns), gone, 1.0 - start.returns)
        then = np.asarray(self.gone_then)[:, 0].reshape(STATES, GONE)[start.state]
        stays = np.where((start.state == GONE)[:, None], counted[:, :GONE], start.chances * (1.0 - then))
        total = stays[:, 0].copy()
        for rung in range(1, GONE):
            total = total + stays[:, rung]
        stays = stays / np.maximum(total, 1e-12)[:, None] * (1.0 - gone)[:, None]
        return np.column_stack([stays, gone])

    def at_once(self, start: Start) -> FloatArray:
        """Return the expected revenue of the first step, shape (n,); who never ordered has that of such."""
        first = np.array(self.first or (0.0,) * STATES)
        return np.where(start.pace > 0, start.expected, first[start.state])

    def brought(self, start: Start) -> FloatArray:
        """Return the expected revenue of a later step in every state that it may begin in, shape (n, STATES)."""
        brought = self._brought(start.expected, start.pace)
        for k, state in enumerate(APART if self.apart else ()):
            rows = np.flatnonzero(start.state == state)
            shares = self.apart[2 * k], self.apart[2 * k + 1]
            brought[rows] = self._brought(start.expected[rows], start.pace[rows], shares)
        return brought

    def _brought(
        self, expected: FloatArray, pace: FloatArray, shares: tuple[tuple[float, ...], ...] | None = None
    ) -> FloatArray:
        """Return the revenue in every state over a horizon, shape (n, STATES).  shares : of expected, of pace."""
        of_expected, of_pace = shares or (self.of_expected, self.of_pace)
        own, first = pace * (self.horizon_days / YEAR), self.first or (0.0,) * STATES
        parts = zip(of_expected, of_pace, first, strict=True)
        return np.column_stack([np.where(pace > 0, a * expected + b * own, begun) for a, b, begun in parts])

    def _tenure_steps(self, start: Start) -> IntArray:
        steps: IntArray = (np.maximum(np.nan_to_num(start.tenure), 0.0) // self.horizon_days).astype(np.int64)
        return np.minimum(steps, self._last_step)

    @property
    def _last_step(self) -> int:
        return int(np.ceil(TENURE_YEARS[-1] * YEAR / self.horizon_days))

    def _band(self, steps: IntArray) -> IntArray:
        edges = np.array(TENURE_YEARS) * YEAR / self.horizon_days
        band: IntArray = np.searchsorted(edges, steps, side="right")
        return band

    def _weights(self, days: float, rate: float) -> FloatArray:
        """Return what the revenue of each step counts: the part of it within `days`, discounted from its middle."""
        step = float(self.horizon_days)
        begins = np.arange(max(int(np.ceil(days / step)), 1)) * step
        parts = np.clip((days - begins) / step, 0.0, 1.0)
        weights: FloatArray = parts * (1.0 + rate) ** -((begins + parts * step / 2) / YEAR)
        return weights

    @cached_property
    def _tables(self) -> tuple[FloatArray, FloatArray]:
        """Return moves, shape (BANDS, STATES, STATES), and surprises, shape (2, STATES, n_bins)."""
        moves = np.array(self.moves).reshape(BANDS, STATES, STATES)
        return moves, np.array(self.surprises).reshape(2, STATES, -1)

    def _interval(self, start: Start, days: float, rate: float) -> tuple[FloatArray, FloatArray]:
        first, state_draw, later = _draws(self, float(days), float(rate))
        chances, brought = self.next_state(start), self.brought(start)
        reached, state = np.zeros(len(start)), np.zeros((len(start), PATHS), np.int64)
        for column in range(STATES - 1):
            reached = reached + chances[:, column]
            state += state_draw[None] >= reached[:, None]
        steps = self._tenure_steps(start)[:, None]
        total = self.at_once(start)[:, None] * first[start.state]
        path = np.arange(PATHS)[None]
        for column in range(STATES):
            total = total + brought[:, [column]] * later[steps, state, path, column]
        ordered = np.sort(total, axis=1)
        return _quantile(ordered, (1 - LEVEL) / 2), _quantile(ordered, (1 + LEVEL) / 2)


@lru_cache(maxsize=8)
def _draws(model: LifetimeModel, days: float, rate: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return what is drawn once for all accounts.

    The first step's weighted surprises by state, shape (STATES, PATHS); the draws of the state after it, shape
    (PATHS,); and the weighted surprises of the later steps by tenure, state after the first step, path, and state in
    which they come, shape (steps of tenure, STATES, PATHS, STATES).
    """
    weights, (moves, surprises) = model._weights(days, rate), model._tables
    random = np.random.Generator(np.random.PCG64(SEED))
    steps, bins = len(weights), surprises.shape[2]
    normal = np.array([NormalDist().inv_cdf((k + 0.5) / PATHS) for k in range(PATHS)])
    common = normal[random.permutation(PATHS)]
    own = np.column_stack([normal[random.permutation(PATHS)] for _ in range(steps)])
    level = _below(np.sqrt(model.same) * common[:, None] + np.sqrt(1 - model.same) * own)
    bin_of = np.minimum((level * bins).astype(np.int64), bins - 1)
    states = np.column_stack([(random.permutation(PATHS) + 0.5) / PATHS for _ in range(steps)])
    reach = np.cumsum(moves, axis=2)
    first = weights[0] * surprises[0][:, bin_of[:, 0]]
    tenures = model._last_step + 1
    later = np.zeros((tenures, STATES, PATHS, STATES))
    path = np.arange(PATHS)
    for tenure in range(tenures):
        for begin in range(STATES):
            state = np.full(PATHS, begin)
            for k in range(1, steps):
                later[tenure, begin, path, state] += weights[k] * surprises[1][state, bin_of[:, k]]
                band = int(model._band(np.array([tenure + k]))[0])
                passed = states[:, [k]] >= reach[band, state]
                state = np.minimum(passed[:, :-1].sum(axis=1), STATES - 1)
    return first, states[:, 0], later


def sum_of(path: FloatArray) -> FloatArray:
    """Return the sum over the steps, from the first to the last, shape (n,)."""
    total = np.zeros(len(path))
    for step in range(path.shape[1]):
        total = total + path[:, step]
    return total


def _below(normal: FloatArray) -> FloatArray:
    """Return the chance that a standard normal lies below each."""
    found = [0.5 * math.erfc(-one / math.sqrt(2.0)) for one in normal.ravel().tolist()]
    return np.array(found).reshape(normal.shape)


def _quantile(ordered: FloatArray, level: float) -> FloatArray:
    place = level * (PATHS - 1)
    below = int(place)
    part = place - below
    found: FloatArray = ordered[:, below] * (1 - part) + ordered[:, min(below + 1, PATHS - 1)] * part
    return found


def _blocks(n: int) -> Iterator[slice]:
    for begin in range(0, n, BLOCK):
        yield slice(begin, begin + BLOCK)
