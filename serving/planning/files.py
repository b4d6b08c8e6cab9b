"""Scores read from a folder; a plan written as one file with its record beside it, and read again."""

import json
from pathlib import Path

import pandas as pd

from features.atomic_write import write_whole
from features.errors import SettingsError
from features.finite import without_nan
from serving.planning.plan import CONTRACT_COLUMNS, PLAN_COLUMNS, TEXT_COLUMNS, Plan
from serving.planning.plan_findings import plan_findings
from serving.scoring.batch import FORMATS, read_table, write_frames
from training.model.findings import to_json

NEEDED = "account_id investment bond cost uplift uplift_low uplift_high gain basis".split()
"""Columns of investment_scores that a plan is made from."""
NEEDED_OF_SCORES = "account_id as_of horizon_days model_version rung".split()
"""Columns of scores that it is made from."""
FINDINGS = "findings"
"""Of a record's file: what the plan says."""


def read_run(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read `scores` and `investment_scores` of one run.  Raises SettingsError where one is missing or wrong."""
    scores = read_table(folder, "scores", NEEDED_OF_SCORES)
    return scores, read_table(folder, "investment_scores", NEEDED)


def form_of(out: Path) -> str:
    """Return the format that the file's name asks for.  Raises SettingsError where there is no such format."""
    form = out.suffix.removeprefix(".").lower()
    if form not in FORMATS:
        raise SettingsError(f"{out} should end in one of .{', .'.join(FORMATS)}.")
    return form


def record_of(file: Path) -> Path:
    """Return the path of a plan's record: FILE.json beside the plan."""
    return file.with_name(f"{file.name}.json")


def write_plan(plan: Plan, out: Path) -> list[Path]:
    """Write the plan, and its record with its findings as FILE.json; each appears whole or not at all."""
    form = form_of(out)
    written = write_frames({out.name.removesuffix(out.suffix): plan.rows}, out.parent, form)[0]
    if written != out:  # a suffix in capitals
        written = written.replace(out)
    content = {**without_nan(plan.record), FINDINGS: to_json(plan_findings(plan.record))}
    text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)
    return [written, write_whole(record_of(out), f"{text}\n")]


def read_plan(file: Path) -> Plan:
    """Read a plan and its record, as `write_plan` wrote them.

    Raises
    ------
    SettingsError
        If either is missing or something else.
    """
    rows = read_table(file.parent, file.name.removesuffix(file.suffix), CONTRACT_COLUMNS, (form_of(file),))
    rows = rows.reindex(columns=PLAN_COLUMNS)  # release 0.2 wrote those of the contract alone
    rows = rows.astype(dict.fromkeys(TEXT_COLUMNS, "string"))
    try:
        record = json.loads(record_of(file).read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(
            f"{record_of(file)} cannot be read: {error.strerror}. `ladder plan` writes it beside the plan: keep both "
            "together."
        ) from None
    except ValueError as error:
        raise SettingsError(f"{record_of(file)} is no valid JSON: {error}. Make the plan again.") from None
    needed = ("as_of", "horizon_days", "holdout")
    missing = [name for name in needed if not isinstance(record, dict) or name not in record]
    if missing:
        raise SettingsError(f"{record_of(file)} is no record of a plan: it lacks {missing[0]}. Make the plan again.")
    record.pop(FINDINGS, None)  # what it says follows from the rest
    return Plan(rows, record)
