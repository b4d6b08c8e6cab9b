"""The feature catalogue: the name, unit and meaning of every feature, and the function that computes them.

Features are declared in `features/catalog/families`, one module per family. Training, batch scoring and the endpoint
all call `compute`. A feature of a table that the source lacks is missing (NaN), never zero by accident.
`docs/features.md` is written from this table.
"""

import hashlib
import sys
from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np

from features.catalog.added import with_added
from features.catalog.declarations import NEVER_MISSING, Context, Feature, measure
from features.catalog.families import (
    advocacy,
    attitude,
    bonds,
    contacts,
    conviction,
    firmographics,
    forecasts,
    orders,
    partnership,
    relationship,
    service,
    standing,
    triggers,
)
from features.catalog.families.firmographics import CODED_COLUMNS
from features.catalog.fingerprint import reference_histories, reference_snapshots
from features.catalog.steadiness import check_steady
from features.errors import SettingsError
from features.histories.histories import Histories
from features.histories.snapshots import Snapshots
from features.histories.views import View
from features.instants import FloatArray

__all__ = [
    "ALWAYS_KNOWN", "BY_NAME", "CODED_COLUMNS", "FEATURES", "HORIZON_NAMES", "NAMES", "Context", "Feature",
    "check_added", "compute",
    "count_values", "document", "feature_named", "fingerprint", "frequent_values", "learn_vocabulary",
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
    conviction,
    partnership,
)
_OURS = [feature for family in FAMILIES for feature in family.FEATURES]
FEATURES: tuple[Feature, ...] = with_added(_OURS)
"""Those of the families, and those that installed packages and modules of one's own add."""
NAMES: tuple[str, ...] = tuple(feature.name for feature in FEATURES)
BY_NAME: Mapping[str, Feature] = {feature.name: feature for feature in FEATURES}
ALWAYS_KNOWN: frozenset[int] = frozenset(k for k, feature in enumerate(FEATURES) if feature.missing == NEVER_MISSING)
"""Positions of the features that are missing only where the source lacks their table; they are zero if it is empty."""
HORIZON_NAMES: tuple[str, ...] = (
    "revenue_same_season", "order_days_same_season", "revenue_season_share", "rung_if_nothing_happens",
    "days_until_rung_falls", "order_days_leaving_by_horizon", "signs_situational",
)  # fmt: skip
"""The features that depend on the horizon; all others are the same for every horizon."""


def feature_named(name: str) -> Feature:
    """Return the feature of that name.

    Raises
    ------
    SettingsError
        If the catalogue has none.
    """
    if name not in BY_NAME:
        raise SettingsError(
            f"The feature {name} is not in the catalogue of this program: install the package, or name the module in "
            "[plugins], that adds it; or install the version that has it."
        )
    return BY_NAME[name]


def compute(view: View, context: Context, names: Sequence[str] = NAMES) -> FloatArray:
    """Compute the features of every snapshot, shape (n_snapshots, n_features), float64, NaN = missing.

    A snapshot has the same bits whatever other accounts and snapshots are in the view.
    """
    return measure(view, context, [BY_NAME[name] for name in names])


def check_added(view: View, context: Context, features: Sequence[Feature] = FEATURES) -> None:
    """Refuse features that are not ours and are not the same when computed again.  Raises PluginFailed."""
    check_steady(view, context, [feature for feature in features if not any(feature is one for one in _OURS)])


def learn_vocabulary(histories: Histories, snapshots: Snapshots, most: int = 30) -> dict[str, tuple[str, ...]]:
    """Return the `most` frequent values of each coded column among the snapshots' accounts, most frequent first."""
    return frequent_values(count_values(histories, snapshots), most)


def count_values(histories: Histories, snapshots: Snapshots) -> dict[str, dict[str, int]]:
    """Count, for each coded column, the snapshots' accounts that have each value."""
    accounts = np.unique(snapshots.account)
    counts_of: dict[str, dict[str, int]] = {}
    for column in CODED_COLUMNS:
        if column in histories.profile:
            values = [v for v in histories.profile[column][accounts] if v is not None]
            names, counts = np.unique(np.array(values, dtype=str), return_counts=True)
            counts_of[column] = dict(zip(names.tolist(), counts.tolist(), strict=True))
    return counts_of


def frequent_values(counts_of: Mapping[str, Mapping[str, int]], most: int = 30) -> dict[str, tuple[str, ...]]:
    """Return the values that most accounts have, most frequent first, ties in alphabetical order.

    counts_of : column -> value -> number of accounts.
    """
    return {
        column: tuple(sorted(counts, key=lambda name: (-counts[name], name))[:most])
        for column, counts in counts_of.items()
    }


@cache
def fingerprint() -> str:
    """Return a short digest of what the catalogue declares and computes; a model made for another one is refused.

    The features of a small fictitious supplier are part of it, so that a changed constant or computation shows, and a
    changed comment does not.
    """
    declared = "\n".join(f"{f.name}|{f.unit}|{f.meaning}|{f.missing}|{','.join(f.tables)}" for f in FEATURES)
    vocabulary = {column: (f"{column}0", f"{column}1") for column in CODED_COLUMNS}
    matrix = compute(View(reference_histories(), reference_snapshots()), Context(vocabulary=vocabulary))
    values = "\n".join(" ".join(f"{value:.9g}" for value in row) for row in matrix)
    return hashlib.sha256(f"{declared}\n{values}".encode()).hexdigest()[:16]


def document() -> str:
    """Write the catalogue as a page of Markdown, one table per family: the content of `docs/features.md`."""
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
