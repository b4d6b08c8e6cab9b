"""Whether a model may become champion: the evidence gathered, the checks run, the report written."""

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from commands.terminal import progress_bar, show_table
from features.errors import BundleError, SettingsError

REPORT, CHECKS, SETTINGS = "promotion.html", "checks.json", "settings.json"
"""Files that are kept with a version."""


@dataclass(frozen=True)
class Judgement:
    """What the checks looked at and found.  champion : the version that serves now; None where none does."""

    context: Any
    findings: list[Any]
    champion: int | None
    bundle: str

    @property
    def good(self) -> bool:
        """Whether nothing stands in the way."""
        from training.promotion.checks import passes

        return passes(self.findings)

    @property
    def not_worse(self) -> bool:
        """Whether nothing says that the champion is better; what could not be compared says nothing."""
        from training.promotion.change_checks import finds_worse

        return not finds_worse(self.context)

    def page(self, version: int | None = None) -> str:
        """The report.  version : of the new model, once it is registered."""
        from training.promotion.report import render

        return render(self.context, self.findings, self.bundle, self.champion, version)


def judge(trained: Any, data: Any, settings: Any, registry: Any) -> Judgement:
    """Gather the evidence, examine it, and show what was found."""
    from training.model.text.catalogue import heading, render
    from training.promotion.checks import examine
    from training.promotion.context import PromotionContext

    version = registry.champion()
    incumbent, unreadable = (None, None) if version is None else _incumbent(registry, version)
    evidence = replace(_measure(trained, data, incumbent, settings), unreadable=unreadable)
    champion = None if incumbent is None else incumbent.bundle.facts
    context = PromotionContext(trained.bundle.facts, trained.comparisons, champion, settings.promotion, evidence)
    findings = examine(context)
    currency = trained.bundle.facts.currency
    rows = [[f.severity, heading(f, "en", currency), render(f, "en", currency)] for f in findings]
    show_table("Promotion checks", ["", "check", "found"], rows)
    return Judgement(context, findings, version, trained.bundle.version)


def _incumbent(registry: Any, version: int) -> tuple[Any, Any]:
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


def _measure(trained: Any, data: Any, incumbent: Any, settings: Any) -> Any:
    from serving.scoring.model_comparison import compare_models, weigh
    from training.promotion.evidence import gather

    with progress_bar() as progress:
        evidence = gather(trained, data, incumbent, settings, progress)
        footprint = weigh(trained.bundle, data.histories, data.end)
        changes = None
        if incumbent is not None:
            changes = compare_models(trained.bundle, incumbent.bundle, data.histories, data.end)
    return replace(evidence, footprint=footprint, changes=changes)


def write_page(page: str, file: str) -> None:
    """Write a report where somebody wants it."""
    Path(file).write_text(page, encoding="utf-8")
    print(f"The report lies in {file}")
