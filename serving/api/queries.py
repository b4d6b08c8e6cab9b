"""A request's body as a value of the domain: JSON is decoded, checked against the schema, and named."""

from collections.abc import Mapping, Sequence
from typing import Any

from serving.api.errors import HttpError
from serving.api.request_bodies import parse_json, read_as
from serving.api.schemas import MOST_ACCOUNTS, ScoreRequest
from serving.api.store_schemas import (
    MOST_EVENTS,
    MOST_LOOKUPS,
    FeedbackRequest,
    LookupRequest,
    PlanRequest,
)
from serving.planning.arms import Draw
from serving.planning.plan import Allowance
from serving.planning.planner import PlanQuery
from serving.scoring.request_parsing import account_id_of
from serving.scoring.scoring_service import ScoreQuery, read_as_of
from serving.store.lookups import LookupQuery


def score_query(body: bytes) -> ScoreQuery:
    """Return what POST /score asks.

    Raises
    ------
    HttpError
        400 for what is no JSON, 422 where the contract is not kept, 413 for more than MOST_ACCOUNTS accounts.
    InvalidRequest
        If as_of is no time, or lies too far away.
    """
    return score_query_of(parse_json(body))


def score_query_of(content: Any) -> ScoreQuery:
    """Return what a JSON value asks of POST /score.  Raises what `score_query` raises."""
    request = read_as(ScoreRequest, content, '{"accounts": [...]}')
    _check_number("accounts", request.accounts, MOST_ACCOUNTS)
    as_of = None if request.as_of is None else read_as_of(request.as_of)
    return ScoreQuery(request.accounts, as_of, request.explain, request.language, request.horizons)


def lookup_query(body: bytes) -> LookupQuery:
    """Return what POST /lookup asks.

    Raises
    ------
    HttpError
        400 for what is no JSON, 422 where the contract is not kept, 413 for more than MOST_LOOKUPS accounts.
    """
    request = read_as(LookupRequest, parse_json(body), '{"account_ids": [...]}')
    _check_number("accounts", request.account_ids, MOST_LOOKUPS, "account_ids")
    return LookupQuery([account_id_of(given) for given in request.account_ids], request.horizons)


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
        Allowance(request.budget, request.owner_budget, bonds),
        Draw(request.holdout, request.explore, request.seed),
        request.on,
        request.owner,
        None if request.rungs is None else tuple(request.rungs),
        None if request.investments is None else tuple(request.investments),
    )


def feedback_items(body: bytes) -> Sequence[Any]:
    """Return the events of POST /feedback, each of which is still to be read.

    Raises
    ------
    HttpError
        400 for what is no JSON, 422 where the contract is not kept, 413 for more than MOST_EVENTS events.
    """
    request = read_as(FeedbackRequest, parse_json(body), '{"events": [...]}')
    _check_number("events", request.events, MOST_EVENTS)
    return request.events


def _check_number(what: str, given: Sequence[Any], most: int, field: str | None = None) -> None:
    if len(given) > most:
        found = f"{len(given)} {what}; a request holds at most {most}. Send several requests."
        raise HttpError(413, f"too_many_{what}", found, field or what)
