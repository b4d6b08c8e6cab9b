"""Stores of the program before migrations, and what it answered from them."""

import gzip
import json
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from serving.store import versions
from serving.store.database import SCHEMA, connect, writing

FIXTURES = Path(__file__).with_name("fixtures")
NAME = "store_a2e956b"


def old_file(folder: Path) -> Path:
    """Put the old store into the folder."""
    file = folder / "old.db"
    file.write_bytes(gzip.decompress((FIXTURES / f"{NAME}.db.gz").read_bytes()))
    return file


def old_answers() -> dict[str, Any]:
    answers: dict[str, Any] = json.loads((FIXTURES / f"{NAME}.json").read_text(encoding="utf-8"))
    return answers


def old_postgresql(file: Path, url: str) -> None:
    """Make the empty PostgreSQL database behind the URL what the old program would have made of the old store."""
    old = sa.create_engine(f"sqlite:///{file}")
    tables = sa.MetaData()
    tables.reflect(old)
    new = connect(url)
    with old.connect() as reader, writing(new) as writer:
        upgrade_to(writer, "0001")
        writer.exec_driver_sql(f"DROP TABLE {SCHEMA}.{versions.NUMBER}")
        for table in tables.sorted_tables:
            if table.name != versions.MARK:
                writer.execute(table.insert(), [dict(row) for row in reader.execute(table.select()).mappings()])
    old.dispose()
    new.dispose()


def upgrade_to(connection: sa.Connection, revision: str) -> None:
    """Run the revisions up to that one."""
    if connection.dialect.name != "sqlite":
        connection.exec_driver_sql(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
        connection.exec_driver_sql(f"SET LOCAL search_path TO {SCHEMA}")
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(versions.__file__).with_name("migrations")))
    command.upgrade(config, revision)
