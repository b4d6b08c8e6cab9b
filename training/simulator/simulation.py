"""A simulated B2B supplier whose truth is known.

Reading order: `scenarios` (numbers), `population` (accounts), `laws`, `events` and `world` (motion), `choice` (who gets
what), `records` and `tables` (what is written down), `truth` (replay). Estimators never import any of them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.errors import SettingsError, SourceUnreadable
from features.schema import Kind
from features.tables import TABLE
from training.simulator.choice import choose_arms
from training.simulator.events import Events, draw_noise
from training.simulator.membership import simulate_members
from training.simulator.partner_records import draw_match, generators
from training.simulator.population import BURN_IN_STEPS, STEP_DAYS, IntArray, draw_traits, first_state
from training.simulator.records import Recorder
from training.simulator.scenarios import SCENARIOS, Option, Scenario
from training.simulator.tables import account_ids, build_tables, recorded_rows
from training.simulator.truth import HORIZON_DAYS, Counts, count_events, replay_all, rung_of, truth_frame
from training.simulator.world import step

__all__ = ["SCENARIOS", "Option", "Scenario", "Simulation", "Supplier", "simulate", "write"]

AS_OF = pd.Timestamp("2026-01-01")
"""End of the data of every simulation, so that two of them can be compared."""
MIN_ACCOUNTS, MIN_MONTHS = 50, 6
HISTORY_SHARE = 0.4
"""The share of the running time that the history takes; the rest is the truth. For the progress bar only."""


@dataclass(frozen=True)
class Simulation:
    """A source and its truth.

    tables : the seventeen tables of the contract by name, of a scenario with yearly fees those that it has; times are
        datetime64[us], UTC without zone.
    truth : one row per account known at as_of. account_id, as_of, horizon_days, rung (from what was known), p_switch
        (of a recorded switch within the horizon; NaN below shopper or when gone), expected_revenue (money), trigger_*
        (shares of the switching hazard), p_<rung> (at as_of + horizon), all without any investment; attitude (latent,
        at as_of) and match (chance that a talk is about what the person cares about); and for every
        option o given at as_of: uplift_o (money), margin_gain_o (uplift x margin rate - cost, money),
        p_switch_change_o, p_upgrade_change_o; best_investment and best_gain (`none` and 0 where nothing pays). With
        yearly fees only p_renew, p_switch and expected_revenue, as `training.simulator.membership` has them.
    as_of : the midnight after the last event.
    horizon_days : 180.
    """

    tables: Mapping[str, pd.DataFrame]
    truth: pd.DataFrame
    as_of: pd.Timestamp
    horizon_days: int


def simulate(
    scenario: str | Scenario = "default",
    *,
    accounts: int | None = None,
    months: int = 48,
    seed: int = 0,
    progress: Callable[[float], None] | None = None,
) -> Simulation:
    """Simulate `months` steps of 30 days, and the truth of the 180 days after them.

    scenario : one of SCENARIOS by name, or a scenario of your own.
    accounts : number of accounts, at least 50; None = the scenario's own.
    seed : the same arguments give the same tables, to the byte.
    progress : called with the share done, 0 .. 1.

    Raises
    ------
    SettingsError
        If the scenario is unknown, or accounts, months or seed are out of range.
    """
    world = _scenario(scenario)
    n = world.accounts if accounts is None else accounts
    for name, value, least in (("accounts", n, MIN_ACCOUNTS), ("months", months, MIN_MONTHS), ("seed", seed, 0)):
        if value < least:
            raise SettingsError(f"{name} must be at least {least}; it is {value}.")
    children = np.random.SeedSequence(seed).spawn(3)
    history, table_rng, truth_rng = children[0], *(np.random.default_rng(child) for child in children[1:])

    def report(share: float) -> None:
        if progress is not None:
            progress(share)

    if world.yearly_fees:
        frames, of_members = simulate_members(world, n, months, history, report)
        return Simulation(_dated(frames, months), _as_of_now(of_members), AS_OF, HORIZON_DAYS)
    supplier = Supplier(world, n, months, history)
    for month in range(months):
        supplier.advance(supplier.choose())
        report(HISTORY_SHARE * (month + 1) / months)
    end = months * STEP_DAYS
    tables = build_tables(supplier.recorder, AS_OF - pd.Timedelta(days=end), end, table_rng)
    rung = rung_of(supplier.count(at=end, known=end))
    outcomes = replay_all(
        world,
        supplier.traits,
        supplier.state,
        past=supplier.count(at=end + HORIZON_DAYS, known=np.inf),
        rng=truth_rng,
        progress=lambda share: report(HISTORY_SHARE + (1 - HISTORY_SHARE) * share),
    )
    truth = truth_frame(world, supplier.traits, outcomes, rung, account_ids(n))
    truth = truth.assign(attitude=supplier.state.attitude, match=supplier.traits.match)
    return Simulation(tables, _as_of_now(truth), AS_OF, HORIZON_DAYS)


def _as_of_now(truth: pd.DataFrame) -> pd.DataFrame:
    truth.insert(1, "as_of", np.full(len(truth), AS_OF.to_datetime64().astype("datetime64[us]")))
    truth.insert(2, "horizon_days", HORIZON_DAYS)
    return truth


def _dated(tables: Mapping[str, pd.DataFrame], months: int) -> Mapping[str, pd.DataFrame]:
    """Return the tables with times instead of days since the data began; dates of contracts are whole days."""
    origin = (AS_OF - pd.Timedelta(days=months * STEP_DAYS)).to_datetime64().astype("datetime64[us]")
    dated = {}
    for name, frame in tables.items():
        times = [column.name for column in TABLE[name].columns if column.kind is Kind.TIME and column.name in frame]
        seconds = {column: np.floor(frame[column].to_numpy(np.float64) * 86_400) for column in times}
        dated[name] = frame.assign(**{column: _instants(origin, since) for column, since in seconds.items()})
    return dated


def _instants(origin: np.datetime64, seconds: NDArray[np.float64]) -> NDArray[np.datetime64]:
    known = np.isfinite(seconds)
    instants: NDArray[np.datetime64] = origin + np.where(known, seconds, 0).astype(np.int64) * np.timedelta64(
        10**6, "us"
    )
    instants[~known] = np.datetime64("NaT")
    return instants


class Supplier:
    """A supplier in motion: its accounts, their state, and what was written down.

    months : the steps over which new accounts arrive.
    """

    def __init__(self, scenario: Scenario, accounts: int, months: int, seed: np.random.SeedSequence) -> None:
        *four, partners = seed.spawn(5)
        account_rng, self._world_rng, self._manager_rng, record_rng = map(np.random.default_rng, four)
        self.scenario, own = scenario, generators(partners)
        traits = draw_traits(scenario, accounts, months, account_rng)
        self.traits = replace(traits, match=draw_match(scenario.persuasion, traits, own["match"]))
        self.state = first_state(self.traits, account_rng)
        self.recorder = Recorder(scenario, self.traits, record_rng, own)
        for _ in range(BURN_IN_STEPS):
            self._move(np.zeros(accounts, dtype=np.int64))
        self.recorder.begin(self.state)

    def choose(self) -> IntArray:
        """Return the investments of the coming step, shape (n,): 0 = none, k = the k-th option."""
        return choose_arms(self.scenario, self.traits, self.state, self._manager_rng)

    def advance(self, arms: IntArray) -> None:
        """Move thirty days on and write down what happened."""
        before = self.state
        self.recorder.record(before, arms, self._move(arms))

    def count(self, at: float, known: float) -> Counts:
        """Return what the ladder's rules count at day `at` of what was known at day `known`."""
        rows = {name: recorded_rows(self.recorder, name) for name in _COUNTED}
        rows["contracts"] = rows["contracts"] | {"cancelled": self.recorder.cancelled()}
        return count_events(rows, len(self.traits.arrival), at, known)

    def _move(self, arms: IntArray) -> Events:
        noise = draw_noise(len(arms), self._world_rng)
        self.state, events = step(self.scenario, self.traits, self.state, arms, noise)
        return events


def write(simulation: Simulation, out: Path) -> None:
    """Write NAME.parquet per table into the folder `out`, and truth.parquet beside that folder, never inside.

    Raises
    ------
    SourceUnreadable
        If `out` is a file, or has no parent folder for the truth.
    """
    out = out.absolute()
    if out.exists() and not out.is_dir():
        raise SourceUnreadable(f"{out} is a file. Name a folder to write the tables into.")
    if out == out.parent:
        raise SourceUnreadable(f"{out} has no folder above it, where truth.parquet belongs. Name a folder below it.")
    out.mkdir(parents=True, exist_ok=True)
    for name, table in simulation.tables.items():
        table.to_parquet(out / f"{name}.parquet", index=False)
    simulation.truth.to_parquet(out.parent / "truth.parquet", index=False)


_COUNTED = ("orders", "contracts", "interactions", "inquiries", "referrals", "switches")


def _scenario(name: str | Scenario) -> Scenario:
    if isinstance(name, Scenario):
        return name
    if name not in SCENARIOS:
        raise SettingsError(f"There is no scenario {name!r}. Choose one of {', '.join(SCENARIOS)}.")
    return SCENARIOS[name]
