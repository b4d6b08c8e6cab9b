"""A comparison of an investment's uplift with the value of the climbs that it adds."""

from collections.abc import Sequence

import numpy as np

from training.data.dataset import Dataset
from training.effects.uplift import InvestmentEffect
from training.model.findings import NOTE, Finding


def coherence(effect: InvestmentEffect, gaps: Sequence[float | None], data: Dataset) -> list[Finding]:
    """Return how much of an option's uplift its climbing accounts for, if a climb is worth the gap between the rungs.

    The increase in the probability of climbing times the gap to the next rung, averaged over the accounts of the latest
    slice that the effect holds for, is set beside the uplift. The two need not be equal, and the gap is not causal: the
    uplift is what counts.

    gaps : shape (7,), from `fit_value_gaps`.
    """
    effects = effect.effects
    if not effects or "revenue" not in effects or "climbed" not in effects:
        return []
    gap = np.array([np.nan if step is None else step for step in gaps])[data.labels.rung]
    latest = data.snapshots.as_of == data.snapshots.as_of.max()
    rows = np.flatnonzero(latest & np.isin(data.labels.rung, effect.rungs) & ~np.isnan(gap))
    if not len(rows):
        return []
    climbing = float((effects["climbed"].predict(data.matrix[rows])[:, 0] * gap[rows]).mean())
    whole = float(effects["revenue"].predict(data.matrix[rows])[:, 0].mean())
    return [Finding.of("uplift_coherence", NOTE, investment=effect.investment, climbing=climbing, whole=whole)]
