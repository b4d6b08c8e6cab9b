"""What installed packages add: features, members of the pools, tables, recipes of exports, each by an entry point.

A package says so in its `pyproject.toml`, under the names below; nothing in this program is edited (docs/extend.md).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, entry_points, version
from typing import Any

from features.errors import SettingsError

FEATURES = "loyalty_ladder.features"
"""A `Feature`, or several."""
MEMBERS = "loyalty_ladder.members"
"""Named `TASK.NAME`: a function from a task to a predictor."""
EXPORTS = "loyalty_ladder.exports"
"""A `Recipe`, or several."""
TABLES = "loyalty_ladder.tables"
"""A function that makes the rows of a table, as `features.sources.table_plugins` calls it."""


@dataclass(frozen=True)
class Extension:
    """What one entry point adds.  name : of the entry point.  package : that adds it, with its version."""

    name: str
    value: Any
    package: str


@cache
def extensions(group: str) -> tuple[Extension, ...]:
    """Return what installed packages add to a group, by package and name.

    Raises
    ------
    SettingsError
        If one cannot be loaded.
    """
    found = []
    for point in entry_points(group=group):
        package = "unknown" if point.dist is None else f"{point.dist.name} {point.dist.version}"
        try:
            found.append(Extension(point.name, point.load(), package))
        except Exception as error:  # whatever a foreign package does, it is called by its name
            raise SettingsError(
                f"The package {package} adds {point.name!r} to {group}, and it cannot be loaded: "
                f"{type(error).__name__}: {error}. Mend or remove that package."
            ) from error
    return tuple(sorted(found, key=lambda one: (one.package, one.name)))


def packages_of_models() -> tuple[str, ...]:
    """Return the packages, each with its version, that add features or members, as a model is trained with them."""
    return tuple(sorted({one.package for group in (FEATURES, MEMBERS) for one in extensions(group)}))


def other_packages(packages: Iterable[str]) -> list[str]:
    """Return, of packages with their versions, what is here instead of each that is not; nothing where all are."""
    differing = []
    for package in packages:
        name, _, wanted = package.rpartition(" ")
        try:
            here = version(name)
        except PackageNotFoundError:
            differing.append(f"{package}, which is not installed here")
            continue
        if here != wanted:
            differing.append(f"{package}, and {here} is installed here")
    return differing


def added(group: str, kind: type) -> tuple[Any, ...]:
    """Return the values that packages add to a group, those of collections one by one.

    Raises
    ------
    SettingsError
        If one is not of that kind.
    """
    values: list[Any] = []
    for one in extensions(group):
        several = one.value if isinstance(one.value, Iterable) and not isinstance(one.value, kind) else (one.value,)
        for value in several:
            if not isinstance(value, kind):
                raise SettingsError(
                    f"The package {one.package} adds {one.name!r} to {group}, and it holds a {type(value).__name__} "
                    f"where a {kind.__name__} belongs. Mend or remove that package."
                )
            values.append(value)
    return tuple(values)


def added_members(task: str) -> dict[str, Any]:
    """Return the members that packages add to the pool of a task, by name.

    Raises
    ------
    SettingsError
        If an entry point is not called `TASK.NAME`.
    """
    members = {}
    for one in extensions(MEMBERS):
        of, dot, name = one.name.partition(".")
        if not dot or not name:
            raise SettingsError(
                f"The package {one.package} adds {one.name!r} to {MEMBERS}, which names no pool: call it as "
                "`switching.NAME`, `next_rung.NAME`, `triggers.NAME`, `any_order.NAME` or `renewal.NAME`."
            )
        if of == task:
            members[name] = one.value
    return members
