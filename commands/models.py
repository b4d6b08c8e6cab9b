"""ladder train, backtest, promote, rollback."""

import argparse
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
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
from commands.judging import REPORT, SETTINGS, Judgement, judge, write_page
from commands.terminal import note_set_aside, progress_bar, show_comparison, show_list, show_table
from features.errors import RegistryError


@dataclass(frozen=True)
class Wishes:
    """What becomes of a model once it is trained.

    uri : of the registry.  champions : folder of the champion.  where : the source, as the command was given it.
    promote : though there is a champion.  minutes : to tune before; None = not.  report : file for promotion's report.
    """

    uri: str
    champions: Path
    where: str
    promote: bool = False
    minutes: float | None = None
    report: str | None = None


def train_command(options: argparse.Namespace) -> Mapping[str, Any]:
    settings = settings_of(options)
    check_cluster(options)
    partitions = partitions_of(options)
    folder = Path(settings.registry.champion_folder)
    wishes = Wishes(registry_uri(), folder, options.data, options.promote, options.tune, options.report)
    if partitions is None:
        return train_source(load_source(options), wishes)
    from training.data.partitioned import gather_dataset

    with crew_of(options) as (executor, grow):
        with progress_bar() as progress:
            end = end_of_parts(partitions, executor, options, progress)
            data = gather_dataset(partitions, executor, settings, end, grow, progress, note_set_aside)
            learnt = learn(data, settings, wishes.minutes, progress)
        return conclude(learnt, wishes)  # the champion's recipe may have to be grown again


def train_source(loaded: Loaded, wishes: Wishes) -> Mapping[str, Any]:
    """Tune where that is wished, train, record, register, and promote where that is due."""
    from training.data.dataset import build_dataset

    settings, as_of = loaded.settings, loaded.as_of
    with progress_bar() as progress:
        data = build_dataset(loaded.histories.as_it_stood(as_of), settings, as_of, progress=progress)
        learnt = learn(data, settings, wishes.minutes, progress)
    return conclude(learnt, wishes)


@dataclass(frozen=True)
class Learnt:
    """A trained model with what it was learnt from.  tuned : the search for its settings; None where there was none."""

    trained: Any
    data: Any
    settings: Any
    tuned: Any = None

    @property
    def findings(self) -> list[str]:
        """The report in words, what tuning found first."""
        return [*(self.tuned.words() if self.tuned else []), *self.trained.report]

    @property
    def records(self) -> dict[str, tuple[str, Any]]:
        """Tables of what was promised and earned: file -> heading and rows; those that have rows."""
        facts = self.trained.bundle.facts
        records = {
            "managers": (
                "What account managers' forecasts have been worth, money over the horizon",
                facts.track_record,
            ),
            "acquisition": ("What winning accounts and moving them up bring, money per account", facts.acquisition),
        }
        return {name: record for name, record in records.items() if record[1]}


def learn(data: Any, settings: Any, minutes: float | None, progress: Callable[[str, float], None]) -> Learnt:
    """Search for better settings where minutes are given for it, then train."""
    from training.pipeline import train_on

    if minutes is None:
        return Learnt(train_on(data, settings, progress=progress), data, settings)
    from training.tuning.tuning import evaluate_choice, tune

    tuned = evaluate_choice(data, tune(data, settings, 60 * minutes, progress=progress))
    return Learnt(train_on(data, tuned.settings, progress=progress), data, tuned.settings, tuned)


def conclude(learnt: Learnt, wishes: Wishes) -> Mapping[str, Any]:
    """Show what was learnt, judge it beside the champion, register it, and promote it where that is due."""
    from training.tracking.registry import Registry

    trained, tuned, registry = learnt.trained, learnt.tuned, Registry(wishes.uri)
    _show(learnt)
    judgement = judge(trained, learnt.data, learnt.settings, registry)
    version = _register(learnt, judgement, registry, wishes.where)
    if wishes.report is not None:
        write_page(judgement.page(version), wishes.report)
    wanted = wishes.promote or judgement.champion is None
    promoted = wanted and judgement.good
    if promoted:
        registry.promote(version, wishes.champions)
    said = f"loyalty-ladder version {version} ({trained.bundle.version})"
    if promoted:
        print(f"\n{said} is champion now")
    elif not judgement.good:
        print(
            f"\n{said} was not promoted: a check refused it. See why above; `ladder promote {version}` overrules the "
            "checks"
        )
    else:
        print(
            f"\n{said} was not promoted: version {judgement.champion} stays champion (use --promote, or "
            f"`ladder promote {version}`)"
        )
    return {
        "version": version,
        "bundle": trained.bundle.version,
        "champion": promoted,
        "passes": judgement.good,
        "not_worse": judgement.not_worse,
        **trained.bundle.facts.figures,
        **(tuned.figures() if tuned else {}),
    }


def _show(learnt: Learnt) -> None:
    from training.evaluation.tables import record_cells

    for comparison in learnt.trained.comparisons:
        show_comparison(comparison)
    for heading, rows in learnt.records.values():
        show_table(heading, *record_cells(rows))
    show_list("What the models are worth, and what they rest on", learnt.findings)
    if learnt.tuned and learnt.tuned.changed:
        told = learnt.tuned.toml()
        print(f"\nFor the settings file (--config), so that the same data give the same bundle again:\n\n{told}")


def _register(learnt: Learnt, judgement: Judgement, registry: Any, where: str) -> int:
    """Log the training with all that belongs to it, as a new version."""
    from serving.integrations.pyfunc_model import INPUTS, OUTPUTS, PARAMS, example
    from training.evaluation.tables import as_text, record_csv
    from training.settings import write_settings
    from training.tracking.plots import draw_plots
    from training.tracking.provenance import provenance
    from training.tracking.run_records import training_record
    from training.tracking.runs import ModelForm
    from training.tracking.tracker import public

    trained, settings, tuned = learnt.trained, learnt.settings, learnt.tuned
    texts = {f"{c.task}.txt": as_text(c) for c in trained.comparisons} | {"report.txt": "\n".join(learnt.findings)}
    texts |= {f"{name}.csv": record_csv(rows) for name, (_, rows) in learnt.records.items()}
    texts |= {"checks.txt": judgement.lines, REPORT: judgement.page(), SETTINGS: write_settings(settings)}
    if tuned:
        texts |= {"tuning.csv": tuned.table(), "tuned.toml": tuned.toml()}
    record = training_record(trained, settings, provenance(), public(where), texts, tuned.figures() if tuned else {})
    with tempfile.TemporaryDirectory() as plots:
        draw_plots(trained.comparisons, trained.curves, Path(plots))
        form = ModelForm(INPUTS, OUTPUTS, PARAMS, example())
        version: int = registry.record(
            trained.bundle, record, Path(plots), form, settings.registry.experiment, open_run()
        )
    return version


def backtest_command(options: argparse.Namespace) -> Mapping[str, Any]:
    from training.data.dataset import build_dataset
    from training.evaluation.evaluation import evaluate
    from training.evaluation.grading import grade_report

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
