"""The facts of a bundle: everything that is known of the models, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from features.ladder.rules import LadderRules
from features.sources.cleaning.rules import SourceRules
from training.model.findings import Finding
from training.model.playbook import Play


@dataclass(frozen=True)
class Facts:
    """What is known of the models of a bundle, all of it plain.

    trained_until : microseconds; nothing later was learnt from.
    definition : what switching means, `recorded`, `rhythm` or `silence`.
    renewal_grace_days : how long before or after its end a contract may be followed by another.
    catalog : fingerprint of the feature catalogue.
    features, tables : the columns of the matrix; the tables that the source held.
    settings_digest, data_digest : twelve hexadecimal digits each.
    margin_rate : gross margin where an account's own is unknown, 0 .. 1.
    level : coverage of the intervals of effects, 0 .. 1.
    trigger_shares : the shares of the three trigger families where nothing is known of the account.
    peers : rung -> feature -> median on that rung, for the reasons.
    value_gaps, upgrade_basis : by rung.
    usual_load : contacts and tickets per thousand of revenue of the median buyer; None where neither is recorded.
    forecast_common, forecast_factors : what one unit of an account manager's forecast has been worth, of all managers
        and of each.
    forecast_weight, forecast_weights : weight of managers against history in the blend, of all managers and of each.
    forecast_history : what one unit of value gap has been worth.
    forecast_miss, forecast_size : the miss and the offset of `training.account_managers.track_record`.
    track_record : its rows.
    set_threshold : the mass to which sets of rungs grow.
    set_coverage : the share of the realised rungs that should lie in their sets.
    interval : the share of the realised revenues that should lie in their intervals.
    acquisition : rows of `training.effects.acquisition_roi`.
    line_margins : product line -> its margin rate, as `training.model.margins` writes it.
    figures : out-of-time figures.
    report : what was found about the models, as `training.model.findings` has it.
    currency : sign before amounts, as the settings of the training had it.
    source_currency, exchange_rates, time_zone, price_index : of the source that was learnt from, as its settings had
        them; the index as pairs of an instant (microseconds) and a value. An account that is sent is read likewise.
    sure, test_share : as the settings of the training had them under `advice`.
    notice_days : as the settings of the training had it under `advice`.
    playbook : the plays, the own ones first.  playbook_from : `program`, `training` or `settings`: whose they are.
    lifetime_years, discount_rate : as the settings of the training had them under `outcome`.
    norms : what is usual among accounts, by rung, as `features.accounts.loyalty.Norms` has it.
    inflation : of prices, a year, as a share; what an account's growth is held against.
    benefits : rows of the table `benefits`.
    option_words : option -> label_en, label_nl and customer_benefit (money) of investment_options, as far as given.
    rung_views : rows of `training.account_managers.rung_agreement`.
    risk, value_at_risk : the chance of switching, and the margin at stake, from which on an account is at risk; None
        where nobody's leaving is predicted.
    packages : that added features or members when it was trained, each with its version.
    raw_columns : what the raw columns held in the year before, as `training.data.raw_columns` writes it.
    """

    trained_until: int
    horizon_days: int
    definition: str
    silence_days: int
    catalog: str
    features: tuple[str, ...]
    tables: tuple[str, ...]
    rules: LadderRules
    vocabulary: Mapping[str, tuple[str, ...]]
    settings_digest: str
    data_digest: str
    margin_rate: float
    level: float
    trigger_shares: tuple[float, ...]
    peers: tuple[Mapping[str, float], ...]
    value_gaps: tuple[float | None, ...]
    upgrade_basis: tuple[str, ...]
    usual_load: float | None
    forecast_common: float | None
    forecast_factors: Mapping[str, float]
    set_coverage: float
    set_threshold: float
    interval: float
    figures: Mapping[str, float] = field(default_factory=dict)
    report: tuple[Finding, ...] = ()
    forecast_weight: float = 0.0
    forecast_weights: Mapping[str, float] = field(default_factory=dict)
    forecast_history: float = 1.0
    forecast_miss: float | None = None
    forecast_size: float = 1.0
    track_record: tuple[Mapping[str, str | int | float | None], ...] = ()
    acquisition: tuple[Mapping[str, str | int | float | None], ...] = ()
    line_margins: Mapping[str, float] = field(default_factory=dict)
    currency: str = ""
    source_currency: str = ""
    exchange_rates: Mapping[str, float] = field(default_factory=dict)
    time_zone: str = "UTC"
    price_index: tuple[tuple[int, float], ...] = ()
    renewal_grace_days: int = 60
    sure: float = 0.8
    test_share: float = 0.5
    risk: float = 0.5
    value_at_risk: float | None = None
    raw_columns: Mapping[str, Any] = field(default_factory=dict)
    lifetime_years: int = 5
    discount_rate: float = 0.1
    notice_days: int = 30
    playbook: tuple[Play, ...] = ()
    playbook_from: str = "program"
    norms: Mapping[str, tuple[float | None, ...]] = field(default_factory=dict)
    inflation: float = 0.0
    benefits: tuple[Mapping[str, str | None], ...] = ()
    option_words: Mapping[str, Mapping[str, str | float | None]] = field(default_factory=dict)
    packages: tuple[str, ...] = ()
    rung_views: tuple[Mapping[str, str | int | float | None], ...] = ()

    @property
    def source_rules(self) -> SourceRules:
        """Return how the rows of an account are to be understood: as those of the source were."""
        return SourceRules(
            time_zone=self.time_zone, currency=self.source_currency, exchange_rates=self.exchange_rates,
            deflator=dict(self.price_index),
        )  # fmt: skip
