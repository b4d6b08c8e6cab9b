"""Every model beside every baseline, on the same rows, with the sign of the difference the right way round."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from tests.told import codes
from tests.trained import small_settings, tiny_dataset
from training.data.dataset import Dataset
from training.data.splits import held_out, rolling_origins
from training.evaluation.evaluation import OURS, Comparison, _which_serves, evaluate
from training.evaluation.grading import grade_report
from training.evaluation.metrics import row_log_loss
from training.evaluation.tables import as_text, table_rows
from training.evaluation.tasks import TASKS
from training.models import baselines
from training.models.fitting import one_linear_algebra_thread
from training.models.next_rung import fit_next_rung
from training.models.revenue import fit_revenue
from training.models.switching import fit_switching


@cache
def comparisons() -> dict[str, Comparison]:
    return {found.task: found for found in evaluate(tiny_dataset(), small_settings(), 2)}


SCIENCE = {
    "next_rung": (
        "class frequencies", "persistence", "mechanical roll-forward", "Markov matrix", "Markov by recency",
        "multinomial logit", "count-process forecast", "default LightGBM",
    ),
    "switching": ("base rate", "recency", "log-RFM logit", "BG/NBD expected purchases", "default LightGBM"),
    "revenue": ("mean",),
}  # fmt: skip


@pytest.mark.parametrize("task", SCIENCE)
def test_the_table_has_every_baseline_and_ours_last(task: str) -> None:
    models = [row.model for row in comparisons()[task].rows]
    assert models[-1] == OURS
    assert all(any(model.startswith(name) for model in models) for name in SCIENCE[task])
    assert models[0] in ("class frequencies", "base rate", "mean")


@pytest.mark.parametrize("task", SCIENCE)
def test_a_difference_above_zero_means_that_ours_is_better(task: str) -> None:
    table = comparisons()[task]
    ours = table.scores(OURS)[table.primary]
    for row in table.rows[:-1]:
        assert row.difference is not None
        assert row.difference.value == pytest.approx(row.scores[table.primary] - ours)
        assert row.difference.low <= row.difference.high
    assert table.rows[-1].difference is None


@pytest.mark.parametrize("task", SCIENCE)
def test_every_score_is_a_number_and_every_table_is_text(task: str) -> None:
    table = comparisons()[task]
    assert all(np.isfinite(value) for row in table.rows for value in row.scores.values())
    headings, rows = table_rows(table)
    assert all(len(row) == len(headings) for row in rows)
    text = as_text(table)
    assert OURS in text
    assert "2025-07-05" in text
    assert "never learnt from" in text
    assert set(table.figures()) >= {f"{task}_{table.primary}", f"{task}_unseen_{table.primary}"}


def test_sets_and_intervals_are_evaluated_out_of_time_on_the_same_rows() -> None:
    found = comparisons()
    sets, intervals = found["next_rung"].sets, found["revenue"].sets
    assert 0.8 < sets["set_coverage"].value <= 1
    assert 1 <= sets["set_size"].value < 4
    assert 0.8 < intervals["interval_coverage"].value <= 1
    assert intervals["above_interval"].value <= 1 - intervals["interval_coverage"].value + 1e-9
    assert found["next_rung"].figures()["next_rung_set_coverage"] == sets["set_coverage"].value
    assert not found["switching"].sets
    assert {"coverage_rungs", "coverage_revenue"} <= set(codes(grade_report(list(found.values()))))


def test_the_simulated_supplier_is_better_than_chance() -> None:
    found = comparisons()
    assert found["next_rung"].scores(OURS)["log_loss"] < found["next_rung"].scores("class frequencies")["log_loss"]
    assert found["switching"].scores(OURS)["auc"] > 0.55


@pytest.mark.parametrize("name", baselines.NEXT_RUNG)
def test_a_baseline_gives_chances_and_learns_from_its_own_rows_only(name: str) -> None:
    data, settings = tiny_dataset(), small_settings()
    fold = rolling_origins(data.sample, held_out(data.histories, 0.2), settings, 1)[0]
    baseline = baselines.NEXT_RUNG[name]
    found = baseline(data, fold.train, fold.test, settings)
    assert found.shape == (fold.test.sum(), 7)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-9)
    assert (found >= 0).all()
    elsewhere = np.where(fold.train, data.labels.next_rung, 6 - data.labels.next_rung)
    again = baseline(_with_next_rung(data, elsewhere), fold.train, fold.test, settings)
    np.testing.assert_array_equal(again, found)


def _with_next_rung(data: Dataset, next_rung: np.ndarray) -> Dataset:
    return replace(data, labels=replace(data.labels, next_rung=next_rung))


@pytest.mark.parametrize("name", baselines.SWITCHING)
def test_a_baseline_of_switching_learns_from_its_own_rows_only(name: str) -> None:
    data, settings = tiny_dataset(), small_settings()
    fold = rolling_origins(data.sample, held_out(data.histories, 0.2), settings, 1)[0]
    train, test = fold.train & data.labels.can_switch, fold.test & data.labels.can_switch
    found = baselines.SWITCHING[name](data, train, test, settings)
    assert found.shape == (test.sum(), 1)
    assert ((found >= 0) & (found <= 1)).all()
    elsewhere = np.where(train, data.labels.switched, 1 - data.labels.switched)
    other = replace(data, labels=replace(data.labels, switched=elsewhere))
    np.testing.assert_array_equal(baselines.SWITCHING[name](other, train, test, settings), found)


def test_ours_learns_nothing_from_the_rows_that_judge_it() -> None:
    data, settings = tiny_dataset(), small_settings()
    fold = rolling_origins(data.sample, held_out(data.histories, 0.2), settings, 1)[0]
    labels = data.labels
    spoilt = replace(
        labels,
        next_rung=np.where(fold.train, labels.next_rung, 0),
        switched=np.where(fold.train, labels.switched, 1),
        revenue=np.where(fold.train, labels.revenue, 1e6),
    )
    with one_linear_algebra_thread():
        for fit in (fit_next_rung, fit_switching, fit_revenue):
            assert fit(replace(data, labels=spoilt), fold.train, settings) == fit(data, fold.train, settings)


def test_persistence_by_hand() -> None:
    """Right in share r of the training rows: r + (1 - r) x class frequency for today's rung."""
    data, settings = tiny_dataset(), small_settings()
    fold = rolling_origins(data.sample, held_out(data.histories, 0.2), settings, 1)[0]
    found = baselines.NEXT_RUNG["persistence"](data, fold.train, fold.test, settings)
    weight, target, rung = data.weight[fold.train], data.labels.next_rung[fold.train], data.labels.rung[fold.train]
    right = np.average(target == rung, weights=weight)
    share = np.bincount(target, weights=weight, minlength=7) / weight.sum()
    first = data.labels.rung[fold.test][0]
    assert found[0, first] == pytest.approx(right + (1 - right) * share[first], abs=1e-4)
    assert row_log_loss(found, data.labels.next_rung[fold.test]).mean() < 2.0


@pytest.mark.parametrize(
    ("ours", "rule", "serves"),
    [
        pytest.param([80.0, 120.0, 40.0], [100.0, 100.0, 50.0], True, id="nearer in both"),
        pytest.param([100.0, 100.0, 50.0], [80.0, 120.0, 40.0], False, id="farther in both"),
        pytest.param([130.0, 130.0, 50.0], [100.0, 100.0, 110.0], False, id="nearer on average alone"),
    ],
)
def test_a_rule_serves_where_no_score_that_decides_is_worse(ours: list[float], rule: list[float], serves: bool) -> None:
    """By the mean of both scores a rule served that was ahead in one and behind in the other, mostly for one period."""
    (task,) = (one for one in TASKS if one.name == "revenue")
    name = "last year's pace"
    found = {OURS: np.array(ours)[:, None], **dict.fromkeys(task.baselines, np.full((3, 1), 1e6))}
    found[name] = np.array(rule)[:, None]
    assert _which_serves(task, found, np.array([100.0, 100.0, 50.0]), np.zeros(3, np.int64)) == (
        name if serves else OURS
    )
