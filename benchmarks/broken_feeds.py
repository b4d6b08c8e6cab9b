"""How often monitoring calls a healthy source broken, and which planted breakages it names.

    python -m benchmarks.broken_feeds --online-retail FOLDER --cdnow FOLDER --seeds 11 12 13

Healthy: every source as it stood on 26 weeks after each of three trainings (after 45, 65 and 85 % of the data).
Broken: the model is trained 180 days before the end, one thing at a time goes wrong with the last 42 days, the last
150, or all of it, and the source is looked at once, at its end. A breakage is named where the source is refused, or
where a warning or note about its table, and its column if it is one of a column, comes that the unbroken source has
not. Those that change nothing, as of columns that a source does not have, do not count. Printed as markdown.
"""

import argparse
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from features.errors import TooManyBadRows
from features.histories.histories import Histories, build_histories
from features.instants import MICROSECONDS_PER_DAY, iso
from features.schema import Kind
from features.sources.source import source_from_rows
from features.tables import INSTRUMENT_SCALES, RUNGS, TABLE
from training.data.raw_columns import remember_columns
from training.monitoring.broken_column import NOTED, BrokenColumn
from training.monitoring.raw_columns import broken_columns
from training.monitoring.repeated_rows import repeated_rows
from training.monitoring.table_freshness import WHOLE, stale_tables
from training.settings import Settings
from training.simulator.simulation import simulate

Tables = Mapping[str, pd.DataFrame]
Change = Callable[[pd.DataFrame], pd.DataFrame]

SUPPLIERS = (("default", 500, 36), ("default", 1_500, 48), ("drift", 800, 36))
"""Scenario, accounts and months of the simulated suppliers; each with every seed."""
TRAINED_AT, WEEKS = (0.45, 0.65, 0.85), 26
TRAINED_DAYS, BROKEN_DAYS = 180, {"42 days": 42, "150 days": 150, "throughout": 10_000}
FILLED_IN_LATER = {"outcome": "closed_at", "competitor": "closed_at", "sla_breached": "resolved_at"}
"""Columns that are empty until the time in another."""


@dataclass(frozen=True)
class Breakage:
    """What goes wrong with a table.

    columns : one of which is to be named; none of rows.  change : rows since it broke -> what comes in their place.
    """

    name: str
    table: str
    columns: tuple[str, ...]
    change: Change


def cells(table: str, name: str, column: str, change: Callable[[pd.DataFrame], Any]) -> Breakage:
    """A column with other cells."""
    return Breakage(f"{table}: {name}", table, (column,), lambda rows: rows.assign(**{column: change(rows)}))


def scaled(table: str, column: str, factor: float) -> Breakage:
    """A column in another unit."""
    return cells(table, f"{column} x {factor:g}", column, lambda rows: rows[column] * factor)


def half_of_rows(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.sample(frac=0.5, random_state=5)


def half_of_accounts(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[pd.util.hash_array(rows["account_id"].to_numpy(object)) % 2 == 0]


def without_newest_third(table: str, rows: pd.DataFrame) -> pd.DataFrame:
    times = rows[str(TABLE[table].time)]
    return rows[times < times.max() - (times.max() - times.min()) / 3]


def later(rows: pd.DataFrame, hours: int) -> pd.DataFrame:
    names = [name for name in ("ordered_at", "recorded_at") if name in rows]
    return rows.assign(**{name: rows[name] + pd.Timedelta(hours=hours) for name in names})


def turned(rows: pd.DataFrame) -> "pd.Series[float]":
    return rows["instrument"].map({name: sum(ends) for name, ends in INSTRUMENT_SCALES.items()}) - rows["score"]


HALVED = ("orders", "interactions", "tickets", "surveys", "inquiries", "forecasts", "triggers")
BREAKAGES = (
    *(Breakage(f"{table}: half of the rows", table, (), half_of_rows) for table in HALVED),
    *(Breakage(f"{table}: half of the accounts", table, (), half_of_accounts) for table in HALVED),
    *(
        Breakage(f"{table}: the newest third", table, (), partial(without_newest_third, table))
        for table in ("orders", "interactions")
    ),
    Breakage("orders: twice", "orders", (), lambda rows: pd.concat([rows, rows.assign(order_id=None)])),
    Breakage("orders: no credit notes", "orders", ("revenue",), lambda rows: rows[rows["revenue"] >= 0]),
    cells("orders", "credit notes positive", "revenue", lambda rows: rows["revenue"].abs()),
    scaled("orders", "revenue", -1),
    scaled("orders", "revenue", 2),
    scaled("orders", "revenue", 100),
    scaled("orders", "revenue", 0.001),
    scaled("orders", "cost", -1),
    Breakage(
        "orders: revenue and cost exchanged", "orders", ("revenue", "cost"),
        lambda rows: rows.assign(revenue=rows["cost"].fillna(0), cost=rows["revenue"]),
    ),
    cells("orders", "discount turned", "discount", lambda rows: 1 - rows["discount"]),
    cells("orders", "discount zero", "discount", lambda _: 0.0),
    cells("orders", "discount empty", "discount", lambda _: float("nan")),
    cells("orders", "product lines renamed", "product_line", lambda rows: "L-" + rows["product_line"]),
    Breakage("orders: five hours later", "orders", ("ordered_at",), partial(later, hours=5)),
    cells("orders", "hours lost", "ordered_at", lambda rows: rows["ordered_at"].dt.normalize()),
    cells("surveys", "every scale turned", "score", turned),
    cells("surveys", "nps turned", "score",
          lambda rows: rows["score"].mask(rows["instrument"] == "nps", turned(rows))),
    cells("tickets", "severity turned", "severity", lambda rows: 5 - rows["severity"]),
    cells("tickets", "yes for no", "sla_breached", lambda rows: ~rows["sla_breached"]),
    cells("interactions", "us for them", "initiated_by",
          lambda rows: rows["initiated_by"].map({"us": "them", "them": "us"})),
    cells("interactions", "every channel a call", "channel", lambda _: "call"),
    scaled("interactions", "minutes", -1),
    scaled("interactions", "minutes", 1 / 60),
    scaled("forecasts", "extra_revenue", 100),
    scaled("investments", "cost", 10),
    cells("assessments", "rungs turned", "rung",
          lambda rows: rows["rung"].map(dict(zip(RUNGS, reversed(RUNGS), strict=True)))),
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--online-retail", type=Path, help="folder with orders.parquet and accounts.parquet")
    parser.add_argument("--cdnow", type=Path, help="folder with orders.parquet")
    parser.add_argument("--seeds", type=int, nargs="*", default=[], help="of the simulated suppliers")
    asked = parser.parse_args()
    sources: dict[str, list[Tables]] = {}
    for name, folder in (("Online Retail II", asked.online_retail), ("CDNOW", asked.cdnow)):
        if folder is not None:
            sources[name] = [with_times({file.stem: pd.read_parquet(file) for file in folder.glob("*.parquet")})]
    for scenario, accounts, months in SUPPLIERS if asked.seeds else ():
        worlds = (simulate(scenario, accounts=accounts, months=months, seed=seed).tables for seed in asked.seeds)
        sources[f"`{scenario}`, {accounts:,} accounts, {months} months"] = [*map(with_times, worlds)]
    print("\n".join(healthy(sources)), flush=True)
    print("\n".join(broken(sources)), flush=True)


def healthy(sources: Mapping[str, Sequence[Tables]]) -> Iterator[str]:
    """Weekly looks at sources as they are."""
    yield "| source | runs | with a warning | with a note | said |"
    yield "| --- " * 5 + "|"
    for name, those in sources.items():
        runs = [run for tables in those for run in weekly(tables)]
        warned = sum(any(one.kind not in NOTED for one in run) for run in runs)
        noted = sum(any(one.kind in NOTED for one in run) for run in runs)
        said = Counter(f"{one.where} {one.column} {one.kind}" for run in runs for one in run)
        words = ", ".join(f"{what}: {times}" for what, times in said.most_common())
        yield f"| {name} | {len(runs)} | {warned} | {noted} | {words} |"


def weekly(tables: Tables) -> Iterator[Sequence[BrokenColumn]]:
    whole = histories_of(tables)
    first = min(int(stream.time.min()) for stream in whole.streams.values() if len(stream))
    for share in TRAINED_AT:
        trained = midnight(first + share * (whole.end - first))
        memory = memory_at(tables, trained)
        for week in range(1, WEEKS + 1):
            at = trained + 7 * week * MICROSECONDS_PER_DAY
            if at <= whole.end:
                yield look(memory, histories_of(as_it_stood(tables, at)), at, trained)


def broken(sources: Mapping[str, Sequence[Tables]]) -> Iterator[str]:
    """How many of the breakages are named, and which are not."""
    missed = []
    yield "\n| source | " + " | ".join(BROKEN_DAYS) + " |"
    yield "| --- " * (len(BROKEN_DAYS) + 1) + "|"
    for name, those in sources.items():
        cells_of_row = []
        for span, days in BROKEN_DAYS.items():
            named = Counter[tuple[str, bool]]()
            for tables in those:
                named.update(planted(tables, days))
            cells_of_row.append(f"{sum(n for (_, seen), n in named.items() if seen)} of {named.total()}")
            by_name = {what: n for (what, seen), n in named.items() if not seen}
            missed += [f"| {name} | {span} | {', '.join(f'{what} ({n})' for what, n in by_name.items())} |"]
        yield f"| {name} | " + " | ".join(cells_of_row) + " |"
    yield "\n| source | broken for | missed (sources) |"
    yield "| --- " * 3 + "|"
    yield from missed


def planted(tables: Tables, days: int) -> Iterator[tuple[str, bool]]:
    """Every breakage that changes anything, and whether it is named."""
    whole = histories_of(tables)
    trained = midnight(whole.end - TRAINED_DAYS * MICROSECONDS_PER_DAY)
    memory, since = memory_at(tables, trained), pd.Timestamp(iso(whole.end)) - pd.Timedelta(days=days)
    usual = {(one.table, one.column, one.kind) for one in look(memory, whole, whole.end, trained)}
    for breakage in BREAKAGES:
        rows = tables.get(breakage.table)
        if rows is None or not {*breakage.columns} <= {*rows}:
            continue
        late = rows[str(TABLE[breakage.table].time)] >= since
        changed = breakage.change(rows[late])
        if changed.equals(rows[late]):
            continue
        try:
            histories = histories_of({**tables, breakage.table: pd.concat([rows[~late], changed])})
        except TooManyBadRows:
            yield breakage.name, True
            continue
        found = look(memory, histories, whole.end, trained)
        yield (
            breakage.name,
            any(
                one.table in (breakage.table, WHOLE)
                and (one.column in breakage.columns or not (breakage.columns and one.column))
                and (one.table, one.column, one.kind) not in usual
                for one in found
            ),
        )


def look(memory: Mapping[str, Any], histories: Histories, as_of: int, trained_until: int) -> Sequence[BrokenColumn]:
    """All that monitoring calls broken, or tells of; a table that stopped with its days."""
    known = histories.as_it_stood(as_of)
    stopped = stale_tables(known, as_of, Settings().monitor.least_silent_days)
    return (
        *broken_columns(memory, histories.profiles, as_of),
        *repeated_rows(known, as_of, trained_until),
        *(BrokenColumn(one.table, "", "stopped", one.usual_days, one.silent_days) for one in stopped),
    )


def memory_at(tables: Tables, trained_until: int) -> Mapping[str, Any]:
    """What a model of that day remembers."""
    return remember_columns(histories_of(as_it_stood(tables, trained_until)).profiles, trained_until)


def histories_of(tables: Tables) -> Histories:
    return build_histories(source_from_rows(tables, max_bad_share=Settings().source.max_bad_share))


def as_it_stood(tables: Tables, at: int) -> Tables:
    """The export of that day: later rows are not there, and what is filled in later is empty."""
    day = pd.Timestamp(iso(at))
    kept = {}
    for name, rows in tables.items():
        table = TABLE[name]
        rows = rows.copy()
        for column, time in FILLED_IN_LATER.items():
            if column in rows and time in rows:
                rows[column] = rows[column].where(rows[time] < day)
        for column in table.columns:
            if column.known_from == column.name and column.name in rows:
                rows[column.name] = rows[column.name].where(rows[column.name] < day)
        for time in {table.time, "recorded_at"} & {*rows}:
            rows = rows[~(rows[time] >= day)]
        kept[name] = rows
    return kept


def with_times(tables: Tables) -> Tables:
    """The tables with times as times, of no zone."""
    return {
        name: rows.assign(**{
            column.name: pd.to_datetime(rows[column.name], utc=True).dt.tz_localize(None)
            for column in TABLE[name].columns if column.kind is Kind.TIME and column.name in rows
        })
        for name, rows in tables.items()
    }  # fmt: skip


def midnight(at: float) -> int:
    return int(at) // MICROSECONDS_PER_DAY * MICROSECONDS_PER_DAY


if __name__ == "__main__":
    main()
