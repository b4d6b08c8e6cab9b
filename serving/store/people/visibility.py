"""Whose rows are seen: an engine that shows the accounts of some owners and no other, whatever is asked of it.

Not each query but the connection leaves rows out. Before a statement that reads, a common table expression of the
name of every table is written that holds the visible rows only; it stands in front of the table itself. So a view that
nobody thought of is limited as well, and a table of which nobody has said what may be seen of it shows nothing.

Limited are readings, not writings: whoever writes says which account, and checks first that it is seen.
"""

import json
import re
from hashlib import blake2b
from typing import Any

import sqlalchemy as sa

from serving.store.database import METADATA, SCHEMA
from serving.store.people.viewers import Visibility

OPEN = frozenset(("runs", "summaries", "ladder_store", "alembic_version", "page_settings"))
"""Tables that tell of no single account, or only what each reader set for themselves."""
_THEIRS = "account_id IN (SELECT account_id FROM seen_accounts)"
_GONE = "owner IN (SELECT owner FROM seen_owners) AND account_id NOT IN (SELECT account_id FROM {at}accounts)"
"""Rows of a plan whose account there is no more: they tell the owner."""
_PLAN_ROWS = f"({_THEIRS} OR ({_GONE}))"
_PLANS = "plan_id NOT IN (SELECT plan_id FROM {at}plan_rows WHERE " + f"NOT coalesce({_PLAN_ROWS}, {{false}}))"
_WHERE = {
    "accounts": "owner IN (SELECT owner FROM seen_owners)",
    "plan_rows": _PLAN_ROWS,
    "plans": _PLANS,
    "verdicts": "(kind = 'model' OR (kind = 'plan' AND name IN (SELECT plan_id FROM {at}plans WHERE " + _PLANS + ")))",
    "run_figures": "dimension = 'owner' AND value IN (SELECT owner FROM seen_owners)",
    "audit_log": "about IN (SELECT account_id FROM seen_accounts)",
}
"""What may be seen of a table; of others that have a column account_id, the rows of the accounts seen."""
_OWN_PARENT = (
    "CASE WHEN parent_account_id IN (SELECT account_id FROM {at}accounts) AND parent_account_id NOT IN "
    "(SELECT account_id FROM seen_accounts) THEN NULL ELSE parent_account_id END"
)
_COLUMNS = {
    ("accounts", "parent_account_id"): {"sqlite": _OWN_PARENT, "postgresql": _OWN_PARENT},
    ("standings", "similar"): {
        "sqlite": "(SELECT coalesce(json_group_array(json(one.value)), '[]') FROM json_each(\"similar\") AS one "
        "WHERE json_extract(one.value, '$[0]') IN (SELECT account_id FROM seen_accounts))",
        "postgresql": "(SELECT coalesce(json_agg(one), '[]')::text FROM json_array_elements(\"similar\"::json) AS one "
        "WHERE one->>0 IN (SELECT account_id FROM seen_accounts))",
    },
    ("plans", "record"): {
        "sqlite": "json_set(record, '$.next_money.first', json('[]'))",
        "postgresql": "jsonb_set(record::jsonb, '{next_money,first}', '[]')::text",
    },
}
"""Columns in which other accounts are named."""
_OWNERS = {
    "sqlite": "SELECT value AS owner FROM json_each(?)",
    "postgresql": "SELECT value AS owner FROM json_array_elements_text(CAST(%(seen_by)s AS json))",
}


def limited(engine: sa.Engine, visibility: Visibility) -> sa.Engine:
    """Return an engine on the same connections that reads the visible rows only.

    Its URL says who looks, so that what is cached by it is nobody else's.
    """
    if visibility.owners is None:
        return engine
    owners = json.dumps(sorted(visibility.owners))
    seen = engine.execution_options(ladder_sees=owners)
    seen.url = engine.url.update_query_dict({"seen_by": blake2b(owners.encode(), digest_size=12).hexdigest()})
    sa.event.listen(seen, "before_cursor_execute", _limit, retval=True)
    return seen


def is_limited(engine: sa.Engine) -> bool:
    """Return whether not everything is seen through the engine."""
    return "ladder_sees" in engine.get_execution_options()


def _limit(connection: sa.Connection, _cursor: Any, statement: str, given: Any, _context: Any, _many: bool) -> Any:
    """Write in front of a statement what it sees."""
    options = connection.get_execution_options()
    if options.get("ladder_writes") or not re.match(r"\s*(SELECT|WITH)\b", statement, re.IGNORECASE):
        return statement, given
    dialect = connection.dialect.name
    plain = statement if dialect == "sqlite" else statement.replace(f"{SCHEMA}.", "")
    named = [table for table in METADATA.sorted_tables if re.search(rf"\b{table.name}\b", plain)]
    if not named:
        return statement, given
    parts = [f"seen_owners AS ({_OWNERS[dialect]})"]
    at = "main." if dialect == "sqlite" else f"{SCHEMA}."
    parts.append(
        f"seen_accounts AS (SELECT account_id FROM {at}accounts WHERE owner IN (SELECT owner FROM seen_owners))"
    )
    parts += [_view(table, at, dialect) for table in named]
    rest = re.sub(r"^\s*WITH\b", ",", plain, count=1, flags=re.IGNORECASE)
    limited_statement = f"WITH {', '.join(parts)} {rest}"
    if dialect == "sqlite":
        return limited_statement, (options["ladder_sees"], *given)
    return limited_statement, {**given, "seen_by": options["ladder_sees"]}


def _view(table: sa.Table, at: str, dialect: str) -> str:
    """Return the visible rows of a table under its name."""
    columns = []
    for column in table.columns:
        instead = _COLUMNS.get((table.name, column.name), {}).get(dialect)
        shown = "" if instead is None else instead.replace("{at}", at)
        columns.append(f'{shown} AS "{column.name}"' if shown else f'"{column.name}"')
    if table.name in OPEN:
        where = ""
    elif table.name in _WHERE:
        where = " WHERE " + _WHERE[table.name].format(at=at, false="0" if dialect == "sqlite" else "false")
    elif "account_id" in table.columns:
        where = f" WHERE {_THEIRS}"
    else:
        where = " WHERE 1 = 0"
    return f"{table.name} AS (SELECT {', '.join(columns)} FROM {at}{table.name}{where})"
