"""Slices of time and samples of accounts: what may be learnt from, and what is judged on.

Rolling origins: the model of an origin learns only from slices whose horizon had run out by then (purged
by the horizon), so that nothing it was taught lies after the moment it is asked. A share of the accounts is
never learnt from at all.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from features.errors import NotEnoughData
from features.histories.histories import Histories
from features.histories.snapshots import Snapshots
from features.instants import MICROSECONDS_PER_DAY, NEVER, BoolArray, FloatArray, IntArray, iso
from training.settings import Settings, SliceSettings


@dataclass(frozen=True)
class Sample:
    """Snapshots to learn from.

    weight : shape (n,), how many snapshots each stands for: one over the share of accounts that was drawn.
    slices : the instants looked at, ascending, microseconds.
    """

    snapshots: Snapshots
    weight: FloatArray
    slices: tuple[int, ...]


def candidate_instants(settings: SliceSettings, horizon_days: int, until: int) -> tuple[int, ...]:
    """The latest instants whose horizon is complete at `until`, every_days apart, ascending, however early."""
    last = until - horizon_days * MICROSECONDS_PER_DAY
    step = settings.every_days * MICROSECONDS_PER_DAY
    return tuple(range(last - (settings.most - 1) * step, last + 1, step))


def slice_instants(first: int, settings: SliceSettings, horizon_days: int, until: int) -> tuple[int, ...]:
    """Those of the candidates that lie least_history_days or more after the first event.

    first : microseconds, as from `first_event`.

    Raises
    ------
    NotEnoughData
        If there is none: the history is shorter than the horizon and the least history together.
    """
    begin = first + settings.least_history_days * MICROSECONDS_PER_DAY
    instants = tuple(at for at in candidate_instants(settings, horizon_days, until) if at >= begin)
    if not instants:
        have = max(until - first, 0) // MICROSECONDS_PER_DAY
        need = horizon_days + settings.least_history_days
        raise NotEnoughData(
            f"Nothing can be learnt yet at {iso(until)}: {have} days of history, {need} needed (the horizon of "
            f"{horizon_days} and {settings.least_history_days} before it). Bring older data, or shorten "
            "outcome.horizon_days or slices.least_history_days in the settings."
        )
    return instants


def first_event(histories: Histories) -> int:
    """The time of the earliest order, microseconds: before it nothing can be learnt."""
    orders = histories.streams["orders"]
    return int(orders.time.min()) if len(orders) else NEVER


def account_draw(account_ids: Sequence[str], salt: str) -> FloatArray:
    """A number in [0, 1) for every account: the same whatever other accounts there are, whatever the machine."""
    key = salt.encode()
    digests = [hashlib.blake2b(name.encode(), digest_size=6, key=key).digest() for name in account_ids]
    return np.array([int.from_bytes(digest, "big") for digest in digests], np.float64) / 2**48


def held_out(histories: Histories, share: float) -> BoolArray:
    """The accounts that no model may learn from while it is being judged, shape (n_accounts,)."""
    return account_draw(list(histories.account_ids), "held out") < share


def folds_of(histories: Histories, accounts: IntArray, folds: int) -> IntArray:
    """The fold of each given account, 0 .. folds - 1: one account is always in one fold."""
    return folds_by(list(histories.account_ids), folds)[accounts]


def folds_by(account_ids: Sequence[str], folds: int) -> IntArray:
    """The fold of each of those accounts, 0 .. folds - 1."""
    draws = account_draw(account_ids, "fold")
    return np.minimum((draws * folds).astype(np.int64), folds - 1)


def sample_share(known: Sequence[int], most: int) -> float:
    """The share of accounts to draw so that about `most` snapshots are looked at.  known : accounts at each instant."""
    return min(1.0, most / max(sum(known), 1))


def sample_snapshots(histories: Histories, instants: Sequence[int], share: float) -> Sample:
    """All accounts at those instants; with a share below one, a draw of accounts with its weight."""
    drawn = None if share == 1.0 else account_draw(list(histories.account_ids), "sample") < share
    parts = []
    for at in instants:
        known = histories.known_at(at)
        parts.append(known if drawn is None else known.take(drawn[known.account]))
    snapshots = Snapshots.concatenate(parts)
    return Sample(snapshots, np.full(len(snapshots), 1.0 / share), tuple(instants))


@dataclass(frozen=True)
class Fold:
    """One rolling origin: rows to learn from and rows to judge on, as masks over a sample.

    unseen : rows of the origin whose accounts were never learnt from.
    """

    origin: int
    train: BoolArray
    test: BoolArray
    unseen: BoolArray


def rolling_origins(sample: Sample, secret: BoolArray, settings: Settings, folds: int) -> list[Fold]:
    """The latest `folds` slices as origins, each with the slices that were complete by then.

    secret : shape (n_accounts,), accounts held out of all learning.

    Raises
    ------
    NotEnoughData
        If no slice has an earlier one that is complete by its time.
    """
    horizon = settings.outcome.horizon_days * MICROSECONDS_PER_DAY
    as_of, hidden = sample.snapshots.as_of, secret[sample.snapshots.account]
    found = []
    for origin in sample.slices[::-1][:folds]:
        train = (as_of + horizon <= origin) & ~hidden
        if train.any():
            test = as_of == origin
            found.append(Fold(origin, train, test, test & hidden))
    if not found:
        raise NotEnoughData(
            f"No out-of-time evaluation is possible: {len(sample.slices)} slices, none of them the horizon of "
            f"{settings.outcome.horizon_days} days before another. Bring a longer history or shorten "
            "outcome.horizon_days."
        )
    return found[::-1]
