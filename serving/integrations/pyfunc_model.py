"""The bundle as an MLflow pyfunc model: the histories of POST /score in, the same figures out, for notebooks and jobs.

MLflow imports this module by name and hands it the bundle's folder; no pickle is involved. The path is that of the
service, so the figures are its figures, to the bit.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from features.errors import InvalidRequest
from features.finite import finite_cells
from serving.integrations.flat_rows import (
    ACCOUNTS,
    FLAT_COLUMNS,
    TABLE_COLUMN,
    flat_rows,
    frame_of,
    is_flat,
    nested_accounts,
    whole_tables,
)
from serving.scoring.request_parsing import EVENT_TABLES, PROFILE
from serving.scoring.results import AccountResult, message_row
from serving.scoring.score_columns import SCORES, Kind
from serving.scoring.scoring_service import ScoreQuery, ScoringService, read_as_of
from training.model.bundle import MANIFEST
from training.model.champion import read_trusted_bundle
from training.model.text.words import DEFAULT_LANGUAGE

INPUTS: Mapping[str, str] = {
    "account_id": "any",
    "as_of": "any",
    PROFILE: "any",
    **{table.name: "any" for table in EVENT_TABLES},
    TABLE_COLUMN: "string",
    **dict.fromkeys(FLAT_COLUMNS, "any"),
    ACCOUNTS: "any",
    "no_column": "list",  # never there: with it MLflow hands a mapping of tables on
}
"""Columns of the input: one row an account, a table's cell is its list of rows; or a row a row of the table that
`table` names, with that table's columns. Ids may be whole numbers, and as_of dates."""
PARAMS: Mapping[str, str | bool] = {"as_of": "", "explain": False, "language": DEFAULT_LANGUAGE, "horizons": False}
"""As in the request; the column as_of, if there is one, goes before the parameter."""
_LISTS = ("errors", "warnings", "investments", "horizons")
_KINDS = {
    Kind.NUMBER: "double", Kind.WHOLE: "double", Kind.FLAG: "any", Kind.REASONS: "any", Kind.LIST: "any",
}  # fmt: skip
_SCORES = {column.name: _KINDS.get(column.kind, "string") for column in SCORES}
OUTPUTS: Mapping[str, str] = {
    "account_id": "string", "status": "string", **_SCORES, **dict.fromkeys(_LISTS, "any")
}  # fmt: skip
"""Columns of the answer, one row an account in the order asked: those of `scores`, and what else a result holds."""


def example() -> pd.DataFrame:
    """Return two invented accounts as an example of an input."""
    orders = [{"ordered_at": "2025-09-18", "revenue": 950.0}, {"ordered_at": "2025-11-04", "revenue": 1200.0}]
    tickets = [{"opened_at": "2025-11-20", "severity": 1}]
    return pd.DataFrame(
        [
            {"account_id": "NEW-1", "as_of": "2026-01-01", "orders": orders, "tickets": tickets},
            {"account_id": "NEW-2", "as_of": "2026-01-01", "orders": orders[:1], "tickets": []},
        ]
    )


class Answer(pd.DataFrame):
    """A frame that MLflow's server writes as JSON: what is unknown is null there, where NaN would be no JSON."""

    def to_dict(self, orient: Any = "dict", **options: Any) -> Any:
        """Return the rows as pandas does, with None for NaN in records."""
        if orient != "records":
            return pd.DataFrame(self).to_dict(orient=orient, **options)
        columns = [finite_cells(self[name].to_numpy()) for name in self]
        return [dict(zip(self.columns, row, strict=True)) for row in zip(*columns, strict=True)]


class PyfuncModel:
    """What MLflow calls."""

    def __init__(self, scoring_service: ScoringService) -> None:
        self.scoring_service = scoring_service

    def predict(self, model_input: Any, params: Mapping[str, Any] | None = None) -> pd.DataFrame:
        """Return the scores of every account, columns as in OUTPUTS, in the order asked and with its index.

        model_input : a DataFrame, or what `frame_of` takes, with columns as in INPUTS; a table that is not there, or a
            cell that holds nothing, is not given. Flat rows, or a mapping with a frame for each table, give one row an
            account, in the order in which they first appear.
        params : as in PARAMS. Without as_of each account is looked at from the midnight after its own last event.
        An account that cannot be scored has the status `error`, says why in `errors`, and has no figures. Accounts of
        one as_of are ranked together.

        Raises
        ------
        InvalidRequest
            If an as_of cannot be read, or a parameter is none.
        """
        asked = _checked({**PARAMS, **(params or {})})
        frame = flat_rows(model_input) if isinstance(model_input, Mapping) else whole_tables(frame_of(model_input))
        given, index = [_account(row) for row in frame.to_dict("records")], frame.index
        if is_flat(frame):
            given = nested_accounts(iter(given))
            index = pd.RangeIndex(len(given))
        as_of = [_text(one.pop("as_of", None) or asked["as_of"]) or None for one in given]
        found = [AccountResult(None)] * len(given)
        for text in dict.fromkeys(as_of):
            rows = [k for k, own in enumerate(as_of) if own == text]
            instant = None if text is None else read_as_of(text)
            options = asked["explain"], asked["language"], asked["horizons"]
            answer = self.scoring_service.score(ScoreQuery([given[k] for k in rows], instant, *options))
            for k, result in zip(rows, answer.results, strict=True):
                found[k] = result
        return _frame(found, index)


def _text(as_of: Any) -> Any:
    """Return a date or time as text; what is none is refused where it is read."""
    return as_of if as_of is None or isinstance(as_of, str) else str(_plain(as_of))


def _checked(params: Mapping[str, Any]) -> Mapping[str, Any]:
    params = {name: _plain(value) if name in PARAMS else value for name, value in params.items()}
    for name, value in params.items():
        if name not in PARAMS:
            raise InvalidRequest(
                f"There is no parameter {name!r}; there are {', '.join(PARAMS)}.", "unknown_field", name
            )
        if name != "as_of" and not isinstance(value, type(PARAMS[name])):
            wanted = "a text" if isinstance(PARAMS[name], str) else "true or false"
            raise InvalidRequest(f"The parameter {name} must be {wanted}, and is {value!r}.", "contract", name)
    return params


def _account(row: Mapping[Any, Any]) -> dict[str, Any]:
    """Return a row as plain JSON values, without missing ones."""
    return {str(name): value for name, cell in row.items() if (value := _plain(cell)) is not None}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [_plain(one) for one in value]
    if value is pd.NaT or value is pd.NA:
        return None
    if hasattr(value, "isoformat"):
        return value.isoformat()
    value = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(value, float) and math.isnan(value) else value


def _frame(results: Sequence[AccountResult], index: "pd.Index[Any]") -> pd.DataFrame:
    columns: dict[str, Any] = {}
    rows = [_row(result) for result in results]
    for name, kind in OUTPUTS.items():
        values = [row.get(name) for row in rows]
        if kind == "double":
            columns[name] = np.array([np.nan if value is None else value for value in values], np.float64)
        else:
            columns[name] = pd.Series(values, index=index, dtype=object)
    return Answer(columns, index=index)


def _row(result: AccountResult) -> dict[str, Any]:
    """Return a result as one flat row of OUTPUTS, without unknown values."""
    return {
        **(result.scores or {}),
        "account_id": result.account_id,
        "status": result.status,
        "errors": [message_row(message) for message in result.errors],
        "warnings": [message_row(message) for message in result.warnings],
        "investments": [*result.investments],
        "horizons": [*result.horizons],
    }


def _load_pyfunc(path: str) -> PyfuncModel:
    """Load the model, called by MLflow; `path` is the folder that was logged, or the one above it."""
    folder = Path(path)
    if not (folder / MANIFEST).is_file():
        folder = next(iter(sorted(folder.glob(f"*/{MANIFEST}")))).parent
    return PyfuncModel(ScoringService(*read_trusted_bundle(folder)))
