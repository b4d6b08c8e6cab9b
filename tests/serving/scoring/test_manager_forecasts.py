"""An account manager's estimate beside history's, blended, and where the two differ most."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.histories.histories import Histories
from serving.scoring.batch import read_columns, read_table, write_frames
from serving.scoring.horizons import Column
from serving.scoring.manager_forecasts import (
    COLUMNS,
    beside_history,
    disagreement_cells,
    last_forecasts,
    strongest_disagreements,
)
from tests.builders import Row, histories, view
from tests.serving import builders
from training.model.bundle import Facts

FORECASTS: list[Row] = [
    ("A", "2025-01-05", 400.0, "Anna", 180),
    ("A", "2025-03-05", 600.0, "Bram", 180),
    ("B", "2025-03-05", 600.0, None, 180),
    ("C", "2025-03-05", 300.0, "Anna", 90),
    ("D", "2025-06-05", 999.0, "Anna", 180),
]
ORDERS: list[Row] = [(name, "2025-02-01", 700.0) for name in "ABCDE"]
GAP = np.full(5, 500.0)


def supplier() -> Histories:
    return histories(orders=ORDERS, forecasts=FORECASTS)


def facts(**changed: object) -> Facts:
    given = {
        "forecast_weight": 0.2, "forecast_weights": {"Anna": 1.0, "Bram": 0.5, "": 0.0}, "forecast_history": 0.8,
        "forecast_miss": 10.0, "forecast_size": 900.0,
    } | changed  # fmt: skip
    return replace(builders.bundle(supplier()).facts, **given)


def beside(told: Facts, manager: list[float]) -> dict[str, Column]:
    return beside_history(view(supplier(), "2025-05-01"), told, np.array(manager), GAP)


def test_the_last_forecast_known_counts_with_its_author() -> None:
    told = last_forecasts(view(supplier(), "2025-05-01"))
    assert told is not None
    assert told.authors().tolist() == ["Bram", None, "Anna", None, None]
    np.testing.assert_allclose(told.per_day * 180, [600, 600, 600, np.nan, np.nan])


def test_a_manager_is_followed_as_far_as_they_have_been_right_and_nobody_s_forecast_not_at_all() -> None:
    found = beside(facts(), [600.0, 600.0, 600.0, np.nan, np.nan])
    np.testing.assert_allclose(found["history_estimate"], [400, 400, 400, np.nan, np.nan])
    np.testing.assert_allclose(found["upgrade_expectation"], [500, 400, 600, np.nan, np.nan])


def test_a_new_manager_gets_the_weight_of_all() -> None:
    found = beside(facts(forecast_weights={}), [600.0, 600.0, 600.0, np.nan, np.nan])
    np.testing.assert_allclose(found["upgrade_expectation"][:3], 440)


def test_the_disagreement_counts_in_what_is_usually_missed_at_that_size() -> None:
    found = beside(facts(), [600.0, 200.0, 400.0, np.nan, np.nan])
    np.testing.assert_allclose(found["forecast_disagreement"][:3], np.array([200, -200, 0]) / (10 * np.sqrt(700 + 900)))
    none = beside(facts(forecast_miss=None), [600.0, 200.0, 400.0, np.nan, np.nan])
    assert np.isnan(none["forecast_disagreement"]).all()


def test_without_forecasts_there_is_nothing_to_stand_beside() -> None:
    bare = histories(orders=ORDERS)
    assert last_forecasts(view(bare, "2025-05-01")) is None
    found = beside_history(view(bare, "2025-05-01"), facts(), np.full(5, np.nan), GAP)
    assert found["forecast_by"].tolist() == [None] * 5
    for name in ("history_estimate", "upgrade_expectation", "forecast_disagreement"):
        assert np.isnan(found[name]).all()


def test_the_strongest_disagreements_come_first_in_either_direction() -> None:
    cells = [
        ("A", "customer", 9.0, "Anna", 1.0, 1.5),
        ("B", "member", 1.0, None, 9.0, -3.0),
        ("C", "member", 1.0, "Anna", 1.0, None),
    ]
    frame = pd.DataFrame(cells, columns=list(COLUMNS))
    rows = strongest_disagreements(frame, 10)
    assert rows["account_id"].tolist() == ["B", "A"]
    assert disagreement_cells(rows)[0] == ["B", "member", "", "1", "9", "-3.0"]
    assert len(strongest_disagreements(frame, 1)) == 1


@pytest.mark.parametrize("form", ["parquet", "csv", "xlsx"])
def test_the_columns_of_the_list_are_read_back_from_any_format(form: str, tmp_path: Path) -> None:
    frame = pd.DataFrame([("007", "customer", 9.0, "12", 1.0, 1.5, 3)], columns=[*COLUMNS, "other"])
    write_frames({"scores": frame}, tmp_path, form)
    found = read_columns(tmp_path / f"scores.{form}", COLUMNS)
    assert disagreement_cells(found) == [["007", "customer", "12", "9", "1", "+1.5"]]


@pytest.mark.parametrize("form", ["parquet", "csv", "xlsx"])
def test_an_account_called_na_is_read_back_from_any_format(form: str, tmp_path: Path) -> None:
    frame = pd.DataFrame([("NA", "customer", 9.0, "null", 1.0, 1.5)], columns=list(COLUMNS))
    write_frames({"scores": frame}, tmp_path, form)
    for found in (read_columns(tmp_path / f"scores.{form}", COLUMNS), read_table(tmp_path, "scores", COLUMNS)):
        assert found["account_id"].tolist() == ["NA"]
        assert found["forecast_by"].tolist() == ["null"]
