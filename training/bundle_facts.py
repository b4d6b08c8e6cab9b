"""What a bundle knows of the data and the settings that it was trained with."""

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np

from features.catalog import catalog
from features.extensions import packages_of_models
from features.instants import BoolArray, FloatArray, instant
from features.tables import RUNGS
from training.account_managers.track_record import ForecastRecord
from training.data.dataset import Dataset
from training.data.loyalty_norms import latest_norms
from training.data.raw_columns import remember_columns
from training.effects.upgrade import UpgradeEffect
from training.evaluation.evaluation import Comparison
from training.model.bundle import Facts
from training.model.findings import Finding
from training.model.margins import line_margins
from training.model.playbook import play_of
from training.model.predictors import Pool
from training.model.revenue import RevenueModel
from training.model.service_load import usual_load
from training.models.conformal import SetRule
from training.settings import Settings
from training.settings.playbook import PlaybookSettings


def facts_of(
    data: Dataset, settings: Settings, *, upgrades: Sequence[UpgradeEffect], gaps: tuple[float | None, ...],
    record: ForecastRecord | None, sets: SetRule, comparisons: Sequence[Comparison], report: tuple[Finding, ...],
) -> Facts:  # fmt: skip
    """Return the facts of a bundle: what its scores are told with, and what it may be held against."""
    figures = {name: round(value, 6) for table in comparisons for name, value in table.figures().items()}
    basis = {upgrade.rung: upgrade.basis for upgrade in upgrades}
    return Facts(
        trained_until=data.end,
        horizon_days=settings.outcome.horizon_days,
        definition=data.definition,
        silence_days=settings.outcome.silence_days,
        catalog=catalog.fingerprint(),
        features=catalog.NAMES,
        tables=tuple(sorted(data.totals.tables)),
        rules=settings.ladder,
        vocabulary=data.context.vocabulary,
        settings_digest=settings.digest(),
        data_digest=data.totals.digest,
        margin_rate=margin_of(data, settings),
        level=settings.uplift.level,
        trigger_shares=data.totals.trigger_shares(),
        peers=_peers(data),
        usual_load=usual_load(data.matrix, catalog.NAMES, data.snapshots.as_of == data.snapshots.as_of.max()),
        value_gaps=gaps,
        upgrade_basis=tuple(basis.get(rung, "insufficient") for rung in range(len(RUNGS) - 1)),
        forecast_common=record.common if record else None,
        forecast_factors=record.factors if record else {},
        forecast_weight=record.weight if record else 0.0,
        forecast_weights=record.weights if record else {},
        forecast_history=record.history if record else 1.0,
        forecast_miss=record.miss if record else None,
        forecast_size=record.offset if record else 1.0,
        track_record=record.rows if record else (),
        set_coverage=settings.outcome.set_coverage,
        set_threshold=sets.threshold,
        interval=settings.outcome.interval,
        figures=figures,
        report=report,
        line_margins=line_margins(data.totals.lines),
        currency=settings.service.currency,
        source_currency=settings.source.currency,
        exchange_rates=settings.source.exchange_rates,
        time_zone=settings.source.time_zone,
        price_index=tuple((instant(day), value) for day, value in sorted(settings.source.deflator.items())),
        renewal_grace_days=settings.outcome.renewal_grace_days,
        sure=settings.advice.sure,
        test_share=settings.advice.test_share,
        risk=settings.advice.risk,
        raw_columns=remember_columns(data.totals.profiles, data.end),
        packages=packages_of_models(),
        lifetime_years=settings.outcome.lifetime_years,
        discount_rate=settings.outcome.discount_rate,
        notice_days=settings.advice.notice_days,
        playbook=tuple(play_of(asdict(row)) for row in settings.playbook.rows),
        playbook_from="program" if settings.playbook == PlaybookSettings() else "training",
        norms=latest_norms(data),
        inflation=settings.loyalty.inflation,
        benefits=tuple(benefit.row() for benefit in data.histories.benefits),
        option_words=data.histories.options.words,
    )


def margin_of(data: Dataset, settings: Settings) -> float:
    """Return the gross margin over all orders whose cost is known; as set where none is."""
    return data.totals.margin_rate(settings.uplift.margin_rate)


def value_at_risk(data: Dataset, switching: Pool | None, revenue: RevenueModel, settings: Settings) -> float | None:
    """Return the margin at stake from which on an account is among the top, in the latest slice; None without any."""
    latest = (data.snapshots.as_of == data.snapshots.as_of.max()) & data.labels.can_switch
    if switching is None or not latest.any():
        return None
    matrix = data.matrix[latest]
    stake = switching.predict(matrix)[:, 0] * revenue.predict(matrix)[:, 0] * margin_of(data, settings)
    mark = round(float(np.quantile(stake, 1 - settings.advice.top_at_risk)), 2)
    return mark if mark > 0 else None


def _peers(data: Dataset) -> tuple[dict[str, float], ...]:
    """Return the median of every feature on every rung, in the latest slice; none of what never happened to most."""
    latest = data.snapshots.as_of == data.snapshots.as_of.max()
    return tuple(_medians(data.matrix[latest & (data.labels.rung == rung)]) for rung in range(len(RUNGS)))


def _medians(matrix: FloatArray) -> dict[str, float]:
    known: BoolArray = ~np.isnan(matrix)
    medians = {}
    for column, feature in enumerate(catalog.FEATURES):
        least = len(matrix) / 2 if feature.missing_direction else 1
        if known[:, column].sum() >= max(least, 1):
            medians[feature.name] = round(float(np.median(matrix[known[:, column], column])), 4)
    return medians
