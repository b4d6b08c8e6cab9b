"""Scores compared with a simulation's truth: how close the probabilities are, what the recommendations earn.

This is possible only where there is a truth; estimators never see it.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from features.errors import ShapeMismatch
from features.instants import FloatArray
from features.tables import NO_INVESTMENT, RUNGS
from training.model.predictors import FLOOR


def against_truth(scores: pd.DataFrame, truth: pd.DataFrame) -> dict[str, float]:
    """Return figures by name, over the accounts that both tables hold.

    switch_kl : mean Kullback-Leibler divergence from the true to the predicted probability of switching.
    switch_rank_correlation : Spearman's, of the same two.
    next_rung_kl : likewise for the rungs.
    revenue_bias : predicted over true mean expected revenue, less 1.
    policy_value, claimed_value, oracle_value, everybody_value : expected margin less cost per account, in money, of the
        recommended investments (true and promised), of the best ones, of the best single option for all.

    Raises
    ------
    ShapeMismatch
        If the two tables have no account in common.
    """
    both = scores.merge(truth, on="account_id", suffixes=("", "_true"))
    if both.empty:
        raise ShapeMismatch("the scores and the truth have no account in common")
    known = both.dropna(subset=["p_switch", "p_switch_true"])
    true, predicted = known["p_switch_true"].to_numpy(), known["p_switch"].to_numpy()
    rungs_true = both[[f"p_{rung}_true" for rung in RUNGS]].to_numpy()
    rungs_predicted = both[[f"p_{rung}" for rung in RUNGS]].to_numpy()
    figures = {
        "switch_kl": float(
            np.mean(_kl(np.column_stack([true, 1 - true]), np.column_stack([predicted, 1 - predicted])))
        ),
        "switch_rank_correlation": float(spearmanr(true, predicted).statistic),
        "next_rung_kl": float(np.mean(_kl(rungs_true, rungs_predicted))),
        "revenue_bias": float(both["expected_revenue"].mean() / both["expected_revenue_true"].mean() - 1),
    }
    return {**figures, **_policy(both)}


def _kl(true: FloatArray, predicted: FloatArray) -> FloatArray:
    safe = np.clip(true, FLOOR, 1)
    divergence: FloatArray = (true * np.log(safe / np.clip(predicted, FLOOR, 1))).sum(axis=1)
    return divergence


def _policy(both: pd.DataFrame) -> Mapping[str, float]:
    columns = [str(name) for name in both.columns if str(name).startswith("margin_gain_")]
    gains = {name.removeprefix("margin_gain_"): both[name].to_numpy() for name in columns}
    if both["recommended_investment"].isna().all():
        return {}
    gains[NO_INVESTMENT] = np.zeros(len(both))
    realised = np.array([gains[name][row] for row, name in enumerate(both["recommended_investment"])])
    return {
        "policy_value": float(realised.mean()),
        "claimed_value": float(both["expected_gain"].mean()),
        "oracle_value": float(both["best_gain"].mean()),
        "everybody_value": max(float(gain.mean()) for name, gain in gains.items() if name != NO_INVESTMENT),
    }
