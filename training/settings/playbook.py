"""The playbook: what to do, what to say, for whom and by when, by rung, trigger, customer type and advice.

The rows that hold where nobody wrote others are `playbook.toml` beside this file. Own rows stand in the settings
(`[[playbook.plays]]`) or in a file that the settings name.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import fields
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
TEXTS = ("do_en", "do_nl", "say_en", "say_nl", "whom_en", "whom_nl")
GERMAN_TEXTS = ("do_de", "say_de", "whom_de")
"""May be left out, all three together: a German reader is then told the play in English."""
_PART, _HOLE = re.compile(r"\[([^\[\]]*)\]"), re.compile(r"\{([^{}]*)\}")
_HEADING = re.compile(r"\s*\[\[\s*(?:playbook\s*\.\s*)?plays\s*\]\]")
DEFAULTS = Path(__file__).with_name("playbook.toml")

Text = Annotated[str, Field(strict=True, min_length=1, max_length=600)]
MaybeText = Annotated[str, Field(strict=True, max_length=600)]


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
    do_de: MaybeText = ""
    say_de: MaybeText = ""
    whom_de: MaybeText = ""

    @model_validator(mode="after")
    def _can_be_written(self) -> Self:
        """Refuse a text that names a fact that there is none of, or one that may be missing outside of brackets."""
        german = [name for name in GERMAN_TEXTS if getattr(self, name)]
        if german and len(german) < len(GERMAN_TEXTS):
            lacking = ", ".join(name for name in GERMAN_TEXTS if name not in german)
            raise SettingsError(
                f"playbook: {self.key} has {', '.join(german)}, and lacks {lacking}. Write all three in German, or "
                "none of them."
            )
        for name in (*TEXTS, *german):
            text = getattr(self, name)
            where = f"playbook: {self.key}.{name}"
            plain = _PART.sub("", text)
            if set("[]") & set(plain) or set("{}") & set(_HOLE.sub("", text)):
                raise SettingsError(f"{where} has a bracket without its other one: {text!r}. Close it.")
            for fact in _HOLE.findall(text):
                if fact not in FACTS:
                    raise SettingsError(
                        f"{where} asks for {{{fact}}}; the facts are {', '.join(FACTS)}. Use one of these."
                    )
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
    """Read the plays of a file.  Raises SettingsError, naming the play, its line and what is wrong."""
    return TypeAdapter(tuple[PlayRow, ...]).validate_python(_rows_in(path))


def _rows_in(path: Path) -> list[Any]:
    try:
        text = path.read_text(encoding="utf-8")
        content = tomllib.loads(text)
    except OSError as error:
        raise SettingsError(f"The playbook {path} cannot be read: {error.strerror}. Check playbook.file.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"The playbook {path} is not valid TOML: {error}.") from None
    other = sorted(content.keys() - {"plays"})
    rows = content.get("plays", [])
    if other or not isinstance(rows, list):
        raise SettingsError(f"The playbook {path} holds {', '.join(other) or 'no list of plays'}; write [[plays]].")
    _check(rows, f"The playbook {path}", text)
    return rows


def with_plays_of_file(
    content: Mapping[str, Any], beside: Path, name: str = "The settings", text: str = ""
) -> Mapping[str, Any]:
    """Return parsed settings with the plays of the file that they name among their own.

    beside : where it lies.  name, text : of the settings' own file.  Raises SettingsError, naming play and line.
    """
    playbook = content.get("playbook")
    if not isinstance(playbook, Mapping):
        return content
    inline = playbook.get("plays", [])
    if isinstance(inline, list):
        _check(inline, name, text)
    if not isinstance(playbook.get("file"), str) or not playbook["file"]:
        return content
    rows = [*(inline if isinstance(inline, list) else [inline]), *_rows_in(beside / playbook["file"])]
    return {**content, "playbook": {**playbook, "file": "", "plays": rows}}


def _check(rows: Sequence[Any], file: str, text: str) -> None:
    """Refuse the first row that is none, with where it stands, and name the others.

    text : of the file, to find lines in; rows are counted where its plays are not written as [[plays]].
    """
    places, wrong, seen = _places(rows, text), list[tuple[str, str]](), dict[object, str]()
    for row, place in zip(rows, places, strict=True):
        fault = _fault(row)
        key = row.get("key") if isinstance(row, Mapping) else None
        if fault is None and key in seen:
            fault = f"its key {key!r} is that of {seen[key]} too; give each a key of its own."
        elif isinstance(key, str):
            seen.setdefault(key, place)
        if fault is not None:
            wrong.append((place if not isinstance(key, str) else f"{place}, {key!r}", fault))
    if wrong:
        (place, fault), *more = wrong
        also = f" Also wrong: {'; '.join(other for other, _ in more)}." if more else ""
        raise SettingsError(f"{file}, {place}: {fault}{also}")


def _fault(row: Any) -> str | None:
    """Return what is wrong with a row; None where it is a play."""
    if isinstance(row, Mapping):
        known = [field.name for field in fields(PlayRow)]
        unknown = [name for name in row if name not in known]
        if unknown:
            return f"{', '.join(map(str, unknown))}: nothing of a play is called so. Known here: {', '.join(known)}."
        lacking = [name for name in TEXTS if not row.get(name)]
        if lacking:
            return (
                f"{', '.join(lacking)} {'is' if len(lacking) == 1 else 'are'} missing: a play says do, say and whom in "
                "English (_en) and Dutch (_nl)."
            )
    try:
        TypeAdapter(PlayRow).validate_python(row)
    except SettingsError as error:
        return str(error)
    return None


def _places(rows: Sequence[Any], text: str) -> list[str]:
    """Return where each row stands, as `play 3 (line 27)`."""
    lines = [number for number, line in enumerate(text.splitlines(), 1) if _HEADING.match(line)]
    if len(lines) != len(rows):
        return [f"play {number}" for number in range(1, len(rows) + 1)]
    return [f"play {number} (line {line})" for number, line in enumerate(lines, 1)]
