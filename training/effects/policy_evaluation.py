"""The trials on which policies of recommending are evaluated, with nuisance estimates that favour none of them."""

from dataclasses import dataclass

import numpy as np

from features.histories.snapshots import Snapshots
from features.instants import BoolArray, FloatArray, IntArray
from training.effects.off_policy_value import PolicyOutcomes, policy_outcomes


@dataclass(frozen=True, eq=False)
class PolicyEvaluation:
    """The n trials on which policies are evaluated, all randomised or all observational.

    matrix : shape (n, n_features).
    rung : shape (n,).
    random : whether the trials are randomised.
    predicted : our effects on revenue, learnt on other accounts, shape (n, n_options); NaN = not to be recommended.
    arm, beyond, chance, margin, costs : as `training.effects.off_policy_value.off_policy_value` takes them. They are
        cross-fitted, and the same for every policy, so that none is favoured by nuisance estimates of its own.
    """

    snapshots: Snapshots
    matrix: FloatArray
    rung: IntArray
    random: bool
    predicted: FloatArray
    arm: IntArray
    beyond: FloatArray
    chance: FloatArray
    margin: FloatArray
    costs: FloatArray

    def __len__(self) -> int:
        return len(self.arm)

    def outcomes_of(self, predicted: FloatArray) -> PolicyOutcomes:
        """Return what recommending by some effects promises, brings and costs, trial by trial.

        predicted : shape (n, n_options).
        """
        return policy_outcomes(predicted, self.arm, self.beyond, self.chance, self.margin, self.costs)

    def take(self, rows: BoolArray) -> "PolicyEvaluation":
        """Return the evaluation on some of the trials."""
        return PolicyEvaluation(
            self.snapshots.take(rows), self.matrix[rows], self.rung[rows], self.random, self.predicted[rows],
            self.arm[rows], self.beyond[rows], self.chance[rows], self.margin[rows], self.costs[rows],
        )  # fmt: skip


def within_budget(outcomes: PolicyOutcomes, budget: float) -> BoolArray:
    """Return the trials that a policy would pay for, the best promise per unit of money first, as a mask, shape (n,).

    budget : over all trials together, money. The first that does not fit any more is left out, and all after it.
    """
    recommended = outcomes.promised > 0
    each = outcomes.promised / np.where(outcomes.spent > 0, outcomes.spent, 1e-9)  # free options come first
    order = np.argsort(-np.where(recommended, each, -np.inf), kind="stable")[: int(recommended.sum())]
    chosen = np.zeros(len(recommended), bool)
    chosen[order[np.cumsum(outcomes.spent[order]) <= budget + 1e-9]] = True
    return chosen
