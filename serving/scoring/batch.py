"""All accounts of a source scored at once, and the tables written to files."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.accounts.loyalty_pays import after_years, loyalty_rows, loyalty_sums
from features.atomic_write import replacing, write_whole
from features.errors import NotEnoughData, SettingsError
from features.histories.histories import Histories
from features.instants import iso
from features.spreadsheets import plain_frame, unplain_frame
from serving.scoring.advice.reason_table import reason_columns
from serving.scoring.lifetime_groups import group_names, lifetime_rows, lifetime_sums
from serving.scoring.loyalty_columns import list_texts
from serving.scoring.score_columns import (
    HORIZONS,
    INVESTMENT_SCORES,
    LISTS,
    REASONS,
    SCORE_COLUMNS,
    SCORES,
    Kind,
    ScoreColumn,
)
from serving.scoring.scoring import Scorer
from serving.scoring.terms import ModelTerms, terms_in, terms_of
from training.model.facts import Facts
from training.model.playbook import Play, play_of
from training.model.text.words import DEFAULT_LANGUAGE, render_reason

RUN, LOYALTY = "run.json", "loyalty.json"
FORMATS = ("parquet", "csv", "xlsx")
_DTYPES = {
    Kind.TEXT: "string", Kind.CATEGORY: "string", Kind.DATE: "string", Kind.LIST: "string", Kind.NUMBER: "float64",
    Kind.WHOLE: "Int64", Kind.FLAG: "boolean",
}  # fmt: skip
_KEYS = {"account_id": str, "model_version": str, "owner": str, "forecast_by": str, "value_text": str}
"""Texts that may look like numbers."""
_EMPTY: Mapping[str, Any] = {"keep_default_na": False, "na_values": [""]}
"""Only an empty cell is missing: NA is a country."""
SHEET_LIMIT = 1_048_575


def score_frames(
    scorer: Scorer,
    histories: Histories,
    as_of: int,
    *,
    language: str = DEFAULT_LANGUAGE,
    explain: bool = True,
    horizons: bool = True,
    progress: Callable[[float], None] | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return the tables of TABLES for every account known at as_of (microseconds).

    language : of the sentences in the scores' `reasons`.  explain : give reasons at all; else the table of them has no
        rows.  horizons : also look at the further ones; else that table has none.  progress : told which share is done.

    Raises
    ------
    NotEnoughData
        If no account is known then.
    """
    snapshots = histories.known_at(as_of)
    if not len(snapshots):
        raise NotEnoughData(f"No account is known before {iso(as_of)}. Choose a later --as-of.")
    scored = scorer.score(histories, snapshots, explain, horizons, progress=progress)
    reasons = [own or () for own in scored.scores["reasons"]]
    texts = [json.dumps([render_reason(one, language) for one in some], ensure_ascii=False) for some in reasons]
    lists = {name: list_texts(scored.scores[name]) for name in LISTS}
    scores = _frame({**scored.scores, **lists, "reasons": np.array(texts, object)}, SCORES)
    table = reason_columns(scored.scores["account_id"], scored.scores["as_of"], reasons)
    return (
        scores, _frame(scored.investments, INVESTMENT_SCORES), _frame(scored.horizons, HORIZONS), _frame(table, REASONS)
    )  # fmt: skip


def run_sums(scores: pd.DataFrame, histories: Histories, as_of: int, facts: Facts) -> dict[str, dict[str, list[float]]]:
    """Return the sums of a run: `lifetime` of `lifetime_groups`, and `loyalty` of `features.accounts.loyalty_pays`.

    scores : of `score_frames`, of the accounts known at as_of (microseconds).
    """
    names = group_names(histories, histories.known_at(as_of).account)
    loyalty = loyalty_sums(
        histories,
        as_of,
        facts.rules,
        line_margins=facts.line_margins,
        margin_rate=facts.margin_rate,
        grace_days=facts.renewal_grace_days,
    )
    return {"lifetime": lifetime_sums(scores, names), "loyalty": loyalty}


def write_sums(folder: Path, sums: Mapping[str, Mapping[str, list[float]]], form: str) -> list[Path]:
    """Write what the sums say beside the scores: `lifetime.FORM`, and LOYALTY, JSON."""
    content = {"behaviours": loyalty_rows(sums["loyalty"]), "after_years": after_years(sums["loyalty"])}
    written = write_frames({"lifetime": pd.DataFrame(lifetime_rows(sums["lifetime"]))}, folder, form)
    write_whole(folder / LOYALTY, f"{json.dumps(content, ensure_ascii=False, allow_nan=False)}\n")
    return [*written, folder / LOYALTY]


def _frame(columns: Mapping[str, NDArray[Any]], table: Sequence[ScoreColumn]) -> pd.DataFrame:
    """Return the columns as a frame of the table's types, with no rows where there are none."""
    frame = pd.DataFrame({column.name: columns.get(column.name, np.empty(0, object)) for column in table})
    frame["as_of"] = pd.to_datetime(frame["as_of"]).astype("datetime64[us]")
    whole = {column.name for column in table if column.kind is Kind.WHOLE and not column.nullable}
    return frame.astype({c.name: _DTYPES[c.kind] for c in table if c.kind in _DTYPES and c.name not in whole})


def write_run(folder: Path, scorer: Scorer) -> None:
    """Write beside the scores, as RUN, what a plan must know of the model that made them, and the playbook."""
    facts = scorer.bundle.facts
    content = json.dumps(
        {
            "model_version": scorer.version, **terms_of(facts).values(), "playbook_from": facts.playbook_from,
            "playbook": [asdict(play) for play in facts.playbook],
        },
        ensure_ascii=False,
    )  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / RUN, f"{content}\n")


def read_terms(folder: Path, version: str) -> ModelTerms:
    """Return what `write_run` wrote of the model of these scores.

    version : the scores' own; a file that another model left there says nothing of them.
    """
    try:
        content = json.loads((folder / RUN).read_text(encoding="utf-8"))
        known = content if content["model_version"] == version else {}
    except (OSError, ValueError, KeyError, TypeError):
        return ModelTerms()
    return terms_in(known)


def read_run_plays(folder: Path) -> tuple[tuple[Play, ...], str]:
    """Return the playbook that the scores in a folder were made with, and whose it is; empty where nobody wrote it."""
    try:
        content = json.loads((folder / RUN).read_text(encoding="utf-8"))
        return tuple(map(play_of, content["playbook"])), str(content["playbook_from"])
    except (OSError, ValueError, KeyError, TypeError):
        return (), ""


def read_scores(folder: Path) -> pd.DataFrame:
    """Read the `scores` that `write_frames` wrote into a folder.  Raises SettingsError as `read_table` does."""
    return read_table(folder, "scores", SCORE_COLUMNS)


def read_table(folder: Path, name: str, columns: Sequence[str], forms: Sequence[str] = FORMATS) -> pd.DataFrame:
    """Read a table that `write_frames` wrote into a folder, in the first of these formats that is there.

    Raises
    ------
    SettingsError
        If it is not there, or lacks one of these columns.
    """
    readers: dict[str, Callable[[Path], pd.DataFrame]] = {
        "parquet": pd.read_parquet, "csv": lambda file: unplain_frame(pd.read_csv(file, dtype=_KEYS, **_EMPTY)),
        "xlsx": lambda file: pd.read_excel(file, dtype=_KEYS, **_EMPTY),
    }  # fmt: skip
    for form in forms:
        file = folder / f"{name}.{form}"
        if file.is_file():
            try:
                table = readers[form](file)
            except ValueError as error:  # also what Arrow and pandas raise for what they cannot read
                raise SettingsError(f"{file} cannot be read: {str(error).splitlines()[0]}. Score again.") from None
            missing = [column for column in columns if column not in table]
            if missing:
                words = name.replace("_", " ")
                raise SettingsError(f"{file} is no table of {words}: it lacks {', '.join(missing[:3])}. Score again.")
            return table
    raise SettingsError(f"There are no {name} in {folder}. Write them with `ladder score --out {folder}`.")


def read_columns(file: Path, columns: Sequence[str]) -> pd.DataFrame:
    """Read some columns of a table that was just written."""
    names = list(columns)
    if file.suffix == ".parquet":
        return pd.read_parquet(file, columns=names)
    if file.suffix == ".csv":
        frame: pd.DataFrame = unplain_frame(pd.read_csv(file, usecols=names, dtype=_KEYS, **_EMPTY))
    else:
        frame = pd.read_excel(file, usecols=names, dtype=_KEYS, **_EMPTY)
    return frame


def write_frames(frames: Mapping[str, pd.DataFrame], folder: Path, form: str) -> list[Path]:
    """Write each table as NAME.FORM into a folder (made if absent); a file appears whole or not at all.

    Raises
    ------
    SettingsError
        If the format is unknown or the table does not fit into a sheet.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, frame in frames.items():
        target = folder / f"{name}.{form}"
        if form == "xlsx" and len(frame) > SHEET_LIMIT:
            raise SettingsError(f"{name} has {len(frame):,} rows; a sheet holds {SHEET_LIMIT:,}. Use --format csv.")
        with replacing(target) as scratch:
            if form == "parquet":
                frame.to_parquet(scratch, index=False)
            elif form == "csv":
                plain_frame(frame).to_csv(scratch, index=False)
            elif form == "xlsx":
                _write_sheet(frame, scratch)
            else:
                raise SettingsError(f"There is no format {form!r}. Choose one of {', '.join(FORMATS)}.")
        written.append(target)
    return written


def _write_sheet(frame: pd.DataFrame, file: Path) -> None:
    """Write an Excel file in which every text is marked as one: else what begins with = would be a formula."""
    with file.open("wb") as content, pd.ExcelWriter(content, engine="openpyxl") as writer:
        frame.to_excel(writer, index=False)
        sheet = writer.book.worksheets[0]
        for column, name in enumerate(frame.columns, 1):
            for row, cell in enumerate(frame[name].tolist(), 2):
                if isinstance(cell, str) and cell.startswith("="):
                    sheet.cell(row, column).data_type = "s"
