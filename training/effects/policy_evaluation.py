"""The trials on which recommendations are judged, with nuisances that took no side: any policy may be put to them."""

from dataclasses import dataclass

from features.histories.snapshots import Snapshots
from features.instants import BoolArray, FloatArray, IntArray
from training.effects.off_policy_value import Brought, judge_each


@dataclass(frozen=True, eq=False)
class PolicyEvaluation:
    """n trials, all by lot or all by choice.

    matrix : shape (n, n_features).  rung : shape (n,).  random : whether the arms were drawn by lot.
    predicted : our effects on revenue, learnt on other accounts, shape (n, n_options); NaN = not to be recommended.
    arm, beyond, chance, margin, costs : as `training.effects.off_policy_value.off_policy_value` takes them.
    Cross-fitted, and the same
        for whoever is judged: a policy that is compared with another has no nuisances of its own to its favour.
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

    def brings(self, predicted: FloatArray) -> Brought:
        """What recommending by those effects promises, brings and costs, trial by trial."""
        return judge_each(predicted, self.arm, self.beyond, chance=self.chance, margin=self.margin, costs=self.costs)

    def take(self, rows: BoolArray) -> "PolicyEvaluation":
        """Those trials alone."""
        return PolicyEvaluation(
            snapshots=self.snapshots.take(rows), matrix=self.matrix[rows], rung=self.rung[rows], random=self.random,
            predicted=self.predicted[rows], arm=self.arm[rows], beyond=self.beyond[rows], chance=self.chance[rows],
            margin=self.margin[rows], costs=self.costs[rows],
        )  # fmt: skip
