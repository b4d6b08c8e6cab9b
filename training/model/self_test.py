"""The self-test of a bundle: what each predictor must answer for the typical account of every rung.

The typical accounts are the medians that the bundle holds for its reasons, so there is nobody's data in them. Undamaged
files may still give wrong answers, under another version of a library or on another processor; whoever loads a bundle
checks these answers first.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from features.errors import BundleError
from features.instants import FloatArray
from training.model.serialization import Predictor

DIGITS = 9
"""Significant digits that are written: other processors may differ in the last bits."""
RELATIVE, ABSOLUTE = 1e-6, 1e-9
"""The differences that are tolerated."""


def write_examples(
    parts: Mapping[str, Predictor], features: Sequence[str], peers: Sequence[Mapping[str, float]]
) -> dict[str, Any]:
    """Return the examples as plain JSON values.

    parts : name -> predictor.
    peers : rung -> feature -> median; an absent feature is unknown.
    """
    rows = [*({name: peer[name] for name in features if name in peer} for peer in peers), {}]
    matrix = _matrix(rows, features)
    return {"rows": rows, "expected": {name: _rounded(part.predict(matrix)) for name, part in parts.items()}}


def check_examples(parts: Mapping[str, Predictor], features: Sequence[str], content: Mapping[str, Any]) -> None:
    """Compare the answer of every predictor to the examples with the one that was written.

    Raises
    ------
    BundleError
        If an answer is missing or differs.
    """
    rows, expected = content["rows"], content["expected"]
    if not rows or set(expected) != set(parts):
        raise BundleError("The bundle's examples are not of its predictors. Export it anew.")
    matrix = _matrix(rows, features)
    for name, part in parts.items():
        answer = part.predict(matrix)
        expected_answer = np.array([[math.nan if v is None else v for v in row] for row in expected[name]], np.float64)
        if answer.shape != expected_answer.shape or not np.allclose(
            answer, expected_answer, RELATIVE, ABSOLUTE, equal_nan=True
        ):
            raise BundleError(
                f"The bundle's {name} answers its own examples otherwise than when it was made: it must not serve. "
                "Install the versions of requirements.txt, or train it anew."
            )


def _matrix(rows: Sequence[Mapping[str, float]], features: Sequence[str]) -> FloatArray:
    return np.array([[row.get(name, math.nan) for name in features] for row in rows], np.float64)


def _rounded(values: FloatArray) -> list[list[float]]:
    return [[float(f"{value:.{DIGITS}g}") for value in row] for row in values.tolist()]
