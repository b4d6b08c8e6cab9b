"""The account timeline: what happened to an account in the last three years, small enough to be kept beside its scores.

    since     the first day: that of a quarter, so that a timeline does not change from one day to the next
    events    kind -> columns (FIELDS), oldest first; the newest of each kind, no names of people
    rungs     the rung at the beginning of each quarter, as known then; null where the account was not known yet
    people    role, interest and the day of the last contact of everybody who is there now
    counted   the events that the ladder's rules count (`features.ladder.next_steps`)
    asked     ASKED -> columns, as in events: answers about trust, and about value for money
    told      of each of `people`, the day when somebody last spoke with them about what they care about; null = never
    shown     the evidence of each behaviour of a loyal customer (`features.accounts.behaviours`), where norms are given

Days are whole numbers since 1970-01-01; codes are positions in the values of the contract's tables. Everything is read
through a view, so it is the same from the source as it stood at as_of.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import numpy as np

from features.accounts.behaviours import evidence, evidence_rows
from features.accounts.loyalty import Norms
from features.catalog.families.contacts import people
from features.catalog.families.conviction import last_addressed
from features.histories.distinct_things import keys
from features.histories.events import SATISFACTION
from features.histories.histories import Histories
from features.histories.snapshots import Snapshots
from features.histories.streams import FIXED_POINT, Column, expand, run_starts, running_sum
from features.histories.views import View
from features.instants import MICROSECONDS_PER_DAY, NEVER, IntArray, instant
from features.ladder.next_steps import CountedEvents, counted_events
from features.ladder.rules import LadderRules, rungs
from features.tables import INSTRUMENT_SCALES, TABLE

QUARTERS = 12
FIELDS = {
    "orders": ("day", "revenue"),
    "interactions": ("day", "channel", "initiated_by", "role"),
    "tickets": ("day", "severe", "resolved"),
    "breaches": ("day",),
    **dict.fromkeys(SATISFACTION, ("day", "score")),
    "contracts": ("day", "ends", "cancelled", "value"),
    "referrals": ("day", "kind"),
    "inquiries": ("day",),
    "inquiries_closed": ("day", "outcome"),
    "investments": ("day", "investment", "cost"),
    "switches": ("day", "trigger"),
    "triggers": ("day", "kind"),
}
"""Kind of event -> its columns. An unknown day is null, an unknown code -1."""
ASKED = dict.fromkeys((name for name in INSTRUMENT_SCALES if name not in SATISFACTION), ("day", "score"))
"""Kind of answer to other questions -> its columns."""
MAX_EVENTS = {"orders": 120, "interactions": 90}
MAX_EVENTS_OF_OTHER_KINDS = 30
"""Events kept of each kind, the newest: some three hundred of an account with many events."""
AccountTimeline = dict[str, Any]
_Reader = Callable[[View, int], tuple[IntArray, list[Column | list[Any]]]]


def quarter_days(as_of: int) -> list[int]:
    """Return the first days of this quarter and the twelve before it, ascending; days since 1970-01-01."""
    now = datetime.fromtimestamp((as_of - 1) / 1e6, UTC)
    last = now.year * 4 + (now.month - 1) // 3
    firsts = [date(q // 4, 3 * (q % 4) + 1, 1) for q in range(last - QUARTERS, last + 1)]
    return [instant(first.isoformat()) // MICROSECONDS_PER_DAY for first in firsts]


@dataclass(frozen=True)
class AccountTimelines:
    """The timelines of some neighbouring accounts.

    account : shape (n,), their positions in the histories.
    rows : one timeline per account.
    """

    account: IntArray
    rows: list[AccountTimeline]


def account_timelines(
    histories: Histories, as_of: int, rules: LadderRules, norms: Norms | None = None, inflation: float = 0.0
) -> Iterator[AccountTimelines]:
    """Yield the timelines of all accounts known at as_of (microseconds), some thousands at a time.

    norms, inflation : what behaviours are held against, as `features.accounts.behaviours.evidence` takes them.
    """
    quarters = quarter_days(as_of)
    for _, view in View(histories, histories.known_at(as_of)).blocks():
        if not len(view):
            continue
        quarterly_rungs = _quarterly_rungs(view, quarters, rules)
        columns = {name: _columns(view, name, quarters[0]) for name in (*FIELDS, *ASKED)}
        people_of = _people(view)
        spoken = _told(view)
        held = [] if norms is None else evidence_rows(evidence(view, rules, norms, inflation), len(view))
        rows = []
        for k, counted in enumerate(counted_events(view, rules)):
            found = {
                name: [part[ends[k] : ends[k + 1]] for part in parts]
                for name, (ends, parts) in columns.items()
                if ends[k + 1] > ends[k]
            }
            events, asked = ({n: part for n, part in found.items() if n in kinds} for kinds in (FIELDS, ASKED))
            rows.append({
                "since": quarters[0], "events": events, "asked": asked, "rungs": quarterly_rungs[k],
                "people": people_of.get(k, []),
                "counted": [counted.order_days, counted.last_approach, counted.referrals, counted.contracts],
                "told": spoken.get(k, []), "shown": held[k] if held else [],
            })  # fmt: skip
        yield AccountTimelines(view.snapshots.account, rows)


def counted_events_in(timeline: AccountTimeline) -> CountedEvents:
    """Read back the events that the rules count from a timeline."""
    days, last_approach, referrals, contracts = timeline["counted"]
    spans = tuple((start, end) for start, end in contracts)
    return CountedEvents(tuple(days), last_approach, tuple(referrals), spans)


def _quarterly_rungs(view: View, quarters: list[int], rules: LadderRules) -> list[list[int | None]]:
    known = view.histories.known_since[view.snapshots.account]
    columns = []
    for day in quarters:
        at = np.full(len(view), day * MICROSECONDS_PER_DAY, np.int64)
        rung = rungs(View(view.histories, Snapshots(view.snapshots.account, at)), rules)
        columns.append(np.where(known < at, rung, -1))
    return [[None if rung < 0 else rung for rung in row] for row in np.stack(columns, axis=1).tolist()]


def _columns(view: View, name: str, since: int) -> tuple[list[int], list[list[Any]]]:
    """Return where the rows of each account end, and the columns as plain lists."""
    snapshot, parts = READERS[name](view, since)
    most = MAX_EVENTS.get(name, MAX_EVENTS_OF_OTHER_KINDS)
    ends = np.searchsorted(snapshot, np.arange(len(view) + 1))
    owner, row = expand(np.maximum(ends[:-1], ends[1:] - most), ends[1:])
    kept = [part[row].tolist() if isinstance(part, np.ndarray) else [part[k] for k in row] for part in parts]
    return np.searchsorted(owner, np.arange(len(view) + 1)).tolist(), kept


def _rows(view: View, name: str, since: int) -> tuple[IntArray, IntArray, IntArray]:
    """Return snapshot, row and day of what happened since a day and is known."""
    stream = view.stream(name)
    at = np.full(len(view), since * MICROSECONDS_PER_DAY, np.int64)
    snapshot, row = expand(np.minimum(stream.position(at), stream.edge(0)), stream.edge(0))
    return snapshot, row, stream.time[row] // MICROSECONDS_PER_DAY


def _orders(view: View, since: int) -> tuple[IntArray, list[Column | list[Any]]]:
    """Return one row per order day, with the revenue of its orders."""
    snapshot, row, day = _rows(view, "orders", since)
    edges = run_starts(snapshot * (1 << 24) + day)
    sums = running_sum(view.stream("orders").value("revenue")[row])[edges]
    first = edges[:-1]
    return snapshot[first], [day[first], np.round((sums[1:] - sums[:-1]) / FIXED_POINT, 2)]


def _marked(view: View, stream: str, row: IntArray, values: tuple[str, ...]) -> IntArray:
    """Return the code of the mark that holds in each row, -1 where none does."""
    code = np.full(len(row), -1, np.int64)
    for k, value in enumerate(values):
        code[view.stream(stream).value(value)[row] == 1] = k
    return code


def _codes(name: str, table: str, *columns: str) -> _Reader:
    def read(view: View, since: int) -> tuple[IntArray, list[Column | list[Any]]]:
        snapshot, row, day = _rows(view, name, since)
        return snapshot, [day, *(_marked(view, name, row, TABLE[table].column(column).values) for column in columns)]

    return read


def _interactions(view: View, since: int) -> tuple[IntArray, list[Column | list[Any]]]:
    snapshot, row, day = _rows(view, "interactions", since)
    marks = [_marked(view, "interactions", row, TABLE["interactions"].column(name).values)
             for name in ("channel", "initiated_by")]  # fmt: skip
    persons = view.stream("contacts")
    owner, known = persons.pairs()
    role = np.full(len(row), -1, np.int64)
    if len(known) and persons.has("contact") and view.stream("interactions").has("contact"):
        key = keys(owner, persons.raw("contact")[known])
        order = np.argsort(key, kind="stable")
        wanted = keys(snapshot, view.stream("interactions").value("contact")[row])
        place = order[np.minimum(np.searchsorted(key, wanted, sorter=order), len(order) - 1)]
        role = np.where(key[place] == wanted, persons.raw("role")[known][place], -1)
    return snapshot, [day, *marks, role]


def _tickets(view: View, since: int) -> tuple[IntArray, list[Column | list[Any]]]:
    snapshot, row, day = _rows(view, "tickets", since)
    tickets = view.stream("tickets")
    until = tickets.value("until")[row] if tickets.has("until") else np.full(len(row), NEVER, np.int64)
    resolved = [at // MICROSECONDS_PER_DAY if at < end else None
                for at, end in zip(until.tolist(), view.as_of[snapshot].tolist(), strict=True)]  # fmt: skip
    return snapshot, [day, tickets.value("severe")[row], resolved]


def _survey(instrument: str) -> _Reader:
    low, high = INSTRUMENT_SCALES[instrument]

    def read(view: View, since: int) -> tuple[IntArray, list[Column | list[Any]]]:
        snapshot, row, day = _rows(view, f"surveys_{instrument}", since)
        share = view.stream(f"surveys_{instrument}").value("score")[row] / FIXED_POINT
        return snapshot, [day, np.round(low + share * (high - low), 1)]

    return read


def _contracts(view: View, since: int) -> tuple[IntArray, list[Column | list[Any]]]:
    """Return the contracts in force at some time since a day, or to come."""
    stream = view.stream("contracts")
    snapshot, row = stream.pairs()
    if not len(row):
        return row, [row] * len(FIELDS["contracts"])
    kept = stream.raw("ends")[row] >= since * MICROSECONDS_PER_DAY
    snapshot, row = snapshot[kept], row[kept]
    ends, cancelled, as_of = stream.raw("ends")[row], stream.raw("cancelled")[row], view.as_of[snapshot]
    days = [[at // MICROSECONDS_PER_DAY if at < end else None
             for at, end in zip(moments.tolist(), limits, strict=True)]
            for moments, limits in ((ends, [NEVER] * len(ends)), (cancelled, as_of.tolist()))]  # fmt: skip
    return snapshot, [stream.raw("time")[row] // MICROSECONDS_PER_DAY, *days, stream.raw("value")[row] / FIXED_POINT]


def _investments(view: View, since: int) -> tuple[IntArray, list[Column | list[Any]]]:
    snapshot, row, day = _rows(view, "investments", since)
    stream, names = view.stream("investments"), view.histories.options.names
    return snapshot, [day, [names[k] for k in stream.value("option")[row]], stream.value("cost")[row] / FIXED_POINT]


def _switches(view: View, since: int) -> tuple[IntArray, list[Column | list[Any]]]:
    snapshot, row, day = _rows(view, "switches", since)
    return snapshot, [day, view.stream("switches").value("trigger")[row]]


READERS: dict[str, _Reader] = {
    "orders": _orders, "interactions": _interactions, "tickets": _tickets, "contracts": _contracts,
    "breaches": _codes("sla_breaches", "tickets"), "referrals": _codes("referrals", "referrals", "kind"),
    "inquiries": _codes("inquiries", "inquiries"),
    "inquiries_closed": _codes("inquiries_closed", "inquiries", "outcome"),
    "investments": _investments, "switches": _switches, "triggers": _codes("triggers", "triggers", "kind"),
    **{instrument: _survey(instrument) for instrument in INSTRUMENT_SCALES},
}  # fmt: skip


def _told(view: View) -> dict[int, list[int | None]]:
    """Return when each of `_people` was last spoken with about the own interest, in the same order."""
    told: dict[int, list[int | None]] = {}
    for which, at in zip(people(view).snapshot.tolist(), last_addressed(view).tolist(), strict=True):
        told.setdefault(which, []).append(at // MICROSECONDS_PER_DAY if at else None)
    return told


def _people(view: View) -> dict[int, list[list[int | None]]]:
    present = people(view)
    last: dict[int, int] = {}
    stream = view.stream("interactions")
    if stream.has("contact"):
        snapshot, row = expand(stream.start, stream.edge(0))
        code = stream.value("contact")[row]
        named = code > 0
        day = stream.time[row[named]] // MICROSECONDS_PER_DAY
        last = dict(zip(keys(snapshot[named], code[named]).tolist(), day.tolist(), strict=True))  # the last one stays
    people_of: dict[int, list[list[int | None]]] = {}
    cells = (part.tolist() for part in (present.snapshot, present.role, present.interest, present.key))
    for which, role, interest, key in zip(*cells, strict=True):
        people_of.setdefault(which, []).append([role, interest, last.get(key)])
    return people_of
