"""Chances by part of the accounts, outcomes and plans' hold-outs: judged, and told in every form there is."""

from dataclasses import replace

import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families

from commands.champion_watch import show
from tests.trained import earlier_bundle, small_settings, tiny_histories
from tests.training.monitoring.test_realised_performance import CALM
from training.evaluation.cluster_bootstrap import Interval
from training.evaluation.fairness import Given, judge_parts, surest_first
from training.model.text.catalogue import render
from training.monitoring.advice import KEEP, WATCH, PlanHoldout, Watched, advice_of, reasons_of
from training.monitoring.label_drift import LabelShift
from training.monitoring.monitor_page import monitor_page
from training.monitoring.monitor_report import document, figures, prometheus
from training.monitoring.realised_performance import SWITCHING, RealisedPerformance, judge_realised_performance

PLAN = PlanHoldout("spring", "2025-01-01", 0.9, 200, 50, 40.0, -10.0, 90.0, 60.0, 0.5, 0.9, 0.0)
SHIFT = LabelShift(SWITCHING, 180, 0.1, 0.25, Interval(0.15, 0.1, 0.2))


def realised(off_in: dict[str, float], everybody: float = 0.0) -> RealisedPerformance:
    """Chances of 0.2, of which so much more came in some countries, each with 400 accounts."""
    countries = ("BE", "DE", "NL")
    country = np.repeat(countries, 400)
    rate = np.array([0.2 + everybody + off_in.get(name, 0.0) for name in countries])
    happened = (np.tile((np.arange(400) + 0.5) / 400, 3) < np.repeat(rate, 400)).astype(float)
    given = Given(SWITCHING, np.full(1_200, 0.2), happened, np.ones(1_200), np.arange(1_200))
    parts = surest_first(list(judge_parts(given, [("country", n, np.flatnonzero(country == n)) for n in countries])))
    surplus = float((happened - 0.2).mean())
    return RealisedPerformance(
        outcome=SWITCHING, horizon_days=180, instants=(0,), snapshots=1_200, log_loss=None, promised_log_loss=None,
        auc=None, promised_auc=None, expected=0.2, observed=float(happened.mean()),
        surplus=Interval(surplus, surplus - 0.02, surplus + 0.02), parts=parts,
    )  # fmt: skip


def test_a_part_is_off_where_it_is_not_as_everybody() -> None:
    assert realised({}).parts_off == ()
    assert [part.title for part in realised({"BE": 0.1}).parts_off] == ["country=BE"]
    assert realised({}, everybody=0.1).parts_off == ()  # told once, of everybody
    reasons = reasons_of(replace(CALM, matured=(realised({"BE": 0.1}),)))
    told = [reason for reason in reasons if reason.code == "realised_part_off"]
    assert len(told) == 1
    assert "BE" in render(told[0], "en")
    assert "30.0%" in render(told[0], "en")
    assert "BE" in render(told[0], "nl")


@pytest.mark.parametrize(
    ("plan", "code"),
    [
        (PLAN, None),
        (replace(PLAN, gain_high=-1.0, gain=-5.0), "plan_holdout_lost"),
        (replace(PLAN, gain_high=55.0), "plan_holdout_below"),
        (replace(PLAN, contamination=0.3), "plan_holdout_treated"),
    ],
)
def test_a_plan_that_does_not_do_as_promised_is_a_reason_to_watch(plan: PlanHoldout, code: str | None) -> None:
    reasons = reasons_of(replace(CALM, plans=(plan,)))
    assert [reason.code for reason in reasons] == ([] if code is None else [code])
    assert advice_of(reasons) == (KEEP if code is None else WATCH)
    for reason in reasons:
        assert all("spring" in render(reason, language) for language in ("en", "nl"))


def test_all_of_it_is_told_in_every_form(capsys: pytest.CaptureFixture[str]) -> None:
    found: Watched = replace(
        CALM, matured=(realised({"BE": 0.1}),), shifts=(SHIFT,), plans=(replace(PLAN, contamination=0.3),)
    )
    reasons = reasons_of(found)
    told = figures(found)
    assert (told["parts"], told["parts_off"], told["outcomes_moved"]) == (3, 1, 1)
    assert (told["switching_180d_since"], told["switching_180d_year_before"]) == (0.25, 0.1)

    kept = document(found, reasons)
    assert kept["realised"][0]["parts_off"] == ["country=BE"]
    assert {part["name"] for part in kept["realised"][0]["parts"]} == {"BE", "DE", "NL"}
    assert kept["outcomes"][0]["moved"] is True
    assert kept["plans"][0]["contamination"] == 0.3

    page = monitor_page([document(CALM, ()), kept])
    for words in ("parts that are off", "country=BE", "switching that came, a year before",
                  "spring: gain against the hold-out", "40 [-10, 90]"):  # fmt: skip
        assert words in page

    families = {one.name: one for one in text_string_to_metric_families(prometheus(found, reasons, 0.0))}
    parts = {one.labels["name"]: one.value for one in families["ladder_monitor_part_observed_share"].samples}
    assert parts["BE"] == pytest.approx(0.3)
    for name, value in (("parts_off", 1), ("outcomes_moved", 1), ("plan_contamination", 0.3), ("plan_gain_high", 90)):
        assert families[f"ladder_monitor_{name}"].samples[0].value == value

    show(found)
    shown = capsys.readouterr().out
    assert "Chances by part of the accounts: 1 of 3 are off" in shown
    assert "Outcomes since training beside the same days a year before" in shown


def test_parts_are_judged_on_what_came_since_training() -> None:
    known = tiny_histories()
    found = judge_realised_performance(known.as_it_stood(known.end), earlier_bundle(), small_settings(), known.end)
    leaving = next(one for one in found if one.outcome == SWITCHING)
    by_country = [part for part in leaving.parts if part.kind == "country"]
    assert len(by_country) >= 2
    assert sum(part.snapshots for part in by_country) <= leaving.snapshots
    assert all(part.low <= part.surplus <= part.high for part in leaving.parts)
    assert all(part.task == SWITCHING for part in leaving.parts)
