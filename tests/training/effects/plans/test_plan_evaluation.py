"""What a plan brought: by hand, over many seeds, from histories, and from a supplier that followed a plan."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.errors import NotEnoughData, ShapeMismatch
from features.histories.histories import build_histories
from features.instants import instant
from features.sources.source import source_from_rows
from serving.planning.arms import Draw
from serving.planning.plan import CONTRACT_COLUMNS, Allowance, make_plan
from tests.builders import histories
from tests.serving.planning.test_plan import advised
from tests.serving.planning.test_plan import supplier as scored
from tests.told import told
from training.effects.plans.plan_evaluation import PlanAccounts, PlanResult, evaluate_plan, pool_plans
from training.effects.plans.plan_findings import plan_outcome, plans_outcome
from training.effects.plans.plan_outcomes import PlanRows, plan_outcomes, plan_rows
from training.settings import Settings
from training.simulator.population import STEP_DAYS
from training.simulator.scenarios import SCENARIOS
from training.simulator.simulation import Supplier
from training.simulator.tables import account_ids, build_tables
from training.simulator.truth import HORIZON_DAYS, HORIZON_STEPS, replay_all, rung_of, truth_frame

OF_BEFORE = ("as_of", "horizon_days", "holdout")
"""What the record of a plan of release 0.2 needs to say."""


def selected(n: int, **given: Any) -> PlanAccounts:
    """Accounts of which every second is treated, at probability one half, margin 1; everything else is zero."""
    columns: dict[str, Any] = {
        "account": np.array([f"A{k}" for k in range(n)], object),
        "treated": np.arange(n) % 2 == 0,
        "chance": np.full(n, 0.5),
        "investment": np.full(n, "visit", object),
        **{name: np.zeros(n) for name in ("promised", "cost", "revenue", "before", "spent")},
        "margin": np.ones(n),
        "made": np.arange(n) % 2 == 0,
        "days": 180.0,
        "horizon_days": 180.0,
    }
    return PlanAccounts(**(columns | given))


def test_the_difference_of_six_accounts_is_what_a_hand_reckons() -> None:
    rows = selected(
        6, revenue=np.array([10.0, 4.0, 20.0, 6.0, 30.0, 5.0]), spent=np.array([2.0, 0, 2, 0, 2, 0]),
        promised=np.full(6, 11.0), cost=np.full(6, 2.0), margin=np.full(6, 0.5),
    )  # fmt: skip
    found = evaluate_plan(rows)
    assert found.revenue.value == pytest.approx(20 - 5)
    assert found.gain.value == pytest.approx(7.5 - 2)
    error = np.sqrt(100 / 3 + 1 / 3) / np.sqrt(3) * np.sqrt(3)
    assert found.revenue.influence @ found.revenue.influence == pytest.approx((100 + 1) / 3)
    assert found.revenue.high - found.revenue.low == pytest.approx(2 * 2.9199856 * error)  # Student's, 2 degrees
    assert (found.promised, found.compliance, found.contamination) == (11.0, 1.0, 0.0)
    assert found.effect_where_made is not None
    assert found.effect_where_made[0] == pytest.approx(15)


def test_rows_count_by_the_inverse_of_their_chance() -> None:
    treated = np.array([True, True, True, True, False, False, False, False])
    chance = np.array([0.8, 0.2, 0.8, 0.2, 0.2, 0.8, 0.2, 0.8])
    revenue = np.array([10.0, 50.0, 10.0, 50.0, 6.0, 20.0, 6.0, 20.0])
    found = evaluate_plan(selected(8, treated=treated, chance=chance, revenue=revenue))
    one = (10 / 0.8 + 50 / 0.2) / (1 / 0.8 + 1 / 0.2)
    other = (6 / 0.2 + 20 / 0.8) / (1 / 0.2 + 1 / 0.8)
    assert found.revenue.value == pytest.approx(one - other)


def test_an_uneven_draw_between_strata_does_not_count() -> None:
    treated = np.array([True] * 6 + [False] * 4 + [True] * 4 + [False] * 6)
    dear = np.arange(20) >= 10
    revenue = np.where(dear, 990.0, 90.0) + 10.0 * treated
    kinds = np.where(dear, "integration", "visit").astype(object)
    found = evaluate_plan(selected(20, treated=treated, revenue=revenue, investment=kinds))
    assert found.revenue.value == pytest.approx(10)
    assert found.revenue.high - found.revenue.low < 1e-6


def test_what_the_past_explains_does_not_widen_the_interval() -> None:
    rng = np.random.default_rng(0)
    before = rng.lognormal(7, 1.5, 400)
    rows = selected(400, revenue=0.9 * before + 100 * (np.arange(400) % 2 == 0) + rng.normal(0, 10, 400), before=before)
    found = evaluate_plan(rows)
    assert found.revenue.low < 100 < found.revenue.high
    assert found.revenue.high - found.revenue.low < 8


def test_the_interval_holds_the_truth_in_nine_of_ten_seeds() -> None:
    held, kinds, worlds = 0, np.array(["rebate", "visit", "integration"], object), 300
    for seed in range(worlds):
        rng = np.random.default_rng(seed)
        n = 400
        before = rng.lognormal(6, 1, n)
        effect = rng.gamma(2, 40, n)
        treated = rng.random(n) >= 0.2
        revenue = before * rng.lognormal(0, 0.4, n) + effect * treated
        rows = selected(
            n, treated=treated, chance=np.where(treated, 0.8, 0.2), revenue=revenue, before=before,
            investment=kinds[rng.integers(0, 3, n)], promised=effect + rng.normal(0, 20, n),
        )  # fmt: skip
        found = evaluate_plan(rows).revenue
        held += found.low <= effect.mean() <= found.high
    assert 0.86 <= held / worlds <= 0.95


def test_an_account_on_two_plans_counts_as_one() -> None:
    rng = np.random.default_rng(0)
    rows = selected(40, revenue=rng.normal(100, 10, 40))
    one = (rows, evaluate_plan(rows))
    same, _ = pool_plans([one, one])
    renamed = replace(rows, account=np.array([f"B{k}" for k in range(40)], object))
    other, _ = pool_plans([one, (renamed, evaluate_plan(renamed))])
    alone = one[1].gain
    assert same.value == pytest.approx(alone.value)
    assert same.high - same.low == pytest.approx(alone.high - alone.low, rel=0.03)
    assert other.high - other.low == pytest.approx((alone.high - alone.low) / np.sqrt(2), rel=0.05)


def lines(result: PlanResult) -> list[str]:
    return told(plan_outcome(result)).split("\n")


def test_findings_say_who_won_and_what_was_done() -> None:
    revenue = np.where(np.arange(80) % 2 == 0, 100.0, 40.0) + np.arange(80) % 3
    made = np.arange(80) % 4 == 0
    words = lines(evaluate_plan(selected(80, revenue=revenue, promised=np.full(80, 500.0), made=made)))
    assert words[0].startswith("the list beat the hold-out by 60 [90%: ")
    assert words[0].endswith("over its whole horizon; promised 500: less than promised")
    assert "the planned investment was made for 50% of the treated, and for 0% of the held-out" in words
    assert any(line.startswith("extra revenue where the list decided that it was made: 120 [") for line in words)
    lost = evaluate_plan(selected(80, revenue=-revenue, days=45.0, promised=np.full(80, 10.0), cost=np.full(80, 2.0)))
    assert lost.promised == pytest.approx(12 / 4 - 2)
    words = lines(lost)
    assert words[0].startswith("the list lost to the hold-out: -60 [90%: ")
    assert "in the 25% of its horizon so far" in words[0]
    few = lines(evaluate_plan(selected(8, revenue=np.array([1.0, 2, 3, 4, 5, 6, 7, 8]))))
    assert "cannot be told from" in few[0]
    assert few[-1].startswith("fewer than 30")
    together = told(plans_outcome(lost.gain, 1.0, 2, 0.8))
    assert together.startswith("all 2 plans together lost to the hold-outs: -60 [80%: ")


def test_without_a_hold_out_or_with_certain_arms_there_is_no_answer() -> None:
    with pytest.raises(NotEnoughData, match="6 accounts were treated and 0 held out"):
        evaluate_plan(selected(6, treated=np.ones(6, bool)))
    with pytest.raises(NotEnoughData, match="not between 0 and 1"):
        evaluate_plan(selected(6, chance=np.ones(6)))
    with pytest.raises(ShapeMismatch, match="revenue has 5 rows"):
        selected(6, revenue=np.zeros(5))


def rows_of(**other: Any) -> PlanRows:
    columns: dict[str, Any] = {
        "account": np.array(["A", "B", "gone"], object), "investment": np.array(["visit", "visit", "rebate"], object),
        "treated": np.array([True, False, True]), "chance": np.array([0.9, 0.1, 0.9]), "gain": np.full(3, 100.0),
        "cost": np.full(3, 50.0), "as_of": instant("2025-01-01"), "horizon_days": 180.0,
    }  # fmt: skip
    return PlanRows(**(columns | other))


ORDERS = [
    {"account_id": "A", "ordered_at": day, "revenue": revenue, "cost": revenue * 0.6}
    for day, revenue in (
        ("2024-07-01", 7.0), ("2024-12-31", 5.0), ("2025-01-01", 11.0), ("2025-06-29", 13.0), ("2025-06-30", 17.0),
    )
]  # fmt: skip
MADE = [
    {"account_id": "A", "made_at": "2025-01-01", "investment": "visit", "cost": 40.0},
    {"account_id": "A", "made_at": "2025-02-01", "investment": "rebate", "cost": 2.0},
    {"account_id": "A", "made_at": "2024-12-31", "investment": "visit", "cost": 40.0},
    {"account_id": "B", "made_at": "2025-06-30", "investment": "visit", "cost": 40.0},
]


def test_the_horizon_begins_with_as_of_and_ends_before_its_end() -> None:
    known = histories(orders=ORDERS, investments=MADE, accounts=[{"account_id": "B", "created_at": "2024-01-01"}])
    found = plan_outcomes(rows_of(), known, instant("2026-01-01"), Settings())
    assert found.revenue.tolist() == [11 + 13, 0, 0]
    assert found.before.tolist() == [5, 0, 0]  # 180 days before are 2024-07-05
    assert found.spent.tolist() == [42, 0, 0]
    assert found.made.tolist() == [True, False, False]
    assert found.margin.tolist() == pytest.approx([0.4, 0.3, 0.3])
    assert found.days == 180


def test_half_a_horizon_is_followed_as_far_as_it_goes() -> None:
    known = histories(orders=ORDERS)
    found = plan_outcomes(rows_of(), known, instant("2025-04-01"), Settings())
    assert (found.days, found.revenue.tolist()) == (90, [11, 0, 0])
    assert found.made.tolist() == [True, False, True]  # nobody wrote down what was made
    assert found.spent.tolist() == [50, 0, 50]
    with pytest.raises(NotEnoughData, match="nothing has happened since"):
        plan_outcomes(rows_of(), known, instant("2025-01-01"), Settings())
    with pytest.raises(NotEnoughData, match="knows none"):
        plan_outcomes(rows_of(account=np.array(["x", "y", "z"], object)), known, instant("2025-04-01"), Settings())


def test_a_written_plan_is_listed_with_the_chances_of_its_arms() -> None:
    plan = make_plan(*scored(60), Allowance(20_000.0))
    found = plan_rows(plan.rows, plan.record)
    assert found.as_of == instant("2026-01-01")
    assert set(found.chance[found.treated]) == {0.9}
    assert set(found.chance[~found.treated]) == {0.1}
    assert found.gain.sum() == pytest.approx(plan.rows["expected_gain"].sum())
    claimed = plan_rows(plan.rows, {**plan.record, "claimed_gain": plan.record["expected_gain"] / 4})
    assert claimed.gain.sum() == pytest.approx(plan.rows["expected_gain"].sum() / 4)
    of_before = plan_rows(plan.rows[CONTRACT_COLUMNS], {name: plan.record[name] for name in OF_BEFORE})
    assert np.array_equal(of_before.chance, found.chance)


def test_the_tests_of_a_plan_have_their_own_chance_and_stand_alone_where_nobody_else_is_held_out() -> None:
    scores, investments = advised(60)
    plan = make_plan(scores, investments, Allowance(20_000.0), Draw(0.1))
    found = plan_rows(plan.rows, plan.record)
    tested = (plan.rows["advice"] == "test").to_numpy(bool)
    assert 0 < tested.sum() < len(tested)
    assert found.chance.tolist() == plan.rows["propensity"].tolist()
    assert set(found.chance[tested]) == {0.5}
    alone = make_plan(scores, investments, Allowance(20_000.0), Draw(0.0))
    assert len(plan_rows(alone.rows, alone.record).account) == (alone.rows["advice"] == "test").sum()


def test_a_supplier_that_follows_a_plan_earns_what_its_truth_says() -> None:
    """A visit to all but a drawn third of 1,500 accounts; the truth is the mean over all of them."""
    world, n, months = replace(SCENARIOS["default"], effect_scale=3.0, replicates=30), 1_500, 30
    business = Supplier(world, n, months + HORIZON_STEPS, np.random.SeedSequence(3))
    for _ in range(months):
        business.advance(business.choose())
    end = months * STEP_DAYS
    past = business.count(at=end + HORIZON_DAYS, known=np.inf)
    outcomes = replay_all(world, business.traits, business.state, past=past, rng=np.random.default_rng(1))
    rung = rung_of(business.count(at=end, known=end))
    truth = truth_frame(world, business.traits, outcomes, rung, account_ids(n))
    on_list = (rung >= 2) & (truth["margin_gain_visit_programme"] > 0).to_numpy()
    treated = on_list & (np.random.default_rng(2).random(n) < 2 / 3)
    visit = 1 + [option.name for option in world.options].index("visit_programme")
    business.advance(np.where(treated, visit, 0))
    for _ in range(HORIZON_STEPS - 1):
        business.advance(np.zeros(n, np.int64))
    last = (months + HORIZON_STEPS) * STEP_DAYS
    begin = pd.Timestamp("2026-01-01") - pd.Timedelta(days=last)
    tables = build_tables(business.recorder, begin, last, np.random.default_rng(4))
    plan = PlanRows(
        account_ids(n)[on_list], np.full(on_list.sum(), "visit_programme", object), treated[on_list],
        np.where(treated, 2 / 3, 1 / 3)[on_list], truth["margin_gain_visit_programme"].to_numpy()[on_list],
        np.full(on_list.sum(), 700.0), instant((begin + pd.Timedelta(days=end)).to_pydatetime()), float(HORIZON_DAYS),
    )  # fmt: skip
    known = build_histories(source_from_rows(tables))
    found = evaluate_plan(plan_outcomes(plan, known, instant("2026-01-01"), Settings()))
    assert min(found.treated, found.held_out) > 60
    assert found.compliance == 1.0
    assert found.contamination == 0.0
    true = truth["uplift_visit_programme"].to_numpy()[on_list].mean()
    assert found.revenue.low < true < found.revenue.high
    assert found.gain.low < plan.gain.mean() < found.gain.high
    assert found.revenue.low > 0
