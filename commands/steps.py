"""Steps that are done once each, whatever kills the program between them: their results, their log, their lock."""

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from features.errors import LadderError, SettingsError

STATE, LOG = "retrain.json", "retrain.log.jsonl"


class Steps:
    """The steps of one piece of work, in a folder.

    key : what the work is about; a state with another key is of other work, and begins anew.
    """

    def __init__(self, folder: Path, key: Mapping[str, str]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._state, self._log = folder / STATE, folder / LOG
        kept = read_state(folder)
        same = kept.get("key") == dict(key)
        self._content: dict[str, Any] = kept if same else {"key": dict(key), "steps": {}, "finished": False}

    def done(self, name: str) -> bool:
        """Whether that step was finished, now or by a run that was killed later."""
        return name in self._content["steps"]

    def run(self, name: str, work: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
        """What the step found: of now, or as it was kept when it was finished before."""
        if self.done(name):
            self._note(name, 0.0, "kept")
            kept: Mapping[str, Any] = self._content["steps"][name]
            return kept
        started = time.monotonic()
        self._note(name, 0.0, "started")
        try:
            found = json.loads(json.dumps(dict(work()), default=str))
        except BaseException as error:
            said = type(error).__name__  # no message: it may quote a row
            self._note(
                name, time.monotonic() - started, "refused" if isinstance(error, LadderError) else "broken", said
            )
            raise
        self._content["steps"][name] = found
        self._write()
        self._note(name, time.monotonic() - started, "done")
        return found  # type: ignore[no-any-return]

    def finish(self, **facts: Any) -> None:
        """Nothing is left to do for this key."""
        self._content |= {"finished": True, **facts}
        self._write()

    def _write(self) -> None:
        """In one step, and on the disk before anything that rests on it is begun."""
        scratch = self._state.with_name(f".{STATE}.new")
        with scratch.open("w", encoding="utf-8") as file:
            json.dump(self._content, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(self._state)

    def _note(self, step: str, seconds: float, outcome: str, error: str | None = None) -> None:
        line: dict[str, Any] = {
            "at": datetime.now(UTC).isoformat(timespec="seconds"), "step": step, "seconds": round(seconds, 2),
            "outcome": outcome,
        }  # fmt: skip
        with self._log.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line | ({} if error is None else {"error": error})) + "\n")


def read_state(folder: Path) -> dict[str, Any]:
    """What a run left in its folder; empty where there is none, or none that can be read."""
    try:
        found = json.loads((folder / STATE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) and isinstance(found.get("steps"), dict) else {}


@contextmanager
def alone(file: Path) -> Iterator[None]:
    """Hold a lock that the operating system takes away with the process, however it dies.

    Raises
    ------
    SettingsError
        If a living process holds it.
    """
    import fcntl  # not everywhere, and no other command needs it

    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a+", encoding="ascii") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            held.seek(0)
            who = held.read().strip() or "unknown"
            raise SettingsError(
                f"Another `ladder retrain` is at work on this champion (process {who}). Wait until it has ended: one "
                f"lock is held in {file}."
            ) from None
        held.truncate(0)
        held.write(f"{os.getpid()}\n")
        held.flush()
        yield
