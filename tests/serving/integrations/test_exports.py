"""Files that importers of CRMs take as they are, and spreadsheets do not run."""

import csv
import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from features.errors import SettingsError
from features.histories.histories import Histories
from features.tables import RUNGS
from serving.api.schemas import Scores
from serving.integrations import exports
from serving.integrations.crm import CRMS, FIELDS, Crm, Form, table_of_columns
from serving.integrations.exports import export, export_gone, stored_scores
from serving.store.database import open_store, writing
from serving.store.feedback.export_marks import mark_exported
from serving.store.scores.scoring_runs import Frames
from tests.paths import ROOT
from tests.serving.runs import put, scored

NUMBERS = (Form.MONEY, Form.SHARE, Form.NUMBER)


@pytest.fixture(scope="module")
def frames(folder: Path, histories: Histories) -> Frames:
    return scored(folder, histories)


def _read(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.mark.parametrize("crm", CRMS.values(), ids=CRMS)
def test_every_score_arrives_in_the_form_of_that_importer(crm: Crm, frames: Frames, tmp_path: Path) -> None:
    scores = frames["scores"]
    done = export(scores, crm.name, tmp_path / "out.csv")
    content = (tmp_path / "out.csv").read_bytes()
    assert not content.startswith(b"\xef\xbb\xbf")
    rows = _read(tmp_path / "out.csv")
    assert len(rows) == done.accounts == len(scores)
    assert done.left_out == 0
    for row, (_, score) in zip(rows, scores.iterrows(), strict=True):
        assert list(row) == [crm.field_name(field) for field in FIELDS]
        for field in FIELDS:
            cell = row[crm.field_name(field)]
            value = score["p_switch"] if field.name == "can_switch" else score[field.name]
            if field.form is Form.FLAG:
                yes = pd.notna(value) if field.name == "can_switch" else value
                assert cell == (crm.yes if yes else crm.no)
            elif pd.isna(value):
                assert cell == ""
            elif field.form in NUMBERS:
                assert re.fullmatch(r"-?[0-9]+\.[0-9]+", cell)
                factor = crm.percent if field.form is Form.SHARE else 1
                assert float(cell) == pytest.approx(value * factor, abs=0.0051)
            elif field.form is Form.DATE:
                assert cell == str(value)[:10]
            elif field.form is Form.CHOICE:
                assert cell == value
                assert cell in field.choices
            elif field.form is Form.KEY:
                assert cell == value


def test_a_chance_is_a_percentage_where_the_importer_wants_one(frames: Frames, tmp_path: Path) -> None:
    one = frames["scores"].head(1).assign(p_upgrade=0.125)
    cells = {}
    for crm in CRMS.values():
        export(one, crm.name, tmp_path / f"{crm.name}.csv")
        cells[crm.name] = _read(tmp_path / f"{crm.name}.csv")[0][crm.field_name(FIELDS[4])]
    assert cells == {"salesforce": "12.50", "dynamics": "12.50", "hubspot": "0.1250"}


@pytest.mark.parametrize("text", ["=1+1", "+31", "-2", "@sum", "\tx", "\r=x", '=HYPERLINK("http://x")'])
def test_a_text_that_a_spreadsheet_would_run_is_made_a_text(text: str, frames: Frames, tmp_path: Path) -> None:
    one = frames["scores"].head(1).assign(recommended_investment=text, model_version=text)
    export(one, "salesforce", tmp_path / "out.csv")
    row = _read(tmp_path / "out.csv")[0]
    for cell in (row["Loyalty_Recommended_Investment__c"], row["Loyalty_Model_Version__c"]):
        assert cell == (f"'{text.strip()}" if text.strip()[0] in "=+-@" else text.strip())


def test_an_account_whose_id_would_be_run_is_left_out_and_counted(frames: Frames, tmp_path: Path) -> None:
    few = frames["scores"].head(4).assign(account_id=["=cmd", "-17", "A\rB", "A-1"])
    done = export(few, "hubspot", tmp_path / "out.csv")
    assert (done.accounts, done.left_out) == (2, 2)
    assert [row["ladder_account_id"] for row in _read(tmp_path / "out.csv")] == ["-17", "A-1"]


@pytest.mark.parametrize("limit", ["most_rows", "most_bytes"])
def test_a_file_that_is_too_large_is_split_each_with_its_heading(
    limit: str, frames: Frames, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = frames["scores"].head(25)
    whole = _read(export(few, "dynamics", tmp_path / "whole.csv").files[0])
    rows, size = (10, 10**9) if limit == "most_rows" else (10**6, 4_000)
    monkeypatch.setitem(exports.CRMS, "dynamics", replace(CRMS["dynamics"], most_rows=rows, most_bytes=size))
    done = export(few, "dynamics", tmp_path / "out.csv")
    assert [file.name for file in done.files[:2]] == ["out-1.csv", "out-2.csv"]
    parts = [_read(file) for file in done.files]
    assert [row for part in parts for row in part] == whole
    assert all(len(part) <= rows for part in parts)
    assert all(file.stat().st_size <= size for file in done.files)


def test_the_store_gives_the_same_file(frames: Frames, tmp_path: Path) -> None:
    engine = open_store(f"sqlite:///{tmp_path / 'ladder.db'}")
    put(engine, frames)
    scores = frames["scores"]
    export(scores.sort_values("account_id"), "salesforce", tmp_path / "files.csv")
    export(stored_scores(engine, "salesforce").scores, "salesforce", tmp_path / "store.csv")
    assert (tmp_path / "files.csv").read_bytes() == (tmp_path / "store.csv").read_bytes()
    export(stored_scores(engine, "salesforce").scores, "salesforce", tmp_path / "dutch.csv", "nl")
    assert sum("kans op" in row["Loyalty_Reasons__c"] for row in _read(tmp_path / "dutch.csv")) > 200
    engine.dispose()


def test_what_changed_is_what_changed_since_the_last_export_for_that_crm(frames: Frames, tmp_path: Path) -> None:
    """Not since the last run: a run that changes nothing must not hide what the run before it changed."""
    engine = open_store(f"sqlite:///{tmp_path / 'ladder.db'}")
    scores, (first, last) = frames["scores"], frames["scores"]["account_id"].iloc[[0, -1]]
    other = {**frames, "scores": scores.assign(roi=scores["roi"].where(scores["account_id"] != first, 77.0))}
    fewer = {name: frame[frame["account_id"] != last] for name, frame in other.items()}

    def exported(crm: str) -> tuple[int, list[str]]:
        found = stored_scores(engine, crm, changed=True)
        with writing(engine) as connection:
            mark_exported(connection, crm, found.run_id, 0)
        return len(found.scores), list(found.gone)

    put(engine, frames)
    assert exported("salesforce") == (len(scores), [])
    for run in (other, other, fewer, fewer):
        put(engine, run)
    assert exported("salesforce") == (1, [last])
    assert exported("salesforce") == (0, [])
    assert exported("hubspot") == (len(scores) - 1, [])  # had nothing yet, so nothing of it is gone
    put(engine, other)
    assert exported("salesforce") == (1, [])  # it has come back
    file = export_gone([last, "=1+1"], "salesforce", tmp_path / "out.csv")
    assert (file.name, file.read_text()) == ("out-gone.csv", f"Loyalty_Account_Id__c\n{last}\n")
    engine.dispose()


def test_what_cannot_be_exported_is_refused(frames: Frames, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no export for 'siebel'"):
        export(frames["scores"], "siebel", tmp_path / "out.csv")
    with pytest.raises(SettingsError, match=r"should end in \.csv"):
        export(frames["scores"], "hubspot", tmp_path / "out.xlsx")


def test_every_field_is_a_score_and_every_choice_is_among_its_own() -> None:
    described = Scores.model_fields
    for field in FIELDS:
        assert field.name in described or field.name == "can_switch"
        assert (field.form is Form.CHOICE) == bool(field.choices)
        for crm in CRMS.values():
            assert field.form in crm.types
            assert len(crm.field_name(field)) <= 50
    assert FIELDS[2].choices == RUNGS
    names = [crm.field_name(field) for crm in CRMS.values() for field in FIELDS]
    assert len(set(names)) == len(names)


def test_the_table_in_the_document_is_the_one_in_the_code() -> None:
    text = (ROOT / "docs" / "crm.md").read_text(encoding="utf-8")
    assert table_of_columns() in text, "write serving.integrations.crm.table_of_columns() into docs/crm.md"
