"""API keys: their form, how they are held, and whether one is valid.

    ll_4f1c20aa_Zk3v...      the prefix by which scanners of leaked secrets find it; its id; 256 random bits

Only the SHA-256 of a key is held. A slow hash, as for passwords, would add nothing: it is there to make guessing dear
where people choose what is easily guessed, and 256 random bits are out of anybody's reach however quick the hash is.
The id finds the row, so that one digest is compared, in constant time.
"""

import hashlib
import hmac
import math
import re
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from serving.store.people.viewers import EVERYTHING, Visibility

_SHAPE = re.compile(r"ll_([0-9a-f]{8})_[A-Za-z0-9_-]{43}")


@dataclass(frozen=True)
class Key:
    """The record of a key, never the key itself.  digest : SHA-256, hexadecimal.  revoked : no longer valid.

    visibility : whose accounts are seen with it.  expires : from then on it is no longer valid, seconds since 1970.
    """

    key_id: str
    name: str
    scopes: frozenset[str]
    digest: str
    revoked: bool = False
    visibility: Visibility = EVERYTHING
    expires: float = math.inf


def make_secret() -> tuple[str, str, str]:
    """Return a new key: its id, the key itself, which is shown once, and its digest."""
    key_id = secrets.token_hex(4)
    secret = f"ll_{key_id}_{secrets.token_urlsafe(32)}"
    return key_id, secret, digest_of(secret)


def digest_of(secret: str) -> str:
    """Return the SHA-256 of a key, hexadecimal."""
    return hashlib.sha256(secret.encode()).hexdigest()


class Keyring:
    """The keys as they were last read, replaced whole.

    A ring on which there was ever a key, revoked or not, wants one of everybody.
    used : told the id of a key whenever it opens something.
    """

    def __init__(self, keys: Iterable[Key] = (), used: Callable[[str], None] | None = None) -> None:
        self._keys, self._used = {key.key_id: key for key in keys}, used

    @property
    def empty(self) -> bool:
        """Return whether no key was ever made."""
        return not self._keys

    def get(self, key_id: str) -> Key | None:
        """Return the key of that id; None where there is none, or it was revoked or has expired."""
        key = self._keys.get(key_id)
        if key is None or key.revoked or key.expires <= time.time():
            return None
        if self._used is not None:
            self._used(key_id)
        return key

    def find(self, secret: str) -> Key | None:
        """Return the key of that secret; None where there is none, or it was revoked or has expired."""
        shape = _SHAPE.fullmatch(secret)
        key = None if shape is None else self._keys.get(shape.group(1))
        if key is None or not hmac.compare_digest(digest_of(secret), key.digest):
            return None
        return self.get(key.key_id)
