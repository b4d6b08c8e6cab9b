"""Outcomes that moved since training are told, and those that did not are not."""

from dataclasses import replace

import numpy as np
import pytest

from features.instants import MICROSECONDS_PER_DAY
from tests.told import told
from tests.trained import earlier_bundle, small_settings, tiny_histories
from training.monitoring.advice import WATCH, Watched, advice_of, reasons_of
from training.monitoring.label_clock import LabelClock
from training.monitoring.label_drift import REVENUE, label_shifts, shift_of
from training.monitoring.realised_performance import CLIMBING, FALLING, SWITCHING

DAY = MICROSECONDS_PER_DAY
CALM = Watched("v", LabelClock(0, 30 * DAY, 180), None, (), (), (), (), small_settings())


def sample(share: float, n: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """Values of which so large a share is one, each of an account of its own."""
    return (np.arange(n) < share * n).astype(float), np.arange(n)


@pytest.mark.parametrize(
    ("outcome", "before", "now", "code"),
    [
        (SWITCHING, 0.1, 0.25, "outcome_moved"),
        (CLIMBING, 0.3, 0.1, "outcome_moved"),
        (FALLING, 0.1, 0.11, None),
        (REVENUE, 0.5, 0.9, "revenue_moved"),
        (REVENUE, 0.5, 0.52, None),
    ],
)
def test_a_move_beyond_chance_is_told_with_advice(outcome: str, before: float, now: float, code: str | None) -> None:
    shift = shift_of(outcome, 180, sample(before), sample(now))
    assert shift.change.low < shift.change.value < shift.change.high
    reasons = reasons_of(replace(CALM, shifts=(shift,)))
    assert [reason.code for reason in reasons] == ([] if code is None else [code])
    if code is not None:
        assert advice_of(reasons) == WATCH
        assert "a year before" in told(reasons)


def test_a_calm_world_has_not_moved_and_what_is_not_complete_is_not_looked_at() -> None:
    known, bundle = tiny_histories(), earlier_bundle()
    found = label_shifts(known.as_it_stood(known.end), bundle, small_settings(), known.end)
    assert {one.outcome for one in found} == {SWITCHING, CLIMBING, FALLING, REVENUE}
    assert not [one for one in found if one.moved and abs(one.change.value) > 0.5]
    soon = bundle.facts.trained_until + 100 * DAY
    assert label_shifts(known.as_it_stood(soon), bundle, small_settings(), soon) == ()
