"""The dataset that models learn from: features and outcomes of a sample of snapshots."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from features.catalog import catalog
from features.catalog.catalog import Context
from features.errors import NotEnoughData
from features.histories.histories import Histories
from features.histories.snapshots import Snapshots
from features.histories.views import View
from features.instants import BoolArray, FloatArray, IntArray, iso
from training.boosting_backend import BoostingBackend, local_backend
from training.data.horizons import FurtherHorizon, further_horizons
from training.data.labels import Labels, label
from training.data.population_totals import PopulationTotals, population_totals
from training.data.splits import Sample, account_draw, held_out, sample_share, sample_snapshots, slice_instants
from training.data.training_task import CATALOGUE, Split, TrainingTask, split_by_time, without_held_out
from training.settings import BoosterSettings, Settings

Progress = Callable[[str, float], None]
"""A function that is called with the name of the present step and the share of it that is done, 0..1."""


def silent(_: str, __: float) -> None:
    """Show no progress."""


@dataclass(frozen=True)
class Dataset:
    """Snapshots with their features and outcomes.

    histories : of all accounts that have a row, at least, and of those with a randomised investment.
    totals : over all accounts, with a row or without.
    matrix : shape (n, n_features), columns in the order of `catalog.NAMES`.
    weight : shape (n,); how many snapshots each stands for, the same for all of a slice. What is learnt is then about
        the accounts of a slice, among whom predictions are made. Weights that make up for an account's few slices would
        instead describe a population of mostly new and short-lived accounts.
    definition : what switching means, `recorded` or `silence`.
    end : microseconds; nothing later is known.
    backend : where boosters are trained.
    further : the same snapshots at other horizons, ascending.
    """

    histories: Histories
    totals: PopulationTotals
    sample: Sample
    context: Context
    matrix: FloatArray
    labels: Labels
    weight: FloatArray
    definition: str
    end: int
    backend: BoostingBackend = local_backend
    further: tuple[FurtherHorizon, ...] = ()

    @property
    def snapshots(self) -> Snapshots:
        """Return the snapshots, one per row."""
        return self.sample.snapshots

    def column(self, name: str) -> int:
        """Return the position of a feature in the matrix."""
        return catalog.NAMES.index(name)

    def task(self, target: IntArray | FloatArray, booster: BoosterSettings, classes: int = 1) -> TrainingTask:
        """Return the training task of all rows for some target, shape (n,)."""
        return TrainingTask(
            matrix=self.matrix,
            target=target,
            weight=self.weight,
            columns=CATALOGUE,
            booster=booster,
            classes=classes,
            backend=self.backend,
            span=float(self.context.horizon_days),
        )


@dataclass(frozen=True)
class SampleDesign:
    """Which snapshots are used and how: all that a part needs to compute the rows that the whole source would have.

    slices : instants, ascending, microseconds.
    share : share of the accounts that is drawn, 0 .. 1.
    """

    slices: tuple[int, ...]
    share: float
    context: Context
    definition: str
    end: int


def design_sample(totals: PopulationTotals, settings: Settings, context: Context | None = None) -> SampleDesign:
    """Choose the slices and the share of accounts from the totals over all accounts.

    context : what features depend on; by default the settings' rules and the vocabulary of the accounts known at the
        latest slice.

    Raises
    ------
    NotEnoughData
        If no slice has a history, a complete horizon and an account.
    """
    horizon = settings.outcome.horizon_days
    slices = slice_instants(totals.first_order, settings, totals.end)
    known = [totals.known[at] for at in slices]
    if not any(known):
        raise NotEnoughData(
            f"Nothing can be learnt: no account was known yet at {iso(slices[-1])}, the last instant with a complete "
            "horizon. Bring older data, or check recorded_at."
        )
    if context is None:
        context = Context(settings.ladder, horizon, catalog.frequent_values(totals.values))
    share = sample_share(known, settings.slices.most_snapshots)
    return SampleDesign(slices, share, context, totals.definition(settings.outcome), totals.end)


@dataclass(frozen=True)
class DatasetRows:
    """The rows of some accounts by slice and account: snapshots, features and outcomes, at all horizons."""

    sample: Sample
    matrix: FloatArray
    labels: Labels
    further: tuple[FurtherHorizon, ...] = ()


def compute_rows(
    histories: Histories, sample_design: SampleDesign, settings: Settings, progress: Progress = silent
) -> DatasetRows:
    """Compute features and outcomes of those accounts that the design draws.

    histories : as they stood at the end of the design.
    """
    sample = sample_snapshots(histories, sample_design.slices, sample_design.share)
    progress("features and outcomes", 0.0)
    view = View(histories, sample.snapshots)
    catalog.check_added(view, sample_design.context)
    matrix = catalog.compute(view, sample_design.context)
    progress("features and outcomes", 0.7)
    labels = label(view, settings, sample_design.definition, sample_design.end)
    further = further_horizons(view, sample_design.context, settings, sample_design.definition, sample_design.end)
    progress("features and outcomes", 1.0)
    return DatasetRows(sample, matrix, labels, further)


def build_dataset(
    histories: Histories, settings: Settings, end: int, context: Context | None = None, progress: Progress = silent
) -> Dataset:
    """Build the dataset of the slices that are complete at `end` (microseconds).

    histories : as they stood at `end`.
    context : as `design_sample` takes it.

    Raises
    ------
    NotEnoughData
        If no slice has a history, a complete horizon and an account.
    """
    totals = population_totals(histories, settings, end)
    sample_design = design_sample(totals, settings, context)
    return dataset_of(histories, totals, sample_design, compute_rows(histories, sample_design, settings, progress))


def dataset_of(
    histories: Histories,
    totals: PopulationTotals,
    sample_design: SampleDesign,
    rows: DatasetRows,
    backend: BoostingBackend = local_backend,
) -> Dataset:
    """Join rows, totals and design into a dataset."""
    return Dataset(
        histories=histories, totals=totals, sample=rows.sample, context=sample_design.context, matrix=rows.matrix,
        labels=rows.labels, weight=rows.sample.weight, definition=sample_design.definition, end=sample_design.end,
        backend=backend, further=rows.further,
    )  # fmt: skip


@contextmanager
def at_horizon(data: Dataset, further: FurtherHorizon) -> Iterator[Dataset]:
    """Lend the dataset as it would be if a further horizon were the main one.

    Only the rows whose outcomes are complete at that horizon hold the truth. The matrix is borrowed: its few columns
    that depend on the horizon are changed and put back at the end, since a copy of the matrix for each horizon would
    double the memory that training needs. *Dangerous*: nothing else may use the dataset meanwhile.
    """
    columns = [data.column(name) for name in catalog.HORIZON_NAMES]
    kept = data.matrix[:, columns]
    data.matrix[:, columns] = further.columns
    try:
        yield replace(data, labels=further.labels, context=replace(data.context, horizon_days=further.days))
    finally:
        data.matrix[:, columns] = kept


def earlier_split(data: Dataset, rows: BoolArray, settings: Settings) -> Split | None:
    """Split the rows of a dataset by time, as `split_by_time` does, the earlier ones `without_held_out`."""
    accounts = data.snapshots.account
    split = split_by_time(
        data.snapshots.as_of, rows, data.context.horizon_days,
        lambda: account_draw(list(data.histories.account_ids), "weights")[accounts],
    )  # fmt: skip
    if split is None:
        return None
    return without_held_out(split, held_out(data.histories, settings.slices.held_out_share)[accounts])
