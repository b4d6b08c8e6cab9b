"""What climbing by an act brings, against replays with and without the act, where standing brings nothing and a tenth.

The simulator replays investments; here it replays, on common random numbers, a contract signed by every customer and a
recommendation given by every member on the first morning, against their natural course. What an act brings is its
status, and of a contract also that it holds the account: where the status effect is zero it may still not be nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from statistics import NormalDist

import numpy as np

from benchmarks.origins import restricted, rows_until
from benchmarks.uplift_worlds import quiet
from features.histories.histories import build_histories
from features.instants import FloatArray, instant
from features.ladder.rules import ADVOCATE, CUSTOMER, MEMBER
from features.sources.source import source_from_rows
from features.tables import RUNGS
from training.effects.upgrade import fit_upgrades, fit_value_gaps
from training.settings import Settings
from training.simulator.events import Draw, draw_noise
from training.simulator.population import STEP_DAYS, State
from training.simulator.simulation import SCENARIOS, Scenario, Supplier, simulate
from training.simulator.truth import HORIZON_DAYS, HORIZON_STEPS, replay
from training.simulator.world import CONTRACT_DAYS

STATUS_EFFECTS = (0.0, 0.1)
MONTHS, BLOCKS, REPLICATES = 48, 8, 8


def true_climbing(scenario: Scenario, accounts: int, seed: int) -> dict[int, FloatArray]:
    """Rung -> what its act would bring each account over the horizon, shape (accounts,), whatever rung it stands on."""
    supplier = Supplier(scenario, accounts, MONTHS, np.random.SeedSequence(seed).spawn(3)[0])  # as `simulate` runs it
    for _ in range(MONTHS):
        supplier.advance(supplier.choose())
    end = MONTHS * STEP_DAYS
    past, nothing = supplier.count(at=end + HORIZON_DAYS, known=np.inf), np.zeros(accounts, np.int64)
    with_act = _with_act(supplier.state)
    rng, found = np.random.default_rng(seed), {rung: np.zeros(accounts) for rung in with_act}
    for _ in range(BLOCKS):
        noises = [draw_noise(REPLICATES * accounts, rng) for _ in range(HORIZON_STEPS)]
        for noise in noises:
            noise.uniform[Draw.SWITCH] = 1.0  # switching is a weight here, never drawn: see `simulated_truth`
        plain = replay(scenario, supplier.traits, supplier.state, arms=nothing, noises=noises, past=past).revenue
        for rung, state in with_act.items():
            acted = replay(scenario, supplier.traits, state, arms=nothing, noises=noises, past=past).revenue
            found[rung] += (acted - plain) / BLOCKS
    return found


def _with_act(state: State) -> Mapping[int, State]:
    """The state just after each rung's act."""
    signed = replace(state, contract_ends=np.full_like(state.contract_ends, state.step * STEP_DAYS + CONTRACT_DAYS))
    recommended = replace(state, referral_steps=state.referral_steps | 1)
    return {CUSTOMER: signed, MEMBER: recommended, ADVOCATE: recommended}


def upgrade(seeds: Sequence[int], accounts: int | None) -> Iterator[str]:
    """One row a world, seed and rung that can be left by an act, the gap between rungs beside it."""
    settings = quiet(Settings())
    yield "## simulator: climbing one rung by an act\n"
    yield "| status effect | seed | from | basis | mean effect | interval | truth | covers it | naive gap |"
    yield "| --- " * 9 + "|"
    covered = dict[float, list[bool]]()
    for status in STATUS_EFFECTS:
        scenario = replace(SCENARIOS["default"], status_effect=status)
        for seed in seeds:
            yield from _one_world(scenario, seed, accounts or scenario.accounts, settings, covered)
    for status, held in covered.items():
        yield f"\nStatus effect {status:.0%}: {np.mean(held):.0%} of {len(held)} intervals cover the truth."
    yield ""


def _one_world(
    scenario: Scenario, seed: int, accounts: int, settings: Settings, covered: dict[float, list[bool]]
) -> Iterator[str]:
    told = simulate(scenario, accounts=accounts, months=MONTHS, seed=seed)
    histories, as_of = build_histories(source_from_rows(told.tables)), instant(told.as_of.to_pydatetime())
    data = rows_until(histories, settings, as_of)
    now = data.snapshots.as_of == as_of
    earlier, matrix, rung = restricted(data, ~now), data.matrix[now], data.labels.rung[now]
    position = {name: k for k, name in enumerate(told.truth["account_id"])}
    order = np.array([position[name] for name in histories.account_ids[data.snapshots.account[now]]])
    gaps, truth = fit_value_gaps(earlier), true_climbing(scenario, accounts, seed)
    reach = NormalDist().inv_cdf(0.5 + settings.uplift.level / 2)
    for found in fit_upgrades(earlier, settings):
        here, gap = rung == found.rung, gaps[found.rung]
        if found.rung not in truth or not here.any():
            continue
        true, naive = float(truth[found.rung][order[here]].mean()), "" if gap is None else f"{gap:,.0f}"
        start = f"| {scenario.status_effect:.0%} | {seed} | {RUNGS[found.rung]} | {found.basis} |"
        if found.effect is None:
            yield f"{start} | | {true:,.0f} | | {naive} |"
            continue
        mean, error = found.effect.average(matrix[here])
        low, high = mean - reach * error, mean + reach * error
        covered.setdefault(scenario.status_effect, []).append(low <= true <= high)
        said = "yes" if low <= true <= high else "no"
        yield f"{start} {mean:,.0f} | [{low:,.0f}, {high:,.0f}] | {true:,.0f} | {said} | {naive} |"
