"""conf/ladder.toml and docs/settings.md: every setting with its default, its limits, its unit and its reason.

Both are written from the settings' own fields by `make reference`; a test fails when one is out of date.
"""

import json
import re
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from training.settings.section import MOST
from training.settings.settings import Settings

WIDTH = 120
HEAD = """\
# Every setting of the program, with its default, the values that it may have, its unit and its reason.
#
# Use it with `--config conf/ladder.toml`, or copy the few lines that you want to change into a file of your
# own: what a file does not say keeps its default. An unknown key, a value of another type or one outside its
# limits is refused by name. Days are days of 24 hours; shares lie between 0 and 1; money is in your currency.
"""
TABLES = """\
# Your own names. Each table of the contract may be read with a query, with other column names (on the left the
# contract's column, on the right yours), and with the reading of a column whose cells leave it in doubt:
# docs/sources.md tells all.
[tables]
# [tables.orders]
# query = "SELECT klant, datum, bedrag, kostprijs FROM facturen WHERE status <> 'concept'"
# columns = { account_id = "klant", ordered_at = "datum", revenue = "bedrag", cost = "kostprijs" }
# reading = { ordered_at = "dmy", revenue = "decimal_comma" }
"""


@dataclass(frozen=True)
class Setting:
    """One setting in words.

    default : as TOML has it.  allowed : its limits, empty where any text is.  unit : empty where it is a bare number.
    """

    key: str
    default: str
    allowed: str
    unit: str
    reason: str

    @property
    def comment(self) -> str:
        """What stands beside it in the file."""
        unit = "" if self.reason.startswith(self.unit) else f" {self.unit}"
        return f"[{self.allowed}{unit}] {self.reason}" if self.allowed else self.reason


def settings_file() -> str:
    """Return conf/ladder.toml."""
    parts = [HEAD]
    for name, about, rows in _sections():
        beside = [f"{row.key} = {row.default}" for row in rows]
        column = max(map(len, beside)) + 2
        lines = [f"[{name}] # {about}"]
        for left, row in zip(beside, rows, strict=True):
            first, *more = _wrapped(row.comment, WIDTH - column - 2)
            lines += [f"{left:{column}}# {first}", *(f"{'':{column}}# {line}" for line in more)]
        parts.append("\n".join(lines) + "\n")
    return "\n".join([*parts, TABLES])


def document() -> str:
    """Return docs/settings.md, one table a section."""
    lines = [
        "# Settings",
        "",
        "Every setting with its default. Written from the code by `make reference`, as [conf/ladder.toml]"
        "(../conf/ladder.toml)",
        "is; a test fails when one of them is out of date.",
        "",
        "A file of settings (`--config my.toml`) says what is to differ; what it does not say keeps its default. An",
        "unknown key, a value of another type or one outside its limits is refused by name, and so are settings that",
        "contradict each other. Days are days of 24 hours; shares lie between 0 and 1; money is in your currency.",
        "`[tables]`, at the end of `conf/ladder.toml`, maps your own names.",
    ]
    for name, about, rows in _sections():
        lines += ["", f"## [{name}]", "", f"{about}."]
        lines += ["", "| setting | default | allowed | what it is, and why |", "| --- " * 4 + "|"]
        for row in rows:
            cells = (f"`{row.key}`", f"`{row.default}`", f"{row.allowed} {row.unit}".strip() or "text", row.reason)
            lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def _sections() -> Iterator[tuple[str, str, list[Setting]]]:
    """Name, purpose and settings of every section."""
    whole = TypeAdapter(Settings).json_schema()
    for name, declared in whole["properties"].items():
        if "$ref" in declared:
            section = whole["$defs"][declared["$ref"].rpartition("/")[2]]
            about = " ".join(section["description"].split()).rstrip(".")
            yield name, about, [_setting(key, one) for key, one in section["properties"].items()]


def _setting(key: str, declared: Mapping[str, Any]) -> Setting:
    default = json.dumps(declared.get("default", {}), ensure_ascii=False)
    numbers = declared.get("items") or declared.get("additionalProperties") or declared
    return Setting(key, default, _allowed(declared), numbers.get("unit", ""), declared["description"])


def _allowed(declared: Mapping[str, Any]) -> str:
    if "items" in declared:
        return f"list of {_allowed(declared['items']) or 'names'}"
    if "additionalProperties" in declared:
        return f"by name, {_allowed(declared['additionalProperties'])}".removesuffix(", ")
    if "enum" in declared:
        return ", ".join(map(json.dumps, declared["enum"]))
    if "minimum" not in declared:
        return ""
    low, high = declared["minimum"], declared["maximum"]
    return f"{_figure(low)} .. {_figure(high)}" if high < MOST else f"{_figure(low)} or more"


def _figure(value: float) -> str:
    return f"{value:,.10f}".rstrip("0").rstrip(".")


def _wrapped(words: str, width: int) -> list[str]:
    """The lines of a comment; an example between { and } stays in one of them."""
    whole = re.sub(r"\{[^}]*\}", lambda example: example[0].replace(" ", "\N{NO-BREAK SPACE}"), words)
    lines = textwrap.wrap(whole, width, break_long_words=False, break_on_hyphens=False)
    return [line.replace("\N{NO-BREAK SPACE}", " ") for line in lines]
