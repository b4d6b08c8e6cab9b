"""The rule that serves where it predicted better out of time than the pool did."""

from collections.abc import Mapping

from features.instants import BoolArray
from training.data.dataset import Dataset
from training.model.predictors import Pool
from training.model.revenue import RevenueModel, RevenuePool
from training.model.serialization import Predictor
from training.models.baselines import BASELINES, Rule
from training.settings import Settings

RULE = "rule"
"""The member of the pool that serves then; its booster stays for the reasons, without weight."""


def serve_pool(
    data: Dataset, task: str, serves: Mapping[str, str], *, pool: Pool, rows: BoolArray, settings: Settings
) -> Pool:
    """Return the pool, or one in which the rule serves; rows as those that the pool has learnt from."""
    rule = _rule(data, task, serves, rows, settings)
    if rule is None:
        return pool
    kept = {name: member for name, member in pool.members.items() if name == "booster"}
    return Pool({**kept, RULE: rule}, {**dict.fromkeys(kept, 0.0), RULE: 1.0})


def serve_revenue(
    data: Dataset, serves: Mapping[str, str], fitted: RevenueModel, rows: BoolArray, settings: Settings
) -> RevenueModel:
    """Return the expected revenue, or the rule's with the same probability of any order."""
    rule = _rule(data, "revenue", serves, rows, settings)
    if rule is None:
        return fitted
    return RevenuePool(fitted.any_order, {RULE: rule}, {RULE: 1.0})


def _rule(data: Dataset, task: str, serves: Mapping[str, str], rows: BoolArray, settings: Settings) -> Predictor | None:
    rule = BASELINES[task].get(serves.get(task, ""))
    return rule.fit(data, rows, settings) if isinstance(rule, Rule) else None
