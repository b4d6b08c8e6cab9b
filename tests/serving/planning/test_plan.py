"""The plan keeps its limits whatever the lot, invests in nobody who does not pay, and can be read again."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import SettingsError
from serving.planning.arms import Draw
from serving.planning.candidates import build_candidates
from serving.planning.files import read_plan, record_of, write_plan
from serving.planning.integer_program import solve
from serving.planning.plan import HOLDOUT, PLAN_COLUMNS, TREAT, Allowance, Plan, make_plan
from serving.planning.plan_findings import plan_findings
from serving.scoring.terms import ModelTerms
from serving.store.feedback import accepted_plans
from tests.told import told
from training.model.findings import from_json

OPTIONS = (("rebate", "financial", 500.0), ("visit", "social", 700.0), ("integration", "structural", 3500.0))


def supplier(n: int, seed: int = 0, unknown: float = 0.1) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Scores of n accounts, as a scoring run writes them, as far as a plan looks."""
    rng = np.random.default_rng(seed)
    scores = pd.DataFrame({
        "account_id": [f"A{k:04d}" for k in rng.permutation(n)], "as_of": pd.Timestamp("2026-01-01"),
        "horizon_days": 180, "model_version": "m1", "rung": rng.choice(["customer", "member", "advocate"], n),
    })  # fmt: skip
    rows = []
    for account in scores["account_id"]:
        size, margin = rng.lognormal(7, 1), rng.uniform(0.2, 0.4)
        for name, bond, cost in OPTIONS:
            uplift, error = size * rng.normal(1 + cost / 1000, 1), 0.5 * size
            known = rng.random() >= unknown
            rows.append({
                "account_id": account, "investment": name, "bond": bond, "cost": cost,
                "uplift": uplift if known else np.nan, "uplift_low": uplift - error if known else np.nan,
                "uplift_high": uplift + error if known else np.nan,
                "gain": uplift * margin - cost if known else np.nan,
                "basis": "randomised" if known else "insufficient",
            })  # fmt: skip
    return scores, pd.DataFrame(rows)


def gains(investments: pd.DataFrame) -> Mapping[tuple[str, str], float]:
    return {(r.account_id, r.investment): r.gain for r in investments.itertuples()}


def owners_of(scores: pd.DataFrame) -> dict[str, str]:
    return {account: f"owner {int(account[1:]) % 4}" for account in scores["account_id"] if account != "A0003"}


@given(
    st.integers(0, 60), st.integers(0, 10**6), st.floats(0, 30_000), st.sampled_from([0.0, 0.05, 0.1, 0.5]),
    st.sampled_from([0.0, 0.1, 0.5]), st.sampled_from(["expected", "low"]),
)  # fmt: skip
def test_no_lot_exceeds_the_budget_and_nobody_is_invested_in_at_a_loss(
    n: int, seed: int, budget: float, holdout: float, explore: float, on: str
) -> None:
    scores, investments = supplier(max(n, 1), seed % 7)
    if not n:
        scores, investments = scores, investments.iloc[:0]
    plan = make_plan(scores, investments, Allowance(budget), Draw(holdout, explore, seed), on=on)
    rows, treated = plan.rows, plan.rows[plan.rows["arm"] == TREAT]
    assert rows.columns.tolist() == PLAN_COLUMNS
    assert treated["cost"].sum() <= budget * (1 + 1e-9)
    assert rows["account_id"].is_unique
    assert (rows["expected_gain"] > 0).all()
    assert on == "expected" or (rows["gain_low"] > 0).all()
    known = gains(investments)
    assert all(known[r.account_id, r.investment] == r.expected_gain for r in rows.itertuples())
    assert sum(plan.record["left_alone"].values()) + len(rows) == len(scores)
    assert plan.record["spent"] == pytest.approx(treated["cost"].sum())
    assert told(plan_findings(plan.record))


def test_the_budget_is_used_and_a_tenth_is_held_out() -> None:
    scores, investments = supplier(2_000)
    plan = make_plan(scores, investments, Allowance(100_000.0), Draw(0.1))
    held = (plan.rows["arm"] == HOLDOUT).sum()
    assert 96_000 < plan.record["spent"] <= 100_000
    assert abs(held - 0.1 * len(plan.rows)) < 1
    assert (plan.rows["propensity"] == np.where(plan.rows["arm"] == HOLDOUT, 0.1, 0.9)).all()
    without = make_plan(scores, investments, Allowance(100_000.0), Draw(0.0))
    assert (without.rows["propensity"] == 1).all()
    assert 0.85 < plan.record["expected_gain"] / without.record["expected_gain"] <= 1
    held_by = pd.DataFrame(plan.record["strata"])
    assert (np.abs(held_by["held_out"] - 0.1 * held_by["accounts"]) < 1 + 1e-9).all()


def test_rows_in_another_order_make_the_same_plan() -> None:
    scores, investments = supplier(300)
    plan = make_plan(scores, investments, Allowance(20_000.0), Draw(0.2, 0.1, 3))
    mixed = make_plan(
        scores.sample(frac=1, random_state=1), investments.sample(frac=1, random_state=2), Allowance(20_000.0),
        Draw(0.2, 0.1, 3),
    )  # fmt: skip
    pd.testing.assert_frame_equal(plan.rows, mixed.rows)
    assert plan.record == mixed.record


def test_a_plan_beats_every_list_that_ranks_by_something_else() -> None:
    scores, investments = supplier(500)
    plan = make_plan(scores, investments, Allowance(50_000.0), Draw(0.0), exact=solve)
    known, rng = gains(investments), np.random.default_rng(0)
    best = investments.sort_values("gain", ascending=False).drop_duplicates("account_id").dropna(subset=["gain"])
    for ranked in (best, best.sort_values("uplift", ascending=False), best.sample(frac=1, random_state=rng)):
        taken = ranked[ranked["cost"].cumsum() <= 50_000]
        assert sum(known[r.account_id, r.investment] for r in taken.itertuples()) <= plan.record["bound"] + 1e-6
        assert taken["gain"].sum() <= plan.record["expected_gain"] * 1.0001


def test_side_limits_hold_for_treated_and_held_out_together() -> None:
    scores, investments = supplier(200)
    owners = owners_of(scores)
    allowance = Allowance(
        30_000.0, owner_budget=8_000.0, bonds={"social": 9_000.0}, hours={"visit": 6.0, "integration": 20.0},
        owner_hours=40.0,
    )  # fmt: skip
    for explore in (0.0, 0.3):
        plan = make_plan(scores, investments, allowance, Draw(0.1, explore), owners=owners, exact=solve)
        rows = plan.rows.assign(owner=plan.rows["owner"].fillna("-"))
        assert len(rows) > 10
        assert rows.groupby("owner")["cost"].sum().max() <= 8_000
        assert rows.loc[rows["investment"] == "visit", "cost"].sum() <= 9_000
        hours = rows["investment"].map({"visit": 6.0, "integration": 20.0, "rebate": 0.0})
        assert hours.groupby(rows["owner"]).sum().max() <= 40
        assert plan.record["gap"] < 0.01
    named = rows.set_index("account_id")["owner"]
    assert all(owners.get(account, "-") == owner for account, owner in named.items())


def test_a_group_of_companies_has_a_limit_of_its_own() -> None:
    scores, investments = supplier(200)
    groups = {account: f"G{k % 7}" for k, account in enumerate(scores["account_id"]) if k % 2}
    free = make_plan(scores, investments, Allowance(40_000.0), Draw(0.0), groups=groups, exact=solve)
    held = make_plan(
        scores, investments, Allowance(40_000.0, group_budget=3_000.0), Draw(0.0), groups=groups, exact=solve
    )
    spent = [plan.rows.groupby(plan.rows["account_id"].map(groups))["cost"].sum() for plan in (free, held)]
    assert spent[0].max() > 3_000 >= spent[1].max() > 0
    assert held.record["limits"]["group_budget"] == 3_000
    assert free.record["plan_id"] != held.record["plan_id"]
    with pytest.raises(SettingsError, match="who belongs to whom"):
        make_plan(scores, investments, Allowance(40_000.0, group_budget=3_000.0))


def test_exploring_gives_some_another_option_that_pays_and_tells_how_many() -> None:
    scores, investments = supplier(800)
    planned = make_plan(scores, investments, Allowance(80_000.0), Draw(0.1, 0.0, 1)).rows
    explored = make_plan(scores, investments, Allowance(80_000.0), Draw(0.1, 0.05, 1))
    rows = explored.rows[explored.rows["arm"] == TREAT]
    small = rows["propensity"] < 0.4
    assert 0 < explored.record["explored"] <= 0.06 * len(planned)
    assert small.sum() == explored.record["explored"]
    assert (rows.loc[small, "expected_gain"] > 0).all()
    before = planned.set_index("account_id")["cost"]
    assert (rows.loc[small, "cost"].to_numpy() <= before[rows.loc[small, "account_id"]].to_numpy()).all()


def test_the_interval_of_a_gain_is_that_of_its_uplift() -> None:
    scores, investments = supplier(50)
    menu = build_candidates(scores, investments)
    margin = (investments["gain"] + investments["cost"]) / investments["uplift"]
    told = investments.assign(
        gain_low=margin * investments["uplift_low"] - investments["cost"],
        gain_high=margin * investments["uplift_high"] - investments["cost"],
    )
    given = build_candidates(scores, told)
    np.testing.assert_allclose(menu.low, given.low)
    np.testing.assert_allclose(menu.high, given.high)
    nought = investments.assign(uplift=np.where(investments["investment"] == "visit", 0.0, investments["uplift"]))
    nought.loc[nought["uplift"] == 0, "gain"] = -700.0
    there = np.isfinite(given.low)
    there[:, 2] &= there[:, :2].any(axis=1)  # the margin is learnt from the account's other options
    np.testing.assert_allclose(build_candidates(scores, nought).low[there], given.low[there])


def test_what_the_figures_mean() -> None:
    scores, investments = supplier(400, unknown=0.0)
    plan = make_plan(scores, investments, Allowance(20_000.0), Draw(0.0), exact=solve)
    record, rows = plan.record, plan.rows
    assert record["roi"] == pytest.approx(rows["expected_gain"].sum() / rows["cost"].sum())
    margin = rows["expected_gain"].sum() + rows["cost"].sum()
    assert record["break_even"] * margin - rows["cost"].sum() == pytest.approx(0)
    more = make_plan(scores, investments, Allowance(30_000.0), Draw(0.0), exact=solve)
    gained = more.record["expected_gain"] - record["expected_gain"]
    assert record["next_money"]["expected_gain"] == pytest.approx(gained)
    less = make_plan(scores, investments, Allowance(20_000.0 - 1_500), Draw(0.0), exact=solve)
    assert less.record["expected_gain"] < record["expected_gain"]
    assert record["claimed_gain"] == record["expected_gain"]
    scaled = make_plan(scores, investments, Allowance(20_000.0), Draw(0.0), terms=ModelTerms(0.6)).record
    assert scaled["claimed_gain"] == pytest.approx(0.6 * scaled["expected_gain"])
    assert "is worth 60% of itself" in told(plan_findings(scaled))
    assert "flatters" in told(plan_findings(record))


def advised(n: int, seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A supplier whose options are sure where their gain is above 800, and whose accounts are advised by the best."""
    scores, investments = supplier(n, seed, unknown=0.0)
    verdict = np.select([investments["gain"] > 800, investments["gain"] > 0], ["invest", "test"], "leave_alone")
    investments = investments.assign(advice=verdict)
    best = investments.loc[investments.groupby("account_id")["gain"].idxmax()].set_index("account_id")["advice"]
    return scores.assign(advice=scores["account_id"].map(best)), investments


@given(st.integers(0, 50), st.integers(0, 10**6), st.sampled_from([0.0, 0.1, 0.5]), st.sampled_from([0.3, 0.5, 0.95]))
def test_what_is_worth_a_test_is_given_by_lot_to_its_share_and_the_budget_is_kept(
    seed: int, lot: int, holdout: float, share: float
) -> None:
    scores, investments = advised(60, seed % 5)
    terms, budget = ModelTerms(test_share=share), 9_000.0
    plan = make_plan(scores, investments, Allowance(budget), Draw(holdout, 0.0, lot), terms=terms)
    rows, tested = plan.rows, plan.rows["advice"] == "test"
    of_test = max(holdout, 1 - share)
    held = (rows["arm"] == HOLDOUT).to_numpy()
    expected = np.where(tested, np.where(held, of_test, 1 - of_test), np.where(held, holdout, 1 - holdout))
    assert rows["propensity"].to_numpy() == pytest.approx(expected)
    assert abs(held[tested].sum() - of_test * tested.sum()) < 1 + 1e-9
    assert abs(held[~tested].sum() - holdout * (~tested).sum()) < 1 + 1e-9
    assert plan.record["spent"] <= budget * (1 + 1e-9)
    assert plan.record["tested"] == tested.sum()
    assert told(plan_findings(plan.record))
    verdict = investments.set_index(["account_id", "investment"])["advice"]
    assert all(verdict[r.account_id, r.investment] == "invest" for r in rows[~tested].itertuples())


def test_a_budget_of_tests_alone_is_used_by_those_who_are_treated() -> None:
    scores, investments = advised(2_000)
    tests = scores[scores["advice"] == "test"]
    of_tests = investments[investments["account_id"].isin(tests["account_id"])]
    plan = make_plan(tests, of_tests, Allowance(50_000.0), Draw(0.1))
    assert 48_000 < plan.record["spent"] <= 50_000
    assert plan.record["holdout_of_test"] == 0.5
    assert "have the advice to test first" in told(plan_findings(plan.record))


def test_a_plan_says_why_an_account_gets_another_option_than_its_best() -> None:
    scores, investments = supplier(300, unknown=0.0)
    dear = investments["investment"] == "integration"  # of which little is known
    investments.loc[dear, "uplift_low"] -= 0.2 * investments.loc[dear, "uplift"].abs()
    best = investments.loc[investments.groupby("account_id")["gain"].idxmax()].set_index("account_id")["investment"]

    def others(allowance: Allowance, draw: Draw | None = None, on: str = "expected") -> dict[str, int]:
        plan = make_plan(scores, investments, allowance, draw or Draw(0.1), on=on)
        rows = plan.rows
        assert (rows["why"].notna() == (rows["investment"] != rows["account_id"].map(best))).all()
        assert (rows["instead_of"].fillna(rows["investment"]) == rows["account_id"].map(best)).all()
        found: dict[str, int] = rows["why"].dropna().value_counts().to_dict()
        assert found == {reason: count for reason, count in plan.record["not_the_best"].items() if count}
        text = told(plan_findings(plan.record))
        assert ("another investment than its best" in text) == bool(found)
        return found

    assert others(Allowance(1e9)) == {}
    assert set(others(Allowance(60_000.0))) == {"budget"}
    assert set(others(Allowance(1e9, bonds={"structural": 4_000.0}))) == {"limits"}
    assert "by_lot" in others(Allowance(1e9), Draw(0.1, 0.2))
    assert "low_end" in others(Allowance(1e9), on="low")


@pytest.mark.parametrize(("terms", "share", "code"), [
    (ModelTerms(0.6, 0.2, 1.1, level=0.9), 0.6, "plan_claim_judged"),
    (ModelTerms(1.7, 0.9, 2.5, level=0.9), 1.0, "plan_claim_judged"),
    (ModelTerms(0.9, -0.7, 2.5, level=0.9), 0.9, "plan_claim_open"),
    (ModelTerms(-0.4, -0.7, 0.1, level=0.9), 0.0, "plan_claim_open"),
    (ModelTerms(-0.4, -0.7, -0.1, level=0.9), 0.0, "plan_claim_lost"),
    (ModelTerms(0.6), 0.6, "plan_claim"), (ModelTerms(), 1.0, "plan_unclaimed"),
])  # fmt: skip
def test_a_plan_promises_the_lower_of_two_sums_and_says_what_is_not_proven_yet(
    terms: ModelTerms, share: float, code: str
) -> None:
    record = make_plan(*supplier(100), Allowance(9_000.0), terms=terms).record
    assert record["claimed_gain"] == pytest.approx(share * record["expected_gain"])
    found = [one for one in plan_findings(record) if "claim" in one.code]
    assert [one.code for one in found] == [code]
    assert ("not proven yet" in told(found)) == (code == "plan_claim_open")


def test_a_plan_says_the_level_and_the_currency_of_its_model() -> None:
    scores, investments = supplier(100)
    made = make_plan(scores, investments, Allowance(9_000.0), terms=ModelTerms(level=0.8, currency="$"))
    assert (made.record["level"], made.record["currency"]) == (0.8, "$")
    assert "each account's own gain lies within its interval eight times out of ten" in told(plan_findings(made.record))
    assert "of the budget of $9,000" in told(plan_findings(made.record), made.record["currency"])
    nobody = make_plan(scores, investments, Allowance(9_000.0)).record  # scores whose model is not at hand
    assert (nobody["level"], nobody["currency"]) == (None, "")
    assert "times out of" not in told(plan_findings(nobody))


def test_with_money_enough_all_that_pays_is_on_the_plan() -> None:
    scores, investments = supplier(100)
    plan = make_plan(scores, investments, Allowance(1e9), Draw(0.0))
    assert plan.record["expected_gain"] == pytest.approx(
        investments.groupby("account_id")["gain"].max().clip(lower=0).sum()
    )
    assert plan.record["left_alone"]["beaten"] == 0
    assert "\nthe next 10,000 buys nothing" in told(plan_findings(plan.record))


def test_plans_for_other_accounts_or_with_other_arms_have_other_ids_and_the_same_plan_the_same() -> None:
    scores, investments = supplier(300)

    def plan_id(part: pd.DataFrame, draw: Draw | None = None, rows: pd.DataFrame = investments) -> str:
        of_part = rows[rows["account_id"].isin(part["account_id"])]
        return str(make_plan(part, of_part, Allowance(10_000.0), draw).record["plan_id"])

    known = investments["gain"].notna() & (investments["account_id"] == scores["account_id"].iloc[0])
    nudged = investments.assign(gain=investments["gain"] + np.where(known, 1.0, 0.0))
    others = [
        plan_id(scores[:150]), plan_id(scores[150:]), plan_id(scores, Draw(holdout=0.2)), plan_id(scores, Draw(seed=1)),
        plan_id(scores, Draw(explore=0.1)), plan_id(scores, rows=nudged),
    ]  # fmt: skip
    assert len({plan_id(scores), *others}) == 1 + len(others)
    assert plan_id(scores) == plan_id(scores.sample(frac=1, random_state=1), rows=investments[::-1])


@pytest.mark.parametrize("form", ["csv", "parquet", "xlsx"])
def test_a_plan_is_read_as_it_was_written(form: str, tmp_path: Path) -> None:
    scores, investments = supplier(120)
    plan = make_plan(scores, investments, Allowance(9_000.0), owners=owners_of(scores))
    files = write_plan(plan, tmp_path / f"plan.{form}")
    assert [file.name for file in files] == [f"plan.{form}", f"plan.{form}.json"]
    again: Plan = read_plan(files[0])
    pd.testing.assert_frame_equal(again.rows, plan.rows, check_dtype=False)
    assert again.record == plan.record
    kept = json.loads(files[1].read_text(encoding="utf-8"))
    assert from_json(kept["findings"]) == tuple(plan_findings(plan.record)) == tuple(plan_findings(again.record))
    record_of(files[0]).unlink()
    with pytest.raises(SettingsError, match="keep both together"):
        read_plan(files[0])


@pytest.mark.parametrize(
    ("allowance", "draw", "message"),
    [
        (Allowance(-1.0), Draw(), "the budget is -1"),
        (Allowance(float("nan")), Draw(), "the budget is nan"),
        (Allowance(1.0, bonds={"emotional": 5.0}), Draw(), "no bond 'emotional'"),
        (Allowance(1.0, owner_budget=5.0), Draw(), "give --data"),
        (Allowance(1.0), Draw(holdout=0.6), "holdout is 0.6"),
        (Allowance(1.0), Draw(explore=-0.1), "explore is -0.1"),
    ],
)
def test_what_cannot_be_is_refused_by_name(allowance: Allowance, draw: Draw, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        make_plan(*supplier(5), allowance, draw)


def test_tables_that_do_not_belong_together_are_refused() -> None:
    scores, investments = supplier(5)
    with pytest.raises(SettingsError, match="which the scores do not"):
        make_plan(scores.iloc[1:], investments, Allowance(1.0))
    with pytest.raises(SettingsError, match="an account and option twice"):
        make_plan(scores, pd.concat([investments, investments]), Allowance(1.0))
    with pytest.raises(SettingsError, match="hold an account twice"):
        make_plan(pd.concat([scores, scores]), investments, Allowance(1.0))
    with pytest.raises(SettingsError, match="cost is missing"):
        make_plan(scores, investments.assign(cost=np.nan), Allowance(1.0))
    with pytest.raises(SettingsError, match="have one as_of"):
        make_plan(scores.assign(as_of=range(5)), investments, Allowance(1.0))
    hours = Allowance(1.0, owner_hours=3.0)
    with pytest.raises(SettingsError, match=r"under \[plan\]"):
        make_plan(scores, investments, hours, owners=owners_of(scores))


def test_the_store_keeps_every_column_of_a_plan() -> None:
    assert accepted_plans.COLUMNS == PLAN_COLUMNS
