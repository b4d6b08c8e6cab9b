"""Lifetime values: a chain that adds up, an interval that is the same bytes alone, and columns that are in keeping."""

from dataclasses import replace

import numpy as np
import pytest

from features.accounts.margin_rates import margin_rates
from features.errors import BundleError
from features.histories.views import View
from features.ladder.rules import MEMBER
from features.tables import RUNGS
from serving.scoring.scoring import Scored, Scorer
from tests.trained import small_settings, tiny_bundle, tiny_dataset, tiny_histories
from training.evaluation.lifetime import average_lifetime, table_of
from training.model.lifetime import BANDS, GONE, STATES, LifetimeModel, Start, sum_of
from training.model.serialization import from_json, to_json
from training.models.lifetime import Steps, _brought, fit_lifetime
from training.models.win_back import former_rows


def model() -> LifetimeModel:
    found = tiny_bundle().lifetime
    assert found is not None
    return found


def scored() -> Scored:
    known = tiny_histories()
    return Scorer(tiny_bundle(), "v").score(known, known.known_at(known.end), explain=False, horizons=False)


def plain(keeps: float) -> LifetimeModel:
    """A world in which customers stay with one chance a step, bring 100 in each, and never come back."""
    moves = np.zeros((BANDS, STATES, STATES))
    moves[:, :, GONE] = 1.0 - keeps
    moves[:, :, 3] = keeps
    moves[:, GONE] = np.eye(STATES)[GONE]
    brought = tuple(float(state != GONE) for state in range(STATES))
    return replace(
        model(), horizon_days=365, moves=tuple(map(tuple, moves.reshape(-1, STATES).tolist())),
        gone_then=((0.0,),) * (STATES * GONE), gone_shift=(0.0,) * STATES, of_expected=brought, of_pace=(0.0,) * STATES,
        surprises=((1.0,),) * (2 * STATES), widths_below=(1.0,) * STATES, widths_above=(1.0,) * STATES,
    )  # fmt: skip


def one(leaves: float) -> Start:
    chances = np.eye(len(RUNGS))[[3]]
    ones = np.ones(1)
    return Start(np.array([3]), 400 * ones, 100 * ones, 100 * ones, chances, leaves * ones, np.nan * ones)


def test_a_constant_retention_gives_the_sum_that_anybody_can_check() -> None:
    path = plain(0.8).path(one(0.2), 5 * 365.0, 0.0)
    np.testing.assert_allclose(path[0], [100.0 * 0.8**k for k in range(5)])
    discounted = plain(0.8).path(one(0.2), 5 * 365.0, 0.1)
    np.testing.assert_allclose(discounted[0], [100.0 * 0.8**k * 1.1 ** -(k + 0.5) for k in range(5)])
    half = plain(0.8).path(one(0.2), 1.5 * 365.0, 0.0)
    np.testing.assert_allclose(half[0], [100.0, 40.0])
    low, high = plain(0.8).interval(one(0.2), 5 * 365.0, 0.0)
    assert (low[0], high[0]) == pytest.approx((100.0, 500.0), abs=1e-6)


def test_chances_of_the_next_state_add_up_to_one_and_follow_the_accounts_own() -> None:
    for leaves in (0.0, 0.3, 1.0):
        chances = plain(0.8).next_state(one(leaves))
        assert chances.sum() == pytest.approx(1.0)
        assert chances[0, GONE] == pytest.approx(leaves, abs=1e-5)


def test_the_columns_are_in_keeping() -> None:
    scores = scored().scores
    value, low, high = (scores[f"lifetime_value{end}"] for end in ("", "_low", "_high"))
    known = ~np.isnan(value)
    assert known[np.isin(scores["rung"], RUNGS[2:])].all()
    assert ((low <= value) & (value <= high) & (low >= 0))[known].all()
    gone = scores["former"].astype(bool)
    assert gone.any()
    assert (np.isnan(scores["p_win_back"]) == ~gone).all()
    assert (np.isnan(scores["win_back_value"]) == ~gone).all()
    assert (scores["win_back_value"][gone] > 0).mean() > 0.9
    np.testing.assert_array_equal(scores["p_no_order"][gone], 1 - scores["p_win_back"][gone])
    paid = ~np.isnan(scores["payback_years"])
    assert paid.any()
    assert ((scores["payback_years"] > 0) & (scores["payback_years"] <= 5))[paid].all()
    view = View(tiny_histories(), tiny_histories().known_at(tiny_histories().end))
    rate = margin_rates(view, tiny_bundle().facts.line_margins, tiny_bundle().facts.margin_rate)
    first = scores["expected_revenue"] * rate * 1.1 ** -(90 / 365)
    buys = ~gone & np.isin(scores["rung"], RUNGS[3:])
    assert (value >= first - 0.01)[buys].all()


def test_an_account_has_the_same_bits_alone_and_each_time() -> None:
    known, names = tiny_histories(), ("lifetime_value", "lifetime_value_low", "lifetime_value_high", "win_back_value")
    together, now = scored().scores, known.known_at(known.end)
    for row in range(0, len(now), 37):
        alone = Scorer(tiny_bundle(), "v").score(known, now.take(np.array([row])), explain=False, horizons=False).scores
        for name in names:
            assert alone[name].tobytes() == together[name][row : row + 1].tobytes()


def test_the_same_data_give_the_same_model_and_too_little_gives_none() -> None:
    data, settings, bundle = tiny_dataset(), small_settings(), tiny_bundle()
    seen, everything = former_rows(data, settings), np.ones(len(data.matrix), bool)
    models = {
        "next_rung": bundle.next_rung, "switching": bundle.switching, "revenue": bundle.revenue,
        "win_back": bundle.win_back,
    }  # fmt: skip
    assert fit_lifetime(data, seen, everything, settings, **models) == model()  # type: ignore[arg-type]
    few = data.snapshots.account < 3
    assert fit_lifetime(data, seen, few, settings, **models) is None  # type: ignore[arg-type]


def test_without_enough_beginners_nothing_is_said_of_who_never_ordered() -> None:
    bundle = tiny_bundle()
    bare = replace(bundle, lifetime=replace(model(), first=()))
    known = tiny_histories()
    found = Scorer(bare, "v").score(known, known.known_at(known.end), explain=False, horizons=False).scores
    never = np.isin(found["rung"], RUNGS[:2]) & ~found["former"].astype(bool)
    assert np.isnan(found["lifetime_value"][never]).mean() > 0.5
    without = Scorer(replace(bundle, lifetime=None), "v").score(known, known.known_at(known.end), False, False).scores
    assert np.isnan(without["lifetime_value"]).all()


def test_the_table_of_a_year_is_scored_on_the_same_accounts() -> None:
    random = np.random.default_rng(0)
    happened = random.gamma(1.0, 100.0, 200)
    found = {
        "last year's margin x average lifetime": happened * 1.5, "loyalty-ladder": happened * 1.1, "happened": happened,
        "low": happened * 0.5, "high": happened * 1.5, "account": np.arange(200.0),
    }  # fmt: skip
    table = table_of(found, ("2025-01-01",))
    assert table.scores("loyalty-ladder")["bias"] == pytest.approx(0.1)
    assert table.sets["coverage"].value == 1.0
    assert table.rows[0].difference is not None
    assert table.rows[0].difference.low > 0
    assert average_lifetime(0.8, 5.0) == pytest.approx(
        sum_of(plain(0.8).path(one(0.2), 1825.0, 0.0))[0] / 100, rel=0.12
    )


def test_who_came_back_brings_its_own_part_of_what_was_hardly_expected() -> None:
    rng = np.random.default_rng(0)
    size, gone = rng.lognormal(9, 1, 400), np.arange(400) % 2 == 0
    state = np.full((400, 3), MEMBER)
    state[gone, 0] = GONE
    revenue = np.column_stack([np.where(gone, 0.0, size), size])
    none = np.full(400, np.nan)
    steps = Steps(np.arange(400), state, np.full(400, MEMBER), revenue, np.ones((400, 2), bool))
    start = Start(
        state=state[:, 0], tenure=np.full(400, 900.0), expected=np.where(gone, 0.1, 1.0) * size, pace=np.ones(400),
        chances=np.eye(7)[state[:, 1]], leaves=none, returns=none,
    )  # fmt: skip
    usual, apart = _brought(steps, start, 180)
    told = replace(plain(1.0), of_expected=tuple(usual[0]), of_pace=tuple(usual[1]), apart=tuple(map(tuple, apart)))
    brought = told.brought(start)[:, MEMBER]
    for of in (gone, ~gone):  # with one part for all, who came back would be told less, and the others more
        assert brought[of].sum() == pytest.approx(size[of].sum(), rel=0.02)
    alone = told.brought(start.take(np.flatnonzero(gone)[:1]))
    assert alone[0, MEMBER] == brought[0]


def test_a_model_that_an_earlier_program_wrote_is_read() -> None:
    written = {name: value for name, value in to_json(model()).items() if name != "apart"}
    read = from_json(written)
    assert isinstance(read, LifetimeModel)
    assert read.apart == ()
    del written["widths_above"]
    with pytest.raises(BundleError, match="widths_above"):
        from_json(written)
