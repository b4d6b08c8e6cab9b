"""Half of the rows is missed though seasons and growth move them; a season that a year before had is none."""

from collections.abc import Sequence

import numpy as np
import pytest

from features.histories.column_profiles import ROWS, WEEK, Counts
from training.monitoring.broken_column import BrokenColumn
from training.monitoring.row_counts import row_counts

FIRST, TRAINED = 1_500, 110


def weekly(weeks: int = 140, seed: int = 0) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """A wholesaler: twice as much before Christmas, hardly anything in its week, and a tenth more each year."""
    at = np.arange(weeks)
    season = 1 + np.exp(-(((at % 52) - 45) ** 2) / 20) - 0.9 * (at % 52 == 51)
    return np.random.default_rng(seed).poisson(80 * season * 1.1 ** (at / 52))


def found(rows: Sequence[int], learnt: Sequence[int] | None = None) -> tuple[BrokenColumn, ...]:
    learnt = rows if learnt is None else learnt
    before = {"by_week": [int(n) for n in learnt[TRAINED - 52 : TRAINED]], "until_week": FIRST + TRAINED}
    counts = Counts(
        FIRST + np.arange(len(rows)), np.zeros(len(rows), np.int64), np.asarray(rows, np.int64), (ROWS,)
    )  # fmt: skip
    return tuple(row_counts("orders", before, counts, (FIRST + len(rows)) * WEEK))


@pytest.mark.parametrize("seed", range(3))
def test_a_year_with_its_seasons_is_healthy(seed: int) -> None:
    rows = weekly(165, seed)
    assert [found(rows[:weeks]) for weeks in range(TRAINED + 1, 165)] == [()] * (164 - TRAINED)


@pytest.mark.parametrize("since", [112, 120, 132])
def test_half_of_the_rows_since_a_week_is_named_within_four(since: int) -> None:
    rows = weekly()
    rows[since:] = rows[since:] // 2
    weeks = next(weeks for weeks in range(since, 140) if found(rows[:weeks]))
    assert weeks - since <= 4
    (fallen,) = found(rows)
    assert fallen.kind == "fell"
    assert fallen.now == pytest.approx(fallen.before / 2, rel=0.2)


def test_a_fall_without_a_year_before_may_be_a_season_and_is_only_noted() -> None:
    rows = weekly()[60:]
    rows[-5:] = rows[-5:] // 2
    short = [int(n) for n in rows[-40:]]
    before = {"by_week": short[:30], "until_week": FIRST + 30}
    counts = Counts(FIRST + np.arange(40), np.zeros(40, np.int64), np.array(short), (ROWS,))
    (noted,) = row_counts("orders", before, counts, (FIRST + 40) * WEEK)
    assert noted.kind == "fell_unknown"


def test_rows_that_were_learnt_from_and_are_gone_are_named_and_late_ones_are_not() -> None:
    rows, learnt = weekly(), weekly()
    learnt[TRAINED - 2 : TRAINED] //= 3  # they were still coming in
    assert found(rows, learnt) == ()
    (gone,) = found(rows // 2, learnt)
    assert (gone.kind, gone.before, gone.now) == ("history_gone", sum(rows[58:108]), sum(rows[58:108] // 2))
    assert [one.kind for one in found(rows * 2, learnt)] == ["history_added"]
