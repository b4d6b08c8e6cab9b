"""The models of the further horizons: next rung, switching and expected revenue, each learnt where it is complete.

They are the models of the main horizon with other outcomes, and with the features that those horizons would have. They
are made coherent with the main horizon where they are served (`serving.scoring.horizons`), not here.
"""

from dataclasses import replace

import numpy as np

from features.instants import MICROSECONDS_PER_DAY, iso
from training.data.dataset import Dataset, Progress, at_horizon, silent
from training.data.horizons import FurtherHorizon
from training.model.bundle import Horizon
from training.model.findings import NOTE, WARNING, Finding
from training.models.next_rung import fit_next_rung
from training.models.revenue import fit_revenue
from training.models.switching import enough_switches, fit_switching
from training.settings import Settings


def fit_horizons(
    data: Dataset, settings: Settings, switching: bool, progress: Progress = silent
) -> tuple[tuple[Horizon, ...], list[Finding]]:
    """Fit the models of every further horizon that has a complete slice, with findings about each.

    switching : whether the main horizon has a model of it; without one, none is learnt for further horizons.
    """
    horizons: list[Horizon] = []
    report: list[Finding] = []
    for number, further in enumerate(data.further):
        progress("further horizons", number / len(data.further))
        horizon = _fit_horizon(data, further, settings, switching)
        if horizon is not None:
            horizons.append(horizon)
        report += _findings(data, further, horizon, switching, settings.ladder.order_days)
    progress("further horizons", 1.0)
    return tuple(horizons), report


def _fit_horizon(data: Dataset, further: FurtherHorizon, settings: Settings, switching: bool) -> Horizon | None:
    rows = further.labels.complete
    if not rows.any():
        return None
    settings = replace(settings, outcome=settings.outcome.ahead(further.days))
    with at_horizon(data, further) as shifted:
        leaving = fit_switching(shifted, rows, settings) if switching and enough_switches(shifted, rows) else None
        return Horizon(
            further.days, fit_next_rung(shifted, rows, settings), leaving, fit_revenue(shifted, rows, settings)
        )


def _findings(
    data: Dataset, further: FurtherHorizon, horizon: Horizon | None, switching: bool, order_days: int
) -> list[Finding]:
    """Return what the models of a horizon rest on, or why it is left out.

    order_days : the ladder's window of orders.
    """
    days = further.days
    if horizon is None:
        return [Finding.of("horizon_left_out", NOTE, days=days)]
    slices = np.unique(data.snapshots.as_of[further.labels.complete])
    findings = [
        Finding.of(
            "horizon_learnt", NOTE, days=days, snapshots=int(further.labels.complete.sum()), slices=len(slices),
            last=iso(slices[-1]),
        )
    ]  # fmt: skip
    if switching and horizon.switching is None:
        findings.append(Finding.of("horizon_without_switching", NOTE, days=days))
    ends = int(slices[-1]) + days * MICROSECONDS_PER_DAY
    if ends - order_days * MICROSECONDS_PER_DAY <= data.totals.first_order:
        findings.append(Finding.of("horizon_without_falls", WARNING, days=days, window=order_days))
    return findings
