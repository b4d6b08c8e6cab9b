"""ladder train, backtest, promote, rollback."""

import argparse
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from commands.inputs import (
    Loaded,
    check_cluster,
    crew_of,
    end_of_parts,
    load_source,
    open_run,
    partitions_of,
    registry_uri,
    settings_of,
)
from commands.judging import REPORT, SETTINGS, judge, write_page
from commands.terminal import note_set_aside, progress_bar, show_comparison, show_list, show_table
from features.errors import RegistryError


def train_command(options: argparse.Namespace) -> Mapping[str, Any]:
    settings = settings_of(options)
    check_cluster(options)
    partitions = partitions_of(options)
    folder = Path(settings.registry.champion_folder)
    if partitions is None:
        return train_source(
            load_source(options), registry_uri(), options.promote, folder, options.data, options.tune, options.report
        )
    from training.gathering import gather_dataset
    from training.pipeline import train_on
    from training.tracking.tracker import public

    with crew_of(options) as (crew, grow), progress_bar() as progress:
        end = end_of_parts(partitions, crew, options, progress)
        data = gather_dataset(partitions, crew, settings, end, grow, progress, note_set_aside)
        tuned = _tune(data, settings, options.tune, progress)
        settings = tuned.settings if tuned else settings
        trained = train_on(data, settings, progress=progress)
    where = public(options.data)
    return _record(trained, data, settings, registry_uri(), options.promote, folder, where, tuned, options.report)


def train_source(
    loaded: Loaded, uri: str, force: bool, champion_folder: Path, where: str, minutes: float | None = None,
    report: str | None = None,
) -> Mapping[str, Any]:  # fmt: skip
    """Tune where minutes are given for it; train, record, register, and promote where that is due.

    where : the source, as the command was given it.  report : file that the promotion report goes to.
    """
    from training.dataset import build_dataset
    from training.pipeline import train_on
    from training.tracking.tracker import public

    settings, as_of = loaded.settings, loaded.as_of
    with progress_bar() as progress:
        data = build_dataset(loaded.histories.as_it_stood(as_of), settings, as_of, progress=progress)
        tuned = _tune(data, settings, minutes, progress)
        settings = tuned.settings if tuned else settings
        trained = train_on(data, settings, progress=progress)
    return _record(trained, data, settings, uri, force, champion_folder, public(where), tuned, report)


def _tune(data: Any, settings: Any, minutes: float | None, progress: Callable[[str, float], None]) -> Any:
    """The settings found in that time, with their trials; None where no tuning was asked for."""
    if minutes is None:
        return None
    from training.tuning import judge_choice, tune

    return judge_choice(data, tune(data, settings, 60 * minutes, progress=progress))


def _record(
    trained: Any, data: Any, settings: Any, uri: str, force: bool, champion_folder: Path, where: str,
    tuned: Any = None, page: str | None = None,
) -> Mapping[str, Any]:  # fmt: skip
    """Show what was learnt, register it, and promote it where that is due.

    where : the address of the data, without passwords.  page : file that the promotion report goes to.
    """
    from serving.pyfunc_model import INPUTS, OUTPUTS, PARAMS, example
    from training.reporting import as_text, record_cells, record_csv
    from training.settings import write_settings
    from training.tracking.plots import draw_plots
    from training.tracking.provenance import provenance
    from training.tracking.registry import Registry
    from training.tracking.run_records import training_record
    from training.tracking.runs import ModelForm

    for comparison in trained.comparisons:
        show_comparison(comparison)
    facts = trained.bundle.facts
    records = {
        "managers": ("What account managers' forecasts have been worth, money over the horizon", facts.track_record),
        "acquisition": ("What winning accounts and moving them up bring, money per account", facts.acquisition),
    }
    records = {name: record for name, record in records.items() if record[1]}
    for heading, rows in records.values():
        show_table(heading, *record_cells(rows))
    report = [*(tuned.words() if tuned else []), *trained.report]
    show_list("What the models are worth, and what they rest on", report)
    if tuned and tuned.changed:
        print(
            f"\nFor the settings file (--config), so that the same data give the same bundle again:\n\n{tuned.toml()}"
        )
    registry = Registry(uri)
    judgement = judge(trained, data, settings, registry)
    champion = judgement.champion
    with tempfile.TemporaryDirectory() as scratch:
        draw_plots(trained.comparisons, trained.curves, Path(scratch))
        texts = {f"{c.task}.txt": as_text(c) for c in trained.comparisons} | {"report.txt": "\n".join(report)}
        texts |= {f"{name}.csv": record_csv(rows) for name, (_, rows) in records.items()}
        texts |= {"checks.txt": judgement.lines, REPORT: judgement.page(), SETTINGS: write_settings(settings)}
        if tuned:
            texts |= {"tuning.csv": tuned.table(), "tuned.toml": tuned.toml()}
        record = training_record(trained, settings, provenance(), where, texts, tuned.figures() if tuned else {})
        form = ModelForm(INPUTS, OUTPUTS, PARAMS, example())
        version = registry.record(trained.bundle, record, Path(scratch), form, settings.registry.experiment, open_run())
    if page is not None:
        write_page(judgement.page(version), page)
    good, wanted = judgement.good, force or champion is None
    if wanted and good:
        registry.promote(version, champion_folder)
    said = "is champion now" if wanted and good else "was not promoted"
    why = "" if good else f": a check refused it. See why above; `ladder promote {version}` overrules the checks"
    why = why or (
        "" if wanted else f": version {champion} stays champion (use --promote, or `ladder promote {version}`)"
    )
    print(f"\nloyalty-ladder version {version} ({trained.bundle.version}) {said}{why}")
    return {
        "version": version,
        "bundle": trained.bundle.version,
        "champion": wanted and good,
        "passes": good,
        "not_worse": judgement.not_worse,
        **trained.bundle.facts.figures,
        **(tuned.figures() if tuned else {}),
    }


def backtest_command(options: argparse.Namespace) -> Mapping[str, Any]:
    from training.dataset import build_dataset
    from training.evaluation import evaluate
    from training.grading import grade_report

    loaded = load_source(options)
    with progress_bar() as progress:
        known = loaded.histories.as_it_stood(loaded.as_of)
        data = build_dataset(known, loaded.settings, loaded.as_of, progress=progress)
        comparisons = evaluate(data, loaded.settings, options.folds, progress)
    for comparison in comparisons:
        show_comparison(comparison)
    if not any(comparison.task == "switching" for comparison in comparisons):
        print("\nSwitching: left out; too few switched before the origins. `ladder check` says what it takes.")
    show_list("What the models are worth", grade_report(comparisons))
    return {name: value for comparison in comparisons for name, value in comparison.figures().items()}


def promote_command(options: argparse.Namespace) -> Mapping[str, Any]:
    from training.tracking.registry import Registry

    settings, registry = settings_of(options), Registry(registry_uri())
    if options.report is not None:
        kept = registry.text(options.version, REPORT)
        if kept is None:
            raise RegistryError(f"Version {options.version} was recorded without a report: leave --report out.")
        write_page(kept, options.report)
    registry.promote(options.version, Path(settings.registry.champion_folder))
    print(f"loyalty-ladder version {options.version} is champion now")
    return {"champion": options.version}


def rollback_command(options: argparse.Namespace) -> Mapping[str, Any]:
    from training.tracking.registry import Registry

    version = Registry(registry_uri()).rollback(Path(settings_of(options).registry.champion_folder))
    print(f"loyalty-ladder version {version} is champion again")
    return {"champion": version}
