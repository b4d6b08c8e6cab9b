"""Scores as the JSON that a client gets. Nothing here imports the store, which a worker may be without."""

import json
from collections.abc import Mapping
from typing import Any

from features.instants import iso
from serving.scoring.results import AccountResult, Row, ServedModel, message_row
from serving.scoring.scoring_service import ScoreAnswer
from training.model.bundle import NAME


def score_json(answer: ScoreAnswer) -> bytes:
    """Return the answer of POST /score."""
    return as_json({"model": model_row(answer.model), "results": [result_row(one) for one in answer.results]})


def model_row(model: ServedModel) -> Row:
    """Return what an answer says of the model."""
    until = None if model.trained_until is None else iso(model.trained_until)
    return {"name": NAME, "version": model.version, "trained_until": until, "horizon_days": model.horizon_days}


def result_row(result: AccountResult) -> dict[str, Any]:
    """Return what an answer says of an account."""
    return {
        "account_id": result.account_id,
        "status": result.status,
        "errors": [message_row(message) for message in result.errors],
        "warnings": [message_row(message) for message in result.warnings],
        "scores": result.scores,
        "investments": result.investments,
        "horizons": result.horizons,
    }


def as_json(content: Mapping[str, Any]) -> bytes:
    """Return an answer's bytes; NaN is an error."""
    return json.dumps(content, allow_nan=False, separators=(",", ":")).encode("ascii")
