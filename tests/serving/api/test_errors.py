"""One table says how an error of the domain is answered; what it does not name is a mistake of ours."""

import logging

import pytest

from features.errors import BundleError, InvalidRequest, LadderError, NotReady, StoreError, StoreFull
from serving.api.app import create_app
from serving.api.errors import http_error
from serving.api.model_holder import ModelHolder
from tests.serving.client import JSON, Client


@pytest.mark.parametrize(
    ("error", "status", "code", "field"),
    [
        (InvalidRequest("No such owner.", "unknown_owner", "owner"), 422, "unknown_owner", "owner"),
        (InvalidRequest("It cannot be planned.", "cannot_plan"), 422, "cannot_plan", None),
        (NotReady("There are no scores yet."), 503, "not_ready", None),
        (StoreFull("/secret/ladder.db has no room left."), 503, "storage_full", None),
        (StoreError("/secret/ladder.db cannot be used."), 503, "store_unavailable", None),
    ],
)
def test_an_error_that_a_client_can_meet_has_a_status_and_never_tells_where_the_store_stands(
    error: LadderError, status: int, code: str, field: str | None
) -> None:
    answered = http_error(error)
    assert (answered.status, answered.code, answered.field) == (status, code, field)
    assert "secret" not in answered.message
    assert answered.message == str(error) or isinstance(error, StoreError)
    assert answered.response.headers.get("retry-after") == ("5" if status == 503 else None)


def test_an_error_that_no_client_can_cause_is_answered_as_a_mistake_and_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Broken:
        def lookup(self, _: bytes) -> bytes:
            raise BundleError("secret")

        plan = feedback = lookup

    with caplog.at_level(logging.DEBUG), Client(create_app(ModelHolder(), archive=Broken())) as client:
        answer = client.post("/lookup", content=b"{}", headers=JSON)
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal")
    assert "secret" not in answer.text + caplog.text
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == ["mistake"]
