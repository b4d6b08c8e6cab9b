"""Requests to the store as values of the domain: lookups, plans, feedback."""

from collections.abc import Mapping, Sequence
from typing import Any

from features.errors import InvalidRequest
from serving.api.queries import check_number
from serving.api.request_bodies import parse_json, read_as
from serving.api.store_endpoints.store_schemas import (
    MOST_CHANGES,
    MOST_EVENTS,
    MOST_LOOKUPS,
    USUAL_CHANGES,
    FeedbackRequest,
    LookupRequest,
    PlanRequest,
)
from serving.planning.arms import Draw
from serving.planning.plan import Allowance
from serving.planning.planner import PlanQuery
from serving.scoring.request_parsing import account_id_of
from serving.store.lookups import LookupQuery
from serving.store.score_changes import ChangesQuery
from training.model.text.words import DEFAULT_LANGUAGE


def lookup_query(body: bytes) -> LookupQuery:
    """Return what POST /lookup asks.

    Raises
    ------
    HttpError
        400 for what is no JSON, 422 where the contract is not kept, 413 for more than MOST_LOOKUPS accounts.
    """
    request = read_as(LookupRequest, parse_json(body), '{"account_ids": [...]}')
    check_number("accounts", request.account_ids, MOST_LOOKUPS, "account_ids")
    ids = [account_id_of(given) for given in request.account_ids]
    return LookupQuery(ids, request.horizons, request.language)


def changes_query(given: Sequence[tuple[str, str]]) -> ChangesQuery:
    """Return what GET /changes asks.  given : names and values of its query string.

    Raises
    ------
    InvalidRequest
        422 where the contract is not kept.
    """
    names = [name for name, _ in given]
    strange = next((name for name in names if name not in ("since", "limit", "language")), None)
    if strange is not None or len(set(names)) < len(names):
        wrong = f"/changes takes since, limit and language, each once, and not {(strange or names[0])[:60]!r}."
        raise InvalidRequest(wrong, "contract", (strange or names[0])[:60])
    asked = dict(given)
    limit = asked.get("limit", str(USUAL_CHANGES))
    if not (limit.isascii() and limit.isdecimal() and len(limit) <= 6 and 1 <= int(limit) <= MOST_CHANGES):
        raise InvalidRequest(f"limit must be a whole number between 1 and {MOST_CHANGES}.", "contract", "limit")
    return ChangesQuery(asked.get("since"), int(limit), asked.get("language", DEFAULT_LANGUAGE))


def plan_query(body: bytes) -> PlanQuery:
    """Return what POST /plan asks.

    Raises
    ------
    HttpError
        400 for what is no JSON, 422 where the contract is not kept.
    """
    request = read_as(PlanRequest, parse_json(body), '{"budget": 10000}')
    bonds: Mapping[str, float] = request.bond_budgets.model_dump(exclude_none=True) if request.bond_budgets else {}
    return PlanQuery(
        Allowance(request.budget, request.owner_budget, bonds, group_budget=request.group_budget),
        Draw(request.holdout, request.explore, request.seed),
        on=request.on,
        owner=request.owner,
        rungs=None if request.rungs is None else tuple(request.rungs),
        investments=None if request.investments is None else tuple(request.investments),
    )


def feedback_items(body: bytes) -> Sequence[Any]:
    """Return the events of POST /feedback, each of which is still to be read.

    Raises
    ------
    HttpError
        400 for what is no JSON, 422 where the contract is not kept, 413 for more than MOST_EVENTS events.
    """
    request = read_as(FeedbackRequest, parse_json(body), '{"events": [...]}')
    check_number("events", request.events, MOST_EVENTS)
    return request.events
