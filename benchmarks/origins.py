"""The rows of a benchmark's origin: what was complete before it, to learn from, and the origin itself, to judge on."""

import subprocess
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from features.catalog.catalog import Context, frequent_values
from features.histories.histories import Histories
from features.instants import BoolArray, FloatArray, IntArray
from training.data.dataset import Dataset, SampleDesign, compute_rows, dataset_of
from training.data.population_totals import population_totals
from training.data.splits import Sample, first_event, slice_instants
from training.data.training_task import usable_columns
from training.settings import Settings

PEERS = Path(__file__).with_name("peers.py")


@dataclass(frozen=True)
class Peers:
    """Who runs `peers.py`, and how long.  python : has the packages.  budget : seconds of a search, of every fit."""

    python: str
    budget: float


def restricted(data: Dataset, rows: BoolArray) -> Dataset:
    """Those rows alone."""
    sample = Sample(data.snapshots.take(rows), data.sample.weight[rows], data.sample.slices)
    return replace(
        data,
        sample=sample,
        matrix=data.matrix[rows],
        labels=data.labels.take(rows),
        weight=data.weight[rows],
        further=(),
    )


def rows_until(histories: Histories, settings: Settings, origin: int) -> Dataset:
    """The slices whose horizon was complete at the origin, as training looks at them, and the origin itself, last."""
    earlier, days = slice_instants(first_event(histories), settings, origin), settings.outcome.horizon_days
    known = histories.as_it_stood(origin)
    totals = population_totals(known, settings, origin)
    context = Context(settings.ladder, days, frequent_values(totals.values))
    definition = totals.definition(settings.outcome)
    sample_design = SampleDesign((*earlier, origin), 1.0, context, definition, histories.end)
    return dataset_of(histories, totals, sample_design, compute_rows(histories, sample_design, settings))


def peers_of(
    peers: Peers, data: Dataset, train: BoolArray, test: BoolArray, target: IntArray, classes: int
) -> dict[str, FloatArray]:
    """Predictions of `peers.py`, run by that Python on the columns that hold anything."""
    columns = list(usable_columns(data.matrix[train]))
    with tempfile.TemporaryDirectory() as folder:
        rows, out = Path(folder) / "rows.npz", Path(folder) / "chances.npz"
        np.savez(
            rows, matrix=data.matrix[train][:, columns], target=target[train], weight=data.weight[train],
            asked=data.matrix[test][:, columns], classes=classes,
        )  # fmt: skip
        subprocess.run([peers.python, str(PEERS), str(rows), str(out), "--budget", str(peers.budget)], check=True)
        with np.load(out) as held:
            return dict(held)
