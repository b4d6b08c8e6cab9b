"""What the service measures of a model that may be promoted: plain values that serving and training both know."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Footprint:
    """megabytes : of the bundle.  milliseconds : to score an account with reasons, of `accounts` scored together."""

    megabytes: float
    milliseconds: float
    accounts: int


@dataclass(frozen=True)
class Changed:
    """Accounts on one rung, and for how many of them the recommendation changes."""

    rung: str
    accounts: int
    changed: int
    newly: int
    dropped: int


@dataclass(frozen=True)
class Example:
    """A budget as both would spend it: how many accounts each chooses, how many both, and what ours promises of it."""

    budget: float
    ours: int
    theirs: int
    both: int
    promised: float


@dataclass(frozen=True)
class Changes:
    """What scoring by the new model, not the champion, changes today.  share : of the accounts, that was asked."""

    rungs: tuple[Changed, ...]
    example: Example | None
    share: float
