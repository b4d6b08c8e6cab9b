"""Scores -> the results of an answer, in the order in which the accounts were asked for."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serving.scoring.request_parsing import HARMLESS, Message, ParsedAccount
from serving.scoring.scoring import Scored


def results(readings: Sequence[ParsedAccount], scored: Scored | None) -> list[dict[str, Any]]:
    """One result for every reading; scores, investments and horizons are null and empty where it has errors."""
    scores, options, horizons, row = _rows(scored)
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
                "horizons": horizons[row[str(reading.account_id)]] if fine else [],
            }
        )
    return answers


Records = list[dict[str, Any]]


def _rows(scored: Scored | None) -> tuple[Records, list[Records], list[Records], dict[str, int]]:
    """The score of every account, its options, its horizons, and where each account stands."""
    if scored is None or not len(scored.scores["account_id"]):
        return [], [], [], {}
    scores = _records(scored.scores)
    for score in scores:
        score["rank"] = None if score["rank"] is None else int(score["rank"])
        score["reasons"] = score["reasons"] or []
    options, horizons = (_by_account(_records(one), len(scores)) for one in (scored.investments, scored.horizons))
    return scores, options, horizons, {score["account_id"]: k for k, score in enumerate(scores)}


def _by_account(flat: Records, accounts: int) -> list[Records]:
    """As many rows for every account, in their order."""
    each = len(flat) // accounts
    return [flat[k * each : (k + 1) * each] for k in range(accounts)]


def _records(columns: Mapping[str, NDArray[Any]]) -> Records:
    """Columns as one mapping a row; what is no finite number is null, everything else keeps its bits."""
    plain = [_values(column) for column in columns.values()]
    return [dict(zip(columns, row, strict=True)) for row in zip(*plain, strict=True)]


def _values(column: NDArray[Any]) -> list[Any]:
    values: list[Any] = column.tolist()
    if column.dtype.kind != "f" or np.isfinite(column).all():
        return values
    return [value if math.isfinite(value) else None for value in values]


def _status(reading: ParsedAccount) -> str:
    if reading.errors:
        return "error"
    return "ok" if all(warning.code in HARMLESS for warning in reading.warnings) else "warning"


def _plain(message: Message) -> dict[str, str | None]:
    return {"code": message.code, "field": message.field, "message": message.message}
