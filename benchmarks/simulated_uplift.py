"""Effects of investments against the simulator's true ones: what plans earn, and whether intervals hold the truth."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from benchmarks.uplift_policies import CEILING, NOBODY, ORACLE, OURS, Policy, ceilings, learners, simple_policies
from benchmarks.uplift_worlds import INSUFFICIENT, World, mean_of, predicted_uplift, quiet, supported, world_of
from features.instants import FloatArray
from training.effects.uplift_metrics import groups_by, paired_interval, slope_of_truth
from training.settings import Settings

LEAST_IN_GROUP = 30
"""Accounts that an option must be supported for before its groups say anything."""


@dataclass(frozen=True)
class Row:
    """One policy over the seeds; name says on which trials a learner learnt where it had the choice."""

    name: str
    policies: Sequence[Policy]

    @property
    def value(self) -> float:
        """Mean over the seeds of what it brings per account."""
        return float(np.mean([policy.brought.mean() for policy in self.policies]))


def simulated(
    scenario: str, seeds: Sequence[int], accounts: int | None, pythons: Sequence[str]
) -> Iterator[str]:  # fmt: skip
    """The tables of one scenario."""
    settings = quiet(Settings())
    worlds = [world_of(scenario, seed, accounts, settings) for seed in seeds]
    yield f"## simulator `{scenario}`, seeds {', '.join(map(str, seeds))}: what a plan earns per account\n"
    simple = [simple_policies(world, settings) for world in worlds]
    shared = [name for name in simple[0] if all(name in policies for policies in simple)]
    rows = [Row(name, [policies[name] for policies in simple]) for name in shared if name != OURS]
    if len(worlds) > 1:
        rows.insert(1, Row(CEILING, ceilings(worlds)))
    taught = [learners(world, settings, pythons) for world in worlds]
    rows += best_of([found for found, _ in taught])
    rows.append(Row(OURS, [policies[OURS] for policies in simple]))
    yield from policy_table(rows)
    yield f"\nSeconds a seed: {times([seconds for _, seconds in taught])}."
    yield f"\n## simulator `{scenario}`: intervals and calibration of ours\n"
    yield from effect_table(worlds, settings)
    yield from false_positives(worlds, [policies[OURS] for policies in simple])
    yield ""


def best_of(found: Sequence[Mapping[str, Mapping[str, Policy]]]) -> list[Row]:
    """Of every learner the trials on which it earned more *in hindsight*, over all the seeds: chosen in its favour."""
    rows = []
    for name in found[0] if found else ():
        kinds = [kind for kind in found[0][name] if all(kind in world.get(name, {}) for world in found)]
        tried = [Row(f"{name}, {kind}", [world[name][kind] for world in found]) for kind in kinds]
        rows += [max(tried, key=lambda row: row.value)] if tried else []
    return rows


def policy_table(rows: Sequence[Row]) -> Iterator[str]:
    """Value, its share of the ceiling, how many are treated, claim over truth, and the paired difference to ours."""
    by_name = {row.name: row for row in rows}
    ours, nobody = by_name[OURS], by_name[NOBODY]
    top = by_name.get(CEILING, by_name[ORACLE])
    yield "| policy | value | by seed | share of ceiling | treated | claimed / true | ours - this |"
    yield "| --- " * 7 + "|"
    for row in rows:
        by_seed = " / ".join(f"{policy.brought.mean():,.0f}" for policy in row.policies)
        share = f"{row.value / top.value:.0%}" if top.value > 1 and row is not nobody else ""
        treated = np.mean([policy.treated for policy in row.policies])
        yield (
            f"| {row.name} | {row.value:,.0f} | {by_seed} | {share} | {treated:.0%} | {claim(row)} | "
            f"{'' if row is ours else difference(ours, row)} |"
        )


def claim(row: Row) -> str:
    """What the policy said it would bring over what it brought; both in money where it brought nothing."""
    claims = [policy.claimed for policy in row.policies if policy.claimed is not None]
    if not claims or row.name in (ORACLE, NOBODY):
        return ""
    claimed = float(np.mean(claims))
    return f"{claimed / row.value:.2f}" if row.value > 1 else f"{claimed:,.0f} / {row.value:,.0f}"


def difference(ours: Row, other: Row) -> str:
    """Ours less the other's, per account, with its interval over accounts."""
    parts = [mine.brought - theirs.brought for mine, theirs in zip(ours.policies, other.policies, strict=True)]
    return "{:+,.0f} [{:+,.0f}, {:+,.0f}]".format(*paired_interval(parts))


def times(seconds: Sequence[Mapping[str, float]]) -> str:
    """Mean time of every learner in its own Python."""
    names = seconds[0] if seconds else {}
    mean = {name: np.mean([one[name] for one in seconds if name in one]) for name in names}
    return "; ".join(f"{name} {value:.0f}" for name, value in mean.items()) or "no peer was asked"


@dataclass(frozen=True)
class Judged:
    """One option in one world, over the accounts that it is supported for.

    covered : shares of the groups' and of the accounts' true effects inside their intervals.
    off : our mean less the true one, in standard errors.
    """

    groups_covered: float
    accounts_covered: float
    slope: float
    mean: float
    true_mean: float
    off: float


def judge(world: World, k: int, level: float) -> Judged | None:
    """How the kth option's effects stand to the truth; None where it is not supported."""
    effect = world.effects[k]
    rows = np.flatnonzero(supported(world, effect))
    if len(rows) < LEAST_IN_GROUP or effect.effects is None:
        return None
    reach, predicted = NormalDist().inv_cdf(0.5 + level / 2), predicted_uplift(world)
    given, error, true = predicted.uplift[rows, k], predicted.error[rows, k], world.true_uplift[rows, k]
    held = []
    for group in groups_by(given):
        mean, spread = effect.effects["revenue"].group(world.matrix[rows[group]])
        held.append(abs(mean - true[group].mean()) <= reach * spread)
    mean, spread = mean_of(world, effect, rows)
    return Judged(
        float(np.mean(held)), float((np.abs(given - true) <= reach * error).mean()), slope_of_truth(true, given),
        mean, float(true.mean()), (mean - float(true.mean())) / max(spread, 1e-9),
    )  # fmt: skip


def effect_table(worlds: Sequence[World], settings: Settings) -> Iterator[str]:
    """Per option: basis, coverage of groups and accounts, slope, and the mean effect beside the true one."""
    level = settings.uplift.level
    yield (
        f"| option | basis by seed | groups in {level:.0%} interval | accounts in it | slope of truth | mean "
        "| true mean | off by, SE |"
    )
    yield "| --- " * 8 + "|"
    for k, name in enumerate(worlds[0].options):
        found = [judge(world, k, level) for world in worlds]
        judged = [one for one in found if one is not None]
        bases = " / ".join(world.effects[k].basis for world in worlds)
        yield f"| {name} | {bases} | {_figures(judged)} |"


def _figures(judged: Sequence[Judged]) -> str:
    if not judged:
        return " | " * 5

    def mean(name: str) -> float:
        values: FloatArray = np.array([getattr(one, name) for one in judged])
        known = values[~np.isnan(values)]
        return float(known.mean()) if len(known) else float("nan")

    off = " / ".join(f"{one.off:+.1f}" for one in judged)
    return (
        f"{mean('groups_covered'):.0%} | {mean('accounts_covered'):.0%} | {mean('slope'):.2f} | {mean('mean'):,.0f} | "
        f"{mean('true_mean'):,.0f} | {off}"
    )


def false_positives(worlds: Sequence[World], ours: Sequence[Policy]) -> Iterator[str]:
    """How often an average interval leaves out zero, for how many accounts nothing is advised, what is refused."""
    effects = [effect for world in worlds for effect in world.effects]
    given = [effect for effect in effects if effect.basis != INSUFFICIENT]
    out = sum(1 for e in given if e.low is not None and e.high is not None and (e.low > 0 or e.high < 0))
    none = 1 - np.mean([policy.treated for policy in ours])
    yield (
        f"\nAverage intervals that leave out zero: {out} of {len(given)}. Accounts advised `none`: {none:.1%}. "
        f"Options `{INSUFFICIENT}`: {len(effects) - len(given)} of {len(effects)}."
    )
