"""The notebooks, executed as their readers do it, each in a folder of its own."""

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbformat import NotebookNode

from tests.paths import ONLINE_RETAIL, ROOT

FOLDER = ROOT / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
LONGEST_CELL = 1800
"""Seconds."""


def execute(notebook: NotebookNode, folder: Path) -> NotebookNode:
    """The notebook with its outputs, run in that folder by this Python; what it needs from outside is the environment.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        If a cell fails.
    """
    folder.mkdir(parents=True, exist_ok=True)
    place = {"metadata": {"path": str(folder)}}
    # A socket's name must be short; over TCP anybody on the machine could listen.
    with TemporaryDirectory(prefix="k") as sockets:
        kernel = AsyncKernelManager(kernel_name="python3", transport="ipc", ip=f"{sockets}/s")
        client = NotebookClient(notebook, timeout=LONGEST_CELL, km=kernel, resources=place)
        client.execute(cleanup_kc=True)
    return notebook


def main(out: Path) -> None:
    """Write every notebook, executed, into a folder."""
    out = out.absolute()
    for path in NOTEBOOKS:
        print(path.stem, flush=True)
        done = execute(nbformat.read(path, as_version=4), out)
        nbformat.write(done, out / path.name)


if __name__ == "__main__":
    os.environ.setdefault("LADDER_DATA", str(ONLINE_RETAIL))
    main(Path(sys.argv[1]))
