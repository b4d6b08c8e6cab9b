"""Every path is there under /v1; answers are compressed for whom takes that, and not sent twice."""

import gzip
import json

import httpx
import pytest

from serving.api.app import create_app
from serving.api.endpoints import ENDPOINTS
from serving.api.model_holder import ModelHolder
from serving.api.openapi import EXAMPLE
from serving.api.representation import takes_gzip
from tests.serving.client import JSON, Client


def _ask(client: Client, path: str, method: str = "GET", **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.request(method, path, headers={"Accept-Encoding": "identity", **named})


def test_every_path_is_there_under_its_version(client: Client) -> None:
    for endpoint in ENDPOINTS:
        old, new = (_ask(client, f"{version}{endpoint.path}", endpoint.method) for version in ("", "/v1"))
        assert (new.status_code, new.content) == (old.status_code, old.content)
    assert _ask(client, "/v1").json() == _ask(client, "/").json()
    body = json.dumps(EXAMPLE).encode()
    assert client.post("/v1/score", content=body, headers=JSON).json() == client.post_json("/score", EXAMPLE).json()


@pytest.mark.parametrize("path", ["/v1/v1/version", "/v10/version", "/v2/version", "/v1version", "/V1/version"])
def test_no_other_version_is_there(client: Client, path: str) -> None:
    assert _ask(client, path).status_code == 404


def test_answers_are_compressed_for_whom_takes_that(client: Client) -> None:
    plain, small = _ask(client, "/openapi.json"), _ask(client, "/openapi.json", Accept_Encoding="br, gzip;q=0.5")
    assert small.headers["content-encoding"] == "gzip"
    assert int(small.headers["content-length"]) < len(plain.content) / 4
    assert small.json() == plain.json()  # the client has unpacked it
    assert small.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"
    assert "content-encoding" not in _ask(client, "/healthz", Accept_Encoding="gzip").headers  # nothing to save
    assert _ask(client, "/docs", Accept_Encoding="gzip").headers["content-encoding"] == "gzip"  # the same for all
    assert len(gzip.compress(plain.content)) == pytest.approx(int(small.headers["content-length"]), rel=0.1)


@pytest.mark.parametrize(
    ("told", "takes"),
    [(b"gzip", True), (b"GZIP ; q=1", True), (b"gzip;q=0", False), (b"gzip; q=0.000", False), (b"br", False),
     (b"", False), (b"br;q=1, x-gzip", True), (b"gzipped", False)],
)  # fmt: skip
def test_whether_a_client_takes_gzip(told: bytes, takes: bool) -> None:
    assert takes_gzip([(b"accept-encoding", told)]) is takes


def test_what_a_client_has_already_is_not_sent_again(client: Client) -> None:
    first = _ask(client, "/openapi.json")
    tag = first.headers["etag"]
    assert tag.startswith('W/"')
    for held in (tag, f'"other", {tag}', tag.removeprefix("W/"), "*"):
        again = _ask(client, "/openapi.json", If_None_Match=held)
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert _ask(client, "/openapi.json", If_None_Match='W/"other"').status_code == 200
    assert _ask(client, "/openapi.json", Accept_Encoding="gzip").headers["etag"] == tag
    assert "etag" not in _ask(client, "/healthz").headers


def test_what_is_not_there_has_no_tag() -> None:
    with Client(create_app(ModelHolder())) as client:
        assert (client.get("/version").status_code, "etag" in client.get("/version").headers) == (503, False)
