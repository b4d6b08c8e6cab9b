"""The store keeps what it was given, refuses what is not its own, and never tells a password."""

import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from features.errors import StoreError, StoreFull
from serving.store import database as store
from serving.store.database import open_store, reading, writing
from tests.databases import new_database

_ROWS = sa.Table(
    "test_rows", sa.MetaData(), sa.Column("text", sa.Text, primary_key=True), sa.Column("number", sa.Double)
)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ladder.db'}"
    return new_database(request.getfixturevalue("postgres_server"))


def _opened(url: str, make: bool = True) -> sa.Engine:
    """The store, with a table of the test's own."""
    engine = open_store(url, make)
    with writing(engine) as connection:
        _ROWS.create(connection, checkfirst=True)
    return engine


def _texts(engine: sa.Engine) -> list[str]:
    with reading(engine) as connection:
        return list(connection.execute(sa.select(_ROWS.c.text).order_by(_ROWS.c.text)).scalars())


def _write(engine: sa.Engine, *texts: str) -> None:
    with writing(engine) as connection:
        for text in texts:
            connection.execute(_ROWS.insert().values(text=text))


def test_what_was_written_is_there_when_the_store_is_opened_again(url: str) -> None:
    for text in ("one", "two"):
        engine = _opened(url)
        with writing(engine) as connection:
            connection.execute(_ROWS.insert().values(text=text, number=0.1 + 0.2))
        engine.dispose()
    engine = _opened(url, make=False)
    assert _texts(engine) == ["one", "two"]
    with reading(engine) as connection:
        assert set(connection.execute(sa.select(_ROWS.c.number)).scalars()) == {0.1 + 0.2}
    engine.dispose()


def test_a_block_that_fails_leaves_nothing_behind(url: str) -> None:
    engine = _opened(url)
    with pytest.raises(StoreError):
        _write(engine, "kept?", "kept?")
    assert _texts(engine) == []
    engine.dispose()


def test_a_reader_sees_one_state_while_another_writes(url: str) -> None:
    engine = _opened(url)
    with reading(engine) as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(_ROWS)).scalar() == 0
        with writing(engine) as writer:
            writer.execute(_ROWS.insert().values(text="new"))
        assert connection.execute(sa.select(sa.func.count()).select_from(_ROWS)).scalar() == 0
    assert _texts(engine) == ["new"]
    engine.dispose()


def test_several_processes_may_make_the_store_at_the_same_moment(url: str) -> None:
    program = f"from serving.store.database import open_store; open_store({url!r}).dispose()"
    processes = [subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.PIPE) for _ in range(4)]
    for process in processes:
        _, said = process.communicate(timeout=60)
        assert process.returncode == 0, said.decode()
    open_store(url, make=False).dispose()


def test_who_finds_a_new_file_locked_waits_for_it(tmp_path: Path) -> None:
    """SQLite itself refuses at once to log ahead while another program writes to a file that does not do so yet."""
    file = tmp_path / "ladder.db"
    other = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    released = threading.Timer(0.3, other.rollback)
    released.start()
    open_store(f"sqlite:///{file}").dispose()
    released.join()
    other.close()


def test_somebody_elses_database_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "crm.db"
    other = sqlite3.connect(file)
    other.execute("CREATE TABLE accounts (account_id TEXT)")
    other.commit()
    other.close()
    with pytest.raises(StoreError, match=r"holds accounts and is no store. Give the store a file of its own"):
        open_store(f"sqlite:///{file}")


def test_in_postgresql_a_store_may_share_the_database_with_a_source(postgres_server: str) -> None:
    url = new_database(postgres_server)
    source = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with source.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE test_rows (text TEXT)")
    engine = _opened(url)
    with writing(engine) as connection:
        connection.execute(_ROWS.insert().values(text="ours"))
    with source.begin() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM public.test_rows").scalar() == 0
        assert connection.exec_driver_sql("SELECT count(*) FROM ladder.test_rows").scalar() == 1
    source.dispose()
    engine.dispose()


def test_a_full_disk_is_said_and_keeps_nothing(tmp_path: Path) -> None:
    engine = _opened(f"sqlite:///{tmp_path / 'ladder.db'}")
    sa.event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA max_page_count = 1"))
    engine.dispose()
    with pytest.raises(StoreFull, match="no room"):
        _write(engine, *(f"{k:0500}" for k in range(500)))
    assert _texts(engine) == []
    engine.dispose()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nonsense", "cannot be parsed"),
        ("mysql://root:secret@host/db", "cannot be kept in mysql"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("sqlite:////no/such/folder/ladder.db", "there is no folder"),
        ("postgresql://ladder:secret@127.0.0.1:1/db?password=secret", "cannot be used"),
    ],
)
def test_a_url_that_cannot_work_is_refused_without_its_password(url: str, said: str) -> None:
    with pytest.raises(StoreError, match=said) as refusal:
        open_store(url)
    assert "secret" not in str(refusal.value)


def test_a_file_that_is_no_database_or_not_there_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no database, but long enough to look at" * 50)
    with pytest.raises(StoreError, match="not a database"):
        open_store(f"sqlite:///{tmp_path / 'notes.txt'}")
    with pytest.raises(StoreError, match="there is no such store"):
        open_store(f"sqlite:///{tmp_path / 'none.db'}", make=False)
    assert not (tmp_path / "none.db").exists()


def test_the_label_of_a_store_hides_the_password() -> None:
    assert store.label_of("postgresql://me:secret@db/crm?x=secret") == "postgresql+psycopg://me:***@db/crm"
