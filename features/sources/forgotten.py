"""Accounts and contacts that were forgotten, left out of a source that still has them.

Their ids stand on the list as keyed digests: who reads it learns nobody's id, and only an id that is at hand can be
looked up.
"""

import hmac
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from features.instants import BoolArray
from features.sources.cleaning.text_column import TextColumn

if TYPE_CHECKING:
    from features.sources.source import Source

Kind = Literal["account", "contact"]
_OF_KIND: dict[str, Kind] = {
    "account_id": "account", "parent_account_id": "account", "referred_account_id": "account", "contact_id": "contact",
}  # fmt: skip
"""The columns that hold ids, and of whom."""


@dataclass(frozen=True)
class Forgotten:
    """A list of the forgotten.  digests : as `digest` makes them with the key."""

    key: bytes = b""
    digests: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.digests)

    def digest(self, kind: Kind, name: str) -> str:
        """Return what stands on the list for an id."""
        return hmac.digest(self.key, f"{kind} {name}".encode("utf-8", "surrogatepass"), "sha256").hex()

    def among(self, kind: Kind, names: Iterable[Any]) -> BoolArray:
        """Return which of these ids are on the list."""
        return np.array([name is not None and self.digest(kind, str(name)) in self.digests for name in names], bool)


def leave_out(source: "Source", forgotten: Forgotten | None) -> "Source":
    """Return a source without the rows of the forgotten, and with no id of theirs in other rows; its notes say how many
    accounts and contacts it had."""
    if not forgotten:
        return source
    tables, rows_read, met = dict(source.tables), Counter(source.rows_read), set[tuple[Kind, str]]()
    for table, columns in source.tables.items():
        own = "contact_id" if table == "contacts" else "account_id"
        changed, lost = dict(columns), np.zeros(source.rows(table), bool)
        for name, kind in _OF_KIND.items():
            column = columns.get(name)
            if not isinstance(column, TextColumn) or not len(column):
                continue
            used, names = column.used, column.names
            gone = used[forgotten.among(kind, names[used])]
            if not len(gone):
                continue
            met.update((kind, str(names[code])) for code in gone)
            hit = np.isin(column.codes, gone)
            if name in (own, "account_id"):
                lost |= hit
            else:
                changed[name] = TextColumn(np.where(hit, np.int32(-1), column.codes), column.distinct)
        tables[table] = {name: values[~lost] for name, values in changed.items()} if lost.any() else changed
        rows_read[table] -= int(lost.sum())
    aside = forgotten.among("account", [row.account_id for row in source.set_aside])
    rows_read.subtract(row.table for row, out in zip(source.set_aside, aside, strict=True) if out)
    kept = tuple(row for row, out in zip(source.set_aside, aside, strict=True) if not out)
    count = sorted(Counter(kind for kind, _ in met).items())
    notes = [f"{kind}s that were forgotten and are still in the source: {number:,}, left out" for kind, number in count]
    return replace(
        source, tables=tables, rows_read=dict(rows_read), set_aside=kept, notes=(*source.notes, *notes)
    )  # fmt: skip
