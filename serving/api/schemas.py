"""Requests and answers over HTTP as pydantic models, which check the ones and document the others.

An account's rows are not checked here: that is the cleaning's work, the same for HTTP as for a batch.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model

from serving.scoring.score_columns import HORIZONS, INVESTMENT_SCORES, SCORES, Kind, ScoreColumn

MOST_ACCOUNTS = 200
Rung = Literal["suspect", "prospect", "shopper", "customer", "member", "advocate", "raving_fan"]


class ScoreRequest(BaseModel):
    """Accounts to score, each with its own rows."""

    model_config = ConfigDict(extra="forbid", strict=True)

    as_of: str | None = Field(
        None,
        description="The instant to look from, ISO 8601, UTC where no zone is given; a date is its midnight. What was "
        "recorded at or after it is not used. Default: for each account the midnight after its own last event; an "
        "account without any event needs it.",
    )
    explain: bool = Field(True, description="Also write the reasons, which takes longer.")
    language: Literal["en", "nl"] = Field("en", description="Of the reasons: English or Dutch.")
    horizons: bool = Field(False, description="Also predict as far ahead as the model's other horizons look.")
    accounts: list[Any] = Field(description=f"At most {MOST_ACCOUNTS}; one bad account never fails the others.")


class Documented(BaseModel):
    """Every field of an answer is always there; what is not known is null."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)


class Model(Documented):
    """Which model answers."""

    name: str = Field(description="Always loyalty-ladder.")
    version: str = Field(description="Twelve hexadecimal digits that change with any byte of the model.")
    trained_until: str = Field(description="Nothing that happened later was learnt from; UTC.")
    horizon_days: int = Field(description="Span that the predictions are about, days from as_of.")


class Version(Model):
    """Which model and which program answer."""

    catalog: str = Field(description="Fingerprint of the features.")
    tables: list[str] = Field(description="The tables that the model learnt from.")
    refused: bool = Field(description="Whether a newer champion is there that cannot be used; the log says why.")
    program: str = Field(description="Version of the program.")


class Reloaded(Documented):
    """What answers after another champion was looked for."""

    version: str | None = Field(description="Of the model that answers in this process; null where none is loaded.")
    refused: str | None = Field(description="Why what is there cannot be used; null where all is well.")
    swapped: bool = Field(description="Whether it is another model than before.")


class Finding(Documented):
    """Something to know about an account's data."""

    code: str = Field(description="A fixed word, for programs.")
    field: str | None = Field(description="Where within the account, as orders[3].revenue; null = the whole of it.")
    message: str = Field(description="In words, for people.")


_ANNOTATIONS: Mapping[Kind, Any] = {Kind.NUMBER: float, Kind.WHOLE: int, Kind.FLAG: bool, Kind.REASONS: list[str]}


def _row_of(table: Sequence[ScoreColumn]) -> type[Documented]:
    """Return a model with a field for every column of a score table."""
    fields: dict[str, Any] = {}
    for column in table:
        held: Any = Literal[column.values] if column.values else _ANNOTATIONS.get(column.kind, str)
        held = list[held] if column.kind is Kind.LIST else held
        fields[column.name] = (held | None if column.nullable else held, Field(description=column.meaning))
    return create_model("Row", __base__=Documented, **fields)


class Scores(_row_of(SCORES)):  # type: ignore[misc]  # its fields are the rows of a table
    """The predictions for one account over the horizon. Chances lie in 0..1, money is in the source's currency."""


class InvestmentScores(_row_of(INVESTMENT_SCORES)):  # type: ignore[misc]  # its fields are the rows of a table
    """What one option is expected to do for one account."""


class HorizonScores(_row_of(HORIZONS)):  # type: ignore[misc]  # its fields are the rows of a table
    """The predictions for one account over one horizon; the main one's figures are those of the scores."""


class Result(Documented):
    """One account, in the order asked."""

    account_id: str | None = Field(description="As text; null where it could not be read.")
    status: Literal["ok", "warning", "error"] = Field(
        description="error: not scored. warning: scored, without something that was sent. Warnings with the codes "
        "table_missing, unused_table and note cost nothing and leave the status ok."
    )
    errors: list[Finding]
    warnings: list[Finding]
    scores: Scores | None = Field(description="null where the status is error.")
    investments: list[InvestmentScores] = Field(description="One for every option of the model.")
    horizons: list[HorizonScores] = Field(
        description="One for every horizon of the model, the nearest first; empty unless asked for."
    )


class ScoreAnswer(Documented):
    """The model that answered, and a result for every account."""

    model: Model
    results: list[Result]


class Problem(Documented):
    """Why a request was not answered."""

    code: str = Field(description="A fixed word, for programs.")
    message: str = Field(description="What is wrong and what to do.")
    field: str = Field("", description="Where in the body; left out where it is none.")


class ErrorAnswer(Documented):
    """The one shape of every error."""

    error: Problem
