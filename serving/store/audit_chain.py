"""The arithmetic of the audit log's chain: every row is sealed with what it says and with the seal of the row before.

A row's seal is taken over a digest of its personal fields, not over the fields themselves. So a person's data can be
taken out of a row without breaking the chain: the digest stays, and the salt by which somebody could try names against
it is thrown away.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

START = "0" * 64
"""What stands in place of a seal before the first row."""
PERSONAL = ("who", "about", "detail", "was", "became")
"""Columns that may tell of a person or an account."""


def content_digest(salt: str | None, row: Mapping[str, Any]) -> str:
    """Return the digest of a row's personal fields.  salt : hexadecimal; None of a row that was erased."""
    return _digest([salt, *(row[name] for name in PERSONAL)])


def seal_of(before: str, row: Mapping[str, Any], digest: str) -> str:
    """Return the seal of a row.  before : the seal of the row before it.  digest : of its personal fields."""
    at: datetime = row["at"]
    return _digest([before, row["seq"], at.isoformat(timespec="microseconds"), row["key_id"], row["what"], digest])


def _digest(parts: Sequence[Any]) -> str:
    return hashlib.sha256(json.dumps(list(parts), ensure_ascii=True, separators=(",", ":")).encode()).hexdigest()
