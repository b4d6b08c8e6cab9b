"""ladder train: train all models, evaluate them, register them, and promote them where due."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from commands.inputs import (
    Loaded,
    as_of_parts,
    check_cluster,
    feedback_store,
    load_partitions,
    load_source,
    open_executor,
    registry_uri,
)
from commands.options import (
    AsOf,
    CommonOptions,
    Dask,
    Data,
    Feedback,
    Option,
    day_list,
    key_and_value,
    minutes,
    name_list,
    none_or_more,
)
from commands.progress_lines import TRAINING, Progress, progress_bar
from commands.promotion import CHECKS, REPORT, SETTINGS, Judgement, judge, write_page
from commands.registration import Begun, RunWish, now_ms, register_package, tracked_training
from commands.terminal import Figures, check_place, note_set_aside, show_comparison, show_findings, show_table

if TYPE_CHECKING:
    from training.data.dataset import Dataset
    from training.evaluation.tables import Row
    from training.model.findings import Finding
    from training.models.scope import Scope
    from training.pipeline import Trained
    from training.settings import Settings
    from training.tracking.run_records import TrainingRecord
    from training.tuning.tuned_settings import Tuned


@dataclass(frozen=True, kw_only=True)
class TrainOptions(CommonOptions):
    data: Data
    as_of: AsOf = None
    store: Feedback = None
    dask: Dask = None
    promote: Annotated[bool, Option(help="make it champion if it passes the checks")] = False
    report: Annotated[
        Path | None, Option(metavar="FILE", help="write what the checks found to this HTML file, for people")
    ] = None
    fast: Annotated[
        bool, Option(help="the main horizon alone, and not judged out of time: a first answer in seconds")
    ] = False
    folds: Annotated[
        int | None, Option(metavar="K", parse=none_or_more, help="rolling origins by which models are judged; else 3")
    ] = None
    horizons: Annotated[
        tuple[int, ...] | None,
        Option(metavar="DAYS,...", parse=day_list, help="horizons beside the main one; else those of the settings"),
    ] = None
    only: Annotated[
        tuple[str, ...] | None,
        Option(
            metavar="NAME,...",
            parse=name_list,
            help="learn only some of rung, switching, revenue and uplift; the others by their simplest rule",
        ),
    ] = None
    run_name: Annotated[
        str | None, Option(metavar="NAME", help="of the run in MLflow; else after the source, the day and the horizon")
    ] = None
    tag: Annotated[
        tuple[tuple[str, str], ...],
        Option(metavar="KEY=VALUE", parse=key_and_value, help="a tag of the run in MLflow; may be given several times"),
    ] = ()
    tune: Annotated[
        float | None,
        Option(
            metavar="MINUTES",
            parse=minutes,
            help="first search the boosters' settings for so long, on origins before any that is judged; the "
            "clock decides how many are tried, so the same data and seed may end with others: what was "
            "taken is printed as TOML for --config, with which the bundle is the same again",
        ),
    ] = None


def scope_of(options: TrainOptions) -> Scope:
    """Return how much of a training the options ask for."""
    from training.models.scope import FAST, Scope

    base = FAST if options.fast else Scope()
    return replace(
        base,
        folds=base.folds if options.folds is None else options.folds,
        only=options.only or (),
        further=base.further if options.horizons is None else options.horizons,
    )


@dataclass(frozen=True)
class TrainingRequest:
    """How to train, and what becomes of the model.

    uri : of the registry.  champions : folder of the champion.  where : the source, as the command was given it.
    promote : though there is a champion.  tune_minutes : None = no search.  report : file for promotion's report.
    wish : name and tags of its run.  scope : how much is done; None = all.
    """

    uri: str
    champions: Path
    where: str
    promote: bool = False
    tune_minutes: float | None = None
    report: Path | None = None
    wish: RunWish = field(default_factory=RunWish)
    scope: Scope | None = None


@dataclass(frozen=True)
class TrainingRun:
    """A trained model with what it was learnt from.  tuned : the search for its settings; None where there was none."""

    trained: Trained
    data: Dataset
    settings: Settings
    tuned: Tuned | None = None

    @property
    def tuning(self) -> list[Finding]:
        """Return what the search for settings found."""
        return self.tuned.findings() if self.tuned else []

    @property
    def records(self) -> dict[str, tuple[str, Sequence[Row]]]:
        """Return the tables with rows: file -> heading and rows of what was promised and earned."""
        from training.evaluation.cluster_bootstrap import LEVEL
        from training.evaluation.fairness import fairness_rows

        facts = self.trained.bundle.facts
        records = {
            "managers": (
                "What account managers' forecasts have been worth, money over the horizon",
                facts.track_record,
            ),
            "fairness": (
                f"Whether chances are as right for every part of the accounts, out of time [{LEVEL:.0%}]",
                fairness_rows(self.trained.fairness),
            ),
            "acquisition": ("What winning accounts and moving them up bring, money per account", facts.acquisition),
        }
        return {name: record for name, record in records.items() if record[1]}


@dataclass(frozen=True)
class Registered:
    """What became of a trained model.

    champion : whether it serves now.  passes : whether no check refused it.  not_worse : whether no comparison says
    that the champion is better.  figures : of its evaluation.
    """

    version: int
    bundle: str
    champion: bool
    passes: bool
    not_worse: bool
    figures: dict[str, float]


def train_command(options: TrainOptions) -> Figures:
    from training.tracking.new_store import store_begun

    with store_begun(registry_uri(), wanted=options.fast) as put_in_place:
        return _train(options, put_in_place)


def _train(options: TrainOptions, put_in_place: Callable[[], None]) -> Figures:
    """Train.  put_in_place : the new store, once the source was read."""
    from training.settings import read_settings

    check_place(options.report)
    scope = scope_of(options)
    settings = scope.applied(read_settings(options.config))
    check_cluster(options.dask, options.data)
    feedback = feedback_store(options.store)
    partitions = load_partitions(options.data, feedback=feedback)
    request = TrainingRequest(
        uri=registry_uri(), champions=settings.registry.champions, where=options.data,
        promote=options.promote, tune_minutes=options.tune, report=options.report,
        wish=RunWish(options.run_name, dict(options.tag)), scope=scope,
    )  # fmt: skip
    if partitions is None:
        loaded = load_source(options.data, settings, as_of=options.as_of, feedback=feedback)
        put_in_place()
        return figures_of(train_source(loaded, request))
    partitions.check_prices(settings.source.rules(0).deflator)
    from training.data.partitioned import gather_dataset

    with open_executor(options.dask) as (executor, backend):
        with progress_bar() as progress:
            end = as_of_parts(partitions, executor, options.as_of, progress)
        with tracked(settings, request, end) as begun:
            with progress_bar(TRAINING) as progress:
                data = gather_dataset(
                    partitions, executor, settings, end, backend=backend, progress=progress,
                    report_set_aside=note_set_aside,
                )  # fmt: skip
                run = learn(data, settings, request, progress)
            return figures_of(conclude(run, request, begun))  # the champion's recipe may have to be grown again


def train_source(loaded: Loaded, request: TrainingRequest) -> Registered:
    """Tune where that is wished, train, record, register, and promote where that is due."""
    from features.histories.odd_orders import hole_notes
    from training.data.dataset import build_dataset

    settings, as_of = loaded.settings, loaded.as_of
    for note in hole_notes(loaded.histories, as_of, settings.source.periods_left_out):
        print(f"Note: {note}", file=sys.stderr)
    with tracked(settings, request, as_of) as begun:
        with progress_bar(TRAINING) as progress:
            data = build_dataset(loaded.histories.as_it_stood(as_of), settings, as_of, progress=progress)
            run = learn(data, settings, request, progress)
        return conclude(run, request, begun)


def tracked(settings: Settings, request: TrainingRequest, as_of: int) -> AbstractContextManager[Begun]:
    """Open the run of a training, once all has been tried that its registration will need."""
    from training.tracking.registry import Registry

    registry = Registry(request.uri, settings.registry.model)
    return tracked_training(
        registry, settings, champions=request.champions, where=request.where, as_of=as_of, wish=request.wish
    )


def learn(data: Dataset, settings: Settings, request: TrainingRequest, progress: Progress) -> TrainingRun:
    """Search for better settings if the options give it time, then train."""
    from training.pipeline import train_on

    if request.tune_minutes is None:
        return TrainingRun(train_on(data, settings, progress=progress, scope=request.scope), data, settings)
    from training.tuning.tuning import evaluate_choice, tune

    tuned = evaluate_choice(data, tune(data, settings, 60 * request.tune_minutes, progress=progress))
    trained = train_on(data, tuned.settings, progress=progress, scope=request.scope)
    return TrainingRun(trained, data, tuned.settings, tuned)


def conclude(run: TrainingRun, request: TrainingRequest, begun: Begun | None = None) -> Registered:
    """Show what was learnt, judge it beside the champion, register it, and promote it where that is due."""
    if begun is None:
        with tracked(run.settings, request, run.trained.bundle.facts.trained_until) as begun:
            return conclude(run, request, begun)
    from training.model.bundle import write_bundle
    from training.tracking.training_package import BUNDLE, UNREGISTERED, write_package

    ended, bundle, registry = now_ms(), run.trained.bundle, begun.registry
    _show(run)
    kept = request.champions / UNREGISTERED / bundle.version
    write_bundle(bundle, kept / BUNDLE)
    try:
        judgement = judge(run.trained, run.data, run.settings, registry, begun.standing)
    except BaseException:
        print(f"The model is kept in {kept}; `ladder register {kept}` makes it a version, unjudged", file=sys.stderr)
        raise
    record = _record(run, judgement, request)
    package = write_package(
        kept, bundle, record, draw=lambda folder: _draw(run.trained, request, folder), run_id=begun.run,
        passes=judgement.good, ended=ended,
    )  # fmt: skip
    version = register_package(package, registry, run.settings.registry.experiment, kept, bundle)
    if request.report is not None:
        write_page(judgement.page(version), request.report)
    judged = bool(run.trained.comparisons)
    promoted = judgement.good and (judgement.champion is None or (request.promote and judged))
    if promoted:
        registry.promote(version, request.champions)
    named = f"{registry.model} version {version} ({bundle.version})"
    if promoted:
        print(f"\n{named} is champion now")
    elif not judgement.good:
        print(f"\n{named} was not promoted: a check refused it, and the former champion, if any, stays")
        print(f"See what is marked as a blocker above, mend it and train anew; `ladder promote {version}` overrules it")
    elif not judged:
        print(
            f"\n{named} was not promoted: it was not judged out of time, and version {judgement.champion} stays "
            f"champion; `ladder promote {version}` overrules that"
        )
    else:
        print(
            f"\n{named} was not promoted: version {judgement.champion} stays champion (use --promote, or "
            f"`ladder promote {version}`)"
        )
    page = registry.page(begun.run)
    if page is not None:
        print(f"All trainings beside each other: {page}")
    figures = {**bundle.facts.figures, **(run.tuned.figures() if run.tuned else {})}
    return Registered(
        version=version, bundle=bundle.version, champion=promoted, passes=judgement.good,
        not_worse=judgement.not_worse, figures=figures,
    )  # fmt: skip


def figures_of(registered: Registered) -> Figures:
    """Return the main figures of a training run."""
    return {
        "version": registered.version, "bundle": registered.bundle, "champion": registered.champion,
        "passes": registered.passes, "not_worse": registered.not_worse, **registered.figures,
    }  # fmt: skip


def _show(run: TrainingRun) -> None:
    from training.evaluation.tables import named_rows, record_cells

    for comparison in run.trained.tables:
        show_comparison(comparison)
    for heading, rows in run.records.values():
        show_table(heading, *record_cells(named_rows(rows)))
    found, currency = [*run.tuning, *run.trained.report], run.trained.bundle.facts.currency
    show_findings("What the models are worth, and what they rest on", found, currency)
    if run.tuned and run.tuned.changed:
        toml = run.tuned.toml()
        print(f"\nFor the settings file (--config), so that the same data give the same bundle again:\n\n{toml}")


def _record(run: TrainingRun, judgement: Judgement, request: TrainingRequest) -> TrainingRecord:
    """Return all that is logged of a training."""
    from training.evaluation.tables import as_text, record_csv
    from training.settings import write_settings
    from training.tracking.provenance import provenance
    from training.tracking.run_records import as_file, training_record
    from training.tracking.tracker import without_secrets

    trained, settings, tuned = run.trained, run.settings, run.tuned
    texts = {f"{c.task}.txt": as_text(c) for c in trained.tables}
    texts |= {f"{name}.csv": record_csv(rows) for name, (_, rows) in run.records.items()}
    texts |= {CHECKS: as_file(judgement.findings), REPORT: judgement.page(), SETTINGS: write_settings(settings)}
    if tuned:
        texts |= {"tuning.csv": tuned.table(), "tuned.toml": tuned.toml()}
    return training_record(
        trained, settings, provenance=provenance(), where=without_secrets(request.where), files=texts,
        metrics=tuned.figures() if tuned else {}, tuning=run.tuning,
    )  # fmt: skip


def _draw(trained: Trained, request: TrainingRequest, folder: Path) -> None:
    if request.scope is not None and request.scope.quick:
        return  # pictures take as long as a quick training's models
    from training.tracking.plots import draw_plots

    draw_plots(trained.comparisons, trained.curves, folder)
