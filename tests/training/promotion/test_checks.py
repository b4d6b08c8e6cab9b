"""Checks as pure functions of one context, each on a context written by hand."""

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import pytest

from features.instants import MICROSECONDS_PER_DAY
from tests.docs.documents import DOCS
from tests.told import told
from tests.trained import small_settings, tiny_bundle, tiny_dataset, tiny_trained
from tests.training.evaluation.comparisons import tiny_comparisons
from training.evaluation.cluster_bootstrap import Interval
from training.evaluation.evaluation import OURS, Comparison, Row
from training.model.bundle import Facts
from training.model.findings import NOTE, OK, WARNING, Finding
from training.model.footprint import Footprint
from training.model.text.catalogue import heading, render
from training.promotion import change_checks as change
from training.promotion import model_checks as model
from training.promotion.behavioural_tests import Response
from training.promotion.change_checks import forgets_nothing
from training.promotion.checks import CHECKS, document, examine, passes
from training.promotion.context import Counts, Evidence, PromotionContext
from training.promotion.evidence import gather
from training.promotion.leakage_checks import Late, SingleFeature
from training.promotion.model_checks import beats_baselines, calibrated, judged_out_of_time
from training.promotion.paired_comparison import AS_IT_STANDS, ITS_RECIPE, ComparisonResult, Incumbent, PairedComparison
from training.promotion.policy_value import ALL, LATER, NO_LIMIT, Policies, PolicyValue
from training.promotion.segments import Segment
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
    wished = replace(context().facts, report=(Finding.of("not_judged_by_wish", NOTE),))
    (never,) = judged_out_of_time(replace(context(), facts=wished))
    assert "too short" not in render(never, "en")
    assert "not asked for (--fast, or no folds)" in render(never, "en")
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
    assert "persistence" in told(findings)


@pytest.mark.parametrize("task", ["renewal", "win_back"])
def test_a_model_of_some_accounts_that_loses_is_named_and_holds_nobody_back(task: str) -> None:
    some = replace(context(table("next_rung", 0.8, 0.9, BETTER)), about_some=(table(task, 0.3, 0.2, WORSE, 0.2),))
    findings = examine(some)
    named = {one.code for one in findings if one.severity == WARNING and one.params["task"] == task}
    assert named == {"baseline_better", "calibration_off"}
    assert passes(findings)


@pytest.mark.parametrize(("ours", "severity"), [(104.0, "ok"), (106.0, "warning")])
def test_revenue_is_held_against_the_rule_with_the_smallest_error(ours: float, severity: str) -> None:
    one = table("revenue", 0.8, 0.7, WORSE)
    rows = tuple(replace(row, scores={**row.scores, "mae": ours if row.model == OURS else 100.0}) for row in one.rows)
    assert severities(beats_baselines(context(replace(one, rows=rows)))) == [severity]


@pytest.mark.parametrize(("ece", "severity"), [(0.1, "ok"), (0.11, "warning")])
def test_chances_that_are_off_are_warned_of(ece: float, severity: str) -> None:
    assert severities(calibrated(context(table("switching", 0.3, 0.4, BETTER, ece)))) == [severity]


Asked = Callable[[PromotionContext], list[Finding]]


UNREADABLE = Finding.of("champion_unreadable", WARNING, version=3, message="another catalogue")
NOTHING_ALIKE = Finding.of("not_compared_questions", WARNING, questions=["horizon"])


def result(task: str, metric: str, difference: Interval, how: str = AS_IT_STANDS) -> ComparisonResult:
    return ComparisonResult(task, metric, how, 0.5, 0.5 + difference.value, difference, 1000, 300, ("2025-01-01",))


def paired(*results: ComparisonResult, notes: tuple[Finding, ...] = (), same: bool = False) -> PairedComparison:
    return PairedComparison(results, notes, same, 30.0)


def found_by(check: Asked, champion: Facts | None = None, **evidence: Any) -> list[Finding]:
    return check(replace(context(champion=champion), evidence=Evidence(**evidence)))


@pytest.mark.parametrize(
    ("difference", "severity", "title"),
    [
        (BETTER, "ok", "Better"),
        (EQUAL, "ok", "As good"),
        (WORSE, "blocker", "The champion is better"),
        (Interval(-0.004, -0.006, -0.0029), "ok", "As good"),
        (Interval(-0.004, -0.006, -0.0031), "blocker", "The champion is better"),
    ],
)
def test_a_champion_that_is_better_on_the_same_snapshots_stays(difference: Interval, severity: str, title: str) -> None:
    for how in (AS_IT_STANDS, ITS_RECIPE):
        met = paired(result("next_rung", "log_loss", difference, how), result("next_rung", "rps", WORSE, how))
        found = found_by(change.beats_champion, facts(), paired=met)
        assert severities(found) == [severity]
        assert heading(found[0], "en").startswith(title)
        assert how.replace("_", " ") in told(found)


def test_a_champion_whose_revenue_is_better_is_warned_of() -> None:
    for gap, severity in ((WORSE, "warning"), (Interval(-0.02, -0.03, -0.004), "ok")):
        met = paired(result("revenue", "mae", gap))
        assert severities(found_by(change.beats_champion, facts(), paired=met)) == [severity]


def test_the_same_recipe_with_more_data_is_no_reason_to_refuse() -> None:
    note = Finding.of("same_recipe", OK, days=30)
    found = found_by(change.beats_champion, facts(), paired=paired(notes=(note,), same=True))
    assert found == [note]


@pytest.mark.parametrize(("theirs", "expected"), [(0.8, "ok"), (0.798, "ok"), (0.79, "warning"), (0.9, "ok")])
def test_figures_that_are_not_paired_are_labelled_and_refuse_nothing(theirs: float, expected: str) -> None:
    champion = facts(figures={"next_rung_log_loss": theirs})
    found = found_by(change.beats_champion, champion, paired=paired(notes=(NOTHING_ALIKE,)))
    assert severities(found) == [expected, "warning"]
    assert "not paired" in told(found[0])
    assert severities(found_by(change.beats_champion, champion)) == [expected]
    assert found_by(change.beats_champion, facts(figures={})) == []


def test_a_champion_that_cannot_be_asked_is_said() -> None:
    found = found_by(change.beats_champion, unreadable=UNREADABLE)
    assert found == [UNREADABLE]
    assert "version 3 cannot be compared with: another catalogue" in told(found)


def money(difference: Interval, on: str = LATER) -> PolicyValue:
    level = Interval(100.0, 50.0, 150.0)
    return PolicyValue((Policies(NO_LIMIT, None, level, level, difference, 0.3, 0.5),), on, 900, 300, True)


@pytest.mark.parametrize(
    ("difference", "on", "severity", "title"),
    [
        (Interval(20.0, 5.0, 35.0), LATER, "ok", "Earns more"),
        (Interval(-1.0, -20.0, 18.0), LATER, "ok", "No difference"),
        (Interval(-20.0, -35.0, -5.0), LATER, "blocker", "Earns less"),
        (Interval(-20.0, -35.0, -5.0), ALL, "warning", "Behind"),
        (Interval(-1.2, -2.0, -0.9), LATER, "ok", "No difference"),
    ],
)
def test_earning_less_on_trials_that_the_champion_did_not_see_blocks(
    difference: Interval, on: str, severity: str, title: str
) -> None:
    found = found_by(change.earns_as_much, facts(), money=money(difference, on))
    assert severities(found) == [severity]
    assert heading(found[0], "en").startswith(title)
    assert {LATER: "trials after its training", ALL: "in its favour"}[on] in told(found)


@pytest.mark.parametrize(
    ("figures", "severity", "words"),
    [
        ({}, "ok", "cannot be judged"),
        ({"value": 10.0, "value_low": -5.0, "value_high": 25.0}, "ok", "10 per account [90%: -5 to 25]"),
        ({"value": -10.0, "value_low": -15.0, "value_high": -5.0}, "warning", "-10 per account"),
        ({"value": 0.0, "value_low": 0.0, "value_high": 0.0}, "ok", "no effect promises"),
    ],
)
def test_without_a_champion_money_is_told_beside_doing_nothing(
    figures: dict[str, float], severity: str, words: str
) -> None:
    of = facts(figures={f"recommended_{name}": value for name, value in figures.items()})
    found = change.earns_as_much(context(of=of))
    assert severities(found) == [severity]
    assert words in told(found)


def segment(q: float, worse: float) -> Segment:
    return Segment("switching", "country", "NL", "recency", 200, 600, worse, 0.01, q)


@pytest.mark.parametrize(("q", "worse", "severity"), [(0.05, 0.1, "warning"), (0.06, 0.1, "ok"), (0.001, 0.002, "ok")])
def test_a_segment_is_worse_off_beyond_chance_and_tolerance(q: float, worse: float, severity: str) -> None:
    found = found_by(change.stable_by_segment, segments=(segment(q, worse),))
    assert severities(found) == [severity]
    assert ("NL" in told(found)) == (severity == "warning")
    assert found_by(change.stable_by_segment) == []


def test_drift_is_told_and_never_refuses() -> None:
    for columns in ((), ("orders_90d", "revenue_365d")):
        found = found_by(change.drifted_since, drifted=(columns, 170))
        assert severities(found) == ["ok"]
        assert all(name in told(found) for name in columns)


@pytest.mark.parametrize(("auc", "severity"), [(0.97, "ok"), (0.98, "warning")])
def test_a_feature_that_is_too_good_is_named(auc: float, severity: str) -> None:
    found = found_by(model.no_feature_too_good, alone=(SingleFeature("closed_why", "left", auc, True),))
    assert severities(found) == [severity]
    assert "closed_why" in told(found)
    assert ("is missing" in told(found)) == (severity == "warning")


@pytest.mark.parametrize(
    ("days", "lost", "severity"),
    [
        (1, Interval(0.3, 0.2, 0.4), "ok"),
        (1, Interval(0.4, 0.26, 0.5), "warning"),
        (1, Interval(1.4, 1.0, 1.8), "blocker"),
        (7, Interval(0.6, 0.4, 0.8), "ok"),
        (7, Interval(1.4, 1.0, 1.8), "warning"),
    ],
)
def test_skill_that_goes_with_the_last_days_is_a_leak(days: int, lost: Interval, severity: str) -> None:
    late = (Late("switching", days, lost, 300),)
    assert severities(found_by(model.survives_late_recording, facts(), late=late)) == [severity]
    first = found_by(model.survives_late_recording, late=late)
    assert severities(first) == [severity.replace("blocker", "warning")]  # nobody serves yet who is better


@pytest.mark.parametrize(
    ("change_found", "grave", "severity"),
    [
        (Interval(0.05, 0.04, 0.06), True, "ok"),
        (Interval(-0.01, -0.015, -0.005), True, "ok"),
        (Interval(-0.03, -0.07, 0.01), True, "ok"),
        (Interval(-0.03, -0.04, -0.02), True, "blocker"),
        (Interval(-0.03, -0.04, -0.02), False, "warning"),
    ],
)
def test_an_answer_that_moves_the_wrong_way_beyond_noise_is_found(
    change_found: Interval, grave: bool, severity: str
) -> None:
    one = Response("critical_ticket", change_found, 200, grave)
    assert severities(found_by(model.behaves, facts(), responses=(one,))) == [severity]
    assert severities(found_by(model.behaves, responses=(one,))) == [severity.replace("blocker", "warning")]


@pytest.mark.parametrize(
    ("megabytes", "milliseconds", "expected"),
    [(1.0, 1.0, ["ok", "ok"]), (51.0, 1.0, ["warning", "ok"]), (1.0, 21.0, ["ok", "warning"])],
)
def test_a_heavy_or_slow_bundle_is_warned_of(megabytes: float, milliseconds: float, expected: list[str]) -> None:
    assert severities(found_by(model.light_enough, footprint=Footprint(megabytes, milliseconds, 200))) == expected
    assert severities(found_by(model.light_enough, footprint=Footprint(1.0, 0.0, 0))) == ["ok"]


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        (Counts(200, 4000, 9000, 50, 60), ["ok", "ok", "ok"]),
        (Counts(199, 4000, 9000, 49, 59), ["warning", "warning", "warning"]),
        (Counts(200, 4000, 9000, 50, None), ["ok", "ok", "ok"]),
    ],
)
def test_too_little_to_learn_from_is_warned_of(counts: Counts, expected: list[str]) -> None:
    assert severities(found_by(model.enough_data, counts=counts)) == expected


def test_the_evidence_of_a_real_training_passes_every_check() -> None:
    trained, data, settings = tiny_trained(), tiny_dataset(), small_settings()
    incumbent = Incumbent(1, tiny_bundle(), settings)
    evidence = gather(replace(trained, comparisons=tiny_comparisons()), data, incumbent, settings)
    findings = examine(PromotionContext(trained.bundle.facts, (), tiny_bundle().facts, settings.promotion, evidence))
    assert passes(findings)
    codes = {finding.code for finding in findings}
    assert evidence.drifted is None  # the champion has seen all there is
    assert {"accounts_enough", "features_plausible", "late_survives", "same_recipe"} <= codes
    assert codes & {"earns_alike", "earns_less_on_seen"}  # the champion has learnt from these very trials


def test_what_drifted_since_an_older_champion_is_found() -> None:
    data, bundle = tiny_dataset(), tiny_bundle()
    old = replace(bundle, facts=replace(bundle.facts, trained_until=data.end - 200 * MICROSECONDS_PER_DAY))
    evidence = gather(tiny_trained(), data, Incumbent(1, old, None), small_settings())
    assert evidence.drifted is not None
    columns, asked = evidence.drifted
    assert len(columns) < asked > 100


def test_the_page_of_the_checks_is_up_to_date() -> None:
    page = DOCS / "promotion.md"
    told = "run: python -m training.promotion.checks > docs/promotion.md"
    assert page.read_text(encoding="utf-8") == document(), told


def test_every_limit_belongs_to_a_check() -> None:
    limits = {name for check in CHECKS for name in check.limits}
    assert limits == {field.name for field in fields(PromotionSettings)}


def test_a_model_that_forgets_a_table_is_warned_of() -> None:
    champion = facts(tables=("orders", "switches", "tickets"))
    found = forgets_nothing(context(champion=champion, of=facts(tables=("orders", "tickets"))))
    assert severities(found) == ["warning"]
    assert "switches" in told(found)
    assert forgets_nothing(context(champion=facts(tables=("orders",)))) == []


def full_evidence() -> Evidence:
    """Something for every check to find."""
    return Evidence(
        Counts(10, 100, 1000, 3, 4), (SingleFeature("a", "left", 0.99, False),),
        tuple(Late("switching", days, Interval(2.0, 1.5, 2.5), 99) for days in (1, 7)), (segment(0.0, 0.5),),
        (Response("critical_ticket", WORSE, 99, True),), Footprint(99.0, 99.0, 99),
        paired(result("switching", "log_loss", WORSE), result("revenue", "mae", WORSE, ITS_RECIPE)), money(WORSE),
        drifted=(("a", "b"), 9),
    )  # fmt: skip


def test_every_finding_is_told_once_with_a_heading() -> None:
    tables = [table(task, 0.8, 0.7, WORSE, 0.5) for task in ("next_rung", "switching")]
    champion = facts(tables=("orders", "x"), figures={"next_rung_log_loss": 0.1})
    full = replace(context(*tables, champion=champion), evidence=full_evidence())
    findings = examine(full)
    assert not passes(findings)
    assert all(findings.count(finding) == 1 for finding in findings)
    assert all(check.run(full) for check in CHECKS)
    for finding in findings:
        assert finding.severity in ("ok", "warning", "blocker")
        assert told(finding)
        assert "_" not in heading(finding, "en")


@pytest.mark.parametrize(
    ("evidence", "worse"),
    [
        (
            Evidence(paired=paired(notes=(Finding.of("not_compared_task", WARNING, task="switching"),), same=True)),
            False,
        ),
        (
            Evidence(paired=paired(result("switching", "log_loss", EQUAL)), money=money(Interval(20.0, 5.0, 35.0))),
            False,
        ),
        (Evidence(paired=paired(result("revenue", "mae", WORSE))), True),
        (Evidence(paired=paired(same=True), money=money(Interval(-20.0, -35.0, -5.0))), True),
        (Evidence(paired=paired(same=True), money=money(Interval(-20.0, -35.0, -5.0), ALL)), False),
    ],
)
def test_what_could_not_be_compared_does_not_call_a_model_worse(evidence: Evidence, worse: bool) -> None:
    assert change.finds_worse(replace(context(champion=facts()), evidence=evidence)) is worse
    assert not change.finds_worse(replace(context(), evidence=replace(evidence, unreadable=UNREADABLE)))
