"""What several ask for while a bundle is trained, made once: by digest of all that it is made from."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from hashlib import sha256
from threading import Lock, local
from typing import Any, TypeVar
from weakref import ref

import numpy as np

from features.instants import FloatArray

Made = TypeVar("Made")


class _Latest(local):
    """The array that a thread asked the digest of last, and that digest."""

    array: Callable[[], Any] = staticmethod(lambda: None)
    known = b""


_LATEST = _Latest()


def digest_of(matrix: FloatArray) -> bytes:
    """Return the digest of a matrix that nobody changes; it is not taken anew where a thread asks for it again."""
    if _LATEST.array() is not matrix:
        _LATEST.known, _LATEST.array = digest(matrix), ref(matrix)
    return _LATEST.known


def digest(*parts: Any) -> bytes:
    """Return the digest of some arrays and bytes; of arrays the order in memory counts, shapes and types do not."""
    together = sha256()
    for part in parts:
        if not isinstance(part, bytes):
            together.update(b"by column" if part.flags.fnc else b"by row")
            part = np.ravel(part, order="K").data  # no copy of what lies in one piece
        together.update(part)
    return together.digest()


class Kept(ABC):
    """What is kept while somebody works `within`, and not beyond; its methods may be called from several threads."""

    def __init__(self) -> None:
        self._at_work = 0
        self._lock = Lock()

    @contextmanager
    def within(self) -> Iterator[None]:
        """Keep it until the end of the block; of several at a time until the end of the last."""
        with self._lock:
            self._at_work += 1
        try:
            yield
        finally:
            with self._lock:
                self._at_work -= 1
                if not self._at_work:
                    self._forget()

    @abstractmethod
    def _forget(self) -> None:
        """Forget all; called by whoever holds the lock."""


class Once(Kept):
    """Small results by their key; outside of every block each is made anew.

    Who asks for what another thread makes, waits for it.
    """

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[bytes, Future[Any]] = {}

    def _forget(self) -> None:
        self._known.clear()

    def of(self, key: Callable[[], bytes], make: Callable[[], Made]) -> Made:
        """Return what belongs to a key, made now if nobody asked for it yet."""
        if not self._at_work:
            return make()
        asked, own = key(), Future[Made]()
        with self._lock:
            known = self._known.setdefault(asked, own)
        if known is own:
            try:
                own.set_result(make())
            except BaseException as error:
                own.set_exception(error)
                raise
        made: Made = known.result()
        return made


FITS = Once()
"""The small fits of a training, those of boosters aside: `training.boosting_backend` has these."""
