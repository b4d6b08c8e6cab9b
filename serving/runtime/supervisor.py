"""The process that supervises the workers: BentoML's own, with a lifeline and a private control socket.

Run by serving.runtime.server as `python -m serving.runtime.supervisor serve SERVICE ...`, with the words of `bentoml
serve`. Two things
of BentoML's are set right. Its supervisor (circus) takes commands, among them to run any program, from whoever reaches
a TCP port of this machine: here they come by a socket in a folder that only its owner may enter. And it looks every
ten seconds whether a worker died: here every second.
"""

import sys
import tempfile
from pathlib import Path
from typing import Any

from bentoml._internal.utils import circus

from serving.runtime.process_lifetime import end_with_pipe

CHECK_SECONDS = 1.0


def main() -> None:
    """Serve until told to stop, or until whoever started this is gone."""
    from bentoml_cli.cli import cli

    end_with_pipe(sys.stdin.fileno())
    with tempfile.TemporaryDirectory(prefix="ladder-control-") as folder:
        circus.create_standalone_arbiter = lambda watchers, **more: _arbiter(watchers, Path(folder), more)
        cli()


def _arbiter(watchers: list[Any], folder: Path, more: dict[str, Any]) -> Any:
    more.pop("threaded", None)
    sockets = {"endpoint": f"ipc://{folder}/control", "pubsub_endpoint": f"ipc://{folder}/events"}
    return circus.Arbiter(watchers, check_delay=CHECK_SECONDS, **sockets, **more)


if __name__ == "__main__":
    main()
