"""ladder score: every account scored, into files for people and programs, into the store for the page."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from commands.champions import check_rules, find_bundle
from commands.inputs import (
    Loaded,
    as_of_parts,
    check_cluster,
    feedback_store,
    histories_of_parts,
    load_partitions,
    load_source,
    open_executor,
)
from commands.options import AsOf, CommonOptions, Dask, Data, Feedback, Model, Option, UsageError
from commands.playbook import tell_playbook, with_playbook
from commands.progress_lines import progress_bar
from commands.store_writing import check_store, store_background, store_folder, store_frames
from commands.terminal import Figures, note_set_aside, show_disagreements

if TYPE_CHECKING:
    import pandas as pd

    from features.sources.partitioned import Partitions
    from training.model.bundle import Bundle
    from training.settings import Settings


@dataclass(frozen=True, kw_only=True)
class ScoreOptions(CommonOptions):
    data: Data
    as_of: AsOf = None
    store: Feedback = None
    model: Model = None
    dask: Dask = None
    out: Annotated[Path | None, Option(metavar="DIR", help="where the files go")] = None
    to: Annotated[
        str | None, Option(metavar="URL", help="store that the run goes to: sqlite:///FILE or postgresql://...")
    ] = None
    format: Annotated[Literal["parquet", "csv", "xlsx"], Option(help="of the files")] = "parquet"
    language: Annotated[Literal["en", "nl"], Option(help="of the reasons: English or Dutch")] = "en"
    timelines: Annotated[
        bool,
        Option(flag="--no-timelines", help="write scores only into the store, not what the page shows behind them"),
    ] = True

    def __post_init__(self) -> None:
        if self.out is None and self.to is None:
            raise UsageError("Say where the scores go: --out DIR for files, --to URL for the store, or both.")


def score_command(options: ScoreOptions) -> Figures:
    from training.model.champion import read_trusted_bundle
    from training.settings import read_settings

    check_cluster(options.dask, options.data)
    settings = read_settings(options.config)
    with tempfile.TemporaryDirectory() as scratch:
        bundle, version = read_trusted_bundle(find_bundle(options.model, settings.registry, Path(scratch)))
    check_rules(settings, bundle.facts)
    bundle = with_playbook(bundle, settings)
    if options.to is not None:
        check_store(options.to)  # before an hour's work
    feedback = feedback_store(options.store, options.to)
    partitions = load_partitions(options.data, feedback=feedback, only=bundle.facts.tables)
    if partitions is not None:
        return _score_parts(partitions, bundle, version, settings, options)
    loaded = load_source(options.data, settings, as_of=options.as_of, feedback=feedback, only=bundle.facts.tables)
    frames, figures = score_source(bundle, version, loaded, options.out, form=options.format, language=options.language)
    if options.to is None:
        return figures
    stored = store_frames(options.to, frames, bundle, loaded.source)
    if options.timelines:
        store_background(options.to, bundle, loaded.as_of, [(loaded.histories, loaded.source)])
    return {**figures, **stored}


def _score_parts(
    partitions: Partitions, bundle: Bundle, version: str, settings: Settings, options: ScoreOptions
) -> Figures:
    from serving.scoring.batch import read_columns, write_run
    from serving.scoring.manager_forecasts import COLUMNS as DISAGREEMENT
    from serving.scoring.partitioned import score_parts
    from serving.scoring.scoring import Scorer
    from serving.store.scores.result_files import profiles_of

    scorer = Scorer(bundle, version)
    with tempfile.TemporaryDirectory() as scratch, open_executor(options.dask) as (executor, _):
        out, form = (Path(scratch), "parquet") if options.out is None else (options.out, options.format)
        with progress_bar() as progress:
            as_of = as_of_parts(partitions, executor, options.as_of, progress)
            written = score_parts(
                partitions, executor, scorer, as_of=as_of, most_bad=settings.source.max_bad_share, out=out, form=form,
                progress=progress, note=note_set_aside, language=options.language,
            )  # fmt: skip
        write_run(out, scorer)
        differing = read_columns(written.files[0], DISAGREEMENT)
        profiles = profiles_of(partitions) if "accounts" in partitions.tables else None
        stored: Figures = {} if options.to is None else store_folder(options.to, out, bundle, profiles)
    if options.to is not None and options.timelines:
        store_background(options.to, bundle, as_of, histories_of_parts(partitions))
    show_disagreements(differing)
    playbook = tell_playbook(bundle)
    files = written.files if options.out is not None else ()
    figures = {**_scored(version, written.accounts, written.investments, files), **_told(written.sums), **stored}
    return {**figures, "playbook": playbook}


def score_source(
    bundle: Bundle, version: str, loaded: Loaded, out: Path | None, *, form: str = "parquet", language: str = "en"
) -> tuple[tuple[pd.DataFrame, ...], Figures]:
    """Score a source and write the tables into a folder where there is one.  Returns the tables and the figures."""
    from serving.scoring.batch import run_sums, score_frames, write_frames, write_run, write_sums
    from serving.scoring.score_columns import TABLE_NAMES
    from serving.scoring.scoring import Scorer

    with progress_bar() as progress:
        progress("scoring", 0.0)
        scorer = Scorer(bundle, version)
        frames = score_frames(
            scorer, loaded.histories, loaded.as_of, language=language, progress=partial(progress, "scoring")
        )
        sums = run_sums(frames[0], loaded.histories, loaded.as_of, bundle.facts)
        progress("scoring", 1.0)
    written: Sequence[Path] = ()
    if out is not None:
        written = write_frames(dict(zip(TABLE_NAMES, frames, strict=True)), out, form)
        write_run(out, scorer)
        written = [*written, *write_sums(out, sums, form)]
    show_disagreements(frames[0])
    figures = _scored(version, len(frames[0]), len(frames[1]), written)
    return frames, {**figures, **_told(sums), "playbook": tell_playbook(bundle)}


def _scored(version: str, accounts: int, investments: int, written: Sequence[Path]) -> Figures:
    where = f": {', '.join(str(path) for path in written)}" if written else ""
    print(f"{accounts:,} accounts scored with {version}{where}")
    if not investments:
        print("No uplift: the model knows no investments. `ladder check` says what it takes.")
    return {"accounts": accounts, "model_version": version, "files": [str(path) for path in written]}


def _told(sums: Mapping[str, Mapping[str, list[float]]]) -> Figures:
    """Print whether the ladder pays, and return it with lifetime values by group."""
    from features.accounts.loyalty_pays import after_years, loyalty_rows
    from serving.scoring.lifetime_groups import lifetime_rows

    lifetime, loyalty = lifetime_rows(sums["lifetime"]), loyalty_rows(sums["loyalty"])
    whole = lifetime[0]
    if whole["lifetime_value"] is not None:
        beside = (
            "" if whole["value_per_cost"] is None else f", {whole['value_per_cost']:.1f} times what winning it cost"
        )
        print(f"Lifetime value: {whole['lifetime_value']:,.0f} an account on average{beside}")
    return {"lifetime": lifetime, "loyalty": loyalty, "after_years": after_years(sums["loyalty"])}
