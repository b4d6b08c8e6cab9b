"""The version of a store, and its upgrade to the version that this program works with.

Looking takes nothing but reading; only `ladder store upgrade`, and the first opening of an empty store, write.
"""

from pathlib import Path

import sqlalchemy as sa

from features.errors import StoreError

REVISIONS = tuple(f"{number:04}" for number in range(1, 13))
"""Of the tables' layout, each a file in `migrations/versions`; the last one is what this program works with."""
CURRENT = REVISIONS[-1]
FIRST = REVISIONS[0]
"""Of stores that were made before there were migrations: they have our mark and no number."""
MARK, NUMBER = "ladder_store", "alembic_version"
"""The table by which a store is known, and the one that tells its version."""
_MIGRATIONS = Path(__file__).with_name("migrations")
_LOCK = 0x1ADDE5
"""PostgreSQL's number for `somebody makes or upgrades the tables`."""


def schema_of(connection: sa.Connection) -> str | None:
    """Return the schema of the store's tables in PostgreSQL; None in SQLite."""
    translated = connection.get_execution_options().get("schema_translate_map")
    return None if translated is None else str(translated[None])


def version_of(connection: sa.Connection, label: str) -> str | None:
    """Return the version of the store; None where there is nothing yet.  label : of the store, to be printed.

    Raises
    ------
    StoreError
        If it holds something else.
    """
    schema = schema_of(connection)
    there = set(sa.inspect(connection).get_table_names(schema=schema))
    if not there:
        return None
    if MARK not in there:
        place = "a file" if schema is None else "a database"
        raise StoreError(f"{label} holds {sorted(there)[0]} and is no store. Give the store {place} of its own.")
    if NUMBER not in there:
        return FIRST
    numbers = sa.table(NUMBER, sa.column("version_num", sa.Text), schema=schema)
    number = connection.execute(sa.select(numbers.c.version_num)).scalar()
    return FIRST if number is None else str(number)


def check_version(version: str, label: str) -> None:
    """Check that this program works with that version.  Raises StoreError."""
    if version == CURRENT:
        return
    if version in REVISIONS:
        raise StoreError(
            f"{label} is a store of version {version} and this program works with version {CURRENT}: upgrade it with "
            f"`ladder store upgrade --store {label}`."
        )
    check_known(version, label)


def check_known(version: str, label: str) -> None:
    """Check that no newer program made the store.  Raises StoreError."""
    if version not in REVISIONS:
        raise StoreError(
            f"{label} is a store of version {version[:40]}, made by a newer program, and this one works with version "
            f"{CURRENT}: install the newer program, or give another store."
        )


def upgrade(connection: sa.Connection, label: str) -> str | None:
    """Bring the store to this program's version and return the one it had; None where there was nothing.

    In the transaction of the connection, one process at a time.

    Raises
    ------
    StoreError
        If it holds something else, or was made by a newer program.
    """
    from alembic import command
    from alembic.config import Config

    schema = schema_of(connection)
    if schema is not None:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
    version = version_of(connection, label)
    if version is not None:
        check_known(version, label)
    if schema is not None:
        connection.execute(sa.schema.CreateSchema(schema, if_not_exists=True))
        connection.exec_driver_sql(f"SET LOCAL search_path TO {schema}")
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    if version != CURRENT:
        command.upgrade(config, CURRENT)
    return version
