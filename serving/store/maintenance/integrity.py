"""What is in a store and what is wrong with it: its version, its pages, its tables, rows that belong to nothing."""

import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from features.errors import StoreError
from serving.store.accepted_plans import PLAN_ROWS, PLANS
from serving.store.account_lookback import STANDINGS
from serving.store.audit_log import CHANGES
from serving.store.database import connect, file_of, label_of, reading
from serving.store.feedback import FEEDBACK
from serving.store.keys import KEYS
from serving.store.overrides import OVERRIDES
from serving.store.page_secrets import SECRETS
from serving.store.previous_scores import PREVIOUS
from serving.store.scoring_runs import ACCOUNTS, HORIZONS, INVESTMENT_SCORES, RUNS, SCORES
from serving.store.summaries import SUMMARIES
from serving.store.timelines import TIMELINES
from serving.store.verdicts import VERDICTS
from serving.store.versions import CURRENT, MARK, NUMBER, REVISIONS, schema_of, version_of

TABLES = (
    RUNS, SCORES, INVESTMENT_SCORES, HORIZONS, ACCOUNTS, PREVIOUS, TIMELINES, STANDINGS, SUMMARIES, FEEDBACK, OVERRIDES,
    VERDICTS, PLANS, PLAN_ROWS, KEYS, SECRETS, CHANGES,
)  # fmt: skip
"""All tables of a store."""
OWNERS = (
    (INVESTMENT_SCORES.c.account_id, SCORES.c.account_id),
    (HORIZONS.c.account_id, SCORES.c.account_id),
    (PREVIOUS.c.account_id, SCORES.c.account_id),
    (TIMELINES.c.account_id, SCORES.c.account_id),
    (STANDINGS.c.account_id, SCORES.c.account_id),
    (SCORES.c.changed_run, RUNS.c.run_id),
    (SUMMARIES.c.run_id, RUNS.c.run_id),
    (OVERRIDES.c.seq, FEEDBACK.c.seq),
    (PLAN_ROWS.c.plan_id, PLANS.c.plan_id),
)
"""A column, and the one in which every value of it must be found."""
OLDER, NEWER, DAMAGED, NO_TABLE, NO_COLUMN, UNKNOWN_TABLE, STRAY_ROWS, READABLE = (
    "older", "newer", "damaged", "no_table", "no_column", "unknown_table", "stray_rows", "readable_by_others",
)  # fmt: skip
"""Codes of what may be wrong; the last one is a warning."""


@dataclass(frozen=True)
class StoreFault:
    """One thing that is wrong.  code : see above.  what : a version, a table, TABLE.COLUMN, or the database's words.

    rows : how many belong to nothing.
    """

    code: str
    what: str = ""
    rows: int = 0

    @property
    def serious(self) -> bool:
        """Whether the store cannot be trusted until something was done."""
        return self.code != READABLE


@dataclass(frozen=True)
class StoreCheck:
    """What was found.  rows : of every table that is there, by name."""

    version: str
    rows: Mapping[str, int]
    faults: Sequence[StoreFault]


def check_store(url: str) -> StoreCheck:
    """Look a store over, of whatever version, without changing anything.

    Raises
    ------
    StoreError
        If there is none, or it cannot be read at all.
    """
    engine, label = connect(url), label_of(url)
    try:
        with reading(engine) as connection:
            version = version_of(connection, label)
            if version is None:
                raise StoreError(f"{label} holds nothing. `ladder score --to` or `ladder serve` makes a store of it.")
            faults = [*_mode(url), *_pages(connection)]
            if version != CURRENT:
                return StoreCheck(version, _counts(connection), [_version(version), *faults])
            faults += _layout(connection)
            if not faults or not any(fault.code in (NO_TABLE, NO_COLUMN) for fault in faults):
                faults += _strays(connection)
            return StoreCheck(version, _counts(connection), faults)
    finally:
        engine.dispose()


def _version(version: str) -> StoreFault:
    return StoreFault(OLDER if version in REVISIONS else NEWER, version)


def _mode(url: str) -> Iterator[StoreFault]:
    file = file_of(url)
    if file is not None and stat.S_IMODE(file.stat().st_mode) & (stat.S_IRWXG | stat.S_IRWXO):
        yield StoreFault(READABLE, str(file))


def _pages(connection: sa.Connection) -> Iterator[StoreFault]:
    """What SQLite finds; PostgreSQL has tools of its own, and counting reads every row."""
    if connection.dialect.name == "sqlite":
        for (words,) in connection.exec_driver_sql("PRAGMA integrity_check(5)"):
            if words != "ok":
                yield StoreFault(DAMAGED, str(words))


def _layout(connection: sa.Connection) -> Iterator[StoreFault]:
    inspector, schema = sa.inspect(connection), schema_of(connection)
    there = set(inspector.get_table_names(schema))
    for table in TABLES:
        if table.name not in there:
            yield StoreFault(NO_TABLE, table.name)
            continue
        columns = {column["name"] for column in inspector.get_columns(table.name, schema)}
        for column in table.columns:
            if column.name not in columns:
                yield StoreFault(NO_COLUMN, f"{table.name}.{column.name}")
    for name in sorted(there - {table.name for table in TABLES} - {MARK, NUMBER}):
        yield StoreFault(UNKNOWN_TABLE, name)


def _strays(connection: sa.Connection) -> Iterator[StoreFault]:
    for column, owner in OWNERS:
        found = sa.select(sa.literal(1)).where(owner == column).exists()
        rows = connection.execute(sa.select(sa.func.count()).select_from(column.table).where(~found)).scalar_one()
        if rows:
            yield StoreFault(STRAY_ROWS, str(column), rows)


def _counts(connection: sa.Connection) -> dict[str, int]:
    schema = schema_of(connection)
    names = sorted(set(sa.inspect(connection).get_table_names(schema)) - {MARK, NUMBER})
    count = sa.func.count()
    return {
        name: connection.execute(sa.select(count).select_from(sa.table(name, schema=schema))).scalar_one()
        for name in names
    }
