"""The proposal for a whole source: known exports by their recipes, all else by inference, doubts asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from features.errors import SourceUnreadable
from features.extensions import EXPORTS, added
from features.sources.cleaning.rules import SourceRules
from features.sources.connectors import Connector, TableMapping
from features.sources.proposals import inference
from features.sources.proposals.cells import Cell, Value, condition, quoted, value_of
from features.sources.proposals.doubts import Ask, Question, settle
from features.sources.proposals.evidence import evidence_of
from features.sources.proposals.mapped import MappedTable, joined
from features.sources.proposals.recipes import RECIPES, Recipe
from features.sources.proposals.sketches import TableSketch, sketch
from features.tables import KNOWN_TABLES

CLOSE = 0.75
"""Tables whose scores differ by less may both hold the orders: somebody is asked."""
FAR = 0.5
"""A smaller share of orders whose accounts stand in `accounts` means that another of its columns may be the key."""


@dataclass(frozen=True)
class TableProposal:
    """How one table of the contract is read.  evidence : what was seen that says so, a line each."""

    mapping: TableMapping
    evidence: tuple[str, ...]


@dataclass(frozen=True)
class Proposal:
    """How a source is mapped.

    tables : of the contract, that need a mapping.  as_they_stand : those that need none.
    unused : tables of the source that nothing is made of.  lacking : what cannot be found, in sentences.
    currencies : of the orders, where there are several: the most frequent first.
    unreadable : why tables cannot be read, in sentences.
    """

    tables: Mapping[str, TableProposal] = field(default_factory=dict)
    as_they_stand: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()
    currencies: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()


def propose(connector: Connector, rules: SourceRules, ask: Ask, recipes: Sequence[Recipe] | None = None) -> Proposal:
    """Look at every table of a source and say how it is mapped.

    ask : answers what the data leave open.

    Raises
    ------
    SourceUnreadable
        If no table of it can be read.
    """
    sketches, errors = [], []
    for name in connector.own_tables:
        try:
            sketches.append(sketch(connector, name, rules))
        except SourceUnreadable as error:
            errors.append(error)
    if errors and not sketches:
        raise errors[0]
    proposal = propose_from(sketches, macros=connector.macros, ask=ask, recipes=recipes)
    return replace(proposal, unreadable=tuple(str(error) for error in errors))


def propose_from(
    sketches: Sequence[TableSketch], *, macros: bool, ask: Ask, recipes: Sequence[Recipe] | None = None
) -> Proposal:
    """Say how tables are mapped.

    macros : whether queries may call as_date and as_amount.  recipes : of the exports that are known; None = ours, and
    before them those that installed packages add.
    """
    ready = [one for one in sketches if _as_it_stands(one)]
    rest = [one for one in sketches if one not in ready]
    known = (*added(EXPORTS, Recipe), *RECIPES) if recipes is None else recipes
    by_recipe = _by_recipes(rest, macros, known)
    if "orders" not in [one.name for one in ready] and "orders" not in by_recipe:
        candidates = inference.find_orders(rest, macros)
        if not candidates:
            return Proposal(as_they_stand=tuple(one.name for one in ready), lacking=inference.lacking(sketches))
        by_recipe["orders"] = _choose(candidates, ask)
    accounts = _accounts_of(by_recipe.get("orders", []), ready)
    _add_accounts(by_recipe, rest, accounts, macros, [one.name for one in ready])
    used = {id(part.source) for parts in by_recipe.values() for part in parts}
    used |= {id(part.lines.table) for part in by_recipe.get("orders", []) if part.lines is not None}
    for table in rest:
        if id(table) not in used:
            other = inference.find_other(table, accounts, macros)
            if other is not None and other.table not in by_recipe and other.table not in [one.name for one in ready]:
                by_recipe[other.table] = [other]
                used.add(id(table))
    by_recipe = settle(by_recipe, ask)
    return Proposal(
        tables={name: _written(parts, accounts) for name, parts in by_recipe.items()},
        as_they_stand=tuple(one.name for one in ready),
        unused=tuple(one.name for one in rest if id(one) not in used),
        currencies=_currencies(by_recipe.get("orders", [])),
    )


def _as_it_stands(table: TableSketch) -> bool:
    """Return whether a table is one of the contract already."""
    declared = KNOWN_TABLES.get(table.name)
    return declared is not None and set(declared.required) <= {column.name for column in table.columns}


def _by_recipes(tables: Sequence[TableSketch], macros: bool, recipes: Sequence[Recipe]) -> dict[str, list[MappedTable]]:
    """Return what the recipes make of the tables, by table of the contract: those of the lowest rank."""
    found: dict[str, list[tuple[Recipe, MappedTable]]] = {}
    for table in tables:
        for recipe in recipes:
            mapped = _by_recipe(table, recipe, macros)
            others = found.setdefault(recipe.table, [])
            if mapped is not None and not any(other.source is table for _, other in others):
                others.append((recipe, mapped))
    chosen: dict[str, list[MappedTable]] = {}
    for name, pairs in found.items():
        if pairs:
            first = min(pairs, key=lambda pair: pair[0].rank)[0]
            chosen[name] = [m for r, m in pairs if r.rank == first.rank and r.program == first.program]
    return chosen


def _by_recipe(table: TableSketch, recipe: Recipe, macros: bool) -> MappedTable | None:
    """Return what a recipe makes of a table; None where it is another export."""
    if not table.rows or any(table.column(needed) is None for needed in recipe.needs):
        return None
    if recipe.named and not any(word in table.plain for word in recipe.named):
        return None
    values = {name: value_of(table, wanted, macros) for name, wanted in recipe.columns.items()}
    there = {name: value for name, value in values.items() if value is not None}
    required = [name for name in KNOWN_TABLES[recipe.table].required if name != "revenue" or "quantity" not in there]
    if any(name not in there for name in required):
        return None
    conditions = [condition(table, names, wanted, True, macros) for names, wanted in recipe.only.items()]
    conditions += [condition(table, names, wanted, False, macros) for names, wanted in recipe.without.items()]
    return MappedTable(
        recipe.table, table, f"as {recipe.program}, {recipe.export}: it has {', '.join(_there(table, recipe))}", there,
        conditions=tuple(one for one in conditions if one is not None), sign=recipe.sign,
        per_account=recipe.table == "accounts" and not inference.is_unique(there["account_id"].first.column),
    )  # fmt: skip


def _there(table: TableSketch, recipe: Recipe) -> list[str]:
    columns = [table.column(needed) for needed in recipe.needs]
    return [column.name for column in columns if column is not None]


def _choose(candidates: Sequence[inference.Candidate], ask: Ask) -> list[MappedTable]:
    """Return the table of the orders, and those with the very same columns, such as one for each year."""
    kinds: dict[tuple[str, ...], list[MappedTable]] = {}
    for one in candidates:
        if one.score > candidates[0].score - CLOSE or _columns_of(one) in kinds:
            kinds.setdefault(_columns_of(one), []).append(one.mapped)
    parts = sorted(kinds.values(), key=lambda parts: -sum(part.source.rows for part in parts))
    if len(parts) == 1:
        return parts[0]
    choices = tuple(
        (each[0].source.name, ", ".join(f"{part.source.name!r}, {part.source.rows:,} rows" for part in each))
        for each in parts
    )
    name = ask(Question("Which table holds what was sold?", choices))
    return next(each for each in parts if each[0].source.name == name)


def _columns_of(one: inference.Candidate) -> tuple[str, ...]:
    return tuple(sorted(column.plain for column in one.mapped.source.columns))


def _accounts_of(orders: Sequence[MappedTable], ready: Sequence[TableSketch]) -> frozenset[str]:
    known: set[str] = set()
    for part in orders:
        known |= part.values["account_id"].first.column.values
    for table in ready:
        if table.name == "orders":
            column = table.column("account_id")
            known |= column.values if column is not None else set()
    return frozenset(known)


def _add_accounts(
    found: dict[str, list[MappedTable]],
    tables: Sequence[TableSketch],
    known: frozenset[str],
    macros: bool,
    ready: Sequence[str],
) -> None:
    """Find the accounts, with a key that meets the orders'; as the orders describe them where there is nothing else."""
    if "accounts" in ready:
        found.pop("accounts", None)
        return
    taken = {id(part.source) for name, parts in found.items() if name != "accounts" for part in parts}
    described = found.pop("accounts", [])
    apart = [part for part in described if id(part.source) not in taken]
    if not apart:
        inferred = [inference.find_accounts(table, known, macros) for table in tables if id(table) not in taken]
        apart = [part for part in inferred if part is not None][:1]
    if apart:
        apart = [_with_meeting_key(part, known, macros) for part in apart]
        found["accounts"] = [_since_first_order(part, found.get("orders", [])) for part in apart]
    elif described:
        found["accounts"] = described
    elif "orders" in found:
        parts = [inference.accounts_of_orders(part) for part in found["orders"]]
        said = [part for part in parts if part is not None]
        if said and len(said) == len(parts):
            found["accounts"] = said


def _with_meeting_key(part: MappedTable, known: frozenset[str], macros: bool) -> MappedTable:
    """Take another column as the key where the recipe's is not what the orders have."""
    column = part.values["account_id"].first.column
    short = {text[:15] for text in column.values}
    met = len(known & column.values) + sum(text in short for text in known - column.values)
    if not known or met >= FAR * len(known):
        return part
    other = inference.key_of_accounts(part.source, known)
    if other is None:
        return part
    remark = f"Its key is {other.name!r}, as the orders name accounts so, and not {column.name!r}"
    values = {**part.values, "account_id": Value((Cell(other, macros=macros),))}
    return replace(part, values=values, remarks=(*part.remarks, remark))


def _since_first_order(part: MappedTable, orders: Sequence[MappedTable]) -> MappedTable:
    """Let accounts without a date of their own be known from their first order on, and not since ever."""
    if "created_at" in part.values or len(orders) != 1:
        return part
    (sold,) = orders
    ours, theirs, day = part.values["account_id"], sold.values["account_id"], sold.values["ordered_at"]
    if ours.template or theirs.template or day.template:
        return part
    first = f"(select min({replace(day.first, alias='o').date()}) from {quoted(sold.source.name)} o where "
    first += f"{replace(theirs.first, alias='o').sql()} = {quoted(part.source.name)}.{ours.first.sql()})"
    remark = "It has no date of its own: its accounts are known from their first order on"
    since = Value(day.cells, first)
    return replace(part, values={**part.values, "created_at": since}, remarks=(*part.remarks, remark))


def _currencies(orders: Sequence[MappedTable]) -> tuple[str, ...]:
    """Return the currencies of the orders, the most frequent first; none where there is only one."""
    held: dict[str, int] = {}
    for part in orders:
        if "currency" in part.values:
            column = part.values["currency"].first.column
            codes = column.codes[part.kept() & ~column.empty] if part.lines is None else column.codes[~column.empty]
            counts = np.bincount(codes[codes >= 0], minlength=len(column.distinct))
            for text, count in zip(column.distinct.to_pylist(), counts.tolist(), strict=True):
                name = text.strip().upper()
                held[name] = held.get(name, 0) + count
    several = sorted((name for name in held if held[name]), key=lambda name: -held[name])
    return tuple(several) if len(several) > 1 else ()


def _written(parts: Sequence[MappedTable], known: frozenset[str]) -> TableProposal:
    reading: dict[str, str] = {}
    evidence: list[str] = []
    for part in parts:
        reading |= part.reading()
        evidence += evidence_of(part, known)
    return TableProposal(TableMapping(query=joined(parts), reading=reading), tuple(evidence))
