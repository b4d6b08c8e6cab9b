"""What managers invest after a trial began: counted by hand, and taken out of the effect."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest

from features.histories.histories import build_histories
from features.histories.snapshots import Snapshots
from features.instants import instant
from features.sources.source import source_from_rows
from tests.training.effects.test_uplift import BEGIN, dataset, names, settings, supplier
from training.effects.estimation.co_interventions import remaining_shares
from training.effects.uplift import fit_uplift
from training.models.fitting import one_linear_algebra_thread

LIFT = 0.3


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    with one_linear_algebra_thread():
        yield


def test_parts_left_by_hand() -> None:
    """A got its visit on day 9 of 180, a second one on day 45; B only on day 90, in the other option; C never."""
    orders = pd.DataFrame({"account_id": ["A", "B", "C"], "ordered_at": [BEGIN] * 3, "revenue": [1.0] * 3})
    rows = [("A", 9, "visit"), ("A", 45, "visit"), ("B", 90, "rebate"), ("C", 200, "visit"), ("C", -5, "visit")]
    made = pd.DataFrame(rows, columns=["account_id", "day", "investment"])
    made["made_at"] = BEGIN + pd.to_timedelta(made.pop("day") + 300, unit="D")
    options = pd.DataFrame(
        [("rebate", "financial", 5.0), ("visit", "social", 5.0)], columns=["investment", "bond", "cost"]
    )
    tables = {"orders": orders, "investments": made, "investment_options": options}
    histories = build_histories(source_from_rows(tables))
    at = Snapshots(np.arange(3), np.full(3, instant((BEGIN + pd.Timedelta(days=300)).to_pydatetime())))
    left = remaining_shares(histories, at, np.array([2, 0, 0]), 180)
    assert histories.options.names == ("rebate", "visit")
    assert left == pytest.approx(np.array([[0.0, 0.70], [0.5, 0.0], [0.0, 0.0]]))
    assert remaining_shares(histories, at, np.array([0, 0, 0]), 180)[0] == pytest.approx([0.0, 1.70])


def impatient(seed: int) -> tuple[dict[str, pd.DataFrame], float]:
    """A supplier who visits every account sooner or later: most controls get their visit soon."""
    rng = np.random.default_rng(seed)
    n, months = 500, 36
    size = np.exp(rng.normal(0, 0.5, n))
    visits = [(k, day) for k in range(n) for day in np.cumsum(rng.geometric(1 / 5, 20) * 30 + 150) if day < 1050]
    who, when = (np.array(column) for column in zip(*visits, strict=True))
    account, month = np.divmod(np.arange(n * months), months)
    day = month * 30 + 7
    lifted = np.zeros(len(account))
    for start in range(0, 1080, 30):
        visited = np.isin(account, who[when == start])
        lifted += visited & (day >= start) & (day < start + 180)
    revenue = (100 * size[account] * np.exp(rng.normal(0, 0.2, len(account))) * (1 + LIFT * lifted)).round(2)
    orders = {"account_id": names(account), "ordered_at": BEGIN + pd.to_timedelta(day, unit="D"), "revenue": revenue}
    made = {"account_id": names(who), "made_at": BEGIN + pd.to_timedelta(when, unit="D") + pd.Timedelta(hours=9)}
    return {
        "orders": pd.DataFrame(orders),
        "investments": pd.DataFrame(made).assign(investment="visit", cost=50.0, assignment="chosen"),
        "investment_options": pd.DataFrame([("visit", "social", 50.0)], columns=["investment", "bond", "cost"]),
    }, float(LIFT * 600 * size.mean() * np.exp(0.02))


def test_visits_that_the_others_get_soon_do_not_hide_what_a_visit_brings(monkeypatch: pytest.MonkeyPatch) -> None:
    tables, truth = impatient(0)
    data = dataset(tables)
    (effect,) = fit_uplift(data, settings()).options
    monkeypatch.setattr("training.effects.target_trials.remaining_shares", lambda *given: np.zeros((len(given[1]), 1)))
    (plain,) = fit_uplift(data, settings()).options
    assert effect.mean is not None
    assert plain.mean is not None
    assert plain.mean < 0.85 * truth
    assert abs(effect.mean - truth) < 0.3 * abs(plain.mean - truth)


def test_what_an_investment_came_too_late_for_is_made_up_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenth of the horizon late, and nothing invested later: then nine tenths of the effect were seen."""
    data = dataset(supplier(0, lift=0.25, how="lot")[0])
    (plain,) = fit_uplift(data, settings()).options
    monkeypatch.setattr(
        "training.effects.target_trials.remaining_shares", lambda *given: -0.1 * (given[2] > 0)[:, None]
    )
    (late,) = fit_uplift(data, settings()).options
    assert plain.mean is not None
    assert late.mean == pytest.approx(plain.mean / 0.9, rel=0.03)
