"""The rule that serves where it predicted better out of time than the pool did."""

from collections.abc import Mapping

from features.instants import BoolArray
from training.data.dataset import Dataset
from training.model.predictors import Pool, TwoPart
from training.model.revenue import RevenueModel, RevenuePool
from training.model.serialization import Predictor
from training.models.baselines import BASELINES, Rule
from training.settings import Settings

RULE = "rule: "
"""The beginning of the name of the member that serves then; the booster stays for the reasons, without weight."""


def rule_of(model: Predictor | None) -> str | None:
    """Return the name of the rule that serves in a pool; None where no rule does."""
    members = model.members if isinstance(model, Pool | RevenuePool) else {}
    return next((name.removeprefix(RULE) for name in members if name.startswith(RULE)), None)


def fit_rule(data: Dataset, task: str, name: str | None, rows: BoolArray, settings: Settings) -> Predictor | None:
    """Fit a rule by its name; None where no rule of the prediction is called so."""
    rule = BASELINES[task].get(name or "")
    return rule.fit(data, rows, settings) if isinstance(rule, Rule) else None


def serve(data: Dataset, task: str, name: str, fitted: Predictor, *, rows: BoolArray, settings: Settings) -> Predictor:
    """Return what was fitted to a prediction, with the rule of that name serving in it."""
    if isinstance(fitted, Pool):
        return serve_pool(data, task, {task: name}, pool=fitted, rows=rows, settings=settings)
    if isinstance(fitted, RevenuePool | TwoPart):
        return serve_revenue(data, {task: name}, fitted, rows, settings)
    return fitted


def serve_pool(
    data: Dataset, task: str, serves: Mapping[str, str], *, pool: Pool, rows: BoolArray, settings: Settings
) -> Pool:
    """Return the pool, or one in which the rule serves; rows as those that the pool has learnt from."""
    rule, name = fit_rule(data, task, serves.get(task), rows, settings), f"{RULE}{serves.get(task)}"
    if rule is None:
        return pool
    kept = {member: predictor for member, predictor in pool.members.items() if member == "booster"}
    return Pool({**kept, name: rule}, {**dict.fromkeys(kept, 0.0), name: 1.0})


def serve_revenue(
    data: Dataset, serves: Mapping[str, str], fitted: RevenueModel, rows: BoolArray, settings: Settings
) -> RevenueModel:
    """Return the expected revenue, or the rule's with the same probability of any order."""
    rule, name = fit_rule(data, "revenue", serves.get("revenue"), rows, settings), f"{RULE}{serves.get('revenue')}"
    return fitted if rule is None else RevenuePool(fitted.any_order, {name: rule}, {name: 1.0})
