"""Expected revenue, leaving and renewal of organisations that live by fees, made by a few lines of no simulator.

python -m benchmarks.fee_payers --seeds 11 12

A row of WORLDS is an organisation: how long its terms are, how they are billed, how many end, what is ordered beside.
At three origins of each the models learn from what was known and are held against the half year that followed. Choices
were made on seeds 1 and 2; others judge. Printed as markdown: MAE and RMSE of revenue over those of the best of three
rules (the last horizon again, half of the last year, the same season a year ago), the sum expected over the sum that
came, ours and the rules', and the log loss of leaving and of renewal beside the best baseline.
"""

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from features.histories.histories import build_histories
from features.instants import MICROSECONDS_PER_DAY, BoolArray, FloatArray
from features.sources.source import source_from_rows
from training.data.dataset import Dataset, build_dataset
from training.evaluation import metrics
from training.evaluation.evaluation import OURS
from training.evaluation.renewal import predict_all
from training.models.baselines import REVENUE, SWITCHING
from training.models.fitting import one_linear_algebra_thread
from training.models.renewal import RATES, renewal_rows
from training.models.revenue import fit_revenue
from training.models.switching import enough_switches, fit_switching
from training.settings import Settings

RULES = ("the last horizon again", "last year's pace", "the same season a year ago")
BEGIN, MONTH, YEAR = pd.Timestamp("2019-01-01"), 30.4, 365.0
BACK = (8, 4, 1)
"""The origins, counted in slices from the latest."""


@dataclass(frozen=True)
class World:
    """An organisation.

    terms : days of a contract, one of these for each.  months : of the record.  accounts : members.
    leave : chance that a contract ends with its term, of a usual member.
    predictable : how much members differ in it, in log odds.
    billed : invoices of a term; the first when it begins.
    late, early : days by which a following contract begins after the end at most.
    contracts : of one member at most.  orders : others of a year.  notice : share of the ends that are told before.
    dearer : growth of a fee from term to term, as a logarithm.
    """

    terms: tuple[int, ...] = (365,)
    months: int = 60
    accounts: int = 1500
    leave: float = 0.18
    predictable: float = 1.0
    billed: int = 1
    late: int = 0
    contracts: int = 1
    orders: float = 0.0
    notice: float = 0.5
    dearer: float = 0.03


WORLDS: Mapping[str, World] = {
    "yearly": World(),
    "monthly": World(terms=(30,), leave=0.03, accounts=600),
    "quarterly": World(terms=(91,), leave=0.06),
    "three years": World(terms=(1096,), leave=0.35, months=84),
    "terms of all lengths": World(terms=(30, 91, 365, 1096)),
    "billed every month": World(billed=12),
    "renewed late": World(late=40),
    "three contracts": World(contracts=3),
    "other orders beside": World(orders=7.0),
    "leavers without notice": World(notice=0.0),
    "nobody knows who leaves": World(predictable=0.0),
    "fees that fall": World(dearer=-0.1),
    "150 members, three years": World(accounts=150, months=36),
    "twenty months": World(months=20),
}


def tables(world: World, seed: int) -> dict[str, pd.DataFrame]:
    """Return the tables accounts, orders and contracts of an organisation."""
    rng, days = np.random.default_rng([seed, len(world.terms), world.months]), world.months * MONTH
    accounts, orders, contracts = [], [], []
    for member in range(world.accounts):
        name, loyal, size = f"m{member}", rng.normal(), float(np.exp(rng.normal(6.5, 0.8)))
        joined = float(rng.uniform(0, 200) if rng.random() < 0.35 else rng.uniform(0, days - 40))
        accounts.append((name, joined))
        last = joined
        for position in range(int(rng.integers(1, world.contracts + 1))):
            first = joined + (rng.uniform(0, 300) if position else 0.0)
            for row in _terms(world, loyal, size, first, days, rng):
                contracts.append((name, *row[:3], row[3]))
                orders += [(name, at, row[4]) for at in row[5] if at < days]
                last = max(last, min(row[1], days))
        rate = world.orders * np.exp(0.5 * loyal + rng.normal(0, 0.4)) / YEAR
        for at in rng.uniform(joined, last, rng.poisson(rate * (last - joined))):
            orders.append((name, at, float(np.exp(rng.normal(4.0, 0.7)))))
    ordered = pd.DataFrame(orders, columns=["account_id", "ordered_at", "revenue"])
    agreed = pd.DataFrame(contracts, columns=["account_id", "starts_on", "ends_on", "cancelled_at", "value"])
    known = pd.DataFrame(accounts, columns=["account_id", "created_at"])
    dated = {"ordered_at": ordered, "starts_on": agreed, "ends_on": agreed, "cancelled_at": agreed, "created_at": known}
    for column, table in dated.items():
        table[column] = BEGIN + pd.to_timedelta(table[column], unit="D").dt.round("s")
    ordered["order_id"] = [str(k) for k in range(len(ordered))]
    return {"accounts": known, "orders": ordered, "contracts": agreed}


Term = tuple[float, float, float | None, float, float, list[float]]


def _terms(
    world: World, loyal: float, size: float, first: float, days: float, rng: np.random.Generator
) -> Iterator[Term]:
    """Yield begin, end, notice, value, an invoice and its days, until a contract ends or the record does."""
    term, at, age = int(world.terms[rng.integers(len(world.terms))]), first, 0
    fee = size * float(np.exp(rng.normal(0, 0.3)))
    while at < days:
        ends, value = at + term, fee * term / YEAR
        odds = np.log(world.leave / (1 - world.leave)) - world.predictable * (loyal + 0.15 * min(age, 4) - 0.3)
        leaves, told = rng.random() < 1 / (1 + np.exp(-odds)), None
        if leaves and rng.random() < world.notice:
            notice = ends - rng.uniform(min(20.0, 0.2 * term), max(min(90.0, 0.8 * term), 0.3 * term))
            told = notice if notice < days else None
        bills = [at + k * term / world.billed for k in range(world.billed)]
        yield at, ends, told, value, value / world.billed, bills
        if leaves:
            return
        at, age = ends + (rng.uniform(0, world.late) if world.late else 0.0), age + 1
        fee *= float(np.exp(rng.normal(world.dearer, 0.08))) * (0.6 if rng.random() < 0.08 else 1.0)


Found = tuple[dict[str, FloatArray], FloatArray]
"""Predictions by model, and what came, at one origin."""


@dataclass
class Judged:
    """What was found at the origins of one world."""

    revenue: list[Found]
    leaving: list[Found]
    renewal: list[Found]


def judged(world: World, seed: int, settings: Settings) -> Judged:
    """Learn and look at three origins of one organisation."""
    histories = build_histories(source_from_rows(tables(world, seed)))
    data = build_dataset(histories, settings, histories.end)
    rows, found = renewal_rows(data, settings), Judged([], [], [])
    for back in BACK:
        if back > len(data.sample.slices):
            continue
        origin = data.sample.slices[-back]
        train = data.snapshots.as_of + settings.outcome.horizon_days * MICROSECONDS_PER_DAY <= origin
        test = data.snapshots.as_of == origin
        if not train.any():
            continue
        found.revenue.append(_revenue(data, train, test, settings))
        at_risk = data.labels.can_switch
        if enough_switches(data, train):
            chances = {k: rule(data, train & at_risk, test & at_risk, settings)[:, 0] for k, rule in SWITCHING.items()}
            chances[OURS] = fit_switching(data, train, settings).predict(data.matrix[test & at_risk])[:, 0]
            found.leaving.append((chances, np.asarray(data.labels.switched[test & at_risk], np.float64)))
        asked = (rows.as_of == origin) & (rows.decided <= data.end) & ~rows.followed
        renewing = predict_all(data, rows, rows.decided <= origin, asked, settings) if asked.any() else None
        if renewing is not None:
            chances = {name: renewing[name] for name in (*RATES, OURS)}
            found.renewal.append((chances, np.asarray(rows.renewed[asked], np.float64)))
    return found


def _revenue(data: Dataset, train: BoolArray, test: BoolArray, settings: Settings) -> Found:
    found = {name: REVENUE[name](data, train, test, settings)[:, 0] for name in RULES}
    found[OURS] = fit_revenue(data, train, settings).predict(data.matrix[test])[:, 0]
    return found, data.labels.revenue[test]


def line(name: str, found: list[Judged]) -> str:
    """Return the row of a world, over its seeds and origins."""
    predicted, came = _joined([pair for one in found for pair in one.revenue])
    missed = {model: np.abs(values - came) for model, values in predicted.items()}
    ratios = []
    for error in (lambda miss: miss.mean(), lambda miss: np.sqrt((miss**2).mean())):
        ratio = float(error(missed[OURS]) / min(error(missed[rule]) for rule in RULES))
        ratios.append(f"**{ratio:.2f}**" if ratio > 1.05 else f"{ratio:.2f}")
    sums = [f"{predicted[model].sum() / came.sum():.2f}" for model in (OURS, *RULES)]
    parts = ([pair for one in found for pair in one.leaving], [pair for one in found for pair in one.renewal])
    losses = [_losses(part) for part in parts]
    return f"| {name} | {' | '.join(ratios)} | {sums[0]} / {' '.join(sums[1:])} | {' | '.join(losses)} |"


def _joined(pairs: list[Found]) -> Found:
    names = pairs[0][0]
    return {n: np.concatenate([found[n] for found, _ in pairs]) for n in names}, np.concatenate([y for _, y in pairs])


def _losses(pairs: list[Found]) -> str:
    if not pairs:
        return "too few"
    chances, happened = _joined(pairs)
    loss = {n: float(metrics.row_log_loss(c, happened.astype(np.int64)).mean()) for n, c in chances.items()}
    best = min((name for name in loss if name != OURS), key=lambda name: loss[name])
    ours = f"**{loss[OURS]:.4f}**" if loss[OURS] > 1.01 * loss[best] else f"{loss[OURS]:.4f}"
    return f"{ours}, {best} {loss[best]:.4f}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[11, 12])
    parser.add_argument("--worlds", nargs="*", choices=sorted(WORLDS), default=list(WORLDS))
    asked = parser.parse_args()
    settings = Settings()
    settings = replace(settings, outcome=replace(settings.outcome, further_horizons_days=()))
    print("| organisation | MAE | RMSE | sum: ours / rules | leaving: ours, best baseline | renewal: ours, best rate |")
    print("| --- " * 6 + "|")
    with one_linear_algebra_thread():
        for name in asked.worlds:
            print(line(name, [judged(WORLDS[name], seed, settings) for seed in asked.seeds]), flush=True)


if __name__ == "__main__":
    main()
