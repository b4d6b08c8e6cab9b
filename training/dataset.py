"""The rows that models learn from: features and outcomes of a sample of snapshots."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from features import catalog
from features.catalog import Context
from features.errors import NotEnoughData
from features.histories import Histories
from features.snapshots import BoolArray, FloatArray, Snapshots, iso
from features.views import View
from training.labels import Labels, label, switching_definition
from training.settings import Settings
from training.splits import Sample, account_draw, account_weights, sample_snapshots, slice_instants

Progress = Callable[[str, float], None]
"""Called with what is being done and the share done, 0..1."""


def silent(_: str, __: float) -> None:
    """No progress shown."""


@dataclass(frozen=True)
class Dataset:
    """Snapshots with their features and outcomes.

    matrix : shape (n, n_features), columns in the order of `catalog.NAMES`.
    weight : shape (n,); every account weighs about one, times the accounts that it stands for.
    definition : `recorded` or `silence`, what switching means here.
    """

    histories: Histories
    sample: Sample
    context: Context
    matrix: FloatArray
    labels: Labels
    weight: FloatArray
    definition: str
    end: int

    @property
    def snapshots(self) -> Snapshots:
        """The snapshots, one per row."""
        return self.sample.snapshots

    def column(self, name: str) -> int:
        """Where a feature stands in the matrix."""
        return catalog.NAMES.index(name)


def build_dataset(
    histories: Histories, settings: Settings, end: int, context: Context | None = None, progress: Progress = silent
) -> Dataset:
    """Features and outcomes of the slices that are complete at `end` (microseconds).

    context : what features depend on; by default the settings' rules and the vocabulary of the first slice's
        accounts.

    Raises
    ------
    NotEnoughData
        If no slice has a history, a complete horizon and an account.
    """
    horizon = settings.outcome.horizon_days
    instants = slice_instants(histories, settings.slices, horizon, end)
    sample = sample_snapshots(histories, instants, settings.slices.most_snapshots)
    if not len(sample.snapshots):
        raise NotEnoughData(
            f"Nothing can be learnt: no account was known yet at {iso(instants[-1])}, the last instant with a complete "
            "horizon. Bring older data, or check recorded_at."
        )
    if context is None:
        vocabulary = catalog.learn_vocabulary(histories, histories.known_at(instants[-1]))
        context = Context(settings.ladder, horizon, vocabulary)
    definition = switching_definition(histories, settings.outcome)
    progress("features and outcomes", 0.0)
    view = View(histories, sample.snapshots)
    matrix = catalog.compute(view, context)
    progress("features and outcomes", 0.7)
    labels = label(view, settings, definition, end)
    progress("features and outcomes", 1.0)
    weight = account_weights(sample.snapshots, sample.weight)
    return Dataset(histories, sample, context, matrix, labels, weight, definition, end)


def earlier_split(data: Dataset, rows: BoolArray) -> tuple[BoolArray, BoolArray] | None:
    """Split rows to choose weights on: the slices complete before the latest one, and the latest one.

    Where too little was complete before it: the earliest half of the slices, and the latest one on accounts set
    apart, so that what fits this very period or these very accounts is not favoured. None where that leaves
    either without a row.
    """
    as_of = data.snapshots.as_of
    latest = as_of[rows].max()
    horizon = data.context.horizon_days * 86_400_000_000
    before = rows & (as_of + horizon <= latest)
    if before.sum() >= LEAST_ROWS:
        return before, rows & (as_of == latest)
    instants = np.unique(as_of[rows])
    if len(instants) < 2:
        return None
    apart = account_draw(list(data.histories.account_ids), "weights")[data.snapshots.account] < 0.5
    early = instants[: max(len(instants) // 2, 1)]
    earlier, last = rows & np.isin(as_of, early) & ~apart, rows & (as_of == latest) & apart
    return (earlier, last) if earlier.any() and last.any() else None


LEAST_ROWS = 200
"""Fewer rows than this in the earlier slices say too little to choose between models."""
