"""ladder check, partition, simulate: what is in a source, and sources cut or made."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from commands.inputs import Loaded, feedback_store, load_source
from commands.options import Accounts, AsOf, CommonOptions, Data, Feedback, Months, Option, Seed, at_least_one
from commands.terminal import Figures, progress_bar, show_table

if TYPE_CHECKING:
    from features.data_report import DataReport, Readiness
    from training.model.findings import Finding


@dataclass(frozen=True, kw_only=True)
class CheckOptions(CommonOptions):
    data: Data
    as_of: AsOf = None
    store: Feedback = None
    report: Annotated[Path | None, Option(metavar="FILE", help="write every row set aside to this CSV file")] = None


@dataclass(frozen=True, kw_only=True)
class PartitionOptions(CommonOptions):
    data: Data
    out: Annotated[Path, Option(metavar="DIR", help="an empty folder, for a cluster one that it sees too")]
    parts: Annotated[
        int,
        Option(
            metavar="N", parse=at_least_one,
            help="how many; each must fit into a worker's memory, as docs/scale.md tells",
        ),
    ] = 16  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class SimulateOptions(CommonOptions):
    out: Annotated[Path, Option(metavar="DIR", help="folder of the tables")]
    scenario: Annotated[str, Option(help="which world; an unknown name lists them")] = "default"
    accounts: Accounts = 3000
    months: Months = 48
    seed: Seed = 0


def check_command(options: CheckOptions) -> Figures:
    from training.settings import read_settings

    settings = read_settings(options.config)
    loaded = load_source(
        options.data, settings, as_of=options.as_of, feedback=feedback_store(options.store), accept_bad_rows=True
    )
    return report_source(loaded, options.report)


def report_source(loaded: Loaded, rows_to: Path | None = None) -> Figures:
    """Show what a source holds.  rows_to : CSV file for every row that was set aside."""
    from features.data_report import Needs, check_source
    from features.exposures import ExposureNeeds
    from features.sources.source import set_aside_frame

    settings = loaded.settings
    needs = Needs(
        settings.outcome.horizon_days, settings.slices.least_history_days, settings.outcome.recorded_at_least,
        settings.uplift.least_treated, grace_days=settings.outcome.renewal_grace_days,
        exposures=ExposureNeeds(
            settings.outcome.horizon_days, settings.uplift.exposure_days, settings.uplift.washout_days,
            settings.uplift.least_treated, settings.uplift.least_effective, settings.uplift.most_separation,
        ),
    )  # fmt: skip
    report = check_source(loaded.source, loaded.histories, settings.ladder, needs, loaded.as_of)
    _show_report(report, settings.outcome.horizon_days)
    if rows_to is not None:
        set_aside_frame(loaded.source).to_csv(rows_to, index=False)
        print(f"\nEvery row that was set aside: {rows_to}")
    limit = settings.source.max_bad_share
    too_bad = [name for name, (read, aside) in report.tables.items() if aside > limit * max(read, 1)]
    if too_bad:
        print(f"\nTraining and scoring would refuse {', '.join(too_bad)}: more than {limit:.0%} is set aside.")
    return {
        "as_of": report.as_of,
        "ladder": report.ladder,
        "set_aside": len(loaded.source.set_aside),
        "refused": too_bad,
    }


def _show_report(report: DataReport, horizon_days: int) -> None:
    from training.model.text.catalogue import heading, render
    from training.model.text.words import DEFAULT_LANGUAGE

    rows = [[name, f"{read:,}", f"{aside:,}"] for name, (read, aside) in report.tables.items()]
    show_table("Tables", ["table", "rows read", "set aside"], rows)
    if report.reasons:
        reasons = [[*key, f"{count:,}"] for key, count in report.reasons.items()]
        show_table("Set aside, by reason", ["table", "column", "reason", "rows"], reasons)
    if report.absent:
        print(f"\nNot there: {', '.join(report.absent)}")
    for note in report.notes:
        print(f"Note: {note}")
    show_table(f"The ladder at {report.as_of}", ["rung", "accounts"], [[k, f"{v:,}"] for k, v in report.ladder.items()])
    models = [
        [heading(finding, DEFAULT_LANGUAGE), "yes" if one.ready else "not yet", render(finding, DEFAULT_LANGUAGE)]
        for one in report.models
        for finding in [_readiness(one)]
    ]
    show_table("What can be trained", ["model", "ready", "why"], models)
    if report.slow_buyers >= MANY_SLOW:
        print(f"\n{render(slow_buyers(report, horizon_days), DEFAULT_LANGUAGE)}")


MANY_SLOW = 0.2
"""From one account in five on, the horizon is too short for the rhythm of the business."""


def slow_buyers(report: DataReport, horizon_days: int) -> Finding:
    """Return what share of the accounts buys more slowly than the horizon, and the horizon that would hold them."""
    from training.model.findings import WARNING, Finding

    wanted = min(-(-round(1.25 * report.slow_gap_days) // 30) * 30, 1095)
    return Finding.of(
        "slow_buyers", WARNING, share=report.slow_buyers, horizon=horizon_days, gap=report.slow_gap_days, wanted=wanted
    )


def _readiness(one: Readiness) -> Finding:
    """Return what a source has for a model, and lacks."""
    from features.data_report import RENEWAL, STATES, SWITCHING
    from training.model.findings import NOTE, OK, Finding

    severity = OK if one.ready else NOTE
    if one.model == STATES:
        return Finding.of("can_train_states", severity, days=one.found, needed=one.needed)
    if one.model == SWITCHING:
        if one.found >= one.needed:
            return Finding.of("can_train_recorded", severity, switches=one.found)
        return Finding.of("can_train_silence", severity, switches=one.found, needed=one.needed)
    if one.model == RENEWAL:
        return Finding.of("can_train_renewal", severity, ended=one.found, renewed=one.renewed, needed=one.needed)
    if one.option is None:
        return Finding.of("can_train_no_investments", severity)
    figures = {
        "option": one.option, "exposed": one.found, "randomised": one.randomised, "controls": one.controls,
        "needed": one.needed,
    }  # fmt: skip
    if one.cause is None:
        return Finding.of("can_train_uplift", severity, **figures)
    return Finding.of("cannot_train_uplift", severity, **figures, cause=one.cause)


def partition_command(options: PartitionOptions) -> Figures:
    from features.partitions.write import partition
    from training.settings import read_settings

    tables, out = read_settings(options.config).tables, options.out
    with progress_bar() as progress:
        cut = partition(options.data, out, options.parts, tables, lambda words: progress(words, 0.0))
    for note in cut.notes:
        print(f"Note: {note}", file=sys.stderr)
    show_table("Rows", ["table", "rows"], [[name, f"{rows:,}"] for name, rows in cut.rows.items()])
    print(f"{options.parts:,} parts in {out}; `ladder train` and `ladder score` take it as --data")
    return {"parts": options.parts, "rows": cut.rows, "split_keys": cut.partitions.split_keys, "out": str(out)}


def simulate_command(options: SimulateOptions) -> Figures:
    return simulate_source(
        options.out, options.scenario, accounts=options.accounts, months=options.months, seed=options.seed
    )


def simulate_source(out: Path, scenario: str = "default", *, accounts: int, months: int, seed: int) -> Figures:
    """Write a simulated source into a folder, and the truth beside it."""
    from training.simulator.simulation import simulate, write

    with progress_bar() as progress:
        simulation = simulate(
            scenario, accounts=accounts, months=months, seed=seed, progress=lambda done: progress("simulating", done)
        )
    write(simulation, out)
    print(f"{len(simulation.truth):,} accounts over {months} months in {out}; the truth beside it")
    return {"accounts": len(simulation.truth), "out": str(out), "truth": str(out.parent / "truth.parquet")}
