"""Whose accounts a request may see; `serving.store.people.visibility` holds the store to it. No database needed."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Visibility:
    """owners : whose accounts are seen; None = everybody's, and those of nobody."""

    owners: tuple[str, ...] | None = None


EVERYTHING = Visibility()
_SEEN: ContextVar[Visibility] = ContextVar("ladder_visibility", default=EVERYTHING)
"""Of the request that is being answered."""


@contextmanager
def seeing(visibility: Visibility) -> Iterator[None]:
    """Answer with that visibility for the length of the block."""
    token = _SEEN.set(visibility)
    try:
        yield
    finally:
        _SEEN.reset(token)


def seen_now() -> Visibility:
    """Return the visibility of the request that is being answered."""
    return _SEEN.get()
