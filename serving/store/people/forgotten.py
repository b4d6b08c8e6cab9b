"""The list of the forgotten, by which runs leave out whom the source still has.

It stands in a file outside the database, for its owner only, so that a store that is put back from an older copy brings
nobody back either: beside a SQLite store, else in the working folder, or where LADDER_FORGOTTEN says. Its first line is
the key of its digests; lines are only added. A line that was not written whole is passed over: what it was for was then
not done either.
"""

import os
import re
import secrets
from contextlib import suppress
from pathlib import Path

from features.errors import StoreError
from features.sources.forgotten import Forgotten, Kind
from serving.store.database import parsed

FILE = "LADDER_FORGOTTEN"
"""Environment variable: the file of the list."""
_KEY, _LINE = re.compile(r"key ([0-9a-f]{64})"), re.compile(r"(?:account|contact) ([0-9a-f]{64})")


def forgotten_file(url: str) -> Path:
    """Return where the list of a store stands."""
    if os.environ.get(FILE):
        return Path(os.environ[FILE]).absolute()
    store = parsed(url)
    beside = store.get_backend_name() == "sqlite"
    return Path(f"{store.database}.forgotten" if beside else "ladder.forgotten").absolute()


def read_forgotten(url: str) -> Forgotten:
    """Return the list of a store; empty where nobody was forgotten.

    Raises
    ------
    StoreError
        If there is one that cannot be read: without it, whoever was forgotten would be back.
    """
    file = forgotten_file(url)
    try:
        lines = file.read_text(encoding="ascii").splitlines()
    except FileNotFoundError:
        return Forgotten()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no text"
        raise StoreError(
            f"The list of the forgotten, {file}, cannot be read: {why}. Put it back from a copy."
        ) from None
    key = _KEY.fullmatch(lines[0]) if lines else None
    if key is None:
        raise StoreError(f"{file} is no list of the forgotten: its first line holds no key. Put it back from a copy.")
    found = (_LINE.fullmatch(line) for line in lines[1:])
    return Forgotten(bytes.fromhex(key[1]), frozenset(line[1] for line in found if line))


def keep_forgotten(url: str, kind: Kind, name: str) -> Path:
    """Put somebody on the list, on the disk before it returns, and return the file.

    Raises
    ------
    StoreError
        If it cannot be kept.
    """
    file = forgotten_file(url)
    try:
        _make(file)
        digest = read_forgotten(url).digest(kind, name)
        with file.open("a", encoding="ascii") as lines:
            lines.write(f"\n{kind} {digest}\n")
            lines.flush()
            os.fsync(lines.fileno())
    except OSError as error:
        raise StoreError(
            f"The list of the forgotten cannot be kept in {file}: {error.strerror}. Mend that, or name another file by "
            f"{FILE}; nothing was erased."
        ) from None
    return file


def _make(file: Path) -> None:
    """Make the list with a new key where there is none, once, however many processes try."""
    if file.exists():
        return
    scratch = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(scratch, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as made:
        made.write(f"key {secrets.token_hex(32)}\n")
    with suppress(FileExistsError):
        os.link(scratch, file)
    scratch.unlink()
