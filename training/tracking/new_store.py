"""A new SQLite store, made by a process of its own while this one reads the source.

MLflow makes the tables of an empty store by all the migrations that it ever had, which takes a second of a quick
training's few. Run as `python -m training.tracking.new_store STORE FOLDER`.
"""

import gc
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from training.tracking.tracker import connected, quiet, sqlite_file, turn_at

_ROOT = Path(__file__).resolve().parents[2]
_MOST_SECONDS = 60.0
"""For all of it, beside whatever else the machine does; then this process makes the store."""


@contextmanager
def store_begun(uri: str, *, wanted: bool = True) -> Iterator[Callable[[], None]]:
    """Begin to make the store where there is none yet, and lend what puts it in its place once it is whole.

    Whatever goes wrong is no error: MLflow makes the store where it is not there, and says what is wrong with it. A
    block that is left early leaves nothing behind.
    """
    file = sqlite_file(uri)
    if not wanted or file is None or file.exists() or (os.cpu_count() or 1) == 1 or not os.access(file.parent, os.W_OK):
        yield lambda: None
        return
    with ExitStack() as ends:
        made = (
            Path(ends.enter_context(TemporaryDirectory(prefix=f".{file.name}.", dir=file.parent))).resolve() / file.name
        )
        environment = {name: value for name, value in os.environ.items() if name != "MLFLOW_REGISTRY_URI"}
        process = ends.enter_context(subprocess.Popen(
            [sys.executable, "-m", __name__, str(made), str(Path.cwd())], cwd=_ROOT, env=environment,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        ))  # fmt: skip
        ends.callback(process.kill)

        def put_in_place() -> None:
            with ends.pop_all():
                _put_in_place(process, made, file, uri)

        yield put_in_place


def _put_in_place(process: "subprocess.Popen[bytes]", made: Path, file: Path, uri: str) -> None:
    with quiet():  # it is needed next, and takes as long as the other process has left to do
        import mlflow.store.tracking.sqlalchemy_store  # noqa: F401

    with suppress(subprocess.TimeoutExpired, OSError):  # as where another process was quicker: its store stays
        if process.wait(_MOST_SECONDS) == 0:
            with made.open("rb+") as written:
                os.fsync(written.fileno())
            with turn_at(uri):
                os.link(made, file)


def main(store: str, folder: str) -> None:
    """Make a store as it would be made in that working folder: MLflow keeps the address of its first experiment."""
    import sqlalchemy as sa

    gc.disable()
    os.chdir(folder)
    sa.event.listen(sa.Engine, "connect", _without_waiting)
    with connected(f"sqlite:///{store}"):
        pass


def _without_waiting(connection: sqlite3.Connection, _: object) -> None:
    """Leave it to the system when the disk is written: what does not end whole is thrown away."""
    connection.execute("PRAGMA synchronous = OFF")


if __name__ == "__main__":
    main(*sys.argv[1:])
