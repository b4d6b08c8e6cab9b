"""The part of the OpenAPI document about /lookup, /plan and /feedback, with examples that run."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from features.tables import RUNGS, TABLE, TRIGGER_FAMILIES
from serving.api.store_endpoints.store_schemas import MOST_EVENTS, MOST_LOOKUPS
from serving.scoring.request_parsing import LONGEST_ID
from serving.store.feedback.feedback_events import KINDS, LONGEST_SPAN_DAYS, LONGEST_TEXT, SWITCHED


@dataclass(frozen=True)
class Posted:
    """A POST endpoint.  request, answer : names of schemas."""

    path: str
    summary: str
    description: str
    request: str
    answer: str
    means: str
    example: Mapping[str, Any]


LOOKUP_EXAMPLE: Mapping[str, Any] = {"account_ids": ["A-1007", "A-1008"], "horizons": False}
PLAN_EXAMPLE: Mapping[str, Any] = {"budget": 25000, "rungs": ["customer", "member"], "holdout": 0.1, "seed": 1}
FEEDBACK_EXAMPLE: Mapping[str, Any] = {
    "events": [
        {
            "event_id": "crm-activity-88121", "account_id": "A-1007", "investment": "visit_programme",
            "made_at": "2026-01-14", "cost": 640.0, "assignment": "random", "propensity": 0.9,
        },
        {
            "account_id": "A-1008", "override": {"will_switch": False}, "made_by": "J. de Vries",
            "reason": "Signed a framework contract yesterday", "made_at": "2026-01-15T09:30:00Z", "until": "2026-06-30",
        },
        {
            "event_id": "crm-lost-1204", "account_id": "A-0999", "outcome": SWITCHED, "switched_at": "2026-01-12",
            "competitor": "Northern Supplies", "trigger": "influential",
        },
        {
            "event_id": "crm-forecast-77", "account_id": "A-1007", "forecast": 4000.0, "made_at": "2026-01-14",
            "made_by": "J. de Vries", "horizon_days": 180,
        },
        {
            "event_id": "crm-view-31", "account_id": "A-1007", "assessment": "member", "assessed_at": "2026-01-14",
            "made_by": "J. de Vries", "note": "Asks us first",
        },
        {"withdraw": "crm-lost-1204"},
    ]
}  # fmt: skip

POSTS = (
    Posted(
        path="/lookup",
        summary="Look up the last batch scores",
        description=(
            f"At most {MOST_LOOKUPS:,} accounts in each request. The figures are those that `ladder score` wrote, to "
            "the last bit, whatever model serves /score by now. Reasons are told in the language asked for; those "
            "that release 0.1 wrote stay in the language of their run. Where a manager's decision stands, it stands "
            "beside the scores, with a warning of the code overridden. An account without batch scores gets the "
            "status error and does not touch the others."
        ),
        request="LookupRequest",
        answer="LookupAnswer",
        means="A result for every account, in the order asked",
        example=LOOKUP_EXAMPLE,
    ),
    Posted(
        path="/plan",
        summary="Plan investments under a budget",
        description=(
            "At most one option for an account, the largest sum of gains within the budget, a share held out by lot. "
            "Made from the last batch scores; the same scores, managers' decisions, budget and seed give the same "
            "plan."
        ),
        request="PlanRequest",
        answer="PlanAnswer",
        means="The plan and its sums",
        example=PLAN_EXAMPLE,
    ),
    Posted(
        path="/feedback",
        summary="Tell what was done and what happened",
        description=(
            f"At most {MOST_EVENTS:,} events in each request: investments made, managers' overrides, accounts that "
            "left, account managers' forecasts and views, and withdrawals of earlier events. An answer comes after the "
            "events are on the disk. One bad event does not lose the others. Safe to repeat: an event_id that is known "
            "already changes nothing; without one, the content is its own. The next training reads investments, "
            "outcomes and forecasts as rows of the source. An event of an account or an option that nobody knows is "
            "kept aside, and counts once the source knows it."
        ),
        request="FeedbackRequest",
        answer="FeedbackAnswer",
        means="What became of every event, in the order given",
        example=FEEDBACK_EXAMPLE,
    ),
)


def event_schema() -> dict[str, Any]:
    """Return the schema of an event; its kind follows from which of investment, override and outcome it has."""
    made, left = TABLE["investments"], TABLE["switches"]
    text = {"type": "string", "nullable": True, "maxLength": LONGEST_ID}
    moment = {"type": "string", "format": "date-time"}

    def said(schema: Mapping[str, Any], words: str) -> dict[str, Any]:
        return {**schema, "description": words}

    cost, chance = made.column("cost"), made.column("propensity")
    value, span = (TABLE["forecasts"].column(name) for name in ("extra_revenue", "horizon_days"))
    decided = {
        "recommended_investment": said(text, "Name of an option, or none; null takes an earlier decision back."),
        "will_switch": {
            "type": "boolean", "nullable": True,
            "description": "Whether it will switch before `until`; null takes an earlier decision back.",
        },
    }  # fmt: skip
    return {
        "type": "object",
        "description": "An investment made (with investment, made_at), a manager's decision (with override, reason), "
        "an account that left (with outcome, switched_at), a manager's forecast (with forecast, made_at) or view (with "
        "assessment, assessed_at), or an earlier event taken back (with withdraw, and without account_id). Exactly one "
        f"of {', '.join(KINDS)} is there.",
        "properties": {
            "event_id": said(text, "The sender's own id, by which a repeat is known."),
            "account_id": {"type": "string", "maxLength": LONGEST_ID, "description": "The account concerned."},
            "investment": said({"type": "string"}, f"Of an investment: {made.column('investment').meaning}."),
            "made_at": said(moment, "When it was made or decided, UTC; at most a day after now. Of an override: may be "
                            "left out where there is an event_id, and is now."),
            "cost": {"type": "number", "nullable": True, "minimum": cost.low, "maximum": cost.high,
                     "description": f"Of an investment: {cost.meaning}."},
            "assignment": {"type": "string", "enum": [*made.column("assignment").values, None], "nullable": True,
                           "description": "Of an investment: how the account was picked; random for rows of a plan."},
            "propensity": {"type": "number", "nullable": True, "minimum": chance.low, "maximum": chance.high,
                           "description": f"Of an investment: {chance.meaning}; as the plan says, 0..1."},
            "override": {"type": "object", "properties": decided,
                         "description": "Of a decision: what the manager says instead of the model."},
            "reason": {"type": "string", "maxLength": LONGEST_TEXT, "description": "Of a decision: why, in words."},
            "made_by": said(text, "Of a decision, a forecast or a view: who made it."),
            "until": said(moment, "Of a decision: it stands until then, UTC; at most "
                          f"{LONGEST_SPAN_DAYS:,} days. Default: the end of the horizon."),
            "forecast": {"type": "number", "minimum": value.low, "maximum": value.high,
                         "description": f"Of a forecast: {value.meaning}."},
            "horizon_days": {"type": "number", "nullable": True, "minimum": span.low, "maximum": span.high,
                             "description": f"Of a forecast: {span.meaning}."},
            "assessment": {"type": "string", "enum": [*RUNGS], "description": "Of a view: the account's rung."},
            "assessed_at": said(moment, "Of a view: when, UTC; at most a day after now."),
            "note": said(text, "Of a view: why, in words."),
            "withdraw": {"type": "string", "maxLength": LONGEST_ID,
                         "description": "The event_id of the event that is taken back."},
            "outcome": {"type": "string", "enum": [SWITCHED], "description": "Of an outcome: what became of it."},
            "switched_at": said(moment, "Of an outcome: when it left, UTC; at most a day after now."),
            "competitor": said(text, f"Of an outcome: {left.column('competitor').meaning}."),
            "trigger": {"type": "string", "enum": [*TRIGGER_FAMILIES, None], "nullable": True,
                        "description": f"Of an outcome: {left.column('trigger').meaning}."},
        },
    }  # fmt: skip
