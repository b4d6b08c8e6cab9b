"""The model that a command uses: the one that was named, or the champion.

The alias `champion` in the registry decides who that is; the champion's folder holds its copy, which serves where the
registry cannot be reached. Where the two differ, every command says so, and how that is mended.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from commands.inputs import registry_uri
from features.errors import BundleError, RegistryError, SettingsError

if TYPE_CHECKING:
    from training.model.facts import Facts
    from training.settings import RegistrySettings, Settings
    from training.tracking.registry import Registry

_NAMED = re.compile(r"models:/(?P<model>[^/@]+)(?:/(?P<version>\d+|latest)|@(?P<alias>[^/@]+))")
_ARTIFACT = re.compile(r"runs:/[^/]+/.+|models:/m-[0-9a-f]{32}")
"""What MLflow says of a model that has no version: where its run logged it, or its id."""
MEND = "`ladder promote champion` publishes it there"


@dataclass(frozen=True)
class Alias:
    """What the registry says of a champion.  version, digest : None where it names none, or a bundle without digest."""

    version: int | None
    digest: str | None


def find_bundle(model: str | None, settings: RegistrySettings, scratch: Path) -> Path:
    """Return the folder of a model: the folder itself, one fetched for `models:/...` or `runs:/...`, or the champion by
    default.

    scratch : where a model of the registry is fetched to.

    Raises
    ------
    RegistryError, BundleError
        If there is no such model.
    """
    from training.model.bundle import MANIFEST
    from training.model.champion import bundle_folder, is_published
    from training.tracking.registry import ALIAS, Registry

    if model is None:
        return champion_bundle(settings, scratch)
    named = _NAMED.fullmatch(model)
    if named:
        registry = Registry(registry_uri(), named["model"])
        return registry.fetch(named["version"] or named["alias"], scratch)
    if _ARTIFACT.fullmatch(model):
        return Registry(registry_uri(), settings.model).fetch_logged(model, scratch)
    if (Path(model) / MANIFEST).is_file() or is_published(Path(model)):
        return bundle_folder(Path(model))
    raise RegistryError(
        f"{model} is no model: give models:/{settings.model}/VERSION, models:/{settings.model}/latest, "
        f"models:/{settings.model}@{ALIAS}, runs:/RUN/model, or the folder of a bundle or champion."
    )


def champion_bundle(settings: RegistrySettings, scratch: Path) -> Path:
    """Return the folder of the champion's bundle: its copy, or the version that the alias names where that is another.

    Raises
    ------
    BundleError
        If neither registry nor folder knows a champion.
    """
    from training.model.champion import published

    standing, registry = ask_registry(settings)
    if registry is None or standing.version is None or _is_copy(standing, settings.champions):
        return published(settings.champions)
    note_difference(standing, settings, f"version {standing.version} is used")
    return registry.fetch(standing.version, scratch)


def check_rules(settings: Settings, facts: Facts) -> None:
    """Refuse settings that say other rules than those the model was trained by, which are the ones that count.

    Raises
    ------
    SettingsError
        With every such setting; what is at its default was not said.
    """
    from dataclasses import asdict

    from features.ladder.rules import LadderRules
    from training.settings import OutcomeSettings

    learnt, usual = asdict(facts.rules), asdict(LadderRules())
    asked = [(f"ladder.{name}", said, learnt[name], usual[name]) for name, said in asdict(settings.ladder).items()]
    horizon = settings.outcome.horizon_days, facts.horizon_days, OutcomeSettings().horizon_days
    asked.append(("outcome.horizon_days", *horizon))
    other = [
        f"{name} = {said} (the model: {model})" for name, said, model, default in asked if said not in (model, default)
    ]
    if other:
        raise SettingsError(
            f"The settings say {', '.join(other)}: a model scores by the rules that it was trained by. Train one by "
            "these settings (`ladder train --config`), or leave them out."
        )


def refresh_copy(settings: RegistrySettings) -> None:
    """Make the champion's folder the copy of the version that the alias names, and say what was done."""
    standing, registry = ask_registry(settings)
    if registry is None or standing.version is None or _is_copy(standing, settings.champions):
        return
    registry.publish(standing.version, settings.champions)
    _note(f"{settings.champions} is now the copy of version {standing.version} of {settings.model}, the champion.")


def note_difference(standing: Alias, settings: RegistrySettings, used: str = "") -> None:
    """Say that folder and alias differ, where they do.  used : which of them the command uses."""
    if standing.version is None or _is_copy(standing, settings.champions):
        return
    holds = _holds(settings.champions)
    what = f"holds {holds}" if holds else "holds no champion"
    _note(
        f"the champion of {settings.model} in the registry is version {standing.version}, and {settings.champions} "
        f"{what}: {f'{used}; ' if used else ''}{MEND}."
    )


def ask_registry(settings: RegistrySettings) -> tuple[Alias, Registry | None]:
    """Return what the registry says of the champion, and the registry; None, said aloud, where it does not answer."""
    from training.tracking.registry import Registry
    from training.tracking.tracker import is_reachable, without_secrets

    uri, folder = registry_uri(), settings.champions
    why = f"no registry answers at {without_secrets(uri)}"
    if is_reachable(uri):
        registry = Registry(uri, settings.model)
        try:
            version = registry.champion()
            standing = Alias(version, None if version is None else registry.digest(version))
        except (RegistryError, ImportError) as error:  # the service's installation goes without MLflow
            why = str(error).rstrip(".")
        else:
            if version is None and _holds(folder):
                _note(f"the registry names no champion of {settings.model}; the one in {folder} is used.")
            return standing, registry
    if _holds(folder):
        _note(f"{why}; the copy of the champion in {folder} is used.")
    return Alias(None, None), None


def _is_copy(standing: Alias, folder: Path) -> bool:
    return standing.digest is not None and _holds(folder) == standing.digest


def _holds(folder: Path) -> str:
    """Return the digest of the bundle that is published in a folder; empty where there is none."""
    from training.model.champion import published

    try:
        return published(folder).name
    except BundleError:
        return ""


def _note(text: str) -> None:
    print(f"Note: {text}", file=sys.stderr)
