"""An answer of the domain as the JSON that a client gets."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from features.finite import finite_or_none
from features.instants import iso
from serving.api.store_schemas import PlanTotals
from serving.planning.plan import Plan
from serving.scoring.results import AccountResult, Row, ServedModel, message_row
from serving.scoring.scoring_service import ScoreAnswer
from serving.store.feedback import FAILED, STORED, THERE, Receipt
from serving.store.feedback_events import OVERRIDABLE
from serving.store.lookups import LookupAnswer
from serving.store.overrides import Decision, Override
from training.model.bundle import NAME


def score_json(answer: ScoreAnswer) -> bytes:
    """Return the answer of POST /score."""
    return _json({"model": model_row(answer.model), "results": [_result(one) for one in answer.results]})


def lookup_json(answer: LookupAnswer) -> bytes:
    """Return the answer of POST /lookup."""
    results = [_result(one) | {"override": _override(one.override)} for one in answer.results]
    return _json({"model": model_row(answer.model), "results": results})


def plan_json(plan: Plan) -> bytes:
    """Return the answer of POST /plan."""
    totals = {name: finite_or_none(plan.record[name]) for name in PlanTotals.model_fields}
    return _json({"plan": plan.records(), "totals": totals})


def feedback_json(receipts: Sequence[Receipt]) -> bytes:
    """Return the answer of POST /feedback."""
    counts = {status: sum(one.status == status for one in receipts) for status in (STORED, THERE, FAILED)}
    results = [
        {
            "event_id": one.event_id,
            "status": one.status,
            "errors": [] if one.error is None else [message_row(one.error)],
        }
        for one in receipts
    ]
    return _json(
        {"stored": counts[STORED], "already_there": counts[THERE], "failed": counts[FAILED], "results": results}
    )


def model_row(model: ServedModel) -> Row:
    """Return what an answer says of the model."""
    until = None if model.trained_until is None else iso(model.trained_until)
    return {"name": NAME, "version": model.version, "trained_until": until, "horizon_days": model.horizon_days}


def _result(result: AccountResult) -> dict[str, Any]:
    return {
        "account_id": result.account_id,
        "status": result.status,
        "errors": [message_row(message) for message in result.errors],
        "warnings": [message_row(message) for message in result.warnings],
        "scores": result.scores,
        "investments": result.investments,
        "horizons": result.horizons,
    }


def _override(override: Override | None) -> Row | None:
    if override is None:
        return None
    return {name: _decision(override.decisions.get(name)) for name in OVERRIDABLE}


def _decision(decision: Decision | None) -> Row | None:
    if decision is None:
        return None
    told = {"value": decision.value, "reason": decision.reason, "made_by": decision.made_by}
    return told | {"made_at": iso(decision.made_at), "until": iso(decision.until)}


def _json(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, allow_nan=False, separators=(",", ":")).encode("ascii")
