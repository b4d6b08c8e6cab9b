"""Loyalty against what serving takes: four types, by hand."""

import numpy as np

from features.catalog import catalog
from features.instants import FloatArray
from features.ladder.rules import ADVOCATE, CUSTOMER, MEMBER
from serving.scoring.customer_types import TYPES, customer_types
from serving.scoring.scoring import Scorer
from tests.trained import tiny_bundle, tiny_histories
from training.model.service_load import usual_load


def matrix(rows: list[tuple[float, float, float]]) -> FloatArray:
    """Revenue, contacts and tickets of a year."""
    full = np.zeros((len(rows), len(catalog.NAMES)))
    for k, name in enumerate(("revenue_365d", "interactions_365d", "tickets_365d")):
        full[:, catalog.NAMES.index(name)] = [row[k] for row in rows]
    return full


ROWS = [(1000.0, 1.0, 0.0), (1000.0, 8.0, 2.0), (2000.0, 10.0, 10.0), (4000.0, 4.0, 0.0), (0.0, 5.0, 5.0)]


def test_the_four_types_by_hand() -> None:
    rung = np.array([CUSTOMER, CUSTOMER, ADVOCATE, MEMBER, CUSTOMER])
    found = customer_types(matrix(ROWS), rung, 3.0)
    assert found["service_load"][:4].tolist() == [1.0, 10.0, 10.0, 1.0]
    assert np.isnan(found["service_load"][4])
    assert found["customer_type"].tolist() == [*TYPES, None]


def test_an_absent_table_counts_as_an_empty_one() -> None:
    empty, absent = matrix([(1000.0, 3.0, 0.0)]), matrix([(1000.0, 3.0, np.nan)])
    rung = np.array([MEMBER])
    assert (
        customer_types(absent, rung, 1.0)["service_load"] == customer_types(empty, rung, 1.0)["service_load"] == [3.0]
    )


def test_where_nobody_was_ever_served_there_are_no_types() -> None:
    nobody = matrix([(1000.0, 0.0, 0.0), (1000.0, np.nan, np.nan)])
    assert usual_load(nobody, catalog.NAMES, np.ones(2, bool)) is None
    assert customer_types(nobody, np.array([MEMBER, MEMBER]), None)["customer_type"].tolist() == [None, None]
    assert usual_load(matrix(ROWS), catalog.NAMES, np.ones(5, bool)) == 5.5


def test_every_type_is_met_at_the_simulated_supplier() -> None:
    known = tiny_histories()
    scored = Scorer(tiny_bundle(), "v").score(known, known.known_at(known.end), explain=False).scores
    assert set(scored["customer_type"]) == {*TYPES, None}
