"""A command's options dataclass -> the arguments of its parser; what was typed -> the dataclass."""

import argparse
import os
from collections.abc import Callable, Iterator
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from types import NoneType
from typing import Literal, TypeVar, get_args, get_origin, get_type_hints

from commands.options import CommonOptions, Option

Options = TypeVar("Options", bound=CommonOptions)


@dataclass(frozen=True)
class Argument:
    """One field of an options dataclass, as the command line has it.

    flag : as it is typed; the bare name where it is positional.  parse : text -> value.
    default : where it is not typed; None where it must be.  choices : the only texts; None = any.
    kind : `value`; `switch`, which takes no value and turns the default round; or `list`, of a tuple's values.
    """

    name: str
    flag: str
    option: Option
    parse: Callable[[str], object]
    default: object
    required: bool
    choices: tuple[str, ...] | None
    kind: Literal["value", "switch", "list"]


def arguments_of(options: type[CommonOptions]) -> Iterator[Argument]:
    """Yield the arguments of a command: its own first, in the order of its fields, then those of every command."""
    common = {field.name for field in fields(CommonOptions)}
    hints = get_type_hints(options, include_extras=True)
    for field in sorted(fields(options), key=lambda field: field.name in common):
        declared, option = get_args(hints[field.name])
        optional = NoneType in get_args(declared)
        kind = get_args(declared)[0] if optional else declared
        many = get_origin(kind) is tuple and not (optional and option.parse)  # else one text makes the whole tuple
        value = get_args(kind)[0] if many else kind
        choices = get_args(value) if get_origin(value) is Literal else None
        plain = str if choices else _path_or_none if optional and value is Path else value
        yield Argument(
            name=field.name,
            flag=option.flag or (field.name if option.positional else f"--{field.name.replace('_', '-')}"),
            option=option,
            parse=option.parse or plain,
            default=None if field.default is MISSING else field.default,
            required=field.default is MISSING,
            choices=choices,
            kind="list" if many else "switch" if value is bool else "value",
        )


def add_arguments(parser: argparse.ArgumentParser, options: type[CommonOptions]) -> None:
    """Add a command's options to its parser."""
    for one in arguments_of(options):
        text, metavar = one.option.help, one.option.metavar
        if one.option.positional:
            parser.add_argument(
                one.flag, nargs=None if one.required else "?", default=one.default, type=one.parse,
                choices=one.choices, metavar=metavar, help=text,
            )  # fmt: skip
        elif one.kind == "switch":
            action = "store_false" if one.default else "store_true"
            parser.add_argument(one.flag, dest=one.name, action=action, help=text)
        elif one.kind == "list":
            several = one.option.many == "extend"
            parser.add_argument(
                one.flag, dest=one.name, action=one.option.many, nargs="+" if several else None, type=one.parse,
                default=[], metavar=metavar, help=text,
            )  # fmt: skip
        else:
            default = os.environ.get(one.option.environment) or one.default
            parser.add_argument(
                one.flag, dest=one.name, required=one.required, default=default, type=one.parse,
                choices=one.choices, metavar=metavar, help=text,
            )  # fmt: skip


def read_options(options: type[Options], typed: argparse.Namespace) -> Options:
    """Return the options that were typed.  Raises UsageError where they contradict each other."""
    known = {field.name for field in fields(options)}
    values = {name: value for name, value in vars(typed).items() if name in known}
    for name, value in values.items():
        values[name] = tuple(value) if isinstance(value, list) else value
    return options(**values)


def _path_or_none(text: str) -> Path | None:
    """Return a path; None for an empty text, which `mlflow run` writes for a parameter that was not given."""
    return Path(text) if text else None
