"""What the service measures of a model that may be promoted: plain values that serving and training share."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Footprint:
    """The size and speed of a bundle.

    megabytes : of the bundle.
    milliseconds : to score an account with reasons, when `accounts` are scored together.
    """

    megabytes: float
    milliseconds: float
    accounts: int


@dataclass(frozen=True)
class Changed:
    """The accounts on one rung, and for how many of them the recommendation changes.

    newly, dropped : accounts that get a recommendation, or lose it.
    """

    rung: str
    accounts: int
    changed: int
    newly: int
    dropped: int


@dataclass(frozen=True)
class Example:
    """A budget as both models would spend it.

    ours, theirs, both : how many accounts each chooses, and how many both do.
    promised : the gain that our model promises of its choice, money.
    """

    budget: float
    ours: int
    theirs: int
    both: int
    promised: float


@dataclass(frozen=True)
class Changes:
    """What would change today if the new model scored instead of the champion.

    share : of the accounts that were scored, 0 .. 1.
    """

    rungs: tuple[Changed, ...]
    example: Example | None
    share: float
