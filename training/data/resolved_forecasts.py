"""Account managers' forecasts whose horizon is over, with the revenue before and after.

A forecast says what extra revenue an account brings one rung higher. It is resolved once its horizon is over and the
account did climb in it. Of the accounts that did *not* climb totals are kept, from which the revenue without a climb is
estimated (`training.account_managers.forecasts`).
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import mul

import numpy as np

from features.histories.histories import Histories
from features.histories.snapshots import Snapshots
from features.histories.streams import FIXED_POINT
from features.histories.views import View
from features.instants import MICROSECONDS_PER_DAY, IntArray
from features.ladder.rules import LadderRules, rungs
from training.data.splits import account_draw

MONTH = 30 * MICROSECONDS_PER_DAY
COLUMNS = tuple("account at days author rung promised before after".split())
TotalsWithoutClimb = Mapping[tuple[int, int, int], tuple[int, int, int, int, int]]


@dataclass(frozen=True, eq=False)
class ResolvedForecasts:
    """The forecasts whose horizon is over; those of parts may be joined.

    authors : names that `author` refers to, sorted; -1 = nobody is named.
    over : author's name -> number of forecasts whose horizon is over.
    rows : name of COLUMNS -> shape (n,), the forecasts of accounts that climbed, in a fixed order. `account` is a
        digest, `at` a midnight; `promised`, `before` and `after` are ten-thousandths of money.
    stayed : (rung, days, month of `at`) -> how many accounts did not climb, and the sums of revenue before, after, of
        the squares before, and of the products; in whole money, so that they add up exactly.
    """

    authors: tuple[str, ...]
    over: Mapping[str | None, int]
    rows: Mapping[str, IntArray]
    stayed: TotalsWithoutClimb

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ResolvedForecasts):
            return NotImplemented
        same = all(np.array_equal(self.rows[name], other.rows[name]) for name in COLUMNS)
        return same and (self.authors, self.over, self.stayed) == (other.authors, other.over, other.stayed)

    __hash__ = None  # type: ignore[assignment]


def resolve_forecasts(histories: Histories, rules: LadderRules, end: int) -> ResolvedForecasts | None:
    """Return the forecasts of some accounts whose horizon is over at `end`; None where no forecast was ever made.

    end : microseconds.
    """
    stream = histories.streams.get("forecasts")
    if stream is None or not len(stream):
        return None
    day = stream.time // MICROSECONDS_PER_DAY * MICROSECONDS_PER_DAY
    days = stream.values["days"].astype(np.int64)
    chosen = np.flatnonzero((day + days * MICROSECONDS_PER_DAY <= end) & (stream.recorded < end))
    day, days, account = day[chosen], days[chosen], stream.account[chosen]
    values = {name: np.zeros(len(chosen), np.int64) for name in ("before", "after", "rung", "later")}
    for span in np.unique(days):
        of_span = days == span
        at = Snapshots(account[of_span], day[of_span])
        then, now = View(histories, at), View(histories, at.later(int(span)))
        for name, view in (("before", then), ("after", now)):
            values[name][of_span] = view.stream("orders").total("revenue", int(span))
        for name, view in (("rung", then), ("later", now)):
            values[name][of_span] = rungs(view, rules)
    climbed = values["later"] > values["rung"]
    rung, before, after = values["rung"], values["before"], values["after"]
    author = stream.values["author"][chosen].astype(np.int64)
    promised = stream.values["extra"][chosen]
    digests = (account_draw(list(histories.account_ids), "forecasts") * 2**48).astype(np.int64)
    columns = (digests[account], day, days, author, rung, promised, before, after)
    kept = climbed & (promised > 0)
    names = dict(enumerate(histories.authors)) | {-1: None}
    return ResolvedForecasts(
        histories.authors,
        {names[code]: count for code, count in sorted(Counter(author.tolist()).items())},
        _sorted({name: column[kept] for name, column in zip(COLUMNS, columns, strict=True)}),
        _totals_without_climb(rung[~climbed], days[~climbed], day[~climbed], before[~climbed], after[~climbed]),
    )


def _totals_without_climb(
    rung: IntArray, days: IntArray, day: IntArray, before: IntArray, after: IntArray
) -> TotalsWithoutClimb:
    month = day // MONTH
    order = np.lexsort((month, days, rung))
    keys = np.column_stack([rung, days, month])[order]
    changes = np.flatnonzero(np.any(keys[1:] != keys[:-1], axis=1)) + 1
    totals = {}
    for own in np.split(order, changes) if len(order) else []:
        x, y = ((amount[own] // FIXED_POINT).tolist() for amount in (before, after))
        key = (int(rung[own[0]]), int(days[own[0]]), int(month[own[0]]))
        totals[key] = (len(x), sum(x), sum(y), sum(map(mul, x, x)), sum(map(mul, x, y)))
    return totals


def _sorted(rows: Mapping[str, IntArray]) -> dict[str, IntArray]:
    order = np.lexsort([rows[name] for name in reversed(COLUMNS)])
    return {name: rows[name][order] for name in COLUMNS}


def add_resolved(parts: Sequence[ResolvedForecasts | None]) -> ResolvedForecasts | None:
    """Join the forecasts of all parts, as if they had been read together; None where no part has any."""
    kept_parts = [part for part in parts if part is not None]
    if not kept_parts:
        return None
    authors = tuple(sorted({name for part in kept_parts for name in part.authors}))
    code = {name: k for k, name in enumerate(authors)}
    over: Counter[str | None] = Counter()
    stayed: dict[tuple[int, int, int], tuple[int, ...]] = defaultdict(lambda: (0, 0, 0, 0, 0))
    columns: dict[str, list[IntArray]] = {name: [] for name in COLUMNS}
    for part in kept_parts:
        over.update(part.over)
        for key, sums in part.stayed.items():
            stayed[key] = tuple(a + b for a, b in zip(stayed[key], sums, strict=True))
        anew = np.array([*(code[name] for name in part.authors), -1], np.int64)
        for name in COLUMNS:
            columns[name].append(anew[part.rows[name]] if name == "author" else part.rows[name])
    joined = {name: np.concatenate(pieces) for name, pieces in columns.items()}
    return ResolvedForecasts(authors, dict(over), _sorted(joined), dict(stayed))  # type: ignore[arg-type]
