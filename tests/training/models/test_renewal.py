"""An organisation of yearly fees: who renews, who leaves and what is billed, against rules and against the truth."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from scipy.stats import spearmanr

from features.catalog import catalog
from features.histories.histories import build_histories
from features.histories.views import View
from features.instants import MICROSECONDS_PER_DAY, FloatArray
from features.ladder.contract_ends import ENDED, ending_contracts
from features.ladder.eligibility import can_switch
from features.sources.source import source_from_rows
from tests.trained import small_settings, tiny_dataset
from training.data.dataset import Dataset, build_dataset
from training.evaluation.evaluation import OURS
from training.evaluation.grading import grade_report, reliability
from training.evaluation.renewal import judge_renewal, table_of
from training.model.findings import WARNING
from training.model.revenue import RevenuePool
from training.model.text.catalogue import render
from training.models.baselines import REVENUE
from training.models.renewal import (
    MIN_CONTRACTS,
    RATES,
    RenewalRows,
    contract_counts,
    fit_renewal,
    renewal_finding,
    renewal_rows,
)
from training.models.revenue import fit_revenue
from training.models.switching import fit_switching
from training.settings import Settings
from training.simulator.simulation import Simulation, simulate

SETTINGS = replace(Settings(), outcome=replace(Settings().outcome, further_horizons_days=()))


@cache
def members() -> Simulation:
    return simulate("membership", accounts=1_500, months=48, seed=1)


@cache
def dataset() -> Dataset:
    histories = build_histories(source_from_rows(dict(members().tables)))
    return build_dataset(histories, SETTINGS, histories.end)


@cache
def contracts() -> RenewalRows:
    return renewal_rows(dataset(), SETTINGS)


def today() -> tuple[View, FloatArray]:
    """All accounts at the end of the data."""
    data = dataset()
    view = View(data.histories, data.histories.known_at(data.end))
    return view, catalog.compute(view, data.context)


def test_one_in_five_leaves_a_year_mostly_at_the_end_of_a_contract() -> None:
    rows = members().tables["contracts"]
    assert "switches" not in members().tables
    left = []
    for since in np.datetime64("2023-01-01") + np.array([0, 365, 730]) * np.timedelta64(1, "D"):
        bound = [
            set(rows.account_id[(rows.starts_on <= at) & (rows.ends_on > at) & ~(rows.cancelled_at < at)])
            for at in (since, since + np.timedelta64(365, "D"))
        ]
        left.append(1 - len(bound[0] & bound[1]) / len(bound[0]))
    assert 0.16 < np.mean(left) < 0.24
    cancelled = rows[rows.cancelled_at.notna()]
    early = (cancelled.ends_on - cancelled.cancelled_at).dt.days > 130
    assert 0 < early.mean() < 0.3
    assert (rows.groupby("account_id").kind.nunique() > 1).mean() > 0.1
    assert "switches" in simulate("membership_with_switches", accounts=60, months=12).tables


def test_p_renew_beats_every_rule_in_log_loss_and_auc_and_is_calibrated() -> None:
    table = judge_renewal(dataset(), contracts(), SETTINGS, 3)
    assert table is not None
    assert table.serves == OURS
    assert table.rows[0].model == "base rate"
    ours = table.scores(OURS)
    for row in table.rows[:-1]:
        assert ours["log_loss"] < row.scores["log_loss"], row.model
        assert ours["auc"] > row.scores["auc"], row.model
    assert all(row.difference is not None and row.difference.low > 0 for row in table.rows if row.model in RATES)
    assert ours["ece"] < 0.06
    assert not [finding for finding in reliability(table) if finding.severity == WARNING]
    (grade,) = (finding for finding in grade_report([table]) if finding.code == "grade_clearly_better")
    assert "renewal" in render(grade, "en")


def test_p_renew_orders_the_accounts_as_the_truth_does() -> None:
    data, rows = dataset(), contracts()
    model = fit_renewal(data, rows, rows.decided <= data.end, SETTINGS)
    assert model is not None
    view, matrix = today()
    ending = ending_contracts(view, 180, 60)
    chances = model.by_account(matrix, ending)
    known = ~np.isnan(chances).any(axis=1)
    np.testing.assert_array_equal(np.flatnonzero(known), np.unique(ending.snapshot))
    np.testing.assert_allclose(chances[known].sum(axis=1), 1.0)
    truth = members().truth.set_index("account_id").loc[list(data.histories.account_ids[view.snapshots.account])]
    true, ours = truth["p_renew"].to_numpy(), 1 - chances[:, ENDED]
    both = known & ~np.isnan(true)
    assert spearmanr(true[both], ours[both]).statistic > 0.6
    assert abs(true[both].mean() - ours[both].mean()) < 0.04


def test_accounts_that_only_pay_fees_can_leave_and_are_told_by_how_likely() -> None:
    data = dataset()
    assert data.definition == "rhythm"
    view, matrix = today()
    possible = can_switch(view, SETTINGS.ladder, "rhythm", SETTINGS.outcome.silence_days)
    truth = members().truth.set_index("account_id").loc[list(data.histories.account_ids[view.snapshots.account])]
    true = truth["p_switch"].to_numpy()
    bound = ~np.isnan(true)
    assert possible[bound].mean() > 0.98
    pool = fit_switching(data, data.labels.complete, SETTINGS)
    rows = np.flatnonzero(possible & bound)
    chance = pool.predict(matrix[rows])[:, 0]
    assert (chance > 1e-5).mean() > 0.95
    given_up = pool.given_up(matrix[rows])
    assert given_up.sum() > 10
    assert chance[given_up].min() > 0.9  # under notice, and nothing else in force
    assert spearmanr(true[rows], chance).statistic > 0.5


def test_revenue_by_invoice_is_no_worse_than_the_same_season_a_year_ago() -> None:
    data = dataset()
    last = data.snapshots.as_of.max()
    train, test = data.snapshots.as_of + 180 * MICROSECONDS_PER_DAY <= last, data.snapshots.as_of == last
    model = fit_revenue(data, train, SETTINGS)
    assert isinstance(model, RevenuePool)
    assert model.invoices is not None
    came = data.labels.revenue[test]
    ours = model.predict(data.matrix[test])[:, 0]
    season = REVENUE["the same season a year ago"](data, train, test, SETTINGS)[:, 0]
    assert np.abs(ours - came).mean() <= np.abs(season - came).mean()
    assert ((ours - came) ** 2).mean() < ((season - came) ** 2).mean()
    assert abs(ours.sum() / came.sum() - 1) < abs(season.sum() / came.sum() - 1)
    pool = replace(model, invoices=None)
    others = ~model.invoices.concerned(data.matrix[test])
    np.testing.assert_array_equal(ours[others], pool.predict(data.matrix[test])[others, 0])


def test_nothing_is_learnt_before_its_grace_is_over_and_nothing_of_a_handful() -> None:
    data, rows = dataset(), contracts()
    origin = data.sample.slices[-4]
    stood = rows.decided <= origin
    model = fit_renewal(data, rows, stood, SETTINGS)
    unknown = replace(rows, outcome=np.where(stood, rows.outcome, (rows.outcome + 1) % 3))
    assert model == fit_renewal(data, unknown, stood, SETTINGS)
    few = np.isin(rows.contract, np.unique(rows.contract)[:40]) & stood
    assert fit_renewal(data, rows, few, SETTINGS) is None
    finding = renewal_finding(rows, few, learnt=False)
    assert finding.code == "renewal_left_out"
    assert str(MIN_CONTRACTS) in render(finding, "en")
    ended, smaller, renewed = contract_counts(rows, stood & ~rows.followed)
    assert min(ended, smaller, renewed) > MIN_CONTRACTS


def test_contracts_that_never_renew_are_warned_of_since_their_ends_may_have_been_moved_on() -> None:
    rows = contracts()
    never = replace(rows, outcome=np.zeros_like(rows.outcome), followed=np.zeros_like(rows.followed))
    assert fit_renewal(dataset(), never, rows.decided <= dataset().end, SETTINGS) is None
    finding = renewal_finding(never, rows.decided <= dataset().end, learnt=False)
    assert (finding.code, finding.severity) == ("no_contract_followed", "warning")
    assert "a row for each term" in render(finding, "en")


def test_a_rate_that_predicted_better_serves_by_name() -> None:
    random = np.random.default_rng(0)
    renewed = (random.random(500) < 0.8).astype(np.int64)
    chances = {name: np.full(500, 0.8) for name in RATES} | {OURS: np.full(500, 0.4)}
    table = table_of(chances, renewed, np.arange(500), ("2025-01-01",))
    assert table.serves in RATES
    assert table.scores(OURS) == table.scores(table.serves)
    data, rows = dataset(), contracts()
    model = fit_renewal(data, rows, rows.decided <= data.end, SETTINGS, table.serves)
    assert model is not None
    assert list(model.renews.members) == [f"rule: {table.serves}"]  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", sorted(RATES))
def test_a_rate_is_a_chance_for_every_row(name: str) -> None:
    data, rows = dataset(), contracts()
    model = fit_renewal(data, rows, rows.decided <= data.end, SETTINGS, name)
    assert model is not None
    chances = model.predict(rows.matrix[:200])
    assert ((chances > 0) & (chances < 1)).all()
    assert np.isfinite(model.predict(np.full((1, data.matrix.shape[1]), np.nan))).all()


def test_a_source_with_few_contract_ends_has_no_model_and_says_why() -> None:
    data, settings = tiny_dataset(), small_settings()
    rows = renewal_rows(data, settings)
    few = (rows.decided <= data.end) & (rows.as_of == data.sample.slices[0])
    assert fit_renewal(data, rows, few, settings) is None
