"""Extensions from outside: features, members of the pools, baselines, checks, tables, recipes of exports.

An installed package says so by entry points in its `pyproject.toml`, under the groups below; whoever has no package
names modules in the settings (`[plugins] modules`), which hold the same under the names of `OF_MODULES`. Nothing in
this program is edited (docs/extend.md). A module is code that runs: it is loaded because the settings or the
environment of this process name it, never because a model does.
"""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, wraps
from importlib import import_module
from importlib.metadata import PackageNotFoundError, entry_points, version
from pathlib import Path
from types import ModuleType
from typing import Any

from features.errors import LadderError, PluginFailed, SettingsError

FEATURES = "loyalty_ladder.features"
"""A `Feature`, or several."""
MEMBERS = "loyalty_ladder.members"
"""Named `TASK.NAME`: a function from a task to a predictor."""
BASELINES = "loyalty_ladder.baselines"
"""Named `TASK.NAME`: a function as a member is, which stands beside our baselines."""
CHECKS = "loyalty_ladder.checks"
"""A function from a `PromotionContext` to pairs of a severity and a sentence."""
EXPORTS = "loyalty_ladder.exports"
"""A `Recipe`, or several."""
TABLES = "loyalty_ladder.tables"
"""A function that makes the rows of a table, as `features.sources.table_plugins` calls it."""

OF_MODULES = {
    FEATURES: "FEATURES", MEMBERS: "MEMBERS", BASELINES: "BASELINES", CHECKS: "CHECKS", EXPORTS: "RECIPES",
    TABLES: "TABLES",
}  # fmt: skip
"""Group -> the name in a module: for what has names of its own a mapping from them, else a value or several."""
_NAMED = (MEMBERS, BASELINES, CHECKS, TABLES)
POOLS = ("next_rung", "switching", "triggers", "any_order", "renewal")
JUDGED = ("next_rung", "switching", "revenue")
"""What has a pool that members are added to, and what has baselines."""

PLUGINS, FOLDER = "LADDER_PLUGINS", "LADDER_PLUGINS_FOLDER"
"""Environment variables: names of modules with commas between them, and a folder to find them in beside the Python
path. Whatever process is started from here has them too."""


@dataclass(frozen=True)
class Extension:
    """What one entry point adds, or one name of a module.

    name : of the entry point.  package : that adds it, with its version; of a module, `module` and its name.
    """

    name: str
    value: Any
    package: str

    @property
    def origin(self) -> str:
        """Return who adds it, in words."""
        return self.package if self.package.startswith("module ") else f"package {self.package}"


def use_modules(names: Iterable[str]) -> None:
    """Let modules of one's own add what they hold, in this process and in those that it starts.

    Raises
    ------
    SettingsError
        If what is added was looked up already without one of them.
    """
    here = _named_modules()
    more = [name for name in names if name not in here]
    if more and extensions.cache_info().currsize:
        raise SettingsError(
            f"The settings name {', '.join(more)} in [plugins] modules, and this process has begun without: what is "
            f"computed here is settled. Start Python anew with these settings first, or with {PLUGINS}="
            f"{','.join([*here, *more])} in its environment."
        )
    if more or here:
        os.environ[PLUGINS] = ",".join([*here, *more])
        os.environ.setdefault(FOLDER, str(Path.cwd()))


def _named_modules() -> list[str]:
    return [name for part in os.environ.get(PLUGINS, "").split(",") if (name := part.strip())]


def environment_of_plugins() -> dict[str, str]:
    """Return what another process needs in its environment to load the same modules."""
    return {name: os.environ[name] for name in (PLUGINS, FOLDER) if os.environ.get(name)}


@cache
def _modules() -> tuple[tuple[str, ModuleType], ...]:
    """Return the modules that the environment names, with what they are called in a model.

    Raises
    ------
    SettingsError
        If one cannot be loaded, or holds nothing that can be added.
    """
    names, folder, found = _named_modules(), os.environ.get(FOLDER) or str(Path.cwd()), []
    if names and folder not in sys.path:
        sys.path.append(folder)
    for name in names:
        try:
            module = import_module(name)
        except (Exception, SystemExit) as error:  # whatever foreign code does, it is called by its name
            raise SettingsError(
                f"The module {name} of [plugins] modules, or of {PLUGINS}, cannot be loaded: {type(error).__name__}: "
                f"{error}. Mend it, or name one that lies on the Python path or in {folder}."
            ) from error
        if not any(hasattr(module, wanted) for wanted in OF_MODULES.values()):
            raise SettingsError(
                f"The module {name} of [plugins] modules, or of {PLUGINS}, adds nothing: it holds none of "
                f"{', '.join(OF_MODULES.values())}."
            )
        found.append((f"module {name} {getattr(module, '__version__', '')}".rstrip(), module))
    return tuple(found)


@cache
def extensions(group: str) -> tuple[Extension, ...]:
    """Return what installed packages and modules of one's own add to a group, by package and name.

    Raises
    ------
    SettingsError
        If one cannot be loaded.
    """
    found = [*_of_packages(group), *_of_modules(group)]
    return tuple(sorted(found, key=lambda one: (one.package, one.name)))


def _of_packages(group: str) -> Iterator[Extension]:
    for point in entry_points(group=group):
        package = "unknown" if point.dist is None else f"{point.dist.name} {point.dist.version}"
        try:
            yield Extension(point.name, point.load(), package)
        except (Exception, SystemExit) as error:  # whatever a foreign package does, it is called by its name
            raise SettingsError(
                f"The package {package} adds {point.name!r} to {group}, and it cannot be loaded: "
                f"{type(error).__name__}: {error}. Mend or remove that package."
            ) from error


def _of_modules(group: str) -> Iterator[Extension]:
    wanted = OF_MODULES[group]
    for package, module in _modules():
        value = getattr(module, wanted, ())
        if group in _NAMED:
            if value and not isinstance(value, Mapping):
                raise SettingsError(
                    f"{wanted} of the {package} is a {type(value).__name__} where a mapping from names to functions "
                    "belongs. Mend that module."
                )
            strange = [name for name in value or () if not isinstance(name, str)]
            if strange:
                raise SettingsError(
                    f"{wanted} of the {package} has the name {strange[0]!r}, which is no text. Mend it."
                )
            yield from (Extension(name, value[name], package) for name in value)
        elif hasattr(module, wanted):
            yield Extension(wanted, value, package)


def packages_of_models() -> tuple[str, ...]:
    """Return who adds features, members or baselines, each with its version, as a model is trained with them."""
    return tuple(sorted({one.package for group in (FEATURES, MEMBERS, BASELINES) for one in extensions(group)}))


def other_packages(packages: Iterable[str]) -> list[str]:
    """Return, of packages and modules with their versions, what is here instead of each that is not; else nothing."""
    differing = []
    modules = {package for package, _ in _modules()}
    for package in packages:
        if package.startswith("module "):
            if package not in modules:
                differing.append(_other_module(package, modules))
            continue
        name, _, wanted = package.rpartition(" ")
        try:
            here = version(name)
        except PackageNotFoundError:
            differing.append(f"{package}, which is not installed here")
            continue
        if here != wanted:
            differing.append(f"{package}, and {here} is installed here")
    return differing


def _other_module(package: str, modules: Iterable[str]) -> str:
    name = package.split()[1]
    if here := [one for one in modules if one.split()[1] == name]:
        return f"{package}, and {here[0]} is here"
    return f"{package}, which neither [plugins] modules of the settings nor {PLUGINS} names here"


def added(group: str, kind: type) -> tuple[Any, ...]:
    """Return the values that are added to a group, those of collections one by one.  Raises what `added_from` does."""
    return tuple(value for value, _ in added_from(group, kind))


def added_from(group: str, kind: type) -> Iterator[tuple[Any, Extension]]:
    """Yield the values that are added to a group, those of collections one by one, each with what adds it.

    Raises
    ------
    SettingsError
        If one is not of that kind.
    """
    for one in extensions(group):
        several = one.value if isinstance(one.value, Iterable) and not isinstance(one.value, kind) else (one.value,)
        for value in several:
            if not isinstance(value, kind):
                raise SettingsError(
                    f"The {one.origin} adds {one.name!r} to {group}, and it holds a {type(value).__name__} "
                    f"where a {kind.__name__} belongs. Mend or remove it."
                )
            yield value, one


def with_members(task: str, ours: Mapping[str, Any]) -> dict[str, Any]:
    """Return our members of the pool of a task and those that are added.  Raises SettingsError, see `_of_task`."""
    return {**ours, **_of_task(MEMBERS, task, POOLS, ours)}


def with_baselines(task: str, ours: Mapping[str, Any], made: Callable[[Any], Any]) -> dict[str, Any]:
    """Return our baselines of a task and those that are added.  made : of a function as a member is.

    Raises SettingsError, see `_of_task`.
    """
    return {**ours, **{name: made(learn) for name, learn in _of_task(BASELINES, task, JUDGED, ours).items()}}


def _of_task(group: str, task: str, tasks: tuple[str, ...], ours: Iterable[str]) -> dict[str, Any]:
    """Return what is added to a task, by name; its mistakes are called by who adds it.

    Raises
    ------
    SettingsError
        If one is not called `TASK.NAME`, has the name of another, or is no function.
    """
    found: dict[str, Any] = {}
    for one in extensions(group):
        of, _, name = one.name.partition(".")
        if of not in tasks or not name:
            choice = " or ".join([", ".join(f"`{one}.NAME`" for one in tasks[:-1]), f"`{tasks[-1]}.NAME`"])
            raise SettingsError(
                f"The {one.origin} adds {one.name!r} to {group}, which names none of ours: call it as {choice}."
            )
        if not callable(one.value):
            raise SettingsError(
                f"The {one.origin} adds {one.name!r} to {group}, and it is a {type(one.value).__name__} where a "
                "function belongs. Mend or remove it."
            )
        if of == task:
            refuse_taken(name, one, (*ours, *found))
            found[name] = called_by_name(one.value, f"{one.name!r} of {group}", one)
            found[name].__name__ = one.name  # by which its answers are called
    return found


def refuse_taken(name: str, one: Extension, taken: Iterable[str]) -> None:
    """Refuse a name that there is already.  Raises SettingsError."""
    if name in taken:
        raise SettingsError(f"The {one.origin} adds {name!r}, and there is one of that name. Call it otherwise.")


def called_by_name(function: Callable[..., Any], what: str, one: Extension) -> Callable[..., Any]:
    """Return a function whose mistakes are refusals that say who adds it."""

    @wraps(function)
    def careful(*arguments: Any) -> Any:
        try:
            return function(*arguments)
        except LadderError:
            raise
        except (Exception, SystemExit) as error:  # whatever foreign code does, it is called by its name
            raise PluginFailed(
                f"{what}, which the {one.origin} adds, failed: {type(error).__name__}: {error}. Mend or remove it."
            ) from error

    return careful
