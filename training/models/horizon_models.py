"""The next rung, switching and expected revenue at the further horizons, each learnt where it is complete.

They are the models of the main horizon, given other outcomes, and the features that those horizons would have. What
they say is made coherent with the main horizon where it is served (`serving.scoring.horizons`), not here.
"""

from dataclasses import replace

import numpy as np

from features.instants import MICROSECONDS_PER_DAY, iso
from training.data.dataset import Dataset, Progress, at_horizon, silent
from training.data.horizons import Further
from training.model.bundle import Horizon
from training.model.findings import NOTE, WARNING, Finding
from training.models.next_rung import fit_next_rung
from training.models.revenue import fit_revenue
from training.models.switching import enough, fit_switching
from training.settings import Settings


def fit_horizons(
    data: Dataset, settings: Settings, switching: bool, progress: Progress = silent
) -> tuple[tuple[Horizon, ...], list[Finding]]:
    """Return the models of every further horizon that has a complete slice, and findings about every horizon.

    switching : whether the main horizon has a model of it: without one to hold to, none further is learnt.
    """
    found: list[Horizon] = []
    report: list[Finding] = []
    for number, further in enumerate(data.further):
        progress("further horizons", number / len(data.further))
        horizon = _fit_horizon(data, further, settings, switching)
        if horizon is not None:
            found.append(horizon)
        report += _findings(data, further, horizon, switching, settings.ladder.order_days)
    progress("further horizons", 1.0)
    return tuple(found), report


def _fit_horizon(data: Dataset, further: Further, settings: Settings, switching: bool) -> Horizon | None:
    rows = further.labels.complete
    if not rows.any():
        return None
    settings = replace(settings, outcome=settings.outcome.ahead(further.days))
    with at_horizon(data, further) as seen:
        leaving = fit_switching(seen, rows, settings) if switching and enough(seen, rows) else None
        return Horizon(further.days, fit_next_rung(seen, rows, settings), leaving, fit_revenue(seen, rows, settings))


def _findings(
    data: Dataset, further: Further, horizon: Horizon | None, switching: bool, order_days: int
) -> list[Finding]:
    """Return what a horizon rests on, or why it is left out.  order_days : the ladder's window of orders."""
    days = further.days
    if horizon is None:
        return [Finding.of("horizon_left_out", NOTE, days=days)]
    slices = np.unique(data.snapshots.as_of[further.labels.complete])
    found = [
        Finding.of(
            "horizon_learnt", NOTE, days=days, snapshots=int(further.labels.complete.sum()), slices=len(slices),
            last=iso(slices[-1]),
        )
    ]  # fmt: skip
    if switching and horizon.switching is None:
        found.append(Finding.of("horizon_without_switching", NOTE, days=days))
    ends = int(slices[-1]) + days * MICROSECONDS_PER_DAY
    if ends - order_days * MICROSECONDS_PER_DAY <= data.survey.first_order:
        found.append(Finding.of("horizon_without_falls", WARNING, days=days, window=order_days))
    return found
