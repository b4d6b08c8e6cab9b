"""A segment that is worse off is found, and chance is not."""

from dataclasses import replace

import numpy as np

from features.instants import FloatArray
from tests.trained import tiny_dataset
from tests.training.evaluation.comparisons import tiny_comparisons
from training.evaluation.evaluation import OURS, Comparison
from training.promotion.segments import CHAMPION, judge_segments


def with_losses(ours: FloatArray, theirs: FloatArray) -> Comparison:
    """The next rung's table, with other losses for ours and the best baseline."""
    table = tiny_comparisons()[0]
    assert table.holdout is not None
    baselines = [row for row in table.rows if row.model != OURS]
    best = min(baselines, key=lambda row: row.scores[table.primary]).model
    return replace(table, holdout=replace(table.holdout, losses={OURS: ours, best: theirs}))


def judged_rows() -> np.ndarray:
    table = tiny_comparisons()[0]
    assert table.holdout is not None
    return table.holdout.rows


def noise(seed: int) -> FloatArray:
    return np.random.default_rng(seed).normal(1.0, 0.3, len(judged_rows()))


def test_the_one_that_is_worse_off_is_found() -> None:
    data = tiny_dataset()
    country = data.histories.profile["country"][data.snapshots.account[judged_rows()]]
    ours = noise(0) + np.where(country == "NL", 0.3, 0.0)
    found = judge_segments(data, [with_losses(ours, noise(1))], {}, 30)
    worse = [one for one in found if one.q <= 0.05]
    assert (worse[0].kind, worse[0].name) == ("country", "NL")
    assert worse[0].worse > 0.2
    assert worse[0].rival != CHAMPION


def test_of_many_that_are_alike_hardly_any_is_called_worse() -> None:
    called = 0
    for seed in range(20):
        found = judge_segments(tiny_dataset(), [with_losses(noise(2 * seed), noise(2 * seed + 1))], {}, 10)
        assert len(found) >= 10
        called += any(one.q <= 0.05 for one in found)
    assert called <= 4  # one in twenty is allowed


def test_the_champion_is_a_rival_where_it_was_asked() -> None:
    theirs = noise(3)
    theirs[: len(theirs) // 2] = np.nan
    found = judge_segments(tiny_dataset(), [with_losses(noise(0), noise(1))], {"next_rung": theirs}, 30)
    asked = {(one.kind, one.name): one.snapshots for one in found if one.rival != CHAMPION}
    again = {(one.kind, one.name): one.snapshots for one in found if one.rival == CHAMPION}
    assert again
    assert all(again[part] < asked[part] for part in again)


def test_small_segments_are_not_looked_at() -> None:
    found = judge_segments(tiny_dataset(), tiny_comparisons(), {}, 60)
    assert found
    assert all(one.accounts >= 60 for one in found)
    assert judge_segments(tiny_dataset(), tiny_comparisons(), {}, 10**6) == ()
    assert {one.kind for one in found} <= {"rung", "country", "industry", "segment", "size"}
