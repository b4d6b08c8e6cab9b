"""The dataset of a partitioned source, gathered part by part; the same to the bit as that of the whole source.

Every part is visited twice: first for its totals, then, with the design that the totals of all parts give, for its
rows: features, outcomes, and the histories of the accounts drawn. Only these meet in one memory, and their number is
bounded by `slices.most_snapshots`, however large the source.
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
from training.boosting_backend import BoostingBackend, local_backend
from training.data.dataset import (
    Dataset,
    DatasetRows,
    Progress,
    SampleDesign,
    compute_rows,
    dataset_of,
    design_sample,
    silent,
)
from training.data.horizons import FurtherHorizon
from training.data.labels import Labels
from training.data.population_totals import PopulationTotals, add_population_totals, population_totals
from training.data.splits import Sample
from training.settings import Settings


@dataclass(frozen=True)
class PartRows:
    """What one part adds to the dataset.

    histories : of the accounts with a row and of those with a randomised investment.
    undeclared : option that nobody declared -> what it was seen to cost in this part.
    """

    rows: DatasetRows
    histories: Histories
    undeclared: Mapping[str, FloatArray]


def gather_dataset(
    partitions: Partitions,
    executor: Executor,
    settings: Settings,
    end: int,
    *,
    backend: BoostingBackend = local_backend,
    progress: Progress = silent,
    report_set_aside: Callable[[int], None] = lambda _: None,
) -> Dataset:
    """Build the dataset that `build_dataset` would build of the whole source, to the bit.

    report_set_aside : called with the number of rows set aside in all parts.

    Raises
    ------
    TooManyBadRows
        If more of a table, over all parts, is bad than the settings allow.
    NotEnoughData
        As `build_dataset` does.
    """
    parts = partitions.parts
    summaries, totals = [], []
    for summary, of_part in executor.map(partial(part_totals, settings=settings, end=end), parts):
        summaries.append(summary)
        totals.append(of_part)
        progress("totals of parts", len(totals) / len(parts))
    joined = join_summaries(summaries)
    joined.refuse_bad_rows(settings.source.max_bad_share, partitions.folder)
    report_set_aside(sum(joined.set_aside.values()))
    population = add_population_totals(totals)
    sample_design = design_sample(population, settings)
    computed = []
    for part_rows in executor.map(partial(compute_part, settings=settings, sample_design=sample_design), parts):
        computed.append(part_rows)
        progress("features and outcomes of parts", len(computed) / len(parts))
    options = join_options([(part.histories.options, part.undeclared) for part in computed])
    histories, new_position = merge_histories([part.histories for part in computed], options)
    sizes = [len(part.histories.account_ids) for part in computed]
    rows = _join_rows([part.rows for part in computed], new_position, sizes, sample_design)
    return dataset_of(histories, population, sample_design, rows, backend)


def part_totals(part: Part, settings: Settings, end: int) -> tuple[PartitionSummary, PopulationTotals]:
    """Return the summary of a part's rows, and the totals of its accounts."""
    source = read_part(part)
    return summarise_rows(part, source), population_totals(build_histories(source).as_it_stood(end), settings, end)


def compute_part(part: Part, settings: Settings, sample_design: SampleDesign) -> PartRows:
    """Compute the part's rows of a design, with the histories that go with them."""
    source = read_part(part)
    whole = build_histories(source)
    undeclared = undeclared_costs(source, whole.options)
    del source
    whole = whole.as_it_stood(sample_design.end)
    rows = compute_rows(whole, sample_design, settings)
    drawn = rows.sample.snapshots
    made = whole.streams.get("assignments")
    randomised = np.empty(0, np.int64) if made is None else made.account[made.value("random") == 1]
    accounts = np.union1d(drawn.account, randomised)
    snapshots = Snapshots(np.searchsorted(accounts, drawn.account), drawn.as_of)
    rows = replace(rows, sample=replace(rows.sample, snapshots=snapshots))
    return PartRows(rows, select_accounts(whole, accounts), undeclared)


def _join_rows(
    parts: list[DatasetRows], new_position: IntArray, sizes: Sequence[int], sample_design: SampleDesign
) -> DatasetRows:
    """Join the rows of all parts, by slice and account; `parts` is emptied on the way to save memory.

    new_position : the position of every account, those of the first part first.
    sizes : number of accounts of each part.
    """
    begins = np.cumsum([0, *sizes])
    account = np.concatenate(
        [new_position[p.sample.snapshots.account + at] for p, at in zip(parts, begins, strict=False)]
    )
    as_of = np.concatenate([part.sample.snapshots.as_of for part in parts])
    order = np.lexsort((account, as_of))
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    labels = _labels([part.labels for part in parts], order)
    further = tuple(
        FurtherHorizon(
            horizons[0].days,
            np.concatenate([horizon.columns for horizon in horizons])[order],
            _labels([horizon.labels for horizon in horizons], order),
        )
        for horizons in zip(*(part.further for part in parts), strict=True)
    )
    matrix = np.empty((len(order), parts[0].matrix.shape[1]), order="F")
    filled = 0
    parts.reverse()
    while parts:
        rows = parts.pop().matrix
        matrix[place[filled : filled + len(rows)]] = rows
        filled += len(rows)
    snapshots = Snapshots(account[order], as_of[order])
    return DatasetRows(
        Sample(snapshots, np.full(len(order), 1.0 / sample_design.share), sample_design.slices), matrix, labels, further
    )


def _labels(parts: Sequence[Labels], order: IntArray) -> Labels:
    fields = Labels.__dataclass_fields__
    return Labels(*(np.concatenate([getattr(part, name) for part in parts])[order] for name in fields))
