"""The rows that models learn from: features and outcomes of a sample of snapshots."""

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
from training.boosting_backend import Grow, local_backend
from training.data.horizons import Further, look_further
from training.data.labels import Labels, label
from training.data.population_totals import PopulationTotals, take_population_totals
from training.data.splits import Sample, account_draw, sample_share, sample_snapshots, slice_instants
from training.data.training_task import CATALOGUE, Split, TrainingTask, split_by_time
from training.settings import BoosterSettings, Settings

Progress = Callable[[str, float], None]
"""Called with what is being done and the share done, 0..1."""


def silent(_: str, __: float) -> None:
    """No progress shown."""


@dataclass(frozen=True)
class Dataset:
    """Snapshots with their features and outcomes.

    matrix : shape (n, n_features), columns in the order of `catalog.NAMES`.
    histories : of all accounts that have a row, at least, and of those whose investment was drawn by lot.
    survey : what all accounts say, with a row or without.
    weight : shape (n,); how many snapshots each stands for, and so the same for all of a slice: what is learnt is then
        about the accounts of a slice, among whom predictions are made. Weights that give an account with few slices
        more each would learn about a population in which new and short-lived accounts are the most.
    definition : `recorded` or `silence`, what switching means here.
    grow : who grows the boosters.
    further : the same snapshots at other horizons, ascending.
    """

    histories: Histories
    survey: PopulationTotals
    sample: Sample
    context: Context
    matrix: FloatArray
    labels: Labels
    weight: FloatArray
    definition: str
    end: int
    grow: Grow = local_backend
    further: tuple[Further, ...] = ()

    @property
    def snapshots(self) -> Snapshots:
        """The snapshots, one per row."""
        return self.sample.snapshots

    def column(self, name: str) -> int:
        """Where a feature stands in the matrix."""
        return catalog.NAMES.index(name)

    def lesson(self, target: IntArray | FloatArray, booster: BoosterSettings, classes: int = 1) -> TrainingTask:
        """All rows, to learn that target from, shape (n,)."""
        return TrainingTask(self.matrix, target, self.weight, CATALOGUE, booster, classes, self.grow)


@dataclass(frozen=True)
class Design:
    """Which rows are looked at and how: what every part must be told, so that its rows are those of the whole.

    slices : instants, ascending, microseconds.  share : of the accounts, that is drawn.
    """

    slices: tuple[int, ...]
    share: float
    context: Context
    definition: str
    end: int


def design(survey: PopulationTotals, settings: Settings, context: Context | None = None) -> Design:
    """The design that the survey of all accounts asks for.

    context : what features depend on; by default the settings' rules and the vocabulary of the accounts known at
        the latest slice.

    Raises
    ------
    NotEnoughData
        If no slice has a history, a complete horizon and an account.
    """
    horizon = settings.outcome.horizon_days
    slices = slice_instants(survey.first_order, settings.slices, horizon, survey.end)
    known = [survey.known[at] for at in slices]
    if not any(known):
        raise NotEnoughData(
            f"Nothing can be learnt: no account was known yet at {iso(slices[-1])}, the last instant with a complete "
            "horizon. Bring older data, or check recorded_at."
        )
    if context is None:
        context = Context(settings.ladder, horizon, catalog.frequent_values(survey.values))
    share = sample_share(known, settings.slices.most_snapshots)
    return Design(slices, share, context, survey.definition(settings.outcome), survey.end)


@dataclass(frozen=True)
class Rows:
    """The rows of some accounts: their snapshots by slice and account, features and outcomes, at all horizons."""

    sample: Sample
    matrix: FloatArray
    labels: Labels
    further: tuple[Further, ...] = ()


def compute_rows(histories: Histories, designed: Design, settings: Settings, progress: Progress = silent) -> Rows:
    """Features and outcomes of those accounts that the design draws.  histories : as they stood at its end."""
    sample = sample_snapshots(histories, designed.slices, designed.share)
    progress("features and outcomes", 0.0)
    view = View(histories, sample.snapshots)
    matrix = catalog.compute(view, designed.context)
    progress("features and outcomes", 0.7)
    labels = label(view, settings, designed.definition, designed.end)
    further = look_further(view, designed.context, settings, designed.definition, designed.end)
    progress("features and outcomes", 1.0)
    return Rows(sample, matrix, labels, further)


def build_dataset(
    histories: Histories, settings: Settings, end: int, context: Context | None = None, progress: Progress = silent
) -> Dataset:
    """Features and outcomes of the slices that are complete at `end` (microseconds).

    histories : as they stood at `end`.  context : as `design` takes it.

    Raises
    ------
    NotEnoughData
        If no slice has a history, a complete horizon and an account.
    """
    survey = take_population_totals(histories, settings, end)
    designed = design(survey, settings, context)
    return dataset_of(histories, survey, designed, compute_rows(histories, designed, settings, progress))


def dataset_of(
    histories: Histories, survey: PopulationTotals, designed: Design, rows: Rows, grow: Grow = local_backend
) -> Dataset:
    """The rows with all that models may ask beside them."""
    return Dataset(
        histories, survey, rows.sample, designed.context, rows.matrix, rows.labels, rows.sample.weight,
        designed.definition, designed.end, grow, rows.further,
    )  # fmt: skip


@contextmanager
def at_horizon(data: Dataset, further: Further) -> Iterator[Dataset]:
    """The dataset as it would be if that horizon were the main one; only where its outcomes are complete is it true.

    It borrows the matrix, whose few columns that depend on the horizon are put back at the end: many rows
    are most of a gigabyte, and a copy for each horizon would double what training needs.
    """
    columns = [data.column(name) for name in catalog.HORIZON_NAMES]
    kept = data.matrix[:, columns]
    data.matrix[:, columns] = further.columns
    try:
        yield replace(data, labels=further.labels, context=replace(data.context, horizon_days=further.days))
    finally:
        data.matrix[:, columns] = kept


def earlier_split(data: Dataset, rows: BoolArray) -> Split | None:
    """Rows to learn on and later ones to choose weights on, as `split_by_time` has them."""
    accounts = data.snapshots.account
    return split_by_time(
        data.snapshots.as_of, rows, data.context.horizon_days,
        lambda: account_draw(list(data.histories.account_ids), "weights")[accounts],
    )  # fmt: skip
