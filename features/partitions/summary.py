"""What a part says before anything is computed from it: how far it reaches, and what of it cannot be used."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from features.errors import NotEnoughData, TooManyBadRows
from features.histories.histories import build_histories, event_times
from features.histories.outlier_dates import OutlierDates, outlier_dates_among
from features.instants import MICROSECONDS_PER_DAY, IntArray, midnight_after
from features.sources.feedback_rows import add_rows
from features.sources.partitioned import Part, read_part_table
from features.sources.source import Source, source_from_rows


@dataclass(frozen=True)
class PartitionSummary:
    """What one part, or all of them, say of themselves.

    rows_read, set_aside : table -> rows.
    times, counts : table -> when something happened, ascending, and how often: of every day the first and the last.
    """

    rows_read: Mapping[str, int]
    set_aside: Mapping[str, int]
    times: Mapping[str, IntArray]
    counts: Mapping[str, IntArray]

    @property
    def end(self) -> int:
        """The default as_of, as `Histories.end` is.  Raises NotEnoughData if there is no event at all."""
        last = [int(times[-1]) for times in self.times.values() if len(times)]
        if not last:
            raise NotEnoughData("there is no event to look back from; say which as_of is meant")
        return midnight_after(max(last))

    def outlier_dates(self) -> OutlierDates | None:
        """The few events that lie far beyond all others, as `features.histories.outlier_dates` finds them."""
        return outlier_dates_among(self.times, self.counts)

    def refuse_bad_rows(self, most: float, folder: Path) -> None:
        """Raise TooManyBadRows where more than the share `most` of a table, over all parts, cannot be used."""
        for name, aside in self.set_aside.items():
            read = self.rows_read[name]
            if aside > most * read:
                raise TooManyBadRows(
                    f"{name}: {aside} of {read} rows ({aside / read:.1%}) cannot be used, more than the "
                    f"{100 * most:g}% allowed. `ladder check --data {folder}` lists them."
                )


def read_part(part: Part) -> Source:
    """One part as a source; however many of its rows are bad: that is judged over all parts.

    Raises
    ------
    SourceUnreadable
        If a file is missing, unreadable, or holds another number of rows than the manifest says.
    """
    source = source_from_rows({name: read_part_table(part, name) for name in part.rows})
    return add_rows(source, part.added) if part.added else source


def summarise_rows(part: Part, source: Source) -> PartitionSummary:
    """The part's rows, without a look at its events: enough to refuse a source of which too much is bad."""
    aside = Counter(row.table for row in source.set_aside)
    if part.number:  # every part has its copy
        aside.pop("investment_options", None)
    read = {name: 0 if name == "investment_options" and part.number else n for name, n in source.rows_read.items()}
    return PartitionSummary(read, aside, {}, {})


def summarise_part(part: Part) -> PartitionSummary:
    """Everything that the part says of itself."""
    source = read_part(part)
    rows = summarise_rows(part, source)
    reduced = {name: _by_day(times) for name, times in event_times(build_histories(source).streams).items()}
    times = {name: found[0] for name, found in reduced.items()}
    return PartitionSummary(rows.rows_read, rows.set_aside, times, {name: found[1] for name, found in reduced.items()})


def join_summaries(outlines: Sequence[PartitionSummary]) -> PartitionSummary:
    """What all parts say together."""
    read: Counter[str] = Counter()
    aside: Counter[str] = Counter()
    for one in outlines:
        read.update(one.rows_read)
        aside.update(one.set_aside)
    times, counts = {}, {}
    for name in sorted({name for one in outlines for name in one.times}):
        every = np.concatenate([one.times[name] for one in outlines])
        often = np.concatenate([one.counts[name] for one in outlines])
        times[name], counts[name] = _by_day(every, often)
    return PartitionSummary(read, {name: count for name, count in aside.items() if count}, times, counts)


def _by_day(times: IntArray, counts: IntArray | None = None) -> tuple[IntArray, IntArray]:
    """Of every day the first instant and the last, and how many events up to each: gaps of days stay to be seen."""
    order = np.argsort(times, kind="stable")
    times = times[order]
    counts = np.ones(len(times), np.int64) if counts is None else counts[order]
    day = times // MICROSECONDS_PER_DAY
    first = np.flatnonzero(np.diff(day, prepend=day[0] - 1)) if len(day) else np.empty(0, np.int64)
    last = np.append(first[1:], len(day)) - 1 if len(day) else first
    total = np.add.reduceat(counts, first) if len(first) else counts
    alone = times[first] == times[last]
    beginnings, endings = np.where(alone, 0, 1), np.where(alone, total, total - 1)
    pairs = np.column_stack([times[first], times[last]]).ravel()
    often = np.column_stack([beginnings, endings]).ravel()
    return pairs[often > 0], often[often > 0]
