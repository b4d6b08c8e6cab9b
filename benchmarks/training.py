"""Where the time of `ladder train` goes: model fits beside everything else, and what it takes at 100,000 accounts.

python -m benchmarks.training [--accounts 3000] [--months 48] [--data SOURCE] [--folder DIR]

Runs the command itself, in this process, with stopwatches on the functions named in WATCHED. A second counts for the
innermost of them: a fit inside the evaluation is a fit. Model fits are the calls that estimate something, ours and the
baselines': boosters, logits, tables, effects; reading, features, judging, drawing and tracking are everything else.
"""

import argparse
import importlib
import os
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

FITS = "model fits"
WATCHED = {
    "reading and histories": (
        ("features.sources.source", "read_source"),
        ("features.histories.histories", "build_histories"),
    ),
    "features and labels": (("training.data.dataset", "build_dataset"),),
    FITS: (
        ("lightgbm", "train"), ("training.models.fitting", "fit_trees"), ("training.models.fitting", "fit_ordinal"),
        ("training.models.fitting", "fit_classes"), ("training.models.fitting", "fit_values"),
        ("training.models.fitting", "fit_table"),
        ("training.models.fitting", "pool_weights"), ("training.effects.estimation.r_learner", "fit_cases"),
        ("training.models.buy_till_you_die", "fit_bg_nbd"),
    ),
    "judging out of time": (("training.evaluation.evaluation", "evaluate"),),
    "effects: trials, gates, checks": (
        ("training.effects.uplift", "fit_uplift"), ("training.effects.upgrade", "fit_upgrades"),
    ),
    "tracking": (("training.tracking.registry", "Registry.record"), ("training.tracking.registry", "Registry.promote")),
    "plots": (("training.tracking.plots", "draw_plots"),),
}  # fmt: skip
REST = "the rest"


class Stopwatch:
    """Seconds by label; a second counts for the innermost label that is running."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self._running = [REST]
        self._since = time.perf_counter()

    def _switch(self) -> None:
        now = time.perf_counter()
        self.seconds[self._running[-1]] += now - self._since  # type: ignore[assignment]
        self._since = now

    def watch(self, label: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def timed(*given: Any, **named: Any) -> Any:
            self._switch()
            self._running.append(label)
            try:
                return function(*given, **named)
            finally:
                self._switch()
                self._running.pop()

        return timed

    def stop(self) -> None:
        self._switch()


def put_on(stopwatch: Stopwatch) -> list[str]:
    """Watch every function that there is; must come before others take it from its module.  Says what was not there."""
    missing = []
    for label, functions in WATCHED.items():
        for module_name, path in functions:
            try:
                owner = importlib.import_module(module_name)
            except ModuleNotFoundError:
                missing.append(f"{module_name}.{path}")
                continue
            *classes, name = path.split(".")
            for one in classes:
                owner = getattr(owner, one)
            if not hasattr(owner, name):
                missing.append(f"{module_name}.{path}")
                continue
            plain = getattr(owner, name)
            timed = stopwatch.watch(label, plain)
            setattr(owner, name, timed)
            for module in list(sys.modules.values()):  # who took it from its module already
                if getattr(module, "__name__", "").startswith(("features", "training", "commands")):
                    for known, value in list(vars(module).items()):
                        if value is plain:
                            setattr(module, known, timed)
    return missing


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, default=3000)
    parser.add_argument("--months", type=int, default=48)
    parser.add_argument("--data", help="a source; else one is simulated")
    parser.add_argument("--folder", type=Path, help="where it is simulated and trained; else a scratch folder")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = (asked.folder or Path(scratch)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        source = asked.data and str(Path(asked.data).resolve())
        os.chdir(folder)
        import ladder

        if source is None:
            source = "source"
            made = ["--out", source, "--accounts", str(asked.accounts), "--months", str(asked.months)]
            if not Path(source).exists() and ladder.main(["simulate", *made, "--seed", "1"]):
                raise SystemExit("It could not be simulated.")
        stopwatch = Stopwatch()
        missing = put_on(stopwatch)
        began = time.process_time()
        if ladder.main(["train", "--data", source]):
            raise SystemExit("It did not train.")
        stopwatch.stop()
        spent, whole = time.process_time() - began, sum(stopwatch.seconds.values())
    print(f"\n| what | seconds | share |\n| --- | --- | --- |\n| all | {whole:.0f} | |")
    for label, seconds in stopwatch.seconds.most_common():
        print(f"| {label} | {seconds:.1f} | {seconds / whole:.0%} |")
    beside = 1 - stopwatch.seconds[FITS] / whole
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"\nBeside the fits: {beside:.0%}. Processor time {spent:.0f} s; peak memory {peak:.1f} GB.")
    if missing:
        print(f"Not watched, for they are not there: {', '.join(missing)}")


if __name__ == "__main__":
    main()
