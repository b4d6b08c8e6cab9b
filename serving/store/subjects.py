"""A data subject in the store: all that is kept of an account or a contact, handed over or erased.

Rows of the account go. Accepted plans and the audit log stay, and name a pseudonym that nothing leads back from. In
texts and JSON of other rows the id gives way to the pseudonym as well; an id of a few digits is only replaced where it
stands alone, since as a part of a sentence it could be any number.
"""

import json
import re
import secrets
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import sqlalchemy as sa

from serving.store.audit_log import CHANGES, Author, Entry, pseudonymise, record
from serving.store.database import SCHEMA, connect, in_turn
from serving.store.feedback.accepted_plans import PLAN_ROWS
from serving.store.maintenance.integrity import TABLES
from serving.store.scores.scoring_runs import current_run
from serving.store.views.first_views import WHAT, keep_first_views

KEPT = frozenset(("audit_log", "audit_head", "keys", "page_secrets", "sessions", "people"))
"""Tables whose texts are not looked through: the first has its own way, the others tell of no account."""
FEW_DIGITS = 4


@dataclass(frozen=True)
class Subject:
    """Whose data it is.  kind : of id."""

    kind: Literal["account", "contact"]
    id: str

    @cached_property
    def column(self) -> str:
        """Return the column that names it."""
        return f"{self.kind}_id"

    @cached_property
    def spellings(self) -> tuple[str, ...]:
        """Return how its id may stand in a text: as it is, and as JSON writes it."""
        return tuple(dict.fromkeys((self.id, json.dumps(self.id)[1:-1], json.dumps(self.id, ensure_ascii=False)[1:-1])))

    @cached_property
    def pattern(self) -> "re.Pattern[str] | None":
        """Return what finds the id within a text; None where it could be any number."""
        if self.id.isdigit() and len(self.id) <= FEW_DIGITS:
            return None
        return re.compile(rf"(?<![\w-]){re.escape(self.id)}(?![\w-])")

    def replaced(self, value: Any, by: str) -> Any:
        """Return a value of JSON in which the id gave way; lists of values that begin with it, as similar accounts are
        kept, are left out."""
        if isinstance(value, str):
            if value == self.id:
                return by
            return value if self.pattern is None else self.pattern.sub(by, value)
        if isinstance(value, list):
            return [self.replaced(one, by) for one in value if not (isinstance(one, list) and one[:1] == [self.id])]
        if isinstance(value, dict):
            return {str(self.replaced(name, by)): self.replaced(one, by) for name, one in value.items()}
        return value

    def replaced_text(self, text: str, by: str) -> str:
        """Return a text, or JSON as text, in which the id gave way."""
        if text.startswith(("{", "[")):
            try:
                return json.dumps(self.replaced(json.loads(text), by))
            except ValueError:
                pass
        return str(self.replaced(text, by))


@dataclass(frozen=True)
class Erased:
    """What was done.  removed, changed : table -> rows.  model_version : of the scores, whose model learnt from it."""

    pseudonym: str
    removed: Mapping[str, int]
    changed: Mapping[str, int]
    model_version: str | None


def erase(connection: sa.Connection, subject: Subject, author: Author, now: int) -> Erased:
    """Erase a subject from all tables, and write down that it was done, without its id.  now : microseconds."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete = ON")
    in_turn(connection, WHAT)
    by = f"forgotten-{secrets.token_hex(6)}"
    removed, changed = dict[str, int](), dict[str, int]()
    for table in TABLES:
        if subject.column not in table.columns or table is PLAN_ROWS:
            continue
        gone = connection.execute(table.delete().where(table.c[subject.column] == subject.id)).rowcount
        if gone:
            removed[table.name] = gone
    for table in TABLES:
        number = 0 if table.name in KEPT else sum(_rewrite(connection, table, subject, by))
        if number:
            changed[table.name] = number
    number = pseudonymise(connection, now, author, lambda row: _of_log(subject, row, by))
    if number:
        changed[CHANGES.name] = number
    current = current_run(connection)
    if current is not None and "scores" in removed:
        keep_first_views(connection, current.run_id)
    told = {"removed": removed, "changed": changed, "kind": subject.kind}
    record(connection, now, author, [Entry("subject erased", by, told)])
    return Erased(by, removed, changed, None if current is None else current.facts.model_version)


def sweep(url: str) -> bool:
    """Rewrite the database, so that what was erased is in no free page and no log of it; False where others hold on to
    old pages: then it is to be done again when the service has been stopped."""
    engine = connect(url)
    try:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            if connection.dialect.name == "sqlite":
                raw = connection.connection.driver_connection
                assert raw is not None
                if raw.in_transaction:
                    raw.execute("COMMIT")
                raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
                raw.execute("VACUUM")
                busy, *_ = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                return not busy
            for table in TABLES:
                connection.exec_driver_sql(f"VACUUM FULL {SCHEMA}.{table.name}")
            return True
    except sa.exc.OperationalError:
        return False
    finally:
        engine.dispose()


def collect(connection: sa.Connection, subject: Subject) -> dict[str, Any]:
    """Return all that the store holds of a subject, by table: its rows, and what names it elsewhere."""
    found: dict[str, Any] = {}
    for table in TABLES:
        if table.name in KEPT - {CHANGES.name}:
            continue
        rows = [_plain(row) for row in connection.execute(table.select().where(_names(table, subject))).mappings()]
        if rows:
            found[table.name] = rows
    return found


def _names(table: sa.Table, subject: Subject) -> "sa.ColumnElement[bool]":
    """Return whether a row is of the subject, or a text in it holds the id."""
    if subject.column in table.columns:
        return table.c[subject.column] == subject.id
    texts = [column for column in table.columns if isinstance(column.type, sa.Text | sa.String)]
    return sa.or_(sa.false(), *(column.contains(one, autoescape=True) for column in texts for one in subject.spellings))


def _rewrite(connection: sa.Connection, table: sa.Table, subject: Subject, by: str) -> Iterator[int]:
    """Put the pseudonym in the place of the id in every text of a table; yield 1 for every row that was changed."""
    texts = [column for column in table.columns if isinstance(column.type, sa.Text | sa.String)]
    if not texts:
        return
    holds = sa.or_(*(column.contains(one, autoescape=True) for column in texts for one in subject.spellings))
    for row in connection.execute(table.select().where(holds)).mappings().all():
        values = {
            column.name: new
            for column in texts
            if (old := row[column.name]) is not None and (new := subject.replaced_text(old, by)) != old
            and not _same_json(old, new)
        }  # fmt: skip
        if values:
            key = sa.and_(*(column == row[column.name] for column in table.primary_key.columns))
            connection.execute(table.update().where(key).values(values))
            yield 1


def _same_json(old: str, new: str) -> bool:
    try:
        return bool(json.loads(old) == json.loads(new))
    except ValueError:
        return False


def _of_log(subject: Subject, row: Mapping[str, Any], by: str) -> Mapping[str, Any] | None:
    """Return what becomes of a row of the audit log: of one about the subject nothing stays but that it was."""
    if row["about"] == subject.id:
        return {"about": by, "detail": "{}", "was": None, "became": None}
    told = {name: row[name] for name in ("about", "detail", "was", "became") if row[name] is not None}
    if not any(one in text for text in told.values() for one in subject.spellings):
        return None
    new = {name: subject.replaced_text(text, by) for name, text in told.items()}
    changed = {name: text for name, text in new.items() if text != told[name] and not _same_json(text, told[name])}
    return changed or None


def _plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    """Return a row as JSON holds it; a timeline unpacked."""
    told: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, bytes | memoryview):
            told[name] = json.loads(zlib.decompress(bytes(value)))
        elif isinstance(value, str) and value.startswith(("{", "[")):
            try:
                told[name] = json.loads(value)
            except ValueError:
                told[name] = value
        else:
            told[name] = value.isoformat() if hasattr(value, "isoformat") else value
    return told
