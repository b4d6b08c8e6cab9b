"""The knapsack against every choice there is, against linear programming, and against an exact solver."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog

from features.errors import ShapeMismatch
from features.instants import FloatArray, IntArray
from serving.planning.integer_program import solve
from serving.planning.knapsack import NEARLY_NIL, NONE, ROOM, Choice, Limit, choose, hull_steps, values_of


def budget(cost: FloatArray, most: float) -> Limit:
    return Limit("budget", np.zeros(cost.shape, np.int64), cost, np.array([most]))


def keeps(option: IntArray, limits: list[Limit]) -> bool:
    return all((limit.used(option) <= limit.most * (1 + ROOM)).all() for limit in limits)


def best_of_all(value: FloatArray, limits: list[Limit]) -> float:
    """The oracle: every choice there is."""
    every = (np.array(option) for option in product(range(NONE, value.shape[1]), repeat=len(value)))
    return max(float(values_of(o, value).sum()) for o in every if keeps(o, limits))


@st.composite
def problems(draw: st.DrawFn, sides: bool) -> tuple[FloatArray, list[Limit]]:
    """Up to five accounts and three options; values may be equal, below zero or forbidden, costs nought."""
    n, k = draw(st.integers(1, 5)), draw(st.integers(1, 3))
    numbers = st.sampled_from([-1.0, 0.0, 1.0, 2.0, 3.0, 5.0, 8.5, -np.inf])
    value = np.array(draw(st.lists(numbers, min_size=n * k, max_size=n * k))).reshape(n, k)
    costs = st.sampled_from([0.0, 1.0, 2.0, 3.5])
    cost = np.array(draw(st.lists(costs, min_size=n * k, max_size=n * k))).reshape(n, k)
    limits = [budget(cost, draw(st.sampled_from([0.0, 1.0, 3.0, 5.0, 100.0])))]
    if sides:
        owner = np.array(draw(st.lists(st.integers(0, 1), min_size=n, max_size=n)))
        most = np.array([draw(st.sampled_from([0.0, 2.0, 4.0])), 3.0])
        limits.append(Limit("owner", np.repeat(owner[:, None], k, axis=1), cost, most))
        limits.append(Limit("bond", np.tile(np.arange(k) % 2 - 1, (n, 1)), cost, np.array([4.0])))
    return value, limits


def sound(found: Choice, value: FloatArray, limits: list[Limit], best: float) -> None:
    assert keeps(found.option, limits)
    assert found.value == pytest.approx(values_of(found.option, value).sum())
    assert found.value <= best + 1e-6
    assert found.bound >= best - 1e-6
    assert (value[found.option != NONE, found.option[found.option != NONE]] > 0).all()


@pytest.mark.parametrize("sides", [False, True])
@given(data=st.data())
def test_no_choice_of_all_is_worth_more_than_the_bound_and_the_exact_one_is_the_best(
    sides: bool, data: st.DataObject
) -> None:
    value, limits = data.draw(problems(sides))
    best = best_of_all(value, limits)
    sound(choose(value, limits), value, limits, best)
    found = choose(value, limits, solve)
    sound(found, value, limits, best)
    assert found.value >= best * (1 - NEARLY_NIL) - 1e-6


@given(problems(sides=False))
def test_under_one_budget_the_bound_is_that_of_linear_programming(problem: tuple[FloatArray, list[Limit]]) -> None:
    value, limits = problem
    cost, most = limits[0].weight, float(limits[0].most[0])
    n, k = value.shape
    fits = np.isfinite(value) & (value > 0) & (cost <= most)
    worth = np.where(fits, value, 0.0).ravel()
    once = np.kron(np.eye(n), np.ones(k))
    answer = linprog(-worth, np.vstack([once, np.where(fits, cost, 0.0).ravel()]), np.append(np.ones(n), most))
    assert choose(value, limits).bound == pytest.approx(-answer.fun, abs=1e-6)


@given(problems(sides=False))
def test_returns_fall_along_an_accounts_steps(problem: tuple[FloatArray, list[Limit]]) -> None:
    value, limits = problem
    steps = hull_steps(np.where(value > 0, value, -np.inf), limits[0].weight)
    for account in range(len(value)):
        rows = np.flatnonzero(steps.account == account)
        with np.errstate(divide="ignore"):
            rates = np.divide(steps.value[rows], steps.cost[rows])
        assert (np.diff(rates) < 1e-12).all() or np.isinf(rates).any()
        assert steps.before[rows].tolist() == [NONE, *steps.after[rows][:-1].tolist()][: len(rows)]


def test_the_best_return_comes_first_and_money_left_over_goes_to_what_still_fits() -> None:
    value = np.array([[30.0, 35.0], [10.0, 40.0], [4.0, 0.0]])
    cost = np.array([[10.0, 20.0], [10.0, 20.0], [3.0, 5.0]])
    assert choose(value, [budget(cost, 30.0)]).option.tolist() == [0, 1, NONE]
    assert choose(value, [budget(cost, 13.0)]).option.tolist() == [0, NONE, 0]
    assert choose(value, [budget(cost, 0.0)]).option.tolist() == [NONE] * 3


def test_a_thousand_accounts_leave_next_to_no_gap_and_the_solver_none() -> None:
    rng = np.random.default_rng(0)
    cost = np.tile([500.0, 700.0, 3500.0], (1000, 1))
    value = rng.lognormal(6, 1.2, cost.shape) - 300
    limits = [budget(cost, 60_000.0)]
    quick, exact = choose(value, limits), choose(value, limits, solve)
    assert quick.gap < 0.01
    assert exact.value >= quick.value
    assert exact.gap < NEARLY_NIL
    owner = np.repeat(rng.integers(0, 8, 1000)[:, None], 3, axis=1)
    limits.append(Limit("owner", owner, cost, np.full(8, 9_000.0)))
    quick, exact = choose(value, limits), choose(value, limits, solve)
    assert quick.gap < 0.05
    assert exact.value >= quick.value
    assert exact.proven


def test_the_solver_says_nothing_where_answers_are_printed(capfd: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(1)
    cost = np.tile([500.0, 700.0, 1500.0, 2500.0, 3500.0], (200, 1))
    value = rng.lognormal(6, 1.5, cost.shape)
    assert choose(value, [budget(cost, 33_333.0)], solve).proven
    assert capfd.readouterr() == ("", "")


def test_a_limit_about_other_accounts_is_refused() -> None:
    with pytest.raises(ShapeMismatch, match="need one limit"):
        choose(np.ones((2, 2)), [budget(np.ones((3, 2)), 1.0)])
    with pytest.raises(ShapeMismatch, match="need one limit"):
        choose(np.ones((2, 2)), [])
