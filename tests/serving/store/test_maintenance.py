"""A copy is made of a store in use and put back whole; what is wrong with a store is found."""

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
import sqlalchemy as sa

from features.errors import StoreError
from serving.api.security.key_store import create_key, list_keys
from serving.store import audit_log
from serving.store.audit_log import Author, Entry
from serving.store.database import METADATA, SCHEMA, connect, open_store, reading, writing
from serving.store.maintenance import integrity, postgresql_backup, sqlite_backup
from serving.store.maintenance.backup import back_up, restore
from serving.store.maintenance.integrity import check_store
from serving.store.scores.previous_scores import PREVIOUS
from serving.store.scores.scoring_runs import ACCOUNTS
from serving.store.versions import CURRENT, MARK, NUMBER
from tests.databases import new_database, postgres_programs
from tests.serving.store.old_stores import old_file
from training.model.findings import BLOCKER, WARNING, Finding


@pytest.fixture(params=["sqlite", "postgresql"])
def fresh(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    """Makes the URL of another store that there is not yet."""
    if request.param == "sqlite":
        return lambda: f"sqlite:///{tmp_path / f'store{len(list(tmp_path.iterdir()))}.db'}"
    monkeypatch.setenv("PATH", f"{postgres_programs()}{os.pathsep}{os.environ['PATH']}")
    return lambda: new_database(request.getfixturevalue("postgres_server"))


@pytest.fixture
def url(fresh: Callable[[], str]) -> str:
    """A store with three accounts and a key."""
    url = fresh()
    add_accounts(url, "A", "B", "C")
    engine = open_store(url)
    create_key(engine, "crm", {"score"})
    engine.dispose()
    return url


def add_accounts(url: str, *names: str) -> None:
    engine = open_store(url)
    with writing(engine) as connection:
        connection.execute(ACCOUNTS.insert(), [{"account_id": name, "digest": 1} for name in names])
    engine.dispose()


def accounts(url: str) -> list[str]:
    engine = open_store(url)
    with reading(engine) as connection:
        found = list(connection.execute(sa.select(ACCOUNTS.c.account_id).order_by(ACCOUNTS.c.account_id)).scalars())
    engine.dispose()
    return found


def execute(url: str, statement: str) -> None:
    engine = connect(url)
    with writing(engine) as connection:
        connection.exec_driver_sql(statement.format(schema="" if url.startswith("sqlite") else f"{SCHEMA}."))
    engine.dispose()


def test_a_copy_put_into_an_empty_store_is_the_store(url: str, fresh: Callable[[], str], tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    assert back_up(url, copy) == CURRENT
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.iterdir() if file.name.startswith((".copy", "copy-"))] == []
    add_accounts(url, "D")
    other = fresh()
    assert restore(other, copy) == CURRENT
    assert accounts(other) == ["A", "B", "C"]
    engine, first = open_store(other), open_store(url)
    assert list_keys(engine) == list_keys(first)
    engine.dispose()
    first.dispose()
    assert check_store(other).findings == []
    assert accounts(url) == ["A", "B", "C", "D"]


def test_a_store_without_rows_counts_as_empty(url: str, fresh: Callable[[], str], tmp_path: Path) -> None:
    back_up(url, tmp_path / "copy")
    made = fresh()
    open_store(made).dispose()
    restore(made, tmp_path / "copy")
    assert accounts(made) == ["A", "B", "C"]


def test_rows_are_overwritten_by_force_only(url: str, tmp_path: Path) -> None:
    back_up(url, tmp_path / "copy")
    add_accounts(url, "D")
    with pytest.raises(StoreError, match=r"is not empty\. Back it up, then --force overwrites it"):
        restore(url, tmp_path / "copy")
    assert accounts(url) == ["A", "B", "C", "D"]
    restore(url, tmp_path / "copy", force=True)
    assert accounts(url) == ["A", "B", "C"]
    add_accounts(url, "E")  # and it is a store like any other


def test_nothing_is_restored_while_a_program_has_the_store_open(url: str, tmp_path: Path) -> None:
    back_up(url, tmp_path / "copy")
    add_accounts(url, "D")
    service = open_store(url)
    with reading(service) as connection:
        connection.execute(ACCOUNTS.select()).all()
    with pytest.raises(StoreError, match=r"is open in another program\. Stop the service, then restore"):
        restore(url, tmp_path / "copy", force=True)
    service.dispose()
    assert accounts(url) == ["A", "B", "C", "D"]


def test_a_copy_is_of_one_moment_while_others_write(url: str, fresh: Callable[[], str], tmp_path: Path) -> None:
    """Two rows that are written together are both in a copy, or neither is."""
    stop, engine = Event(), open_store(url)

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            with writing(engine) as connection:
                rows = [{"account_id": f"{side}{number}", "digest": number} for side in "LR"]
                connection.execute(ACCOUNTS.insert(), rows)

    writer = Thread(target=write)
    writer.start()
    try:
        for number in range(3):
            back_up(url, tmp_path / f"copy{number}")
    finally:
        stop.set()
        writer.join()
        engine.dispose()
    for number in range(3):
        other = fresh()
        restore(other, tmp_path / f"copy{number}")
        found = accounts(other)
        assert [name[1:] for name in found if name[0] == "L"] == [name[1:] for name in found if name[0] == "R"]


def test_a_copy_of_an_older_store_can_be_made_and_put_back_to_be_upgraded(tmp_path: Path) -> None:
    old = f"sqlite:///{old_file(tmp_path)}"
    assert back_up(old, tmp_path / "copy") == "0001"
    back = f"sqlite:///{tmp_path / 'back.db'}"
    assert restore(back, tmp_path / "copy") == "0001"
    with pytest.raises(StoreError, match="ladder store upgrade"):
        open_store(back)


def test_a_copy_of_a_newer_program_is_refused(url: str, fresh: Callable[[], str], tmp_path: Path) -> None:
    execute(url, f"UPDATE {{schema}}{NUMBER} SET version_num = '0977'")
    assert back_up(url, tmp_path / "copy") == "0977"
    other = fresh()
    with pytest.raises(StoreError, match="made by a newer program"):
        restore(other, tmp_path / "copy")
    open_store(other).dispose()


def test_what_is_no_copy_of_a_store_is_neither_restored_nor_overwritten(
    url: str, fresh: Callable[[], str], tmp_path: Path
) -> None:
    text = tmp_path / "ladder.toml"
    text.write_text("[pool]\n" * 500)
    other = fresh()
    for wrong in (text, tmp_path / "nothing"):
        with pytest.raises(StoreError):
            restore(other, wrong)
    with pytest.raises(StoreError):
        back_up(url, text)
    with pytest.raises(StoreError, match="there is no folder"):
        back_up(url, tmp_path / "no" / "copy")
    assert text.read_text() == "[pool]\n" * 500
    assert [file.name for file in tmp_path.iterdir() if file.name.startswith(".")] == []


def test_a_copy_replaces_an_older_copy(url: str, tmp_path: Path) -> None:
    back_up(url, tmp_path / "copy")
    add_accounts(url, "D")
    back_up(url, tmp_path / "copy")
    restore(url, tmp_path / "copy", force=True)
    assert accounts(url) == ["A", "B", "C", "D"]


def test_a_damaged_copy_is_refused_and_the_store_stays(url: str, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    back_up(url, copy)
    whole = copy.read_bytes()
    copy.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(StoreError):
        restore(url, copy, force=True)
    assert accounts(url) == ["A", "B", "C"]


def test_nothing_to_copy_is_said(fresh: Callable[[], str], tmp_path: Path) -> None:
    url = fresh()
    if url.startswith("sqlite"):
        (tmp_path / url.rsplit("/", 1)[1]).touch()
    with pytest.raises(StoreError, match="holds nothing"):
        back_up(url, tmp_path / "copy")
    with pytest.raises(StoreError, match="holds nothing"):
        check_store(url)
    assert not (tmp_path / "copy").exists()


def test_the_store_is_no_copy_of_itself(tmp_path: Path) -> None:
    file = tmp_path / "ladder.db"
    add_accounts(f"sqlite:///{file}", "A")
    with pytest.raises(StoreError, match="is the store itself"):
        back_up(f"sqlite:///{file}", file)
    with pytest.raises(StoreError, match="is the store itself"):
        restore(f"sqlite:///{file}", file, force=True)
    assert accounts(f"sqlite:///{file}") == ["A"]


@pytest.mark.parametrize("damage", ["no database", "pages"])
def test_a_damaged_store_is_put_aside_by_force_and_restored(damage: str, tmp_path: Path) -> None:
    file = tmp_path / "ladder.db"
    url = f"sqlite:///{file}"
    add_accounts(url, *(f"{number:0500}" for number in range(100)))
    back_up(url, tmp_path / "copy")
    content = bytearray(file.read_bytes())
    begin = 0 if damage == "no database" else 4096
    content[begin:] = b"\xff" * (len(content) - begin)
    file.write_bytes(content)
    with pytest.raises(StoreError):
        check_store(url)
    with pytest.raises(StoreError, match=r"is damaged or no database at all\. --force puts it aside"):
        restore(url, tmp_path / "copy")
    assert file.read_bytes() == content
    restore(url, tmp_path / "copy", force=True)
    assert len(accounts(url)) == 100
    assert (tmp_path / "ladder.db.damaged").read_bytes() == content


def test_a_restore_that_is_killed_halfway_leaves_the_store_as_it_was(tmp_path: Path) -> None:
    """SQLite writes the copy in one transaction, which whoever opens the file next rolls back."""
    file = tmp_path / "ladder.db"
    url = f"sqlite:///{file}"
    add_accounts(url, *(f"{number:0900}" for number in range(2_000)))
    back_up(url, tmp_path / "copy")
    execute(url, "DELETE FROM accounts")
    add_accounts(url, "D")
    program = (
        "import os, sqlite3\n"
        "from pathlib import Path\n"
        "from serving.store.maintenance import sqlite_backup\n"
        f"copy = sqlite3.connect({str(tmp_path / 'copy')!r})\n"
        f"store = sqlite_backup._alone(Path({str(file)!r}))\n"
        "copy.backup(store, pages=200, progress=lambda *_: os.kill(os.getpid(), 9))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert done.returncode == -9, done.stderr
    assert accounts(url) == ["D"]


def test_postgresqls_programs_are_named_where_they_are_not_there(
    postgres_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = new_database(postgres_server).replace("postgres:@", "postgres:hunter2@")
    open_store(url).dispose()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StoreError, match="run where it is: pg_dump --format=custom --schema=ladder") as refusal:
        back_up(url, tmp_path / "copy")
    (tmp_path / "copy").touch()
    with pytest.raises(StoreError, match="pg_restore of PostgreSQL is not on this machine"):
        restore(url, tmp_path / "copy")
    assert "hunter2" not in str(refusal.value)


def test_a_password_is_never_among_a_programs_words(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[Any] = []
    monkeypatch.setattr(shutil, "which", lambda program: f"/bin/{program}")
    monkeypatch.setattr(
        subprocess, "run", lambda words, **how: called.append((words, how)) or subprocess.CompletedProcess(words, 0)
    )
    for url in ("postgresql+psycopg://me:hunter2@db/crm", "postgresql+psycopg://me@db/crm?password=hunter2"):
        postgresql_backup._run(sa.make_url(url), "pg_dump", [])
    for words, how in called:
        assert words == ["/bin/pg_dump", "--dbname=postgresql://me@db/crm"]
        assert how["env"]["PGPASSWORD"] == "hunter2"


def test_a_sound_store_has_nothing_wrong_and_its_rows_are_counted(url: str) -> None:
    found = check_store(url)
    assert (found.version, found.findings) == (CURRENT, [])
    assert (found.rows["accounts"], found.rows["keys"], found.rows["scores"]) == (3, 1, 0)
    assert found.rows.keys() == METADATA.tables.keys()


def test_every_table_is_looked_over() -> None:
    assert {table.name for table in integrity.TABLES} == METADATA.tables.keys()
    assert set(integrity.TABLES) == set(METADATA.tables.values())


def test_what_is_missing_and_what_does_not_belong_is_found(url: str) -> None:
    engine = open_store(url)
    with writing(engine) as connection:
        connection.execute(PREVIOUS.insert().values(account_id="gone", run_id=1))
        audit_log.record(connection, 0, Author("Anna"), [Entry("override", "A", {})])
    engine.dispose()
    stray = Finding.of("store_stray_rows", BLOCKER, rows=1, table="previous", owner="scores")
    assert check_store(url).findings == [stray]
    execute(url, "CREATE TABLE {schema}holiday (day INTEGER)")
    unknown = Finding.of("store_table_unknown", BLOCKER, table="holiday")
    assert check_store(url).findings == [unknown, stray]
    execute(url, "ALTER TABLE {schema}runs DROP COLUMN claim_ratio")
    execute(url, "DROP TABLE {schema}keys")
    assert check_store(url).findings == [
        Finding.of("store_column_missing", BLOCKER, table="runs", column="claim_ratio"),
        Finding.of("store_table_missing", BLOCKER, table="keys"), unknown,
    ]  # fmt: skip


@pytest.mark.parametrize(("version", "code"), [("0001", "store_older"), ("0977", "store_newer")])
def test_a_store_of_another_version_is_told_as_that_and_counted(url: str, version: str, code: str) -> None:
    execute(url, f"UPDATE {{schema}}{NUMBER} SET version_num = '{version}'")
    found = check_store(url)
    assert (found.version, found.rows["accounts"]) == (version, 3)
    assert [(finding.code, finding.params) for finding in found.findings] == [
        (code, {"version": version, "current": CURRENT})
    ]
    assert MARK not in found.rows


def test_a_page_that_makes_no_sense_is_found(tmp_path: Path) -> None:
    file = tmp_path / "ladder.db"
    url = f"sqlite:///{file}"
    add_accounts(url, *(f"{number:0500}" for number in range(200)))
    with closing(sqlite3.connect(file)) as connection:
        page = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'accounts_name'").fetchone()[0]
    with file.open("r+b") as content:
        content.seek((page - 1) * 4096 + 8)
        content.write(b"\xff" * 512)
    assert {finding.code for finding in check_store(url).findings} == {"store_damaged"}


def test_a_file_that_others_may_read_is_a_warning(tmp_path: Path) -> None:
    file = tmp_path / "ladder.db"
    add_accounts(f"sqlite:///{file}", "A")
    file.chmod(0o644)
    assert check_store(f"sqlite:///{file}").findings == [Finding.of("store_readable", WARNING, file=str(file))]


def test_the_version_of_a_copy_is_read_from_it(tmp_path: Path) -> None:
    assert sqlite_backup.version_in(old_file(tmp_path)) == "0001"
