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
from training.models.next_rung import fit_next_rung
from training.models.revenue import fit_revenue
from training.models.switching import enough_switches, fit_switching
from training.settings import Settings


def fit_horizons(
    data: Dataset, settings: Settings, switching: bool, progress: Progress = silent
) -> tuple[tuple[Horizon, ...], list[str]]:
    """Fit the models of every further horizon that has a complete slice, with a line of the report for each.

    switching : whether the main horizon has a model of it; without one, none is learnt for further horizons.
    """
    horizons, report = [], []
    for number, further in enumerate(data.further):
        progress("further horizons", number / len(data.further))
        horizon = _fit_horizon(data, further, settings, switching)
        if horizon is not None:
            horizons.append(horizon)
        report.append(_words(data, further, horizon, switching, settings.ladder.order_days))
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


def _words(data: Dataset, further: FurtherHorizon, horizon: Horizon | None, switching: bool, order_days: int) -> str:
    """Say what the models of a horizon rest on, or why it is left out.

    order_days : the ladder's window of orders.
    """
    if horizon is None:
        return f"{further.days} days ahead: left out; no slice is complete that far ahead. Bring a longer history"
    slices = np.unique(data.snapshots.as_of[further.labels.complete])
    number = f"{len(slices)} slice{'s' if len(slices) > 1 else ''}"
    snapshots = f"{int(further.labels.complete.sum()):,} snapshots"
    words = f"{further.days} days ahead: {snapshots} in {number} up to {iso(slices[-1])}"
    if switching and horizon.switching is None:
        words += "; switching left out, too few left or stayed"
    ends = int(slices[-1]) + further.days * MICROSECONDS_PER_DAY
    if ends - order_days * MICROSECONDS_PER_DAY <= data.totals.first_order:
        words += (
            f"; within it no order was old enough to leave the ladder's window of {order_days} days, so that nobody "
            "was seen to fall in that way, and such falls are underestimated"
        )
    return words
