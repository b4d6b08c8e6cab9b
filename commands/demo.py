"""ladder demo: the main job, end to end, on simulated accounts."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated
from urllib.request import Request, urlopen

from commands.checking import report_source
from commands.demo_names import name_accounts
from commands.inputs import Loaded, load_source
from commands.options import DEFAULT_PORT, Accounts, CommonOptions, Months, Option, Port, Seed
from commands.progress_lines import progress_bar
from commands.scoring import score_source
from commands.serving import serve_until_stopped, service_terms
from commands.sources import simulate_source
from commands.store_writing import store_background, store_frames
from commands.terminal import Figures, say_step, show_first, show_ladder, show_table
from commands.training import TrainingRequest, figures_of, train_source

EARLIER_DAYS = (90, 60, 30)
"""How long before its end the supplier is scored too."""
NAMES = {
    "visit_programme": "Visit programme", "visit_programme.nl": "Bezoekprogramma",
    "visit_programme.de": "Besuchsprogramm",
    "rebate": "Rebate", "rebate.nl": "Korting", "rebate.de": "Rabatt",
    "integration": "Integration", "integration.nl": "Koppeling", "integration.de": "Anbindung",
    "construction": "Construction", "construction.nl": "Bouw", "construction.de": "Bau",
    "food": "Food", "food.nl": "Voeding", "food.de": "Lebensmittel",
    "healthcare": "Healthcare", "healthcare.nl": "Zorg", "healthcare.de": "Gesundheit",
    "logistics": "Logistics", "logistics.nl": "Logistiek", "logistics.de": "Logistik",
    "manufacturing": "Manufacturing", "manufacturing.nl": "Industrie", "manufacturing.de": "Fertigung",
    "technology": "Technology", "technology.nl": "Technologie", "technology.de": "Technologie",
    "small": "Small", "small.nl": "Klein", "small.de": "Klein",
    "middle": "Medium-sized", "middle.nl": "Middelgroot", "middle.de": "Mittelgroß",
    "large": "Large", "large.nl": "Groot", "large.de": "Groß",
    "cold": "Cold call", "cold.nl": "Koude acquisitie", "cold.de": "Kaltakquise",
    "web": "Website", "referral": "Referral", "referral.nl": "Aanbeveling", "referral.de": "Empfehlung",
    "fair": "Trade fair", "fair.nl": "Beurs", "fair.de": "Messe", "partner": "Partner",
}  # fmt: skip
"""Of the simulated investments, industries, segments and channels, as the setting `service.names` has them."""


@dataclass(frozen=True, kw_only=True)
class DemoOptions(CommonOptions):
    accounts: Accounts = 3000
    months: Months = 48
    seed: Seed = 0
    port: Port = DEFAULT_PORT
    folder: Annotated[Path, Option(help="where everything is written")] = Path("demo")
    serve: Annotated[bool, Option(flag="--no-serve", help="stop before serving")] = True


def demo_command(options: DemoOptions) -> Figures:
    import pandas as pd

    from features.instants import MICROSECONDS_PER_DAY
    from training.model.champion import published, read_trusted_bundle
    from training.settings import read_settings
    from training.simulator.against_truth import against_truth

    folder, settings = options.folder, read_settings(options.config)
    source, champions = folder / "source", folder / "champion"
    _clear_demo(folder)
    folder.mkdir(parents=True, exist_ok=True)
    say_step(f"1. A supplier is simulated: {options.accounts:,} accounts over {options.months} months")
    simulate_source(source, accounts=options.accounts, months=options.months, seed=options.seed)
    name_accounts(source)
    say_step("2. What the data hold (ladder check)")
    report_source(load_source(str(source), settings, accept_bad_rows=True))
    loaded = load_source(str(source), settings)
    say_step("3. A first answer, by models that nobody has judged yet (ladder train --fast)")
    _answer_quickly(loaded)
    say_step("4. Models are trained and judged beside the baselines, out of time (ladder train)")
    uri = os.environ.get("MLFLOW_TRACKING_URI", f"sqlite:///{folder / 'mlflow.db'}")
    trained = train_source(loaded, TrainingRequest(uri, champions, str(source), promote=True))
    say_step("5. Every account is scored (ladder score)")
    bundle, version = read_trusted_bundle(published(champions))
    store = f"sqlite:///{folder / 'ladder.db'}"
    for days in EARLIER_DAYS:  # as a service would have scored them, so that the page has something to compare with
        earlier = replace(loaded, as_of=loaded.as_of - days * MICROSECONDS_PER_DAY)
        store_frames(store, score_source(bundle, version, earlier, None)[0], bundle, loaded.source)
        store_background(store, bundle, earlier.as_of, [(loaded.histories, loaded.source)])
    frames, _ = score_source(bundle, version, loaded, folder / "scores")
    store_frames(store, frames, bundle, loaded.source)
    store_background(store, bundle, loaded.as_of, [(loaded.histories, loaded.source)])
    scores = pd.read_parquet(folder / "scores" / "scores.parquet")
    show_ladder(scores)
    show_first(scores, 10)
    say_step("6. The scores against the simulation's truth, which no model has seen")
    figures = against_truth(scores, pd.read_parquet(folder / "truth.parquet"))
    show_table(
        "Against the truth", ["figure", "value"], [[k.replace("_", " "), f"{v:,.3f}"] for k, v in figures.items()]
    )
    if options.serve:
        say_step("7. The champion is served (ladder serve); Ctrl-C ends it")
        terms = service_terms(settings.service, store=store)
        serve_until_stopped(champions, options.port, replace(terms, names={**NAMES, **terms.names}), _ask_once)
    return {**figures_of(trained), **figures}


def _answer_quickly(loaded: Loaded) -> None:
    """Show whom to invest in first by quick models, which are not kept."""
    from training.models.scope import FAST
    from training.pipeline import train

    with progress_bar() as progress:
        quick = train(loaded.histories, loaded.settings, loaded.as_of, progress=progress, scope=FAST)
    (scores, *_), _ = score_source(quick.bundle, "", loaded, None)
    show_first(scores, 5)


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


def _ask_once(url: str) -> None:
    """Ask the service at that address for a score, and show how to ask it again."""
    orders = [{"ordered_at": "2025-09-18", "revenue": 950.0}, {"ordered_at": "2025-11-04", "revenue": 1200.0}]
    body = json.dumps({"as_of": "2026-01-01", "accounts": [{"account_id": "NEW-1", "orders": orders}]})
    request = Request(f"{url}/score", body.encode(), {"Content-Type": "application/json"})
    with urlopen(request, timeout=30) as response:
        answered = json.load(response)["results"][0]["scores"]
    shown = {name: answered[name] for name in ("account_id", "rung", "next_rung", "p_switch", "expected_revenue")}
    print(f"First answer: {json.dumps(shown)}\n\nAsk it yourself, in another terminal:\n")
    print(f"curl -s {url}/score -H 'Content-Type: application/json' -d '{body}'\n", flush=True)
