"""Scores -> the results of an answer, in the order in which the accounts were asked for."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serving.readings import HARMLESS, Message, Reading
from serving.scoring import Scored


def results(readings: Sequence[Reading], scored: Scored | None) -> list[dict[str, Any]]:
    """One result for every reading; scores and investments are null and empty where it has errors."""
    scores, options, row = _rows(scored)
    answers = []
    for reading in readings:
        fine = not reading.errors and reading.account_id in row
        answers.append(
            {
                "account_id": reading.account_id,
                "status": _status(reading),
                "errors": [_plain(message) for message in reading.errors],
                "warnings": [_plain(message) for message in reading.warnings],
                "scores": scores[row[str(reading.account_id)]] if fine else None,
                "investments": options[row[str(reading.account_id)]] if fine else [],
            }
        )
    return answers


def _rows(scored: Scored | None) -> tuple[list[dict[str, Any]], list[list[dict[str, Any]]], dict[str, int]]:
    """The score of every account, its options, and where each account stands."""
    if scored is None or not len(scored.scores["account_id"]):
        return [], [], {}
    scores = _records(scored.scores)
    for score in scores:
        score["rank"] = None if score["rank"] is None else int(score["rank"])
        score["reasons"] = score["reasons"] or []
    flat = _records(scored.investments)
    each = len(flat) // len(scores)
    options = [flat[k * each : (k + 1) * each] for k in range(len(scores))]
    return scores, options, {score["account_id"]: k for k, score in enumerate(scores)}


def _records(columns: Mapping[str, NDArray[Any]]) -> list[dict[str, Any]]:
    """Columns as one mapping a row; what is no finite number is null, everything else keeps its bits."""
    plain = [_values(column) for column in columns.values()]
    return [dict(zip(columns, row, strict=True)) for row in zip(*plain, strict=True)]


def _values(column: NDArray[Any]) -> list[Any]:
    values: list[Any] = column.tolist()
    if column.dtype.kind != "f" or np.isfinite(column).all():
        return values
    return [value if math.isfinite(value) else None for value in values]


def _status(reading: Reading) -> str:
    if reading.errors:
        return "error"
    return "ok" if all(warning.code in HARMLESS for warning in reading.warnings) else "warning"


def _plain(message: Message) -> dict[str, str | None]:
    return {"code": message.code, "field": message.field, "message": message.message}
