"""ladder check, partition, simulate: what is in a source, and sources cut or made."""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from commands.inputs import load_source, settings_of
from commands.terminal import progress_bar, show_table


def check_command(options: argparse.Namespace) -> Mapping[str, Any]:
    from features.data_report import Needs, check_source
    from features.sources.source import set_aside_frame

    loaded = load_source(options, max_bad_share=1.0)
    settings = loaded.settings
    needs = Needs(
        settings.outcome.horizon_days, settings.slices.least_history_days, settings.outcome.recorded_at_least,
        settings.uplift.least_treated,
    )  # fmt: skip
    report = check_source(loaded.source, loaded.histories, settings.ladder, needs, loaded.as_of)
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
    models = [[name, "yes" if ready else "not yet", words] for name, ready, words in report.models]
    show_table("What can be trained", ["model", "ready", "why"], models)
    if options.report:
        set_aside_frame(loaded.source).to_csv(options.report, index=False)
        print(f"\nEvery row that was set aside: {options.report}")
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


def partition_command(options: argparse.Namespace) -> Mapping[str, Any]:
    from features.partitions.write import partition

    settings, out = settings_of(options), Path(options.out)
    with progress_bar() as progress:
        cut = partition(options.data, out, options.parts, settings.tables, lambda words: progress(words, 0.0))
    for note in cut.notes:
        print(f"Note: {note}", file=sys.stderr)
    show_table("Rows", ["table", "rows"], [[name, f"{rows:,}"] for name, rows in cut.rows.items()])
    print(f"{options.parts:,} parts in {out}; `ladder train` and `ladder score` take it as --data")
    return {"parts": options.parts, "rows": cut.rows, "split_keys": cut.partitions.split_keys, "out": str(out)}


def simulate_command(options: argparse.Namespace) -> Mapping[str, Any]:
    from training.simulator.simulation import simulate, write

    out = Path(options.out)
    with progress_bar() as progress:
        simulation = simulate(
            options.scenario, accounts=options.accounts, months=options.months, seed=options.seed,
            progress=lambda done: progress("simulating", done),
        )  # fmt: skip
    write(simulation, out)
    print(f"{len(simulation.truth):,} accounts over {options.months} months in {out}; the truth beside it")
    return {"accounts": len(simulation.truth), "out": str(out), "truth": str(out.parent / "truth.parquet")}
