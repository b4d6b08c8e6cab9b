"""The summary of a part before anything is computed from it: its events' dates, and its rows that cannot be used."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from features.errors import NotEnoughData, TooManyBadRows
from features.histories.histories import build_histories, own_event_times
from features.histories.outlier_dates import OutlierDates, outlier_dates_among
from features.instants import MICROSECONDS_PER_DAY, IntArray, midnight_after
from features.sources.feedback_rows import add_rows
from features.sources.forgotten import leave_out
from features.sources.partitioned import Part, read_part_table
from features.sources.source import Source, source_from_rows
from features.tables import OF_THE_SUPPLIER


@dataclass(frozen=True)
class PartitionSummary:
    """The summary of summary part, or of all of them.

    rows_read, set_aside : table -> rows.
    times, counts : table -> instants at which something happened, ascending, and how often; of every day the first and
        the last instant.
    """

    rows_read: Mapping[str, int]
    set_aside: Mapping[str, int]
    times: Mapping[str, IntArray]
    counts: Mapping[str, IntArray]

    @property
    def end(self) -> int:
        """Return the default as_of, as `Histories.end` does.

        Raises
        ------
        NotEnoughData
            If there is no event.
        """
        last = [int(times[-1]) for times in self.times.values() if len(times)]
        if not last:
            raise NotEnoughData("there is no event to look back from; say which as_of is meant")
        return midnight_after(max(last))

    def outlier_dates(self) -> OutlierDates | None:
        """Return the few events that lie far beyond all others, as `features.histories.outlier_dates` does."""
        return outlier_dates_among(self.times, self.counts)

    def refuse_bad_rows(self, most: float, folder: Path) -> None:
        """Refuse a source of which more than the share `most` of a table, over all parts, cannot be used.

        Raises
        ------
        TooManyBadRows
            If there is such a table.
        """
        for name, aside in self.set_aside.items():
            read = self.rows_read[name]
            if aside > most * read:
                raise TooManyBadRows(
                    f"{name}: {aside} of {read} rows ({aside / read:.1%}) cannot be used, more than the "
                    f"{100 * most:g}% allowed. `ladder check --data {folder}` lists them."
                )


def read_part(part: Part) -> Source:
    """Read summary part as a source, however many of its rows are bad: that is judged over all parts.

    Raises
    ------
    SourceUnreadable
        If a file is missing, unreadable, or holds another number of rows than the manifest says.
    """
    source = source_from_rows({name: read_part_table(part, name) for name in part.rows}, until=part.until)
    return leave_out(add_rows(source, part.added) if part.added else source, part.forgotten)


def summarise_rows(part: Part, source: Source) -> PartitionSummary:
    """Summarise a part's rows without its events: enough to refuse a source of which too much is bad."""
    aside = Counter(row.table for row in source.set_aside)
    if part.number:  # every part has its copy
        for name in OF_THE_SUPPLIER:
            aside.pop(name, None)
    read = {name: 0 if name in OF_THE_SUPPLIER and part.number else n for name, n in source.rows_read.items()}
    return PartitionSummary(read, aside, {}, {})


def summarise_part(part: Part) -> PartitionSummary:
    """Summarise a part: rows and events."""
    source = read_part(part)
    rows = summarise_rows(part, source)
    streams = build_histories(source).streams
    reduced = {name: _by_day(times) for name, times in own_event_times(source, streams).items()}
    return PartitionSummary(
        rows_read=rows.rows_read,
        set_aside=rows.set_aside,
        times={name: times for name, (times, _) in reduced.items()},
        counts={name: counts for name, (_, counts) in reduced.items()},
    )


def join_summaries(summaries: Sequence[PartitionSummary]) -> PartitionSummary:
    """Join the summaries of all parts."""
    read: Counter[str] = Counter()
    aside: Counter[str] = Counter()
    for summary in summaries:
        read.update(summary.rows_read)
        aside.update(summary.set_aside)
    times, counts = {}, {}
    for name in sorted({name for summary in summaries for name in summary.times}):
        every = np.concatenate([summary.times[name] for summary in summaries])
        often = np.concatenate([summary.counts[name] for summary in summaries])
        times[name], counts[name] = _by_day(every, often)
    return PartitionSummary(read, {name: count for name, count in aside.items() if count}, times, counts)


def _by_day(times: IntArray, counts: IntArray | None = None) -> tuple[IntArray, IntArray]:
    """Reduce instants to the first and the last of every day, with counts, so that gaps of days remain visible."""
    order = np.argsort(times, kind="stable")
    times = times[order]
    counts = np.ones(len(times), np.int64) if counts is None else counts[order]
    day = times // MICROSECONDS_PER_DAY
    first = np.flatnonzero(np.diff(day, prepend=day[0] - 1)) if len(day) else np.empty(0, np.int64)
    last = np.append(first[1:], len(day)) - 1 if len(day) else first
    total = np.add.reduceat(counts, first) if len(first) else counts
    same = times[first] == times[last]
    beginnings, endings = np.where(same, 0, 1), np.where(same, total, total - 1)
    pairs = np.column_stack([times[first], times[last]]).ravel()
    often = np.column_stack([beginnings, endings]).ravel()
    return pairs[often > 0], often[often > 0]
