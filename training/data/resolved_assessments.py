"""Account managers' assessments whose horizon is over, beside the rule, surveys, service, and the rung that came.

Each is looked at from the first midnight at which it was known. What surveys and service said is what was known then.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from features.accounts.rung_views import by_service, by_surveys
from features.histories.histories import Histories
from features.histories.snapshots import Snapshots
from features.histories.views import View
from features.instants import MICROSECONDS_PER_DAY, FloatArray, IntArray, midnight_after
from features.ladder.rules import LadderRules, rungs
from training.data.splits import account_draw

COLUMNS = tuple("account at author rule manager surveys service later".split())


@dataclass(frozen=True, eq=False)
class ResolvedAssessments:
    """The assessments whose horizon is over; those of parts may be joined.

    authors : names that `author` refers to, sorted; -1 = nobody is named.
    rows : shape (n, len(COLUMNS)), in a fixed order. `account` is a digest, `at` a midnight, rungs are 0..6, -1 = not
        told.
    """

    authors: tuple[str, ...]
    rows: IntArray

    def column(self, name: str) -> IntArray:
        """Return a column by its name, shape (n,)."""
        found: IntArray = self.rows[:, COLUMNS.index(name)]
        return found

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ResolvedAssessments):
            return NotImplemented
        return self.authors == other.authors and np.array_equal(self.rows, other.rows)

    __hash__ = None  # type: ignore[assignment]


def resolve_assessments(
    histories: Histories, rules: LadderRules, horizon_days: int, end: int
) -> ResolvedAssessments | None:
    """Return the assessments of some accounts whose horizon is over at `end` (microseconds); None without any."""
    stream = histories.streams.get("assessments")
    if stream is None or not len(stream):
        return None
    at = midnight_after(np.maximum(stream.time, stream.recorded))
    chosen = np.flatnonzero(at + horizon_days * MICROSECONDS_PER_DAY <= end)
    account, at = stream.account[chosen], at[chosen]
    then = View(histories, Snapshots(account, at))
    later = View(histories, Snapshots(account, at + horizon_days * MICROSECONDS_PER_DAY))
    digests = (account_draw(list(histories.account_ids), "assessments") * 2**48).astype(np.int64)
    columns: list[Any] = [
        digests[account], at, stream.values["author"][chosen], rungs(then, rules), stream.values["rung"][chosen],
        _codes(by_surveys(then, rules)), _codes(by_service(then)), rungs(later, rules),
    ]  # fmt: skip
    return ResolvedAssessments(histories.authors, _sorted(np.column_stack(columns).astype(np.int64)))


def _codes(rung: FloatArray) -> IntArray:
    return np.where(np.isnan(rung), -1, rung).astype(np.int64)


def _sorted(rows: IntArray) -> IntArray:
    return rows[np.lexsort(rows.T[::-1])]


def add_assessments(parts: Sequence[ResolvedAssessments | None]) -> ResolvedAssessments | None:
    """Join the assessments of all parts, as if they had been read together; None where no part has any."""
    kept = [part for part in parts if part is not None]
    if not kept:
        return None
    authors = tuple(sorted({name for part in kept for name in part.authors}))
    code = {name: k for k, name in enumerate(authors)}
    rows = []
    for part in kept:
        anew = part.rows.copy()
        anew[:, COLUMNS.index("author")] = np.array([*(code[name] for name in part.authors), -1])[part.column("author")]
        rows.append(anew)
    return ResolvedAssessments(authors, _sorted(np.concatenate(rows)))
