"""Nobody passes without a key that is good for the door, and nothing is read of who does not."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from serving.api.app import create_app
from serving.api.endpoints import ANY, ENDPOINTS, OPEN, SCOPES
from serving.api.model_holder import ModelHolder
from serving.api.openapi import EXAMPLE
from serving.api.security.keyring import Key, Keyring, digest_of, make_secret
from serving.api.security.rate_limit import MOST_ADDRESSES, REFUSALS_AT_ONCE, Rates, Refusals
from serving.scoring.scoring_service import ScoringService
from tests.serving.client import Client


def _key(*scopes: str, revoked: bool = False) -> tuple[Key, str]:
    key_id, secret, digest = make_secret()
    return Key(key_id, "a program", frozenset(scopes), digest, revoked), secret


KEYS = {scope: _key(scope) for scope in SCOPES} | {"revoked": _key(*SCOPES, revoked=True)}
RING = Keyring(key for key, _ in KEYS.values())


@pytest.fixture(scope="module")
def guarded(scoring_service: ScoringService) -> Iterator[Client]:
    with Client(create_app(ModelHolder(scoring_service), ring=lambda: RING)) as client:
        yield client


def _ask(client: Client, method: str, path: str, headers: dict[str, str]) -> httpx.Response:
    body = {"json": EXAMPLE} if path == "/score" else {"json": {}} if method == "POST" else {}
    return client.request(method, path, headers=headers, **body)


def _bearer(scope: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {KEYS[scope][1]}"}


@pytest.mark.parametrize("door", ENDPOINTS, ids=lambda door: door.path)
def test_every_door_opens_to_its_scope_and_to_no_other(guarded: Client, door: Any) -> None:
    bare = _ask(guarded, door.method, door.path, {})
    assert (bare.status_code < 400) == (door.scope == OPEN)
    if door.scope != OPEN:
        assert bare.status_code == 401
        assert bare.headers["www-authenticate"].startswith("Bearer")
        assert _ask(guarded, door.method, door.path, _bearer("revoked")).status_code == 401
    for scope in SCOPES:
        status = _ask(guarded, door.method, door.path, _bearer(scope)).status_code
        fits = door.scope in (OPEN, ANY, scope)
        assert status not in (401, 403) if fits else status == 403


def test_the_key_may_stand_in_a_header_of_its_own(guarded: Client) -> None:
    assert _ask(guarded, "GET", "/version", {"X-API-Key": KEYS["plan"][1]}).status_code == 200
    assert _ask(guarded, "GET", "/version", {"authorization": f"bearer {KEYS['plan'][1]}"}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": ""}, {"Authorization": "Bearer"}, {"Authorization": "Bearer "}, {"X-API-Key": ""},
        {"Authorization": f"Basic {KEYS['score'][1]}"}, {"Authorization": KEYS["score"][1]},
        {"Authorization": f"Bearer {KEYS['score'][1]}x"}, {"Authorization": f"Bearer {KEYS['score'][1][:-1]}"},
        {"Authorization": f"Bearer {KEYS['score'][1].swapcase()}"},
        {"Authorization": f"Bearer {KEYS['score'][0].digest}"},
        {"Authorization": f"Bearer ll_{KEYS['score'][0].key_id}_{'A' * 43}"},
        {"Authorization": f"Bearer {KEYS['score'][1]}", "X-API-Key": KEYS["admin"][1]},
        {"X-API-Key": "\u00e9" * 40}, {"X-API-Key": "ll_00000000_" + "A" * 43}, {"X-API-Key": "A" * 10_000},
    ],
)  # fmt: skip
def test_what_is_nearly_a_key_is_none(guarded: Client, headers: dict[str, str]) -> None:
    raw = {name: value.encode("latin-1") for name, value in headers.items()}
    answer = guarded.request("POST", "/score", headers=raw, json=EXAMPLE)
    assert answer.status_code == 401
    assert KEYS["score"][1] not in answer.text


def test_nothing_is_read_of_who_shows_no_key(guarded: Client) -> None:
    read = 0

    async def body() -> Any:
        nonlocal read
        read += 1
        yield b"{}"

    assert guarded.post("/score", content=body()).status_code == 401
    assert read <= 1  # the client of the tests hands over the first part before it is asked for


@pytest.mark.parametrize(
    "path",
    ["/score%0A", "/score/", "/%73core%00", "/Score", "/score;x", "/./score", "/admin/reload%0a", "/x"],
)
def test_no_way_of_writing_a_path_leads_past_the_guard(guarded: Client, path: str) -> None:
    for method in ("GET", "POST", "HEAD", "PATCH"):
        assert guarded.request(method, path).status_code in (404, 401)


def test_another_method_needs_the_key_too(guarded: Client) -> None:
    for method in ("GET", "PUT", "DELETE", "OPTIONS", "HEAD"):
        assert guarded.request(method, "/score").status_code == 401


class _From:
    """The application as somebody at this address sees it."""

    def __init__(self, app: Any, address: str) -> None:
        self.app, self.address = app, address

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(
            {**scope, "client": (self.address, 1)} if self.address else {**scope, "client": None}, receive, send
        )


@pytest.mark.parametrize(
    ("address", "host", "answered"),
    [
        ("127.0.0.1", "localhost:3000", True), ("127.0.0.1", "127.0.0.1", True), ("::1", "[::1]:3000", True),
        ("192.168.1.9", "localhost:3000", False), ("127.0.0.1", "evil.example", False),
        ("127.0.0.1", "localhost.evil.example:3000", False), ("127.0.0.1", "", False), ("", "localhost", False),
        ("127.0.0.1", "127.0.0.1.evil.example", False), ("testclient", "localhost", False),
        ("127.0.0.1", "[::1].evil.example", False), ("127.0.0.1", "[::1]evil.example:80", False),
        ("127.0.0.1", "localhost:@evil.example", False), ("127.0.0.1", "localhost:3000/evil", False),
        ("127.0.0.1", "[::1", False), ("127.0.0.1", "[localhost]", False), ("127.0.0.1", "localhost:123456", False),
        ("127.0.0.1", "LOCALHOST", True), ("127.0.0.1", "[0:0:0:0:0:0:0:1]", True),
    ],
)  # fmt: skip
def test_without_keys_only_this_machine_is_answered_and_only_by_its_own_name(
    scoring_service: ScoringService, address: str, host: str, answered: bool
) -> None:
    with Client(_From(create_app(ModelHolder(scoring_service), ring=Keyring), address)) as client:
        answer = client.request("POST", "/score", headers={"Host": host}, json=EXAMPLE)
        assert answer.status_code == (200 if answered else 403)
        assert client.request("GET", "/healthz", headers={"Host": host}).status_code == 200
    assert answered or "ladder keys create" in answer.json()["error"]["message"]


HONEST = dict.fromkeys(
    (
        "Accept Accept-Encoding Accept-Language Authorization Cache-Control Content-Type Cookie DNT If-None-Match "
        "Pragma Priority Sec-CH-UA-Platform Sec-Fetch-Dest Sec-Fetch-Mode Sec-Fetch-User Sec-GPC TE "
        "Upgrade-Insecure-Requests User-Agent X-Request-Id X-Requested-With traceparent"
    ).split(),
    "1",
)
"""What browsers and programs send by themselves."""


@pytest.mark.parametrize(
    "header",
    [
        {"Forwarded": "for=203.0.113.9"}, {"X-Forwarded-For": "203.0.113.9"}, {"X-Forwarded-Proto": "https"},
        {"X-Forwarded-Host": "ladder.example.com"}, {"X-Forwarded-Port": "443"}, {"Via": "1.1 proxy"},
        {"X-Real-IP": "127.0.0.1"}, {"X-Original-Host": "x"}, {"CF-Connecting-IP": "203.0.113.9"},
        {"Origin": "https://ladder.example.com"}, {"Referer": "https://ladder.example.com/plan"}, {"Origin": "null"},
        {"Referer": "http://[::1"}, {"Origin": "http://localhost:@evil.example"}, {"Sec-Fetch-Site": "cross-site"},
        {"X_Forwarded_For": "203.0.113.9"}, {"X-Forward-For": "x"}, {"Client-IP": "x"}, {"X-Remote-Addr": "x"},
        {"X-Rewrite-URL": "/"}, {"Fly-Client-IP": "203.0.113.9"}, {"X-Varnish": "1"}, {"X-NginX-Proxy": "true"},
        {"WL-Proxy-Client-IP": "203.0.113.9"}, {"X-Appengine-User-IP": "x"}, {"X-Traefik-Router": "x"},
        {"X-ARR-LOG-ID": "1"}, {"X-Originating-IP": "x"}, {"X-HTTP-Host-Override": "x"}, {"X-BlueCoat-Via": "x"},
        {"X-SSL-Client-CN": "x"}, {"X-Auth-Request-User": "x"}, {"Remote-User": "x"},
    ],
)  # fmt: skip
def test_without_keys_what_came_through_a_proxy_is_refused(
    scoring_service: ScoringService, header: dict[str, str]
) -> None:
    here = {"Host": "127.0.0.1:3000"}
    with Client(_From(create_app(ModelHolder(scoring_service), ring=Keyring), "127.0.0.1")) as client:
        assert client.request("GET", "/version", headers=here).status_code == 200
        assert client.request("GET", "/version", headers=here | header).status_code == 403
        assert client.request("GET", "/v1/version", headers=here | header).status_code == 403
        own = here | {"Origin": "http://localhost:3000", "Referer": "http://127.0.0.1:3000/docs"} | HONEST
        assert client.request("GET", "/version", headers=own).status_code == 200


def test_without_keys_a_proxy_that_says_nothing_shows_by_its_old_http(scoring_service: ScoringService) -> None:
    """nginx's default: HTTP/1.0, the upstream's name as Host, and no header of its own."""
    app = create_app(ModelHolder(scoring_service), ring=Keyring)

    async def old(scope: Any, receive: Any, send: Any) -> None:
        await app({**scope, "http_version": "1.0"}, receive, send)

    with Client(_From(old, "127.0.0.1")) as client:
        assert client.request("GET", "/version", headers={"Host": "127.0.0.1:3000"}).status_code == 403


def test_whoever_goes_on_trying_keys_waits_and_good_keys_do_not(scoring_service: ScoringService) -> None:
    with Client(create_app(ModelHolder(scoring_service), ring=lambda: RING)) as client:
        statuses = [_ask(client, "GET", "/version", {"X-API-Key": "ll_nope"}).status_code for _ in range(110)]
        assert (statuses[:100], statuses[-1]) == ([401] * 100, 429)
        assert _ask(client, "GET", "/version", {"X-API-Key": "ll_nope"}).headers["retry-after"] == "1"
        assert _ask(client, "GET", "/version", _bearer("plan")).status_code == 200


def test_addresses_that_try_keys_are_not_kept_for_ever() -> None:
    refusals = Refusals(clock=lambda: 0.0)
    for number in range(MOST_ADDRESSES + 5):
        assert refusals.take((f"10.0.{number // 256}.{number % 256}", 1)) == 0
    assert len(refusals._rates._buckets) <= MOST_ADDRESSES
    for k in range(REFUSALS_AT_ONCE):
        refusals.take((f"2001:db8:1:2::{k:x}", 1))
    assert refusals.take(("2001:db8:1:2:ffff::1", 1)) > 0  # one network, one visitor


def test_every_answer_to_a_key_tells_what_is_left_of_its_rate(scoring_service: ScoringService) -> None:
    rates = Rates(per_second=2.0, burst=10, clock=lambda: 0.0)
    with Client(create_app(ModelHolder(scoring_service), ring=lambda: RING, rates=rates)) as client:
        answer = _ask(client, "GET", "/version", _bearer("plan"))
        assert answer.headers["ratelimit-policy"] == '"key";q=10;w=5'
        assert answer.headers["ratelimit"] == '"key";r=9;t=1'
        for _ in range(10):
            answer = _ask(client, "GET", "/version", _bearer("plan"))
        assert (answer.status_code, answer.headers["ratelimit"]) == (429, '"key";r=0;t=5')
        assert "ratelimit" not in _ask(client, "GET", "/healthz", {}).headers


def test_a_key_that_comes_too_often_waits_and_the_others_do_not(scoring_service: ScoringService) -> None:
    now = 0.0
    rates = Rates(per_second=0.5, burst=3, clock=lambda: now)
    with Client(create_app(ModelHolder(scoring_service), ring=lambda: RING, rates=rates)) as client:
        assert [_ask(client, "GET", "/version", _bearer("plan")).status_code for _ in range(3)] == [200] * 3
        answer = _ask(client, "GET", "/version", _bearer("plan"))
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "2")
        assert answer.json()["error"]["code"] == "too_many_requests"
        assert _ask(client, "GET", "/version", _bearer("admin")).status_code == 200
        now = 2.0
        assert _ask(client, "GET", "/version", _bearer("plan")).status_code == 200
        assert _ask(client, "GET", "/version", _bearer("plan")).status_code == 429
        now = 1000.0
        assert [_ask(client, "GET", "/version", _bearer("plan")).status_code for _ in range(4)] == [200] * 3 + [429]


def test_strangers_make_no_buckets(scoring_service: ScoringService) -> None:
    rates = Rates()
    with Client(create_app(ModelHolder(scoring_service), ring=lambda: RING, rates=rates)) as client:
        for _ in range(20):
            _ask(client, "GET", "/version", {"X-API-Key": _key("score")[1]})
    assert not rates._buckets


def test_a_key_says_nothing_of_itself() -> None:
    key, secret = _key("score")
    assert secret not in repr(key)
    assert key.digest == digest_of(secret)
    assert len({make_secret()[1] for _ in range(100)}) == 100


def test_every_answer_wears_the_headers(guarded: Client) -> None:
    for method, path in (("GET", "/"), ("GET", "/docs"), ("POST", "/score"), ("GET", "/nothing"), ("GET", "/healthz")):
        answer = guarded.request(method, path)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-request-id"]
        assert "server" not in answer.headers
