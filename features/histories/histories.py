"""The histories of all accounts: streams over one common numbering, and since when each account is known."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from features.errors import NotEnoughData
from features.histories.benefits import Benefit, benefits_of
from features.histories.column_profiles import Profiles, profile_columns
from features.histories.events import BUILDERS, authors_of
from features.histories.options import Options, investment_options
from features.histories.snapshots import Snapshots
from features.histories.streams import Column, Stream
from features.histories.table_rows import TableRows
from features.instants import ALWAYS, NEVER, BoolArray, IntArray, midnight_after
from features.parallel import parallel_map
from features.sources.cleaning.text_column import TextColumn
from features.sources.source import Source
from features.tables import TABLE


@dataclass(frozen=True)
class Histories:
    """All streams of a source, over one common numbering of accounts.

    account_ids : shape (n_accounts,), str, sorted.
    tables : names of the tables that the source held; a feature of any other table is missing.
    streams : name -> Stream.
    profile : column of `accounts` -> shape (n_accounts,).
    profile_known : shape (n_accounts,), microseconds, the instant from which each row of `profile` is known.
    known_since : shape (n_accounts,), microseconds, the instant from which the account is known to us; ALWAYS if
        `accounts` has it without a date of creation.
    first_seen : shape (n_accounts,), microseconds, its creation or its first event; NEVER if it has neither.
    authors : who made forecasts or assessments, sorted; the codes of these streams are positions in it.
    benefits : what we have to offer, sorted by name.
    last_event : microseconds, the time of the latest event; ALWAYS where there is none. A contract counts at the time
        when it was recorded, and not at all if that is unknown: its start may lie far ahead.
    profiles : counts of the raw columns; empty where nobody wanted them.
    """

    account_ids: NDArray[np.object_]
    tables: frozenset[str]
    streams: Mapping[str, Stream]
    profile: Mapping[str, Column]
    profile_known: IntArray
    known_since: IntArray
    first_seen: IntArray
    options: Options
    authors: tuple[str, ...]
    last_event: int
    benefits: tuple[Benefit, ...] = ()
    profiles: Profiles = field(default_factory=dict, compare=False, repr=False)

    def __deepcopy__(self, _: object) -> "Histories":
        """Return the object itself: nothing in it ever changes, and a copy would take the memory twice."""
        return self

    @property
    def end(self) -> int:
        """Return the default as_of: the midnight after the last event, microseconds.

        Raises
        ------
        NotEnoughData
            If there is no event.
        """
        if self.last_event == ALWAYS:
            raise NotEnoughData("there is no event to look back from; say which as_of is meant")
        return midnight_after(self.last_event)

    def as_it_stood(self, end: int) -> "Histories":
        """Return the histories with only what was recorded before an instant (microseconds).

        This is all that may be learnt from at that instant. Accounts keep their numbers. What a later field says stays
        out of every view before its time.
        """
        streams = {name: stream.recorded_before(end) for name, stream in self.streams.items()}
        return replace(self, streams=streams)

    def known_at(self, as_of: int | IntArray) -> Snapshots:
        """Return a snapshot of every account that is known before that instant, in the order of account_ids.

        as_of : microseconds; one instant for all, or one for each account, shape (n_accounts,).
        """
        at = np.broadcast_to(np.asarray(as_of, np.int64), self.known_since.shape)
        accounts = np.flatnonzero(self.known_since < at)
        return Snapshots(accounts, at[accounts])

    def own_ends(self) -> IntArray:
        """Return the midnight after each account's own last event, shape (n_accounts,); ALWAYS where it has none."""
        last = np.full(len(self.account_ids), ALWAYS, np.int64)
        for name in sorted(_KNOWING_STREAMS & self.streams.keys()):
            stream = self.streams[name]
            if len(stream):
                rows, times = _times_that_count(name, stream)
                np.maximum.at(last, stream.account[rows], times)
        return np.where(last == ALWAYS, ALWAYS, midnight_after(last))


def build_histories(source: Source, *, consume: bool = False, profiles: bool = True) -> Histories:
    """Build the histories of a source; neither the order of rows nor that of files matters.

    consume : free the large tables as soon as they are sorted. The source cannot be used afterwards; the peak of memory
        is lower by most of its size.
    profiles : count the raw columns too, which only training and monitoring need.
    """
    profiled = profile_columns(source) if profiles else {}
    account_ids = _account_ids(source)
    rank = {account: place for place, account in enumerate(account_ids)}
    options, held = investment_options(source), frozenset(source.tables)
    tables = [name for name in BUILDERS if name in source.tables]
    streams: dict[str, Stream] = {}

    def build(name: str) -> dict[str, Stream]:
        built = BUILDERS[name](TableRows(TABLE[name], source, rank, options))
        if consume and name in _LARGE_TABLES:
            source.release(name)
        return built

    for built in parallel_map(build, tables, sum(source.rows(name) for name in tables) >= MIN_PARALLEL_ROWS):
        streams.update(built)
    authors = authors_of(source)
    profile, profile_known, created = _profile(source, rank)
    first_seen = np.where(created == ALWAYS, NEVER, created)
    for name in _KNOWING_STREAMS & streams.keys():
        _lower_first_seen(first_seen, streams[name], name == "contracts")
    ends = own_event_times(source, streams).values()
    last_event = max((int(times.max()) for times in ends if len(times)), default=ALWAYS)
    return Histories(
        account_ids=account_ids,
        tables=held,
        streams=streams,
        profile=profile,
        profile_known=profile_known,
        known_since=np.where(created == ALWAYS, ALWAYS, first_seen),
        first_seen=first_seen,
        options=options,
        authors=authors,
        last_event=last_event,
        benefits=benefits_of(source),
        profiles=profiled,
    )


def event_times(streams: Mapping[str, Stream]) -> dict[str, IntArray]:
    """Return the times of the events of every table, microseconds, of the tables that say where the data end."""
    found: dict[str, list[IntArray]] = {}
    for name in sorted(_KNOWING_STREAMS & streams.keys()):
        found.setdefault(_ONE_TABLE.get(name, name), []).append(_times_that_count(name, streams[name])[1])
    return {name: times[0] if len(times) == 1 else np.concatenate(times) for name, times in found.items()}


def own_event_times(source: Source, streams: Mapping[str, Stream]) -> dict[str, IntArray]:
    """Return the times of the events of every table without the rows that were added to it, such as feedback."""
    last = {_STREAM_OF_TABLE.get(name, name): time for name, time in source.last_events.items()}
    return {name: times[times <= last.get(name, NEVER)] for name, times in event_times(streams).items()}


_ONE_TABLE = {"surveys_trust": "surveys", "surveys_value": "surveys"}
"""Stream -> the name under which its events count, where its table has several streams without a common event."""
_STREAM_OF_TABLE = {"investments": "assignments"}
"""Table -> the stream with all its events, where that has another name."""


def _times_that_count(name: str, stream: Stream) -> tuple[BoolArray | slice, IntArray]:
    """Return which events say where the data end, and the time of each of them, microseconds."""
    if name != "contracts":
        return slice(None), stream.time
    written = stream.recorded != stream.time
    return written, np.minimum(stream.time, stream.recorded)[written]


_KNOWING_STREAMS = frozenset(
    (
        "orders inquiries contracts interactions tickets surveys surveys_trust surveys_value referrals triggers "
        "switches assignments forecasts assessments collaborations"
    ).split()
)
"""Streams whose first event makes an account known to us."""

_LARGE_TABLES = frozenset(("orders", "interactions", "tickets", "surveys"))
"""The tables with most rows; no other table needs them, so they can be freed early."""
MIN_PARALLEL_ROWS = 500_000
"""From this many rows on, tables are sorted in parallel."""


def _account_ids(source: Source) -> NDArray[np.object_]:
    """Return the account ids of all tables, sorted."""
    columns: list[TextColumn] = [table["account_id"] for table in source.tables.values() if "account_id" in table]
    names = sorted({account for column in columns for account in column.names[column.used]})
    account_ids = np.empty(len(names), object)
    account_ids[:] = names
    return account_ids


def _lower_first_seen(first_seen: IntArray, stream: Stream, recorded_ahead: bool) -> None:
    """Lower each account's `first_seen` to the instant at which its first event was known."""
    rows = np.flatnonzero(np.diff(stream.bounds))
    if len(rows):
        together = recorded_ahead or stream.recorded is stream.time
        seen = stream.recorded if together else np.maximum(stream.recorded, stream.time)
        first_seen[rows] = np.minimum(first_seen[rows], np.minimum.reduceat(seen, stream.bounds[rows]))


def _profile(source: Source, rank: Mapping[str, int]) -> tuple[dict[str, Column], IntArray, IntArray]:
    """Return the columns of `accounts` by account, since when each row is known, and when accounts were created."""
    n_accounts = len(rank)
    known, created = np.full(n_accounts, NEVER, np.int64), np.full(n_accounts, NEVER, np.int64)
    if "accounts" not in source.tables:
        return {}, known, created
    table = source.tables["accounts"]
    codes = table["account_id"].positions(rank)
    since = np.maximum(table["recorded_at"], table.get("created_at", table["recorded_at"]))
    known[codes] = since
    created[codes] = since
    profile: dict[str, Column] = {}
    for name in _PROFILE:
        if name in table:
            text = isinstance(table[name], TextColumn)
            column: Column = np.full(n_accounts, None, object) if text else np.full(n_accounts, np.nan)
            column[codes] = table[name].cells if text else table[name]
            profile[name] = column
    return profile, known, created


_PROFILE = tuple(
    "industry country segment owner acquisition_channel employees acquisition_cost parent_account_id".split()
)
