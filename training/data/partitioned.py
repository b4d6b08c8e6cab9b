"""The dataset of a partitioned source, gathered part by part; what comes after cannot tell it from that of the whole.

Every part is asked twice: first for its survey (sums), then, told the design that the surveys of all give, for
its rows: features, outcomes, and the histories of the accounts drawn. Only these meet in one memory, and their
number is bounded by `slices.most_snapshots`, however large the source.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from features.histories.histories import Histories, build_histories
from features.histories.snapshots import Snapshots
from features.instants import FloatArray, IntArray
from features.partitions.merge import join_options, merge_histories, select_accounts, undeclared_costs
from features.partitions.summary import PartitionSummary, join_summaries, read_part, summarise_rows
from features.sources.partitioned import Executor, Part, Partitions
from training.boosting_backend import Grow, local_backend
from training.data.dataset import Dataset, Design, Progress, Rows, compute_rows, dataset_of, design, silent
from training.data.horizons import Further
from training.data.labels import Labels
from training.data.population_totals import PopulationTotals, add_population_totals, take_population_totals
from training.data.splits import Sample
from training.settings import Settings


@dataclass(frozen=True)
class PartRows:
    """What one part gives to the dataset.

    histories : of the accounts with a row and of those whose investment was drawn by lot.
    undeclared : option that nobody declared -> what it was seen to cost in this part.
    """

    rows: Rows
    histories: Histories
    undeclared: Mapping[str, FloatArray]


def gather_dataset(
    partitions: Partitions,
    executor: Executor,
    settings: Settings,
    end: int,
    grow: Grow = local_backend,
    progress: Progress = silent,
    note: Callable[[int], None] = lambda _: None,
) -> Dataset:
    """The dataset that `build_dataset` would make of the whole source, to the bit.

    note : told how many rows of all parts were set aside.

    Raises
    ------
    TooManyBadRows
        If more of a table, over all parts, is bad than the settings allow.
    NotEnoughData
        As `build_dataset` does.
    """
    parts = partitions.parts
    outlines, surveys = [], []
    for summarise_part, survey in executor.map(partial(survey_part, settings=settings, end=end), parts):
        outlines.append(summarise_part)
        surveys.append(survey)
        progress("parts surveyed", len(surveys) / len(parts))
    joined = join_summaries(outlines)
    joined.refuse_bad_rows(settings.source.max_bad_share, partitions.folder)
    note(sum(joined.set_aside.values()))
    surveyed = add_population_totals(surveys)
    designed = design(surveyed, settings)
    found = []
    for answer in executor.map(partial(compute_part, settings=settings, designed=designed), parts):
        found.append(answer)
        progress("features and outcomes of parts", len(found) / len(parts))
    options = join_options([(part.histories.options, part.undeclared) for part in found])
    histories, number = merge_histories([part.histories for part in found], options)
    rows = _joined([part.rows for part in found], number, [len(part.histories.account_ids) for part in found], designed)
    return dataset_of(histories, surveyed, designed, rows, grow)


def survey_part(part: Part, settings: Settings, end: int) -> tuple[PartitionSummary, PopulationTotals]:
    """How many rows of the part can be used, and what its accounts say."""
    source = read_part(part)
    return summarise_rows(part, source), take_population_totals(build_histories(source).as_it_stood(end), settings, end)


def compute_part(part: Part, settings: Settings, designed: Design) -> PartRows:
    """The part's rows of the design, with the histories that go with them."""
    source = read_part(part)
    whole = build_histories(source)
    undeclared = undeclared_costs(source, whole.options)
    del source
    whole = whole.as_it_stood(designed.end)
    rows = compute_rows(whole, designed, settings)
    drawn = rows.sample.snapshots
    lots = whole.streams.get("assignments")
    by_lot = np.empty(0, np.int64) if lots is None else lots.account[lots.value("random") == 1]
    accounts = np.union1d(drawn.account, by_lot)
    snapshots = Snapshots(np.searchsorted(accounts, drawn.account), drawn.as_of)
    rows = replace(rows, sample=replace(rows.sample, snapshots=snapshots))
    return PartRows(rows, select_accounts(whole, accounts), undeclared)


def _joined(parts: list[Rows], number: IntArray, sizes: Sequence[int], designed: Design) -> Rows:
    """The rows of all parts, by slice and account; `parts` is emptied on the way, so that nothing is held twice.

    number : the position of every account, those of the first part first.  sizes : accounts of each part.
    """
    begins = np.cumsum([0, *sizes])
    account = np.concatenate([number[p.sample.snapshots.account + at] for p, at in zip(parts, begins, strict=False)])
    as_of = np.concatenate([part.sample.snapshots.as_of for part in parts])
    order = np.lexsort((account, as_of))
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    labels = _labels([part.labels for part in parts], order)
    further = tuple(
        Further(
            one[0].days,
            np.concatenate([part.columns for part in one])[order],
            _labels([part.labels for part in one], order),
        )
        for one in zip(*(part.further for part in parts), strict=True)
    )
    matrix = np.empty((len(order), parts[0].matrix.shape[1]), order="F")
    filled = 0
    parts.reverse()
    while parts:
        rows = parts.pop().matrix
        matrix[place[filled : filled + len(rows)]] = rows
        filled += len(rows)
    snapshots = Snapshots(account[order], as_of[order])
    return Rows(Sample(snapshots, np.full(len(order), 1.0 / designed.share), designed.slices), matrix, labels, further)


def _labels(parts: Sequence[Labels], order: IntArray) -> Labels:
    fields = Labels.__dataclass_fields__
    return Labels(*(np.concatenate([getattr(part, name) for part in parts])[order] for name in fields))
