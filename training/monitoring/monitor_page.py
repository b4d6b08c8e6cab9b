"""Several runs of monitoring on one HTML page: what was looked at week by week, and what each run said.

Every run that writes into a folder is kept there, under its day; the page shows the last of them beside each other.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import jinja2

from features.atomic_write import write_whole
from training.model.findings import from_json
from training.model.text.catalogue import capitalised, render

HISTORY = "history"
"""The folder, within that of the report, with a document a run."""
MOST_RUNS = 13
"""Runs on the page: a quarter of weekly ones."""
Document = Mapping[str, Any]
Row = dict[str, Any]
"""Name and cells, one a run."""


def keep_run(document: Document, folder: Path) -> Path:
    """Keep a run among the others of a folder, in place of an earlier one of the same day."""
    kept = folder / HISTORY
    kept.mkdir(parents=True, exist_ok=True)
    day = "".join(sign for sign in str(document["as_of"]) if sign.isalnum() or sign == "-")
    return write_whole(kept / f"{day}.json", json.dumps(document, indent=1, allow_nan=False) + "\n")


def kept_runs(folder: Path) -> list[Document]:
    """Return the last runs of a folder, the latest last."""
    runs = [json.loads(file.read_text(encoding="utf-8")) for file in (folder / HISTORY).glob("*.json")]
    return sorted(runs, key=lambda run: str(run["as_of"]))[-MOST_RUNS:]


def monitor_page(runs: Sequence[Document], currency: str = "") -> str:
    """Return the page.  runs : at least one, the latest last.  currency : sign before amounts."""
    shown = [
        {**run, "sentences": [capitalised(render(one, "en", currency)) + "." for one in from_json(run["reasons"])]}
        for run in runs
    ]
    rows: list[Row] = [{"name": name, "cells": [_cell(value(run)) for run in runs]} for name, value in FIGURES]
    for outcome in sorted({(one["outcome"], one["horizon_days"]) for run in runs for one in run["realised"]}):
        for name, key in (("share observed", "observed"), ("share expected", "expected")):
            cells = [_cell(_realised(run, outcome).get(key)) for run in runs]
            rows.append({"name": f"{outcome[0].replace('_', ' ')}, {outcome[1]} days: {name}", "cells": cells})
        cells = [_cell(", ".join(_realised(run, outcome).get("parts_off", ()))) for run in runs]
        rows.append({"name": f"{outcome[0].replace('_', ' ')}, {outcome[1]} days: parts that are off", "cells": cells})
    rows += _moved_rows(runs) + _plan_rows(runs)
    return _template().render(runs=shown, latest=shown[-1], rows=rows)


def _moved_rows(runs: Sequence[Document]) -> list[Row]:
    """Return what each outcome came to since training, and a year before."""
    rows: list[Row] = []
    for outcome in dict.fromkeys(one["outcome"] for run in runs for one in run.get("outcomes", ())):
        for name, key in (("since training", "now"), ("a year before", "before")):
            cells = [_cell(_named(run, "outcomes", "outcome", outcome).get(key)) for run in runs]
            rows.append({"name": f"{outcome} that came, {name}", "cells": cells})
    return rows


def _plan_rows(runs: Sequence[Document]) -> list[Row]:
    """Return what each plan brought per account against its held-out accounts."""
    rows: list[Row] = []
    for plan in dict.fromkeys(one["name"] for run in runs for one in run.get("plans", ())):
        found = [_named(run, "plans", "name", plan) for run in runs]
        gains = [
            f"{one['gain']:,.0f} [{one['gain_low']:,.0f}, {one['gain_high']:,.0f}]" if one else "" for one in found
        ]
        rows.append({"name": f"{plan}: gain against the hold-out", "cells": gains})
        for name, key in (("promised by now", "promised"), ("share of the held-out treated", "contamination")):
            rows.append({"name": f"{plan}: {name}", "cells": [_cell(one.get(key)) for one in found]})
    return rows


def _named(run: Document, table: str, key: str, name: str) -> Mapping[str, Any]:
    return next((one for one in run.get(table, ()) if one[key] == name), {})


def _realised(run: Document, outcome: tuple[str, int]) -> Mapping[str, Any]:
    return next((one for one in run["realised"] if (one["outcome"], one["horizon_days"]) == outcome), {})


def _drift(key: str) -> Callable[[Document], Any]:
    return lambda run: None if run["drift"] is None else run["drift"][key]


FIGURES: Sequence[tuple[str, Callable[[Document], Any]]] = (
    ("advice", lambda run: run["advice"]),
    ("columns drifted", lambda run: None if run["drift"] is None else len(run["drift"]["drifted"])),
    ("weight on them", _drift("weight")),
    ("raw columns broken", lambda run: len(run.get("columns_broken", ()))),
    ("tables stopped or gone", lambda run: len(run["tables_stopped"]) + len(run["tables_absent"])),
    ("accounts", _drift("accounts")),
    ("share of the horizon seen", lambda run: run["labels"]["share_seen"]),
)
"""Name -> a figure of a run."""


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.3f}"
    return "" if value is None else f"{value:,}" if isinstance(value, int) else str(value)


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True,
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    return environment.get_template("monitor.html")
