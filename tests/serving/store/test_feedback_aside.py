"""What nobody knows is kept aside and said so; what was withdrawn counts no more; neither makes an account."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from features.histories.histories import Histories, build_histories
from features.sources.feedback_rows import add_rows
from features.sources.source import source_from_rows
from serving.store.audit_log import CHANGES
from serving.store.feedback.overrides import OVERRIDES
from tests.databases import new_database
from tests.serving.integrations.crm_store import Crm
from tests.serving.runs import fill, scored

VISIT = {"account_id": "A00001", "investment": "visit_programme", "made_at": "2026-01-14"}
LEFT = {"account_id": "A00002", "outcome": "switched", "switched_at": "2026-01-12"}
STAYS = {"account_id": "A00003", "override": {"will_switch": False}, "reason": "signed", "made_at": "2026-01-15"}
FORECAST = {"account_id": "A00001", "forecast": 4000, "made_at": "2026-01-14", "made_by": "J", "horizon_days": 180}
VIEW = {"account_id": "A00001", "assessment": "member", "assessed_at": "2026-01-14", "made_by": "J", "note": "asks us"}


@pytest.fixture(params=["sqlite", "postgresql"])
def crm(request: pytest.FixtureRequest, tmp_path: Path, folder: Path, histories: Histories) -> Iterator[Crm]:
    sqlite = f"sqlite:///{tmp_path / 'ladder.db'}"
    url = sqlite if request.param == "sqlite" else new_database(request.getfixturevalue("postgres_server"))
    fill(url, scored(folder, histories))
    with Crm(url) as crm:
        yield crm


def _source(*accounts: str, options: tuple[str, ...] = ()) -> Any:
    orders = {
        "account_id": list(accounts),
        "ordered_at": ["2025-03-01"] * len(accounts),
        "revenue": [1.0] * len(accounts),
    }
    tables = {"orders": pd.DataFrame(orders)}
    if options:
        rows = {"investment": list(options), "bond": ["social"] * len(options), "cost": [1.0] * len(options)}
        tables["investment_options"] = pd.DataFrame(rows)
    return source_from_rows(tables)


def test_events_of_nobody_are_kept_aside_and_said_so(crm: Crm) -> None:
    strange = [{**event, "account_id": "X1"} for event in (VISIT, LEFT, STAYS, FORECAST, VIEW)]
    told = crm.tell(VISIT, *strange, {**VISIT, "investment": "balloon"}, {**VISIT, "investment": "none"})
    assert [one["status"] for one in told] == ["stored", *["kept_aside"] * 6, "stored"]
    assert [one["warnings"][0]["code"] for one in told[1:7]] == ["unknown_account"] * 5 + ["unknown_option"]
    assert crm.tell(strange[0])[0]["warnings"][0]["code"] == "unknown_account"  # a repeat is told again
    answer = crm.client.post_json("/feedback", {"events": [{**LEFT, "account_id": "X2"}]}).json()
    assert (answer["stored"], answer["kept_aside"], answer["failed"]) == (0, 1, 0)
    assert [row["aside"] for row in crm.kept()][:2] == [None, "unknown_account"]


def test_no_run_sees_what_is_aside_until_the_source_knows_it(crm: Crm) -> None:
    crm.tell(VISIT, {**VISIT, "account_id": "X1"}, {**LEFT, "account_id": "X2"}, {**FORECAST, "account_id": "X3"})
    crm.tell({**VISIT, "investment": "balloon"}, {**VISIT, "account_id": "X1", "investment": "balloon"})
    feedback = crm.read_back()
    before = _source("A00001")
    joined = add_rows(before, feedback)
    assert [joined.rows(name) for name in ("investments", "switches", "forecasts")] == [1, 0, 0]
    assert build_histories(joined).account_ids.tolist() == ["A00001"]
    assert build_histories(joined).end == build_histories(before).end  # nothing of it moves the default as_of
    assert any("2 rows" in note or "3 rows" in note for note in joined.notes if "kept aside" in note)
    later = add_rows(_source("A00001", "X1", "X2", "X3", options=("balloon", "visit_programme")), feedback)
    assert [later.rows(name) for name in ("investments", "switches", "forecasts")] == [4, 1, 1]


def test_before_the_first_run_nobody_is_a_stranger(tmp_path: Path) -> None:
    with Crm(f"sqlite:///{tmp_path / 'empty.db'}") as crm:
        assert crm.tell({**VISIT, "account_id": "X1"})[0]["status"] == "stored"
        assert add_rows(_source("A00001"), crm.read_back()).rows("investments") == 0


def test_a_forecast_and_a_view_are_read_as_rows_of_their_tables(crm: Crm) -> None:
    assert [one["status"] for one in crm.tell(FORECAST, VIEW)] == ["stored", "stored"]
    assert [one["status"] for one in crm.tell(FORECAST, VIEW)] == ["already_there", "already_there"]
    told = crm.read_back()["forecasts"]
    assert (told["extra_revenue"], told["made_by"], told["horizon_days"]) == ([4000.0], ["J"], [180.0])
    assert add_rows(_source("A00001"), crm.read_back()).rows("forecasts") == 1
    views = crm.read_back()["assessments"]
    assert add_rows(_source("A00001"), crm.read_back()).rows("assessments") == 1
    assert (views["account_id"], views["rung"], views["note"]) == (["A00001"], ["member"], ["asks us"])


@pytest.mark.parametrize(
    ("event", "code", "field"),
    [
        ({**FORECAST, "forecast": "much"}, "not_usable", "forecast"),
        ({**FORECAST, "forecast": None}, "not_usable", "forecast"),
        ({**FORECAST, "made_at": "2026-02-22"}, "not_usable", "made_at"),
        ({**FORECAST, "extra_revenue": 1}, "unknown_field", "extra_revenue"),
        ({**VIEW, "assessment": "friend"}, "unknown_value", "assessment"),
        ({**VIEW, "rung": "member"}, "unknown_field", "rung"),
        ({key: cell for key, cell in VIEW.items() if key != "assessed_at"}, "field_missing", "assessed_at"),
        ({"withdraw": "never told"}, "unknown_event", "withdraw"),
        ({"withdraw": None}, "field_missing", "withdraw"),
        ({"withdraw": {}}, "unreadable_text", "withdraw"),
        ({"withdraw": "x", "account_id": "A00001"}, "unknown_field", "account_id"),
        ({**VISIT, "withdraw": "x"}, "kind_unclear", None),
    ],
)
def test_what_cannot_be_meant_is_refused(event: Any, code: str, field: str | None, tmp_path: Path) -> None:
    with Crm(f"sqlite:///{tmp_path / 'ladder.db'}") as crm:
        error = crm.tell(event)[0]["errors"][0]
        assert (error["code"], error["field"]) == (code, field)
        assert crm.kept() == []


def test_what_is_withdrawn_counts_no_more_and_stays_written_down(crm: Crm) -> None:
    made_up = crm.tell(VISIT)[0]["event_id"]
    crm.tell({**FORECAST, "event_id": "f"}, {**STAYS, "event_id": "s"})
    statuses = [one["status"] for one in crm.tell({"withdraw": made_up}, {"withdraw": "f"}, {"withdraw": "s"})]
    assert statuses == ["stored"] * 3
    assert crm.read_back() == {}
    assert crm.kept(OVERRIDES) == []
    assert len(crm.kept()) == 6
    assert crm.tell({"withdraw": "f"})[0]["status"] == "already_there"
    assert crm.tell({"withdraw": "f", "event_id": "w"})[0]["errors"][0]["code"] == "withdrawn"
    again = crm.tell({**FORECAST, "event_id": "f"}, {**FORECAST, "event_id": "g"})
    assert [one["status"] for one in again] == ["error", "stored"]
    assert (again[0]["errors"][0]["code"], len(crm.read_back()["forecasts"]["account_id"])) == ("withdrawn", 1)
    assert [row["what"] for row in crm.kept(CHANGES)][3:6] == ["withdraw"] * 3
    assert crm.kept(CHANGES)[3]["about"] == "A00001"


def test_an_event_and_its_withdrawal_may_come_together_and_nothing_withdraws_a_withdrawal(crm: Crm) -> None:
    told = crm.tell({**LEFT, "event_id": "l"}, {"withdraw": "l", "event_id": "w"}, {"withdraw": "w"})
    assert [one["status"] for one in told] == ["stored", "stored", "error"]
    assert crm.read_back() == {}


def test_the_decision_before_a_withdrawn_one_stands_again(crm: Crm) -> None:
    crm.tell({**STAYS, "event_id": "1"}, {**STAYS, "override": {"will_switch": True}, "event_id": "2"})
    crm.tell({"withdraw": "2"})
    found = crm.client.post_json("/lookup", {"account_ids": ["A00003"]}).json()["results"][0]["override"]
    assert found["will_switch"]["value"] is False


def test_the_decision_that_came_last_stands_whatever_its_sender_s_clock_said(crm: Crm) -> None:
    crm.tell({**STAYS, "made_at": "2026-01-20T13:00"})  # an hour ahead: local time, sent as UTC
    crm.tell({**STAYS, "override": {"will_switch": True}, "made_at": "2026-01-20T11:59"})
    found = crm.client.post_json("/lookup", {"account_ids": ["A00003"]}).json()["results"][0]["override"]
    assert found["will_switch"]["value"] is True
    crm.tell({**STAYS, "override": {"will_switch": None}, "made_at": "2026-01-01"})
    assert crm.client.post_json("/lookup", {"account_ids": ["A00003"]}).json()["results"][0]["override"] is None
