"""docs/settings.md: every setting with its default, its limits, its unit and its reason, from where they stand.

Defaults and limits come from `training.settings`, words from the comments of `conf/ladder.toml`.
Written by `python -m training.settings_reference > docs/settings.md`; a test fails when the page is out of date.
"""

import json
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from training.settings import limits

ENDLESS = 10**9
"""From here on a limit only keeps nonsense out."""
CONF = Path(__file__).resolve().parents[1] / "conf" / "ladder.toml"


def reasons(text: str) -> dict[str, str]:
    """Section.key -> what the comments beside it and below it say."""
    section, key, found = "", "", dict[str, str]()
    for line in text.splitlines():
        before, _, comment = line.partition("#")
        if line.startswith("["):
            section, key = before.strip().strip("[]"), ""
            found[section] = comment.strip()
        elif "=" in before:
            key = f"{section}.{before.partition('=')[0].strip()}"
            found[key] = comment.strip()
        elif key and not before.strip() and line.startswith(" "):
            found[key] += f" {comment.strip()}"
        else:
            key = ""
    return found


def document() -> str:
    """The page, one table a section."""
    text = CONF.read_text(encoding="utf-8")
    told, sections = reasons(text), tomllib.loads(text)
    lines = [
        "# Settings",
        "",
        "Every setting with its default. Written from `conf/ladder.toml` and `training/settings.py` by",
        "`python -m training.settings_reference > docs/settings.md`; a test fails when this page is out of date.",
        "",
        "A file of settings (`--config my.toml`) says what is to differ; what it does not say keeps its default. An",
        "unknown key, a value of another type or one outside its limits is refused by name. Days are days of 24",
        "hours; shares lie between 0 and 1; money is in your currency. `[tables]`, at the end of `conf/ladder.toml`,",
        "maps your own names.",
    ]
    for section, keys in sections.items():
        if keys:
            lines += ["", f"## [{section}]", *_table(section, keys, told)]
    return "\n".join(lines) + "\n"


def _table(section: str, keys: Mapping[str, Any], told: Mapping[str, str]) -> list[str]:
    lines = ["", f"{_begun(told[section])}."] if told[section] else []
    lines += ["", "| setting | default | allowed | what it is, and why |", "| --- " * 4 + "|"]
    for key, value in keys.items():
        cells = (f"`{key}`", f"`{_toml(value)}`", _allowed(f"{section}.{key}", value), told[f"{section}.{key}"])
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return lines


def _begun(text: str) -> str:
    """With a capital, unless it begins with code."""
    return text if text.startswith("`") else text[:1].upper() + text[1:]


def _toml(value: Any) -> str:
    return "{}" if value == {} else json.dumps(value, ensure_ascii=False)


def _allowed(key: str, value: Any) -> str:
    if isinstance(value, str):
        return "text"
    low, high = limits(key)
    spoken = f"{low:,.10g} .. {high:,.10g}" if high < ENDLESS else f"{low:,.10g} or more"
    if isinstance(value, list):
        return f"list of {spoken}"
    return f"by name, {spoken}" if isinstance(value, dict) else spoken


if __name__ == "__main__":
    sys.stdout.write(document())
