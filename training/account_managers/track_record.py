"""The track record of account managers' forecasts: what their estimates are worth, beside history's own.

History's estimate is the value gap of the rung. It is calibrated in the same way as the managers', or any calibrated
number would beat it by its level alone. Every miss is that of an estimate to which the account in question did not
contribute.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from features.instants import BoolArray, FloatArray, IntArray
from training.account_managers.calibrated_forecasts import Cases, Factors, Weights, fit_factors, fit_weights
from training.account_managers.forecasts import ForecastOutcomes, forecast_outcomes
from training.data.resolved_forecasts import ResolvedForecasts
from training.evaluation.cluster_bootstrap import cluster_bootstrap, correlation, mean, ranks, rounded
from training.model.findings import NOTE, Finding

MIN_RESOLVED = 10
"""The number of accounts that climbed with a forecast without which managers and history are not compared."""
NOBODY = ""
"""The manager of forecasts that name nobody."""
Row = Mapping[str, str | int | float | None]


@dataclass(frozen=True)
class ForecastRecord:
    """What managers' estimates are worth today; money over the model's horizon.

    common, factors : what one promised unit has been worth, of all managers and of each.
    weight, weights : of managers' calibrated estimates in the blend with history's, of all managers and of each; 0 ..
        1.
    history : what one unit of value gap has been worth.
    miss : the typical miss of manager and history together, money per root of size; None where too few are resolved.
    offset : money; the size of an account is its revenue of a horizon plus this.
    rows : the track record, all managers first, history second.
    """

    common: float
    factors: Mapping[str, float]
    weight: float
    weights: Mapping[str, float]
    history: float
    miss: float | None
    offset: float
    rows: tuple[Row, ...]
    findings: tuple[Finding, ...]


def fit_forecasts(
    resolved: ResolvedForecasts | None, gaps: Sequence[float | None], horizon_days: int, first_order: int
) -> ForecastRecord | None:
    """Fit the record of managers and history; None where no forecast was ever made.

    gaps : by rung, history's own estimate over the horizon.
    first_order : microseconds, where the data begin.
    """
    if resolved is None:
        return None
    outcomes = forecast_outcomes(resolved, horizon_days, first_order)
    names = [*resolved.authors, NOBODY]
    manager = np.where(outcomes.author < 0, len(names) - 1, outcomes.author)
    cases = Cases.of(manager, outcomes.account, outcomes.promised, outcomes.realised, outcomes.size)
    factors = fit_factors(cases, len(names))
    calibrated = factors.without[cases.which] * outcomes.promised
    gap = np.array([np.nan if one is None else one for one in gaps])[outcomes.rung]
    with_gap = ~np.isnan(gap)
    one_group = np.zeros(int(with_gap.sum()), np.int64)
    sign = np.sign(gap[with_gap])  # a gap may be negative; what came is then counted downwards
    own = Cases.of(
        one_group,
        outcomes.account[with_gap],
        sign * gap[with_gap],
        sign * outcomes.realised[with_gap],
        outcomes.size[with_gap],
    )
    of_history = fit_factors(own, 1)
    history = np.full(len(gap), np.nan)
    history[with_gap] = of_history.without[own.which] * gap[with_gap]
    history_factor, weights, miss = float(of_history.each[0]), Weights(0.0, np.zeros(len(names))), None
    if len(np.unique(outcomes.account[with_gap])) >= MIN_RESOLVED:
        cases_with_gap = Cases.of(
            *(a[with_gap] for a in (manager, outcomes.account, outcomes.promised, outcomes.realised, outcomes.size))
        )
        disagreement, missed = (calibrated - history)[with_gap], (outcomes.realised - history)[with_gap]
        weights = fit_weights(cases_with_gap, disagreement, missed, outcomes.size[with_gap], len(names))
        both = (outcomes.realised - calibrated)[with_gap] ** 2 + missed**2
        miss = round(float(np.sqrt((both / outcomes.size[with_gap]).mean())), 6)
    estimates = _Estimates(outcomes, calibrated, history, gap)
    rows = estimates.rows(
        names, manager, over=resolved.over, factors=factors, weights=weights, history_factor=history_factor
    )
    common, common_weight = round(factors.common, 4), round(weights.common, 4)
    named = [k for k, name in enumerate(names) if resolved.over.get(name or None)]
    return ForecastRecord(
        common=common,
        factors={names[k]: round(float(factors.each[k]), 4) for k in named},
        weight=common_weight,
        weights={names[k]: round(float(weights.each[k]), 4) for k in named},
        history=round(history_factor, 4),
        miss=miss,
        offset=round(outcomes.offset, 4),
        rows=rows,
        findings=_findings(rows, common, common_weight, miss),
    )


@dataclass(frozen=True)
class _Estimates:
    """Estimates beside their outcomes, shape (n,) each; calibrated estimates do not use the account in question."""

    outcomes: ForecastOutcomes
    calibrated: FloatArray
    history: FloatArray
    gap: FloatArray

    def rows(
        self, names: Sequence[str], manager: IntArray, *, over: Mapping[str | None, int], factors: Factors,
        weights: Weights, history_factor: float,
    ) -> tuple[Row, ...]:  # fmt: skip
        everybody, with_gap = np.ones(len(manager), bool), ~np.isnan(self.gap)
        total = sum(over.values())
        rows = [
            self._row(
                "managers",
                name=None,
                own=everybody,
                over=total,
                promised=self.outcomes.promised,
                factor=factors.common,
                weight=weights.common,
            ),
            self._row(
                "history", name=None, own=with_gap, over=total, promised=self.gap, factor=history_factor, weight=None
            ),
        ]
        for k, name in enumerate(names):
            made = over.get(name or None, 0)
            if made:
                factor, weight = float(factors.each[k]), float(weights.each[k])
                own = manager == k
                rows.append(
                    self._row(
                        "manager",
                        name=name,
                        own=own,
                        over=made,
                        promised=self.outcomes.promised,
                        factor=factor,
                        weight=weight,
                    )
                )
        return tuple(rows)

    def _row(
        self, who: str, *, name: str | None, own: BoolArray, over: int, promised: FloatArray, factor: float,
        weight: float | None,
    ) -> Row:  # fmt: skip
        """Return a row.  who : managers (all), history or manager.  name : of the one manager."""
        realised, account, with_gap = self.outcomes.realised[own], self.outcomes.account[own], ~np.isnan(self.gap[own])
        promised, calibrated, history = promised[own], self.calibrated[own], self.history[own]
        closer = (np.abs(realised - history) - np.abs(realised - calibrated))[with_gap]
        better = cluster_bootstrap(account[with_gap], [closer], mean)
        rank = cluster_bootstrap(account, [ranks(promised), ranks(realised)], correlation)
        row: dict[str, Any] = {
            "who": who,
            "manager": name,
            "forecasts": over,
            "resolved": int(own.sum()),
            "accounts": len(np.unique(account)),
            "promised": _mean_of(promised),
            "realised": _mean_of(realised),
            "realised_per_promised": rounded(realised.sum() / promised.sum()) if promised.sum() > 0 else None,
            "factor": rounded(factor),
            "weight": None if weight is None else rounded(weight),
            "miss_as_promised": _mean_of(np.abs(realised - promised)),
            "miss_calibrated": _mean_of(np.abs(realised - (calibrated if weight is not None else history))),
            "miss_history": _mean_of(np.abs(realised - history)[with_gap]),
            "miss_no_change": _mean_of(np.abs(realised)),
        }
        if weight is None:
            better = (None, None, None)
        row |= dict(zip(("closer_than_history", "closer_low", "closer_high"), better, strict=True))
        return row | dict(zip(("rank_correlation", "rank_low", "rank_high"), rank, strict=True))


def _mean_of(values: FloatArray) -> float | None:
    return rounded(values.mean()) if len(values) else None


def _findings(rows: Sequence[Row], common: float, weight: float, miss: float | None) -> tuple[Finding, ...]:
    """Return what the record of all managers says; each manager's own stands in the table."""
    every = rows[0]
    lead = Finding.of(
        "forecasts_resolved", NOTE, resolved=every["resolved"], forecasts=every["forecasts"],
        accounts=every["accounts"], worth=common,
    )  # fmt: skip
    if miss is None:
        return lead, Finding.of("forecasts_few", NOTE, needed=MIN_RESOLVED)
    misses = {
        "promised": every["miss_as_promised"], "calibrated": every["miss_calibrated"], "history": every["miss_history"],
        "no_change": every["miss_no_change"],
    }  # fmt: skip
    comparison = (
        Finding.of("forecasts_no_weight", NOTE, **misses)
        if weight == 0
        else Finding.of("forecasts_weighted", NOTE, **misses, weight=weight)
    )
    return lead, comparison, Finding.of("forecasts_of_climbers", NOTE)
