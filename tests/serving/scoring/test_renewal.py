"""The column p_renew: of accounts whose contract ends within the horizon, by value, and null for all others."""

from dataclasses import replace

import numpy as np
import pytest

from features.catalog import catalog
from features.histories.histories import Histories
from features.instants import instant
from serving.scoring.scoring import Scorer
from tests.builders import histories, view
from tests.serving.builders import bundle
from training.model.predictors import Linear
from training.model.renewal import RenewalModel
from training.model.terms import Term

AS_OF = "2024-10-01"
FEATURES = len(catalog.NAMES)
VALUE, NOTICE = FEATURES + 2, FEATURES + 3
BY_NOTICE = Linear((Term(NOTICE, "identity"),), ((-4.0,),), (2.0,))
"""A chance of .88, under notice of .12."""


def source() -> Histories:
    orders = [(name, "2024-01-05", 100.0) for name in "ABCDEF"]
    agreed = ("2024-01-01", "2025-01-01")
    contracts = [
        {"account_id": "A", "kind": "service", "value": 100.0},
        {"account_id": "B", "kind": "service", "value": 300.0},
        {"account_id": "B", "kind": "membership", "value": 100.0, "cancelled_at": "2024-09-01"},
        {"account_id": "C", "kind": "service", "value": 100.0, "cancelled_at": AS_OF},
        {"account_id": "E", "kind": "service", "value": None},
        {"account_id": "E", "kind": "membership", "value": 100.0, "cancelled_at": "2024-09-01"},
        {"account_id": "F", "kind": "service", "value": 100.0},
    ]
    rows = [{"starts_on": agreed[0], "ends_on": agreed[1]} | row for row in contracts]
    rows.append(
        {"account_id": "D", "kind": "service", "value": 100.0, "starts_on": "2024-08-01", "ends_on": "2025-08-01"}
    )
    follows = {"account_id": "F", "kind": "service", "value": 90.0, "recorded_at": "2024-09-20"}
    rows.append(follows | {"starts_on": "2025-01-01", "ends_on": "2026-01-01"})
    return histories(orders=orders, contracts=rows)


def p_renew(of: Histories, known: bool = True) -> list[float]:
    made = bundle(of)
    made = replace(made, renewal=RenewalModel(BY_NOTICE, BY_NOTICE, 0.97, FEATURES) if known else None)
    scores = Scorer(made, "v").score(of, of.known_at(instant(AS_OF)), explain=False, horizons=False).scores
    return [float(one) for one in scores["p_renew"]]


def test_the_chance_is_of_what_ends_within_the_horizon_by_value() -> None:
    likely, unlikely = 1 / (1 + np.exp(-2.0)), 1 / (1 + np.exp(2.0))
    found = p_renew(source())
    assert found[0] == pytest.approx(likely)
    assert found[1] == pytest.approx((3 * likely + unlikely) / 4)
    assert found[2] == pytest.approx(likely)  # nobody knew of the notice before as_of
    assert np.isnan(found[3])  # it runs on beyond the horizon
    assert found[4] == pytest.approx((likely + unlikely) / 2)  # a value is unknown: they count alike
    assert found[5] == pytest.approx(0.97)  # the contract that follows is written down


def test_without_a_model_of_renewals_nothing_is_told() -> None:
    assert np.isnan(p_renew(source(), known=False)).all()


def test_an_account_has_the_same_chance_alone() -> None:
    of = source()
    model = RenewalModel(BY_NOTICE, BY_NOTICE, 0.97, FEATURES)
    scorer = Scorer(replace(bundle(of), renewal=model), "v")
    together = scorer.score(of, of.known_at(instant(AS_OF)), explain=False, horizons=False).scores["p_renew"]
    for place, name in enumerate("ABCDEF"):
        alone = scorer.score(of, view(of, AS_OF, [name]).snapshots, explain=False, horizons=False).scores["p_renew"]
        assert alone.tobytes() == together[place : place + 1].tobytes()
