"""Copies of a store in PostgreSQL: made and put back by PostgreSQL's own programs."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa

from features.atomic_write import replacing
from features.errors import StoreError
from serving.store.database import SCHEMA, label_of, make_private, reading
from serving.store.versions import FIRST, MARK, NUMBER, check_known, schema_of

_NOBODYS = ("--no-owner", "--no-privileges")
"""A copy may be put back by another user than the one who made it."""
_OURS, _NUMBER = f"CREATE TABLE {SCHEMA}.{MARK} ", f"COPY {SCHEMA}.{NUMBER} (version_num) FROM stdin;"
"""Lines of the copy as SQL: it is of a store, and the next one is its version."""


def back_up(url: sa.URL, out: Path) -> None:
    """Copy the store; the copy appears whole or not at all.

    Raises
    ------
    StoreError
        If pg_dump is not there or fails, or `out` is something else than a copy.
    """
    if out.exists():
        with tempfile.TemporaryDirectory() as folder:
            version_in(_script(out, Path(folder)), out)  # what is no copy of a store is not written over
    with replacing(out, durable=True) as scratch:
        scratch.unlink(missing_ok=True)
        make_private(scratch)
        _run(url, "pg_dump", ["--format=custom", f"--schema={SCHEMA}", *_NOBODYS, f"--file={scratch}"])


def restore(engine: sa.Engine, backup: Path, force: bool) -> str:
    """Put the copy in the store's place, in one transaction, and return its version.  force : also over rows.

    Raises
    ------
    StoreError
        If the file is no copy of a store or of a newer program, a program has the store open, or it holds rows and
        `force` is not given; it is left as it was.
    """
    with tempfile.TemporaryDirectory() as folder:
        script = _script(backup, Path(folder))
        version = version_in(script, backup)
        check_known(version, str(backup))
        label = label_of(engine.url.render_as_string(hide_password=False))
        with reading(engine) as connection:
            if _others(connection):
                raise StoreError(f"{label} is open in another program. Stop the service, then restore.")
            if not force and _holds_rows(connection):
                raise StoreError(f"{label} is not empty. Back it up, then --force overwrites it.")
        _run(
            engine.url, "psql",
            ["--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1",
             f"--command=DROP SCHEMA IF EXISTS {SCHEMA} CASCADE", f"--file={script}"],
        )  # fmt: skip
    return version


def version_in(script: Path, backup: Path) -> str:
    """Return the version of the store that a script makes.  Raises StoreError where it makes none."""
    ours, version = False, FIRST
    with script.open(encoding="utf-8") as lines:
        for line in lines:
            if line.startswith(_OURS):
                ours = True
            elif line.startswith(_NUMBER):
                version = next(lines).strip()
    if not ours:
        raise StoreError(f"{backup} is no copy of a store.")
    return version


def _script(backup: Path, folder: Path) -> Path:
    """Read the whole copy as SQL before anything is changed.  Raises StoreError where it is none or damaged."""
    script = folder / "store.sql"
    _call("pg_restore", [*_NOBODYS, f"--file={script}", str(backup)], {})
    return script


def _others(connection: sa.Connection) -> bool:
    """Return whether another program of ours is connected, which is known by the name that it gives itself."""
    asked = sa.text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
        "AND application_name = current_setting('application_name')"
    )
    return bool(connection.execute(asked).scalar())


def _holds_rows(connection: sa.Connection) -> bool:
    names = set(sa.inspect(connection).get_table_names(schema_of(connection))) - {MARK, NUMBER}
    return any(connection.exec_driver_sql(f'SELECT 1 FROM {SCHEMA}."{name}" LIMIT 1').first() for name in names)


def _run(url: sa.URL, program: str, arguments: Sequence[str]) -> None:
    """Run a program on the database; its password is told where nobody sees it."""
    query = {name: value for name, value in url.query.items() if name != "password"}
    password = url.password if url.password is not None else url.query.get("password")
    shown = sa.URL.create(
        "postgresql",
        username=url.username,
        password=None,
        host=url.host,
        port=url.port,
        database=url.database,
        query=query,
    )
    told = {} if password is None else {"PGPASSWORD": str(password)}
    _call(program, [*arguments, f"--dbname={shown.render_as_string()}"], told)


def _call(program: str, arguments: list[str], environment: dict[str, str]) -> None:
    found = shutil.which(program)
    if found is None:
        words = " ".join([program, *arguments])
        raise StoreError(f"{program} of PostgreSQL is not on this machine: install it, or run where it is: {words}")
    done = subprocess.run(
        [found, *arguments], env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        said = "; ".join(done.stderr.strip().splitlines()[:3]) or f"status {done.returncode}"
        raise StoreError(f"{program} failed and nothing was changed: {said}")
