"""ladder partition, simulate: sources cut or made."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from commands.options import Accounts, CommonOptions, Data, Months, Option, Seed, at_least_one
from commands.progress_lines import progress_bar
from commands.terminal import Figures, show_table


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


def partition_command(options: PartitionOptions) -> Figures:
    from features.partitions.write import partition
    from training.settings import read_settings

    settings, out = read_settings(options.config), options.out
    with progress_bar() as progress:
        cut = partition(
            options.data, out, options.parts, settings.tables,
            progress=lambda words: progress(words, 0.0), rules=settings.source.rules(time.time_ns() // 1000),
        )  # fmt: skip
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
