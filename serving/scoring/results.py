"""What is answered about accounts, whoever asks: the service, the page, a notebook."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from features.errors import InvalidRequest
from features.finite import finite_cells
from serving.scoring.horizons import Column
from serving.scoring.request_parsing import HARMLESS, Message, ParsedAccount
from serving.scoring.score_columns import LISTS, SCORES, Kind
from serving.scoring.scoring import Scored
from training.model.text.words import LANGUAGES, render_reason

Row = Mapping[str, Any]
"""One row of the contract's tables: its columns in order, plain values, None for what is not known."""

_WHOLE = tuple(column.name for column in SCORES if column.kind is Kind.WHOLE and column.nullable)
"""Whole numbers that are floats where one may be missing."""


@dataclass(frozen=True)
class ServedModel:
    """Which model speaks.

    version : twelve hexadecimal digits.  trained_until : microseconds; None where the model is not at hand.
    horizon_days : how far ahead its predictions look.
    """

    version: str
    trained_until: int | None
    horizon_days: int


@dataclass(frozen=True)
class AccountResult:
    """What there is to say about one account.

    account_id : None where it could not be read.  scores : None where it was not scored; `errors` say why.
    investments : one row an option.  horizons : one row a horizon, the nearest first; empty unless asked for.
    """

    account_id: str | None
    errors: Sequence[Message] = ()
    warnings: Sequence[Message] = ()
    scores: Row | None = None
    investments: Sequence[Row] = ()
    horizons: Sequence[Row] = ()

    @property
    def status(self) -> str:
        """Return `error` where it was not scored, `warning` where something was lost on the way, else `ok`."""
        if self.errors:
            return "error"
        return "ok" if all(warning.code in HARMLESS for warning in self.warnings) else "warning"


def check_language(language: str) -> None:
    """Refuse a language that nobody writes reasons in.  Raises InvalidRequest."""
    if language not in LANGUAGES:
        message = f"There is no language {language!r}; the languages are {', '.join(LANGUAGES)}."
        raise InvalidRequest(message, "unknown_language", "language")


def message_row(message: Message) -> Row:
    """Return a message as a row, as answers and frames hold it."""
    return {"code": message.code, "field": message.field, "message": message.message}


def account_results(readings: Sequence[ParsedAccount], scored: Scored | None, language: str) -> list[AccountResult]:
    """Return a result for every reading, in their order; one with errors has no scores.  language : of the reasons."""
    scores, options, horizons, row = _rows(scored, language)
    results = []
    for reading in readings:
        at = None if reading.errors else row.get(str(reading.account_id))
        found = (None, (), ()) if at is None else (scores[at], options[at], horizons[at])
        results.append(AccountResult(reading.account_id, reading.errors, reading.warnings, *found))
    return results


Rows = list[dict[str, Any]]


def _rows(scored: Scored | None, language: str) -> tuple[Rows, list[Rows], list[Rows], dict[str, int]]:
    """Return the score of every account, its options, its horizons, and where each account stands."""
    if scored is None or not len(scored.scores["account_id"]):
        return [], [], [], {}
    scores = _table_rows(scored.scores)
    for score in scores:
        for name in _WHOLE:
            score[name] = None if score[name] is None else int(score[name])
        for name in LISTS:
            score[name] = None if score[name] is None else list(score[name])
        score["reasons"] = [render_reason(reason, language) for reason in score["reasons"] or ()]
    options, horizons = (_by_account(_table_rows(one), len(scores)) for one in (scored.investments, scored.horizons))
    return scores, options, horizons, {score["account_id"]: k for k, score in enumerate(scores)}


def _by_account(flat: Rows, accounts: int) -> list[Rows]:
    """Return the rows grouped by account, as many each, in their order."""
    each = len(flat) // accounts
    return [flat[k * each : (k + 1) * each] for k in range(accounts)]


def _table_rows(columns: Mapping[str, Column]) -> Rows:
    """Return columns as one mapping a row; what is no finite number is None, everything else keeps its bits."""
    plain = [finite_cells(column) for column in columns.values()]
    return [dict(zip(columns, row, strict=True)) for row in zip(*plain, strict=True)]
