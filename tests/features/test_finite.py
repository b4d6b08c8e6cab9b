"""What is not known is NaN in arrays, None in rows, null in JSON."""

import json

import numpy as np
import pandas as pd

from features.finite import finite_cells, finite_or_none, known_cells, without_nan


def test_a_float_that_is_no_number_is_none_and_everything_else_stays() -> None:
    given = [1.5, float("nan"), float("inf"), -float("inf"), 0.0, 7, "nan", None, True]
    assert [finite_or_none(one) for one in given] == [1.5, None, None, None, 0.0, 7, "nan", None, True]


def test_a_column_keeps_the_bits_of_what_is_known() -> None:
    assert finite_cells(np.array([0.1 + 0.2, np.nan, -np.inf])) == [0.1 + 0.2, None, None]
    assert finite_cells(np.array([1, 2])) == [1, 2]
    assert finite_cells(np.array(["a", None], object)) == ["a", None]


def test_a_column_of_a_frame_of_any_type_has_none_where_it_is_missing() -> None:
    frame = pd.DataFrame({"a": [1.5, np.nan], "b": pd.array(["x", None], "string"), "c": pd.array([1, None], "Int64")})
    assert [known_cells(frame[name]) for name in frame] == [[1.5, None], ["x", None], [1, None]]


def test_mappings_and_lists_of_any_depth_become_what_json_can_say() -> None:
    node = {"a": [1.0, float("nan"), {"b": (float("inf"), "c")}]}
    assert json.dumps(without_nan(node), allow_nan=False) == '{"a": [1.0, null, {"b": [null, "c"]}]}'
