"""What is in a store and what is wrong with it: version, pages, tables, orphaned rows."""

import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from features.errors import StoreError
from serving.store.audit_log import CHANGES, HEAD
from serving.store.database import connect, file_of, label_of, reading
from serving.store.feedback.accepted_plans import PLAN_ROWS, PLANS
from serving.store.feedback.export_marks import EXPORTS
from serving.store.feedback.feedback import FEEDBACK
from serving.store.feedback.overrides import OVERRIDES
from serving.store.feedback.verdicts import VERDICTS
from serving.store.feedback.work_list import WORK_ITEMS
from serving.store.people.keys import KEYS
from serving.store.people.page_secrets import SECRETS
from serving.store.people.page_settings import PAGE_SETTINGS
from serving.store.people.people import PEOPLE
from serving.store.people.sessions import SESSIONS
from serving.store.scores.account_lookback import STANDINGS
from serving.store.scores.gone_accounts import GONE
from serving.store.scores.previous_scores import PREVIOUS
from serving.store.scores.scoring_runs import ACCOUNTS, HORIZONS, INVESTMENT_SCORES, RUNS, SCORES
from serving.store.scores.timelines import TIMELINES
from serving.store.summaries import SUMMARIES
from serving.store.versions import CURRENT, MARK, NUMBER, REVISIONS, schema_of, version_of
from serving.store.views.list_totals import RUN_TOTALS
from serving.store.views.news import RUN_NEWS
from serving.store.views.run_figures import RUN_FIGURES
from training.model.findings import BLOCKER, WARNING, Finding

TABLES = (
    RUNS, SCORES, INVESTMENT_SCORES, HORIZONS, ACCOUNTS, PREVIOUS, TIMELINES, STANDINGS, SUMMARIES, FEEDBACK, OVERRIDES,
    VERDICTS, PLANS, PLAN_ROWS, KEYS, SECRETS, CHANGES, HEAD, PEOPLE, SESSIONS, GONE, EXPORTS, RUN_FIGURES, WORK_ITEMS,
    PAGE_SETTINGS, RUN_NEWS, RUN_TOTALS,
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
    (RUN_FIGURES.c.run_id, RUNS.c.run_id),
    (RUN_NEWS.c.run_id, RUNS.c.run_id),
    (RUN_TOTALS.c.run_id, RUNS.c.run_id),
)
"""A column, and the one in which every value of it must be found."""


@dataclass(frozen=True)
class StoreCheck:
    """What was found.  rows : of every table that is there, by name.  findings : what is wrong; WARNING, or BLOCKER
    where the store cannot be trusted until something was done."""

    version: str
    rows: Mapping[str, int]
    findings: Sequence[Finding]


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
            findings = [*_mode(url), *_pages(connection)]
            if version != CURRENT:
                findings.insert(0, _of_version(version))
            else:
                layout = list(_layout(connection))
                whole = all(finding.code == "store_table_unknown" for finding in layout)
                findings += [*layout, *(_strays(connection) if whole else ())]
            return StoreCheck(version, _counts(connection), findings)
    finally:
        engine.dispose()


def _of_version(version: str) -> Finding:
    return Finding.of(
        "store_older" if version in REVISIONS else "store_newer", BLOCKER, version=version, current=CURRENT
    )


def _mode(url: str) -> Iterator[Finding]:
    file = file_of(url)
    if file is not None and stat.S_IMODE(file.stat().st_mode) & (stat.S_IRWXG | stat.S_IRWXO):
        yield Finding.of("store_readable", WARNING, file=str(file))


def _pages(connection: sa.Connection) -> Iterator[Finding]:
    """Yield what SQLite finds; PostgreSQL has tools of its own, and counting reads every row."""
    if connection.dialect.name == "sqlite":
        for (words,) in connection.exec_driver_sql("PRAGMA integrity_check(5)"):
            if words != "ok":
                yield Finding.of("store_damaged", BLOCKER, words=str(words).strip().replace("\n", "; "))


def _layout(connection: sa.Connection) -> Iterator[Finding]:
    inspector, schema = sa.inspect(connection), schema_of(connection)
    there = set(inspector.get_table_names(schema))
    for table in TABLES:
        if table.name not in there:
            yield Finding.of("store_table_missing", BLOCKER, table=table.name)
            continue
        columns = {column["name"] for column in inspector.get_columns(table.name, schema)}
        for column in table.columns:
            if column.name not in columns:
                yield Finding.of("store_column_missing", BLOCKER, table=table.name, column=column.name)
    for name in sorted(there - {table.name for table in TABLES} - {MARK, NUMBER}):
        yield Finding.of("store_table_unknown", BLOCKER, table=name)


def _strays(connection: sa.Connection) -> Iterator[Finding]:
    for column, owner in OWNERS:
        found = sa.select(sa.literal(1)).where(owner == column).exists()
        rows = connection.execute(sa.select(sa.func.count()).select_from(column.table).where(~found)).scalar_one()
        if rows:
            table, owning = str(column).split(".")[0], str(owner).split(".")[0]
            yield Finding.of("store_stray_rows", BLOCKER, rows=rows, table=table, owner=owning)


def _counts(connection: sa.Connection) -> dict[str, int]:
    schema = schema_of(connection)
    names = sorted(set(sa.inspect(connection).get_table_names(schema)) - {MARK, NUMBER})
    count = sa.func.count()
    return {
        name: connection.execute(sa.select(count).select_from(sa.table(name, schema=schema))).scalar_one()
        for name in names
    }
