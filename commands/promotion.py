"""ladder promote, rollback; and the evidence, checks and report on whether a new model may become champion."""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from commands.inputs import registry_uri
from commands.options import CommonOptions, Option
from commands.progress_lines import progress_bar
from commands.terminal import Figures, check_place, show_table
from features.errors import BundleError, RegistryError, SettingsError

if TYPE_CHECKING:
    from training.data.dataset import Dataset
    from training.model.findings import Finding
    from training.pipeline import Trained
    from training.promotion.context import Evidence, PromotionContext
    from training.promotion.paired_comparison import Incumbent
    from training.settings import Settings
    from training.tracking.registry import Registry

REPORT, CHECKS, SETTINGS = "promotion.html", "checks.json", "settings.json"
"""Files that are kept with a version."""


CHAMPION = 0
"""Stands for whichever version the alias names."""


def version_or_champion(text: str) -> int:
    if text == "champion":
        return CHAMPION
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is neither the number of a version nor `champion`") from None


@dataclass(frozen=True, kw_only=True)
class PromoteOptions(CommonOptions):
    version: Annotated[
        int,
        Option(
            positional=True,
            parse=version_or_champion,
            metavar="VERSION",
            help="number in the registry; or `champion`, to publish again the version that the alias names",
        ),
    ]
    report: Annotated[
        Path | None, Option(metavar="FILE", help="write what the checks found in training to this HTML file")
    ] = None


@dataclass(frozen=True, kw_only=True)
class RollbackOptions(CommonOptions):
    pass


def promote_command(options: PromoteOptions) -> Figures:
    from training.settings import read_settings
    from training.tracking.registry import Registry

    check_place(options.report)
    settings = read_settings(options.config)
    registry, champions = Registry(registry_uri(), settings.registry.model), settings.registry.champions
    version = registry.champion() if options.version == CHAMPION else options.version
    if version is None:
        raise RegistryError(f"There is no champion yet of {registry.model}: name a version.")
    if options.report is not None:
        kept = registry.text(version, REPORT)
        if kept is None:
            raise RegistryError(f"Version {version} was recorded without a report: leave --report out.")
        write_page(kept, options.report)
    registry.promote(version, champions)
    print(f"{registry.model} version {version} is champion now, in {champions} too")
    return {"champion": version}


def rollback_command(options: RollbackOptions) -> Figures:
    from training.settings import read_settings
    from training.tracking.registry import Registry

    settings = read_settings(options.config)
    registry = Registry(registry_uri(), settings.registry.model)
    version = registry.rollback(settings.registry.champions)
    print(f"{registry.model} version {version} is champion again")
    return {"champion": version}


@dataclass(frozen=True)
class Judgement:
    """What the checks looked at and found.  champion : the version that serves now; None where none does."""

    context: PromotionContext
    findings: list[Finding]
    champion: int | None
    bundle: str

    @property
    def good(self) -> bool:
        """Return whether nothing stands in the way."""
        from training.promotion.checks import passes

        return passes(self.findings)

    @property
    def not_worse(self) -> bool:
        """Return whether no finding says that the champion is better; what could not be compared does not count."""
        from training.promotion.change_checks import finds_worse

        return not finds_worse(self.context)

    def page(self, version: int | None = None) -> str:
        """Return the report.  version : of the new model, once it is registered."""
        from training.promotion.report import render

        return render(self.context, self.findings, self.bundle, self.champion, version)


@dataclass(frozen=True)
class Standing:
    """The champion, read from the registry.

    version : None where there is none.  incumbent : None where it cannot be read; `unreadable` then says why.
    """

    version: int | None
    incumbent: Incumbent | None = None
    unreadable: Finding | None = None


def standing_champion(registry: Registry) -> Standing:
    """Return the champion that a new model is compared with."""
    version = registry.champion()
    return Standing(None) if version is None else Standing(version, *_incumbent(registry, version))


def judge(
    trained: Trained, data: Dataset, settings: Settings, registry: Registry, before: Standing | None = None
) -> Judgement:
    """Gather the evidence, examine it, and show what was found.

    before : the champion when the training began, which counts where the registry does not answer any more.
    """
    from training.model.text.catalogue import heading, render
    from training.promotion.checks import examine
    from training.promotion.context import PromotionContext

    standing = _standing_now(registry, before)
    incumbent = standing.incumbent
    evidence = replace(_measure(trained, data, incumbent, settings), unreadable=standing.unreadable)
    champion = None if incumbent is None else incumbent.bundle.facts
    context = PromotionContext(
        trained.bundle.facts,
        trained.comparisons,
        champion,
        settings.promotion,
        evidence=evidence,
        about_some=trained.about_some,
    )
    findings = examine(context)
    currency = trained.bundle.facts.currency
    rows = [[f.severity, heading(f, "en", currency), render(f, "en", currency)] for f in findings]
    show_table("Promotion checks", ["", "check", "found"], rows)
    return Judgement(context, findings, standing.version, trained.bundle.version)


def _standing_now(registry: Registry, before: Standing | None) -> Standing:
    try:
        if before is not None and before.version == registry.champion():
            return before
        return standing_champion(registry)
    except RegistryError:
        if before is None:
            raise
        return before


def _incumbent(registry: Registry, version: int) -> tuple[Incumbent | None, Finding | None]:
    """Return the champion with its settings; None, and why, where its bundle is of another catalogue or damaged."""
    from training.model.bundle import read_bundle
    from training.model.findings import WARNING, Finding
    from training.promotion.paired_comparison import Incumbent
    from training.settings import read_written

    with tempfile.TemporaryDirectory() as scratch:
        try:
            bundle, _ = read_bundle(registry.fetch(version, Path(scratch)))
        except BundleError as error:
            return None, Finding.of("champion_unreadable", WARNING, version=version, message=str(error))
    text = registry.text(version, SETTINGS)
    try:
        settings = None if text is None else read_written(text)
    except SettingsError:  # of another version of the program: its recipe is not known to this one
        settings = None
    return Incumbent(version, bundle, settings), None


def _measure(trained: Trained, data: Dataset, incumbent: Incumbent | None, settings: Settings) -> Evidence:
    from serving.scoring.model_comparison import compare_models, weigh
    from training.promotion.evidence import gather

    with progress_bar() as progress:
        evidence = gather(trained, data, incumbent, settings, progress)
        footprint = weigh(trained.bundle, data.histories, data.end)
        changes = None
        if incumbent is not None:
            changes = compare_models(trained.bundle, incumbent.bundle, data.histories, data.end)
    return replace(evidence, footprint=footprint, changes=changes)


def write_page(page: str, file: Path) -> None:
    """Write a report where somebody wants it."""
    file.write_text(page, encoding="utf-8")
    print(f"The report lies in {file}")
