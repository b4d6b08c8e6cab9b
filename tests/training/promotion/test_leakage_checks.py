"""Knowledge of the future, planted: each canary falls, and only where it should."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from features.catalog import catalog
from features.instants import FloatArray
from tests.trained import tiny_dataset
from tests.training.evaluation.comparisons import tiny_comparisons
from training.data.dataset import Dataset
from training.evaluation.holdout_predictions import HoldoutPredictions
from training.promotion.behavioural_tests import with_row
from training.promotion.leakage_checks import column_aucs, score_late, strongest_alone, tables_with_recording

COLUMN = catalog.NAMES.index("tickets_90d")


def test_one_column_s_auc_is_scikit_learn_s() -> None:
    rng = np.random.default_rng(0)
    values, happened = rng.integers(0, 5, (300, 4)).astype(float), rng.random(300) < 0.3
    expected = [roc_auc_score(happened, column) for column in values.T]
    assert column_aucs(values, happened) == pytest.approx([max(auc, 1 - auc) for auc in expected])


def leaky(absence: bool) -> Dataset:
    """A feature that is filled in for those who left, and for nobody else."""
    data = tiny_dataset()
    matrix = data.matrix.copy()
    matrix[:, COLUMN] = np.where(data.labels.switched > 0, 7.0, np.nan) if absence else data.labels.switched
    return replace(data, matrix=matrix)


@pytest.mark.parametrize("absence", [True, False])
def test_a_feature_that_tells_the_outcome_is_found(absence: bool) -> None:
    first = strongest_alone(leaky(absence))[0]
    assert (first.feature, first.outcome, first.auc) == ("tickets_90d", "left", 1.0)


def test_honest_features_tell_less() -> None:
    found = strongest_alone(tiny_dataset(), 5)
    assert len(found) == 5
    assert 0.6 < found[0].auc < 0.95
    assert [one.auc for one in found] == sorted((one.auc for one in found), reverse=True)


@pytest.mark.parametrize(("definition", "asked"), [("recorded", True), ("rhythm", False), ("silence", False)])
def test_orders_may_tell_who_left_where_leaving_is_read_from_orders(definition: str, asked: bool) -> None:
    data = tiny_dataset()
    matrix = data.matrix.copy()
    matrix[:, catalog.NAMES.index("days_since_order_day")] = data.labels.switched
    found = strongest_alone(replace(data, matrix=matrix, definition=definition), most=len(catalog.NAMES))
    assert any(one.feature == "days_since_order_day" and one.outcome == "left" for one in found) == asked


class TicketReader:
    """A model that looks at one thing: whether a ticket was opened in the last thirty days."""

    def predict(self, matrix: FloatArray) -> FloatArray:
        return np.where(matrix[:, [COLUMN]] > 0, 0.95, 0.05)


def test_skill_that_lives_by_rows_of_the_last_day_is_lost_a_day_later() -> None:
    """Whoever leaves got a ticket, written afterwards with the date of the day before the origin."""
    data = tiny_dataset()
    comparison = next(table for table in tiny_comparisons() if table.task == "switching")
    assert comparison.holdout is not None
    as_of = data.snapshots.as_of[comparison.holdout.rows]
    rows = comparison.holdout.rows[as_of == as_of.max()]
    left = data.snapshots.account[rows[data.labels.switched[rows] > 0]]
    tickets = data.histories.streams["tickets"]
    empty = replace(
        tickets, bounds=np.zeros_like(tickets.bounds), time=tickets.time[:0], recorded=tickets.recorded[:0],
        values={name: column[:0] for name, column in tickets.values.items()},
    )  # fmt: skip
    every = with_row(tickets, int(as_of.max()), {})
    planted = np.isin(every.account, left) & (every.time == as_of.max() - 12 * 3_600_000_000)
    counts = np.bincount(every.account[planted], minlength=len(tickets.bounds) - 1)
    stream = replace(
        empty, bounds=np.concatenate([[0], np.cumsum(counts)]), time=every.time[planted],
        recorded=every.recorded[planted], values={name: column[planted] for name, column in every.values.items()},
    )  # fmt: skip
    histories = replace(data.histories, streams={**data.histories.streams, "tickets": stream})
    told = np.where(np.isin(data.snapshots.account[rows], left), 0.95, 0.05)[:, None]
    judged = HoldoutPredictions(rows, told, {}, TicketReader())
    found = score_late(replace(data, histories=histories), [replace(comparison, holdout=judged)])
    assert [(one.task, one.days) for one in found] == [("switching", 1), ("switching", 7)]
    assert all(one.lost.value > 0.9 and one.lost.low > 0.5 for one in found)


def test_a_true_picture_fades_slowly() -> None:
    for one in score_late(tiny_dataset(), tiny_comparisons()):
        assert one.days in (1, 7)
        assert one.lost.low < 0.25, one


def test_whether_late_recordings_are_known_is_counted() -> None:
    dated, held = tables_with_recording(tiny_dataset())
    assert 0 <= dated <= held
    assert held == sum(len(stream) > 0 for stream in tiny_dataset().histories.streams.values())
