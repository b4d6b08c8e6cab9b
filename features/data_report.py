"""The data report: what a source holds, what was set aside, where its accounts stand, which models it can train."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from features.exposures import HISTORY, ExposureNeeds, count_exposures
from features.histories.histories import Histories
from features.histories.order_days import order_days
from features.histories.views import View
from features.instants import ALWAYS, MICROSECONDS_PER_DAY, NEVER, iso
from features.ladder.contract_ends import ENDED, contract_state, decided_contracts
from features.ladder.rhythm import LOOK_BACK_DAYS
from features.ladder.rules import LadderRules, rungs
from features.sources.cleaning.joins import Join
from features.sources.cleaning.mends import doubt_mend, form_of, mend
from features.sources.readings.evidence import ColumnReading
from features.sources.source import Source
from features.tables import RUNGS, TABLE, TABLES

STATES, SWITCHING, RENEWAL, UPLIFT = "states", "switching", "renewal", "uplift"
"""Models: of the next rung and expected revenue, of leaving, of renewals, of what an investment brings."""


@dataclass(frozen=True)
class Readiness:
    """Whether a source can train a model.

    model : STATES, SWITCHING, RENEWAL or UPLIFT.  found, needed : days of orders for STATES, recorded switches for
        SWITCHING, contracts that ended for RENEWAL, accounts whose exposure counts for UPLIFT.
    option : the investment of UPLIFT; None where the source has none.  randomised : of the accounts found.
    controls : accounts beside them.  cause : why UPLIFT cannot be trained, of `features.exposures`.
    left, stayed : of SWITCHING, snapshots that did, as far as they were counted; None where nobody counted.
    renewed : contracts that renewed, of RENEWAL, of which as many are needed.
    """

    model: str
    ready: bool
    found: int
    needed: int
    option: str | None = None
    randomised: int = 0
    renewed: int = 0
    controls: int = 0
    cause: str | None = None
    left: int | None = None
    stayed: int | None = None


@dataclass(frozen=True)
class DataReport:
    """The content of `ladder check`.

    tables : name -> (rows read, rows set aside), of the tables that are there.
    absent : name -> meaning, of the other tables.
    reasons : (table, column, reason) -> number of rows set aside, the most first.
    examples : likewise -> the first such row: where it stands, and its whole reason.
    mends : likewise -> lines of settings that would mend it; only those that there are.
    readings : how each column was understood.  joins : how many accounts of each table stand in `accounts`.
    refusals : why training and scoring would refuse it.
    months : table -> month as 2026-01 -> rows, of the tables with a time.
    ladder : rung -> number of accounts at as_of.
    models : whether each can be trained.
    slow_buyers : share of the accounts with two order days or more that usually wait longer than the horizon, of those
        that order more than the fees of their contracts.
    slow_gap_days : their median mean gap; 0 where there are none.
    """

    as_of: str
    tables: dict[str, tuple[int, int]]
    absent: dict[str, str]
    reasons: dict[tuple[str, str, str], int]
    notes: tuple[str, ...]
    ladder: dict[str, int]
    models: tuple[Readiness, ...]
    slow_buyers: float = 0.0
    slow_gap_days: int = 0
    examples: Mapping[tuple[str, str, str], tuple[str, str]] = field(default_factory=dict)
    mends: Mapping[tuple[str, str, str], str] = field(default_factory=dict)
    readings: tuple[ColumnReading, ...] = ()
    joins: tuple[Join, ...] = ()
    refusals: tuple[str, ...] = ()
    months: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def gaps(self) -> dict[str, list[str]]:
        """Return, for each table, the months between its first and its last row that have none; those tables only."""
        empty = {}
        for name, months in self.months.items():
            span = np.arange(np.datetime64(min(months)), np.datetime64(max(months))).astype(str).tolist()
            empty[name] = [month for month in span if month not in months]
        return {name: months for name, months in empty.items() if months}


@dataclass(frozen=True)
class Needs:
    """How much each model needs.

    Days of history, recorded switches, exposed accounts for each investment, contracts that renewed and that ended.
    """

    horizon_days: int
    history_days: int
    switches: int
    exposed: int
    contracts: int = 30
    grace_days: int = 60
    exposures: ExposureNeeds | None = None


def check_source(source: Source, histories: Histories, rules: LadderRules, needs: Needs, as_of: int) -> DataReport:
    """Return the data report at as_of (microseconds)."""
    aside = Counter(row.table for row in source.set_aside)
    tables = {name: (source.rows_read.get(name, 0), aside.get(name, 0)) for name in source.tables}
    absent = {table.name: table.meaning for table in TABLES if table.name not in source.tables}
    reasons = Counter((row.table, row.column, row.reason.split(":")[0]) for row in source.set_aside)
    examples: dict[tuple[str, str, str], tuple[str, str]] = {}
    for row in source.set_aside:
        key = (row.table, row.column, row.reason.split(":")[0])
        examples.setdefault(key, (source.places.get((row.table, row.row), f"row {row.row}"), row.reason))
    in_doubt = {(one.table, one.column): doubt_mend(one) for one in source.readings if one.doubt}
    mends = {
        key: in_doubt.get(key[:2])
        or mend(*key[:2], examples[key][1], form_of(source.readings, *key[:2]), macros=source.macros)
        for key in reasons
    }
    view = View(histories, histories.known_at(as_of))
    counts = np.bincount(rungs(view, rules), minlength=len(RUNGS))
    ladder = {name: int(count) for name, count in zip(RUNGS, counts, strict=True)}
    models = _models(histories, needs, as_of, rules)
    number, mean, _ = order_days(view).gaps(LOOK_BACK_DAYS)
    mean = mean[(number > 0) & ~contract_state(view, needs.grace_days).by_contract]
    slow = mean > needs.horizon_days
    return DataReport(
        as_of=iso(as_of),
        tables=tables,
        absent=absent,
        reasons=dict(reasons.most_common()),
        notes=(*source.notes, *_late_recording(histories)),
        ladder=ladder,
        models=models,
        slow_buyers=round(float(slow.mean()), 4) if len(slow) else 0.0,
        slow_gap_days=round(float(np.median(mean[slow]))) if slow.any() else 0,
        examples=examples,
        mends={key: lines for key, lines in mends.items() if lines},
        readings=source.readings,
        joins=source.joins,
        refusals=source.refusals,
        months={name: months for name in source.tables if (months := _months(source, name))},
    )


LATE_DAYS, MANY_LATE = 30, 0.5
"""Where more than this share of orders was recorded so many days after they happened, that was a load, not a delay."""


def _late_recording(histories: Histories) -> tuple[str, ...]:
    """Say where `recorded_at` is rather the day of a load, before which nothing can be learnt."""
    orders = histories.streams["orders"]
    late = orders.recorded - orders.time > LATE_DAYS * MICROSECONDS_PER_DAY
    if not len(orders) or late.mean() < MANY_LATE:
        return ()
    return (
        f"orders: {late.mean():.0%} of the rows were recorded more than {LATE_DAYS} days after they happened, and "
        "count only from then. If recorded_at is the day of a load, leave it out: [tables.orders] "
        'query = "select * exclude (recorded_at) from orders"',
    )


def _months(source: Source, name: str) -> dict[str, int]:
    """Return the rows of a table by month."""
    time = TABLE[name].time
    if time is None or time not in source.tables[name]:
        return {}
    times = source.tables[name][time]
    dated = times[(times > ALWAYS) & (times < NEVER)]
    months, counts = np.unique(dated.astype("M8[us]").astype("M8[M]"), return_counts=True)
    return dict(zip(months.astype(str).tolist(), counts.tolist(), strict=True))


def _models(histories: Histories, needs: Needs, as_of: int, rules: LadderRules) -> tuple[Readiness, ...]:
    orders = histories.streams["orders"]
    known = np.maximum(orders.time, orders.recorded)  # before it was recorded nothing can be learnt from an order
    known = known[known < as_of]
    days = (as_of - int(known.min())) // MICROSECONDS_PER_DAY if len(known) else 0
    needed = needs.history_days + needs.horizon_days
    long_enough = days >= needed
    switches = len(histories.streams["switches"]) if "switches" in histories.streams else 0
    return (
        Readiness(STATES, long_enough, days, needed),
        Readiness(SWITCHING, long_enough, switches, needs.switches),
        _renewals(histories, needs, as_of, long_enough),
        *_investments(histories, needs, as_of, long_enough, rules),
    )


def _renewals(histories: Histories, needs: Needs, as_of: int, long_enough: bool) -> Readiness:
    counts = decided_contracts(histories.as_it_stood(as_of), as_of, needs.grace_days)
    ended, renewed = int(counts[ENDED]), int(counts.sum() - counts[ENDED])
    ready = long_enough and min(ended, renewed) >= needs.contracts
    return Readiness(RENEWAL, ready, ended, needs.contracts, renewed=renewed)


def _investments(
    histories: Histories, needs: Needs, as_of: int, long_enough: bool, rules: LadderRules
) -> tuple[Readiness, ...]:
    if "assignments" not in histories.streams or not histories.options.names:
        return (Readiness(UPLIFT, False, 0, needs.exposed),)
    asked = needs.exposures or ExposureNeeds(needs.horizon_days, exposed=needs.exposed)
    rows = []
    for code, name in enumerate(histories.options.names):
        found = count_exposures(histories, rules, code, asked, as_of)
        cause = found.cause(asked) if long_enough else HISTORY
        rows.append(
            Readiness(
                UPLIFT, cause is None, found.either, needs.exposed, option=name, randomised=found.drawn,
                controls=found.controls, cause=cause,
            )
        )  # fmt: skip
    return tuple(rows)
