"""The tiny supplier in parts."""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from features.partitions.write import partition
from features.sources.partitioned import Partitions, read_partitions
from tests.trained import tiny
from training.simulator.simulation import write


@cache
def tiny_parts(parts: int = 4) -> Partitions:
    """Its tables cut by account, in a folder that lives as long as this process."""
    folder = Path(tempfile.mkdtemp(prefix="tiny-parts-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    write(tiny(), folder / "source")
    partition(folder / "source", folder / "parts", parts)
    found = read_partitions(folder / "parts")
    assert found is not None
    return found
