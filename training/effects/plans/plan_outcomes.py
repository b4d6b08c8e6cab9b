"""The outcomes of a plan: what became of its accounts, for `training.effects.plans.plan_evaluation` to compare."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.accounts.margin_rates import margin_rates
from features.errors import NotEnoughData
from features.histories.histories import Histories
from features.histories.snapshots import Snapshots
from features.histories.streams import FIXED_POINT
from features.histories.views import View
from features.instants import MICROSECONDS_PER_DAY, BoolArray, FloatArray, instant, iso
from training.effects.plans.plan_evaluation import PlanAccounts
from training.model.margins import line_margins, line_sums
from training.settings import Settings


@dataclass(frozen=True)
class PlanRows:
    """The n rows of a plan.

    account, investment : shape (n,), names.
    treated : shape (n,).
    chance : shape (n,), of being treated, or held out.
    gain : shape (n,), promised of the gain, money.
    cost : shape (n,), planned, money.
    as_of : microseconds.
    """

    account: NDArray[np.object_]
    investment: NDArray[np.object_]
    treated: BoolArray
    chance: FloatArray
    gain: FloatArray
    cost: FloatArray
    as_of: int
    horizon_days: float


def plan_rows(rows: pd.DataFrame, record: Mapping[str, Any]) -> PlanRows:
    """Return the rows of the contract's table `plan`, with what the plan's record says.

    A treated row's own propensity is that of one option, which exploring makes smaller than that of being treated. Who
    is certain of an arm shows nothing, and is left out where others are drawn. Promised is what was claimed of the
    plan: the expected gains, all scaled by one share.
    """
    held = _chance_held(rows, record)
    if (held > 0).any():
        rows, held = rows[held > 0], held[held > 0]
    treated = (rows["arm"].astype(str) == "treat").to_numpy(bool)
    chance = np.where(treated, 1 - held, held)
    names = (rows[name].astype(str).to_numpy(object) for name in ("account_id", "investment"))
    account, investment = names
    gain, cost = (rows[name].to_numpy(np.float64) for name in ("expected_gain", "cost"))
    expected, claimed = record.get("expected_gain"), record.get("claimed_gain")
    if expected and claimed is not None:
        gain = gain * (claimed / expected)
    as_of = instant(str(record["as_of"]))
    return PlanRows(
        account=account, investment=investment, treated=treated, chance=chance, gain=gain, cost=cost, as_of=as_of,
        horizon_days=float(record["horizon_days"]),
    )  # fmt: skip


def _chance_held(rows: pd.DataFrame, record: Mapping[str, Any]) -> FloatArray:
    """Return the chance that each row was held out: a larger one for what is only worth a test."""
    usual = float(record["holdout"])
    advice = rows["advice"] if "advice" in rows else pd.Series(None, rows.index, dtype="string")
    tested = (advice.astype("string") == "test").fillna(False).to_numpy(bool)
    return np.where(tested, float(record.get("holdout_of_test", usual)), usual)


def plan_outcomes(plan: PlanRows, histories: Histories, end: int, settings: Settings) -> PlanAccounts:
    """Return what happened in the plan's horizon, as far as it lies before `end` (microseconds), as known then.

    Accounts of the plan that the source does not know bought nothing. Without a table of investments, they count as
    made where they were planned.

    Raises
    ------
    NotEnoughData
        If the plan has only begun, or the source knows none of its accounts.
    """
    until = min(plan.as_of + int(plan.horizon_days * MICROSECONDS_PER_DAY), end)
    days = (until - plan.as_of) / MICROSECONDS_PER_DAY
    if days <= 0:
        raise NotEnoughData(
            f"The plan looks from {iso(plan.as_of)} and the source ends at {iso(end)}: nothing has happened since."
        )
    position = {account: k for k, account in enumerate(histories.account_ids)}
    account = np.array([position.get(name, -1) for name in plan.account], np.int64)
    known = np.flatnonzero(account >= 0)
    if not len(known):
        raise NotEnoughData("The source knows none of the plan's accounts. Is it the source of another business?")
    orders = View(histories, Snapshots(account[known], np.full(len(known), end, np.int64))).stream("orders")
    since, after = (end - plan.as_of) / MICROSECONDS_PER_DAY, (end - until) / MICROSECONDS_PER_DAY
    revenue, before = np.zeros(len(account)), np.zeros(len(account))
    revenue[known] = orders.amount("revenue", since, after)
    before[known] = orders.amount("revenue", since + days, since)
    margin = np.full(len(account), settings.uplift.margin_rate)
    margin[known] = _margins(histories, account[known], plan.as_of, settings)
    made, spent = plan.treated, np.where(plan.treated, plan.cost, 0.0)
    if "investments" in histories.tables:
        made, spent = _invested(plan, account, histories, until, end)
    return PlanAccounts(
        account=plan.account, treated=plan.treated, chance=plan.chance, investment=plan.investment, promised=plan.gain,
        cost=plan.cost, revenue=revenue, before=before, margin=margin, spent=spent, made=made, days=days,
        horizon_days=plan.horizon_days,
    )  # fmt: skip


def _margins(histories: Histories, account: NDArray[np.int64], as_of: int, settings: Settings) -> FloatArray:
    """Return each account's gross margin rate as it was known when the plan was made."""
    then = histories.as_it_stood(as_of)
    view = View(then, Snapshots(account, np.full(len(account), as_of, np.int64)))
    return margin_rates(view, line_margins(line_sums(then)), settings.uplift.margin_rate)


def _invested(
    plan: PlanRows, account: NDArray[np.int64], histories: Histories, until: int, end: int
) -> tuple[BoolArray, FloatArray]:
    """Return whether each account received the planned investment since, and what was spent on it in all."""
    made = histories.streams["investments"]
    rows = np.flatnonzero((made.time >= plan.as_of) & (made.time < until) & (made.recorded < end))
    who, what = made.account[rows], made.values["option"][rows]
    names = np.array([*histories.options.names, None], object)
    got = set(zip(who.tolist(), names[what].tolist(), strict=True))
    planned = zip(account.tolist(), plan.investment.tolist(), strict=True)
    spent = np.bincount(who, made.values["cost"][rows] / FIXED_POINT, minlength=len(histories.account_ids))
    return np.array([pair in got for pair in planned], bool), np.where(account >= 0, spent[account], 0.0)
