"""What changed between two scoring runs: an account's change in p_switch and in rung, split into three parts.

The steps, always in this order, each from one set of scores to the next:

    before      the earlier run's file: the old model, at the old as_of, on the data as they were then
    corrected   the old model, at the old as_of, on what is known now of the time before it
    behaved     the old model, at the new as_of
    after       the later run's file: the new model, at the new as_of

corrections = corrected - before, behaviour = behaved - corrected, model = after - behaved. They add up to the whole
change. Another order would give each another share of what two of them do together; this one asks first whether the
old figure was right, then what the account did, and lays at the model's door what is left.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from features.errors import SettingsError
from features.histories.histories import build_histories
from features.instants import FloatArray, instant, iso
from features.sources.source import Source
from features.tables import RUNGS, TABLE
from serving.scoring.batch import score_frames
from serving.scoring.scoring import Scorer
from training.model.findings import NOTE, Finding

PARTS = ("corrections", "behaviour", "model")
FIGURES = ("p_switch", "expected_rung")
"""What is split.  expected_rung : the mean of the rung's distribution at the horizon, 0 = suspect .. 6 = raving fan."""
SAME = 1e-9
"""Scores computed twice may differ by no more: the same data and model give the same bits, CSV rounds the last."""
_CHANCES = [f"p_{rung}" for rung in RUNGS]


@dataclass(frozen=True)
class Run:
    """A scoring run: its scores, one row an account, and the model that made them."""

    scores: pd.DataFrame
    scorer: Scorer

    @property
    def as_of(self) -> int:
        """Return the instant of the scores, microseconds.  Raises SettingsError if there are several, or none."""
        found = self.scores["as_of"].unique()
        if len(found) != 1:
            raise SettingsError(f"Scores of one run have one as_of; these have {len(found)}. Give one run's folder.")
        return instant(str(pd.Timestamp(found[0]).isoformat()))


def split_changes(before: Run, after: Run, source: Source) -> pd.DataFrame:
    """Return one row for every account of either run: both figures, their change, and its three parts.

    source : as it is now.  A part is missing, and `note` holds the code of the reason (a `score_change` of
    `training.model.text.names`), where the figure is missing at any step; else `note` is empty.

    Raises
    ------
    SettingsError
        If the later run is not later, a model is not the one of its scores, or the later scores are no longer those
        that its model gives on this source.
    """
    _check(before, after)
    old, new = before.as_of, after.as_of
    now = build_histories(source)
    known = build_histories(as_known_later(source, old, new))
    corrected = _figures(score_frames(before.scorer, known, old, explain=False, horizons=False)[0])
    behaved = _figures(score_frames(before.scorer, now, new, explain=False, horizons=False)[0])
    again = _figures(score_frames(after.scorer, now, new, explain=False, horizons=False)[0])
    first, last = _figures(before.scores), _figures(after.scores)
    _check_same(last, again, after)
    return _table([first, corrected, behaved, last], before, after)


def as_known_later(source: Source, then: int, later: int) -> Source:
    """Return the source as of `later`: rows about the time before `then`, recorded afterwards, known in time.

    then, later : microseconds. A look at `then` so sees everything that `later` knows of the time before it.
    """
    tables = {name: dict(columns) for name, columns in source.tables.items()}
    for name, columns in tables.items():
        own = TABLE[name].time
        if own is not None and own in columns and "recorded_at" in columns:
            happened, recorded = np.asarray(columns[own]), np.asarray(columns["recorded_at"])
            late = (happened < then) & (recorded >= then) & (recorded < later)
            if late.any():
                columns["recorded_at"] = np.where(late, happened, recorded)
    return replace(source, tables=tables)


def _check(before: Run, after: Run) -> None:
    if after.as_of < before.as_of:
        raise SettingsError(
            f"--before looks from {iso(before.as_of)} and --after from {iso(after.as_of)}, which is earlier. Swap them."
        )
    for name, run in (("before", before), ("after", after)):
        versions = sorted(run.scores["model_version"].astype(str).unique())
        if versions != [run.scorer.version]:
            raise SettingsError(
                f"The scores of --{name} were made by model {', '.join(versions)}, and the model given for them is "
                f"{run.scorer.version}. Give that one with --model-{name}."
            )


def _check_same(last: pd.DataFrame, again: pd.DataFrame, after: Run) -> None:
    accounts = last.index.union(again.index)
    differ = np.zeros(len(accounts), bool)
    for name in FIGURES:
        one, other = (found[name].reindex(accounts).to_numpy(float) for found in (last, again))
        differ |= ~((np.abs(one - other) <= SAME) | (np.isnan(one) & np.isnan(other)))
    if differ.any():
        raise SettingsError(
            f"The source has changed since the later run: {int(differ.sum()):,} accounts would be scored otherwise at "
            f"{iso(after.as_of)} now. Score again with `ladder score --as-of {iso(after.as_of)}` and compare with that."
        )


def _figures(scores: pd.DataFrame) -> pd.DataFrame:
    """Return the figures that are split, by account."""
    expected = np.zeros(len(scores))
    for rung, name in enumerate(_CHANCES):
        expected = expected + rung * scores[name].to_numpy(float)
    found = pd.DataFrame({"p_switch": scores["p_switch"].to_numpy(float), "expected_rung": expected})
    found.index = pd.Index(scores["account_id"].astype(str), name="account_id")
    return found


def _table(steps: list[pd.DataFrame], before: Run, after: Run) -> pd.DataFrame:
    accounts = steps[0].index.union(steps[-1].index).sort_values()
    columns: dict[str, Any] = {
        "account_id": accounts.to_numpy(),
        "as_of_before": pd.Timestamp(iso(before.as_of)),
        "as_of_after": pd.Timestamp(iso(after.as_of)),
        "model_before": before.scorer.version,
        "model_after": after.scorer.version,
    }
    aligned = [step.reindex(accounts) for step in steps]
    for figure in FIGURES:
        values = [step[figure].to_numpy(float) for step in aligned]
        columns |= {f"{figure}_before": values[0], f"{figure}_after": values[-1]}
        columns |= _parts(figure, values)
    for moment, run in (("before", before), ("after", after)):
        rung = run.scores.set_index(run.scores["account_id"].astype(str))["rung"].reindex(accounts)
        columns[f"rung_{moment}"] = rung.to_numpy(object)
    columns["note"] = [_note(*there) for there in zip(*(_there(step, accounts) for step in steps), strict=True)]
    return pd.DataFrame(columns)


def _parts(figure: str, values: list[FloatArray]) -> Mapping[str, FloatArray]:
    """Return the parts of every account, all missing where one is; the change is their exact sum."""
    missing = np.isnan(np.stack(values)).any(axis=0)
    parts = [np.where(missing, np.nan, later - earlier) for earlier, later in pairwise(values)]
    change = parts[0] + parts[1] + parts[2]
    named = {f"{figure}_{part}": found for part, found in zip(PARTS, parts, strict=True)}
    return {f"{figure}_change": change, **named}


def _there(step: pd.DataFrame, accounts: pd.Index) -> list[tuple[bool, bool]]:
    """Return whether each account was scored at a step, and whether it could switch then."""
    found = step.reindex(accounts)
    return list(zip(found["expected_rung"].notna(), found["p_switch"].notna(), strict=True))


def _note(*steps: tuple[bool, bool]) -> str:
    """Return the code of why an account has no parts, empty where it has them."""
    scored, able = [step[0] for step in steps], [step[1] for step in steps]
    if not scored[0]:
        return "new"
    if not scored[-1]:
        return "unknown"
    if not all(scored):
        return "removed"
    if all(able) or not any(able):
        return ""
    if not able[0]:
        return "could_not_switch" if able[-1] else "never_could_switch"
    return "cannot_switch" if not able[-1] else "corrected_cannot_switch"


def largest_changes(changes: pd.DataFrame, most: int = 10) -> list[Finding]:
    """Return the accounts whose p_switch changed most; those whose rung did where nobody's p_switch is known."""
    figure = "p_switch" if changes["p_switch_change"].notna().any() else "expected_rung"
    known = changes[changes[f"{figure}_change"].notna()]
    order = known[f"{figure}_change"].abs().sort_values(ascending=False, kind="stable").index[:most]
    return [_finding(row, figure) for row in known.loc[order].to_dict("records")]


def _finding(row: Mapping[Any, Any], figure: str) -> Finding:
    return Finding.of(
        "p_switch_changed" if figure == "p_switch" else "expected_rung_changed", NOTE, account=row["account_id"],
        before=row[f"{figure}_before"], after=row[f"{figure}_after"], change=row[f"{figure}_change"],
        behaviour=row[f"{figure}_behaviour"], corrections=row[f"{figure}_corrections"], model=row[f"{figure}_model"],
        rungs=[row["rung_before"], row["rung_after"]],
    )  # fmt: skip
