"""All sections together, and TOML -> settings: every number that a user may change.

Nothing below the command line reads a file or the environment for its settings: they flow down as this value.
"""

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

from pydantic import Field, TypeAdapter, model_validator
from pydantic.dataclasses import dataclass

from features.errors import SettingsError
from features.ladder.rules import LadderRules
from features.sources.source import TableMapping
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
    GovernanceSettings,
    LoyaltySettings,
    MonitorSettings,
    PlanSettings,
    PluginSettings,
    PromotionSettings,
    RegistrySettings,
    ServiceSettings,
    SignInSettings,
)
from training.settings.playbook import PlaybookSettings, with_plays_of_file
from training.settings.section import FORBID, Section


@dataclass(frozen=True, config=FORBID)
class Settings(Section):
    """Everything that may be set, by section; what is not said keeps its default."""

    source: SourceSettings = Field(default_factory=SourceSettings)
    outcome: OutcomeSettings = Field(default_factory=OutcomeSettings)
    ladder: LadderRules = Field(default_factory=LadderRules)
    slices: SliceSettings = Field(default_factory=SliceSettings)
    booster: BoosterSettings = Field(default_factory=BoosterSettings)
    pool: PoolSettings = Field(default_factory=PoolSettings)
    uplift: UpliftSettings = Field(default_factory=UpliftSettings)
    advice: AdviceSettings = Field(default_factory=AdviceSettings)
    playbook: PlaybookSettings = Field(default_factory=PlaybookSettings)
    loyalty: LoyaltySettings = Field(default_factory=LoyaltySettings)
    plan: PlanSettings = Field(default_factory=PlanSettings)
    promotion: PromotionSettings = Field(default_factory=PromotionSettings)
    monitor: MonitorSettings = Field(default_factory=MonitorSettings)
    registry: RegistrySettings = Field(default_factory=RegistrySettings)
    plugins: PluginSettings = Field(default_factory=PluginSettings)
    service: ServiceSettings = Field(default_factory=ServiceSettings)
    sign_in: SignInSettings = Field(default_factory=SignInSettings)
    governance: GovernanceSettings = Field(default_factory=GovernanceSettings)
    tables: Mapping[str, TableMapping] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _agree(self) -> Self:
        """Refuse settings of which each is possible, and all together are not."""
        for section, low, high, why in NEVER_MORE:
            fewer, more = (getattr(getattr(self, section), name) for name in (low, high))
            if fewer > more:
                raise SettingsError(
                    f"{section}.{low} = {fewer} is more than {section}.{high} = {more}, but {why}. Lower the first or "
                    "raise the second."
                )
        return self

    def digest(self) -> str:
        """Twelve hexadecimal digits that change with any setting."""
        text = json.dumps(asdict(self), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


NEVER_MORE = (
    ("ladder", "member_periods_with_order", "member_periods", "no account orders in more periods than are looked at"),
    ("ladder", "advocate_referrals", "raving_fan_referrals", "a raving fan has at least the referrals of an advocate"),
    (
        "ladder", "customer_order_days", "member_periods_with_order",
        "a member, who orders in so many periods, is a customer too",
    ),
    (
        "promotion", "most_lost_to_a_day", "most_lost_to_a_week",
        "what is known a week later is known a day later too: it loses no less",
    ),
)  # fmt: skip
"""Section, a setting of it, and the one that it must not exceed, with the reason."""


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
        text = path.read_text(encoding="utf-8")
        content = tomllib.loads(text)
    except OSError as error:
        raise SettingsError(f"The settings {path} cannot be read: {error.strerror}. Check --config.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"The settings {path} are not valid TOML: {error}.") from None
    return parse_settings(with_plays_of_file(content, path.parent, f"The settings {path}", text))


def parse_settings(content: Mapping[str, Any], beside: Path = Path()) -> Settings:
    """The settings in parsed TOML.  beside : where its playbook lies.  Raises SettingsError, naming the key."""
    return TypeAdapter(Settings).validate_python(with_plays_of_file(content, beside))


def write_settings(settings: Settings) -> str:
    """All settings as JSON that `read_written` takes: what is kept with a model."""
    return json.dumps(asdict(settings), indent=1, sort_keys=True) + "\n"


def read_written(text: str) -> Settings:
    """The settings that `write_settings` wrote.  Raises SettingsError if this program no longer knows one of them."""
    try:
        content = json.loads(text)
    except ValueError as error:
        raise SettingsError(f"The settings kept with the model are not valid JSON: {error}.") from None
    return parse_settings(content)
