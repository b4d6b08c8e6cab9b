"""TOML -> one frozen value: every number that a user may change, with the defaults that `conf/ladder.toml` explains.

Sections are dataclasses, keys are their fields. An unknown key, a value of another type or one outside its
limits is a SettingsError that names the key. Nothing below the command line reads a file or the environment
for its settings: they flow down as this value.
"""

import dataclasses
import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from features.errors import SettingsError
from features.ladder.rules import LadderRules
from features.sources.source import TableMapping

Section = TypeVar("Section")


@dataclass(frozen=True)
class SourceSettings:
    """max_bad_share : share of a table's rows that may be set aside before the run is refused, 0..1."""

    max_bad_share: float = 0.05


@dataclass(frozen=True)
class OutcomeSettings:
    """What is predicted: horizon_days ahead; switching is recorded, silence or auto (recorded where there are
    at least recorded_at_least of them); silence_days is how recently an account must have ordered to be able
    to fall silent; further_horizons_days are looked at besides horizon_days; set_coverage and interval are the
    shares of accounts whose rung lies in its set, and whose revenue lies in its interval."""

    horizon_days: int = 180
    switching: str = "auto"
    recorded_at_least: int = 50
    silence_days: int = 180
    further_horizons_days: tuple[int, ...] = (90, 365)
    set_coverage: float = 0.9
    interval: float = 0.9

    @property
    def further(self) -> tuple[int, ...]:
        """The further horizons, ascending, each once, without the main one."""
        return tuple(sorted(set(self.further_horizons_days) - {self.horizon_days}))

    def ahead(self, days: int) -> "OutcomeSettings":
        """The same with that main horizon."""
        return dataclasses.replace(self, horizon_days=days)


@dataclass(frozen=True)
class SliceSettings:
    """Training looks at every account every every_days, at most `most` times, latest first, not before
    least_history_days of data; at most most_snapshots in all, sampled by account; held_out_share of the
    accounts is kept for judging on accounts never seen."""

    every_days: int = 30
    most: int = 24
    least_history_days: int = 90
    most_snapshots: int = 200_000
    held_out_share: float = 0.2


@dataclass(frozen=True)
class BoosterSettings:
    """LightGBM's parameters, small and regularised: default ones lose on small panels."""

    rounds: int = 120
    learning_rate: float = 0.05
    leaves: int = 8
    least_in_leaf: int = 60
    l2: float = 10.0
    row_share: float = 0.5
    column_share: float = 0.3
    threads: int = 1
    seed: int = 0

    def with_rounds(self, rounds: int, learning_rate: float | None = None) -> "BoosterSettings":
        """The same with another number of trees, and another rate if one is given."""
        rate = self.learning_rate if learning_rate is None else learning_rate
        return dataclasses.replace(self, rounds=rounds, learning_rate=rate)

    def with_leaves(self, leaves: int) -> "BoosterSettings":
        """The same with at most so many leaves a tree."""
        return dataclasses.replace(self, leaves=min(leaves, self.leaves))


@dataclass(frozen=True)
class PoolSettings:
    """Members of a prediction's pool that are left out of it, by name (`MEMBERS` of training/models/next_rung.py and
    training/models/switching.py)."""

    next_rung_without: tuple[str, ...] = ()
    switching_without: tuple[str, ...] = ()


@dataclass(frozen=True)
class UpliftSettings:
    """Sequential target trials: exposure within exposure_days of as_of among accounts not invested in for
    washout_days; nuisances over `folds` folds of accounts; estimated propensities clipped at `clip`; an
    option needs least_treated treated accounts and least_effective comparable controls, told apart at most
    most_separation of the time; `level` is the
    coverage of intervals; margin_rate is used where orders.cost is unknown; landmark_days is when climbing
    must have happened for the upgrade's effect; revenue_share is what an option costs besides its planned cost, as
    a share of the account's revenue over the horizon; cost_per_interaction and cost_per_ticket price what an option
    changes in serving the account."""

    exposure_days: int = 30
    washout_days: int = 90
    folds: int = 5
    clip: float = 0.01
    least_treated: int = 60
    least_effective: int = 60
    least_overlap: float = 0.5
    most_separation: float = 0.95
    level: float = 0.9
    margin_rate: float = 0.3
    landmark_days: int = 60
    revenue_share: Mapping[str, float] = field(default_factory=dict)
    cost_per_interaction: float = 0.0
    cost_per_ticket: float = 0.0

    @property
    def prices_serving(self) -> bool:
        """Whether what serving takes has a price."""
        return self.cost_per_interaction > 0 or self.cost_per_ticket > 0


@dataclass(frozen=True)
class ServiceSettings:
    """Limits of the service, in each of its processes; the managers' page: proxy_user_header is the header in which a
    proxy in front names the person whom it signed in ("" = there is none, and the header is not looked at), currency
    the sign before amounts in every text; a trained model keeps it."""

    requests_per_second: float = 100.0
    requests_at_once: int = 200
    most_waiting: int = 64
    proxy_user_header: str = ""
    currency: str = "€"


@dataclass(frozen=True)
class PlanSettings:
    """hours : option -> hours of the account manager's time that it takes at one account."""

    hours: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class PromotionSettings:
    """Limits of the checks before a promotion, as docs/promotion.md explains them: tolerance in log loss and
    tolerance_share of other scores are differences that count as none; least_* are counts below which a warning is
    given; segment_level is the false-discovery rate over segments; most_lost_to_* are shares of skill."""

    tolerance: float = 0.003
    tolerance_share: float = 0.01
    most_calibration_error: float = 0.1
    least_accounts: int = 200
    least_switched: int = 50
    least_exposed: int = 60
    least_in_segment: int = 100
    segment_level: float = 0.05
    most_auc_alone: float = 0.97
    most_lost_to_a_day: float = 0.25
    most_lost_to_a_week: float = 0.5
    most_wrong_way: float = 0.02
    most_megabytes: float = 50.0
    most_milliseconds: float = 20.0


@dataclass(frozen=True)
class MonitorSettings:
    """Drift is reported where it is beyond chance and beyond the usual at a false-discovery rate of `level`, and beyond
    the usual distance by least_effect; at most most_pairs earlier pairs of instants say what is usual, on at most
    most_accounts accounts; retraining is advised where features with retrain_weight of the model's weight drifted; a
    table has stopped where it was silent for least_silent_days and twice its longest pause of a year."""

    level: float = 0.05
    least_effect: float = 0.05
    most_pairs: int = 12
    most_accounts: int = 20_000
    retrain_weight: float = 0.2
    least_silent_days: int = 7


@dataclass(frozen=True)
class RegistrySettings:
    """Names in MLflow, and the folder into which the champion is written for the service."""

    experiment: str = "loyalty-ladder"
    champion_folder: str = "champion"


@dataclass(frozen=True)
class Settings:
    """Everything that may be set, by section."""

    source: SourceSettings = field(default_factory=SourceSettings)
    outcome: OutcomeSettings = field(default_factory=OutcomeSettings)
    ladder: LadderRules = field(default_factory=LadderRules)
    slices: SliceSettings = field(default_factory=SliceSettings)
    booster: BoosterSettings = field(default_factory=BoosterSettings)
    pool: PoolSettings = field(default_factory=PoolSettings)
    uplift: UpliftSettings = field(default_factory=UpliftSettings)
    plan: PlanSettings = field(default_factory=PlanSettings)
    promotion: PromotionSettings = field(default_factory=PromotionSettings)
    monitor: MonitorSettings = field(default_factory=MonitorSettings)
    registry: RegistrySettings = field(default_factory=RegistrySettings)
    service: ServiceSettings = field(default_factory=ServiceSettings)
    tables: Mapping[str, TableMapping] = field(default_factory=dict)

    def digest(self) -> str:
        """Twelve hexadecimal digits that change with any setting."""
        text = json.dumps(dataclasses.asdict(self), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


_LIMITS: Mapping[str, tuple[float, float]] = {
    "source.max_bad_share": (0, 1),
    "outcome.horizon_days": (7, 1095),
    "outcome.recorded_at_least": (1, 10**9),
    "outcome.silence_days": (1, 3650),
    "outcome.further_horizons_days": (7, 1095),
    "outcome.set_coverage": (0.5, 0.99),
    "outcome.interval": (0.5, 0.99),
    "slices.every_days": (1, 365),
    "slices.most": (2, 1000),
    "slices.least_history_days": (0, 3650),
    "slices.most_snapshots": (1000, 10**8),
    "slices.held_out_share": (0, 0.5),
    "booster.rounds": (1, 10_000),
    "booster.learning_rate": (1e-4, 1),
    "booster.leaves": (2, 1024),
    "booster.least_in_leaf": (1, 10**6),
    "booster.l2": (0, 1e6),
    "booster.row_share": (0.05, 1),
    "booster.column_share": (0.05, 1),
    "booster.threads": (1, 256),
    "booster.seed": (0, 2**31 - 1),
    "uplift.exposure_days": (1, 365),
    "uplift.washout_days": (0, 3650),
    "uplift.folds": (2, 20),
    "uplift.clip": (1e-6, 0.2),
    "uplift.least_treated": (2, 10**9),
    "uplift.least_effective": (2, 10**9),
    "uplift.least_overlap": (0, 1),
    "uplift.most_separation": (0.5, 1),
    "uplift.level": (0.5, 0.999),
    "uplift.margin_rate": (0, 1),
    "uplift.landmark_days": (1, 1000),
    "service.requests_per_second": (0.01, 10**6),
    "service.requests_at_once": (1, 10**6),
    "service.most_waiting": (0, 10_000),
    "uplift.revenue_share": (0, 1),
    "uplift.cost_per_interaction": (0, 1e6),
    "uplift.cost_per_ticket": (0, 1e6),
    "monitor.level": (1e-6, 0.5),
    "monitor.least_effect": (0, 1),
    "monitor.most_pairs": (0, 100),
    "monitor.most_accounts": (100, 10**8),
    "monitor.retrain_weight": (0, 1),
    "monitor.least_silent_days": (1, 3650),
    "promotion.tolerance": (0, 1),
    "promotion.tolerance_share": (0, 1),
    "promotion.most_calibration_error": (0, 1),
    "promotion.least_accounts": (0, 10**9),
    "promotion.least_switched": (0, 10**9),
    "promotion.least_exposed": (1, 10**9),
    "promotion.least_in_segment": (2, 10**9),
    "promotion.segment_level": (0, 1),
    "promotion.most_auc_alone": (0.5, 1),
    "promotion.most_lost_to_a_day": (0, 10),
    "promotion.most_lost_to_a_week": (0, 10),
    "promotion.most_wrong_way": (0, 1),
    "promotion.most_megabytes": (0.001, 10**6),
    "promotion.most_milliseconds": (0.001, 10**6),
}


def limits(key: str) -> tuple[float, float]:
    """The least and the largest value of section.key, both allowed."""
    return _LIMITS.get(key, (0, 10**9))


def read_settings(path: Path | None) -> Settings:
    """The settings of a TOML file; the defaults for what it does not say, and for no file at all.

    Raises
    ------
    SettingsError
        If the file cannot be read, or says something unknown or impossible.
    """
    if path is None:
        return Settings()
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"The settings {path} cannot be read: {error.strerror}. Check --config.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"The settings {path} are not valid TOML: {error}.") from None
    return parse_settings(content)


def parse_settings(content: Mapping[str, Any]) -> Settings:
    """The settings in a parsed TOML document.  Raises SettingsError, naming the key."""
    sections = {f.name: f for f in dataclasses.fields(Settings)}
    _refuse_unknown("", content, sections)
    values: dict[str, Any] = {}
    for name, section in content.items():
        if not isinstance(section, dict):
            raise SettingsError(f"{name} = {section!r} should be a section: write [{name}] above its keys.")
        values[name] = _tables(section) if name == "tables" else _section(name, section, get_type_hints(Settings)[name])
    settings = Settings(**values)
    if settings.outcome.switching not in ("auto", "recorded", "silence"):
        raise SettingsError(f"outcome.switching is {settings.outcome.switching!r}; it is auto, recorded or silence.")
    return settings


def write_settings(settings: Settings) -> str:
    """All settings as JSON that `read_written` takes: what is kept with a model."""
    return json.dumps(dataclasses.asdict(settings), indent=1, sort_keys=True) + "\n"


def read_written(text: str) -> Settings:
    """The settings that `write_settings` wrote.  Raises SettingsError if this program no longer knows one of them."""
    try:
        content = json.loads(text)
    except ValueError as error:
        raise SettingsError(f"The settings kept with the model are not valid JSON: {error}.") from None
    return parse_settings(content)


def _section(name: str, content: Mapping[str, Any], kind: type[Section]) -> Section:
    hints = get_type_hints(kind)
    _refuse_unknown(f"{name}.", content, hints)
    return kind(**{key: _value(f"{name}.{key}", value, hints[key]) for key, value in content.items()})


def _value(key: str, value: Any, wanted: type) -> Any:
    if get_origin(wanted) is tuple:
        if type(value) is not list:
            raise SettingsError(f"{key} = {value!r} is no list: write it between [ and ].")
        return tuple(_value(key, one, get_args(wanted)[0]) for one in value)
    if get_origin(wanted) is Mapping:
        if type(value) is not dict:
            raise SettingsError(f"{key} = {value!r} is no table: write it as {{ name = 1.5 }}.")
        found = {name: _value(f"{key}.{name}", one, get_args(wanted)[1]) for name, one in value.items()}
        low, high = limits(key)
        for name, one in found.items():
            if not low <= one <= high:
                raise SettingsError(f"{key}.{name} = {one} lies outside {low} .. {high}.")
        return found
    if wanted is float and type(value) is int:
        value = float(value)
    if type(value) is not wanted:
        raise SettingsError(f"{key} = {value!r} is not of the type {wanted.__name__}.")
    low, high = limits(key)
    if isinstance(value, int | float) and not low <= value <= high:
        raise SettingsError(f"{key} = {value} lies outside {low} .. {high}.")
    return value


def _tables(content: Mapping[str, Any]) -> dict[str, TableMapping]:
    mapped = {}
    for table, keys in content.items():
        name = f"tables.{table}"
        if not isinstance(keys, dict):
            raise SettingsError(f"{name} should be a section: write [{name}] above its keys.")
        _refuse_unknown(f"{name}.", keys, {"query": str, "columns": dict})
        columns, query = keys.get("columns", {}), keys.get("query")
        if not isinstance(columns, dict) or not all(isinstance(v, str) for v in columns.values()):
            raise SettingsError(f"{name}.columns names, for each column of the contract, the column in your data.")
        if query is not None and not isinstance(query, str):
            raise SettingsError(f"{name}.query is {query!r}; it should be a SQL text.")
        mapped[table] = TableMapping(query=query, columns=columns)
    return mapped


def _refuse_unknown(prefix: str, content: Mapping[str, Any], known: Mapping[str, Any]) -> None:
    for key in content:
        if key not in known:
            raise SettingsError(f"{prefix}{key} is not a setting. Known here: {', '.join(sorted(known))}.")
