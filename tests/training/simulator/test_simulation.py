"""The simulated supplier keeps the contract, repeats itself, and its truth agrees with what happens."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.errors import SettingsError, SourceUnreadable
from features.histories.histories import build_histories
from features.histories.views import View
from features.ladder.rules import LadderRules, rungs
from features.schema import Kind
from features.sources.source import source_from_rows
from features.tables import NO_INVESTMENT, RUNGS, TABLE, TABLES, TRIGGER_FAMILIES
from training.simulator.events import Draw, Noise, Shock
from training.simulator.laws import binomial_count, lift_of, poisson_count, switching_hazard
from training.simulator.population import STEP_DAYS, Stage, Traits, draw_traits, first_state
from training.simulator.simulation import SCENARIOS, Simulation, Supplier, simulate, write
from training.simulator.truth import HORIZON_STEPS, Counts, replay, replay_all, rung_of

OPTIONS = tuple(option.name for option in SCENARIOS["default"].options)


@cache
def world(scenario: str = "tiny", accounts: int | None = None, months: int = 24, seed: int = 0) -> Simulation:
    return simulate(scenario, accounts=accounts, months=months, seed=seed)


def full() -> Simulation:
    return world("default", 3_000, 48)


def supplier(accounts: int = 1_500, months: int = 24, seed: int = 4) -> Supplier:
    made = Supplier(SCENARIOS["default"], accounts, months, np.random.SeedSequence(seed))
    for _ in range(months):
        made.advance(made.choose())
    return made


def test_all_tables_of_the_contract_are_there_with_declared_columns_only() -> None:
    tables = world().tables
    assert set(tables) == {table.name for table in TABLES}
    for name, frame in tables.items():
        declared = [column.name for column in TABLE[name].columns]
        assert set(frame.columns) <= set(declared), name
        assert len(frame) > 0, name


def test_times_are_microseconds_without_zone() -> None:
    for name, frame in world().tables.items():
        for column in TABLE[name].columns:
            if column.kind is Kind.TIME and column.name in frame:
                assert frame[column.name].dtype == np.dtype("datetime64[us]"), f"{name}.{column.name}"


def test_every_row_and_every_later_field_lies_before_as_of() -> None:
    simulation = world()
    for name, frame in simulation.tables.items():
        for column in TABLE[name].columns:
            if column.kind is Kind.TIME and column.name in frame and column.name != "ends_on":
                assert not (frame[column.name] >= simulation.as_of).any(), f"{name}.{column.name}"


def test_as_of_is_the_midnight_after_the_last_event() -> None:
    for simulation in (world(), world(accounts=50, months=6)):
        times = [
            frame[TABLE[name].time].max() for name, frame in simulation.tables.items() if TABLE[name].time is not None
        ]
        assert max(times).normalize() + pd.Timedelta(days=1) == simulation.as_of


def test_the_reader_sets_nothing_aside_but_the_planted_duplicates() -> None:
    source = source_from_rows(full().tables, max_bad_share=0.05)
    assert {row.table for row in source.set_aside} == {"orders", "tickets", "inquiries"}
    assert all(row.reason.startswith("duplicate") for row in source.set_aside)
    assert source.notes == ()


def test_some_rows_are_recorded_late_and_some_fields_are_missing() -> None:
    tables = full().tables
    orders = tables["orders"]
    late = orders["recorded_at"] - orders["ordered_at"] > pd.Timedelta(days=1)
    assert 0.01 < late.mean() < 0.06
    missing = (tables["accounts"]["employees"], orders["cost"], tables["contacts"]["role"])
    assert all(0.01 < column.isna().mean() < 0.15 for column in missing)


def test_the_unhappy_answer_surveys_less() -> None:
    made = supplier()
    answered = np.zeros(len(made.state.stage))
    np.add.at(answered, made.recorder.rows["surveys"].columns()["account"], 1)
    buying = made.state.stage == Stage.BUYER
    unhappy = made.traits.satisfaction_mean < 6.5
    assert answered[buying & unhappy].mean() < 0.8 * answered[buying & ~unhappy].mean()


def test_margin_of_the_orders_is_that_of_a_supplier() -> None:
    orders = full().tables["orders"].dropna(subset="cost")
    assert 0.30 < 1 - orders["cost"].sum() / orders["revenue"].sum() < 0.45
    assert 0 < (orders["revenue"] < 0).mean() < 0.05


def test_the_same_seed_gives_the_same_tables_and_another_seed_does_not() -> None:
    first, again, other = world(), simulate("tiny", months=24), world(seed=1)
    for name in first.tables:
        pd.testing.assert_frame_equal(first.tables[name], again.tables[name], check_exact=True)
    pd.testing.assert_frame_equal(first.truth, again.truth, check_exact=True)
    assert not first.tables["orders"].equals(other.tables["orders"])


def test_files_of_the_same_arguments_are_the_same_to_the_byte(tmp_path: Path) -> None:
    for place in ("one", "two"):
        write(simulate("tiny", accounts=60, months=6), tmp_path / place / "source")
    for file in sorted((tmp_path / "one").rglob("*.parquet")):
        assert file.read_bytes() == (tmp_path / "two" / file.relative_to(tmp_path / "one")).read_bytes(), file.name


def test_the_truth_lies_beside_the_source_and_never_inside(tmp_path: Path) -> None:
    write(world(), tmp_path / "source")
    assert (tmp_path / "truth.parquet").exists()
    assert {file.stem for file in (tmp_path / "source").iterdir()} == {table.name for table in TABLES}


def test_writing_into_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SourceUnreadable, match="is a file"):
        write(world(), tmp_path / "file")


def test_an_unknown_scenario_is_refused_and_the_known_ones_are_named() -> None:
    with pytest.raises(SettingsError, match="randomised"):
        simulate("typo")


@pytest.mark.parametrize(("accounts", "months", "seed"), [(10, 24, 0), (100, 3, 0), (100, 24, -1)])
def test_impossible_numbers_are_refused(accounts: int, months: int, seed: int) -> None:
    with pytest.raises(SettingsError, match="must be at least"):
        simulate("tiny", accounts=accounts, months=months, seed=seed)


def test_progress_rises_to_one() -> None:
    told: list[float] = []
    simulate("tiny", accounts=60, months=6, progress=told.append)
    assert told == sorted(told)
    assert told[-1] == pytest.approx(1.0)


@pytest.mark.parametrize("scenario", sorted(name for name, one in SCENARIOS.items() if not one.yearly_fees))
def test_every_scenario_runs_and_populates_the_ladder(scenario: str) -> None:
    truth = world(scenario, 400, 24).truth
    assert set(RUNGS[:6]) <= set(truth["rung"])


def test_all_rungs_are_populated_in_reasonable_shares() -> None:
    shares = full().truth["rung"].value_counts(normalize=True)
    ranges = {
        "suspect": (0.10, 0.30),
        "prospect": (0.05, 0.20),
        "shopper": (0.05, 0.12),
        "customer": (0.12, 0.30),
        "member": (0.20, 0.35),
        "advocate": (0.02, 0.10),
        "raving_fan": (0.008, 0.04),
    }
    for rung, (low, high) in ranges.items():
        assert low < shares[rung] < high, rung


def test_switching_is_as_frequent_and_as_uneven_as_it_should_be() -> None:
    p = full().truth["p_switch"].dropna()
    assert 0.08 < p.mean() < 0.15
    assert p.quantile(0.05) < 0.03
    assert p.max() > 0.5


def test_probabilities_and_shares_sum_to_one() -> None:
    truth = full().truth
    np.testing.assert_allclose(truth[[f"p_{rung}" for rung in RUNGS]].sum(axis=1), 1.0)
    triggers = truth[[f"trigger_{family}" for family in TRIGGER_FAMILIES]]
    np.testing.assert_allclose(triggers.dropna().sum(axis=1), 1.0)
    below = truth["rung"].isin(RUNGS[:2])
    assert (truth["p_switch"].isna() == below).all()
    assert (triggers.isna().any(axis=1) == below).all()


def test_the_oracle_takes_the_best_gain_or_nothing() -> None:
    truth = full().truth
    gains = truth[[f"margin_gain_{name}" for name in OPTIONS]]
    np.testing.assert_allclose(truth["best_gain"], gains.max(axis=1).clip(lower=0))
    assert ((truth["best_investment"] == NO_INVESTMENT) == (gains.max(axis=1) <= 0)).all()


def test_treating_the_right_accounts_gains_and_treating_everybody_does_not() -> None:
    truth = full().truth
    everybody = max(truth[f"margin_gain_{name}"].mean() for name in OPTIONS)
    assert truth["best_gain"].mean() > 300
    assert everybody < 0.2 * truth["best_gain"].mean()
    assert (truth["best_investment"] != NO_INVESTMENT).mean() < 0.5


def test_in_the_null_world_every_effect_is_exactly_zero() -> None:
    truth = world("null", 400).truth
    for name in OPTIONS:
        assert (truth[f"uplift_{name}"] == 0).all()
        assert (truth[f"p_upgrade_change_{name}"] == 0).all()
        assert (truth[f"p_switch_change_{name}"].dropna() == 0).all()
    assert (truth["best_investment"] == NO_INVESTMENT).all()


def test_randomised_arms_are_as_frequent_as_their_propensity_says() -> None:
    rows = world("randomised", 2_000).tables["investments"]
    assert (rows["assignment"] == "random").all()
    assert (rows["propensity"] == 1 / (1 + len(OPTIONS))).all()
    shares = rows["investment"].value_counts(normalize=True)
    assert set(shares.index) == {NO_INVESTMENT, *OPTIONS}
    assert abs(shares - 0.25).max() < 4 * np.sqrt(0.25 * 0.75 / len(rows))


def test_chosen_investments_have_no_propensity_and_go_to_accounts_that_buy_more() -> None:
    tables = full().tables
    rows = tables["investments"]
    chosen = rows[rows["assignment"] == "chosen"]
    assert chosen["propensity"].isna().all()
    assert (chosen["investment"] != NO_INVESTMENT).all()
    revenue = tables["orders"].groupby("account_id")["revenue"].sum()
    by_lot = set(rows.loc[rows["assignment"] == "random", "account_id"])
    assert by_lot.isdisjoint(chosen["account_id"])
    assert revenue[revenue.index.isin(chosen["account_id"])].mean() > 1.2 * revenue[~revenue.index.isin(by_lot)].mean()


def test_the_ladder_of_the_features_agrees_with_the_independent_one_of_the_truth() -> None:
    simulation = full()
    histories = build_histories(source_from_rows(simulation.tables))
    snapshots = histories.known_at(histories.end)
    rung = rungs(View(histories, snapshots), LadderRules())
    known = histories.account_ids[snapshots.account]
    expected = simulation.truth.set_index("account_id").loc[known, "rung"]
    np.testing.assert_array_equal(np.array(RUNGS)[rung], expected.to_numpy(dtype=str))


def test_the_rules_of_the_ladder_on_rows_made_by_hand() -> None:
    yes, no = [True] * 4 + [False] * 2, [False] * 6
    counts = Counts(
        order_days=np.array([0, 0, 1, 2, 0, 5, 5, 5]),
        periods=np.array([no, no, no, no, no, yes, yes, yes]),
        approached=np.array([False, True, True, False, False, True, True, True]),
        referrals=np.array([3, 3, 3, 3, 0, 0, 2, 3]),
        contract=np.array([False, False, False, False, True, False, False, False]),
    )
    assert rung_of(counts).tolist() == [0, 1, 2, 3, 4, 4, 5, 6]


def test_the_replay_agrees_with_what_happens_when_the_future_is_run_and_written_down() -> None:
    made = supplier(accounts=4_000)
    end, n = 24 * STEP_DAYS, 4_000
    horizon = HORIZON_STEPS * STEP_DAYS
    scenario = replace(made.scenario, replicates=12)
    past = made.count(at=end + horizon, known=np.inf)
    plain = replay_all(scenario, made.traits, made.state, past=past, rng=np.random.default_rng(0))[0]
    for _ in range(HORIZON_STEPS):
        made.advance(np.zeros(n, dtype=np.int64))
    rows = {name: made.recorder.rows[name].columns() for name in ("orders", "switches")}
    revenue = np.bincount(
        rows["orders"]["account"], rows["orders"]["revenue"] * (rows["orders"]["time"] >= end), minlength=n
    )
    switched = np.bincount(rows["switches"]["account"][rows["switches"]["time"] >= end], minlength=n)
    rung = rung_of(made.count(at=end + horizon, known=np.inf))
    for happened, promised in ((revenue, plain.revenue), (switched, plain.p_switch)):
        gap = happened - promised
        assert abs(gap.mean()) < 4 * gap.std() / np.sqrt(n)
    for k in range(len(RUNGS)):
        gap = (rung == k) - plain.rungs[:, k]
        assert abs(gap.mean()) < 4 * gap.std() / np.sqrt(n) + 1e-9, RUNGS[k]


def quiet(traits: Traits) -> Noise:
    """Thirty days in which nothing happens by chance: no switch, no ticket, no surprise."""
    n = len(traits.arrival)
    uniform = np.ones((len(Draw), n))
    uniform[[Draw.TICKETS, Draw.BREACHES, Draw.REFERRALS, Draw.BY_US, Draw.BY_THEM]] = 0.0
    return Noise(uniform, np.zeros((len(Shock), n)))


def test_an_investment_lifts_the_expected_revenue_of_the_first_month_by_what_was_declared() -> None:
    scenario = replace(SCENARIOS["default"], hidden_response=0.0, status_effect=0.0, silent_share=0.0)
    rng = np.random.default_rng(2)
    traits = draw_traits(scenario, 200, 12, rng)
    # Few orders, so that their number is never cut off and revenue is proportional to (1 + lift).
    traits = replace(traits, base_rate=np.full(200, 0.5), randomised=np.zeros(200, dtype=bool))
    state = replace(first_state(traits, rng), stage=np.full(200, int(Stage.BUYER)), step=0)
    nothing = Counts(*(np.zeros(200, dtype=np.int64), np.zeros((200, 6), bool), *[np.zeros(200, bool)] * 3))
    nothing = replace(nothing, referrals=np.zeros(200, dtype=np.int64))
    visits = 1 + OPTIONS.index("visit_programme")
    plain = replay(scenario, traits, state, arms=np.zeros(200, np.int64), noises=[quiet(traits)], past=nothing)
    treated = replay(scenario, traits, state, arms=np.full(200, visits), noises=[quiet(traits)], past=nothing)
    lift = lift_of(scenario.options[visits - 1], traits, state)
    assert (lift > 0.1).any()
    assert (lift < 0.0).any()
    stays = (1 - treated.p_switch) / (1 - plain.p_switch)
    np.testing.assert_allclose(treated.revenue / plain.revenue, (1 + lift) * stays, rtol=1e-9)
    assert (treated.p_switch < plain.p_switch)[lift > 0].all()


def test_hazards_rise_with_every_trigger_and_only_buyers_can_leave() -> None:
    scenario = SCENARIOS["default"]
    rng = np.random.default_rng(3)
    traits = draw_traits(scenario, 100, 12, rng)
    state = replace(first_state(traits, rng), stage=np.full(100, int(Stage.BUYER)))
    calm = switching_hazard(scenario, traits, state)
    one = np.ones(100)
    for family, change in enumerate(({"pressure_situational": one}, {"damage": one}, {"pressure_influential": one})):
        pressed = switching_hazard(scenario, traits, replace(state, **change))
        assert (pressed[family] > calm[family]).all()
    assert not switching_hazard(scenario, traits, replace(state, stage=np.full(100, int(Stage.SUSPECT)))).any()


def test_counts_drawn_by_inversion_have_the_declared_mean() -> None:
    uniform = (np.arange(100_000) + 0.5) / 100_000
    assert binomial_count(uniform, np.full(100_000, 0.3)).mean() == pytest.approx(1.8, abs=1e-3)
    assert poisson_count(uniform, np.full(100_000, 0.4), 8).mean() == pytest.approx(0.4, abs=1e-3)


def test_a_world_of_ones_own_is_simulated_as_a_named_one_is() -> None:
    named, own = (simulate(given, accounts=60, months=6).truth for given in ("default", SCENARIOS["default"]))
    assert own.equals(named)
    lifted = replace(SCENARIOS["default"], effect_scale=0.0)
    assert (simulate(lifted, accounts=60, months=6).truth["uplift_rebate"] == 0).all()
