"""The champion's predictions at an earlier instant: features and scores of the accounts known then.

Computed from histories of today, and by the truncation rule the same, to the last bit, as it would have been said: no
reference needs to be kept beside the model.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from features.catalog import catalog
from features.histories.histories import Histories
from features.histories.views import View
from features.instants import BoolArray, FloatArray, IntArray
from features.ladder.eligibility import can_switch
from features.ladder.rules import rungs
from training.data.splits import account_draw
from training.model.bundle import Bundle, Horizon
from training.model.predictors import Floored, Pool, Trees
from training.model.rung_mass import mass_above, mass_below
from training.model.serialization import Predictor

MOST_EXPLAINED = 2_000
"""Accounts whose predictions are taken apart to weigh the features: their mean settles long before that."""


@dataclass(frozen=True)
class ReferencePredictions:
    """n accounts at one instant.

    matrix : shape (n, n_features).  rung : shape (n,).  able : shape (n,), whether the account can switch.
    chances : shape (n, n_rungs), at the horizon.  p_switch : shape (n,), NaN where not able or not predicted.
    revenue : shape (n,), expected.
    """

    as_of: int
    account: IntArray
    matrix: FloatArray
    rung: IntArray
    able: BoolArray
    chances: FloatArray
    p_switch: FloatArray
    revenue: FloatArray

    @property
    def scores(self) -> dict[str, FloatArray]:
        """Return the model's scores, column by column."""
        return {
            "score p_switch": self.p_switch,
            "score p_upgrade": mass_above(self.chances, self.rung),
            "score p_downgrade": mass_below(self.chances, self.rung),
            "score expected_revenue": self.revenue,
        }

    @property
    def columns(self) -> dict[str, FloatArray]:
        """Return features and scores by name."""
        return {name: self.matrix[:, k] for k, name in enumerate(catalog.NAMES)} | self.scores


KINDS: Mapping[str, str] = dict.fromkeys(catalog.NAMES, "feature") | dict.fromkeys(
    ("score p_switch", "score p_upgrade", "score p_downgrade", "score expected_revenue"), "score"
)


def drawn(histories: Histories, most: int) -> BoolArray:
    """Return a sample of about `most` accounts, always the same ones, shape (n_accounts,)."""
    n = len(histories.account_ids)
    return np.ones(n, bool) if n <= most else account_draw(list(histories.account_ids), "monitor") < most / n


def look(
    histories: Histories, bundle: Bundle, as_of: int, among: BoolArray, horizon: Horizon | None = None
) -> tuple[ReferencePredictions, View]:
    """Return the bundle's predictions for the accounts known at as_of (microseconds), and the view behind them.

    among : shape (n_accounts,), those looked at.  horizon : a further one; None = that of the facts.
    """
    facts, known = bundle.facts, histories.known_at(as_of)
    view = View(histories, known.take(among[known.account]))
    days = facts.horizon_days if horizon is None else horizon.days
    matrix = catalog.compute(view, replace(bundle.context, horizon_days=days))
    next_rung, switching, revenue = (
        (bundle.next_rung, bundle.switching, bundle.revenue)
        if horizon is None
        else (horizon.next_rung, horizon.switching, horizon.revenue)
    )
    able = can_switch(view, facts.rules, facts.definition, facts.silence_days, facts.renewal_grace_days)
    p_switch, rows = np.full(len(matrix), np.nan), np.flatnonzero(able)
    if switching is not None and len(rows):
        p_switch[rows] = switching.predict(matrix[rows])[:, 0]
    predictions = ReferencePredictions(
        as_of=as_of, account=view.snapshots.account, matrix=matrix, rung=rungs(view, facts.rules), able=able,
        chances=next_rung.predict(matrix), p_switch=p_switch, revenue=revenue.predict(matrix)[:, 0],
    )  # fmt: skip
    return predictions, view


def feature_weights(bundle: Bundle, now: ReferencePredictions) -> dict[str, float]:
    """Return each feature's share in the boosters' predictions; together 1, or empty without a booster.

    Mean absolute contribution to the log odds of leaving and to those of climbing (TreeSHAP), half and half.
    """
    total, parts = np.zeros(len(catalog.NAMES)), 0
    for booster, rows in (
        (_booster(bundle.switching), now.able),
        (_booster(bundle.climbing), np.full(len(now.able), True)),
    ):
        chosen = now.matrix[rows][:MOST_EXPLAINED]
        if booster is None or not len(chosen):
            continue
        size = np.abs(booster.contributions(chosen)[:, :-1]).mean(axis=0)
        if size.sum() > 0:
            total, parts = total + size / size.sum(), parts + 1
    return dict(zip(catalog.NAMES, (total / parts).tolist(), strict=True)) if parts else {}


def _booster(predictor: Predictor | None) -> Trees | None:
    """Return the single-output booster in a predictor, if there is one."""
    found = predictor.members.get("booster") if isinstance(predictor, Pool) else predictor
    if isinstance(found, Floored):
        found = found.member
    return found if isinstance(found, Trees) and found.outputs == 1 else None
