"""The one door to MLflow: its module and its client, quiet, its errors turned into ours, its store opened in turn.

MLflow makes the tables of a new store by itself, but processes that do so at once break each other's work; they wait
for one another here.
"""

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from features.errors import RegistryError

DEFAULT_URI = "sqlite:///mlflow.db"
_QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",  # of files that lie on this disk
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3",  # its own seven take minutes to say that nobody is there
}
_OPENING = 0x6C616464
"""Number of PostgreSQL's advisory lock, ours alone."""


@contextmanager
def connected(uri: str) -> Iterator[tuple[Any, Any]]:
    """MLflow's module and a client of the store at that address.

    Raises
    ------
    RegistryError
        If the store cannot be reached, or refuses; also for what is raised within the block.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # MLflow's own deprecations are not the user's to mend
        for name, value in _QUIET.items():
            os.environ.setdefault(name, value)
        import mlflow
        from mlflow.exceptions import MlflowException
        from sqlalchemy.exc import SQLAlchemyError

        for name in ("mlflow", "alembic"):
            logging.getLogger(name).setLevel(logging.ERROR)
        try:
            mlflow.set_tracking_uri(with_driver(uri))
            _open_store(with_driver(uri))
            yield mlflow, mlflow.MlflowClient()
        except (MlflowException, SQLAlchemyError) as error:
            first = (str(error).strip() or type(error).__name__).splitlines()[0]
            told = first.replace(with_driver(uri), public(uri)).replace(uri, public(uri))
            raise RegistryError(f"The registry at {public(uri)} answers: {told} Check MLFLOW_TRACKING_URI.") from None


def with_driver(uri: str) -> str:
    """PostgreSQL's address with the driver that is installed here, which is not SQLAlchemy's default."""
    return uri.replace("postgresql://", "postgresql+psycopg://", 1) if uri.startswith("postgresql://") else uri


def public(uri: str) -> str:
    """The address without user, password or query."""
    scheme, _, rest = uri.partition("://")
    return f"{scheme}://{rest.split('@')[-1].split('?')[0]}" if rest else uri


@cache
def _open_store(uri: str) -> None:
    """Let MLflow make what is not there yet, one process at a time."""
    import mlflow

    with _turn(uri):
        client = mlflow.MlflowClient()
        client.search_experiments(max_results=1)
        client.search_registered_models(max_results=1)


@contextmanager
def _turn(uri: str) -> Iterator[None]:
    """Wait until no other process opens that store; a server at the address takes turns itself."""
    if uri.startswith("sqlite:///"):
        file = Path(uri.removeprefix("sqlite:///").split("?")[0])
        with _locked(file.with_name(f".{file.name}.lock")):
            yield
    elif uri.startswith("postgresql"):
        import sqlalchemy as sa

        engine = sa.create_engine(uri, poolclass=sa.NullPool)
        try:
            with engine.connect() as connection:
                connection.execute(sa.select(sa.func.pg_advisory_lock(_OPENING)))
                yield  # the lock goes with the connection, also if this process is killed
        finally:
            engine.dispose()
    else:
        yield


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    try:
        import fcntl
    except ImportError:  # Windows: trainings that begin at once on a new store are its users' to avoid
        yield
        return
    try:
        handle = file.open("w")
    except OSError:  # no such folder, or not ours: MLflow says what is wrong with the store itself
        yield
        return
    with handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
