"""API keys in the store: made, listed and revoked by command, and read again every few seconds by every worker.

A key is never deleted, only marked: a service that once asked for keys goes on asking, also when the last one was
revoked.
"""

import logging
import threading
import time
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime

import sqlalchemy as sa

from features.errors import LadderError, SettingsError
from serving.api.endpoints import SCOPES
from serving.api.errors import HttpError
from serving.api.keyring import Key, Keyring, make_secret
from serving.api.logging import tell
from serving.store.audit_log import Author, Entry, record
from serving.store.database import open_store, reading, writing
from serving.store.keys import LONGEST_NAME, StoredKey, add_key, mark_revoked, stored_keys

EVERY_SECONDS = 2.0
"""Between two looks at the table: so long does a revoked key live at most."""
PATIENCE_SECONDS = 2.0
"""For the store to answer one look."""
MOST_SILENCE_SECONDS = 8.0
"""Without an answer, after which the service is not ready: two looks that failed, and room for a busy machine."""
MOST_AGE_SECONDS = 60.0
"""While the store cannot be read, the keys last read are good for so long: a revocation must not get lost for ever,
nor a store that restarts stop the service."""


def create_key(engine: sa.Engine, name: str, scopes: Collection[str]) -> str:
    """Make a key and return it: it is nowhere else, and cannot be shown again. The audit log says that it was made.

    Raises
    ------
    SettingsError
        If the name is empty, too long or taken, or a scope is unknown.
    """
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        found = f"{unknown[0]!r} is no scope" if unknown else "A key needs a scope"
        raise SettingsError(f"{found}; there are {', '.join(SCOPES)}.")
    if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        raise SettingsError(
            f"A key's name has 1 to {LONGEST_NAME} printable characters: say which program will use it."
        )
    key_id, secret, digest = make_secret()
    now = datetime.now(UTC)
    key = StoredKey(key_id, name, " ".join(scope for scope in SCOPES if scope in scopes), digest, _second(now))
    with writing(engine) as connection:
        if not add_key(connection, key):
            raise SettingsError(f"There is a key named {name!r}. Revoke it first, or give this one another name.")
        _write_down(connection, now, "key created", key)
    return secret


def list_keys(engine: sa.Engine) -> Sequence[StoredKey]:
    """Return all keys there ever were, oldest first; never the keys themselves."""
    with reading(engine) as connection:
        return stored_keys(connection)


def revoke_key(engine: sa.Engine, wanted: str) -> str:
    """Revoke a key, by its id or its name, and return its id. The audit log says that it was revoked.

    Raises
    ------
    SettingsError
        If there is none to revoke.
    """
    now = datetime.now(UTC)
    with writing(engine) as connection:
        key = mark_revoked(connection, wanted, _second(now))
        if key is None:
            raise SettingsError(f"No key that is in use has the id or name {wanted!r}. See `ladder keys list`.")
        _write_down(connection, now, "key revoked", key)
    return key.key_id


def _write_down(connection: sa.Connection, now: datetime, what: str, key: StoredKey) -> None:
    """Record a key's change in the transaction that makes it; who runs a command has not signed in."""
    detail = {"name": key.name, "scopes": key.scopes.split()}
    record(connection, int(now.timestamp() * 1_000_000), Author(), [Entry(what, key.key_id, detail)])


def read_ring(engine: sa.Engine) -> Keyring:
    """Return the keys as they are now."""
    return Keyring(
        Key(key.key_id, key.name, frozenset(key.scopes.split()), key.digest, key.revoked_at is not None)
        for key in list_keys(engine)
    )


class WatchedRing:
    """The keys of a store, read again and again.  clock : seconds, never set back."""

    def __init__(self, read: Callable[[], Keyring], clock: Callable[[], float] = time.monotonic) -> None:
        self._read, self._clock = read, clock
        self._ring: Keyring | None = None
        self._at, self._failing = clock(), False

    def look(self) -> None:
        """Read the keys.  Never raises: what was read last is kept for a while."""
        try:
            self._ring = self._read()
        except LadderError:
            if not self._failing:  # its message may name what is nobody's business in a log
                tell("keys cannot be read", logging.ERROR)
            self._failing = True
            return
        self._at, self._failing = self._clock(), False

    def ring(self) -> Keyring:
        """Return the current keys.  Raises HttpError 503 where they could not be read for too long."""
        if self._ring is None or self._clock() - self._at > MOST_AGE_SECONDS:
            raise HttpError(503, "keys_unreadable", "The keys cannot be read at the moment.", retry_after=5)
        return self._ring

    def check_fresh(self) -> None:
        """Check that the store has answered lately.  Raises HttpError 503: whoever asks is better served elsewhere."""
        if self._ring is None or self._clock() - self._at > MOST_SILENCE_SECONDS:
            raise HttpError(503, "store_silent", "The store has not answered for some seconds.")

    def watch(self, every: float = EVERY_SECONDS) -> None:
        """Look again and again, in a thread that ends with the process."""

        def go_on() -> None:
            pause = threading.Event()
            while not pause.wait(every):
                self.look()

        threading.Thread(target=go_on, name="keys", daemon=True).start()


def watch_keys(url: str) -> WatchedRing:
    """Return the keys of the store behind a URL, which are read again and again."""

    opened: list[sa.Engine] = []

    def read() -> Keyring:
        if not opened:
            opened.append(open_store(url, patience=PATIENCE_SECONDS))
        return read_ring(opened[0])

    watched = WatchedRing(read)
    watched.look()
    watched.watch()
    return watched


def _second(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")
