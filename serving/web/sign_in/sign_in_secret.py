"""The secret behind forms and sign-ins that no session of the store stands for: never in the store.

It comes from the environment variable LADDER_SECRET, else from the file that LADDER_SECRET_FILE names, else from a file
beside a SQLite store, or in the working folder, which is made once and can be read by its owner only.
"""

import hashlib
import hmac
import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

import sqlalchemy as sa

from features.errors import StoreError

SECRET, SECRET_FILE = "LADDER_SECRET", "LADDER_SECRET_FILE"
LEAST = 32
"""Characters."""


def sign_in_secret(store: sa.URL) -> bytes:
    """Return the secret.

    Raises
    ------
    StoreError
        If it is too short, or others may read its file.
    """
    given, place = os.environ.get(SECRET, ""), SECRET
    if not given:
        file = Path(os.environ.get(SECRET_FILE, "")) if os.environ.get(SECRET_FILE) else secret_file(store)
        given, place = _read(file), str(file)
    if len(given) < LEAST:
        raise StoreError(f"{place} holds less than {LEAST} characters: too few for a secret. Put more there.")
    return hmac.digest(given.encode(), b"loyalty-ladder sign-in", hashlib.sha256)


def secret_file(store: sa.URL) -> Path:
    """Return where the secret stands if nobody says otherwise."""
    if store.get_backend_name() == "sqlite" and store.database:
        return Path(f"{store.database}.secret").absolute()
    return Path("ladder.secret").absolute()


def _read(file: Path) -> str:
    """Return what the file holds; it is made where there is none, once, however many processes look."""
    try:
        if not file.exists():
            scratch = file.with_name(f".{file.name}.{os.getpid()}.{secrets.token_hex(4)}")
            handle = os.open(scratch, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            try:
                with os.fdopen(handle, "w") as made:
                    made.write(secrets.token_hex(32))
                with suppress(FileExistsError):
                    os.link(scratch, file)
            finally:
                scratch.unlink()
        if os.name == "posix" and stat.S_IMODE(file.stat().st_mode) & 0o077:
            raise StoreError(f"Others may read {file}, which holds the sign-in secret: chmod 600 {file}")
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no text"
        raise StoreError(
            f"The sign-in secret cannot be kept in {file}: {why}. Set {SECRET_FILE} or {SECRET}."
        ) from None
