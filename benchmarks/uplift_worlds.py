"""One simulated supplier: what was learnt of its investments by `fit_uplift`, and what they truly bring."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.origins import restricted, rows_until
from features.accounts.margin_rates import margin_rates
from features.histories.histories import build_histories
from features.histories.views import View
from features.instants import BoolArray, FloatArray, IntArray, instant
from features.sources.source import source_from_rows
from training.data.dataset import Dataset
from training.effects.target_trials import Trials, build_trials
from training.effects.uplift import InvestmentEffect, fit_uplift
from training.model.margins import line_margins
from training.models.revenue import fit_revenue
from training.models.switching import enough_switches, fit_switching
from training.settings import Settings
from training.simulator.simulation import Scenario, Simulation, simulate

INSUFFICIENT = "insufficient"


@dataclass(frozen=True)
class World:
    """n accounts at the end of a supplier's data, and k options in the order of `options`.

    data : all that was complete before, to learn from.  trials : of it; None where nothing was ever invested.
    matrix : shape (n, n_features).  rung : shape (n,).  margin : shape (n,), the rate as scoring takes it.
    p_switch, expected_revenue : shape (n,), predicted; zero where there is nobody to switch.
    true_uplift, true_gain : shape (n, k), money.  cost : shape (k,).
    true_changes : outcome -> shape (n, k), changes in its chance; NaN for who cannot climb, or leave.
    effects : ours, one an option.
    claim : what a plan promises of a unit of estimated gain, if less than one; None where nothing was judged.
    """

    data: Dataset
    trials: Trials | None
    matrix: FloatArray
    rung: IntArray
    margin: FloatArray
    p_switch: FloatArray
    expected_revenue: FloatArray
    options: tuple[str, ...]
    cost: FloatArray
    true_uplift: FloatArray
    true_gain: FloatArray
    effects: tuple[InvestmentEffect, ...]
    true_changes: Mapping[str, FloatArray]
    claim: float | None = None

    def gains(self, uplift: FloatArray) -> FloatArray:
        """Uplift x margin - cost, shape (n, k), as `serving.scoring.scoring` reckons it."""
        return uplift * self.margin[:, None] - self.cost


def world_of(scenario: str | Scenario, seed: int, accounts: int | None, settings: Settings) -> World:
    """Simulate, learn from what was complete at the end of the data, and look at every account then."""
    return world_in(simulate(scenario, accounts=accounts, seed=seed), settings)


def world_in(told: Simulation, settings: Settings) -> World:
    """Learn from what was complete at the end of a supplier's data, and look at every account then."""
    histories, as_of = build_histories(source_from_rows(told.tables)), instant(told.as_of.to_pydatetime())
    data = rows_until(histories, settings, as_of)
    now = data.snapshots.as_of == as_of
    earlier = restricted(data, ~now)
    everything, matrix, labels = np.ones(len(earlier.matrix), bool), data.matrix[now], data.labels.take(now)
    switching = fit_switching(earlier, everything, settings) if enough_switches(earlier, everything) else None
    leaving = switching.predict(matrix)[:, 0] if switching is not None else np.zeros(len(matrix))
    revenue = fit_revenue(earlier, everything, settings).predict(matrix)[:, 0]
    truth = told.truth.set_index("account_id").loc[histories.account_ids[data.snapshots.account[now]]]
    options = histories.options
    uplift, gain, climbing, leaving_changes = (
        np.column_stack([truth[f"{column}_{name}"].to_numpy() for name in options.names])
        for column in ("uplift", "margin_gain", "p_upgrade_change", "p_switch_change")
    )
    learnt = fit_uplift(earlier, settings)
    return World(
        earlier, build_trials(earlier, settings), matrix, labels.rung, rates_of(data, now, settings),
        np.where(labels.can_switch, leaving, 0.0), revenue, tuple(options.names), np.asarray(options.costs), uplift,
        gain, learnt.options, {"climbed": climbing, "switched": leaving_changes},
        learnt.policy_value.claim if learnt.policy_value else None,
    )  # fmt: skip


def rates_of(data: Dataset, rows: BoolArray, settings: Settings) -> FloatArray:
    """Gross margin rate of each account as scoring takes it."""
    of_all = data.totals.margin_rate(settings.uplift.margin_rate)
    return margin_rates(View(data.histories, data.snapshots.take(rows)), line_margins(data.totals.lines), of_all)


@dataclass(frozen=True)
class Predicted:
    """Our effects on revenue of a world's accounts, shape (n, k); NaN where an option is not supported there."""

    uplift: FloatArray
    error: FloatArray


def predicted_uplift(world: World) -> Predicted:
    """Each option's effect on accounts of the rungs that bear it."""
    uplift, error = np.full(world.true_uplift.shape, np.nan), np.full(world.true_uplift.shape, np.nan)
    for k, effect in enumerate(world.effects):
        rows = supported(world, effect)
        if rows.any() and effect.effects:
            uplift[rows, k], error[rows, k] = effect.effects["revenue"].predict(world.matrix[rows]).T
    return Predicted(uplift, error)


def supported(world: World, effect: InvestmentEffect) -> BoolArray:
    """The accounts on whose rungs the option has an effect, shape (n,)."""
    if effect.basis == INSUFFICIENT or not effect.effects or "revenue" not in effect.effects:
        return np.zeros(len(world.rung), bool)
    on_it: BoolArray = np.isin(world.rung, effect.rungs)
    return on_it


def mean_of(world: World, effect: InvestmentEffect, rows: IntArray) -> tuple[float, float]:
    """Our mean effect over those accounts and its standard error, from the coefficients' covariance."""
    assert effect.effects is not None
    return effect.effects["revenue"].average(world.matrix[rows])


def worlds_of(
    scenario: str, seeds: Sequence[int], accounts: int | None, settings: Settings
) -> Mapping[int, World]:  # fmt: skip
    """One world a seed."""
    return {seed: world_of(scenario, seed, accounts, settings) for seed in seeds}


def quiet(settings: Settings) -> Settings:
    """The settings without further horizons, which effects do not look at."""
    return replace(settings, outcome=replace(settings.outcome, further_horizons_days=()))
