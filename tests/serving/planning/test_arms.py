"""The lots: everybody has the chance that is recorded, and no lot costs more than was reckoned with."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.planning.arms import Draw, draw_arms, explore_share, most_cost, strata, systematic, uniforms

NAMES = [f"A{k:03d}" for k in range(40)]
COST = np.repeat([3500.0, 700.0, 500.0], [7, 20, 13])
OPTION = np.repeat([2, 1, 0], [7, 20, 13])
OTHERS = np.tile([True, True, True], (40, 1)) & (np.arange(3) != OPTION[:, None])
NEAR = np.arange(40) % 3 == 0


def stratum() -> np.ndarray:
    return strata(OPTION, ["member", "customer"] * 20, np.linspace(1, 100, 40))


@given(st.integers(0, 300), st.floats(0, 0.5), st.floats(0, 1, exclude_max=True))
def test_the_share_is_kept_to_within_one(n: int, share: float, start: float) -> None:
    assert abs(systematic(n, share, start).sum() - share * n) < 1 + 1e-6


@given(
    st.lists(st.sampled_from([0.0, 1.0, 7.0, 35.0]), max_size=30), st.floats(0, 0.5), st.floats(0, 1, exclude_max=True)
)
def test_no_start_costs_more_than_was_reckoned_with(costs: list[float], share: float, start: float) -> None:
    falling = np.sort(np.array(costs, np.float64))[::-1]
    assert (
        falling[~systematic(len(falling), share, start)].sum()
        <= most_cost(falling, np.full(len(falling), share)) + 1e-9
    )


@pytest.mark.parametrize(("holdout", "explore"), [(0.1, 0.0), (0.25, 0.1), (0.5, 0.05), (0.07, 0.0)])
def test_over_many_seeds_every_account_gets_every_arm_as_often_as_its_propensity_says(
    holdout: float, explore: float
) -> None:
    draws = 3_000
    held, made = np.zeros(40), np.zeros((40, 3))
    told_held, told_made = np.full(40, np.nan), np.full((40, 3), np.nan)
    for seed in range(draws):
        draw = Draw(holdout, explore, seed)
        arms = draw_arms(
            NAMES,
            cost=COST,
            stratum=stratum(),
            option=OPTION,
            others=OTHERS,
            near=NEAR,
            draw=draw,
            run="model@2026-01-01",
        )
        held += arms.held
        rows = np.flatnonzero(~arms.held)
        made[rows, arms.option[rows]] += 1
        told_held[arms.held] = arms.chance[arms.held]
        told_made[rows, arms.option[rows]] = arms.chance[rows]
        assert (arms.option[arms.held] == OPTION[arms.held]).all()
    seen = made > 0
    error = np.sqrt(0.25 / draws)
    assert np.abs(held / draws - told_held).max() < 4.5 * error
    assert np.abs(made / draws - told_made)[seen].max() < 4.5 * error
    assert np.allclose(told_held, holdout)
    assert np.allclose(np.nansum(told_made, axis=1) + told_held, 1)
    if explore:
        assert (seen[NEAR].sum(axis=1) == 3).all()  # every option stays learnable
        assert np.nansum(told_made, axis=1)[NEAR].mean() == pytest.approx(1 - holdout)
    assert (seen[~NEAR].sum(axis=1) == 1).all()


def test_every_stratum_gives_its_share() -> None:
    for seed in range(200):
        arms = draw_arms(
            NAMES,
            cost=COST,
            stratum=stratum(),
            option=OPTION,
            others=OTHERS,
            near=NEAR,
            draw=Draw(0.25, 0, seed),
            run="p",
        )
        for name in np.unique(stratum().astype(str)):
            rows = stratum() == name
            assert abs(arms.held[rows].sum() - 0.25 * rows.sum()) < 1


def test_the_draw_depends_on_who_there_is_not_on_their_order() -> None:
    order = np.random.default_rng(0).permutation(40)
    one = draw_arms(
        NAMES, cost=COST, stratum=stratum(), option=OPTION, others=OTHERS, near=NEAR, draw=Draw(0.2, 0.1, 5), run="p"
    )
    other = draw_arms(
        [NAMES[k] for k in order],
        cost=COST[order],
        stratum=stratum()[order],
        option=OPTION[order],
        others=OTHERS[order],
        near=NEAR[order],
        draw=Draw(0.2, 0.1, 5),
        run="p",
    )
    for name in ("held", "option", "chance"):
        assert np.array_equal(getattr(one, name)[order], getattr(other, name))
    another = draw_arms(
        NAMES, cost=COST, stratum=stratum(), option=OPTION, others=OTHERS, near=NEAR, draw=Draw(0.2, 0.1, 5), run="q"
    )
    assert not np.array_equal(one.held, another.held)


def test_hashes_are_spread_evenly() -> None:
    drawn = uniforms([str(k) for k in range(20_000)], "salt")
    assert ((drawn >= 0) & (drawn < 1)).all()
    assert np.abs(np.histogram(drawn, 10, (0, 1))[0] - 2_000).max() < 200
    assert not np.array_equal(drawn, uniforms([str(k) for k in range(20_000)], "other"))


def test_exploring_is_shared_among_those_who_take_part() -> None:
    assert explore_share(np.zeros(5, bool), 0.1) == 0.0
    assert explore_share(NEAR, 0.1) == pytest.approx(0.1 * 40 / 14)
