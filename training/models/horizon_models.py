"""The models of the further horizons: next rung, switching and expected revenue, each learnt where it is complete.

They are the models of the main horizon with other outcomes, and with the features that those horizons would have. They
are made coherent with the main horizon where they are served (`serving.scoring.horizons`), not here.
"""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from features.instants import MICROSECONDS_PER_DAY, BoolArray, iso
from features.parallel import side_by_side
from training.boosting_backend import in_this_process
from training.data.dataset import Dataset, Progress, at_horizon, silent
from training.data.horizons import FurtherHorizon
from training.model.bundle import Horizon
from training.model.findings import NOTE, WARNING, Finding
from training.model.predictors import Pool
from training.model.revenue import RevenueModel
from training.models.next_rung import fit_next_rung
from training.models.revenue import fit_revenue
from training.models.rule_that_serves import serve_pool, serve_revenue
from training.models.switching import enough_switches, fit_switching
from training.settings import Settings

NONE: Mapping[str, str] = MappingProxyType({})


def fit_horizons(
    data: Dataset,
    settings: Settings,
    main: Pool,
    *,
    switching: bool,
    serves: Mapping[str, str] = NONE,
    progress: Progress = silent,
) -> tuple[tuple[Horizon, ...], list[Finding]]:
    """Fit the models of every further horizon that has a complete slice, with findings about each.

    main : of the next rung at the main horizon, whose weights the members have at the others too.
    switching : whether the main horizon has a model of it; without one, none is learnt for further horizons.
    serves : prediction -> the rule that serves at the main horizon, and so here.
    """
    horizons: list[Horizon] = []
    report: list[Finding] = []
    for number, further in enumerate(data.further):
        progress("further horizons", number / len(data.further))
        horizon = _fit_horizon(data, further, settings, switching=switching, serves=serves, weights=main.weights)
        if horizon is not None:
            horizons.append(horizon)
        report += _findings(data, further, horizon, switching, settings.ladder.order_days)
    progress("further horizons", 1.0)
    return tuple(horizons), report


def _fit_horizon(
    data: Dataset,
    further: FurtherHorizon,
    settings: Settings,
    *,
    switching: bool,
    serves: Mapping[str, str],
    weights: Mapping[str, float],
) -> Horizon | None:
    rows = further.labels.complete
    if not rows.any():
        return None
    settings = replace(settings, outcome=settings.outcome.ahead(further.days))
    with at_horizon(data, further) as shifted, side_by_side(in_this_process(data.backend)) as pool:
        leaving = None
        if switching and enough_switches(shifted, rows):
            leaving = pool.submit(_fit_leaving, shifted, rows, serves, settings)
        rungs = pool.submit(_fit_rungs, shifted, rows, serves, settings, weights=weights)
        revenue = pool.submit(_fit_revenue, shifted, rows, serves, settings)
        return Horizon(further.days, rungs.result(), leaving.result() if leaving else None, revenue.result())


def _fit_leaving(data: Dataset, rows: BoolArray, serves: Mapping[str, str], settings: Settings) -> Pool:
    can, pool = rows & data.labels.can_switch, fit_switching(data, rows, settings)
    return serve_pool(data, "switching", serves, pool=pool, rows=can, settings=settings)


def _fit_rungs(
    data: Dataset, rows: BoolArray, serves: Mapping[str, str], settings: Settings, weights: Mapping[str, float]
) -> Pool:
    pool = fit_next_rung(data, rows, settings, weights)
    return serve_pool(data, "next_rung", serves, pool=pool, rows=rows, settings=settings)


def _fit_revenue(data: Dataset, rows: BoolArray, serves: Mapping[str, str], settings: Settings) -> RevenueModel:
    return serve_revenue(data, serves, fit_revenue(data, rows, settings), rows, settings)


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
    found = [
        Finding.of(
            "horizon_learnt", NOTE, days=days, snapshots=int(further.labels.complete.sum()), slices=len(slices),
            last=iso(slices[-1]),
        )
    ]  # fmt: skip
    if switching and horizon.switching is None:
        found.append(Finding.of("horizon_without_switching", NOTE, days=days))
    ends = int(slices[-1]) + days * MICROSECONDS_PER_DAY
    if ends - order_days * MICROSECONDS_PER_DAY <= data.totals.first_order:
        found.append(Finding.of("horizon_without_falls", WARNING, days=days, window=order_days))
    return found
