"""FEATURES: what every feature is called, measured in and means, and the one function that computes it.

They are declared in `features/families`, one module a family. Training, batch scoring and the endpoint all call
`compute`. A feature of a table that the source lacks is missing (NaN), never zero by accident. `docs/features.md` is
written from this table.
"""

import hashlib
import sys
from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np

from features.catalog.declarations import NEVER_MISSING, Context, Feature, measure
from features.catalog.families import (
    advocacy,
    attitude,
    bonds,
    contacts,
    firmographics,
    forecasts,
    orders,
    relationship,
    service,
    standing,
    triggers,
)
from features.catalog.families.firmographics import CODED_COLUMNS
from features.catalog.fingerprint import probe_histories, probe_snapshots
from features.histories.histories import Histories
from features.histories.snapshots import Snapshots
from features.histories.views import View
from features.instants import FloatArray

__all__ = [
    "ALWAYS_KNOWN", "BY_NAME", "CODED_COLUMNS", "FEATURES", "HORIZON_NAMES", "NAMES", "Context", "Feature", "compute",
    "count_values", "document", "fingerprint", "frequent_values", "learn_vocabulary",
]  # fmt: skip

FAMILIES = (
    orders,
    standing,
    relationship,
    contacts,
    service,
    attitude,
    advocacy,
    bonds,
    triggers,
    firmographics,
    forecasts,
)
FEATURES: tuple[Feature, ...] = tuple(feature for family in FAMILIES for feature in family.FEATURES)
NAMES: tuple[str, ...] = tuple(feature.name for feature in FEATURES)
BY_NAME: Mapping[str, Feature] = {feature.name: feature for feature in FEATURES}
ALWAYS_KNOWN: frozenset[int] = frozenset(k for k, feature in enumerate(FEATURES) if feature.missing == NEVER_MISSING)
"""Positions of the features that are missing only where the source lacks their table, and zero where it is empty."""
HORIZON_NAMES: tuple[str, ...] = (
    "revenue_same_season", "order_days_same_season", "revenue_season_share", "rung_if_nothing_happens",
    "days_until_rung_falls", "order_days_leaving_by_horizon", "signs_situational",
)  # fmt: skip
"""The features that depend on the horizon; all others are the same however far one looks ahead."""


def compute(view: View, context: Context, names: Sequence[str] = NAMES) -> FloatArray:
    """The features of every snapshot, shape (n_snapshots, n_features), float64, NaN = missing.

    The same bits for a snapshot whatever other accounts and snapshots stand beside it.
    """
    return measure(view, context, [BY_NAME[name] for name in names])


def learn_vocabulary(histories: Histories, snapshots: Snapshots, most: int = 30) -> dict[str, tuple[str, ...]]:
    """The frequent values of each coded column among the accounts of those snapshots, most frequent first."""
    return frequent_values(count_values(histories, snapshots), most)


def count_values(histories: Histories, snapshots: Snapshots) -> dict[str, dict[str, int]]:
    """For each coded column, how many accounts of those snapshots have each value."""
    accounts = np.unique(snapshots.account)
    counted: dict[str, dict[str, int]] = {}
    for column in CODED_COLUMNS:
        if column in histories.profile:
            values = [v for v in histories.profile[column][accounts] if v is not None]
            names, counts = np.unique(np.array(values, dtype=str), return_counts=True)
            counted[column] = dict(zip(names.tolist(), counts.tolist(), strict=True))
    return counted


def frequent_values(counted: Mapping[str, Mapping[str, int]], most: int = 30) -> dict[str, tuple[str, ...]]:
    """The values that most accounts have, most frequent first, those as frequent in alphabetical order."""
    return {
        column: tuple(sorted(counts, key=lambda name: (-counts[name], name))[:most])
        for column, counts in counted.items()
    }


@cache
def fingerprint() -> str:
    """A short digest of what the catalogue declares and answers: a model made for another one is refused.

    The answers are those about a small made-up supplier, so that a changed constant or measure shows, and a changed
    comment does not.
    """
    declared = "\n".join(f"{f.name}|{f.unit}|{f.meaning}|{f.missing}|{','.join(f.tables)}" for f in FEATURES)
    vocabulary = {column: (f"{column}0", f"{column}1") for column in CODED_COLUMNS}
    answers = compute(View(probe_histories(), probe_snapshots()), Context(vocabulary=vocabulary))
    told = "\n".join(" ".join(f"{answer:.9g}" for answer in row) for row in answers)
    return hashlib.sha256(f"{declared}\n{told}".encode()).hexdigest()[:16]


def document() -> str:
    """The catalogue as a page of markdown, one table a family: what `docs/features.md` holds."""
    lines = [
        "# What is known about an account",
        "",
        f"{len(FEATURES)} features, each computed at an as_of from what was recorded before it. Written from",
        "the catalogue by `python -m features.catalog.catalog > docs/features.md`; a test keeps it current.",
        "",
        "A feature is missing wherever a table that it needs is absent. *Trigger*: the family of switching triggers",
        "that it speaks for (Roos 1999). *Lever*: somebody of ours can act on it.",
    ]
    for family in dict.fromkeys(feature.family for feature in FEATURES):
        lines += ["", f"## {family[0].upper()}{family[1:]}", ""]
        lines += ["| feature | unit | meaning | missing means | needs | trigger | lever |", "| --- " * 7 + "|"]
        for f in FEATURES:
            if f.family == family:
                cells = (f"`{f.name}`", f.unit, f.meaning, f.missing, ", ".join(f.tables), f.trigger or "")
                lines.append(f"| {' | '.join((*cells, 'yes' if f.lever else ''))} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(document())
