"""ladder changes: why scores changed between two runs."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from commands.champions import find_bundle
from commands.inputs import feedback_store, load_source
from commands.options import CommonOptions, Data, Feedback, Option
from commands.progress_lines import progress_bar
from commands.terminal import Figures, show_findings

if TYPE_CHECKING:
    from serving.scoring.changes import Run
    from training.settings import RegistrySettings


@dataclass(frozen=True, kw_only=True)
class ChangesOptions(CommonOptions):
    before: Annotated[Path, Option(metavar="DIR", help="folder of the earlier run's scores")]
    after: Annotated[Path, Option(metavar="DIR", help="folder of the later run's scores")]
    data: Data
    store: Feedback = None
    model_before: Annotated[
        str | None, Option(metavar="URI", help="of the earlier run; else looked up among the champions")
    ] = None
    model_after: Annotated[
        str | None, Option(metavar="URI", help="of the later run; else looked up among the champions")
    ] = None
    out: Annotated[Path, Option(metavar="FILE", help="the table, .parquet or .csv")]


def changes_command(options: ChangesOptions) -> Figures:
    from features.errors import SettingsError
    from features.spreadsheets import plain_frame
    from serving.scoring.changes import PARTS, largest_changes, split_changes
    from training.model.text.names import name
    from training.model.text.words import DEFAULT_LANGUAGE
    from training.settings import read_settings

    out = options.out
    if out.suffix not in (".parquet", ".csv"):
        raise SettingsError(f"--out {out} must end in .parquet or .csv.")
    settings = read_settings(options.config)
    before = _read_run(options.before, options.model_before, "--model-before", settings.registry)
    after = _read_run(options.after, options.model_after, "--model-after", settings.registry)
    source = load_source(options.data, settings, feedback=feedback_store(options.store), keep_tables=True).source
    with progress_bar() as progress:
        progress("scoring at every step", 0.0)
        changes = split_changes(before, after, source)
    changes["note"] = [name("score_change", code, DEFAULT_LANGUAGE) for code in changes["note"]]
    out.parent.mkdir(parents=True, exist_ok=True)
    if out.suffix == ".csv":
        plain_frame(changes).to_csv(out, index=False)
    else:
        changes.to_parquet(out, index=False)
    show_findings("The largest changes", largest_changes(changes))
    parts = {part: float(changes[f"p_switch_{part}"].abs().mean()) for part in PARTS}
    means = ", ".join(f"{part} {share:.4f}" for part, share in parts.items())
    print(f"\n{len(changes):,} accounts in {out}; mean absolute part of the change in p_switch: {means}")
    return {"accounts": len(changes), "out": str(out), **{f"p_switch_{part}": share for part, share in parts.items()}}


def _read_run(folder: Path, model: str | None, flag: str, registry: RegistrySettings) -> Run:
    """Return a run's scores and their model: the one given, or the champion of that version."""
    from features.errors import RegistryError
    from serving.scoring.batch import read_scores
    from serving.scoring.changes import Run
    from serving.scoring.scoring import Scorer
    from training.model.champion import read_trusted_bundle

    scores = read_scores(folder)
    version = str(scores["model_version"].iloc[0]) if len(scores) else ""
    kept = registry.champions / version
    if model is None and not kept.is_dir():
        raise RegistryError(
            f"The scores in {folder} were made by model {version}, which is not in {kept.parent}. Give it with "
            f"{flag}, as models:/{registry.model}/VERSION or the folder of its bundle."
        )
    with tempfile.TemporaryDirectory() as scratch:
        where = kept if model is None else find_bundle(model, registry, Path(scratch))
        return Run(scores, Scorer(*read_trusted_bundle(where)))
