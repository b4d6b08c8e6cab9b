"""Processes that end with the one that they work for, however that one ended.

`ladder serve` holds one end of a pipe, the supervisor reads the other: when `ladder serve` is gone, killed or not,
the system closes the pipe. A worker looks whether its parent is still the same. Both work wherever there are processes.
"""

import os
import signal
import sys
import threading
import time
from contextlib import suppress

GRACE_SECONDS = 20.0
"""To finish what was accepted: longer than a request may take."""


def end_with_pipe(pipe: int) -> None:
    """End this process and its group when nobody holds the other end of the pipe any more.  pipe : its descriptor."""

    def wait() -> None:
        while os.read(pipe, 1):
            pass
        _end(whole_group=True)

    threading.Thread(target=wait, name="lifeline", daemon=True).start()


def end_with_parent(every: float = 1.0) -> None:
    """End this process when its parent has gone."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(every)
        _end(whole_group=False)

    threading.Thread(target=watch, name="lifeline", daemon=True).start()


def end_this_process() -> None:
    """End this process, without waiting for it: its supervisor starts another in its place."""
    threading.Thread(target=_end, args=(False,), name="end", daemon=True).start()


def _end(whole_group: bool) -> None:
    """End the process politely at first: requests that were accepted are finished."""
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    if whole_group and sys.platform != "win32":
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(os.getpgrp(), signal.SIGKILL)
    os._exit(1)
