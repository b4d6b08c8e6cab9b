"""Answers from the store as the JSON that a client gets: lookups, plans, receipts of feedback."""

from collections.abc import Sequence
from typing import Any

from features.finite import finite_or_none
from features.instants import iso
from serving.api.answers import as_json, model_row, result_row
from serving.api.store_endpoints.store_schemas import PlanTotals
from serving.planning.plan import Plan
from serving.scoring.results import Row, message_row
from serving.store.feedback.feedback import ASIDE, FAILED, STORED, THERE, Receipt
from serving.store.feedback.feedback_events import OVERRIDABLE
from serving.store.feedback.overrides import Decision, Override
from serving.store.lookups import LookupAnswer, LookupResult
from serving.store.score_changes import ChangesAnswer


def lookup_json(answer: LookupAnswer) -> bytes:
    """Return the answer of POST /lookup."""
    return as_json({"model": model_row(answer.model), "results": [_looked_up(one) for one in answer.results]})


def changes_json(answer: ChangesAnswer) -> bytes:
    """Return the answer of GET /changes."""
    return as_json({
        "model": model_row(answer.model),
        "changed": [_looked_up(one) for one in answer.changed],
        "gone": [{"account_id": one.account_id, "gone_at": iso(one.gone_at)} for one in answer.gone],
        "next_cursor": answer.next_cursor,
        "more": answer.more,
    })  # fmt: skip


def _looked_up(result: LookupResult) -> dict[str, Any]:
    return result_row(result) | {"override": _override(result.override)}


def plan_json(plan: Plan) -> bytes:
    """Return the answer of POST /plan."""
    totals = {name: finite_or_none(plan.record[name]) for name in PlanTotals.model_fields}
    return as_json({"plan": plan.records(), "totals": totals})


def feedback_json(receipts: Sequence[Receipt]) -> bytes:
    """Return the answer of POST /feedback."""
    counts = {status: sum(one.status == status for one in receipts) for status in (STORED, ASIDE, THERE, FAILED)}
    results = [
        {
            "event_id": one.event_id,
            "status": one.status,
            "errors": [] if one.error is None else [message_row(one.error)],
            "warnings": [message_row(message) for message in one.warnings],
        }
        for one in receipts
    ]
    return as_json(
        {
            "stored": counts[STORED],
            "kept_aside": counts[ASIDE],
            "already_there": counts[THERE],
            "failed": counts[FAILED],
            "results": results,
        }
    )


def _override(override: Override | None) -> Row | None:
    if override is None:
        return None
    return {name: _decision(override.decisions.get(name)) for name in OVERRIDABLE}


def _decision(decision: Decision | None) -> Row | None:
    if decision is None:
        return None
    told = {"value": decision.value, "reason": decision.reason, "made_by": decision.made_by}
    return told | {"made_at": iso(decision.made_at), "until": iso(decision.until)}
