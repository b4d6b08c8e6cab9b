"""What is wrong with a raw column, by what the model remembers of it: only what no month of the year before had."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from scipy.stats import binom

from features.histories.column_profiles import STEPS, number_of
from features.instants import FloatArray
from training.data.raw_columns import difference
from training.monitoring.broken_column import (
    CONSTANT,
    EMPTIED,
    HOUR_LOST,
    LESS,
    MOVED,
    NEW,
    ONE_RENAMED,
    RENAMED,
    RESCALED,
    REVERSED,
    SHIFTED,
    SIGNS,
    SWAPPED,
    BrokenColumn,
)

LEAST_FILLED, EMPTY = 0.05, 0.1
"""The share filled before that a column must have had, and the part of it below which it counts as emptied."""
HALF_LOST = 0.5
"""The part of the share filled that may go before it is said that the column is filled less."""
KNOWN_SHARE, STILL_KNOWN = 0.8, 0.5
"""The share that the remembered values must have had together, and the share now below which they are others."""
LEAST_FACTOR, LEAST_DOUBTED = 5.0, 1.7
"""How many times as large numbers must be, at every quantile alike, before they count as in another unit: always, and
where they lie farther off than in any month of the year before."""
ALIKE = 0.15
"""How far the factor may differ from quantile to quantile, in powers of ten."""
SIGN, LEAST_SIGN = 0.5, 0.02
"""By how much the share of negative numbers must move; the share of them that is missed when it is gone."""
LEAST_OVERLAP, GAINED, PEAKED = 0.75, 0.2, 0.2
"""Of profiles of hours: how alike a shifted one must be, how much more so than unshifted, and how far from flat."""
MOST_NAMED = 5
SEEN_AGAIN = 1.5
"""Cells of a value, from which on it was seen more than once: as large as the share of those seen once is the share of
values yet to come (Good 1953), so that texts of which every row has its own say nothing."""
BY_CHANCE = 1e-6
"""The chance that a value or a filled cell is missing among so many rows, below which it is not by chance."""
LEAST_VALUE, AS_FREQUENT = 0.02, 2.0
"""The share of the rows that a value must have had, and by what factor the one in its place may differ."""
NEW_SHARE = 0.1
"""The share from which on a value that nobody knew is told of, beside those that are there yet."""
ONE_HOUR, SEVERAL_HOURS = 0.95, 0.6
"""The share of times in a single hour that have lost it, and the share of the fullest one before."""
FAR, THAN_USUAL, BY_SAMPLING = 0.4, 2.0, 2.47
"""How far a column must have moved: of its cells; of what the months of the year before did; and of what two samples do
(the Kolmogorov-Smirnov bound of one in a hundred thousand, as some hundred columns and parts are looked at)."""
EXPLAINED_FAR, LEAST_CELLS = 0.15, 100
"""How far where one rule explains it, and the cells that this takes."""
MIRRORED, EXPLAINED = 0.7, 0.35
"""The share of cells that a scale turned round must explain; the part of a move that exchanged names may leave over."""


def emptied(
    table: str, name: str, before: Mapping[str, Any], now: Mapping[str, Any], rows: int
) -> Iterator[BrokenColumn]:
    """Yield that a column lost its cells.  rows : that are looked at now, with `now` what they hold."""
    was, share = min(before["filled"], before.get("filled_lately", 1.0)), now["filled"]
    if was >= LEAST_FILLED and share < HALF_LOST * was and binom.cdf(round(share * rows), rows, was) < BY_CHANCE:
        yield BrokenColumn(table, name, EMPTIED if share < EMPTY * was else LESS, was, share)


def other_cells(
    table: str, name: str, before: Mapping[str, Any], now: Mapping[str, Any], *, learnt: float, filled: float
) -> Iterator[BrokenColumn]:
    """Yield that a column holds other cells.  learnt, filled : that the model remembers, and that there are now."""
    sampling = (1 / filled + 1 / learnt) ** 0.5
    if "values" in before and "values" in now:
        again = sum(share for share in before["values"].values() if share * learnt >= SEEN_AGAIN)
        once = sum(before["values"].values()) - again
        mine = [*_values(table, name, before["values"], now["values"], known=again, filled=round(filled))]
        yield from mine
        moved = _moved(before, now, sampling, filled, once)
        if moved and not any(one.kind == RENAMED for one in mine):
            yield from _other_shares(table, name, before, now, moved)
    elif "quantiles" in before and "quantiles" in now:
        yield from _numbers(table, name, before, now, filled=filled, sampling=sampling)
    elif "hours" in before and "hours" in now:
        gained = max(GAINED, BY_SAMPLING * sampling)
        yield from _hours(table, name, np.array(before["hours"]), np.array(now["hours"]), gained)


def _values(
    table: str, name: str, before: Mapping[str, float], now: Mapping[str, float], *, known: float, filled: int
) -> Iterator[BrokenColumn]:
    """Yield values under other names, most of them or one.

    known : the share that values seen more than once had.  filled : cells that are looked at now.
    """
    still = sum(share for value, share in now.items() if value in before)
    new = sorted((value for value in now if value not in before), key=lambda value: (-now[value], value))
    if known >= KNOWN_SHARE and still < STILL_KNOWN:
        yield BrokenColumn(table, name, RENAMED, known, still, names=tuple(new[:MOST_NAMED]))
        return
    for value, was in before.items():
        gone = binom.cdf(round(now.get(value, 0.0) * filled), filled, was) < BY_CHANCE
        if was >= LEAST_VALUE and now.get(value, 0.0) < EMPTY * was and gone:
            alike = [other for other in new if was / AS_FREQUENT <= now[other] <= was * AS_FREQUENT]
            if alike:
                nearest = min(alike, key=lambda other: abs(now[other] - was))
                new.remove(nearest)
                yield BrokenColumn(table, name, ONE_RENAMED, was, now[nearest], names=(value, nearest))
    many = [value for value in new if now[value] >= NEW_SHARE]
    if known >= KNOWN_SHARE and many:
        yield BrokenColumn(table, name, NEW, 0.0, sum(now[value] for value in many), names=tuple(many[:MOST_NAMED]))


def _moved(
    before: Mapping[str, Any], now: Mapping[str, Any], sampling: float, filled: float, once: float = 0.0
) -> float:
    """Return the share of cells that lie elsewhere than in any month of the year before; 0.0 where chance or a usual
    month does the same, or none is known.

    sampling : the root of 1 / cells of both.  filled : cells now.  once : the share of values that were seen once.
    """
    apart = difference(before, now) - once
    kinds = len(before.get("values", ()))
    by_chance = (BY_SAMPLING + np.sqrt(kinds) / 2) * sampling
    far = max(THAN_USUAL * before.get("usual", 1.0), by_chance, EXPLAINED_FAR if filled >= LEAST_CELLS else FAR)
    return apart if apart >= far else 0.0


def _other_shares(
    table: str, name: str, before: Mapping[str, Any], now: Mapping[str, Any], apart: float
) -> Iterator[BrokenColumn]:
    """Yield that values known of old have other shares: exchanged, as where yes and no are, or merely others."""
    was, share = before["values"], now["values"]
    ranked = zip(*(sorted(one.items(), key=lambda item: (-item[1], item[0])) for one in (was, share)), strict=False)
    pairs = [(old, new) for old, new in ranked if old[0] != new[0]]
    left = sum(abs(a - b) for a, b in zip(sorted(was.values()), sorted(share.values()), strict=True)) / 2 if (
        was.keys() == share.keys()
    ) else 1.0  # fmt: skip
    if left <= EXPLAINED * apart and pairs:
        (old, before_share), (new, _) = pairs[0]
        yield BrokenColumn(table, name, SWAPPED, before_share, share[old], names=(old, new))
        return
    most = max({*was, *share}, key=lambda value: (abs(share.get(value, 0.0) - was.get(value, 0.0)), value))
    if apart >= FAR:
        yield BrokenColumn(table, name, MOVED, was.get(most, 0.0), share.get(most, 0.0), change=apart, names=(most,))


def _numbers(
    table: str, name: str, before: Mapping[str, Any], now: Mapping[str, Any], *, filled: float, sampling: float
) -> Iterator[BrokenColumn]:
    lost = now["negative"] < EMPTY * before["negative"] and before["negative"] >= LEAST_SIGN and (
        binom.cdf(round(now["negative"] * filled), round(filled), before["negative"]) < BY_CHANCE
    )  # fmt: skip
    if lost or abs(now["negative"] - before["negative"]) > SIGN:
        yield BrokenColumn(table, name, SIGNS, before["negative"], now["negative"])
        return
    middle = len(before["quantiles"]) // 2
    medians = before["quantiles"][middle], now["quantiles"][middle]
    moved = _moved(before, now, sampling, filled)
    turned = _turned(before, now) if moved else None
    factor = _factor(before["quantiles"], now["quantiles"], moved > 0)
    if turned is not None:
        yield BrokenColumn(table, name, REVERSED, *medians, change=turned)
    elif len({*now["quantiles"]}) == 1 < len({*before["quantiles"][1:-1]}):
        yield BrokenColumn(table, name, CONSTANT, *medians)
    elif factor is not None:
        yield BrokenColumn(table, name, RESCALED, *medians, change=factor)
    elif moved >= FAR:
        yield BrokenColumn(table, name, MOVED, *medians, change=moved)


def _turned(before: Mapping[str, Any], now: Mapping[str, Any]) -> float | None:
    """Return the sum of a number and what stands for it now, where a scale, or a share, is turned round.

    None where it is not.
    """
    if not all(size.startswith("=") for size in (*before["sizes"], *now["sizes"])):
        ends = zip(before["quantiles"], reversed(now["quantiles"]), strict=True)
        step = 10 ** (1 / STEPS)
        return 1.0 if all(0 <= a < 1 and (1 - a) / step <= b <= (1 - a) * step for a, b in ends) else None
    was, share = ({number_of(size): one for size, one in sizes["sizes"].items()} for sizes in (before, now))

    def alike(sign: int) -> tuple[float, float]:
        """Return how much of the answers one rule explains at best, and its constant."""
        constants = {b - sign * a for a in was for b in share}
        return max((sum(min(one, share.get(sign * a + by, 0.0)) for a, one in was.items()), by) for by in constants)

    (turned, total), (shifted, _) = alike(-1), alike(1)
    return total if turned >= MIRRORED and turned > shifted else None


def _factor(before: Sequence[float], now: Sequence[float], moved: bool) -> float | None:
    """Return how many times as large numbers are at every quantile alike; None where they are not in another unit.

    moved : whether they lie farther off than in any month before, so that a smaller factor is no chance.
    """
    least, apart = (LEAST_DOUBTED, 1 / STEPS + 1e-6) if moved else (LEAST_FACTOR, 2 * ALIKE)
    pairs = [(b, n) for b, n in zip(before[1:], now[1:], strict=True) if b or n][:3]
    logs = [np.log10(n / b) for b, n in pairs if b and n and (b > 0) == (n > 0)]
    if len(logs) < 3 or max(logs) - min(logs) > (2 * ALIKE if abs(np.mean(logs)) >= np.log10(LEAST_FACTOR) else apart):
        return None
    if abs(np.mean(logs)) < np.log10(least):
        return None
    factor = float(10 ** np.mean(logs))
    exact = 10.0 ** round(np.log10(factor))
    return exact if abs(np.log10(factor / exact)) <= ALIKE else float(f"{factor:.2g}")


def _hours(table: str, name: str, before: FloatArray, now: FloatArray, gained: float) -> Iterator[BrokenColumn]:
    """Yield that times lost their hour, or are shifted.  gained : how much more alike they must be when moved."""
    if now.max() >= ONE_HOUR and before.max() < SEVERAL_HOURS:
        yield BrokenColumn(table, name, HOUR_LOST, before=float(before.max()), now=float(now.max()),
                           change=float(now.argmax()))  # fmt: skip
        return
    if np.abs(before - 1 / 24).sum() / 2 < PEAKED:  # around the clock: a shift would not show
        return
    overlaps = {shift: float(np.minimum(np.roll(before, shift), now).sum()) for shift in range(-11, 13)}
    best = max(overlaps, key=lambda shift: (overlaps[shift], -abs(shift)))
    if best and overlaps[best] >= LEAST_OVERLAP and overlaps[best] >= overlaps[0] + gained:
        yield BrokenColumn(table, name, SHIFTED, before=overlaps[0], now=overlaps[best], change=float(best))
