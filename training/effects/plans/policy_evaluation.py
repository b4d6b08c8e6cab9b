"""The trials on which policies of recommending are evaluated, with nuisance estimates that favour none of them."""

from dataclasses import dataclass

from features.histories.snapshots import Snapshots
from features.instants import BoolArray, FloatArray, IntArray
from training.effects.plans.off_policy_value import PolicyOutcomes, policy_outcomes


@dataclass(frozen=True, eq=False)
class PolicyEvaluation:
    """The n trials on which policies are evaluated, all randomised or all observational.

    matrix : shape (n, n_features).
    rung : shape (n,).
    random : whether the trials are randomised.
    predicted : our effects on revenue, learnt on other accounts, shape (n, n_options); NaN = not to be recommended.
    arm, beyond, chance, margin, costs : as `off_policy_value` takes them. They are cross-fitted, and the
        same for every policy, so that none is favoured by nuisance estimates of its own.
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
        return policy_outcomes(
            predicted, self.arm, self.beyond, chance=self.chance, margin=self.margin, costs=self.costs
        )

    def take(self, rows: BoolArray) -> "PolicyEvaluation":
        """Return the evaluation on some of the trials."""
        return PolicyEvaluation(
            snapshots=self.snapshots.take(rows), matrix=self.matrix[rows], rung=self.rung[rows], random=self.random,
            predicted=self.predicted[rows], arm=self.arm[rows], beyond=self.beyond[rows], chance=self.chance[rows],
            margin=self.margin[rows], costs=self.costs[rows],
        )  # fmt: skip
