"""Scores tell the window of the next order as dates, and what the account brings if there is one."""

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd

from features.catalog import catalog
from features.histories.order_days import order_days
from features.histories.snapshots import Snapshots
from features.histories.views import View
from features.instants import MICROSECONDS_PER_DAY, instant
from features.ladder.contract_ends import contract_state
from serving.scoring.batch import score_frames
from serving.scoring.request_parsing import ParsedAccount
from serving.scoring.results import account_results
from serving.scoring.scoring import WINDOW, Scorer, dates_ahead
from tests.trained import tiny_bundle, tiny_histories
from training.model.next_order import FARTHEST_DAYS

AHEAD = (*WINDOW, "overdue_days")
IF_ORDER = ("revenue_if_order_low", "revenue_if_order_high")


@cache
def scores() -> pd.DataFrame:
    return score_frames(Scorer(tiny_bundle(), "v"), tiny_histories(), tiny_histories().end)[0]


def test_there_is_a_window_exactly_where_there_are_two_order_days() -> None:
    known = tiny_histories()
    two = order_days(View(known, known.known_at(known.end))).total() > 1
    assert 0 < two.sum() < len(two)
    for name in AHEAD:
        assert (scores()[name].notna() == two).all(), name


def test_windows_are_dates_in_order_from_as_of_on() -> None:
    known = scores().dropna(subset=list(WINDOW))
    days = known[list(WINDOW)].apply(pd.to_datetime)
    assert (days["next_order_from"] >= known["as_of"]).all()
    assert (days["next_order_from"] <= days["next_order_on"]).all()
    assert (days["next_order_on"] <= days["next_order_until"]).all()
    assert ((days["next_order_until"] - known["as_of"]).dt.days <= FARTHEST_DAYS).all()
    assert scores()["overdue_days"].dtype == "Int64"
    assert 0 < (known["overdue_days"] > 0).mean() < 0.5


def test_windows_and_the_chance_of_no_order_say_the_same() -> None:
    known = scores().dropna(subset=list(WINDOW))
    ends = known["as_of"] + pd.Timedelta(days=tiny_bundle().facts.horizon_days)
    for name, level in zip(WINDOW, (0.1, 0.5, 0.9), strict=True):
        sure = (1 - known["p_no_order"] - level).abs() > 0.02
        within = pd.to_datetime(known[name]) <= ends
        assert (within == (1 - known["p_no_order"] > level))[sure].all(), name


def test_the_chance_of_no_order_is_that_of_the_expected_revenue() -> None:
    known, bundle = tiny_histories(), tiny_bundle()
    matrix = catalog.compute(View(known, known.known_at(known.end)), bundle.context)
    found, everybody = scores(), 1 - bundle.revenue.any_order.predict(matrix)[:, 0]
    gone = found["former"].to_numpy(bool)
    np.testing.assert_array_equal(found["p_no_order"][~gone], everybody[~gone])
    np.testing.assert_array_equal(found["p_no_order"][gone], 1 - found["p_win_back"][gone])
    assert (scores()[IF_ORDER[0]] < scores()[IF_ORDER[1]]).all()
    assert (scores()[IF_ORDER[0]] > 0).all()


def test_where_to_leave_is_to_fall_silent_no_order_is_at_least_as_likely() -> None:
    bundle, known = tiny_bundle(), tiny_histories()
    by_contract = contract_state(View(known, known.known_at(known.end)), bundle.facts.renewal_grace_days).by_contract
    for definition in ("rhythm", "silence"):
        silent = replace(bundle, facts=replace(bundle.facts, definition=definition))
        found = score_frames(Scorer(silent, "v"), known, known.end, explain=False)[0]
        told = found["p_switch"].notna().to_numpy() & ~by_contract
        assert told.sum() > 10
        assert (found["p_switch"] <= found["p_no_order"])[told].all()
        assert (found["expected_revenue_low"] <= found["expected_revenue_high"]).all()
        assert (found["p_switch"] == found["p_no_order"])[told].any()  # the model of leaving is that of recorded ones


def test_what_the_model_lacks_is_null() -> None:
    bundle, known = replace(tiny_bundle(), next_order=None), tiny_histories()
    found = score_frames(Scorer(bundle, "v"), known, known.end, explain=False)[0]
    assert found[list(AHEAD)].isna().all(axis=None)
    assert found[["p_no_order", *IF_ORDER]].notna().all(axis=None)


def test_within_a_day_the_dates_are_days_not_before_it() -> None:
    known = tiny_histories()
    at = known.end - MICROSECONDS_PER_DAY * 2 // 3
    snapshots = Snapshots(known.known_at(at).account, np.full(len(known.known_at(at)), at, np.int64))
    found = Scorer(tiny_bundle(), "v").score(known, snapshots, explain=False, horizons=False).scores
    first = [date for date in found["next_order_from"] if date is not None]
    assert first
    assert min(instant(date) for date in first) == at // MICROSECONDS_PER_DAY * MICROSECONDS_PER_DAY


def test_days_ahead_become_dates() -> None:
    as_of = np.array([instant("2026-01-30"), instant("2026-01-30T18:00")])
    assert dates_ahead(as_of, np.array([[2.0, np.nan], [0.25, 31.25]])).tolist() == [
        ["2026-02-01", None], ["2026-01-31", "2026-03-03"],
    ]  # fmt: skip


def test_answers_hold_dates_as_text_and_days_as_whole_numbers() -> None:
    known = tiny_histories()
    snapshots = known.known_at(known.end).take(np.arange(20))
    scored = Scorer(tiny_bundle(), "v").score(known, snapshots, explain=False, horizons=False)
    readings = [ParsedAccount(str(known.account_ids[account])) for account in snapshots.account]
    for result in account_results(readings, scored, "en"):
        assert result.scores is not None
        window = [result.scores[name] for name in AHEAD]
        if window[0] is None:
            assert window == [None] * 4
        else:
            assert [type(cell) for cell in window] == [str, str, str, int]
