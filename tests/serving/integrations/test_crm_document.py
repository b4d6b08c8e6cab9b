"""docs/crm.md says what is so: its program runs as it stands there, its examples are answered as it says."""

import json
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from features.histories.histories import Histories
from serving.api.store_endpoints.store_openapi import FEEDBACK_EXAMPLE
from serving.runtime.server import Terms, running
from serving.store.database import open_store, reading
from serving.store.feedback.feedback import FEEDBACK
from serving.store.lookups import NOT_YET
from serving.store.scores.scoring_runs import Frames
from tests.paths import ROOT
from tests.serving.runs import fill, scored
from tests.serving.runtime.test_server import _free_port

TEXT = (ROOT / "docs" / "crm.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


@pytest.fixture(scope="module")
def frames(folder: Path, histories: Histories) -> Frames:
    return scored(folder, histories)


def test_the_program_for_a_crm_of_one_s_own_runs_as_it_stands(folder: Path, frames: Frames, tmp_path: Path) -> None:
    (tmp_path / "nightly.py").write_text(blocks("python")[0], encoding="utf-8")
    url = f"sqlite:///{tmp_path / 'ladder.db'}"
    fill(url, frames)
    ids = frames["scores"]["account_id"].tolist()
    crm = sqlite3.connect(tmp_path / "crm.db")
    crm.execute("create table customers (id text, rung text, p_switch real, advice text, reasons text)")
    crm.execute(
        "create table visits (id integer primary key, customer text, kind text, day text, cost real, sent integer)"
    )
    crm.executemany("insert into customers (id) values (?)", [(account,) for account in [*ids, "new"]])
    visits = [
        (ids[0], "visit_programme", "2025-12-01", 640.0),
        (ids[1], "rebate", "2025-12-02", None),
        ("x", None, "?", 1),
    ]
    crm.executemany("insert into visits (customer, kind, day, cost) values (?, ?, ?, ?)", visits)
    crm.commit()
    port = _free_port()
    with running(folder, port, Terms(store=url)) as address:
        for _ in range(2):  # every night
            command = [sys.executable, "nightly.py", address, "crm.db"]
            done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)
            assert done.returncode == 0, done.stderr
            assert done.stdout.startswith("new it has no batch scores")
            assert done.stdout.count("\n") == 2  # and the visit without a kind
    held = {row[0]: row[1:] for row in crm.execute("select id, rung, p_switch, advice from customers")}
    for score in frames["scores"].itertuples():
        p_switch = None if pd.isna(score.p_switch) else score.p_switch
        assert held[score.account_id] == (score.rung, p_switch, score.recommended_investment)
    assert [row[0] for row in crm.execute("select sent from visits order by id")] == [1, 1, None]
    crm.close()
    engine = open_store(url)
    with reading(engine) as connection:
        kept = connection.execute(FEEDBACK.select().order_by(FEEDBACK.c.seq)).all()
    engine.dispose()
    assert [row.event_id for row in kept] == ["visit-1", "visit-2"]


def test_the_events_of_the_document_are_those_of_the_openapi_example() -> None:
    assert json.loads(blocks("json")[1]) == FEEDBACK_EXAMPLE


def test_an_account_without_scores_is_told_the_command_that_it_names() -> None:
    assert "ladder score --to" in NOT_YET
    assert "ladder score\n--to" in TEXT
