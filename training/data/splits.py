"""Slices of time and samples of accounts: what may be learnt from, and what is evaluated on.

Rolling origins: the model of an origin learns only from slices whose horizon was over by then (purged by the horizon),
so that nothing it learns lies after the instant at which it predicts. A share of the accounts is never learnt from at
all.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from features.errors import NotEnoughData
from features.histories.histories import Histories
from features.histories.snapshots import Snapshots
from features.instants import MICROSECONDS_PER_DAY, NEVER, BoolArray, FloatArray, IntArray, iso
from training.settings import Settings


@dataclass(frozen=True)
class Sample:
    """Snapshots to learn from.

    weight : shape (n,), how many snapshots each stands for: one over the share of accounts that was drawn.
    slices : the instants of the snapshots, ascending, microseconds.
    """

    snapshots: Snapshots
    weight: FloatArray
    slices: tuple[int, ...]


def candidate_instants(settings: Settings, until: int) -> tuple[int, ...]:
    """Return the latest instants whose horizon is complete at `until`, every_days apart, ascending, however early.

    They reach back twice as far as `most` do; of the earlier ones `slice_instants` may take every other one. Those
    whose horizon touches a period that is left out are not among them, and count as if they were.

    until : microseconds.
    """
    horizon, slices = settings.outcome.horizon_days * MICROSECONDS_PER_DAY, settings.slices
    last, step = until - horizon, slices.every_days * MICROSECONDS_PER_DAY
    instants = range(last - (2 * slices.most - 2) * step, last + 1, step)
    out = settings.source.periods_left_out
    return tuple(at for at in instants if not any(at < end and begin < at + horizon for begin, end in out))


def slice_instants(first: int, settings: Settings, until: int) -> tuple[int, ...]:
    """Return the instants that lie least_history_days or more after the first event, ascending, `most` at most.

    Where there are more candidates, the earlier ones are twice as far apart, so that a long record is seen whole.

    first : microseconds, as from `first_event`.

    Raises
    ------
    NotEnoughData
        If there is none: the history is shorter than the horizon and the least history together, or left out.
    """
    horizon_days, least = settings.outcome.horizon_days, settings.slices.least_history_days
    begin = first + least * MICROSECONDS_PER_DAY
    last, step = until - horizon_days * MICROSECONDS_PER_DAY, settings.slices.every_days * MICROSECONDS_PER_DAY
    near = max(2 * settings.slices.most - ((last - begin) // step + 1), 1)  # so many are one step apart
    back = ((at, (last - at) // step) for at in candidate_instants(settings, until) if at >= begin)
    instants = tuple(at for at, steps in back if steps < near or (steps - near) % 2)
    if not instants:
        have = max(until - first, 0) // MICROSECONDS_PER_DAY
        touched = "; every slice touches a period of [source] leave_out" if settings.source.leave_out else ""
        raise NotEnoughData(
            f"Nothing can be learnt yet at {iso(until)}: {have} days of history, {horizon_days + least} needed (the "
            f"horizon of {horizon_days} and {least} before it){touched}. Bring older data, or shorten "
            "outcome.horizon_days or slices.least_history_days in the settings."
        )
    return instants


def first_event(histories: Histories) -> int:
    """Return the time of the earliest order, microseconds: before it nothing can be learnt."""
    orders = histories.streams["orders"]
    return int(orders.time.min()) if len(orders) else NEVER


def account_draw(account_ids: Sequence[str], salt: str) -> FloatArray:
    """Return a pseudo-random number in [0, 1) for every account, shape (n,).

    It is the same whatever other accounts there are, on every machine.
    """
    key = salt.encode()
    digests = [hashlib.blake2b(name.encode(), digest_size=6, key=key).digest() for name in account_ids]
    return np.array([int.from_bytes(digest, "big") for digest in digests], np.float64) / 2**48


def held_out(histories: Histories, share: float) -> BoolArray:
    """Return the accounts that no model may learn from while it is being evaluated, as a mask, shape (n_accounts,)."""
    return account_draw(list(histories.account_ids), "held out") < share


def folds_of(histories: Histories, accounts: IntArray, folds: int) -> IntArray:
    """Return the fold of some accounts, 0 .. folds - 1; an account is always in the same fold.

    accounts : positions in the histories.
    """
    return folds_of_ids(list(histories.account_ids), folds)[accounts]


def folds_of_ids(account_ids: Sequence[str], folds: int) -> IntArray:
    """Return the fold of each account, 0 .. folds - 1."""
    draws = account_draw(account_ids, "fold")
    return np.minimum((draws * folds).astype(np.int64), folds - 1)


def sample_share(known: Sequence[int], most: int) -> float:
    """Return the share of accounts to draw so that there are about `most` snapshots.

    known : number of accounts at each instant.
    """
    return min(1.0, most / max(sum(known), 1))


def sample_snapshots(histories: Histories, instants: Sequence[int], share: float) -> Sample:
    """Return all accounts at some instants; with a share below one, a draw of accounts with its weight."""
    drawn = None if share == 1.0 else account_draw(list(histories.account_ids), "sample") < share
    parts = []
    for at in instants:
        known = histories.known_at(at)
        parts.append(known if drawn is None else known.take(drawn[known.account]))
    snapshots = Snapshots.concatenate(parts)
    return Sample(snapshots, np.full(len(snapshots), 1.0 / share), tuple(instants))


@dataclass(frozen=True)
class Fold:
    """A rolling origin: rows to learn from and rows to evaluate on, as masks over a sample.

    origin : microseconds.
    unseen : rows of the origin whose accounts were never learnt from.
    """

    origin: int
    train: BoolArray
    test: BoolArray
    unseen: BoolArray


def rolling_origins(sample: Sample, held_out_accounts: BoolArray, settings: Settings, folds: int) -> list[Fold]:
    """Return the latest `folds` slices as origins, each with the slices that were complete by then, earliest first.

    held_out_accounts : mask, shape (n_accounts,), accounts held out of all learning.

    Raises
    ------
    NotEnoughData
        If no slice has an earlier one that is complete by its time.
    """
    horizon = settings.outcome.horizon_days * MICROSECONDS_PER_DAY
    as_of, hidden = sample.snapshots.as_of, held_out_accounts[sample.snapshots.account]
    origins = []
    for origin in sample.slices[::-1][:folds]:
        train = (as_of + horizon <= origin) & ~hidden
        if train.any():
            test = as_of == origin
            origins.append(Fold(origin, train, test, test & hidden))
    if not origins:
        number = len(sample.slices)
        raise NotEnoughData(
            f"No out-of-time evaluation is possible: {number} {'slice' if number == 1 else 'slices'}, none the horizon "
            f"of {settings.outcome.horizon_days} days before another. Bring a longer history or shorten "
            "outcome.horizon_days."
        )
    return origins[::-1]
