"""The effect of an investment and of a climb, in worlds written by hand whose truth is known."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features.histories.histories import build_histories
from features.ladder.rules import CUSTOMER
from features.sources.source import source_from_rows
from tests.told import codes
from tests.trained import small_settings
from training.data.dataset import Dataset, build_dataset
from training.effects.target_trials import build_trials
from training.effects.upgrade import UpgradeEffect, _chosen_rows, fit_upgrades, fit_value_gaps
from training.effects.uplift import InvestmentEffect, Uplift, fit_uplift
from training.model.findings import NOTE, Finding
from training.models.fitting import one_linear_algebra_thread
from training.settings import Settings, UpliftSettings

N = 500
BEGIN = pd.Timestamp("2022-01-01")
DAYS = 1080
ROUNDS = (420, 600, 780)
"""Days on which investments are made: slices too, so that no part of an effect lies before its trial."""


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    with one_linear_algebra_thread():
        yield


def settings() -> Settings:
    return replace(small_settings(), uplift=UpliftSettings(folds=3))


def dataset(tables: dict[str, pd.DataFrame]) -> Dataset:
    known = build_histories(source_from_rows(tables))
    return build_dataset(known, settings(), known.end)


def names(accounts: np.ndarray) -> np.ndarray:
    return np.array([f"A{k:04d}" for k in accounts])


def supplier(seed: int, *, lift: float, how: str) -> tuple[dict[str, pd.DataFrame], float]:
    """Accounts that order every thirty days, and an investment that lifts revenue for 180 days by a share.

    how : `lot` (half by lot, controls recorded), `size` (the larger, the likelier), `largest` (the upper half,
        and nobody else), `everybody`.
    Returns the tables and the mean effect on 180 days' revenue over all accounts.
    """
    rng = np.random.default_rng(seed)
    size = np.exp(rng.normal(0, 0.7, N))
    phase = rng.integers(0, 30, N)
    account, day = np.divmod(np.arange(N * (DAYS // 30)), DAYS // 30)
    day = day * 30 + phase[account]
    revenue = 100 * size[account] * np.exp(rng.normal(0, 0.2, len(account)))
    rows = []
    for at in ROUNDS:
        chance = {
            "lot": np.full(N, 0.5),
            "size": 1 / (1 + np.exp(1.0 - 1.5 * np.log(size))),
            "largest": (size > np.median(size)).astype(float),
            "everybody": np.ones(N),
        }[how]
        treated = rng.random(N) < chance
        lifted = treated[account] & (day >= at) & (day < at + 180)
        revenue = np.where(lifted, revenue * (1 + lift), revenue)
        rows.append((at, treated))
    orders = pd.DataFrame({"account_id": names(account), "ordered_at": _at(day), "revenue": revenue.round(2)})
    return {
        "orders": orders,
        "investments": _investments(rows, by_lot=how == "lot"),
        "investment_options": pd.DataFrame([("visit", "social", 50.0)], columns=["investment", "bond", "cost"]),
    }, float(lift * 600 * size.mean() * np.exp(0.02))


def _at(day: np.ndarray) -> pd.DatetimeIndex:
    return BEGIN + pd.to_timedelta(day, unit="D")


def _investments(rounds: list[tuple[int, np.ndarray]], by_lot: bool) -> pd.DataFrame:
    parts = []
    for at, treated in rounds:
        chosen = np.arange(N) if by_lot else np.flatnonzero(treated)
        part = pd.DataFrame({"account_id": names(chosen), "made_at": BEGIN + pd.Timedelta(days=at)})
        part["investment"] = np.where(treated[chosen], "visit", "none")
        part["cost"] = np.where(treated[chosen], 50.0, 0.0)
        part["assignment"] = "random" if by_lot else "chosen"
        part["propensity"] = 0.5 if by_lot else np.nan
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def estimate(seed: int, lift: float, how: str) -> tuple[InvestmentEffect, float]:
    tables, truth = supplier(seed, lift=lift, how=how)
    (effect,) = fit_uplift(dataset(tables), settings()).options
    return effect, truth


@pytest.mark.parametrize("lift", [0.0, 0.25])
def test_a_randomised_effect_is_recovered(lift: float) -> None:
    effect, truth = estimate(0, lift, "lot")
    assert effect.basis == "randomised"
    assert effect.mean is not None
    assert effect.low is not None
    assert effect.high is not None
    wide = (effect.high - effect.low) / 2
    assert abs(effect.mean - truth) < 2 * wide
    assert wide < 80
    if lift:
        assert effect.low > 0
    assert "uplift_by_lot" in codes(effect.findings)


def test_in_a_null_world_no_effect_is_reported() -> None:
    claims = []
    for seed in range(6):
        effect, _ = estimate(seed, 0.0, "lot")
        assert effect.low is not None
        assert effect.high is not None
        claims.append(effect.low > 0 or effect.high < 0)
    assert sum(claims) <= 2


def test_managers_who_choose_by_size_are_adjusted_for() -> None:
    effect, truth = estimate(1, 0.25, "size")
    tables, _ = supplier(1, lift=0.25, how="size")
    trials = build_trials(dataset(tables), settings())
    assert trials is not None
    naive = trials.revenue[trials.arm == 1].mean() - trials.revenue[trials.arm == 0].mean()
    assert effect.basis == "adjusted"
    assert effect.mean is not None
    assert naive > 3 * truth
    assert abs(effect.mean - truth) < abs(naive - truth) / 4
    assert effect.low is not None
    assert effect.high is not None
    assert effect.low - (effect.high - effect.low) / 2 < truth < effect.high + (effect.high - effect.low) / 2


def test_without_comparable_accounts_there_is_no_number() -> None:
    effect, _ = estimate(0, 0.25, "largest")
    assert (effect.basis, effect.mean, effect.low, effect.high, effect.effects) == (
        "insufficient",
        None,
        None,
        None,
        None,
    )
    assert "uplift_too_few" in codes(effect.findings)


def test_where_everybody_was_invested_in_there_is_no_number() -> None:
    tables, _ = supplier(0, lift=0.25, how="everybody")
    data = dataset(tables)
    (effect,) = fit_uplift(data, settings()).options
    assert effect.basis == "insufficient"


def test_without_randomised_controls_there_is_no_number() -> None:
    tables, _ = supplier(0, lift=0.25, how="lot")
    tables["investments"] = tables["investments"][tables["investments"]["investment"] == "visit"]
    data = dataset(tables)
    early = replace(settings(), slices=replace(settings().slices, least_history_days=410))
    (effect,) = fit_uplift(data, early).options
    assert effect.basis == "insufficient"


def test_an_option_that_nobody_ever_got_is_insufficient() -> None:
    tables, _ = supplier(0, lift=0.25, how="lot")
    more = pd.DataFrame([("dinner", "social", 90.0)], columns=["investment", "bond", "cost"])
    tables["investment_options"] = pd.concat([tables["investment_options"], more], ignore_index=True)
    by_name = {effect.investment: effect for effect in fit_uplift(dataset(tables), settings()).options}
    assert by_name["dinner"].basis == "insufficient"
    assert by_name["visit"].basis == "randomised"


def test_options_without_any_investment_are_insufficient() -> None:
    tables, _ = supplier(0, lift=0.0, how="lot")
    del tables["investments"]
    (effect,) = fit_uplift(dataset(tables), settings()).options
    assert (effect.investment, effect.basis, effect.mean) == ("visit", "insufficient", None)


def test_without_investments_and_options_there_is_no_effect() -> None:
    assert fit_uplift(dataset({"orders": supplier(0, lift=0.0, how="lot")[0]["orders"]}), settings()) == Uplift(())


def test_trials_by_hand() -> None:
    """One account chosen, one randomised, one a recorded control, one without any investment; washout of 90 days."""
    tables, _ = supplier(0, lift=0.0, how="lot")
    day = "2023-06-20"
    made = pd.DataFrame(
        [
            ("A0001", day, "visit", 50.0, "chosen", np.nan),
            ("A0002", day, "visit", 50.0, "random", 0.25),
            ("A0003", day, "none", 0.0, "random", 0.75),
        ],
        columns=["account_id", "made_at", "investment", "cost", "assignment", "propensity"],
    )
    data = dataset(tables | {"investments": made})
    trials = build_trials(data, settings())
    assert trials is not None
    at = pd.to_datetime(trials.snapshots.as_of, unit="us")
    frame = pd.DataFrame(
        {
            "account": trials.snapshots.account,
            "as_of": at,
            "arm": trials.arm,
            "lot": trials.random,
            "p": trials.propensity,
        }
    )
    by_lot = frame[frame["lot"]]
    assert by_lot["as_of"].unique().tolist() == [pd.Timestamp(day)]
    assert by_lot[["account", "arm", "p"]].values.tolist() == [[2, 1, 0.25], [3, 0, 0.75]]
    chosen = frame[~frame["lot"]]
    exposed = chosen[chosen["arm"] == 1]
    assert exposed["account"].tolist() == [1] * len(exposed)
    assert (exposed["as_of"] <= day).all()
    assert (exposed["as_of"] > pd.Timestamp(day) - pd.Timedelta(days=30)).all()
    for account in (1, 2):
        seen = set(chosen[chosen["account"] == account]["as_of"])
        slices = {pd.Timestamp(t, unit="us") for t in data.sample.slices}
        washed = {t for t in slices if pd.Timestamp(day) < t <= pd.Timestamp(day) + pd.Timedelta(days=90)}
        assert washed
        assert not washed & seen


def climbers(seed: int, *, lift: float = 0.0, planted: float = 0.0) -> tuple[dict[str, pd.DataFrame], float]:
    """Customers who order about every ninety days; some sign a contract for a year, at random times.

    lift : share of revenue that the contract adds.  planted : share by which those who will sign order more in
        the 150 days before they do, because of something that no table holds.
    """
    rng = np.random.default_rng(seed)
    n, per = 900, 13
    size = np.exp(rng.normal(0, 0.4, n))
    signs, when = rng.random(n) < 0.6, rng.integers(330, 840, n)
    account = np.repeat(np.arange(n), per)
    day = np.clip(np.tile(np.arange(per), n) * 83 + rng.integers(0, 83, n * per), 0, DAYS - 1)
    since = day - when[account]
    revenue = 100 * size[account] * np.exp(rng.normal(0, 0.3, len(account)))
    revenue = np.where(signs[account] & (since >= 0) & (since < 365), revenue * (1 + lift), revenue)
    revenue = np.where(signs[account] & (since >= -150) & (since < 0), revenue * (1 + planted), revenue)
    who = np.flatnonzero(signs)
    contracts = pd.DataFrame({"account_id": names(who), "starts_on": _at(when[who]), "ends_on": _at(when[who] + 365)})
    contracts["recorded_at"] = contracts["starts_on"]
    orders = pd.DataFrame({"account_id": names(account), "ordered_at": _at(day), "revenue": revenue.round(2)})
    return {"orders": orders, "contracts": contracts}, float(lift * 100 * size.mean() * 180 / 83)


def climbing(seed: int, **how: float) -> tuple[UpgradeEffect, float]:
    tables, truth = climbers(seed, **how)
    with_slices = replace(settings(), slices=replace(settings().slices, every_days=30, most=24))
    known = build_histories(source_from_rows(tables))
    effects = fit_upgrades(build_dataset(known, with_slices, known.end), with_slices)
    assert [effect.rung for effect in effects] == list(range(6))
    return effects[CUSTOMER], truth


def test_the_effect_of_a_climb_is_recovered() -> None:
    effect, truth = climbing(1, lift=0.8)
    assert effect.basis == "adjusted", effect.finding
    assert effect.effect is not None
    assert truth > 100
    mean, error = _mean_and_error(effect.finding)
    assert abs(mean - truth) < 3 * error + 0.25 * truth
    assert mean > 2 * error


def test_who_climbed_is_compared_within_the_dates_at_which_somebody_did() -> None:
    """Dates without any climb say what came of other times, not of not climbing."""
    tables, _ = climbers(1)
    data = dataset(tables)
    at, on_rung = data.snapshots.as_of, data.labels.rung == CUSTOMER
    climbed = on_rung & (at >= np.median(at)) & (np.arange(len(at)) % 7 == 0)
    chosen = _chosen_rows(CUSTOMER, climbed, data)
    assert set(at[chosen]) == set(at[climbed])
    assert set(at[on_rung]) > set(at[chosen])
    assert (on_rung & np.isin(at, at[climbed])).sum() == len(chosen)


def test_a_climb_that_changes_nothing_is_not_credited() -> None:
    """Controls must not be selected by what they did afterwards: without those who climb by ordering, it is +31."""
    effects = [climbing(seed)[0] for seed in range(1, 7)]
    estimates = np.array([_mean_and_error(effect.finding) for effect in effects])
    assert abs(estimates[:, 0].mean()) < 12
    reported = estimates[[effect.basis == "adjusted" for effect in effects]]
    assert len(reported)
    assert (np.abs(reported[:, 0]) <= 1.96 * reported[:, 1]).all()


def test_a_control_too_weak_to_exclude_the_effect_is_no_leave_to_give_it() -> None:
    """With half of the accounts, what came before the climb is known too badly."""
    tables, _ = climbers(1, lift=0.8)
    few = {name: frame[frame["account_id"] < "A0500"] for name, frame in tables.items()}
    effect = fit_upgrades(dataset(few), settings())[CUSTOMER]
    assert effect.basis == "insufficient"
    assert effect.finding.code == "upgrade_differed_before", effect.finding


def test_a_planted_cause_is_flagged_by_what_came_before() -> None:
    effect, _ = climbing(0, planted=1.5)
    assert effect.basis == "insufficient"
    assert effect.effect is None
    assert effect.finding.code == "upgrade_differed_before"


def _mean_and_error(finding: Finding) -> tuple[float, float]:
    mean, error = finding.params["mean"], finding.params["error"]
    assert isinstance(mean, float)
    assert isinstance(error, float)
    return mean, error


def test_where_climbing_is_ordering_no_number_is_given() -> None:
    tables, _ = climbers(0)
    effects = fit_upgrades(dataset(tables), settings())
    assert [effect.basis for effect in effects[:CUSTOMER]] == ["insufficient"] * CUSTOMER
    assert all(effect.effect is None for effect in effects if effect.basis == "insufficient")


def test_a_landmark_beyond_the_horizon_is_said() -> None:
    tables, _ = climbers(0)
    late = replace(settings(), uplift=replace(settings().uplift, landmark_days=180))
    found = fit_upgrades(dataset(tables), late)[CUSTOMER].finding
    assert found == Finding.of("upgrade_landmark", NOTE, rung="customer")


def test_a_rung_that_nobody_stands_on_has_no_value_gap() -> None:
    tables, _ = climbers(0, lift=0.5)
    gaps = fit_value_gaps(dataset(tables))
    assert len(gaps) == 7
    assert gaps[6] is None
    assert gaps[0] is None
    assert gaps[CUSTOMER] is not None
    assert gaps[CUSTOMER] > 0
