"""What managers decide stands beside the scores, survives the next run, and is held against what happened."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from features.errors import InvalidRequest
from features.histories.histories import Histories
from features.instants import iso
from serving.store.audit_log import Author
from serving.store.database import open_store, reading
from serving.store.feedback.feedback import keep_override
from serving.store.feedback.feedback_events import OverrideEvent
from serving.store.feedback.overrides import claims
from serving.store.scores.scoring_runs import Frames
from tests.serving.integrations.crm_store import NOW, Crm
from tests.serving.runs import fill, scored

DAY = 86_400_000_000


@pytest.fixture(scope="module")
def frames(folder: Path, histories: Histories) -> Frames:
    return scored(folder, histories)


@pytest.fixture
def crm(tmp_path: Path, frames: Frames) -> Iterator[Crm]:
    url = f"sqlite:///{tmp_path / 'ladder.db'}"
    fill(url, frames)
    with Crm(url) as crm:
        yield crm


def _decide(crm: Crm, account: str, at: int, until: str | None = None, **values: Any) -> None:
    event = {"account_id": account, "override": values, "reason": "I know them", "made_by": "Ans", "made_at": iso(at)}
    assert crm.tell(event | ({} if until is None else {"until": until}))[0]["status"] == "stored"


def _look(crm: Crm, account: str = "A00001") -> dict[str, Any]:
    found: dict[str, Any] = crm.client.post_json("/lookup", {"account_ids": [account]}).json()["results"][0]
    return found


def _claims(crm: Crm) -> list[dict[str, Any]]:
    engine = open_store(crm.url)
    with reading(engine) as connection:
        found = claims(connection)
    engine.dispose()
    return found.to_dict("records")


def test_a_decision_stands_beside_the_scores_which_stay_the_model_s_own(crm: Crm, frames: Frames) -> None:
    before = _look(crm)
    assert (before["status"], before["override"]) == ("ok", None)
    _decide(crm, "A00001", NOW, will_switch=True, recommended_investment="none")
    after = _look(crm)
    assert after["scores"] == before["scores"]
    assert after["status"] == "warning"
    assert {(w["code"], w["field"]) for w in after["warnings"]} == {
        ("overridden", "scores.recommended_investment"), ("overridden", "scores.p_switch"),
    }  # fmt: skip
    decision = after["override"]["will_switch"]
    assert decision == {
        "value": True, "reason": "I know them", "made_by": "Ans",
        "made_at": "2026-01-20T12:00:00", "until": "2026-06-30",
    }  # fmt: skip
    assert after["override"]["recommended_investment"]["value"] == "none"
    assert _look(crm, "A00002")["override"] is None
    fill(crm.url, frames | {"scores": frames["scores"].assign(expected_revenue=5.0)})
    assert _look(crm)["override"] == after["override"]


def test_a_decision_ends_at_its_date_or_with_a_later_one_or_when_it_is_taken_back(crm: Crm) -> None:
    _decide(crm, "A00001", NOW, "2026-02-01", will_switch=True)
    _decide(crm, "A00001", NOW + 2, "2026-03-01", will_switch=False)
    _decide(crm, "A00001", NOW + 1, "2026-03-01", will_switch=True)  # told last, whatever its sender's clock says
    assert _look(crm)["override"]["will_switch"]["value"] is True
    crm.now = NOW + 60 * DAY
    assert _look(crm)["override"] is None
    crm.now = NOW
    _decide(crm, "A00001", NOW + 3, will_switch=None)
    assert _look(crm)["override"] is None


def test_an_option_that_the_model_does_not_know_cannot_be_recommended(crm: Crm) -> None:
    event = {"account_id": "A", "override": {"recommended_investment": "bribe"}, "reason": "x", "made_at": iso(NOW)}
    result = crm.tell(event)[0]
    assert result["errors"][0]["field"] == "override.recommended_investment"
    assert "rebate" in result["errors"][0]["message"]


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ({"account_id": "A\x00"}, "account_id_unreadable", "account_id"),
        ({"decisions": {}}, "not_usable", "override"),
        ({"decisions": {"rung": "member"}}, "not_usable", "override"),
        ({"decisions": {"recommended_investment": "bribe"}}, "unknown_value", "override.recommended_investment"),
        ({"reason": " "}, "field_missing", "reason"),
        ({"reason": "x" * 2001}, "unreadable_text", "reason"),
        ({"given_id": None}, "field_missing", "made_at"),
        ({"made_at": NOW + 2 * DAY}, "not_usable", "made_at"),
        ({"until": NOW}, "not_usable", "until"),
        ({"made_by": "Ans\x00"}, "unreadable_text", "made_by"),
    ],
)
def test_a_decision_from_the_page_keeps_the_rules_of_one_from_a_crm(
    fields: dict[str, Any], code: str, field: str, crm: Crm
) -> None:
    event = OverrideEvent(account_id="A00001", given_id="page-1", decisions={"will_switch": True}, reason="I know them")
    engine = open_store(crm.url)
    with pytest.raises(InvalidRequest) as refused:
        keep_override(engine, replace(event, **fields), Author(), NOW)
    assert (refused.value.code, refused.value.field) == (code, field)
    keep_override(engine, event, Author(), NOW)
    keep_override(engine, event, Author(), NOW)
    with pytest.raises(InvalidRequest, match="another content"):
        keep_override(engine, replace(event, reason="something else"), Author(), NOW)
    engine.dispose()
    assert _look(crm)["override"]["will_switch"]["value"] is True
    assert len(crm.kept()) == 1


def test_a_claim_is_kept_with_what_the_model_said_then(crm: Crm, frames: Frames) -> None:
    switch = frames["scores"].set_index("account_id")["p_switch"]
    able, unable = switch[switch.notna()].index[0], switch[switch.isna()].index[0]
    _decide(crm, able, NOW, "2026-02-01", will_switch=True)
    _decide(crm, able, NOW + 1, "2026-02-01", will_switch=False)
    _decide(crm, unable, NOW, "2026-02-01", will_switch=True)
    _decide(crm, "A00009", NOW, "2026-02-01", will_switch=True)
    _decide(crm, "A00009", NOW + 1, "2026-02-01", will_switch=None)
    fill(crm.url, frames | {"scores": frames["scores"].assign(p_switch=0.5)})
    found = {row["account_id"]: row for row in _claims(crm)}
    assert found.keys() == {able, unable}  # the last word counts, and none where it was taken back
    assert (found[able]["will_switch"], found[able]["p_switch"]) == (False, switch[able])
    assert found[unable]["p_switch"] != found[unable]["p_switch"]
    assert found[able]["made_at"] == NOW + 1
