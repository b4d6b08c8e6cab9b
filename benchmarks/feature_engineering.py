"""Windowed features of many snapshots: ours beside pandas, Polars, DuckDB and featuretools, whole processes.

    python -m benchmarks.feature_engineering data --events 1e7 --accounts 20000 --out /tmp/events
    python -m benchmarks.feature_engineering compare --data /tmp/events --snapshots 12 36 156 --runs 3
    python -m benchmarks.feature_engineering profile --data /tmp/events
    python -m benchmarks.feature_engineering parts --data /tmp/part-0 /tmp/part-1
    python -m benchmarks.feature_engineering one

`data` draws four event tables over five years, in no order. `compare` runs every engine as a process of its own
(`--python polars=/path/to/python` names another interpreter, for engines that are not installed here), one after the
other, `--runs` times round; it prints wall and processor time as ratios to ours, peak memory, and whether all columns
are equal. Every engine reads the same files and computes, for every account and snapshot, the events and the summed
value of each table (of tickets the severe ones) in the last 30, 90, 180, 365 and 730 days and the days since the
last event: 44 columns. A result is
summed up, block by block, so that nobody has to hold all of it. `profile` says where our own time goes; `parts` takes
several folders one after the other in one process, as training and scoring take a partitioned source; `one` times a
single account of 200 events.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

TABLES = {
    "orders": ("ordered_at", "revenue"),
    "interactions": ("happened_at", "minutes"),
    "tickets": ("opened_at", "severity"),
    "surveys": ("answered_at", "score"),
}
SHARES = {"orders": 0.4, "interactions": 0.3, "tickets": 0.2, "surveys": 0.1}
DAYS = (30, 90, 180, 365, 730)
DAY = 86_400_000_000
START, SPAN = 1_577_836_800_000_000, 1826  # 2020-01-01, five years
END = START + SPAN * DAY

Sums = dict[str, tuple[int, float]]
"""Column -> how many cells are not missing, and their sum."""


def as_of_instants(count: int) -> list[int]:
    """Midnights before the end of the data: every 30 days, or every week where that would not fit."""
    return [END - k * (30 if count <= 36 else 7) * DAY for k in range(count)]


def draw(events: int, accounts: int, folder: Path) -> None:
    """Four Parquet tables of the contract, their rows in no order; a few accounts have most events."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    names = pa.array([f"A{k:07d}" for k in range(accounts)])
    values: dict[str, Callable[[int], Any]] = {
        "orders": lambda n: np.round(rng.gamma(2, 150, n), 2),
        "interactions": lambda n: rng.integers(1, 120, n).astype(float),
        "tickets": lambda n: rng.integers(1, 5, n).astype(float),
        "surveys": lambda n: rng.integers(0, 11, n).astype(float),
    }
    for table, (time_column, value) in TABLES.items():
        n = int(events * SHARES[table])
        code = np.minimum((rng.random(n) ** 1.5 * accounts).astype(np.int32), accounts - 1)
        at = START + (rng.random(n) * SPAN * 86_400).astype(np.int64) * 1_000_000
        columns = {
            "account_id": pa.DictionaryArray.from_arrays(pa.array(code), names).cast(pa.string()),
            time_column: pa.array(at.view("datetime64[us]")),
            value: pa.array(values[table](n)),
        }
        pq.write_table(pa.table(columns), folder / f"{table}.parquet")


def ours(folder: Path, instants: list[int]) -> Sums:
    """The package itself: sources, histories, views, declared features."""
    from features.histories.histories import build_histories
    from features.sources.source import read_source

    return measured(build_histories(read_source(folder), consume=True), instants)


def measured(histories: Any, instants: list[int]) -> Sums:
    """The 44 columns of all accounts at those instants, summed."""
    from features.catalog.declarations import NEVER_MISSING, Context, Family, Feature, measure_blocks
    from features.histories.snapshots import Snapshots
    from features.histories.views import View

    def summed(family: Family, value: str, days: int) -> Feature:
        table = family.table
        if table == "tickets":
            return family.count(table, days, "severe", mark="severe", name="tickets_sum")
        unit = 10 if table == "surveys" else 1  # a score is held as a share of its scale, here 0 to 10
        return family.feature(
            f"{table}_sum_{days}d", "", "", NEVER_MISSING, lambda view, _: view.stream(table).amount(value, days) * unit
        )

    declared: list[Feature] = []
    for table, (_, value) in TABLES.items():
        family = Family("benchmark", table)
        for days in DAYS:
            declared += [family.count(table, days, "", name=f"{table}_count"), summed(family, value, days)]
        declared.append(family.recency(table, f"{table}_recency", ""))
    view = View(histories, Snapshots.concatenate([histories.known_at(at) for at in instants]))
    total = Totals([feature.name for feature in declared])
    for _, matrix in measure_blocks(view, Context(), declared):
        total.add(matrix.T)
    return total.sums()


def profile(folder: Path) -> None:
    """Where the time of one process goes, stage by stage, in seconds."""
    import pyarrow.parquet as pq

    from features.histories.histories import build_histories
    from features.sources.source import read_source

    spent: dict[str, float] = {}

    def timed(stage: str, work: Callable[[], Any]) -> Any:
        begun = time.perf_counter()
        answer = work()
        spent[stage] = time.perf_counter() - begun
        return answer

    files = [folder / f"{table}.parquet" for table in TABLES]
    timed("a first reading, so that what follows finds the files in memory", lambda: [*map(pq.read_table, files)])
    alone = "reading the files alone, names by distinct value"
    timed(alone, lambda: [pq.read_table(file, read_dictionary=["account_id"]) for file in files])
    tables = [timed("reading and cleaning", lambda: read_source(folder))]
    histories = timed("sorting into histories", lambda: build_histories(tables.pop(), consume=True))
    counts = (12, 36, 156)
    for count in counts:
        timed(f"44 features at {count} snapshots", lambda count=count: measured(histories, as_of_instants(count)))
    for stage, seconds in spent.items():
        print(f"{seconds:8.3f} s  {stage}")
    further = (spent[f"44 features at {counts[-1]} snapshots"] - spent[f"44 features at {counts[0]} snapshots"]) / 144
    once = spent["reading and cleaning"] + spent["sorting into histories"]
    print(f"{further:8.4f} s  a further snapshot: {further / spent['sorting into histories']:.1%} of the sorting, "
          f"{further / once:.1%} of reading and sorting")  # fmt: skip


class Totals:
    """Sums of the columns of blocks of rows."""

    def __init__(self, names: list[str]) -> None:
        self.names, self.count, self.sum = names, np.zeros(len(names), np.int64), np.zeros(len(names))

    def add(self, columns: Any) -> None:
        """columns : as many arrays as there are names."""
        for k, column in enumerate(columns):
            total = column.sum()
            if np.isnan(total):
                column = column[~np.isnan(column)]
                total = column.sum()
            self.count[k] += len(column)
            self.sum[k] += total

    def sums(self) -> Sums:
        return {name: (int(n), float(s)) for name, n, s in zip(self.names, self.count, self.sum, strict=True)}


def by_numpy(folder: Path, instants: list[int]) -> Sums:
    """By hand, as somebody would who knows NumPy well: events in order of time, every window a few slices of them."""

    def cells(cell: Any, values: Any, size: int) -> tuple[Any, Any]:
        return np.bincount(cell, minlength=size), np.bincount(cell, values, size)

    return _by_slices(_read_by_pandas(folder), instants, cells)


def by_pandas(folder: Path, instants: list[int]) -> Sums:
    """pandas, tuned: the same slices, one groupby for each table and snapshot."""
    import pandas as pd

    def cells(cell: Any, values: Any, size: int) -> tuple[Any, Any]:
        found = pd.Series(values).groupby(cell, sort=False).agg(["size", "sum"])
        return _dense(found.index, found["size"], found["sum"], size)

    return _by_slices(_read_by_pandas(folder), instants, cells)


def by_polars(folder: Path, instants: list[int]) -> Sums:
    """Polars, tuned: names as categories, the same slices, one group_by for each table and snapshot."""
    import polars as pl

    def cells(cell: Any, values: Any, size: int) -> tuple[Any, Any]:
        frame = pl.DataFrame({"cell": cell, "value": values})
        found = frame.group_by("cell").agg(pl.len(), pl.col("value").sum())
        return _dense(found["cell"].to_numpy(), found["len"].to_numpy(), found["value"].to_numpy(), size)

    read: dict[str, Events] = {}
    for table, (time_column, value) in TABLES.items():
        frame = pl.scan_parquet(folder / f"{table}.parquet").select(
            pl.col("account_id").cast(pl.Categorical).to_physical().alias("code"),
            pl.col(time_column).to_physical().alias("at"),
            ((pl.col(value) <= 2).cast(pl.Float64) if table == "tickets" else pl.col(value)).alias("value"),
        )
        ordered = frame.collect().sort("at")  # categories are numbered alike in all tables
        read[table] = tuple(ordered[name].to_numpy() for name in ("code", "at", "value"))
    return _by_slices(read, instants, cells)


def by_polars_expressions(folder: Path, instants: list[int]) -> Sums:
    """Polars as its users write it: a group_by of conditional sums over the last 730 days, another of the last time."""
    import polars as pl

    frames = {}
    for table, (time_column, value) in TABLES.items():
        frame = pl.scan_parquet(folder / f"{table}.parquet").select(
            pl.col("account_id").cast(pl.Categorical),
            pl.col(time_column).alias("at"),
            ((pl.col(value) <= 2).cast(pl.Float64) if table == "tickets" else pl.col(value)).alias("value"),
        )
        frames[table] = frame.collect().sort("at")
    firsts = [frame.group_by("account_id").agg(pl.col("at").min()) for frame in frames.values()]
    first = pl.concat(firsts).group_by("account_id").agg(pl.col("at").min().alias("first"))
    total = Totals(_names())
    for as_of in instants:
        now = pl.lit(as_of).cast(pl.Datetime("us"))
        result = first.filter(pl.col("first") < now).select("account_id")
        for table, frame in frames.items():
            begin, end = frame["at"].search_sorted(np.array([as_of - DAYS[-1] * DAY, as_of]).view("datetime64[us]"))
            before, inside_all = frame.slice(0, end), frame.slice(begin, end - begin)
            wanted = []
            for d in DAYS:
                inside = pl.col("at") >= pl.lit(as_of - d * DAY).cast(pl.Datetime("us"))
                wanted += [
                    inside.sum().alias(f"{table}_count_{d}d"),
                    (pl.col("value") * inside).sum().alias(f"{table}_sum_{d}d"),
                ]
            since = ((now - pl.col("at").max()).dt.total_microseconds() / DAY).alias(f"{table}_recency")
            for part in (inside_all.group_by("account_id").agg(wanted), before.group_by("account_id").agg(since)):
                result = result.join(part, on="account_id", how="left")
        empty = {name: float("nan") if name.endswith("recency") else 0.0 for name in _names()}
        filled = result.select([pl.col(name).cast(pl.Float64).fill_null(empty[name]) for name in _names()])
        total.add([filled[name].to_numpy() for name in _names()])
    return total.sums()


Events = tuple[Any, ...]
"""Account code, time and value of every event of a table, in order of time."""

Cells = Callable[[Any, Any, int], tuple[Any, Any]]
"""Cell of every event, its value and how many cells there are -> events and summed value of every cell."""


def _read_by_pandas(folder: Path) -> dict[str, Events]:
    import pandas as pd

    frames, names = {}, []
    for table, (time_column, value) in TABLES.items():
        frame = pd.read_parquet(folder / f"{table}.parquet", columns=["account_id", time_column, value])
        code, uniques = pd.factorize(frame["account_id"])
        values = frame[value].to_numpy()
        values = (values <= 2).astype(float) if table == "tickets" else values
        at = frame[time_column].to_numpy().astype("datetime64[us]").astype(np.int64)
        order = np.argsort(at)
        names.append(pd.Index(uniques))
        frames[table] = (code[order], at[order], values[order])
    accounts = names[0].append(names[1:]).unique()
    places = [accounts.get_indexer(index) for index in names]
    return {
        table: (place[code], at, values)
        for (table, (code, at, values)), place in zip(frames.items(), places, strict=True)
    }


def _by_slices(read: dict[str, Events], instants: list[int], cells: Cells) -> Sums:
    """Events in order of time: the window of a snapshot is a slice, cut at its five edges; then added up."""
    n = max(int(code.max()) for code, _, _ in read.values()) + 1
    first = np.full(n, np.iinfo(np.int64).max)
    for code, at, _ in read.values():
        np.minimum.at(first, code, at)
    total = Totals(_names())
    last = {table: (0, np.full(n, np.nan)) for table in TABLES}
    for as_of in sorted(instants):
        columns: list[Any] = []
        for table, (code, at, values) in read.items():
            edges = np.searchsorted(at, [as_of - d * DAY for d in reversed(DAYS)] + [as_of])
            done, recent = last[table]
            recent[code[done : edges[-1]]] = at[done : edges[-1]]  # in order of time: the last one stays
            last[table] = (int(edges[-1]), recent)
            inside = slice(edges[0], edges[-1])
            cell = code[inside] * len(DAYS) + np.repeat(np.arange(len(DAYS)), np.diff(edges))
            counts, sums = (
                found.reshape(n, len(DAYS))[:, ::-1].cumsum(axis=1)
                for found in cells(cell, values[inside], n * len(DAYS))
            )
            for k in range(len(DAYS)):
                columns += [counts[:, k], sums[:, k]]
            columns.append((as_of - recent) / DAY)
        known = first < as_of
        total.add([column[known] for column in columns])
    return total.sums()


def _dense(cell: Any, count: Any, value: Any, size: int) -> tuple[Any, Any]:
    counts, sums = np.zeros(size), np.zeros(size)
    counts[cell], sums[cell] = count, value
    return counts, sums


def by_duckdb(folder: Path, instants: list[int]) -> Sums:
    """DuckDB, SQL: names as numbers, then for each snapshot one aggregation with filters over its last 730 days."""
    import duckdb

    base = duckdb.connect()
    base.execute("SET TimeZone='UTC'")
    union = " UNION ".join(f"SELECT DISTINCT account_id FROM '{folder}/{table}.parquet'" for table in TABLES)
    base.execute(f"CREATE TABLE ids AS SELECT account_id, (row_number() OVER ())::INTEGER AS k FROM ({union})")
    for table, (time_column, column) in TABLES.items():
        value = f"({column} <= 2)::INTEGER" if table == "tickets" else column
        base.execute(
            f"CREATE TABLE {table} AS SELECT k, epoch_us({time_column}) AS t, {value} AS value "
            f"FROM '{folder}/{table}.parquet' JOIN ids USING (account_id) ORDER BY t"
        )
    firsts = " UNION ALL ".join(f"SELECT k, min(t) AS t FROM {table} GROUP BY k" for table in TABLES)
    base.execute(f"CREATE TABLE first AS SELECT k, min(t) AS first FROM ({firsts}) GROUP BY k")
    total = Totals(_names())
    for as_of in instants:
        joins, wanted = [], []
        for table in TABLES:
            parts = ", ".join(
                f"count(*) FILTER (t >= {as_of - d * DAY}) AS c{d}, sum(value) FILTER (t >= {as_of - d * DAY}) AS s{d}"
                for d in DAYS
            )
            joins.append(
                f"LEFT JOIN (SELECT k, {parts} FROM {table} WHERE t < {as_of} AND t >= {as_of - DAYS[-1] * DAY} "
                f"GROUP BY k) AS {table} ON {table}.k = first.k "
                f"LEFT JOIN (SELECT k, max(t) AS last FROM {table} WHERE t < {as_of} GROUP BY k) "
                f"AS {table}_last ON {table}_last.k = first.k"
            )
            wanted += [f"coalesce({table}.{kind}{d}, 0)::DOUBLE" for d in DAYS for kind in "cs"]
            wanted.append(f"coalesce(({as_of} - {table}_last.last) / {DAY}::DOUBLE, 'nan'::DOUBLE)")
        columns = ", ".join(f"{cell} AS x{k}" for k, cell in enumerate(wanted))
        found = base.execute(f"SELECT {columns} FROM first {' '.join(joins)} WHERE first < {as_of}").fetchnumpy()
        total.add([np.ma.filled(found[f"x{k}"], np.nan) for k in range(len(wanted))])
    return total.sums()


def by_featuretools(folder: Path, instants: list[int]) -> Sums:
    """featuretools: deep feature synthesis with cutoff times, one run for each window."""
    import warnings

    import featuretools as ft
    import pandas as pd

    warnings.simplefilter("ignore")
    entities = ft.EntitySet("events")
    frames = {}
    for table, (time_column, value) in TABLES.items():
        frame = pd.read_parquet(folder / f"{table}.parquet", columns=["account_id", time_column, value])
        frame.columns = pd.Index(["account_id", "at", "value"])
        frames[table] = frame.assign(
            at=frame["at"].astype("datetime64[ns]"), account_id=frame["account_id"].astype(str)
        )
    first = pd.concat([f.groupby("account_id")["at"].min() for f in frames.values()]).groupby(level=0).min()
    accounts = first.rename("first").reset_index()
    entities.add_dataframe(accounts[["account_id"]], "accounts", index="account_id")
    for table, frame in frames.items():
        entities.add_dataframe(frame, table, index="row", make_index=True, time_index="at")
        entities.add_relationship("accounts", "account_id", table, "account_id")
    cutoffs = [(a, pd.Timestamp(at, unit="us")) for at in instants for a in first.index]
    cutoff = pd.DataFrame(cutoffs, columns=["account_id", "time"])
    cutoff = cutoff[cutoff["time"] > cutoff["account_id"].map(first)]
    columns: dict[str, Any] = {}
    for days in DAYS:
        matrix, _ = ft.dfs(
            entityset=entities, target_dataframe_name="accounts", cutoff_time=cutoff, max_depth=1,
            training_window=f"{days} days", trans_primitives=[], include_cutoff_time=False,
            agg_primitives=["count", "sum"],
        )  # fmt: skip
        for table in TABLES:
            columns[f"{table}_count_{days}d"] = matrix[f"COUNT({table})"].astype(float).fillna(0)
            columns[f"{table}_sum_{days}d"] = matrix[f"SUM({table}.value)"].astype(float).fillna(0)
    names = [name for name in _names() if not name.endswith("recency")]
    total = Totals(names)
    total.add([columns[name].to_numpy() for name in names])
    return total.sums()


ENGINES: dict[str, Callable[[Path, list[int]], Sums]] = {
    "ours": ours,
    "numpy": by_numpy,
    "pandas": by_pandas,
    "polars": by_polars,
    "polars-expressions": by_polars_expressions,
    "duckdb": by_duckdb,
    "featuretools": by_featuretools,
}


def _names() -> list[str]:
    names = []
    for table in TABLES:
        for days in DAYS:
            names += [f"{table}_count_{days}d", f"{table}_sum_{days}d"]
        names.append(f"{table}_recency")
    return names


def run(engine: str, python: str, folder: Path, snapshots: int) -> tuple[float, float, float, Sums]:
    """Wall seconds, processor seconds, peak gigabytes and sums of one engine in a process of its own."""
    command = [python, __file__, "engine", engine, "--data", str(folder), "--snapshots", str(snapshots)]
    begun = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    answer = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begun
    if status:
        raise SystemExit(f"{engine} failed")
    sums = {name: (n, s) for name, (n, s) in json.loads(answer).items()}
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1e6, sums


def compare(folder: Path, snapshots: list[int], engines: list[str], pythons: dict[str, str], runs: int) -> None:
    """The table of ratios, in Markdown."""
    print("| snapshots | engine | wall s (median) | wall / ours | processor / ours | peak GB | equal |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for count in snapshots:
        measured: dict[str, list[tuple[float, float, float, Sums]]] = {name: [] for name in engines}
        for _ in range(runs):
            for name in engines:
                measured[name].append(run(name, pythons.get(name, sys.executable), folder, count))
        base = measured["ours"]
        for name, found in measured.items():
            wall = statistics.median(f[0] for f in found)
            walls = statistics.median(f[0] / b[0] for f, b in zip(found, base, strict=True))
            processor = statistics.median(f[1] / b[1] for f, b in zip(found, base, strict=True))
            peak, equal = max(f[2] for f in found), _equal(found[0][3], base[0][3])
            print(
                f"| {count} | {name} | {wall:.1f} | {walls:.2f} | {processor:.2f} | {peak:.2f} | {equal} |", flush=True
            )


def _equal(one: Sums, other: Sums) -> str:
    worst = max(
        abs(s - other[name][1]) / max(abs(other[name][1]), 1) + (n != other[name][0]) for name, (n, s) in one.items()
    )
    return f"{len(one)} columns" if worst < 1e-9 else f"NO ({worst:.1e})"


def one_account() -> None:
    """Milliseconds for all features of one account of 200 events, and for its histories, cleaned tables given."""
    from features.catalog import catalog
    from features.histories.histories import build_histories
    from features.histories.views import View
    from features.sources.source import source_from_rows
    from training.simulator.simulation import simulate

    tables = simulate("tiny", accounts=300, months=60, seed=1).tables
    events = {name: table for name, table in tables.items() if "account_id" in table}
    sizes: Any = sum(table["account_id"].value_counts() for table in events.values() if len(table))
    chosen = (sizes - 200).abs().idxmin()
    rows = {name: table[table["account_id"] == chosen] for name, table in events.items()}
    source = source_from_rows(rows | {"investment_options": tables["investment_options"]})
    histories = build_histories(source)
    snapshots, context = histories.known_at(histories.end), catalog.Context()
    for what, work in {
        f"{len(catalog.NAMES)} features": lambda: catalog.compute(View(histories, snapshots), context),
        "histories": lambda: build_histories(source),
    }.items():
        spent = list(_timed([work] * 500))
        print(f"{what}: median {statistics.median(spent):.2f} ms, least {min(spent):.2f} ms")


def _timed(works: Iterable[Callable[[], object]]) -> Iterator[float]:
    """Milliseconds of each."""
    for work in works:
        begun = time.perf_counter()
        work()
        yield (time.perf_counter() - begun) * 1e3


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    data = commands.add_parser("data")
    data.add_argument("--events", type=float, default=1e7)
    data.add_argument("--accounts", type=int, default=20_000)
    data.add_argument("--out", type=Path, required=True)
    comparison = commands.add_parser("compare")
    comparison.add_argument("--data", type=Path, required=True)
    comparison.add_argument("--snapshots", type=int, nargs="+", default=[12, 36, 156])
    comparison.add_argument("--engines", nargs="+", default=["ours", "numpy", "pandas", "polars", "duckdb"])
    comparison.add_argument("--python", nargs="*", default=[], metavar="ENGINE=PATH")
    comparison.add_argument("--runs", type=int, default=3)
    engine = commands.add_parser("engine")
    engine.add_argument("engine", choices=ENGINES)
    engine.add_argument("--data", type=Path, required=True)
    engine.add_argument("--snapshots", type=int, required=True)
    profiled = commands.add_parser("profile")
    profiled.add_argument("--data", type=Path, required=True)
    divided = commands.add_parser("parts")
    divided.add_argument("--data", type=Path, nargs="+", required=True)
    commands.add_parser("one")
    given = parser.parse_args()
    if given.command == "data":
        draw(int(given.events), given.accounts, given.out)
    elif given.command == "compare":
        pythons = dict(pair.split("=", 1) for pair in given.python)
        compare(given.data, given.snapshots, given.engines, pythons, given.runs)
    elif given.command == "engine":
        print(json.dumps(ENGINES[given.engine](given.data, as_of_instants(given.snapshots))))
    elif given.command == "parts":
        for number, spent in enumerate(
            _timed([lambda part=part: ours(part, as_of_instants(12)) for part in given.data])
        ):
            print(f"part {number}: {spent:.0f} ms")
    elif given.command == "profile":
        profile(given.data)
    else:
        one_account()


if __name__ == "__main__":
    main()
