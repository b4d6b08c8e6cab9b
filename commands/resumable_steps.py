"""Steps that are done once each, even if the program is killed between them: results, log and lock."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from commands.terminal import Figures
from features.atomic_write import write_whole
from features.errors import LadderError, SettingsError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    Result = TypeVar("Result", bound=DataclassInstance)

STATE, LOG = "retrain.json", "retrain.log.jsonl"


@dataclass(frozen=True)
class State:
    """The steps of one piece of work that are done, as its folder keeps them.

    key : what the work is about.  steps : name -> the fields of its result, of those that are finished.
    finished : whether nothing is left to do; then champion : the bundle that served at the end, and its figures.
    """

    key: Mapping[str, str] = field(default_factory=dict)
    steps: Mapping[str, Figures] = field(default_factory=dict)
    finished: bool = False
    champion: str = ""
    figures: Figures = field(default_factory=dict)


class Steps:
    """The steps of one piece of work, in a folder.

    key : what the work is about; a state with another key is of other work, and begins anew.
    """

    def __init__(self, folder: Path, key: Mapping[str, str]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file, self._log = folder / STATE, folder / LOG
        kept = read_state(folder)
        self._state = kept if kept.key == key else State(dict(key))

    def done(self, name: str) -> bool:
        """Return whether the step is finished, by this run or one that was killed later."""
        return name in self._state.steps

    def run(self, name: str, kind: type[Result], work: Callable[[], Result]) -> Result:
        """Return the step's result: computed now, or read where an earlier run finished the step."""
        kept = self._kept(name, kind)
        if kept is not None:
            self._note(name, 0.0, "kept")
            return kept
        started = time.monotonic()
        self._note(name, 0.0, "started")
        try:
            found = work()
        except BaseException as error:
            outcome = "refused" if isinstance(error, LadderError) else "broken"
            self._note(name, time.monotonic() - started, outcome, type(error).__name__)  # a message may quote a row
            raise
        self._write(replace(self._state, steps={**self._state.steps, name: asdict(found)}))
        self._note(name, time.monotonic() - started, "done")
        return found

    def finish(self, champion: str, figures: Figures) -> None:
        """Write down that nothing is left to do for this key."""
        self._write(replace(self._state, finished=True, champion=champion, figures=figures))

    def _kept(self, name: str, kind: type[Result]) -> Result | None:
        try:
            return kind(**self._state.steps[name])
        except (KeyError, TypeError):  # of a version of the program whose steps found something else
            return None

    def _write(self, state: State) -> None:
        """Write the state atomically and durably, before anything that depends on it begins."""
        write_whole(self._file, json.dumps(asdict(state), indent=1), durable=True)
        self._state = state

    def _note(self, step: str, seconds: float, outcome: str, error: str | None = None) -> None:
        at = datetime.now(UTC).isoformat(timespec="seconds")
        line = {"at": at, "step": step, "seconds": round(seconds, 2), "outcome": outcome}
        with self._log.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line | ({} if error is None else {"error": error})) + "\n")


def read_state(folder: Path) -> State:
    """Return the state that a run left in its folder; an empty one where there is none that can be read."""
    try:
        return State(**json.loads((folder / STATE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return State()


@contextmanager
def alone(file: Path) -> Iterator[None]:
    """Hold a lock that the operating system takes away with the process, however it dies.

    Raises
    ------
    SettingsError
        If a living process holds it.
    """
    from filelock import FileLock, Timeout

    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        lock = FileLock(file).acquire(blocking=False)
    except Timeout:
        raise SettingsError(
            f"Another `ladder retrain` is at work on this champion (process {_holder(file)}). Wait until it has ended: "
            f"one lock is held in {file}."
        ) from None
    with lock:
        with suppress(OSError):  # where the system lets nobody write into a locked file, nobody is named
            file.write_text(f"{os.getpid()}\n", encoding="ascii")
        yield


def _holder(lock: Path) -> str:
    try:
        return lock.read_text(encoding="ascii").strip() or "unknown"
    except OSError:
        return "unknown"
