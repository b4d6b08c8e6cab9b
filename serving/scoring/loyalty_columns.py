"""The columns of the scores that tell of loyalty: attitude, phase, behaviours, support, and the views of others.

None of it comes from a model; what is usual among accounts comes from the bundle.
"""

import json
from collections.abc import Iterable, Sequence

import numpy as np

from features.accounts.behaviours import evidence, shown
from features.accounts.loyalty import Norms, loyalties, phases
from features.accounts.rung_views import rung_views
from features.catalog.catalog import BY_NAME, Context
from features.catalog.families.loyalty import attitude
from features.histories.views import View
from features.instants import FloatArray
from features.tables import RUNGS
from serving.scoring.horizons import Column
from training.model.facts import Facts

SUPPORT = BY_NAME["support"]


def loyalty_columns(view: View, facts: Facts) -> dict[str, Column]:
    """Return the columns of every snapshot, shape (n,) each; missing figures NaN, missing names None."""
    found: dict[str, Column] = {}
    for rows, part in view.blocks():
        for name, values in _of_block(part, facts).items():
            found.setdefault(name, np.empty(len(view), values.dtype))[rows] = values
    return found


def _of_block(view: View, facts: Facts) -> dict[str, Column]:
    rules, norms = facts.rules, Norms.of(facts.norms)
    held = view.histories.tables.issuperset(SUPPORT.tables)
    support = SUPPORT.compute(view, Context(rules)) if held else np.full(len(view), np.nan)
    behaviours = np.empty(len(view), object)
    for k, names in enumerate(shown(evidence(view, rules, norms, facts.inflation), len(view))):
        behaviours[k] = names
    return {
        "attitude": attitude(view),
        "loyalty": loyalties(view, rules, norms),
        "phase": phases(view, rules),
        **{name: _rungs(rung) for name, rung in rung_views(view, rules).items()},
        "behaviours": behaviours,
        "support": np.asarray(support, np.float64),
    }


def _rungs(rung: FloatArray) -> Column:
    names: Column = np.array([*RUNGS, None], object)[np.where(np.isnan(rung), -1, rung).astype(np.int64)]
    return names


def list_texts(lists: Iterable[Sequence[str] | None]) -> Column:
    """Return lists as JSON, as files and the store hold them."""
    texts = [None if names is None else json.dumps(list(names)) for names in lists]
    return np.array([*texts, None], object)[:-1]


def list_of(text: str | None) -> list[str] | None:
    """Return the list that `list_texts` wrote; None where nobody wrote one."""
    if text is None:
        return None
    names: list[str] = json.loads(text)
    return names
