"""The candidates for investment as arrays: one row an account, one column an option."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.errors import SettingsError
from features.instants import BoolArray, FloatArray, IntArray
from features.tables import NO_INVESTMENT
from serving.planning.knapsack import NONE
from serving.scoring.advice.advice import INVEST, TEST, raises_switching
from serving.scoring.scoring import INSUFFICIENT

OBJECTIVES = ("expected", "low")
"""What a plan makes as large as possible: the expected gain, or the lower bound of its interval."""


@dataclass(frozen=True)
class Candidates:
    """n accounts in the order of their ids, k options in the order of their names.

    rung, owner : shape (n,), None where unknown.  cost, gain, low, high, roi : shape (n, k), NaN where unknown.
    known : shape (n, k), whether the model can tell what the option does there.
    advice : shape (n,), None where the scores have none.  best : shape (n,), the option that the scores recommend,
        NONE where none pays.
    unsure, raises : shape (n, k), whether the option's own advice is `test`, and whether it raises the chance of
        switching beyond noise.
    group : shape (n,), the account at the top of each one's group of companies; None where nobody knows.
    """

    accounts: NDArray[np.object_]
    options: tuple[str, ...]
    bonds: tuple[str | None, ...]
    rung: NDArray[np.object_]
    owner: NDArray[np.object_]
    cost: FloatArray
    gain: FloatArray
    low: FloatArray
    high: FloatArray
    known: BoolArray
    advice: NDArray[np.object_]
    best: IntArray
    unsure: BoolArray
    raises: BoolArray
    group: NDArray[np.object_] | None = None

    @property
    def tested(self) -> BoolArray:
        """Return who has the advice `test`, shape (n,)."""
        tested: BoolArray = self.advice == TEST
        return tested

    @property
    def roi(self) -> FloatArray:
        """Return gain over cost, shape (n, k); NaN where an option costs nothing."""
        free = ~(self.cost > 0)
        return np.where(free, np.nan, self.gain / np.where(free, 1.0, self.cost))

    def of(self, rows: BoolArray) -> "Candidates":
        """Return the candidates without the accounts of the other rows.  rows : shape (n,)."""
        each = {
            field.name: getattr(self, field.name)[rows]
            for field in fields(self)
            if field.name not in ("options", "bonds") and getattr(self, field.name) is not None
        }
        return replace(self, **each)

    def objective(self, on: str) -> FloatArray:
        """Return the value to maximise, shape (n, k); -inf where an option is unknown or expected to lose money.

        So is one that is only worth a test, for an account that is advised another outright.
        """
        if on not in OBJECTIVES:
            raise SettingsError(f"A plan is made on {' or '.join(OBJECTIVES)}, not on {on!r}.")
        value = self.gain if on == "expected" else self.low
        may = self.known & ~((self.advice == INVEST)[:, None] & self.unsure)
        return np.where(may & (self.gain > 0) & (value > 0), value, -np.inf)


def build_candidates(
    scores: pd.DataFrame, investments: pd.DataFrame, owners: Mapping[str, str] | None = None
) -> Candidates:
    """Return the candidates in the two tables of one scoring run.

    owners : account -> its manager; else the column `owner` of the scores, where there is one.

    Raises
    ------
    SettingsError
        If the tables are of different runs, an account and option stand there twice, or a cost is missing.
    """
    ids = scores["account_id"].astype(str).to_numpy(object)
    order = np.argsort(ids, kind="stable")
    accounts = ids[order]
    if len(accounts) != len(set(accounts)):
        raise SettingsError("The scores hold an account twice. Give the scores of one run.")
    theirs = investments["account_id"].astype(str).to_numpy(object)
    names = investments["investment"].astype(str).to_numpy(object)
    options = tuple(sorted(set(names) - {NO_INVESTMENT}))
    row = pd.Index(accounts).get_indexer(pd.Index(theirs))
    column = pd.Index(options).get_indexer(pd.Index(names))
    if (row < 0).any():
        stray = theirs[row < 0][0]
        raise SettingsError(f"investment_scores holds account {stray}, which the scores do not. Give those of one run.")
    kept = column >= 0
    row, column, rows = row[kept], column[kept], investments[kept]
    if len(np.unique(row * max(len(options), 1) + column)) != len(row):
        raise SettingsError("investment_scores holds an account and option twice. Give the scores of one run.")

    def spread(name: str) -> FloatArray:
        found = np.full((len(accounts), len(options)), np.nan)
        found[row, column] = rows[name].to_numpy(np.float64, na_value=np.nan)
        return found

    cost, gain = spread("cost"), spread("gain")
    there = np.zeros(cost.shape, bool)
    there[row, column] = True
    if (there & ~(cost >= 0)).any():
        raise SettingsError("investment_scores has a row whose cost is missing or below zero. Score again.")
    known = there & ~np.isnan(gain)
    known[row, column] &= (rows["basis"].astype(str) != INSUFFICIENT).to_numpy(bool)
    low, high = (
        (spread(f"gain_{end}") for end in ("low", "high"))
        if {"gain_low", "gain_high"} <= set(rows.columns)
        else _ends(spread("uplift"), spread("uplift_low"), spread("uplift_high"), cost, gain)
    )
    unsure, raises = np.zeros((2, *cost.shape), bool)
    if "advice" in rows:
        unsure[row, column] = (rows["advice"].astype(object) == TEST).to_numpy(bool)
    if "p_switch_change_low" in rows:
        raises = raises_switching(spread("p_switch_change_low"))
    advice = np.full(len(accounts), None, object)
    if "advice" in scores:
        advice[:] = [_text(one) for one in scores["advice"].to_numpy(object)[order]]
    bonds = rows.assign(bond=rows["bond"].astype(object)).groupby(names[kept])["bond"].first() if len(rows) else {}
    rung = scores["rung"].astype(str).to_numpy(object)[order]
    return Candidates(
        accounts=accounts,
        options=options,
        bonds=tuple(_text(bonds.get(name)) for name in options),
        rung=rung,
        owner=_owners(scores, order, accounts, owners),
        cost=np.where(there, cost, 0.0),
        gain=gain,
        low=low,
        high=high,
        known=known,
        advice=advice,
        best=best_options(gain, known),
        unsure=unsure,
        raises=raises,
    )


def in_groups(accounts: Iterable[str], groups: Mapping[str, str]) -> NDArray[np.object_]:
    """Return the top of each account's group, shape (n,): the account itself where none is known."""
    return np.array([*(groups.get(account, account) for account in accounts), None], object)[:-1]


def best_options(gain: FloatArray, known: BoolArray) -> IntArray:
    """Return the option with the highest expected gain, shape (n,); NONE where none pays."""
    if not gain.shape[1]:
        return np.full(len(gain), NONE)
    worth = np.where(known & (gain > 0), gain, -np.inf)
    return np.where(np.isfinite(worth).any(axis=1), worth.argmax(axis=1), NONE)


def _ends(
    uplift: FloatArray, uplift_low: FloatArray, uplift_high: FloatArray, cost: FloatArray, gain: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the interval of the gain, from that of the uplift: the margin rate is (gain + cost) / uplift.

    It is one for all options of an account, so that an uplift of nought hides it only where all are.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        margin = np.where(np.abs(uplift) > 1e-9, (gain + cost) / uplift, np.nan)
    known = ~np.isnan(margin)
    mean = np.where(known, margin, 0.0).sum(axis=1, keepdims=True) / np.maximum(known.sum(axis=1, keepdims=True), 1)
    rate = np.where(known, margin, np.where(known.any(axis=1, keepdims=True), mean, np.nan))
    return rate * uplift_low - cost, rate * uplift_high - cost


def _owners(
    scores: pd.DataFrame, order: NDArray[np.intp], accounts: NDArray[np.object_], owners: Mapping[str, str] | None
) -> NDArray[np.object_]:
    found = np.full(len(accounts), None, object)
    if owners is not None:
        found[:] = [_text(owners.get(account)) for account in accounts]
    elif "owner" in scores:
        found[:] = [_text(owner) for owner in scores["owner"].to_numpy(object)[order]]
    return found


def _text(value: object) -> str | None:
    return None if value is None or value is pd.NA or value != value else str(value)
