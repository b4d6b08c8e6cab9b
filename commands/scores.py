"""ladder score, changes, export."""

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from commands.inputs import (
    Loaded,
    check_cluster,
    crew_of,
    end_of_parts,
    find_bundle,
    load_source,
    partitions_of,
    settings_of,
    store_of,
)
from commands.stores import check_store, parts_of, store_background, store_folder, store_frames
from commands.terminal import note_set_aside, progress_bar, show_disagreements, show_list


def score_command(options: argparse.Namespace) -> Mapping[str, Any]:
    from training.model.bundle import read_bundle

    if options.out is None and options.to is None:
        options.refuse("Say where the scores go: --out DIR for files, --to URL for the store, or both.")
    check_cluster(options)
    settings = settings_of(options)
    with tempfile.TemporaryDirectory() as scratch:
        bundle, version = read_bundle(find_bundle(options.model, settings, Path(scratch)))
    if options.to is not None:
        check_store(options.to)  # before an hour's work
    partitions = partitions_of(options, bundle.facts.tables)
    if partitions is None:
        loaded = load_source(options, only=bundle.facts.tables)
        out = None if options.out is None else Path(options.out)
        frames, figures = score_with(bundle, version, loaded, out, options.format, options.language)
        stored = {} if options.to is None else store_frames(options.to, frames, bundle, loaded.source)
        if stored and options.timelines:
            store_background(options.to, bundle, loaded.as_of, [(loaded.histories, loaded.source)])
        return {**figures, **stored}
    from serving.scoring.batch import read_columns, write_run
    from serving.scoring.manager_forecasts import COLUMNS as DISAGREEMENT
    from serving.scoring.partitioned import score_parts
    from serving.scoring.scoring import Scorer
    from serving.store.result_files import profiles_of

    scorer = Scorer(bundle, version)
    with tempfile.TemporaryDirectory() as scratch, crew_of(options) as (executor, _), progress_bar() as progress:
        out, form = (Path(scratch), "parquet") if options.out is None else (Path(options.out), options.format)
        as_of = end_of_parts(partitions, executor, options, progress)
        written = score_parts(
            partitions, executor, scorer, as_of, settings.source.max_bad_share, out,
            form, progress, note_set_aside, options.language,
        )  # fmt: skip
        write_run(out, scorer)
        differing = read_columns(written.files[0], DISAGREEMENT)
        profiles = profiles_of(partitions) if "accounts" in partitions.tables else None
        stored = {} if options.to is None else store_folder(options.to, out, bundle, profiles)
    if stored and options.timelines:
        store_background(options.to, bundle, as_of, parts_of(partitions))
    show_disagreements(differing)
    figures = _say_scored(version, written.accounts, written.investments, written.files if options.out else ())
    return {**figures, **stored}


def score_with(
    bundle: Any, version: str, loaded: Loaded, out: Path | None, form: str, language: str = "en"
) -> tuple[Sequence[Any], Mapping[str, Any]]:
    """The tables of the run, written into a folder where there is one, and what is said of them."""
    from serving.scoring.batch import score_frames, write_frames, write_run
    from serving.scoring.score_columns import TABLE_NAMES
    from serving.scoring.scoring import Scorer

    with progress_bar() as progress:
        progress("scoring", 0.0)
        scorer = Scorer(bundle, version)
        frames = score_frames(scorer, loaded.histories, loaded.as_of, language)
        progress("scoring", 1.0)
    written = [] if out is None else write_frames(dict(zip(TABLE_NAMES, frames, strict=True)), out, form)
    if out is not None:
        write_run(out, scorer)
    show_disagreements(frames[0])
    return frames, _say_scored(version, len(frames[0]), len(frames[1]), written)


def _say_scored(version: str, accounts: int, investments: int, written: Sequence[Path]) -> Mapping[str, Any]:
    where = f": {', '.join(str(path) for path in written)}" if written else ""
    print(f"{accounts:,} accounts scored with {version}{where}")
    if not investments:
        print("No uplift: the model knows no investments. `ladder check` says what it takes.")
    return {"accounts": accounts, "model_version": version, "files": [str(path) for path in written]}


def changes_command(options: argparse.Namespace) -> Mapping[str, Any]:
    from features.errors import SettingsError
    from serving.scoring.changes import PARTS, largest_changes, split_changes

    out = Path(options.out)
    if out.suffix not in (".parquet", ".csv"):
        raise SettingsError(f"--out {out} must end in .parquet or .csv.")
    settings = settings_of(options)
    before, after = (_run(Path(folder), model, name, settings) for folder, model, name in (
        (options.before, options.model_before, "before"), (options.after, options.model_after, "after"),
    ))  # fmt: skip
    source = load_source(options, keep=True).source
    with progress_bar() as progress:
        progress("scoring at every step", 0.0)
        changes = split_changes(before, after, source)
    out.parent.mkdir(parents=True, exist_ok=True)
    if out.suffix == ".csv":
        changes.to_csv(out, index=False)
    else:
        changes.to_parquet(out, index=False)
    show_list("The largest changes", largest_changes(changes))
    parts = {part: float(changes[f"p_switch_{part}"].abs().mean()) for part in PARTS}
    said = ", ".join(f"{part} {share:.4f}" for part, share in parts.items())
    print(f"\n{len(changes):,} accounts in {out}; mean absolute part of the change in p_switch: {said}")
    return {"accounts": len(changes), "out": str(out), **{f"p_switch_{part}": share for part, share in parts.items()}}


def export_command(options: argparse.Namespace) -> Mapping[str, Any]:
    from serving.integrations.exports import export, stored_scores
    from serving.scoring.batch import read_scores
    from serving.store.database import open_store

    url = store_of(options) if options.scores is None else None
    if options.scores is not None and (options.store is not None or options.changed):
        options.refuse("--scores DIR stands alone: --store and --changed are about the store.")
    if options.scores is not None:
        scores = read_scores(Path(options.scores))
    elif url is None:
        options.refuse("Say where the scores are: --scores DIR or --store URL.")
    else:
        engine = open_store(url, make=False)
        try:
            scores = stored_scores(engine, options.changed)
        finally:
            engine.dispose()
    done = export(scores, options.crm, Path(options.out), options.language)
    print(f"{done.accounts:,} accounts for {options.crm}: {', '.join(str(file) for file in done.files)}")
    if done.left_out:
        print(
            f"Note: {done.left_out:,} accounts are left out: their ids would be run as formulas or misread.",
            file=sys.stderr,
        )
    return {"accounts": done.accounts, "left_out": done.left_out, "files": [str(file) for file in done.files]}


def _run(folder: Path, model: str | None, name: str, settings: Any) -> Any:
    """A run's scores and the model that made them: the one given, else the one of that version among the champions."""
    from features.errors import RegistryError
    from serving.scoring.batch import read_scores
    from serving.scoring.changes import Run
    from serving.scoring.scoring import Scorer
    from training.model.bundle import read_bundle

    scores = read_scores(folder)
    version = str(scores["model_version"].iloc[0]) if len(scores) else ""
    kept = Path(settings.registry.champion_folder) / version
    if model is None and not kept.is_dir():
        raise RegistryError(
            f"The scores in {folder} were made by model {version}, which is not in {kept.parent}. Give it with "
            f"--model-{name}, as models:/loyalty-ladder/VERSION or the folder of its bundle."
        )
    with tempfile.TemporaryDirectory() as scratch:
        return Run(scores, Scorer(*read_bundle(kept if model is None else find_bundle(model, settings, Path(scratch)))))
