"""The truth at as_of, by replaying the horizon many times on common random numbers.

Without any investment and with each option, the laws and the random numbers are the same: a difference between two
replays is an effect, not luck. Switching is never drawn: along each path the hazard is summed and revenue is weighted
by the probability of still being there (Rao-Blackwell), so that few replays suffice. The ladder's rules are implemented
here once more, independently of `features.ladder.rules`, of which this is the oracle.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.tables import NO_INVESTMENT, RUNGS, TRIGGER_FAMILIES
from training.model.rung_mass import mass_above
from training.simulator.events import Draw, Noise, draw_noise
from training.simulator.population import STEP_DAYS, BoolArray, FloatArray, IntArray, State, Traits, repeat
from training.simulator.scenarios import Scenario
from training.simulator.world import step

HORIZON_STEPS = 6
HORIZON_DAYS = HORIZON_STEPS * STEP_DAYS
MAX_ROWS = 24_000
"""The most accounts times replicates in one block: small enough for the processor's cache."""
SHOPPER, MEMBER = RUNGS.index("shopper"), RUNGS.index("member")
ORDER_WINDOW, APPROACH_WINDOW, REFERRAL_WINDOW = 730, 730, 365
PERIOD_DAYS, PERIODS, PERIODS_NEEDED = 60, 6, 4

Rows = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Counts:
    """What the ladder's rules count, shape (n,) each, or (n, 6) for `periods` (the latest first)."""

    order_days: IntArray
    periods: BoolArray
    approached: BoolArray
    referrals: IntArray
    contract: BoolArray


@dataclass(frozen=True)
class Outcome:
    """The means over the replicates of one arm: shape (n,), (n, 3) or (n, 7)."""

    revenue: FloatArray
    p_switch: FloatArray
    triggers: FloatArray
    rungs: FloatArray


def rung_of(counts: Counts) -> IntArray:
    """Apply the seven rules of the contract to what was counted: 0 = suspect .. 6 = raving fan."""
    member = counts.contract | (counts.periods.sum(axis=-1) >= PERIODS_NEEDED)
    rung = np.where(counts.approached, 1, 0)
    rung = np.where(counts.order_days == 1, SHOPPER, rung)
    rung = np.where(counts.order_days >= 2, SHOPPER + 1, rung)
    rung = np.where(member, MEMBER, rung)
    rung = np.where(member & (counts.referrals >= 1), MEMBER + 1, rung)
    return np.where(member & (counts.referrals >= 3), MEMBER + 2, rung)


def count_events(tables: Mapping[str, Rows], n: int, at: float, known: float) -> Counts:
    """Return what the rules count at day `at` of the rows written down before day `known` and lying before it.

    A recorded switch resets what came before it.

    tables : rows with account (number), time and recorded (days); contracts also ends and cancelled, interactions us,
        orders revenue.
    n : number of accounts.
    """
    rows = {name: _select(table, table["recorded"] < known) for name, table in tables.items()}
    last_switch = np.full(n, -np.inf)
    np.maximum.at(last_switch, rows["switches"]["account"], rows["switches"]["time"])

    def within(name: str, days: float) -> Rows:
        table = rows[name]
        time = table["time"]
        return _select(table, (time >= at - days) & (time < min(at, known)) & (time >= last_switch[table["account"]]))

    def number(table: Rows) -> IntArray:
        return np.bincount(table["account"], minlength=n)

    account, day = _order_days(within("orders", ORDER_WINDOW))
    recent = day >= at - PERIODS * PERIOD_DAYS
    periods = np.zeros((n, PERIODS), dtype=bool)
    periods[account[recent], ((at - 1 - day[recent]) // PERIOD_DAYS).astype(np.int64)] = True
    interactions = within("interactions", APPROACH_WINDOW)
    theirs = number(_select(interactions, ~interactions["us"]))
    contracts = rows["contracts"]
    in_force = (
        (contracts["time"] <= at) & (contracts["ends"] > at) & (contracts["time"] >= last_switch[contracts["account"]])
    )
    in_force &= ~(contracts["cancelled"] < known)
    return Counts(
        order_days=np.bincount(account, minlength=n),
        periods=periods,
        approached=(theirs + number(within("inquiries", APPROACH_WINDOW))) > 0,
        referrals=number(within("referrals", REFERRAL_WINDOW)),
        contract=number(_select(contracts, in_force)) > 0,
    )


def replay(
    scenario: Scenario, traits: Traits, state: State, *, arms: IntArray, noises: list[Noise], past: Counts
) -> Outcome:
    """Return the means over the replicates of six steps from `state`, with `arms` on the first morning only.

    noises : six, of replicates * n accounts each, replicate after replicate.
    past : counts at the end of the horizon of what lies before it; the replay adds what is new.
    """
    n = len(arms)
    replicates = noises[0].uniform.shape[1] // n
    size = replicates * n
    state, traits = repeat(state, replicates), repeat(traits, replicates)
    first = np.tile(arms, replicates)
    alive, revenue, triggers = np.ones(size), np.zeros(size), np.zeros((3, size))
    order_days, referrals = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int64)
    approached, months = np.zeros(size, dtype=bool), np.zeros((HORIZON_STEPS, size), dtype=bool)
    for t, noise in enumerate(noises):
        state, events = step(scenario, traits, state, first if t == 0 else np.zeros_like(first), noise)
        triggers += alive * events.leaving.hazard
        alive = alive * (1.0 - events.leaving.hazard.sum(axis=0))
        revenue += alive * events.expected_revenue
        order_days += events.trade.orders
        referrals += events.talk.referrals
        approached |= events.courting.inquired | (events.talk.by_them > 0)
        months[HORIZON_STEPS - 1 - t] = events.trade.orders > 0
    fresh = (months[0::2] | months[1::2]).T
    rung = rung_of(
        Counts(
            order_days=np.tile(past.order_days, replicates) + order_days,
            periods=np.concatenate([fresh, np.tile(past.periods[:, len(fresh[0]) :], (replicates, 1))], axis=1),
            approached=np.tile(past.approached, replicates) | approached,
            referrals=np.tile(past.referrals, replicates) + referrals,
            contract=state.contract_ends > state.step * STEP_DAYS,
        )
    )
    rungs = (rung[:, None] == np.arange(len(RUNGS))) * alive[:, None]
    rungs[:, 0] += 1.0 - alive

    def mean(values: FloatArray) -> FloatArray:
        average: FloatArray = values.reshape(replicates, n, *values.shape[1:]).mean(axis=0)
        return average

    return Outcome(mean(revenue), mean(1.0 - alive), mean(triggers.T), mean(rungs))


def replay_all(
    scenario: Scenario,
    traits: Traits,
    state: State,
    *,
    past: Counts,
    rng: np.random.Generator,
    progress: Callable[[float], None] | None = None,
) -> list[Outcome]:
    """Return the outcome without investment, then under each option, on the same random numbers."""
    n = len(traits.arrival)
    block = max(1, min(scenario.replicates, MAX_ROWS // n))
    arms = len(scenario.options) + 1
    sums: list[Outcome | None] = [None] * arms
    done = 0
    while done < scenario.replicates:
        size = min(block, scenario.replicates - done)
        noises = [draw_noise(size * n, rng) for _ in range(HORIZON_STEPS)]
        for noise in noises:
            noise.uniform[Draw.SWITCH] = 1.0
        for arm in range(arms):
            outcome = replay(scenario, traits, state, arms=np.full(n, arm), noises=noises, past=past)
            sums[arm] = _add(sums[arm], outcome, size / scenario.replicates)
        done += size
        if progress is not None:
            progress(done / scenario.replicates)
    return [outcome for outcome in sums if outcome is not None]


def truth_frame(
    scenario: Scenario,
    traits: Traits,
    outcomes: list[Outcome],
    rung: IntArray,
    ids: NDArray[np.object_],
) -> pd.DataFrame:
    """Return one row per account; see `training.simulator.simulation.Simulation` for the columns.

    rung : shape (n,), at as_of, from what was known. Below shopper an account cannot switch; those who have left stand
        there too.
    """
    plain = outcomes[0]
    cannot = rung < SHOPPER
    weight = np.maximum(plain.triggers.sum(axis=1), 1e-300)
    columns: dict[str, object] = {
        "account_id": ids,
        "rung": np.array(RUNGS, dtype=object)[rung],
        "p_switch": np.where(cannot, np.nan, plain.p_switch),
        "expected_revenue": plain.revenue,
    }
    for k, name in enumerate(TRIGGER_FAMILIES):
        columns[f"trigger_{name}"] = np.where(cannot, np.nan, plain.triggers[:, k] / weight)
    for k, name in enumerate(RUNGS):
        columns[f"p_{name}"] = plain.rungs[:, k]
    gains = []
    for option, outcome in zip(scenario.options, outcomes[1:], strict=True):
        uplift = outcome.revenue - plain.revenue
        gains.append(uplift * traits.margin_rate - option.cost)
        columns[f"uplift_{option.name}"] = uplift
        columns[f"margin_gain_{option.name}"] = gains[-1]
        columns[f"p_switch_change_{option.name}"] = np.where(cannot, np.nan, outcome.p_switch - plain.p_switch)
        columns[f"p_upgrade_change_{option.name}"] = mass_above(outcome.rungs - plain.rungs, rung)
    best = np.stack([np.zeros(len(rung)), *gains])
    names = np.array([NO_INVESTMENT, *(option.name for option in scenario.options)], dtype=object)
    columns["best_investment"] = names[best.argmax(axis=0)]
    columns["best_gain"] = best.max(axis=0)
    return pd.DataFrame(columns)


def _order_days(orders: Rows) -> tuple[IntArray, FloatArray]:
    """Return account and day number of every day whose orders have positive revenue in sum."""
    keys = np.stack([orders["account"].astype(np.float64), np.floor(orders["time"].astype(np.float64))])
    days, day_of_order = np.unique(keys, axis=1, return_inverse=True)
    total = np.bincount(day_of_order.ravel(), weights=orders["revenue"], minlength=days.shape[1])
    return days[0, total > 0].astype(np.int64), days[1, total > 0]


def _select(rows: Rows, kept: NDArray[np.bool_]) -> Rows:
    return {name: values[kept] for name, values in rows.items()}


def _add(total: Outcome | None, outcome: Outcome, weight: float) -> Outcome:
    parts = {name: getattr(outcome, name) * weight for name in ("revenue", "p_switch", "triggers", "rungs")}
    if total is None:
        return Outcome(**parts)
    return Outcome(**{name: getattr(total, name) + part for name, part in parts.items()})
