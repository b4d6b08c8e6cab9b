"""A request's JSON body, decoded and checked, as a value of the domain."""

from collections.abc import Sequence
from typing import Any

from serving.api.errors import HttpError
from serving.api.request_bodies import parse_json, read_as
from serving.api.schemas import MOST_ACCOUNTS, ScoreRequest
from serving.scoring.scoring_service import ScoreQuery, read_as_of


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
    check_number("accounts", request.accounts, MOST_ACCOUNTS)
    as_of = None if request.as_of is None else read_as_of(request.as_of)
    return ScoreQuery(request.accounts, as_of, request.explain, request.language, request.horizons)


def check_number(what: str, given: Sequence[Any], most: int, field: str | None = None) -> None:
    """Refuse more than a request may hold.  Raises HttpError 413."""
    if len(given) > most:
        found = f"{len(given)} {what}; a request holds at most {most}. Send several requests."
        raise HttpError(413, f"too_many_{what}", found, field or what)
