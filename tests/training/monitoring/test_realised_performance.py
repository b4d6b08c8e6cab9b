"""What the champion said since training against what happened; the label clock; early signs; the advice."""

from dataclasses import replace

import numpy as np
import pytest

from features.instants import MICROSECONDS_PER_DAY, instant
from serving.scoring.scoring import Scorer
from tests.told import told
from tests.trained import earlier_bundle, small_settings, tiny_histories
from training.evaluation.cluster_bootstrap import Interval
from training.model.findings import NOTE, Finding
from training.monitoring.advice import KEEP, RETRAIN, WATCH, Watched, advice_of, reasons_of
from training.monitoring.drift import Drift
from training.monitoring.drift_since import DriftSince
from training.monitoring.early_signs import Proxy, early_signs
from training.monitoring.label_clock import LabelClock
from training.monitoring.realised_performance import (
    SWITCHING,
    RealisedPerformance,
    complete_instants,
    judge_realised_performance,
)
from training.monitoring.reference_predictions import ReferencePredictions, drawn, feature_weights, look
from training.monitoring.table_freshness import WHOLE, StaleTable

DAY = MICROSECONDS_PER_DAY


def test_what_it_would_have_said_is_what_scoring_said_then() -> None:
    known, bundle = tiny_histories(), earlier_bundle()
    then = bundle.facts.trained_until
    stood = known.as_it_stood(then)
    said, _ = look(known, bundle, then, drawn(known, 10**6))
    scored = Scorer(bundle, "x").score(stood, stood.known_at(then), explain=False)
    assert np.array_equal(said.p_switch, scored.scores["p_switch"], equal_nan=True)
    assert np.array_equal(said.revenue, scored.scores["expected_revenue"])
    ahead, _ = look(known, bundle, then, drawn(known, 10**6), bundle.further[0])
    horizons = scored.horizons["p_upgrade"][scored.horizons["horizon_days"] == bundle.further[0].days]
    assert ahead.scores["score p_upgrade"] == pytest.approx(horizons.astype(float))


def test_features_weigh_one_together() -> None:
    known = tiny_histories()
    weights = feature_weights(earlier_bundle(), look(known, earlier_bundle(), known.end, drawn(known, 10**6))[0])
    assert sum(weights.values()) == pytest.approx(1)
    assert min(weights.values()) >= 0


def test_few_accounts_stand_for_many() -> None:
    known = tiny_histories()
    some = drawn(known, 100)
    assert 60 < some.sum() < 140
    assert np.array_equal(some, drawn(known, 100))


def test_a_snapshot_is_judged_from_the_instant_its_horizon_is_complete() -> None:
    assert complete_instants(0, 90 * DAY, 90, 30) == (0,)
    assert complete_instants(0, 90 * DAY - 1, 90, 30) == ()
    assert complete_instants(0, 150 * DAY, 90, 30) == (0, 30 * DAY, 60 * DAY)


def test_horizons_that_matured_are_judged_and_longer_ones_wait() -> None:
    known, bundle = tiny_histories(), earlier_bundle()
    found = judge_realised_performance(known.as_it_stood(known.end), bundle, small_settings(), known.end)
    assert {one.horizon_days for one in found} == {90, 180}
    switching = next(one for one in found if one.outcome == SWITCHING and one.horizon_days == 180)
    assert switching.expected is not None
    assert switching.observed is not None
    assert switching.surplus is not None
    assert switching.surplus.low < switching.observed - switching.expected < switching.surplus.high
    early = bundle.facts.trained_until + 100 * DAY
    assert {
        one.horizon_days
        for one in judge_realised_performance(known.as_it_stood(early), bundle, small_settings(), early)
    } == {90}


def test_early_signs_are_expected_from_earlier_accounts_of_the_same_chance() -> None:
    known, bundle = tiny_histories(), earlier_bundle()
    found = early_signs(known.as_it_stood(known.end), bundle, small_settings(), known.end)
    assert [one.days for one in found] == [30, 60, 90]
    for one in found:
        assert one.low <= one.expected <= one.high
        assert not one.off
    soon = bundle.facts.trained_until + 29 * DAY
    assert early_signs(known.as_it_stood(soon), bundle, small_settings(), soon) == ()
    assert early_signs(known, replace(bundle, switching=None), small_settings(), known.end) == ()


def test_the_clock_says_when_labels_are_due_and_that_they_are_there() -> None:
    begun = instant("2026-01-01")
    clock = LabelClock(begun, begun + 45 * DAY, 180)
    assert not clock.complete
    assert clock.share_seen == 0.25
    assert clock.finding() == Finding.of("labels_due", NOTE, due="2026-06-30", left=135, seen=0.25, days=180)
    over = LabelClock(begun, begun + 200 * DAY, 180)
    assert over.finding() == Finding.of("labels_there", NOTE, due="2026-06-30", late=20)
    assert LabelClock(begun, begun - DAY, 180).share_seen == 0


CALM = Watched("v", LabelClock(0, 30 * DAY, 180), None, (), (), (), (), small_settings())
LOST = RealisedPerformance(
    SWITCHING, 180, (0,), 900, Interval(0.6, 0.55, 0.65), 0.5, 0.7, 0.75, 0.2, 0.2, Interval(0, -0.02, 0.02)
)
MORE = replace(LOST, log_loss=Interval(0.5, 0.45, 0.55), observed=0.3, surplus=Interval(0.1, 0.08, 0.12))
OLD = LabelClock(0, 181 * DAY, 180)


def moved(name: str, weight: float, kind: str = "feature") -> DriftSince:
    """That one column drifted."""
    column = Drift(name, kind, 0.5, 0.01, 0.1, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 9.0, weight, True)
    nobody = np.empty(0)
    now = ReferencePredictions(
        0, nobody.astype(np.int64), nobody[:, None], nobody, nobody, nobody[:, None], nobody, nobody
    )
    return DriftSince(0, DAY, 900, 900, 5, (column,), now)


GONE = StaleTable("tickets", 0, 60, 3)


@pytest.mark.parametrize(
    ("found", "advice", "code"),
    [
        (CALM, KEEP, None),
        (replace(CALM, matured=(LOST,)), RETRAIN, "realised_loss"),
        (replace(CALM, matured=(replace(LOST, promised_log_loss=None),)), KEEP, None),
        (replace(CALM, matured=(MORE,)), WATCH, "realised_calibration"),
        (replace(CALM, clock=OLD), RETRAIN, "labels_complete"),
        (replace(CALM, clock=OLD, stopped=(GONE,)), WATCH, "table_stopped"),
        (replace(CALM, clock=OLD, stopped=(GONE,)), WATCH, "labels_complete_mend_first"),
        (replace(CALM, stopped=(replace(GONE, table=WHOLE),)), WATCH, "source_stopped"),
        (replace(CALM, drift=moved("revenue_90d", 0.3)), RETRAIN, "drift_retrain"),
        (replace(CALM, drift=moved("revenue_90d", 0.3), stopped=(GONE,)), WATCH, "drift_mend_first"),
        (replace(CALM, drift=moved("revenue_90d", 0.1)), WATCH, "drift"),
        (replace(CALM, drift=moved("revenue_90d", 0.0)), KEEP, "drift"),
        (replace(CALM, drift=moved("score p_switch", 0.0, "score")), WATCH, "drift"),
        (replace(CALM, absent=("surveys",)), WATCH, "table_absent"),
        (replace(CALM, proxies=(Proxy(30, 100, 40, 30, 50, 60, 5),)), WATCH, "early_silence"),
        (replace(CALM, proxies=(Proxy(30, 100, 40, 30, 50, 50, 5),)), KEEP, None),
    ],
)
def test_the_advice_is_the_gravest_reason(found: Watched, advice: str, code: str | None) -> None:
    reasons = reasons_of(found)
    assert advice_of(reasons) == advice
    assert (code is None and not reasons) or code in {reason.code for reason in reasons}
    assert all(len(told(reason)) > 20 for reason in reasons)
