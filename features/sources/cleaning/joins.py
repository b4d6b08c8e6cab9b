"""Whether the accounts of the tables meet: ids compared across tables, and likely causes where few do."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from features.schema import Table
from features.sources.cleaning.cleaning import Cleaned, Columns, SetAside
from features.sources.cleaning.deduplication import find_duplicates
from features.sources.cleaning.text_column import TextColumn
from features.tables import TABLE

FEW = 0.9
"""A smaller share of accounts that meet is worth a note."""
DISTINCT = 0.9
"""The share of known ids that must stay apart without what they may differ in."""
_CRM_ID = re.compile(r"[A-Za-z0-9]{15}([A-Z0-5]{3})?")

LIKELY: Mapping[str, Callable[[str], str]] = {
    "capital letters": str.casefold,
    "leading zeros": lambda name: name.lstrip("0"),
    "blanks and signs between": lambda name: re.sub(r"[\W_]+", "", name),
    "letters before the number": lambda name: re.sub(r"^\D+", "", name),
    "the last sign": lambda name: name[:-1],
    "how long they are": lambda name: name[:15],
    "capitals, zeros and signs": lambda name: re.sub(r"[\W_]+", "", name).casefold().lstrip("0"),
}
"""What ids may differ in -> the id without it."""


@dataclass(frozen=True)
class Join:
    """How many accounts of a table stand in `accounts`.

    likely : what the others differ in from those there, empty where nothing explains them.
    example : an id of the table, and the one of `accounts` that it resembles.
    """

    table: str
    accounts: int
    met: int
    likely: str = ""
    example: tuple[str, str] = ("", "")


def compare_accounts(tables: Mapping[str, Columns]) -> tuple[Join, ...]:
    """Return, for every table but `accounts`, how many of its accounts stand there; nothing without that table."""
    if "accounts" not in tables:
        return ()
    known = _ids(tables["accounts"])
    joins = []
    for name, columns in tables.items():
        if name != "accounts" and "account_id" in columns:
            own = _ids(columns)
            missed = own - known
            join = Join(name, len(own), len(own) - len(missed))
            joins.append(_explained(join, missed, known) if missed else join)
    return tuple(joins)


def _explained(join: Join, missed: set[str], known: set[str]) -> Join:
    """Say what most of the missed ids differ in, if that is one thing.

    What makes many of the known ids alike explains nothing: numbers that follow each other always differ in the last
    digit.
    """
    for likely, without in LIKELY.items():
        there = {without(name): name for name in sorted(known, reverse=True)}
        if len(there) < DISTINCT * len(known):
            continue
        alike = {name: there[without(name)] for name in sorted(missed) if without(name) and without(name) in there}
        if 2 * len(alike) > len(missed):
            return replace(join, likely=likely, example=next(iter(alike.items())))
    return join


def join_notes(joins: Sequence[Join], tables: Mapping[str, Columns]) -> list[str]:
    """Say where few accounts meet, and where ids differ in capitals only."""
    notes = []
    for join in joins:
        if join.met < FEW * join.accounts:
            missed = join.accounts - join.met
            cause = (
                f"; they differ in {join.likely}, as {join.example[0]!r} from {join.example[1]!r}"
                if join.likely
                else ""
            )
            notes.append(f"{join.table}: {missed:,} of {join.accounts:,} accounts are not in accounts{cause}")
    every = sorted({name for columns in tables.values() if "account_id" in columns for name in _ids(columns)})
    by_letters: dict[str, list[str]] = {}
    for name in every:
        by_letters.setdefault(name.casefold(), []).append(name)
    twins = [names for names in by_letters.values() if len(names) > 1 and not _crm_ids(names)]
    if twins:
        notes.append(
            f"{len(twins):,} account ids differ from another in capital letters only, and count as different "
            f"accounts, such as {twins[0][0]!r} and {twins[0][1]!r}"
        )
    return notes


def _ids(columns: Columns) -> set[str]:
    column: TextColumn = columns["account_id"]
    return set(column.names[column.used])


def _crm_ids(names: Sequence[str]) -> bool:
    return all(_CRM_ID.fullmatch(name) for name in names)


def unify_crm_ids(tables: Mapping[str, Cleaned]) -> tuple[dict[str, Cleaned], list[str]]:
    """Give a Salesforce id of 15 characters the form with 18 that stands elsewhere in the source."""
    columns = [
        (name, column.name)
        for name, cleaned in tables.items()
        for column in TABLE[name].columns
        if column.name in ("account_id", "referred_account_id") and column.name in cleaned.columns
    ]
    names = {place: tables[place[0]].columns[place[1]].names for place in columns}
    every = {text for each in names.values() for text in each if _CRM_ID.fullmatch(text)}
    longer: dict[str, list[str]] = {}
    for text in sorted(every):
        if len(text) == 18 and text[:15] in every:
            longer.setdefault(text[:15], []).append(text)
    same = {short: long[0] for short, long in longer.items() if len(long) == 1}
    if not same:
        return dict(tables), []
    unified = dict(tables)
    for table, column in columns:
        column_now: TextColumn = unified[table].columns[column]
        texts = pa.array([same.get(text, text) for text in column_now.names], pa.string())
        coded = texts.dictionary_encode()
        codes = np.append(np.asarray(coded.indices), -1)[column_now.codes].astype(np.int32)
        merged = TextColumn(codes, tuple(coded.dictionary.to_pylist()))
        cleaned = replace(unified[table], columns={**unified[table].columns, column: merged})
        unified[table] = _without_duplicates(TABLE[table], cleaned)
    return unified, [
        f"{len(same):,} account ids of 15 characters count as the same ids with 18, as Salesforce has both"
    ]


def _without_duplicates(table: Table, cleaned: Cleaned) -> Cleaned:
    """Set aside rows whose key has become that of another row."""
    if table.key != "account_id":
        return cleaned
    duplicates = find_duplicates(table, cleaned.columns, ())
    if not duplicates:
        return cleaned
    keep = np.ones(len(cleaned.columns[table.key]), bool)
    keep[list(duplicates)] = False
    accounts, reason = cleaned.columns[table.key], f"duplicate {table.key}: another row has its form of 18 characters"
    gone = tuple(SetAside(table.name, row, table.key, reason, accounts[row]) for row in sorted(duplicates))
    kept = {id(values): values[keep] for values in cleaned.columns.values()}
    columns = {name: kept[id(values)] for name, values in cleaned.columns.items()}
    return replace(cleaned, columns=columns, set_aside=(*cleaned.set_aside, *gone))
