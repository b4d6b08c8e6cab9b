"""API keys in the store: made, listed and revoked by command, and read again every few seconds by every worker.

A key is never deleted, only marked: a service that once asked for keys goes on asking, also when the last one was
revoked.
"""

import json
import logging
import math
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from features.errors import LadderError, SettingsError, StoreReplaced
from serving.api.endpoints import SCOPES
from serving.api.errors import HttpError, http_error
from serving.api.observability.logging import tell
from serving.api.security.keyring import Key, Keyring, make_secret
from serving.store.audit_log import Author, Entry, record
from serving.store.database import open_store, reading, writing
from serving.store.people.keys import (
    LONGEST_NAME,
    StoredKey,
    add_key,
    key_in_use,
    mark_replaced,
    mark_revoked,
    mark_used,
    stored_keys,
)

EVERY_SECONDS = 2.0
"""Between two looks at the table: so long does a revoked key live at most."""
USED_SECONDS = 60.0
"""Between two notes of when keys were last used."""
PATIENCE_SECONDS = 2.0
"""For the store to answer one look."""
MOST_SILENCE_SECONDS = 8.0
"""Without an answer, after which the service is not ready: two looks that failed, and room for a busy machine."""
MOST_AGE_SECONDS = 60.0
"""While the store cannot be read, the keys last read are good for so long: a revocation must not get lost for ever,
nor a store that restarts stop the service."""


def create_key(
    engine: sa.Engine, name: str, scopes: Collection[str], *, owners: Sequence[str] = (), days: float | None = None
) -> str:
    """Make a key and return it: it is nowhere else, and cannot be shown again. The audit log says that it was made.

    owners : whose accounts are seen with it; none = everybody's.  days : after which it ends; None = never.

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
    key = StoredKey(
        key_id, name, " ".join(scope for scope in SCOPES if scope in scopes), digest, _second(now),
        owners=json.dumps(sorted(owners)) if owners else None,
        expires_at=None if days is None else _second(now + timedelta(days=days)),
    )  # fmt: skip
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


def rotate_key(engine: sa.Engine, wanted: str, hours: float) -> tuple[str, str]:
    """Make a key like one that is in use, which ends after so many hours; return the id of that one and the new key.

    Raises
    ------
    SettingsError
        If there is none of that id or name in use.
    """
    now = datetime.now(UTC)
    key_id, secret, digest = make_secret()
    with writing(engine) as connection:
        old = key_in_use(connection, wanted, _second(now))
        if old is None:
            raise SettingsError(f"No key that is in use has the id or name {wanted!r}. See `ladder keys list`.")
        mark_replaced(connection, old.key_id, key_id, _second(now + timedelta(hours=hours)))
        ends = None
        if old.expires_at is not None:  # the new one is good for as long as the old one was
            ends = _second(now + (datetime.fromisoformat(old.expires_at) - datetime.fromisoformat(old.created_at)))
        new = StoredKey(key_id, old.name, old.scopes, digest, _second(now), owners=old.owners, expires_at=ends)
        add_key(connection, new)
        _write_down(connection, now, "key rotated", old, {"replaced_by": key_id, "hours": hours})
        _write_down(connection, now, "key created", new)
    return old.key_id, secret


def _write_down(
    connection: sa.Connection, now: datetime, what: str, key: StoredKey, more: Mapping[str, object] | None = None
) -> None:
    """Record a key's change in the transaction that makes it; who runs a command has not signed in."""
    detail = {"name": key.name, "scopes": key.scopes.split()}
    detail |= {name: told for name in ("owners", "expires_at") if (told := getattr(key, name)) is not None}
    entry = Entry(what, key.key_id, {**detail, **(more or {})})
    record(connection, int(now.timestamp() * 1_000_000), Author(), [entry])


def read_ring(engine: sa.Engine, used: Callable[[str], None] | None = None) -> Keyring:
    """Return the keys as they are now.  used : told the id of a key whenever it opens something."""
    return Keyring(map(_key, list_keys(engine)), used)


def _key(key: StoredKey) -> Key:
    expires = math.inf if key.expires_at is None else datetime.fromisoformat(key.expires_at).timestamp()
    return Key(
        key.key_id, key.name, frozenset(key.scopes.split()), key.digest, key.revoked_at is not None, expires=expires,
        visibility=key.visibility,
    )  # fmt: skip


class UsedKeys:
    """When keys were last used, kept in the store once a minute."""

    def __init__(self) -> None:
        self._lock, self._used = threading.Lock(), dict[str, str]()

    def note(self, key_id: str) -> None:
        """Remember that the key was used just now."""
        with self._lock:
            self._used[key_id] = _second(datetime.now(UTC))

    def keep(self, engine: sa.Engine) -> None:
        """Write into the store what was remembered; where that fails, it is tried again with the next."""
        with self._lock:
            used, self._used = self._used, {}
        if not used:
            return
        try:
            with writing(engine) as connection:
                mark_used(connection, used)
        except LadderError:
            with self._lock:
                self._used = {**used, **self._used}


class WatchedRing:
    """The keys of a store, read again and again.  clock : seconds, never set back."""

    def __init__(self, read: Callable[[], Keyring], clock: Callable[[], float] = time.monotonic) -> None:
        self._read, self._clock = read, clock
        self._ring: Keyring | None = None
        self._at, self._failing, self._replaced = clock(), False, False

    def look(self) -> None:
        """Read the keys.  Never raises: what was read last is kept for a while."""
        try:
            self._ring = self._read()
        except LadderError as error:
            self._replaced = isinstance(error, StoreReplaced)
            if not self._failing:  # its message may name what is nobody's business in a log
                tell("keys cannot be read", logging.ERROR)
            self._failing = True
            return
        self._at, self._failing, self._replaced = self._clock(), False, False

    def ring(self) -> Keyring:
        """Return the current keys.  Raises HttpError 503 where they could not be read for too long."""
        if self._ring is None or self._clock() - self._at > MOST_AGE_SECONDS:
            raise HttpError(503, "keys_unreadable", "The keys cannot be read at the moment.", retry_after=5)
        return self._ring

    def check_fresh(self) -> None:
        """Check that the store has answered lately.  Raises HttpError 503: whoever asks is better served elsewhere."""
        if self._replaced:
            raise http_error(StoreReplaced())
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

    opened, used = list[sa.Engine](), UsedKeys()

    def read() -> Keyring:
        if not opened:
            opened.append(open_store(url, patience=PATIENCE_SECONDS))
        return read_ring(opened[0], used.note)

    def keep() -> None:
        pause = threading.Event()
        while not pause.wait(USED_SECONDS):
            if opened:
                used.keep(opened[0])

    watched = WatchedRing(read)
    watched.look()
    watched.watch()
    threading.Thread(target=keep, name="keys used", daemon=True).start()  # apart: it may have to wait for a writer
    return watched


def _second(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")
