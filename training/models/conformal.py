"""The calibration of stated coverages on the latest slice, predicted by models that learnt before it.

Split conformal prediction: of rows that are exchangeable with those calibrated on, at least the stated share is
covered. Later periods are not exchangeable with earlier ones, so the promise holds only as far as the next months are
like the latest complete ones; `training.evaluation.evaluation` says how far that was so.
"""

from dataclasses import dataclass

import numpy as np

from features.instants import BoolArray, FloatArray, iso
from training.data.dataset import Dataset, earlier_split
from training.data.training_task import Split
from training.model.findings import NOTE, Finding
from training.model.prediction_sets import least_threshold, mass_before
from training.model.serialization import Predictor
from training.settings import Settings


@dataclass(frozen=True)
class Calibration:
    """What a stated coverage was calibrated on.

    stated : the share to be covered, 0 .. 1.
    covered : the share that is covered, on the rows calibrated on.
    at : the slice, ISO 8601.
    snapshots : number of rows; zero where too little was complete before.
    purged : whether the models that predicted them had learnt only from what was complete by then.
    """

    stated: float
    covered: float = float("nan")
    at: str = ""
    snapshots: int = 0
    purged: bool = True

    @property
    def by(self) -> str:
        """Return what kind of models predicted the rows."""
        return "earlier_models" if self.purged else "other_accounts"

    def of_intervals(self) -> Finding:
        """Return how far the intervals of expected revenue hold what is stated."""
        if not self.snapshots:
            return Finding.of("intervals_uncalibrated", NOTE)
        return Finding.of(
            "intervals_calibrated", NOTE, stated=self.stated, covered=self.covered, snapshots=self.snapshots,
            at=self.at, by=self.by,
        )  # fmt: skip


def calibrated(data: Dataset, split: Split | None, covered: BoolArray, stated: float) -> Calibration:
    """Return the calibration on the latter rows of an `earlier_split`.

    covered : shape (latter rows,).
    """
    if split is None or not len(covered):
        return Calibration(stated)
    earlier, latest = (data.snapshots.as_of[rows] for rows in (split.earlier, split.latest))
    purged = bool(earlier.max() + data.context.horizon_days * 86_400_000_000 <= latest.min())
    return Calibration(stated, float(covered.mean()), iso(int(latest.max())), len(covered), purged)


@dataclass(frozen=True)
class SetRule:
    """The rule at which sets of rungs stop growing.

    threshold : the mass.
    alone : share of the rows calibrated on whose most probable rung was the realised one; sets cannot cover less.
    """

    threshold: float
    alone: float
    calibration: Calibration

    def findings(self) -> list[Finding]:
        """Return how far the sets hold what is stated."""
        held = self.calibration
        if not held.snapshots:
            return [Finding.of("sets_uncalibrated", NOTE, threshold=self.threshold)]
        found = Finding.of(
            "sets_calibrated", NOTE, stated=held.stated, covered=held.covered, snapshots=held.snapshots, at=held.at,
            by=held.by, threshold=self.threshold,
        )  # fmt: skip
        if self.alone <= held.stated:
            return [found]
        return [found, Finding.of("sets_exceeded", NOTE, alone=self.alone, stated=held.stated)]


def fit_set_rule(data: Dataset, rows: BoolArray, earlier_model: Predictor | None, settings: Settings) -> SetRule:
    """Fit the rule for sets of the stated coverage to some rows (mask, shape (n,)).

    earlier_model : of the rungs, learnt on the earlier slices alone (`fit_with_earlier`). Where there is none the mass
        is the coverage itself, which is right as far as the probabilities are.
    """
    stated = settings.outcome.set_coverage
    split = earlier_split(data, rows, settings)
    if split is None or earlier_model is None:
        return SetRule(stated, float("nan"), Calibration(stated))
    latest = split.latest
    before = mass_before(earlier_model.predict(data.matrix[latest]), data.labels.next_rung[latest])
    threshold = least_threshold(before, stated)
    covered: BoolArray = before < threshold
    return SetRule(threshold, float((before == 0).mean()), calibrated(data, split, covered, stated))


def conformal_margin(scores: FloatArray, coverage: float) -> float:
    """Return by how much intervals must grow (below zero: may shrink) for a share `coverage` of rows to lie within.

    scores : shape (n,), how far each row lies outside its interval, below zero inside. Of too few for that share the
        largest is returned, of none zero.

    Source: Romano, Patterson & Candes (2019), equation 8.
    """
    if not len(scores):
        return 0.0
    position = min(int(np.ceil((len(scores) + 1) * coverage)), len(scores))
    return float(np.sort(scores)[position - 1])
