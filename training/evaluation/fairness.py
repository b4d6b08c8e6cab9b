"""Whether the chances are as right for every part of the accounts: by country, industry, segment and size.

Out of time, on the rows that the evaluation held out. Of each part: how many accounts, what share it happened to, the
mean chance given, and the difference with its interval over accounts; and the mean loss beside that of everybody. A
part is called off where its interval leaves out zero at a false-discovery rate over all parts together, and the
difference is worth a word.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import false_discovery_control, norm

from features.instants import FloatArray, IntArray
from training.data.dataset import Dataset
from training.evaluation.cluster_bootstrap import LEVEL
from training.evaluation.evaluation import OURS, Comparison
from training.model.findings import NOTE, OK, WARNING, Finding

SIZES = (10.0, 50.0, 250.0)
"""Employees: micro, small, medium and large companies by the EU's recommendation 2003/361/EC."""
SIZE_NAMES = ("under_10", "10_to_49", "50_to_249", "250_and_more")
PROFILE = ("industry", "country", "segment")
LEAST_ACCOUNTS = 30
WORTH_A_WORD = 0.02
"""Share of the accounts by which a mean chance may be off before it is called so."""


@dataclass(frozen=True)
class PartRow:
    """One part of the accounts in one prediction.

    task, kind, name : as `switching`, `country` and `NL`.
    observed, expected : share that it happened to, and the mean chance given.
    surplus : observed less expected, with low and high.  loss, of_all : mean log loss here, and over everybody.
    q : of the difference being by chance alone, adjusted over all parts.
    """

    task: str
    kind: str
    name: str
    accounts: int
    snapshots: int
    observed: float
    expected: float
    surplus: float
    low: float
    high: float
    loss: float
    of_all: float
    q: float = float("nan")

    @property
    def title(self) -> str:
        """Return which part it is, as `country=NL`."""
        return f"{self.kind}={self.name}"

    @property
    def off(self) -> bool:
        """Return whether its chances are off, beyond chance and worth a word."""
        return self.q <= 1 - LEVEL and abs(self.surplus) >= WORTH_A_WORD


def parts_of_accounts(data: Dataset, rows: IntArray) -> Iterator[tuple[str, str, IntArray]]:
    """Yield kind, name and positions among the rows, of every part that has to do with who an account is."""
    employees = data.matrix[rows, data.column("employees")]
    return parts_of(data.histories.profile, data.snapshots.account[rows], employees)


def parts_of(
    profile: Mapping[str, NDArray[Any]], account: IntArray, employees: FloatArray
) -> Iterator[tuple[str, str, IntArray]]:
    """Yield the same of n rows of any kind.

    profile : of the histories.  account, employees : shape (n,), of each row.
    """
    for kind in PROFILE:
        if kind in profile:
            values = profile[kind][account]
            for value in sorted({value for value in values if value is not None}):
                yield kind, str(value), np.flatnonzero(values == value)
    band = np.searchsorted(SIZES, np.nan_to_num(employees, nan=-1.0), side="right")
    for k, name in enumerate(SIZE_NAMES):
        yield "size", name, np.flatnonzero((band == k) & ~np.isnan(employees))


def judge_fairness(data: Dataset, comparisons: Sequence[Comparison]) -> tuple[PartRow, ...]:
    """Return every part of enough accounts, of leaving and of climbing, the surest to be off first."""
    found: list[PartRow] = []
    for comparison in comparisons:
        chance_of = CHANCES.get(comparison.task)
        if chance_of is None or comparison.holdout is None:
            continue
        judged = comparison.holdout
        chance, happened = chance_of(data, judged.rows, judged.predictions)
        account = data.snapshots.account[judged.rows]
        given = Given(comparison.task, chance, happened, judged.losses[OURS], account)
        found += judge_parts(given, parts_of_accounts(data, judged.rows))
    return surest_first(found)


class Given(NamedTuple):
    """What was said of n rows, and what came.  chance, happened, loss : shape (n,).  account : shape (n,)."""

    task: str
    chance: FloatArray
    happened: FloatArray
    loss: FloatArray
    account: IntArray


def judge_parts(given: Given, parts: Iterable[tuple[str, str, IntArray]]) -> Iterator[PartRow]:
    """Yield every part of enough accounts, whose q is the plain chance yet."""
    for kind, name, members in parts:
        accounts = len(np.unique(given.account[members]))
        if accounts >= LEAST_ACCOUNTS:
            chance, happened = given.chance[members], given.happened[members]
            surplus, error = clustered_mean(happened - chance, given.account[members])
            reach = float(norm.ppf(0.5 + LEVEL / 2)) * error
            yield PartRow(
                task=given.task, kind=kind, name=name, accounts=accounts, snapshots=len(members),
                observed=float(happened.mean()), expected=float(chance.mean()), surplus=surplus, low=surplus - reach,
                high=surplus + reach, loss=float(given.loss[members].mean()), of_all=float(given.loss.mean()),
                q=2 * float(norm.sf(abs(surplus) / max(error, 1e-12))),
            )  # fmt: skip


def surest_first(found: Sequence[PartRow]) -> tuple[PartRow, ...]:
    """Return the parts with their q adjusted over all of them, the surest to be off first."""
    if not found:
        return ()
    adjusted = false_discovery_control([one.q for one in found])
    parts = [replace(one, q=float(q)) for one, q in zip(found, adjusted, strict=True)]
    return tuple(sorted(parts, key=lambda one: (one.q, -abs(one.surplus), one.task, one.kind, one.name)))


def clustered_mean(values: FloatArray, account: IntArray) -> tuple[float, float]:
    """Return the mean and its standard error, clustered by account."""
    mean = float(values.mean())
    _, cluster = np.unique(account, return_inverse=True)
    return mean, float(np.sqrt((np.bincount(cluster, weights=values - mean) ** 2).sum()) / len(values))


def fairness_findings(parts: Sequence[PartRow]) -> list[Finding]:
    """Return the parts whose chances are off, each with its interval; that none is, where none is."""
    off = [one for one in parts if one.off]
    if parts and not off:
        return [Finding.of("fair_all", OK, parts=len(parts))]
    return [
        Finding.of(
            "fair_off", WARNING if abs(one.surplus) >= 2 * WORTH_A_WORD else NOTE, task=one.task, kind=one.kind,
            name=one.name, accounts=one.accounts, observed=one.observed, expected=one.expected,
            surplus=one.surplus, low=one.low, high=one.high, level=LEVEL,
        ) for one in off
    ]  # fmt: skip


def fairness_rows(parts: Sequence[PartRow]) -> tuple[dict[str, str | int | float | None], ...]:
    """Return the table as plain rows."""
    return tuple({key: round(v, 6) if isinstance(v, float) else v for key, v in asdict(one).items()} for one in parts)


def _leaving(data: Dataset, rows: IntArray, predictions: FloatArray) -> tuple[FloatArray, FloatArray]:
    return predictions[:, 0], (data.labels.switched[rows] > 0).astype(np.float64)


def _climbing(data: Dataset, rows: IntArray, predictions: FloatArray) -> tuple[FloatArray, FloatArray]:
    rung = data.labels.rung[rows]
    above = np.arange(predictions.shape[1])[None, :] > rung[:, None]
    return (predictions * above).sum(axis=1), (data.labels.next_rung[rows] > rung).astype(np.float64)


CHANCES: dict[str, Callable[[Dataset, IntArray, FloatArray], tuple[FloatArray, FloatArray]]] = {
    "switching": _leaving, "next_rung": _climbing,
}  # fmt: skip
"""Prediction -> chance given and whether it happened."""
