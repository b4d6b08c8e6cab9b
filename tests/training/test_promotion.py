"""Checks as pure functions of one context, each on a context written by hand."""

from dataclasses import replace

import pytest

from tests.trained import tiny_bundle
from training.bundle import Facts
from training.evaluation import OURS, Comparison, Row
from training.metrics import Interval
from training.promotion import (
    CHECKS,
    Finding,
    PromotionContext,
    beats_baselines,
    beats_champion,
    calibrated,
    examine,
    forgets_nothing,
    judged_out_of_time,
    passes,
)
from training.settings import PromotionSettings


def facts(**changes: object) -> Facts:
    base = replace(tiny_bundle().facts, figures={"next_rung_log_loss": 0.8, "switching_log_loss": 0.3})
    return replace(base, **changes)  # type: ignore[arg-type]


def table(task: str, ours: float, baseline: float, difference: Interval, ece: float = 0.02) -> Comparison:
    rows = (Row("persistence", {"log_loss": baseline}, difference), Row(OURS, {"log_loss": ours, "ece": ece}, None))
    return Comparison(task, "log_loss", rows, ("2025-01-01", "2025-02-01"), 100)


BETTER, EQUAL, WORSE = Interval(0.1, 0.05, 0.15), Interval(-0.001, -0.02, 0.02), Interval(-0.1, -0.15, -0.05)


def context(*tables: Comparison, champion: Facts | None = None, of: Facts | None = None) -> PromotionContext:
    return PromotionContext(of or facts(), tables, champion, PromotionSettings())


def severities(findings: list[Finding]) -> list[str]:
    return [finding.severity for finding in findings]


def test_a_good_first_model_passes() -> None:
    findings = examine(context(table("next_rung", 0.8, 0.9, BETTER), table("switching", 0.3, 0.4, BETTER)))
    assert set(severities(findings)) == {"ok"}
    assert passes(findings)


def test_a_model_that_was_not_judged_may_serve_but_says_so() -> None:
    assert severities(judged_out_of_time(context())) == ["warning"]
    assert passes(examine(context()))


@pytest.mark.parametrize(
    ("difference", "severity"),
    [
        (BETTER, "ok"),
        (EQUAL, "ok"),
        (WORSE, "blocker"),
        (Interval(-0.004, -0.006, -0.0031), "blocker"),
        (Interval(-0.004, -0.006, -0.0029), "ok"),
    ],
)
def test_a_baseline_that_is_better_beyond_its_interval_blocks(difference: Interval, severity: str) -> None:
    findings = beats_baselines(context(table("next_rung", 0.8, 0.8 + difference.value, difference)))
    assert severities(findings) == [severity]
    assert passes(findings) == (severity == "ok")
    assert "persistence" in findings[0].detail


def test_revenue_blocks_nothing() -> None:
    assert beats_baselines(context(table("revenue", 0.8, 0.7, WORSE))) == []


@pytest.mark.parametrize(("ece", "severity"), [(0.1, "ok"), (0.11, "warning")])
def test_chances_that_are_off_are_warned_of(ece: float, severity: str) -> None:
    assert severities(calibrated(context(table("switching", 0.3, 0.4, BETTER, ece)))) == [severity]


@pytest.mark.parametrize(
    ("theirs", "same_data", "expected"),
    [
        (0.8, True, "ok"),
        (0.798, True, "ok"),
        (0.79, True, "blocker"),
        (0.79, False, "warning"),
        (0.9, False, "ok"),
    ],
)
def test_the_champion_is_only_compared_with_strictly_on_the_same_data(
    theirs: float, same_data: bool, expected: str
) -> None:
    champion = facts(figures={"next_rung_log_loss": theirs}, data_digest="" if not same_data else facts().data_digest)
    findings = beats_champion(context(champion=champion))
    assert severities(findings) == [expected]


def test_a_champion_without_figures_cannot_be_compared_with() -> None:
    assert beats_champion(context(champion=facts(figures={}))) == []
    assert beats_champion(context(champion=facts(figures={"next_rung_log_loss": None}))) == []


def test_a_model_that_forgets_a_table_is_warned_of() -> None:
    champion = facts(tables=("orders", "switches", "tickets"))
    found = forgets_nothing(context(champion=champion, of=facts(tables=("orders", "tickets"))))
    assert severities(found) == ["warning"]
    assert "switches" in found[0].detail
    assert forgets_nothing(context(champion=facts(tables=("orders",)))) == []


def test_every_finding_is_in_plain_words_with_a_stable_code() -> None:
    tables = [table(task, 0.8, 0.7, WORSE, 0.5) for task in ("next_rung", "switching")]
    findings = examine(context(*tables, champion=facts(tables=("orders", "x"), figures={"next_rung_log_loss": 0.1})))
    assert not passes(findings)
    codes = [finding.code for finding in findings]
    assert len(codes) == len(set(codes))
    assert len(codes) >= len(CHECKS)
    for finding in findings:
        assert finding.severity in ("ok", "warning", "blocker")
        assert finding.title
        assert finding.detail
        assert "_" not in finding.title.split(":")[0]
