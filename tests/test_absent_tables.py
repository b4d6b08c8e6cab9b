"""A table that a source does not have, and one in which nothing happened, give a model the same scores.

So an account asked for over HTTP with its orders alone, a folder that holds only orders, and an account of a
full source that never raised a ticket, are scored alike, to the bit.
"""

import numpy as np
import pytest

from features.catalog.catalog import FEATURES, Context, compute
from features.catalog.declarations import NEVER_MISSING
from features.histories.histories import build_histories
from features.sources.source import source_from_rows
from features.tables import OF_THE_SUPPLIER, TABLES
from serving.scoring.scoring import Scored, Scorer
from tests.builders import Row, frame, view
from tests.trained import tiny_bundle

ORDERS: list[Row] = [("A", f"2025-{month:02}-11", 900.0 + month) for month in range(1, 13)]
OPTIONAL = [table.name for table in TABLES if table.name not in ("orders", *OF_THE_SUPPLIER)]


def _scored(*empty: str) -> Scored:
    tables = {"orders": frame("orders", ORDERS)} | {name: frame(name, []) for name in empty}
    histories = build_histories(source_from_rows(tables))
    bundle = tiny_bundle()
    return Scorer(bundle, bundle.version).score(histories, histories.known_at(histories.end), explain=False)


def test_where_nothing_happened_a_feature_is_zero_and_never_missing_or_missing() -> None:
    tables = {"orders": frame("orders", ORDERS)} | {name: frame(name, []) for name in OPTIONAL}
    histories = build_histories(source_from_rows(tables))
    values = compute(view(histories, histories.end), Context())[0]
    optional = [(f, v) for f, v in zip(FEATURES, values, strict=True) if f.tables != ("orders",)]
    optional = [(f, v) for f, v in optional if f.tables and histories.tables.issuperset(f.tables)]
    assert [f.name for f, v in optional if f.missing == NEVER_MISSING and v != 0] == []
    assert [f.name for f, v in optional if f.missing != NEVER_MISSING and not np.isnan(v)] == []


@pytest.mark.parametrize("empty", [*([name] for name in OPTIONAL), OPTIONAL], ids=lambda names: "+".join(names)[:20])
def test_an_absent_table_scores_as_an_empty_one(empty: list[str]) -> None:
    without, with_empty = _scored(), _scored(*empty)
    for name, column in without.scores.items():
        np.testing.assert_array_equal(column, with_empty.scores[name], err_msg=name)
    for name, column in without.investments.items():
        np.testing.assert_array_equal(column, with_empty.investments[name], err_msg=name)
