"""A PostgreSQL that says nothing any more: whoever asks is told so in good time, and all is well when it is back."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa

from features.deadlines import deadline
from features.errors import DeadlinePassed, StoreError
from serving.api.errors import HttpError
from serving.api.security.key_store import WatchedRing, create_key, read_ring
from serving.store.database import open_store, reading, writing
from tests.databases import new_database
from tests.proxies import Proxy, proxied

SILENT = "no answer within"


@pytest.fixture
def behind(postgres_server: str) -> Iterator[tuple[str, Proxy]]:
    with proxied(new_database(postgres_server)) as found:
        yield found


@pytest.fixture
def impatient(behind: tuple[str, Proxy], monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[sa.Engine, Proxy]]:
    monkeypatch.setattr("serving.store.postgresql.GRACE_SECONDS", 0.1)
    monkeypatch.setattr("serving.store.postgresql.PING_SECONDS", 0.3)
    monkeypatch.setattr("serving.store.postgresql.CONNECT_SECONDS", 2)  # libpq takes no less
    engine = open_store(behind[0], patience=0.3)
    yield engine, behind[1]
    engine.dispose()


def _ask(engine: sa.Engine) -> int:
    with reading(engine) as connection:
        return int(connection.execute(sa.select(sa.literal(1))).scalar_one())


def test_a_connection_that_goes_silent_is_given_up_and_another_one_made(impatient: tuple[sa.Engine, Proxy]) -> None:
    engine, proxy = impatient
    assert _ask(engine) == 1

    def ask_while_it_goes_silent() -> None:
        with reading(engine) as connection:
            connection.execute(sa.select(sa.literal(1)))
            proxy.silent.set()
            connection.execute(sa.select(sa.literal(2)))

    with pytest.raises(StoreError, match=SILENT):
        ask_while_it_goes_silent()
    proxy.silent.clear()
    assert _ask(engine) == 1


def test_a_new_connection_to_a_silent_server_is_given_up(impatient: tuple[sa.Engine, Proxy]) -> None:
    engine, proxy = impatient
    assert _ask(engine) == 1  # what is in the pool is asked whether it is still good
    proxy.silent.set()
    with pytest.raises(StoreError, match="timeout"):
        _ask(engine)
    proxy.silent.clear()
    assert _ask(engine) == 1


def test_a_write_that_is_not_acknowledged_is_not_said_to_be_kept(impatient: tuple[sa.Engine, Proxy]) -> None:
    engine, proxy = impatient

    def write_and_lose_the_commit() -> None:
        with writing(engine) as connection:
            connection.exec_driver_sql("CREATE TABLE ladder.never_acknowledged (x int)")
            proxy.silent.set()

    with pytest.raises(StoreError, match=SILENT):
        write_and_lose_the_commit()
    proxy.silent.clear()
    with reading(engine) as connection:
        assert "never_acknowledged" not in sa.inspect(connection).get_table_names(schema="ladder")


def test_the_server_ends_a_statement_that_takes_too_long(impatient: tuple[sa.Engine, Proxy]) -> None:
    engine, _ = impatient
    with pytest.raises(StoreError, match="statement timeout"), reading(engine) as connection:
        connection.exec_driver_sql("SELECT pg_sleep(5)")
    assert _ask(engine) == 1


def test_the_deadline_of_a_request_ends_its_statement(behind: tuple[str, Proxy]) -> None:
    engine = open_store(behind[0])  # itself as patient as a command
    try:
        with pytest.raises(DeadlinePassed), deadline(time.monotonic() + 0.3), reading(engine) as connection:
            connection.exec_driver_sql("SELECT pg_sleep(5)")
        assert _ask(engine) == 1
    finally:
        engine.dispose()


def test_a_url_keeps_its_own_options(behind: tuple[str, Proxy]) -> None:
    engine = open_store(f"{behind[0]}?connect_timeout=7&options=-c%20work_mem%3D5MB", patience=1.5)
    try:
        with reading(engine) as connection:
            shown = [connection.exec_driver_sql(f"SHOW {name}").scalar() for name in ("work_mem", "statement_timeout")]
        assert shown == ["5MB", "1500ms"]
        assert engine.url.query["connect_timeout"] == "7"
    finally:
        engine.dispose()


def test_the_watcher_of_keys_goes_on_and_the_service_is_not_ready(impatient: tuple[sa.Engine, Proxy]) -> None:
    engine, proxy = impatient
    create_key(engine, "crm", ["score"])
    now = [0.0]
    watched = WatchedRing(lambda: read_ring(engine), clock=lambda: now[0])
    watched.look()
    watched.check_fresh()
    proxy.silent.set()
    done = threading.Event()
    _in_a_thread(lambda: (watched.look(), done.set()))
    assert done.wait(30)  # it came back: the next look is as good as any
    now[0] = 9.0
    assert not watched.ring().empty
    with pytest.raises(HttpError) as refused:
        watched.check_fresh()
    assert (refused.value.status, refused.value.code) == (503, "store_silent")
    proxy.silent.clear()
    watched.look()
    watched.check_fresh()


def _in_a_thread(work: Callable[[], object]) -> None:
    threading.Thread(target=work, daemon=True).start()
