"""Whoever was forgotten is left out of a source that still has them, and is named by no other row."""

import pandas as pd

from features.histories.histories import build_histories
from features.sources.forgotten import Forgotten, leave_out
from features.sources.source import Source, source_from_rows

NAMED = ("account_id", "parent_account_id", "referred_account_id", "contact_id")


def _source() -> Source:
    accounts = {"account_id": ["A", "B", "C"], "parent_account_id": [None, "A", "B"], "created_at": ["2024-01-01"] * 3}
    orders = {
        "account_id": ["A", "B", "A", "C", "A"],
        "ordered_at": ["2025-01-01", "2025-01-02", "2025-01-03", "2025-01-04", "never"],
        "revenue": [1.0] * 5,
    }
    contacts = {"account_id": ["B", "B", "A"], "contact_id": ["P1", "P2", "P3"], "role": ["buyer"] * 3}
    tickets = {"account_id": ["B", "C"], "opened_at": ["2025-01-02"] * 2, "contact_id": ["P1", "P9"]}
    tables = {"accounts": accounts, "orders": orders, "contacts": contacts, "tickets": tickets}
    return source_from_rows({name: pd.DataFrame(rows) for name, rows in tables.items()})


def test_rows_of_the_forgotten_are_left_out_and_others_do_not_name_them() -> None:
    blank = Forgotten(b"key")
    whom = Forgotten(b"key", frozenset((blank.digest("account", "A"), blank.digest("contact", "P1"))))
    source = _source()
    assert leave_out(source, blank) is source
    assert leave_out(source, Forgotten(b"other key", whom.digests)) == source
    left = leave_out(source, whom)
    named = {
        table: {name: columns[name].tolist() for name in NAMED if name in columns and name in _given(table)}
        for table, columns in left.tables.items()
    }
    assert named == {
        "accounts": {"account_id": ["B", "C"], "parent_account_id": [None, "B"]},
        "orders": {"account_id": ["B", "C"]},
        "contacts": {"account_id": ["B"], "contact_id": ["P2"]},
        "tickets": {"account_id": ["B", "C"], "contact_id": [None, "P9"]},
    }
    assert dict(left.rows_read) == {"accounts": 2, "orders": 2, "contacts": 1, "tickets": 2}
    assert (len(source.set_aside), left.set_aside) == (1, ())
    assert left.notes[-2:] == (
        "accounts that were forgotten and are still in the source: 1, left out",
        "contacts that were forgotten and are still in the source: 1, left out",
    )
    assert list(build_histories(left).account_ids) == ["B", "C"]


def _given(table: str) -> set[str]:
    return {
        "accounts": {"account_id", "parent_account_id"}, "orders": {"account_id"},
        "contacts": {"account_id", "contact_id"}, "tickets": {"account_id", "contact_id"},
    }[table]  # fmt: skip
