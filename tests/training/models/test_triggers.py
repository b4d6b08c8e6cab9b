"""Which trigger it is, where reasons of switches are recorded."""

from dataclasses import replace
from math import isnan

import numpy as np
import pytest

from features.instants import FloatArray, IntArray
from features.tables import TRIGGER_FAMILIES
from tests.trained import small_settings, tiny_dataset
from training.data.dataset import Dataset
from training.models.triggers import fit_triggers, macro_auc


def dataset_with_reasons(share_recorded: float) -> tuple[Dataset, IntArray]:
    """The tiny supplier, all of whose leavers left for what the sign of their features says, some of it recorded."""
    data = tiny_dataset()
    tickets = np.nan_to_num(data.matrix[:, data.column("tickets_365d")])
    size = np.nan_to_num(data.matrix[:, data.column("revenue_365d")])
    family = np.where(tickets > np.median(tickets), 1, np.where(size > np.median(size), 0, 2))
    recorded = np.random.default_rng(0).random(len(family)) < share_recorded
    every = np.ones(len(family), bool)
    labels = replace(data.labels, can_switch=every, switched=every.astype(np.int64))
    return replace(data, labels=replace(labels, trigger=np.where(recorded, family, -1))), family


def test_reasons_are_learnt_and_evaluated_on_later_ones() -> None:
    data, family = dataset_with_reasons(0.5)
    model = fit_triggers(data, np.ones(len(family), bool), small_settings())
    assert model is not None
    unrecorded = data.labels.trigger < 0
    shares = model.pool.predict(data.matrix[unrecorded])
    assert shares.shape == (unrecorded.sum(), len(TRIGGER_FAMILIES))
    assert shares.sum(axis=1) == pytest.approx(1.0)
    assert macro_auc(shares, family[unrecorded]) > 0.9
    assert model.auc > 0.9
    assert model.judged > 0


def test_too_few_reasons_are_not_learnt_from() -> None:
    data, family = dataset_with_reasons(0.5)
    rare = replace(data, labels=replace(data.labels, trigger=np.where(family == 2, -1, data.labels.trigger)))
    assert fit_triggers(rare, np.ones(len(family), bool), small_settings()) is None


@pytest.mark.parametrize(
    ("shares", "auc"),
    [
        (np.eye(3)[[0, 1, 2, 0]], 1.0),
        (np.full((4, 3), 1 / 3), 0.5),
    ],
)
def test_macro_auc_of_certainty_and_of_guessing(shares: FloatArray, auc: float) -> None:
    assert macro_auc(shares, np.array([0, 1, 2, 0])) == pytest.approx(auc)


def test_macro_auc_is_unknown_where_a_family_never_happened() -> None:
    assert isnan(macro_auc(np.eye(3)[[0, 1]], np.array([0, 1])))
