"""A grade says in words what the interval says, and no more; a reliability table reads aloud."""

import numpy as np
import pytest

from tests.told import codes, told
from tests.trained import small_settings, tiny_dataset
from training.evaluation.cluster_bootstrap import Interval
from training.evaluation.evaluation import OURS, Comparison, Row, evaluate, share_of
from training.evaluation.grading import HAPPENED, SIMPLEST, grade, grade_report, reliability
from training.evaluation.metrics import Band, reliability_bands
from training.model.findings import NOTE, OK, WARNING, Finding
from training.pipeline import train_on


def comparison(
    low: float, value: float, high: float, task: str = "switching", bands: tuple[Band, ...] = ()
) -> Comparison:
    rows = (
        Row("base rate", {"log_loss": 0.7}, Interval(0.3, 0.2, 0.4)),
        Row(SIMPLEST[task], {"log_loss": 0.5}, Interval(value, low, high), Interval(2 * value, 2 * low, 2 * high)),
        Row(OURS, {"log_loss": 0.5 - value}, None),
    )
    return Comparison(task, "log_loss", rows, ("2025-01-01",), 1200, bands=bands)


@pytest.mark.parametrize(
    ("low", "value", "high", "mark"),
    [
        (0.02, 0.04, 0.06, "clearly_better"),
        (0.001, 0.01, 0.02, "a_little_better"),
        (-0.01, 0.002, 0.02, "no_better"),
        (-0.02, -0.01, -0.001, "worse"),
        (-0.05, 0.02, 0.09, "cannot_tell"),
        (-0.05, -0.01, 0.03, "cannot_tell"),
        (0.0, 0.01, 0.02, "no_better"),
    ],
)
def test_a_grade_follows_the_interval(low: float, value: float, high: float, mark: str) -> None:
    assert grade(comparison(low, value, high)).code == f"grade_{mark}"


def test_a_grade_is_a_sentence_with_its_interval_and_its_base() -> None:
    assert told(grade(comparison(0.02, 0.04, 0.06))) == (
        "grade of leaving: clearly better than recency alone (who has been silent longest leaves); "
        "its log loss is 8.0% lower [95%: 4.0% lower to 12.0% lower], on 1,200 snapshots"
    )
    assert "too few" in told(grade(comparison(-0.05, 0.02, 0.09)))
    assert "persistence" in told(grade(comparison(0.02, 0.04, 0.06, "next_rung")))


def test_no_loss_is_lower_by_more_than_all_of_it() -> None:
    """A few accounts, most of whose loss lies in two of them: the loss of both models moves with each draw."""
    theirs = np.array([6.0, 5.0, 0.1, 0.1, 0.1, 0.0, 0.0, 0.2])
    part = share_of(theirs, 0.1 * theirs, np.arange(8))
    assert part is not None
    assert (part.low, part.value, part.high) == pytest.approx((0.9, 0.9, 0.9), abs=1e-6)
    part = share_of(theirs, np.full(8, 0.3), np.arange(8))
    assert part is not None
    assert part.value == pytest.approx(1 - 2.4 / theirs.sum())
    assert part.low < part.value < part.high < 1
    assert share_of(np.zeros(3), np.ones(3), np.arange(3)) is None


def test_bands_by_hand() -> None:
    chance = np.array([0.05, 0.3, 0.31, 0.39, 0.4, 1.0, 0.0])
    happened = np.array([0, 1, 0, 0, 1, 1, 0])
    bands = reliability_bands(chance, happened, np.arange(7))
    assert [(band.low, band.snapshots) for band in bands] == [(0.0, 2), (0.3, 3), (0.4, 1), (0.9, 1)]
    assert bands[1].observed.value == pytest.approx(1 / 3)
    assert bands[1].predicted == pytest.approx(1 / 3, abs=0.001)
    assert bands[1].observed.low <= 1 / 3 <= bands[1].observed.high


def test_reliability_reads_aloud() -> None:
    bands = (
        Band(0.3, 0.4, 0.35, Interval(0.34, 0.28, 0.41), 312),
        Band(0.9, 1.0, 0.95, Interval(1.0, 1.0, 1.0), 1),
    )
    found = reliability(comparison(0.1, 0.2, 0.3, bands=bands))
    assert told(found).split("\n") == [
        "of the accounts that we gave 30–40%, 34% left [95%: 28% to 41%] (312 snapshots)",
        "of the accounts that we gave 90–100%, too few to tell how many left: it was given once",
    ]


@pytest.mark.parametrize(
    ("low", "high", "severity"),
    [(0.28, 0.41, OK), (0.41, 0.5, WARNING), (0.1, 0.29, WARNING), (0.404, 0.5, OK), (0.1, 0.296, OK)],
)
def test_a_band_is_a_warning_where_what_came_true_cannot_be_what_was_given(
    low: float, high: float, severity: str
) -> None:
    """To a whole per cent: nobody sees more of it."""
    band = Band(0.3, 0.4, 0.35, Interval((low + high) / 2, low, high), 312)
    assert [one.severity for one in reliability(comparison(0.1, 0.2, 0.3, bands=(band,)))] == [severity]


def test_a_prediction_that_could_not_be_judged_is_said_to_have_no_grade() -> None:
    found = grade_report([comparison(0.02, 0.04, 0.06, "next_rung")])
    assert Finding.of("grade_none", NOTE, task="switching") in found
    assert grade_report([]) == []


def test_every_prediction_is_graded_and_every_snapshot_stands_in_one_band() -> None:
    found = evaluate(tiny_dataset(), small_settings(), 2)
    assert {one.task for one in found} == set(SIMPLEST) - {"renewal", "win_back"}  # those are of some
    for one in found:
        assert grade(one).code.startswith("grade_")
        if one.task in HAPPENED:
            assert sum(band.snapshots for band in one.bands) == one.snapshots
            assert all(band.low - 1e-6 <= band.predicted <= band.high + 1e-6 for band in one.bands)
            assert len(reliability(one)) == len(one.bands)
        else:
            assert one.bands == ()


def test_the_grade_travels_in_the_bundle() -> None:
    trained = train_on(tiny_dataset(), small_settings(), 1)
    assert trained.bundle.facts.report == trained.report
    assert {"reliability", "coverage_rungs", "coverage_revenue"} <= set(codes(trained.report))
    assert any(code.startswith("grade_") for code in codes(trained.report))
