"""The data report: what a source holds, what was set aside, where its accounts stand, which models it can train."""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from features.histories.histories import Histories
from features.histories.views import View
from features.instants import MICROSECONDS_PER_DAY, iso
from features.ladder.rules import LadderRules, rungs
from features.sources.source import Source
from features.tables import RUNGS, TABLES


@dataclass(frozen=True)
class DataReport:
    """The content of `ladder check`.

    tables : name -> (rows read, rows set aside), of the tables that are there.
    absent : name -> meaning, of the other tables.
    reasons : (table, column, reason) -> number of rows set aside.
    ladder : rung -> number of accounts at as_of.
    models : (name, whether it can be trained, what it has or lacks in words).
    """

    as_of: str
    tables: dict[str, tuple[int, int]]
    absent: dict[str, str]
    reasons: dict[tuple[str, str, str], int]
    notes: tuple[str, ...]
    ladder: dict[str, int]
    models: tuple[tuple[str, bool, str], ...]


@dataclass(frozen=True)
class Needs:
    """How much each model needs: days of history, recorded switches, exposed accounts for each investment."""

    horizon_days: int
    history_days: int
    switches: int
    exposed: int


def check_source(source: Source, histories: Histories, rules: LadderRules, needs: Needs, as_of: int) -> DataReport:
    """Return the data report at as_of (microseconds)."""
    aside = Counter(row.table for row in source.set_aside)
    tables = {name: (source.rows_read.get(name, 0), aside.get(name, 0)) for name in source.tables}
    absent = {table.name: table.meaning for table in TABLES if table.name not in source.tables}
    reasons = Counter((row.table, row.column, row.reason.split(":")[0]) for row in source.set_aside)
    view = View(histories, histories.known_at(as_of))
    counts = np.bincount(rungs(view, rules), minlength=len(RUNGS))
    ladder = {name: int(count) for name, count in zip(RUNGS, counts, strict=True)}
    models = _models(histories, needs, as_of)
    return DataReport(
        as_of=iso(as_of),
        tables=tables,
        absent=absent,
        reasons=dict(reasons.most_common()),
        notes=source.notes,
        ladder=ladder,
        models=models,
    )


def _models(histories: Histories, needs: Needs, as_of: int) -> tuple[tuple[str, bool, str], ...]:
    orders = histories.streams["orders"]
    days = (as_of - int(orders.time.min())) // MICROSECONDS_PER_DAY if len(orders) else 0
    long_enough = days >= needs.history_days + needs.horizon_days
    history = f"{days} days of orders; {needs.history_days + needs.horizon_days} needed"
    switches = len(histories.streams["switches"]) if "switches" in histories.streams else 0
    silence = (
        f"{switches} switches recorded, {needs.switches} needed; until then an account that falls silent counts as gone"
    )
    recorded = f"{switches} switches recorded"
    return (
        ("next rung and expected revenue", long_enough, history),
        ("switching", long_enough, recorded if switches >= needs.switches else silence),
        *_investments(histories, needs, as_of, long_enough),
    )


def _investments(
    histories: Histories, needs: Needs, as_of: int, long_enough: bool
) -> tuple[tuple[str, bool, str], ...]:
    made = histories.streams.get("assignments")
    if made is None or not histories.options.names:
        lacking = "no table investments; bring who got what and when, and investment_options with bond and cost"
        return (("uplift of investments", False, lacking),)
    complete = made.time + needs.horizon_days * MICROSECONDS_PER_DAY <= as_of
    rows = []
    for code, name in enumerate(histories.options.names):
        own = complete & (made.values["option"] == code)
        exposed, randomised = int(own.sum()), int((own & (made.value("random") == 1)).sum())
        words = f"{exposed} accounts with a complete horizon, {randomised} of them randomised; {needs.exposed} needed"
        rows.append((f"uplift of {name}", long_enough and exposed >= needs.exposed, words))
    return tuple(rows)
