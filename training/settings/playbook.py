"""The playbook: what to do, what to say, for whom and by when, by rung, trigger, customer type and advice.

The rows that hold where nobody wrote others are `playbook.toml` beside this file. Own rows stand in the settings
(`[[playbook.plays]]`) or in a file that the settings name.
"""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, TypeAdapter, model_validator
from pydantic.dataclasses import dataclass

from features.errors import SettingsError
from features.tables import RUNGS, TRIGGER_FAMILIES
from training.settings.section import FORBID, Days, Section

CUSTOMER_TYPES = ("commodity_buyer", "underperformer", "partner", "most_valuable")
ADVICE = ("invest", "test", "talk", "leave_alone", "not_enough_data")
ALWAYS_KNOWN = ("account", "rung")
FACTS = (
    *ALWAYS_KNOWN, "owner", "next_rung", "act_by", "next_order", "overdue_days", "contract_end", "investment", "gain",
    "trigger", "expected_revenue", "value_at_risk", "lifetime_value", "win_back_odds", "win_back_value",
)  # fmt: skip
"""What a text may hold between { and }."""
TEXTS = ("do_en", "do_nl", "do_de", "say_en", "say_nl", "say_de", "whom_en", "whom_nl", "whom_de")
_PART, _HOLE = re.compile(r"\[([^\[\]]*)\]"), re.compile(r"\{([^{}]*)\}")
DEFAULTS = Path(__file__).with_name("playbook.toml")

Text = Annotated[str, Field(strict=True, min_length=1, max_length=600)]


@dataclass(frozen=True, config=FORBID)
class PlayRow(Section):
    """One row of the playbook.  What is empty holds for all.

    key : its name, which each score carries.  former : whether it is for former customers; else it is for all others.
    do, say, whom : in English and Dutch, and in German where somebody wrote it.
    within_days : by when, from as_of, where nothing asks for an earlier day.
    """

    heading: ClassVar = "playbook.plays"

    key: Annotated[str, Field(strict=True, pattern=r"^[a-z][a-z0-9_]{0,59}$")]
    do_en: Text
    do_nl: Text
    say_en: Text
    say_nl: Text
    whom_en: Text
    whom_nl: Text
    within_days: Annotated[Days, Field(ge=0, le=365)]
    rungs: tuple[Literal[RUNGS], ...] = ()  # type: ignore[valid-type]
    triggers: tuple[Literal[TRIGGER_FAMILIES], ...] = ()  # type: ignore[valid-type]
    customer_types: tuple[Literal[CUSTOMER_TYPES], ...] = ()  # type: ignore[valid-type]
    advice: tuple[Literal[ADVICE], ...] = ()  # type: ignore[valid-type]
    former: bool = False
    do_de: Annotated[str, Field(strict=True, max_length=600)] = ""
    say_de: Annotated[str, Field(strict=True, max_length=600)] = ""
    whom_de: Annotated[str, Field(strict=True, max_length=600)] = ""

    @model_validator(mode="after")
    def _can_be_written(self) -> Self:
        """Refuse a text that names a fact that there is none of, or one that may be missing outside of brackets."""
        for name in TEXTS:
            text = getattr(self, name)
            where = f"playbook: {self.key}.{name}"
            plain = _PART.sub("", text)
            if set("[]") & set(plain) or set("{}") & set(_HOLE.sub("", text)):
                raise SettingsError(f"{where} has a bracket without its other one: {text!r}.")
            for fact in _HOLE.findall(text):
                if fact not in FACTS:
                    raise SettingsError(f"{where} asks for {{{fact}}}; the facts are {', '.join(FACTS)}.")
            for fact in _HOLE.findall(plain):
                if fact not in ALWAYS_KNOWN:
                    raise SettingsError(
                        f"{where} asks for {{{fact}}}, which is not known of every account: write the part that needs "
                        "it between [ and ]."
                    )
        return self


@dataclass(frozen=True, config=FORBID)
class PlaybookSettings(Section):
    """What to do and say on each rung: docs/playbook.md tells how rows are chosen and written."""

    heading: ClassVar = "playbook"

    file: str = Field(
        default="",
        description='a TOML file of plays beside the settings, as "playbook.toml"; "" = none. Copy '
        "training/settings/playbook.toml to begin with",
    )
    base: Literal["default", "none"] = Field(
        default="default",
        description='"default" = the program\'s own plays hold where yours do not fit, and a play of yours with the '
        'same key replaces one; "none" = yours alone',
    )
    plays: tuple[PlayRow, ...] = Field(
        default=(), description="your own, each under [[playbook.plays]], as those in the file"
    )

    @model_validator(mode="after")
    def _are_different(self) -> Self:
        """Refuse two plays of one key, and a playbook in which nothing holds for somebody."""
        seen: set[str] = set()
        for play in self.plays:
            if play.key in seen:
                raise SettingsError(f"playbook.plays has two plays {play.key!r}; give each a key of its own.")
            seen.add(play.key)
        return self

    @property
    def rows(self) -> tuple[PlayRow, ...]:
        """Return all plays, the own ones first."""
        own = {play.key for play in self.plays}
        return (
            *self.plays,
            *(play for play in (default_plays() if self.base == "default" else ()) if play.key not in own),
        )


@cache
def default_plays() -> tuple[PlayRow, ...]:
    """Return the plays that hold where nobody wrote others."""
    return read_plays(DEFAULTS)


def read_plays(path: Path) -> tuple[PlayRow, ...]:
    """Read the plays of a file.  Raises SettingsError, naming the play and the key."""
    return TypeAdapter(tuple[PlayRow, ...]).validate_python(_rows_in(path))


def _rows_in(path: Path) -> list[Any]:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"The playbook {path} cannot be read: {error.strerror}. Check playbook.file.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"The playbook {path} is not valid TOML: {error}.") from None
    other = sorted(content.keys() - {"plays"})
    rows = content.get("plays", [])
    if other or not isinstance(rows, list):
        raise SettingsError(f"The playbook {path} holds {', '.join(other) or 'no list of plays'}; write [[plays]].")
    return rows


def with_plays_of_file(content: Mapping[str, Any], beside: Path) -> Mapping[str, Any]:
    """Return parsed settings with the plays of the file that they name among their own.  beside : where it lies."""
    playbook = content.get("playbook")
    if not isinstance(playbook, Mapping) or not isinstance(playbook.get("file"), str) or not playbook["file"]:
        return content
    inline = playbook.get("plays", [])
    rows = [*(inline if isinstance(inline, list) else [inline]), *_rows_in(beside / playbook["file"])]
    return {**content, "playbook": {**playbook, "file": "", "plays": rows}}
