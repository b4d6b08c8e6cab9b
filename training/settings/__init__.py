"""TOML -> one frozen value: every number that a user may change, with its default, limits, unit and reason."""

from training.settings.learning import (
    BoosterSettings,
    OutcomeSettings,
    PoolSettings,
    SliceSettings,
    SourceSettings,
    UpliftSettings,
)
from training.settings.operating import (
    AdviceSettings,
    MonitorSettings,
    PlanSettings,
    PromotionSettings,
    RegistrySettings,
    ServiceSettings,
)
from training.settings.settings import Settings, parse_settings, read_settings, read_written, write_settings

__all__ = [
    "AdviceSettings",
    "BoosterSettings",
    "MonitorSettings",
    "OutcomeSettings",
    "PlanSettings",
    "PoolSettings",
    "PromotionSettings",
    "RegistrySettings",
    "ServiceSettings",
    "Settings",
    "SliceSettings",
    "SourceSettings",
    "UpliftSettings",
    "parse_settings",
    "read_settings",
    "read_written",
    "write_settings",
]
