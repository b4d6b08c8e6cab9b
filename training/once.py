"""What several ask for while a bundle is trained, made once: by digest of all that it is made from."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from hashlib import sha256
from threading import Lock
from typing import Any, TypeVar

import numpy as np

Made = TypeVar("Made")


def digest(*parts: Any) -> bytes:
    """Return the digest of some arrays and bytes; of arrays the shapes and types do not count."""
    together = sha256()
    for part in parts:
        together.update(part if isinstance(part, bytes) else np.ascontiguousarray(part).data)
    return together.digest()


class Once:
    """Small results by their key, kept while somebody works `within`; outside of it each is made anew.

    Callable from several threads: who asks for what another one makes, waits for it.
    """

    def __init__(self) -> None:
        self._known: dict[bytes, Future[Any]] = {}
        self._at_work = 0
        self._lock = Lock()

    @contextmanager
    def within(self) -> Iterator[None]:
        """Keep results until the end of the block; of several at a time until the end of the last."""
        with self._lock:
            self._at_work += 1
        try:
            yield
        finally:
            with self._lock:
                self._at_work -= 1
                if not self._at_work:
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
