"""Segments in which a model does worse: by rung, industry, country and size, corrected for multiple tests.

A model may win on the whole and lose where it matters. Every segment of enough accounts is asked whether its mean loss
is above that of the best baseline, and of the champion where it was asked too: a one-sided test on paired differences,
its standard error over accounts. Dozens of segments are asked, so that some look bad by chance: p-values are held to a
false-discovery rate over all of them together (Benjamini & Hochberg 1995).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import false_discovery_control, norm

from features.instants import FloatArray, IntArray
from features.tables import RUNGS
from training.data.dataset import Dataset
from training.evaluation.evaluation import OURS, Comparison
from training.evaluation.fairness import clustered_mean, parts_of_accounts

CHAMPION = "champion"


@dataclass(frozen=True)
class Segment:
    """One part of the accounts in one prediction, against one rival.

    kind, name : as `country` and `NL`.  worse : our mean loss less the rival's.  error : its standard error.
    q : p-value of being worse, adjusted over all segments.
    """

    task: str
    kind: str
    name: str
    rival: str
    accounts: int
    snapshots: int
    worse: float
    error: float
    q: float


def judge_segments(
    data: Dataset, comparisons: Sequence[Comparison], champion: Mapping[str, FloatArray], least_accounts: int
) -> tuple[Segment, ...]:
    """Compare the models in every segment of so many accounts, the surest to be worse first.

    champion : task -> its losses on the rows that were judged, NaN where it was not asked.
    """
    found = []
    for comparison in comparisons:
        judged = comparison.holdout
        if comparison.task == "revenue" or judged is None:  # its deviance is dominated by a few large accounts
            continue
        best = min((row for row in comparison.rows if row.model != OURS), key=lambda r: r.scores[comparison.primary])
        rivals = {best.model: judged.losses[best.model], CHAMPION: champion.get(comparison.task)}
        account = data.snapshots.account[judged.rows]
        for kind, name, members in _parts(data, judged.rows):
            for rival, theirs in rivals.items():
                if theirs is None:
                    continue
                rows = members[~np.isnan(theirs[members])]
                counted = len(np.unique(account[rows]))
                if counted >= least_accounts:
                    worse, error = clustered_mean(judged.losses[OURS][rows] - theirs[rows], account[rows])
                    found.append(
                        Segment(
                            task=comparison.task,
                            kind=kind,
                            name=name,
                            rival=rival,
                            accounts=counted,
                            snapshots=len(rows),
                            worse=worse,
                            error=error,
                            q=float("nan"),
                        ),
                    )
    return _adjusted(found)


def _parts(data: Dataset, rows: IntArray) -> Iterator[tuple[str, str, IntArray]]:
    """Yield kind, name and positions among the rows, of every segment."""
    rung = data.labels.rung[rows]
    for k, name in enumerate(RUNGS):
        yield "rung", name, np.flatnonzero(rung == k)
    yield from parts_of_accounts(data, rows)


def _adjusted(found: Sequence[Segment]) -> tuple[Segment, ...]:
    if not found:
        return ()
    p = norm.sf([one.worse / max(one.error, 1e-12) for one in found])
    segments = [replace(one, q=float(q)) for one, q in zip(found, false_discovery_control(p), strict=True)]
    return tuple(sorted(segments, key=lambda one: (one.q, -one.worse)))
