"""Everything that happened to every account: streams over one common numbering, and what is known of each."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from features.errors import NotEnoughData
from features.histories.events import BUILDERS, Options, Rows, forecast_authors
from features.histories.snapshots import Snapshots
from features.histories.streams import Column, Stream
from features.instants import ALWAYS, NEVER, IntArray, midnight_after
from features.parallel import parallel_map
from features.sources.source import Source
from features.sources.text_column import TextColumn
from features.tables import NO_INVESTMENT, TABLE


@dataclass(frozen=True)
class Histories:
    """All streams of a source, over one common numbering of accounts.

    account_ids : shape (n_accounts,), str, sorted.
    tables : names of the tables that the source held; a feature of any other table is missing.
    streams : name -> Stream.
    profile : column of `accounts` -> shape (n_accounts,); `profile_known` is the instant each row is known from.
    known_since : shape (n_accounts,), the instant from which the account exists for us; NEVER if it has neither
        a date of creation nor any event.
    authors : who made forecasts, sorted; the forecasts' codes refer to it.
    last_event : microseconds, the time of the latest event of all; ALWAYS where there is none. A contract counts
        when it was recorded, and not at all where nobody wrote that down: its start may lie far ahead.
    """

    account_ids: NDArray[np.object_]
    tables: frozenset[str]
    streams: Mapping[str, Stream]
    profile: Mapping[str, Column]
    profile_known: IntArray
    known_since: IntArray
    options: Options
    authors: tuple[str, ...]
    last_event: int

    def __deepcopy__(self, _: object) -> "Histories":
        """Itself: nothing in it ever changes, and a copy would hold everything twice."""
        return self

    @property
    def end(self) -> int:
        """The default as_of: the midnight after the last event, microseconds.

        Raises
        ------
        NotEnoughData
            If there is no event at all.
        """
        if self.last_event == ALWAYS:
            raise NotEnoughData("there is no event to look back from; say which as_of is meant")
        return midnight_after(self.last_event)

    def as_it_stood(self, end: int) -> "Histories":
        """Only what was recorded before that instant (microseconds): what may be learnt from at all.

        Accounts keep their numbers; what a later field says stays out of every view before it came.
        """
        streams = {name: stream.recorded_before(end) for name, stream in self.streams.items()}
        return replace(self, streams=streams)

    def known_at(self, as_of: int) -> Snapshots:
        """One snapshot for every account known before that instant, in the order of account_ids."""
        accounts = np.flatnonzero(self.known_since < as_of)
        return Snapshots(accounts, np.full(len(accounts), as_of, np.int64))


def build_histories(source: Source, *, consume: bool = False) -> Histories:
    """The source as streams over sorted accounts; neither row order nor the order of files matters.

    consume : let go of the long tables as soon as they are sorted: the source is of no use afterwards, and the peak of
        memory lower by most of its size.
    """
    account_ids = _account_ids(source)
    rank = {account: place for place, account in enumerate(account_ids)}
    options, held = _options(source), frozenset(source.tables)
    tables = [name for name in BUILDERS if name in source.tables]
    streams: dict[str, Stream] = {}

    def build(name: str) -> dict[str, Stream]:
        built = BUILDERS[name](Rows(TABLE[name], source, rank, options))
        if consume and name in _LONG:
            source.release(name)
        return built

    for built in parallel_map(build, tables, sum(source.rows(name) for name in tables) >= MANY_ROWS):
        streams.update(built)
    authors = forecast_authors(source)
    profile, profile_known, created = _profile(source, rank)
    known_since = created.copy()
    for name in _EVIDENCE & streams.keys():
        _note_first(known_since, streams[name], name == "contracts")
    last_event = max((int(times.max()) for times in event_times(streams).values() if len(times)), default=ALWAYS)
    return Histories(
        account_ids,
        held,
        streams,
        profile,
        profile_known,
        known_since,
        options,
        authors,
        last_event,
    )


def event_times(streams: Mapping[str, Stream]) -> dict[str, IntArray]:
    """When the events of every table happened, as far as they say where the data end."""
    times = {name: streams[name].time for name in sorted(_EVIDENCE & streams.keys())}
    if "contracts" in times:
        contracts = streams["contracts"]
        written = contracts.recorded != contracts.time
        times["contracts"] = np.minimum(contracts.time, contracts.recorded)[written]
    return times


_EVIDENCE = frozenset(
    (
        "orders inquiries contracts interactions tickets surveys referrals triggers switches assignments forecasts"
    ).split()
)
"""Streams whose first event makes an account known to us."""


_LONG = frozenset(("orders", "interactions", "tickets", "surveys"))
"""Tables that no other looks into, and that hold most rows."""
MANY_ROWS = 500_000
"""From this many rows on, tables are sorted side by side."""


def _account_ids(source: Source) -> NDArray[np.object_]:
    """The ids of all tables' accounts, sorted."""
    columns: list[TextColumn] = [table["account_id"] for table in source.tables.values() if "account_id" in table]
    names = sorted({account for column in columns for account in column.names[column.used]})
    account_ids = np.empty(len(names), object)
    account_ids[:] = names
    return account_ids


def _note_first(known_since: IntArray, stream: Stream, signed_ahead: bool) -> None:
    """Lower each account's `known_since` to its first event, as known."""
    rows = np.flatnonzero(np.diff(stream.bounds))
    if len(rows):
        together = signed_ahead or stream.recorded is stream.time
        seen = stream.recorded if together else np.maximum(stream.recorded, stream.time)
        known_since[rows] = np.minimum(known_since[rows], np.minimum.reduceat(seen, stream.bounds[rows]))


def _options(source: Source) -> Options:
    """Declared options, and any investment that was made without being declared (its mean cost, no bond)."""
    declared: dict[str, tuple[int, float]] = {}
    if "investment_options" in source.tables:
        table = source.tables["investment_options"]
        rows = zip(table["investment"].tolist(), table["bond"], table["cost"], strict=True)
        declared = {name: (int(bond), float(cost)) for name, bond, cost in rows if name != NO_INVESTMENT}
    if "investments" in source.tables:
        made = source.tables["investments"]
        costs = made.get("cost", np.full(len(made["investment"]), np.nan))
        names = made["investment"].cells
        for name in sorted(set(names) - declared.keys() - {NO_INVESTMENT}):
            seen = np.sort(costs[(names == name) & ~np.isnan(costs)])
            declared[name] = (-1, float(seen.mean()) if len(seen) else 0.0)
    names = tuple(sorted(declared))
    return Options(names, tuple(declared[n][0] for n in names), tuple(declared[n][1] for n in names))


def _profile(source: Source, rank: Mapping[str, int]) -> tuple[dict[str, Column], IntArray, IntArray]:
    """Columns of `accounts` by account, the instant each row is known from, and when the account was created."""
    n_accounts = len(rank)
    known, created = np.full(n_accounts, NEVER, np.int64), np.full(n_accounts, NEVER, np.int64)
    if "accounts" not in source.tables:
        return {}, known, created
    table = source.tables["accounts"]
    codes = table["account_id"].positions(rank)
    since = np.maximum(table["recorded_at"], table.get("created_at", table["recorded_at"]))
    known[codes] = since
    created[codes[since > ALWAYS]] = since[since > ALWAYS]
    profile: dict[str, Column] = {}
    for name in _PROFILE:
        if name in table:
            text = isinstance(table[name], TextColumn)
            column: Column = np.full(n_accounts, None, object) if text else np.full(n_accounts, np.nan)
            column[codes] = table[name].cells if text else table[name]
            profile[name] = column
    return profile, known, created


_PROFILE = ("industry", "country", "segment", "owner", "acquisition_channel", "employees", "acquisition_cost")
