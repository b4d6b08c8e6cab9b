"""Agreement on the rung, and whose view foretold the next one."""

import numpy as np
import pytest

from features.instants import instant
from features.ladder.rules import LadderRules
from tests.builders import Row, histories
from training.account_managers.rung_agreement import foresight, judge_views, quadratic_kappa
from training.data.resolved_assessments import ResolvedAssessments, add_assessments, resolve_assessments


def _kappa(a: list[int], b: list[int]) -> float:
    x, y = np.array(a, float), np.array(b, float)
    return quadratic_kappa(np.array([len(x), x.sum(), y.sum(), x @ x, x @ y, y @ y]))


def test_kappa_is_that_of_scikit_learn() -> None:
    from sklearn.metrics import cohen_kappa_score

    rng = np.random.default_rng(0)
    a = rng.integers(0, 7, 300)
    b = np.clip(a + rng.integers(-1, 2, 300), 0, 6)
    assert _kappa(a.tolist(), b.tolist()) == pytest.approx(cohen_kappa_score(a, b, weights="quadratic"))
    assert _kappa([1, 2, 3], [1, 2, 3]) == 1
    assert np.isnan(_kappa([1, 1], [1, 1]))


def _resolved(informed: bool) -> ResolvedAssessments:
    """The rule says customer of everybody; what comes is what the manager says, or nothing that anybody knows."""
    rng = np.random.default_rng(1)
    later = rng.choice([2, 3, 4], 400)
    manager = later if informed else rng.choice([2, 3, 4], 400)
    rows = [np.arange(400) // 2, np.arange(400), np.arange(400) % 2, np.full(400, 3), manager]
    rows += [np.full(400, -1), np.full(400, -1), later]
    return ResolvedAssessments(("anna", "bob"), np.column_stack(rows).astype(np.int64))


def test_a_manager_who_knows_more_foretells_better_and_one_who_guesses_does_not() -> None:
    rows, findings = judge_views(_resolved(True))
    assert [(row["who"], row["manager"], row["cases"]) for row in rows] == [
        ("rule", None, 400), ("managers", None, 400), ("surveys", None, 0), ("service", None, 0),
        ("manager", "anna", 200), ("manager", "bob", 200),
    ]  # fmt: skip
    assert [one.code for one in findings] == ["views_agree", "managers_foretold_better"]
    assert float(rows[1]["better_low"] or 0) > 0.5
    guessed = judge_views(_resolved(False))[1]
    assert guessed[1].code in ("views_foretold_alike", "rule_foretold_better")
    assert judge_views(None) == ((), ())


def test_no_case_foretells_itself() -> None:
    seen, later, account = np.array([1, 2, 3]), np.array([4, 5, 6]), np.array([0, 1, 2])
    scores, _ = foresight(seen, later, account)
    assert np.exp(scores) == pytest.approx(2 / 10), "the usual share, since nobody else stood there"


ORDERS: list[Row] = [("A", f"2024-{month:02}-10", 10.0) for month in range(1, 13)] + [("B", "2024-01-10", 10.0)]
ASSESSED: list[Row] = [
    {"account_id": "A", "assessed_at": "2024-03-01", "rung": "advocate", "made_by": "anna"},
    {"account_id": "B", "assessed_at": "2024-03-01", "rung": "shopper"},
    {"account_id": "B", "assessed_at": "2024-11-01", "rung": "customer", "made_by": "bob"},
]


def test_an_assessment_counts_once_its_horizon_is_over() -> None:
    known = histories(orders=ORDERS, assessments=ASSESSED)
    found = resolve_assessments(known, LadderRules(), 180, instant("2025-01-01"))
    assert found is not None
    names = ("author", "rule", "manager", "surveys", "service", "later")
    rows = sorted(zip(*(found.column(name).tolist() for name in names), strict=True))
    assert rows == [(-1, 2, 2, -1, -1, 2), (0, 3, 5, -1, -1, 4)]
    parts = [
        resolve_assessments(
            histories(orders=orders, assessments=assessed), LadderRules(), 180, instant("2025-01-01"),
        ) for orders, assessed in ((ORDERS[:12], ASSESSED[:1]), (ORDERS[12:], ASSESSED[1:]))
    ]  # fmt: skip
    assert add_assessments(parts) == found
    assert resolve_assessments(histories(orders=ORDERS), LadderRules(), 180, instant("2025-01-01")) is None
