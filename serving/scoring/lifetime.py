"""The columns of lifetime value, of winning back, and of when acquisition is earned back."""

from collections.abc import Mapping

import numpy as np

from features.accounts.pace import own_pace
from features.catalog import catalog
from features.histories.views import View
from features.instants import BoolArray, FloatArray, IntArray
from features.tables import RUNGS
from serving.scoring.horizons import Column
from training.model.bundle import Bundle
from training.model.lifetime import GONE, YEAR, LifetimeModel, Start, sum_of

LIFETIME = ("lifetime_value", "lifetime_value_low", "lifetime_value_high", "payback_years", "win_back_value")


def win_back_chances(bundle: Bundle, view: View, matrix: FloatArray, gone: BoolArray) -> FloatArray:
    """Return the chance of an order within the horizon of former customers, NaN of others, shape (n,)."""
    chances, rows = np.full(len(matrix), np.nan), np.flatnonzero(gone)
    if bundle.win_back is not None and len(rows):
        chances[rows] = bundle.win_back.predict(np.column_stack([matrix[rows], own_pace(view)[rows]]))[:, 0]
    return chances


def lifetime_columns(
    bundle: Bundle, view: View, matrix: FloatArray, *, rung: IntArray, scores: Mapping[str, Column], margin: FloatArray
) -> dict[str, Column]:
    """Return the columns LIFETIME, shape (n,) each, money, but for years.

    rung : today's.  margin : each account's gross margin rate.
    """
    n, model = len(matrix), bundle.lifetime
    if model is None or not n:
        return {name: np.full(n, np.nan) for name in LIFETIME}
    days, rate = bundle.facts.lifetime_years * YEAR, bundle.facts.discount_rate
    gone = scores["former"].astype(bool)
    start = Start(
        state=np.where(gone, GONE, rung),
        tenure=np.nan_to_num(matrix[:, catalog.NAMES.index("days_since_first_order")]),
        expected=np.maximum(scores["expected_revenue"], 0.0), pace=own_pace(view),
        chances=np.column_stack([scores[f"p_{name}"] for name in RUNGS]), leaves=scores["p_switch"],
        returns=scores["p_win_back"],
    )  # fmt: skip
    known, path = model.known(start), model.path(start, days, rate)
    low, high = model.interval(start, days, rate)
    value, back = sum_of(path), np.full(n, np.nan)
    rows = np.flatnonzero(gone)
    back[rows] = model.if_won_back(start.take(rows), days, rate) * margin[rows]
    earned = payback_years(path * margin[:, None], view.profile("acquisition_cost"), model, days)
    told = {"lifetime_value": value, "lifetime_value_low": low, "lifetime_value_high": high}
    money = {name: np.where(known, column * margin, np.nan) for name, column in told.items()}
    return {**money, "payback_years": np.where(known, earned, np.nan), "win_back_value": back}


def payback_years(margins: FloatArray, cost: FloatArray, model: LifetimeModel, days: float) -> FloatArray:
    """Return after how many years the expected margins equal a cost, NaN where they never do or it is not known, (n,).

    margins : of every step, shape (n, steps).  cost : money, shape (n,).
    """
    years, before = np.full(len(cost), np.nan), np.zeros(len(cost))
    step = model.horizon_days / YEAR
    for k in range(margins.shape[1]):
        length = min(step, days / YEAR - k * step)
        after = before + margins[:, k]
        reached = np.isnan(years) & (cost <= after) & (cost > 0)
        part = (cost - before) / np.where(margins[:, k] > 0, margins[:, k], 1.0)
        years = np.where(reached, k * step + length * part, years)
        before = after
    return years
