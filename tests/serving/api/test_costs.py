"""What a request costs grows with its bytes, whatever they look like; and what is given up ends.

Four times the bytes cost about four times as much. What grows with their square would cost sixteen times, so nine lies
between the two with room on either side. Processor time of this thread is compared, the least of a few tries.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from starlette.datastructures import QueryParams
from starlette.requests import cookie_parser
from starlette.types import Receive, Scope, Send

from features.deadlines import STEPS_AT_ONCE, check_deadline, deadline, seconds_left, timed
from features.errors import DeadlinePassed, LadderError
from features.parallel import parallel_map
from features.schema import Kind, Table
from features.tables import TABLE
from serving.api.app import answer_score
from serving.api.errors import HttpError, http_error
from serving.api.request_bodies import parse_form, parse_json
from serving.api.security.gate import MOST_ADDRESS_BYTES, Gate, checked_headers
from serving.api.store_endpoints.store_queries import feedback_items, lookup_query
from serving.scoring.request_parsing import EVENT_TABLES
from serving.scoring.scoring_service import ScoringService
from serving.web.lists.filters import filters_of
from serving.web.plans.planning import form_of
from serving.web.visit import language_of

SMALL, TIMES, MOST = 60_000, 4, 9.0
NOISE_SECONDS = 0.004
"""Added on both sides: what is over so soon is cheap however it grows."""


def _cost(work: Callable[[], object]) -> float:
    least = float("inf")
    for _ in range(3):
        before = time.thread_time()
        with suppress(HttpError, LadderError):
            work()
        least = min(least, time.thread_time() - before)
        if least > 1.0:
            break
    return least + NOISE_SECONDS


def _check_grows_with_its_bytes(shape: Callable[[int], bytes], work: Callable[[bytes], object]) -> None:
    small, large = shape(SMALL), shape(TIMES * SMALL)
    assert len(large) > 0.8 * TIMES * len(small)
    cost = _cost(lambda: work(small))
    assert _cost(lambda: work(large)) < MOST * cost


def _account(content: str) -> bytes:
    return f'{{"as_of":"2026-01-01","accounts":[{{"account_id":"A",{content}}}]}}'.encode()


def _some(size: int, item: Callable[[int], str]) -> str:
    """Return about so many bytes of items."""
    return ",".join(item(number) for number in range(max(1, size // (len(item(1_000)) + 1))))


def _order(more: str) -> str:
    return f'{{"ordered_at":"2025-01-01","revenue":1{more}}}'


_DEEP = ',"x":[[[]]]'

SHAPES: dict[str, Callable[[int], bytes]] = {
    "names": lambda size: b"{" + _some(size, lambda k: f'"n{k}":1').encode() + b"}",
    "names, the last of them twice": lambda size: (
        b"{" + _some(size, lambda k: f'"n{k}":1').encode() + b',"last":1,"last":1}'
    ),
    "names of tables": lambda size: _account(_some(size, lambda k: f'"n{k}":[]')),
    "names of columns": lambda size: _account(f'"orders":[{{{_some(size, lambda k: f"{chr(34)}n{k}{chr(34)}:1")}}}]'),
    "names of columns, another in each row": lambda size: _account(
        f'"orders":[{_some(size, lambda k: f"{{{chr(34)}n{k}{chr(34)}:1}}")}]'
    ),
    "rows": lambda size: _account(f'"orders":[{_some(size, lambda _: _order(""))}]'),
    "rows that are empty": lambda size: _account(f'"orders":[{_some(size, lambda _: "{}")}]'),
    "rows that are none": lambda size: _account(f'"orders":[{_some(size, lambda _: "null")}]'),
    "rows of another account": lambda size: _account(
        f'"orders":[{_some(size, lambda k: _order(f",{chr(34)}account_id{chr(34)}:{k}"))}]'
    ),
    "rows of one key": lambda size: _account(
        f'"orders":[{_some(size, lambda k: _order(f"{k},{chr(34)}order_id{chr(34)}:1"))}]'
    ),
    "accounts": lambda size: b'{"accounts":[' + _some(size, lambda k: f'{{"account_id":{k}}}').encode() + b"]}",
    "depth of lists": lambda size: b"[" * size,
    "depth of objects": lambda size: b'{"a":' * (size // 5),
    "depth in a cell": lambda size: _account(f'"orders":[{_some(size, lambda _: _order(_DEEP))}]'),
    "a string": lambda size: _account(f'"orders":[{{"ordered_at":"{"1" * size}"}}]'),
    "a string of blanks": lambda size: _account(f'"orders":[{{"ordered_at":"2025{" " * size}x"}}]'),
    "a string of escapes": lambda size: _account(f'"x":"{chr(92)}u00e9{f"{chr(92)}u00e9" * (size // 6)}"'),
    "a string for a number": lambda size: _account(f'"surveys":[{{"score":"{"1," * (size // 2)}"}}]'),
    "an id": lambda size: f'{{"accounts":[{{"account_id":"{"1" * size}"}}]}}'.encode(),
    "an as_of": lambda size: f'{{"as_of":"{"1" * size}","accounts":[]}}'.encode(),
    "a number": lambda size: _account(f'"x":{"9" * size}'),
    "a number with decimals": lambda size: _account(f'"x":1.{"9" * size}'),
    "numbers of many digits": lambda size: _account(f'"x":[{_some(size, lambda _: "9" * 4_000)}]'),
    "numbers": lambda size: _account(f'"x":[{_some(size, lambda _: "1e300")}]'),
    "blanks": lambda size: b"{" + b" " * size + b"}",
    "bytes that are no UTF-8": lambda size: b'{"a":"' + b"a" * size + b'\xff"}',
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_what_a_body_costs_grows_with_its_bytes(shape: Callable[[int], bytes], scoring_service: ScoringService) -> None:
    _check_grows_with_its_bytes(shape, lambda body: answer_score(scoring_service, body))


def _cell(table: Table, name: str, number: int) -> str:
    """Return a usable cell that is another one in every row, as far as the column allows."""
    column = table.column(name)
    if column.kind is Kind.TIME:
        return f'"2025-{number // 28 % 12 + 1:02}-{number % 28 + 1:02}"'
    if column.kind is Kind.CATEGORY:
        return f'"{column.values[number % len(column.values)]}"'
    return {Kind.TEXT: f'"v{number}"', Kind.FLAG: "true"}.get(column.kind, str(number % 5 + 1))


@pytest.mark.parametrize("table", EVENT_TABLES, ids=lambda table: table.name)
def test_what_the_rows_of_a_table_cost_grows_with_their_number(table: Table, scoring_service: ScoringService) -> None:
    wanted = [c.name for c in table.columns if c.required or c.kind is Kind.TEXT]
    names = [name for name in wanted if name not in ("account_id", "recorded_at")]

    def shape(size: int) -> bytes:
        rows = _some(size, lambda k: "{" + ",".join(f'"{name}":{_cell(table, name, k)}' for name in names) + "}")
        orders = "" if table is TABLE["orders"] else f'"orders":[{_order("")}],'
        return _account(f'{orders}"{table.name}":[{rows}]')

    _check_grows_with_its_bytes(shape, lambda body: answer_score(scoring_service, body))


@pytest.mark.parametrize(
    ("shape", "work"),
    [
        (lambda size: b"a=1&" * (size // 4), parse_form),
        (lambda size: b"%41" * (size // 3), parse_form),
        (lambda size: b"+" * size, parse_form),
        (lambda size: b";" * size, lambda text: language_of(None, text.decode())),
        (lambda size: b"a,;q=" * (size // 5), lambda text: language_of(None, text.decode())),
        (lambda size: b'{"account_ids":[' + _some(size, str).encode() + b"]}", lookup_query),
        (lambda size: b'{"events":[' + _some(size, lambda _: "{}").encode() + b"]}", feedback_items),
        (lambda size: b'{"x":' + b'{"a":1,"b":2},' * (size // 14) + b"}", parse_json),
    ],
    ids=["fields", "escapes", "blanks", "semicolons", "languages", "lookups", "events", "objects"],
)
def test_what_forms_and_headers_cost_grows_with_their_bytes(
    shape: Callable[[int], bytes], work: Callable[[bytes], object]
) -> None:
    _check_grows_with_its_bytes(shape, work)


@pytest.mark.parametrize("piece", [b"\\", b"\\\\", b"\\101", b"a=1;", b'a="\\'])
def test_what_cookies_cost_grows_with_their_bytes(piece: bytes) -> None:
    """Python's own parser takes ten seconds for sixty kilobytes of backslashes."""

    def read(cookies: bytes) -> None:
        for _ in range(20):
            headers = checked_headers([(b"cookie", cookies)])
            cookie_parser(headers[0][1].decode("latin-1"))

    small = 6_000
    cost = _cost(lambda: read(b'a="' + piece * (small // len(piece)) + b'"'))
    assert _cost(lambda: read(b'a="' + piece * (TIMES * small // len(piece)) + b'"')) < MOST * cost


def test_cookies_of_ours_stand_beside_the_wildest() -> None:
    given = b'x="' + b"\\" * 20_000 + b'"; ladder_session=abc.def; y=' + b"z" * 5_000
    assert checked_headers([(b"cookie", given)]) == [(b"cookie", b" ladder_session=abc.def")]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([(b"content-length", b"5"), (b"transfer-encoding", b"chunked")], 400),
        ([(b"content-length", b"5"), (b"content-length", b"5")], 400),
        ([(b"x-a", b"a" * 40_000)], 431),
        ([(b"x-%d" % k, b"a" * 100) for k in range(400)], 431),
    ],
)
def test_headers_that_no_honest_client_sends_are_refused(headers: list[tuple[bytes, bytes]], status: int) -> None:
    with pytest.raises(HttpError) as refused:
        checked_headers(headers)
    assert refused.value.status == status


@pytest.fixture
def past() -> Iterator[None]:
    with deadline(time.monotonic() - 1):
        yield


@pytest.mark.usefixtures("past")
def test_every_step_of_scoring_looks_at_its_deadline(scoring_service: ScoringService) -> None:
    body = _account(f'"orders":[{_order("")}]')
    with pytest.raises(DeadlinePassed) as ended:
        answer_score(scoring_service, body)
    assert (http_error(ended.value).status, http_error(ended.value).code) == (503, "too_slow")


def test_scoring_ends_at_whatever_step_its_deadline_passes(
    scoring_service: ScoringService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clock that advances by one with every look: a deadline of n ends the work at its n-th look."""
    body = _account(f'"orders":[{_order("")},{_order(",5")[:-3]}}}]')
    looks = 0

    def clock() -> float:
        nonlocal looks
        looks += 1
        return float(looks)

    with monkeypatch.context() as patched:
        patched.setattr("features.deadlines.time.monotonic", clock)
        with deadline(1e9):
            answer_score(scoring_service, body)
        whole = looks
        assert whole > 100  # parsing, cleaning, every feature, every booster, every reason
        for until in (1, 10, whole // 2, whole - 1):
            looks = 0
            with pytest.raises(DeadlinePassed), deadline(until):
                answer_score(scoring_service, body)
            assert looks == until


def test_without_a_deadline_there_is_all_the_time_and_after_a_block_as_before() -> None:
    check_deadline()
    with deadline(time.monotonic() + 100), pytest.raises(DeadlinePassed), deadline(0):
        check_deadline()
    assert seconds_left() == float("inf")


@pytest.mark.usefixtures("past")
def test_small_steps_and_other_threads_have_the_same_deadline() -> None:
    with pytest.raises(DeadlinePassed):
        list(timed(range(STEPS_AT_ONCE)))
    with pytest.raises(DeadlinePassed):
        list(parallel_map(lambda _: check_deadline(), range(3), parallel=True))


QUERIES: dict[str, Callable[[int], str]] = {
    "one field of many names": lambda size: "nothing=" + "owner," * (size // 6),
    "a field many times": lambda size: "rung=customer&" * (size // 14),
    "options": lambda size: "budget=9&" + "investment=rebate&" * (size // 18),
    "hours": lambda size: "budget=9&" + "".join(f"hours_{k}=1&" for k in range(size // 12)),
    "a search": lambda size: "q=" + "a+" * (size // 2),
}


@pytest.mark.parametrize("shape", QUERIES.values(), ids=QUERIES)
def test_what_a_query_asks_of_the_store_does_not_grow_with_what_is_said_again(shape: Callable[[int], str]) -> None:
    """A statement of a thousand equal conditions takes the square of their number to be written."""
    small, large = (QueryParams(shape(size)) for size in (300, 30_000))
    assert filters_of(large).nothing == filters_of(small).nothing
    forms = [form_of(query).query for query in (small, large)]
    assert forms[0] is None or (forms[1] is not None and forms[0].rungs == forms[1].rungs)
    assert forms[0] is None or (forms[1] is not None and forms[0].investments == forms[1].investments)
    assert len(repr(filters_of(large))) < 1_000


def test_an_address_is_of_a_size_that_every_link_of_a_page_can_repeat() -> None:
    def asked(length: int) -> int:
        scope = {"type": "http", "path": "/accounts", "headers": [], "query_string": b"a" * (length - len("/accounts"))}
        sent: list[dict[str, int]] = []

        async def send(message: object) -> None:
            assert isinstance(message, dict)
            sent.append(message)

        async def inside(_scope: Scope, _receive: Receive, send: Send) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})

        coroutine = Gate(inside)({**scope, "raw_path": b"/accounts"}, None, send)  # type: ignore[arg-type]
        with pytest.raises(StopIteration):
            coroutine.send(None)
        return sent[0]["status"]

    assert [asked(MOST_ADDRESS_BYTES), asked(MOST_ADDRESS_BYTES + 1)] == [200, 414]


def test_what_the_gate_refuses_closes_the_connection() -> None:
    sent: list[dict[str, object]] = []

    async def send(message: object) -> None:
        assert isinstance(message, dict)
        sent.append(message)

    async def inside(scope: Scope, receive: Receive, send: Send) -> None:
        raise AssertionError((scope, receive, send))

    scope = {"type": "http", "path": "/score", "headers": [(b"content-length", b"1"), (b"transfer-encoding", b"x")]}
    coroutine = Gate(inside)(scope, None, send)  # type: ignore[arg-type]
    with pytest.raises(StopIteration):
        coroutine.send(None)
    assert sent[0]["status"] == 400
    assert (b"connection", b"close") in sent[0]["headers"]  # type: ignore[operator]
