"""ladder demo: the main job, end to end, on simulated accounts."""

import argparse
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from commands.inputs import load_source
from commands.models import Wishes, train_source
from commands.scores import score_with
from commands.service import serve_until_stopped
from commands.sources import check_command, simulate_command
from commands.stores import store_background, store_frames
from commands.terminal import say_step, show_first, show_ladder, show_table


def demo_command(options: argparse.Namespace) -> Mapping[str, Any]:
    import pandas as pd

    from training.model.bundle import read_bundle
    from training.model.champion import published
    from training.simulator.against_truth import against_truth

    folder = Path(options.folder)
    _clear_demo(folder)
    folder.mkdir(parents=True, exist_ok=True)
    options.out, options.data, options.as_of = folder / "source", str(folder / "source"), None
    options.scenario, options.report = "default", None
    say_step(f"1. A supplier is simulated: {options.accounts:,} accounts over {options.months} months")
    simulate_command(options)
    say_step("2. What the data hold (ladder check)")
    check_command(options)
    say_step("3. Models are trained and judged beside the baselines, out of time (ladder train)")
    loaded = load_source(options)
    uri = os.environ.get("MLFLOW_TRACKING_URI", f"sqlite:///{folder / 'mlflow.db'}")
    trained = train_source(loaded, Wishes(uri, folder / "champion", options.data, promote=True))
    say_step("4. Every account is scored (ladder score)")
    bundle, version = read_bundle(published(folder / "champion"))
    frames, _ = score_with(bundle, version, loaded, folder / "scores", "parquet")
    options.store = f"sqlite:///{folder / 'ladder.db'}"
    store_frames(options.store, frames, bundle, loaded.source)
    store_background(options.store, bundle, loaded.as_of, [(loaded.histories, loaded.source)])
    scores = pd.read_parquet(folder / "scores" / "scores.parquet")
    show_ladder(scores)
    show_first(scores, 10)
    say_step("5. The scores against the simulation's truth, which no model has seen")
    figures = against_truth(scores, pd.read_parquet(folder / "truth.parquet"))
    show_table(
        "Against the truth", ["figure", "value"], [[k.replace("_", " "), f"{v:,.3f}"] for k, v in figures.items()]
    )
    if options.serve:
        _serve_demo(folder / "champion", loaded.settings, options)
    return {**trained, **figures}


def _clear_demo(folder: Path) -> None:
    """Remove what an earlier demonstration left, and only that."""
    for name in ("source", "champion", "scores", "mlruns"):
        shutil.rmtree(folder / name, ignore_errors=True)
    for name in (
        "truth.parquet",
        "mlflow.db",
        ".mlflow.db.lock",
        "request.json",
        "ladder.db",
        "ladder.db-wal",
        "ladder.db-shm",
    ):
        (folder / name).unlink(missing_ok=True)


def _serve_demo(champion: Path, settings: Any, options: argparse.Namespace) -> None:
    """Serve the champion, ask it once, and show how to ask it again."""
    say_step("6. The champion is served (ladder serve); Ctrl-C ends it")
    orders = [{"ordered_at": "2025-09-18", "revenue": 950.0}, {"ordered_at": "2025-11-04", "revenue": 1200.0}]
    body = json.dumps({"as_of": "2026-01-01", "accounts": [{"account_id": "NEW-1", "orders": orders}]})

    def announce(url: str) -> None:
        request = Request(f"{url}/score", body.encode(), {"Content-Type": "application/json"})
        with urlopen(request, timeout=30) as response:
            answered = json.load(response)["results"][0]["scores"]
        shown = {name: answered[name] for name in ("account_id", "rung", "next_rung", "p_switch", "expected_revenue")}
        print(f"First answer: {json.dumps(shown)}\n\nAsk it yourself, in another terminal:\n")
        print(f"curl -s {url}/score -H 'Content-Type: application/json' -d '{body}'\n", flush=True)

    serve_until_stopped(champion, settings, options, announce)
