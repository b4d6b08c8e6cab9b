"""An event put into histories moves all that it should, and a model that answers the wrong way is found."""

from dataclasses import replace

import numpy as np
import pytest

from features.catalog import catalog
from features.histories.snapshots import Snapshots
from features.histories.views import View
from features.instants import MICROSECONDS_PER_DAY, FloatArray
from features.partitions.merge import select_accounts
from tests.trained import tiny_bundle, tiny_dataset, tiny_histories
from training.model.predictors import Pool
from training.promotion.behavioural_tests import EXPECTATIONS, respond, with_row


def test_a_row_is_put_where_it_belongs_in_time() -> None:
    histories, at = tiny_histories(), tiny_histories().end - 200 * MICROSECONDS_PER_DAY
    before = histories.streams["orders"]
    after = with_row(before, at, {"revenue": 5})
    n = len(histories.account_ids)
    assert len(after) == len(before) + n
    assert np.array_equal(np.diff(after.bounds), np.diff(before.bounds) + 1)
    same_account = after.account[1:] == after.account[:-1]
    assert (np.diff(after.time)[same_account] >= 0).all()
    put = after.time == at - MICROSECONDS_PER_DAY // 2
    assert (after.value("revenue")[put] == 5).sum() == n
    assert after.value("revenue").sum() == before.value("revenue").sum() + 5 * n


@pytest.mark.parametrize("expectation", EXPECTATIONS, ids=lambda one: one.code)
def test_an_event_is_seen_in_the_features(expectation: object) -> None:
    assert isinstance(expectation, type(EXPECTATIONS[0]))
    data = tiny_dataset()
    some = select_accounts(data.histories, np.arange(20))
    snapshots = Snapshots(np.arange(20), np.full(20, data.end))
    plain = catalog.compute(View(some, snapshots), data.context)
    edited = catalog.compute(View(expectation.edit(some, data.end), snapshots), data.context)
    moved = {
        catalog.NAMES[k] for k in np.flatnonzero(~((plain == edited) | (np.isnan(plain) & np.isnan(edited))).all(0))
    }
    stem = {"tickets": "ticket", "triggers": "influential", "surveys": "survey", "orders": "order"}[expectation.stream]
    assert any(stem in name for name in moved), moved
    assert len(moved) >= 2


class TicketLover:
    """The more tickets, the safer."""

    def predict(self, matrix: FloatArray) -> FloatArray:
        return 0.5 - 0.1 * np.minimum(matrix[:, [catalog.NAMES.index("tickets_90d")]], 3.0)


def test_a_model_that_calls_failed_accounts_safer_is_found() -> None:
    wrong = replace(tiny_bundle(), switching=Pool({"booster": TicketLover()}, {"booster": 1.0}))  # type: ignore[dict-item]
    found = {one.code: one for one in respond(tiny_dataset(), wrong)}
    assert found["critical_ticket"].change.high < -0.02
    assert found["critical_ticket"].grave
    assert found["rival_s_offer"].change.value == 0


def test_every_expectation_is_asked_of_a_source_that_knows_such_events() -> None:
    found = respond(tiny_dataset(), tiny_bundle())
    assert [one.code for one in found] == [one.code for one in EXPECTATIONS]
    assert found[0].change.value > 0  # the simulator's failed accounts do leave
    assert all(one.accounts > 10 for one in found)


def test_what_a_source_does_not_know_is_not_asked() -> None:
    data = tiny_dataset()
    streams = {name: stream for name, stream in data.histories.streams.items() if not name.startswith("tickets")}
    poor = replace(data, histories=replace(data.histories, streams=streams))
    assert "critical_ticket" not in [one.code for one in respond(poor, replace(tiny_bundle(), switching=None))]
    assert {one.code for one in respond(data, replace(tiny_bundle(), switching=None))} == {"order_climbs", "order_pays"}
