"""The command line: every command with its options, what it runs, and the status that it ends with."""

from __future__ import annotations

import argparse
import gc
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from commands.audit import AuditOptions, audit_command, is_not_whole
from commands.backtesting import BacktestOptions, backtest_command
from commands.changes import ChangesOptions, changes_command
from commands.checking import CheckOptions, check_command
from commands.demo import DemoOptions, demo_command
from commands.exports import ExportOptions, export_command
from commands.keys import KeysOptions, keys_command
from commands.mapping import InitOptions, init_command, is_refused
from commands.monitoring import MonitorOptions, advises_retraining, monitor_command
from commands.options import CommonOptions, UsageError
from commands.parser import Options, add_arguments, read_options
from commands.people import PeopleOptions, people_command
from commands.planning import PlanOptions, plan_command
from commands.promotion import PromoteOptions, RollbackOptions, promote_command, rollback_command
from commands.registration import RegisterOptions, register_command
from commands.retraining import RetrainOptions, retrain_command
from commands.scoring import ScoreOptions, score_command
from commands.serving import ServeOptions, serve_command
from commands.sources import (
    PartitionOptions,
    SimulateOptions,
    partition_command,
    simulate_command,
)
from commands.store import StoreOptions, is_wrong, store_command
from commands.subjects import (
    ExportSubjectOptions,
    ForgetOptions,
    RetentionOptions,
    export_subject_command,
    forget_command,
    retention_command,
)
from commands.terminal import Figures, show_figures
from commands.training import TrainOptions, train_command
from features.errors import LadderError
from features.extensions import use_modules
from features.program_version import program_version

EXIT_DONE, EXIT_REFUSED, EXIT_USAGE, EXIT_RETRAIN, EXIT_NOT_PROMOTED = 0, 1, 2, 3, 4
EXIT_BUG, EXIT_INTERRUPTED = 70, 130
"""70 is the status that sysexits.h has for a fault of the program itself."""
_COLLECT_EVERY = 50_000
"""Objects more than before, after which Python looks for unused cycles; its own 700 cost a quick training a tenth."""
_PASSWORD = re.compile("://[^/@:]*:[^/@]+@")


@dataclass(frozen=True)
class Command:
    """One command.  text : what it does.  options : what it may be told.  run : does it, and returns its status."""

    text: str
    options: type[CommonOptions]
    run: Callable[[argparse.Namespace], int]


def _command(
    text: str,
    options: type[Options],
    work: Callable[[Options], Figures],
    status: Callable[[Options, Figures], int] = lambda *_: EXIT_DONE,
) -> Command:
    """Return a command that does the work.  status : returns the exit status, once the work is done."""

    def run(typed: argparse.Namespace) -> int:
        chosen = read_options(options, typed)
        _use_plugins(chosen.config)
        figures = work(chosen)
        if chosen.json:
            show_figures(figures)
        return status(chosen, figures)

    return Command(text, options, run)


def _use_plugins(config: Path | None) -> None:
    """Let the modules that the settings name add what they hold, before anything is computed."""
    if config is None:
        return use_modules(())
    from training.settings import read_settings

    return use_modules(read_settings(config).plugins.modules)


def _note_passwords(words: Sequence[str]) -> None:
    """Say so where a password was typed: whoever is on the machine reads it in the list of processes."""
    if any(_PASSWORD.search(word) for word in words):
        print(
            "Note: everybody on this machine can read the password on the command line. Put the store's URL into "
            "LADDER_STORE (for --to: `--to LADDER_STORE`), or PostgreSQL's password into ~/.pgpass.",
            file=sys.stderr,
        )


def _store_status(options: StoreOptions, figures: Figures) -> int:
    return EXIT_REFUSED if is_wrong(options, figures) else EXIT_DONE


def _audit_status(options: AuditOptions, figures: Figures) -> int:
    return EXIT_REFUSED if is_not_whole(options, figures) else EXIT_DONE


def _init_status(options: InitOptions, figures: Figures) -> int:
    return EXIT_REFUSED if is_refused(options, figures) else EXIT_DONE


def _train_status(options: TrainOptions, figures: Figures) -> int:
    return EXIT_NOT_PROMOTED if options.promote and not figures["champion"] else EXIT_DONE


def _monitor_status(options: MonitorOptions, figures: Figures) -> int:
    return EXIT_RETRAIN if advises_retraining(options, figures) else EXIT_DONE


COMMANDS: Mapping[str, Command] = {
    "demo": _command("the main job, end to end, on simulated accounts; then serve it", DemoOptions, demo_command),
    "simulate": _command(
        "a source with known truth (truth.parquet beside it, never inside)", SimulateOptions, simulate_command
    ),
    "partition": _command(
        "cut a source by account into parts, for one larger than memory or for a cluster",
        PartitionOptions,
        partition_command,
    ),
    "init": _command("look at an export, and write the settings that map it", InitOptions, init_command, _init_status),
    "check": _command("the data report: rows set aside, the ladder, what can be trained", CheckOptions, check_command),
    "train": _command("train all models, track and register them", TrainOptions, train_command, _train_status),
    "backtest": _command("out-of-time evaluation beside the baselines", BacktestOptions, backtest_command),
    "register": _command(
        "register a model that is on disk: one whose tracker failed, or a bundle", RegisterOptions, register_command
    ),
    "promote": _command("make a version champion", PromoteOptions, promote_command),
    "rollback": _command("make the former champion champion again", RollbackOptions, rollback_command),
    "score": _command("score every account", ScoreOptions, score_command),
    "changes": _command(
        "why scores changed between two runs: behaviour, corrected data, another model",
        ChangesOptions,
        changes_command,
    ),
    "plan": _command("which accounts get which investment, under a budget", PlanOptions, plan_command),
    "monitor": _command(
        "drift, realised against promised, and whether to retrain", MonitorOptions, monitor_command, _monitor_status
    ),
    "retrain": _command(
        "check, train, compare, promote if better, score, export, monitor; safe to repeat",
        RetrainOptions,
        retrain_command,
    ),
    "export": _command("scores as a CSV file that a CRM imports", ExportOptions, export_command),
    "serve": _command("serve the champion over HTTP", ServeOptions, serve_command),
    "keys": _command("make, list, rotate and revoke the service's API keys", KeysOptions, keys_command),
    "people": _command("who may do what on the managers' page, and sees whose accounts", PeopleOptions, people_command),
    "forget": _command("erase an account or a contact, and say what is left to do", ForgetOptions, forget_command),
    "export-subject": _command(
        "all that the store holds of an account or a contact", ExportSubjectOptions, export_subject_command
    ),
    "retention": _command("remove what the settings keep no longer", RetentionOptions, retention_command),
    "audit": _command(
        "the audit log as JSON lines, or whether it is what was written", AuditOptions, audit_command, _audit_status
    ),
    "store": _command(
        "the store upgraded, backed up, restored, looked over", StoreOptions, store_command, _store_status
    ),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status.

    0 done, 1 refused with one message, 3 retraining advised (of `ladder monitor --exit-code`), 70 a fault of the
    program, 130 interrupted. Wrong usage ends the process with 2, as argparse does.

    arguments : None = those of this process, which ends with the command.
    """
    if arguments is not None:
        return _run(arguments)
    gc.set_threshold(_COLLECT_EVERY)
    try:
        return _run(None)
    finally:
        if "_duckdb" not in sys.modules:  # which complains of every object of its own that is still there at the end
            gc.disable()
            gc.freeze()  # the memory goes back with the process: Python need not look through it once more


def _run(arguments: Sequence[str] | None) -> int:
    typed = make_parser().parse_args(arguments)
    _note_passwords(sys.argv[1:] if arguments is None else arguments)
    command: Command = typed.command
    subparser: argparse.ArgumentParser = typed.subparser
    try:
        return command.run(typed)
    except UsageError as error:
        subparser.error(str(error))
    except LadderError as error:
        print(f"ladder: {error}", file=sys.stderr)
        return EXIT_REFUSED
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        print(f"ladder: {where}{error.strerror or error}. Check the path, and whether there is room.", file=sys.stderr)
        return EXIT_REFUSED
    except KeyboardInterrupt:
        print("ladder: interrupted", file=sys.stderr)
        return EXIT_INTERRUPTED
    except Exception as error:  # whatever went wrong, a user gets a sentence, not a traceback
        if os.environ.get("LADDER_DEBUG"):
            raise
        detail = str(error).splitlines()[0] if str(error) else ""
        print(f"ladder: a mistake of the program: {type(error).__name__}: {detail}", file=sys.stderr)
        print("Set LADDER_DEBUG=1 to see where, and please report it.", file=sys.stderr)
        return EXIT_BUG


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands; its result holds the `command` and the `subparser` that read it."""
    parser = argparse.ArgumentParser(
        prog="ladder", description="Where every account stands, where it goes, whom to invest in."
    )
    parser.add_argument("--version", action="version", version=f"ladder {program_version()}", help="which one this is")
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        subparser = subparsers.add_parser(
            name, help=command.text, description=command.text, formatter_class=argparse.ArgumentDefaultsHelpFormatter
        )
        add_arguments(subparser, command.options)
        subparser.set_defaults(command=command, subparser=subparser)
    return parser
