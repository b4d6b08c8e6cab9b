"""The only access to MLflow: its module and its client, quiet, with its errors turned into ours.

MLflow creates the tables of a new store by itself, but processes that do so at the same time break each other's work;
here they wait for one another.
"""

import logging
import os
import socket
import ssl
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

from features.errors import RegistryError
from training.tracking.experiment_page import EXPERIMENT_TAGS, THEIRS
from training.tracking.moved_store import artifact_location, follow_move

DEFAULT_URI = "sqlite:///mlflow.db"
_QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",  # of files that lie on this disk
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",  # three times a training; the command names the page itself
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",  # its own seven take minutes to say that nobody is there
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",  # its own 120 seconds, three times, are as many minutes
}
SECONDS, PATIENCE_SECONDS = 3.0, 10.0
"""How long a server may take to be heard of, before the champion's copy serves; and to answer, before it is refused."""
_PORTS = {"http": 80, "https": 443, "postgresql": 5432, "mysql": 3306}
_OPENING = 0x6C616464
"""The number of our advisory lock in PostgreSQL."""


@contextmanager
def connected(uri: str) -> Iterator[tuple[Any, Any]]:
    """Connect to a store and lend MLflow's module and a client.

    Raises
    ------
    RegistryError
        If the store cannot be reached, or refuses; also for MLflow's errors within the block.
    """
    _check_answer(uri)
    with quiet():
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
            message = first.replace(with_driver(uri), without_secrets(uri)).replace(uri, without_secrets(uri))
            raise RegistryError(
                f"The registry at {without_secrets(uri)} answers: {message} Check MLFLOW_TRACKING_URI."
            ) from None


@contextmanager
def quiet() -> Iterator[None]:
    """Keep MLflow quiet: whatever imports it does so within such a block."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the user cannot mend MLflow's own deprecations
        for name, value in _QUIET.items():
            os.environ.setdefault(name, value)
        yield


def with_driver(uri: str) -> str:
    """Return PostgreSQL's address with the driver that is installed here, which is not SQLAlchemy's default."""
    return uri.replace("postgresql://", "postgresql+psycopg://", 1) if uri.startswith("postgresql://") else uri


def without_secrets(uri: str) -> str:
    """Return the address without user, password or query."""
    scheme, _, rest = uri.partition("://")
    return f"{scheme}://{rest.split('@')[-1].split('?')[0]}" if rest else uri


def use_experiment(client: Any, name: str) -> str:
    """Return the id of the experiment to log into; make it where it is not there.

    Whoever chose one in MLflow (`mlflow.set_experiment`, MLFLOW_EXPERIMENT_NAME) meant that one; else it is the one of
    this name. Artifacts of a new experiment of a SQLite store stand in `mlruns` beside the store, wherever the command
    works; MLflow's own default is the working folder. Nothing is set for the process: what follows is the user's.

    Raises
    ------
    RegistryError
        If the experiment was deleted.
    """
    chosen, chosen_id = os.environ.get("MLFLOW_EXPERIMENT_NAME"), os.environ.get("MLFLOW_EXPERIMENT_ID")
    if chosen_id and not chosen:
        found = client.get_experiment(chosen_id)
    else:
        found = client.get_experiment_by_name(chosen or name) or _make_experiment(client, chosen or name)
    if found.lifecycle_stage == "deleted":
        raise RegistryError(
            f"The experiment {found.name!r} was deleted. Restore it (`mlflow experiments restore -x "
            f"{found.experiment_id}`), or name another: registry.experiment in the settings."
        )
    if not (chosen or chosen_id):
        for key, value in EXPERIMENT_TAGS.items():
            if found.tags.get(key) != value and not (key in found.tags and key in THEIRS):
                client.set_experiment_tag(found.experiment_id, key, value)
    return str(found.experiment_id)


def _make_experiment(client: Any, name: str) -> Any:
    from mlflow.exceptions import MlflowException

    store = sqlite_file(client.tracking_uri)
    where = None if store is None else artifact_location(store, name)
    try:
        return client.get_experiment(client.create_experiment(name, where))
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":  # else another process was quicker
            raise
        return client.get_experiment_by_name(name)


def is_reachable(uri: str) -> bool:
    """Return whether a store answers within seconds, or its file is there; nothing is made, and nothing is asked."""
    file = sqlite_file(uri)
    if file is not None:
        return file.is_file()
    address = urlsplit(uri)
    if not address.hostname:
        return True
    port = address.port or _PORTS.get(address.scheme.partition("+")[0])
    if port is None:
        return True
    try:
        with socket.create_connection((address.hostname, port), SECONDS):
            return True
    except OSError:
        return False


def _check_answer(uri: str) -> None:
    """Refuse a server that does not answer, or only takes the connection: MLflow would try for minutes.

    Raises
    ------
    RegistryError
        With what is wrong.
    """
    address = urlsplit(uri)
    if address.scheme not in ("http", "https"):
        if not is_reachable(uri) and sqlite_file(uri) is None:
            raise RegistryError(_no_answer(uri, "nobody listens there, or no such host is known"))
        return
    try:
        there = f"{address.scheme}://{address.netloc.rpartition('@')[2]}{address.path.rstrip('/')}"
        with urlopen(f"{there}/version", timeout=PATIENCE_SECONDS):
            return
    except HTTPError:  # it is there; what it refuses, MLflow says with the user's credentials
        return
    except Exception as error:  # no answer, or what answers speaks no HTTP
        why = error.reason if isinstance(error, URLError) else error
        if isinstance(why, ssl.SSLError):  # whether that may pass is MLflow's setting
            return
        if isinstance(why, TimeoutError):
            why = f"nothing came within {PATIENCE_SECONDS:.0f} seconds"
        raise RegistryError(_no_answer(uri, str(why).strip() or type(why).__name__)) from error


def _no_answer(uri: str, why: str) -> str:
    return f"No registry answers at {without_secrets(uri)}: {why}. See that it runs, and check MLFLOW_TRACKING_URI."


def sqlite_file(uri: str) -> Path | None:
    """Return the file of a SQLite store; None for any other."""
    return Path(uri.removeprefix("sqlite:///").split("?")[0]) if uri.startswith("sqlite:///") else None


@cache
def _open_store(uri: str) -> None:
    """Let MLflow create what is not there yet, one process at a time; find the artifacts of a store that was moved."""
    import mlflow

    store = sqlite_file(uri)
    with turn_at(uri):
        if store is not None:
            follow_move(store)
        client = mlflow.MlflowClient()
        client.search_experiments(max_results=1)
        client.search_registered_models(max_results=1)


@contextmanager
def turn_at(uri: str) -> Iterator[None]:
    """Wait until no other process opens that store; a server at the address takes turns itself."""
    file = sqlite_file(uri)
    if file is not None:
        from filelock import FileLock

        try:
            turn: AbstractContextManager[object] = FileLock(file.with_name(f".{file.name}.lock")).acquire()
        except OSError:  # no such folder, or not ours: MLflow says what is wrong with the store itself
            turn = nullcontext()
        with turn:
            yield
    elif uri.startswith("postgresql"):
        import sqlalchemy as sa

        patience = {} if "connect_timeout" in uri else {"connect_timeout": round(PATIENCE_SECONDS)}
        engine = sa.create_engine(uri, poolclass=sa.NullPool, connect_args=patience)
        try:
            with engine.connect() as connection:
                connection.execute(sa.select(sa.func.pg_advisory_lock(_OPENING)))
                yield  # the lock ends with the connection, even if this process is killed
        finally:
            engine.dispose()
    else:
        yield
