"""Files that appear whole or not at all: written beside their place, then moved onto it in one step."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(file: Path, durable: bool = False) -> Iterator[Path]:
    """Yield a scratch path in the same folder; what stands there at the end of the block becomes the file.

    The scratch file is hidden and ends in `.new`, so that nobody who looks for files of that kind finds it. It is
    removed where the block raises, and the file is then what it was.

    durable : write through to the disk before the move, for what must outlive a power cut.
    """
    scratch = file.with_name(f".{file.name}.new")
    try:
        yield scratch
        if durable:
            with scratch.open("rb+") as written:
                os.fsync(written.fileno())
        scratch.replace(file)
    except BaseException:
        scratch.unlink(missing_ok=True)
        raise


def write_whole(file: Path, content: str | bytes, durable: bool = False) -> Path:
    """Replace a file by that content in one step and return it; text is written as UTF-8.  durable : as `replacing`."""
    with replacing(file, durable) as scratch:
        scratch.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    return file
