"""The command line: every command with its options. What they do stands in commands/, by what it is about."""

import argparse
import json
import math
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from commands.demonstration import demo_command
from commands.models import backtest_command, promote_command, rollback_command, train_command
from commands.monitoring import monitor_command
from commands.plans import plan_command
from commands.retraining import retrain_command
from commands.scores import changes_command, export_command, score_command
from commands.service import keys_command, serve_command
from commands.sources import check_command, partition_command, simulate_command
from commands.store import ACTIONS, store_command
from features.errors import LadderError

DEFAULT_DEMO_FOLDER = Path("demo")
EXIT_DONE, EXIT_REFUSED, EXIT_RETRAIN, EXIT_INTERRUPTED = 0, 1, 3, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0 done, 1 refused with one message, 2 wrong usage.

    3 where `ladder monitor --exit-code` advises to retrain: asked for, so that nobody's scheduler is surprised.
    """
    options = _parser().parse_args(arguments)
    try:
        figures = options.command(options)
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
        return EXIT_REFUSED
    if options.json:
        known = {name: None if value != value else value for name, value in figures.items()}  # JSON has no NaN
        print(json.dumps(known, default=str, allow_nan=False))
    return EXIT_RETRAIN if getattr(options, "exit_code", False) and figures.get("advice") == "retrain" else EXIT_DONE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ladder", description="Where every account stands, where it goes, whom to invest in."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, (run, text, arguments) in COMMANDS.items():
        command = commands.add_parser(
            name, help=text, description=text, formatter_class=argparse.ArgumentDefaultsHelpFormatter
        )
        for flags, keywords in (*arguments, *EVERYWHERE):
            command.add_argument(*flags, **keywords)
        command.set_defaults(command=run, refuse=command.error)
    return parser


def _at_least_one(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number above zero")
    return int(text)


def _minutes(text: str) -> float:
    try:
        minutes = float(text)
    except ValueError:
        minutes = math.nan
    if not 0 < minutes < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of minutes above zero")
    return minutes


def _amount(text: str) -> float:
    try:
        amount = float(text)
    except ValueError:
        amount = math.nan
    if not 0 <= amount < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of zero or more")
    return amount


def _amount_or_none(text: str) -> float | None:
    return None if text == "none" else _amount(text)


def _bond_amount(text: str) -> tuple[str, float]:
    bond, _, amount = text.partition("=")
    return bond, _amount(amount)


Argument = tuple[tuple[str, ...], dict[str, Any]]


def _argument(*flags: str, **keywords: Any) -> Argument:
    return flags, keywords


EVERYWHERE = (
    _argument("--config", metavar="FILE", help="settings, TOML; conf/ladder.toml explains every one"),
    _argument("--json", action="store_true", help="make the last line a JSON object with the main figures"),
)
DATA = _argument("--data", required=True, metavar="SOURCE", help="a folder of Parquet or CSV files, or a database URL")
AS_OF = _argument(
    "--as-of", metavar="T", help="look from here, UTC, as 2026-01-31; else the midnight after the last event"
)
DASK = _argument(
    "--dask",
    metavar="ADDRESS",
    help="run on the Dask cluster whose scheduler is at tcp://HOST:PORT; --data is partitioned",
)
FEEDBACK = _argument(
    "--store",
    metavar="URL",
    help="store whose feedback is read too; else that of --to, or sqlite:///ladder.db if there",
)
MODEL = _argument(
    "--model", metavar="URI", help="models:/loyalty-ladder/VERSION or a bundle's folder; else the champion"
)
PORT = _argument("--port", type=int, default=3000, help="TCP port")
STORE = _argument(
    "--store", metavar="URL", default="sqlite:///ladder.db", help="where keys, scores and feedback are kept"
)
ACCOUNTS = _argument("--accounts", type=int, default=3000, metavar="N", help="number of accounts")
MONTHS = _argument("--months", type=int, default=48, metavar="M", help="months of 30 days")
SEED = _argument("--seed", type=int, default=0, metavar="S", help="the same seed gives the same bytes")

COMMANDS: dict[str, tuple[Callable[[argparse.Namespace], Mapping[str, Any]], str, tuple[Argument, ...]]] = {
    "demo": (demo_command, "the main job, end to end, on simulated accounts; then serve it", (
        ACCOUNTS, MONTHS, SEED, PORT,
        _argument("--folder", default=str(DEFAULT_DEMO_FOLDER), help="where everything is written"),
        _argument("--no-serve", dest="serve", action="store_false", help="stop before serving"),
    )),
    "simulate": (simulate_command, "a source with known truth (truth.parquet beside it, never inside)", (
        _argument("--out", required=True, metavar="DIR", help="folder of the tables"),
        _argument("--scenario", default="default", help="which world; an unknown name lists them"),
        ACCOUNTS, MONTHS, SEED,
    )),
    "partition": (
        partition_command, "cut a source by account into parts, for one larger than memory or for a cluster", (
        DATA,
        _argument("--out", required=True, metavar="DIR", help="an empty folder, for a cluster one that it sees too"),
        _argument("--parts", type=_at_least_one, default=16, metavar="N",
                  help="how many; each must fit into a worker's memory, as docs/scale.md tells"),
    )),
    "check": (check_command, "the data report: rows set aside, the ladder, what can be trained", (
        DATA, AS_OF, FEEDBACK, _argument("--report", metavar="FILE", help="write every row set aside to this CSV file"),
    )),
    "train": (train_command, "train all models, track and register them", (
        DATA, AS_OF, FEEDBACK, DASK,
        _argument("--promote", action="store_true", help="make it champion if it passes the checks"),
        _argument("--report", metavar="FILE", help="write what the checks found to this HTML file, for people"),
        _argument("--tune", type=_minutes, metavar="MINUTES",
                  help="first search the boosters' settings for so long, on origins before any that is judged; the "
                       "clock decides how many are tried, so the same data and seed may end with others: what was "
                       "taken is printed as TOML for --config, with which the bundle is the same again"),
    )),
    "backtest": (backtest_command, "out-of-time evaluation beside the baselines", (
        DATA, AS_OF, FEEDBACK, _argument("--folds", type=_at_least_one, default=3, metavar="K", help="rolling origins"),
    )),
    "promote": (promote_command, "make a version champion", (
        _argument("version", type=int, help="number in the registry"),
        _argument("--report", metavar="FILE", help="write what the checks found in training to this HTML file"),
    )),
    "rollback": (rollback_command, "make the former champion champion again", ()),
    "score": (score_command, "score every account", (
        DATA, AS_OF, FEEDBACK, MODEL, DASK, _argument("--out", metavar="DIR", help="where the files go"),
        _argument("--to", metavar="URL", help="store that the run goes to: sqlite:///FILE or postgresql://..."),
        _argument("--format", default="parquet", choices=("parquet", "csv", "xlsx"), help="of the files"),
        _argument("--language", default="en", choices=("en", "nl"), help="of the reasons: English or Dutch"),
        _argument("--no-timelines", dest="timelines", action="store_false",
                  help="write scores only into the store, not what the page shows behind them"),
    )),
    "changes": (changes_command, "why scores changed between two runs: behaviour, corrected data, another model", (
        _argument("--before", required=True, metavar="DIR", help="folder of the earlier run's scores"),
        _argument("--after", required=True, metavar="DIR", help="folder of the later run's scores"),
        DATA, FEEDBACK,
        _argument("--model-before", metavar="URI", help="of the earlier run; else looked up among the champions"),
        _argument("--model-after", metavar="URI", help="of the later run; else looked up among the champions"),
        _argument("--out", required=True, metavar="FILE", help="the table, .parquet or .csv"),
    )),
    "plan": (plan_command, "which accounts get which investment, under a budget", (
        _argument("--scores", metavar="DIR", help="folder that `ladder score` wrote"),
        _argument("--store", metavar="URL",
                  help="instead: the store that `ladder score --to` wrote to, with owners and managers' decisions"),
        _argument("--budget", required=True, type=_amount, metavar="EUR", help="money for investments; never exceeded"),
        _argument("--out", required=True, metavar="FILE", help=".csv, .parquet or .xlsx; FILE.json tells of the whole"),
        _argument("--holdout", type=_amount, default=0.1, metavar="SHARE",
                  help="of the selected, held out by lot so that the plan's worth can be measured, 0 .. 0.5"),
        _argument("--explore", type=_amount, default=0.0, metavar="SHARE",
                  help="of the selected, given another option that pays by lot, so that all stay known, 0 .. 0.5"),
        _argument("--on", default="expected", choices=("expected", "low"), help="the gain, or its interval's low end"),
        _argument("--data", metavar="SOURCE", help="whose accounts.owner says who manages what"),
        _argument("--owner-budget", type=_amount, metavar="EUR", help="money for each owner's accounts"),
        _argument("--bond-budget", type=_bond_amount, action="append", default=[], metavar="BOND=EUR",
                  help="money for all options of a bond: financial, social or structural; may be repeated"),
        _argument("--hours", type=_amount, metavar="N", help="of each owner; what options take is set in plan.hours"),
        _argument("--seed", type=int, default=0, metavar="S", help="of the lots"),
    )),
    "monitor": (monitor_command, "drift, realised against promised, and whether to retrain", (
        DATA, AS_OF, FEEDBACK, MODEL,
        _argument("--plan", nargs="+", action="extend", default=[], metavar="FILE",
                  help="plans that `ladder plan` wrote, with their FILE.json beside them"),
        _argument("--out", metavar="DIR", help="write monitor.json and drift.csv, a row a column, there"),
        _argument("--metrics", metavar="FILE", help="write the figures for Prometheus' textfile collector, .prom"),
        _argument("--exit-code", action="store_true", help="end with status 3 where the advice is to retrain"),
    )),
    "retrain": (retrain_command, "check, train, compare, promote if better, score, export, monitor; safe to repeat", (
        DATA, AS_OF, FEEDBACK,
        _argument("--out", required=True, metavar="DIR",
                  help="scores, exports, the log and what is done so far: the same folder every time"),
        _argument("--to", metavar="URL", help="store that the scores go to as well: sqlite:///FILE or postgresql://..."),
        _argument("--export-crm", choices=("salesforce", "dynamics", "hubspot"), help="also write its import file"),
        _argument("--budget", type=_amount_or_none, default=None, metavar="EUR",
                  help="also make a plan under this budget, a tenth of it held out; none = no plan"),
    )),
    "export": (export_command, "scores as a CSV file that a CRM imports", (
        _argument("--crm", required=True, choices=("salesforce", "dynamics", "hubspot"), help="whose importer"),
        _argument("--scores", metavar="DIR", help="folder that `ladder score` wrote"), FEEDBACK,
        _argument("--changed", action="store_true", help="only the accounts that the store's last run changed"),
        _argument("--language", default="en", choices=("en", "nl"),
                  help="of the reasons in the store, English or Dutch; files have them in words already"),
        _argument("--out", required=True, metavar="FILE", help=".csv; FILE-1.csv, FILE-2.csv, ... if it is too large"),
    )),
    "serve": (serve_command, "serve the champion over HTTP", (
        MODEL, PORT, STORE,
        _argument("--scores", metavar="DIR", help="folder that `ladder score` wrote: put into the store at the start"),
        _argument("--data", metavar="SOURCE", help="whose accounts (names, owners) are put into the store"),
        _argument("--host", default="127.0.0.1", help="address to listen on; beyond this machine only with keys"),
        _argument("--workers", type=_at_least_one, default=1, help="processes"),
    )),
    "keys": (keys_command, "make, list and revoke the service's API keys", (
        _argument("action", choices=("create", "list", "revoke"), help="what to do"),
        _argument("key", nargs="?", help="to revoke: id or name"), STORE,
        _argument("--name", metavar="N", help="to create: which program will use it"),
        _argument("--scopes", default="score", metavar="S,S",
                  help="to create: what it is good for, of score, plan, feedback, admin, page"),
    )),
    "store": (store_command, "the store upgraded, backed up, restored, looked over", (
        _argument("action", choices=ACTIONS, help="what to do"), STORE,
        _argument("--out", type=Path, metavar="FILE", help="of backup: the copy, made while a service goes on"),
        _argument("--from", dest="source", type=Path, metavar="FILE", help="of restore: what backup wrote"),
        _argument("--force", action="store_true", help="of restore: also over a store that holds rows, which are lost"),
    )),
}  # fmt: skip

if __name__ == "__main__":
    sys.exit(main())
