"""A finding is plain data that survives JSON, and nothing else is read as one."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.model.findings import (
    BLOCKER,
    NOTE,
    OK,
    SEVERITIES,
    WARNING,
    Finding,
    from_json,
    gravest,
    to_json,
)

NUMBERS = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e12, max_value=1e12)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | NUMBERS | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=6,
)


@given(st.text(min_size=1), st.sampled_from(SEVERITIES), st.dictionaries(st.text(min_size=1), PLAIN, max_size=4))
def test_a_finding_comes_back_from_json_as_it_was(code: str, severity: str, params: dict[str, Any]) -> None:
    found = Finding.of(code, severity, **params)
    assert from_json(json.loads(json.dumps(to_json([found]), allow_nan=False))) == (found,)


def test_parameters_are_made_plain() -> None:
    found = Finding.of(
        "x", OK, count=np.int64(3), share=np.float64(0.123456789012), flags=np.array([True, False]), pair=(1, "a"),
        missing=float("nan"), endless=float("inf"), nested=[[np.float32(0.5), None]],
    )  # fmt: skip
    assert found.params == {
        "count": 3, "share": 0.123456789, "flags": [True, False], "pair": [1, "a"], "missing": None, "endless": None,
        "nested": [[0.5, None]],
    }  # fmt: skip
    assert {type(value) for value in found.params.values()} == {int, float, list, type(None)}


@pytest.mark.parametrize("value", [{"a": 1}, {1, 2}, object(), b"bytes"])
def test_what_json_cannot_hold_is_a_mistake_in_code(value: object) -> None:
    with pytest.raises(TypeError, match="parameter x is a"):
        Finding.of("code", OK, x=value)


def test_an_unknown_severity_is_a_mistake_in_code() -> None:
    with pytest.raises(TypeError, match="severity 'grave'"):
        Finding.of("code", "grave")


@pytest.mark.parametrize(
    "content",
    [
        "grade of switching: clearly better", None, [], {"code": "x", "severity": "ok"},
        {"code": "x", "severity": "ok", "params": {}, "more": 1}, {"code": 1, "severity": "ok", "params": {}},
        {"code": "x", "severity": "grave", "params": {}}, {"code": "x", "severity": "ok", "params": []},
        {"code": "x", "severity": "ok", "params": {"a": {"b": 1}}}, {"code": "x", "severity": ["ok"], "params": {}},
    ],
)  # fmt: skip
def test_anything_else_is_refused(content: object) -> None:
    with pytest.raises(ValueError, match="finding"):
        Finding.from_json(content)
    with pytest.raises(ValueError, match="finding"):
        from_json(content if content != [] else "[]")


def test_the_gravest_come_first_and_equals_keep_their_order() -> None:
    codes = [(f"{severity}{k}", severity) for k in (1, 2) for severity in (OK, WARNING, NOTE, BLOCKER)]
    found = gravest(Finding.of(code, severity) for code, severity in codes)
    assert [one.code for one in found] == [
        "blocker1", "blocker2", "warning1", "warning2", "note1", "note2", "ok1", "ok2",
    ]  # fmt: skip
