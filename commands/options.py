"""The options of a command as fields of a frozen dataclass, and the options that commands share.

A field's type and default say what is read and what stands where nothing is said; the `Option` in its annotation says
how it is written and what it means. `commands.parser` makes the parser of it, and docs/commands.md is written from it.
"""

import argparse
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal


class UsageError(Exception):
    """Options that do not go together: the command is shown how it is used, and ends with status 2."""


@dataclass(frozen=True)
class Option:
    """How a field is written on the command line.

    help : what it means.  metavar : what stands for its value in the help.
    flag : `--field-name` where it is empty.  positional : written without a flag.
    parse : text -> value, where the field's type does not say it; raises argparse.ArgumentTypeError.
    environment : the variable that says it where the command line does not.
    many : of a field that is a tuple, `append` = one value after each flag, `extend` = one or more.
    """

    help: str
    metavar: str | None = None
    flag: str = ""
    positional: bool = False
    parse: Callable[[str], object] | None = None
    many: Literal["append", "extend"] = "append"
    environment: str = ""


@dataclass(frozen=True, kw_only=True)
class CommonOptions:
    """The options of every command."""

    config: Annotated[
        Path | None, Option(metavar="FILE", help="settings, TOML; conf/ladder.toml explains every one")
    ] = None
    json: Annotated[bool, Option(help="make the last line a JSON object with the main figures")] = False


def at_least_one(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number above zero")
    return int(text)


def none_or_more(text: str) -> int:
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number of zero or more")
    return int(text)


def day_list(text: str) -> tuple[int, ...]:
    return tuple(at_least_one(part.strip()) for part in text.split(",") if part.strip())


def name_list(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def minutes(text: str) -> float:
    found = _number(text)
    if not 0 < found < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of minutes above zero")
    return found


def above_zero(text: str) -> float:
    found = amount(text)
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is no number above zero")
    return found


def amount(text: str) -> float:
    found = _number(text)
    if not 0 <= found < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of zero or more")
    return found


def amount_or_none(text: str) -> float | None:
    return None if text == "none" else amount(text)


def key_and_value(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not key or not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not written as KEY=VALUE")
    return key, value


def bond_amount(text: str) -> tuple[str, float]:
    bond, _, money = text.partition("=")
    return bond, amount(money)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


STORE_VARIABLE = "LADDER_STORE"
"""Of the environment, which only the same user can read: a command line is shown to everybody on the machine."""
Data = Annotated[
    str,
    Option(metavar="SOURCE", help="a folder of files (CSV, Excel, JSON, Parquet), one such file, or a database URL"),
]
AsOf = Annotated[
    str | None,
    Option(metavar="T", help="look from here, UTC, as 2026-01-31; else the midnight after the last event"),
]
Dask = Annotated[
    str | None,
    Option(
        metavar="ADDRESS",
        help="run on the Dask cluster whose scheduler is at tcp://HOST:PORT; --data is partitioned",
    ),
]
Feedback = Annotated[
    str | None,
    Option(
        metavar="URL",
        help="store whose feedback is read too; else that of --to, of LADDER_STORE, or sqlite:///ladder.db",
    ),
]
Model = Annotated[
    str | None,
    Option(
        metavar="URI",
        help="models:/NAME/VERSION (or /latest), models:/NAME@ALIAS, runs:/RUN/model or a bundle's or champion's "
        "folder; else the champion",
    ),
]
Port = Annotated[int, Option(help="TCP port")]
Store = Annotated[
    str,
    Option(
        metavar="URL", help="where keys, scores and feedback are kept; else LADDER_STORE", environment=STORE_VARIABLE
    ),
]
Accounts = Annotated[int, Option(metavar="N", help="number of accounts")]
Months = Annotated[int, Option(metavar="M", help="months of 30 days")]
Seed = Annotated[int, Option(metavar="S", help="the same seed gives the same bytes")]
CrmName = Literal["salesforce", "dynamics", "hubspot"]

DEFAULT_STORE = "sqlite:///ladder.db"
DEFAULT_PORT = 3000
