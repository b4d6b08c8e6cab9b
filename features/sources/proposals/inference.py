"""What a table is that no recipe knows, from the names of its columns and from what stands in them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from features.sources.cleaning.column_names import listed
from features.sources.proposals import names
from features.sources.proposals.cells import Cell, Condition, Value
from features.sources.proposals.mapped import Joined, MappedTable
from features.sources.proposals.names import likeness
from features.sources.proposals.sketches import MEANT, ColumnSketch, TableSketch

UNIQUE = 0.99
"""Share of filled cells that differ from all others in a column that is a table's key."""
MEET = 0.5
"""Share of the accounts of orders that a column must hold to be the same accounts."""
SEEN = 20
"""From so many rows on, an account in every row says that a table is about accounts and not about orders."""


@dataclass(frozen=True)
class Candidate:
    """A table that may hold the orders, and what speaks for it."""

    mapped: MappedTable
    score: float


def roles(table: TableSketch, patterns: Mapping[str, tuple[str, ...]]) -> dict[str, ColumnSketch]:
    """Return the likeliest column of a table for each role that one has."""
    found: dict[str, ColumnSketch] = {}
    for role, ways in patterns.items():
        named = [
            (at, position, column)
            for position, column in enumerate(table.columns)
            if column.filled
            and (at := likeness(column.plain, (role.replace("_", " "), *ways))) is not None
            and _fits(role, column)
        ]
        taken = set(map(id, found.values()))
        free = [one for one in named if id(one[2]) not in taken]
        if free:
            found[role] = min(free, key=lambda one: one[:2])[2]
    return found


def _fits(role: str, column: ColumnSketch) -> bool:
    """Return whether the cells of a column can be what its name says."""
    if role in ("ordered_at", "created_at", "opened_at", "resolved_at", "happened_at", "answered_at"):
        return column.is_time or column.is_count_of_time
    if role in ("revenue", "quantity", "unit_price", "cost", "score", "minutes", "employees"):
        return column.is_number and not column.is_time
    if role == "line_discount":
        numbers = column.numbers[~column.empty]
        return column.is_number and bool(np.nanmin(numbers) >= 0) and bool(np.nanmax(numbers) <= 1)
    if role in ("account_id", "order_id", "ticket_id"):
        return not column.is_time
    return True


def is_unique(column: ColumnSketch) -> bool:
    """Return whether a column names each row by itself."""
    return len(column.values) >= UNIQUE * max(column.filled, 1)


def find_orders(tables: Sequence[TableSketch], macros: bool) -> list[Candidate]:
    """Return the tables that may hold the orders, the likeliest first: alone, else with their lines beside them."""
    found = [_alone(table, macros) for table in tables if table.rows]
    alone = [one for one in found if one is not None]
    candidates = alone or [one for one in _with_lines(tables, macros) if one is not None]
    return sorted(candidates, key=lambda one: -one.score)


def _alone(table: TableSketch, macros: bool) -> Candidate | None:
    seen = roles(table, names.ORDER_ROLES)
    _take_price_alone(seen)
    _take_line_amount(table, seen)
    _take_day_of_winning(table, seen)
    if not {"account_id", "ordered_at"} <= set(seen) or not ({"revenue"} <= set(seen) or _has_price(seen)):
        return None
    about_accounts = table.rows >= SEEN and is_unique(seen["account_id"]) and "order_id" not in seen
    score = (
        2.0 * bool(likeness(table.plain, (names.ORDERS,)) == 0) + ("order_id" in seen) + 0.5 * ("revenue" in seen)
        + 0.5 * _has_price(seen) - 3.0 * about_accounts - 2.0 * bool(likeness(table.plain, (names.NOT_SOLD,)) == 0)
    )  # fmt: skip
    return Candidate(_mapped(table, seen, macros), score)


def _has_price(seen: Mapping[str, ColumnSketch]) -> bool:
    return {"quantity", "unit_price"} <= set(seen)


def _take_price_alone(seen: dict[str, ColumnSketch]) -> None:
    """Take a price as the amount where there is nothing to multiply it by."""
    if "revenue" not in seen and "unit_price" in seen and "quantity" not in seen:
        seen["revenue"] = seen.pop("unit_price")


def _take_line_amount(table: TableSketch, seen: dict[str, ColumnSketch]) -> None:
    """Take the amount of a line where what was taken for it is the price of one: a column that is their product."""
    if not {"revenue", "quantity"} <= set(seen):
        return
    each, many = seen["revenue"].numbers, seen["quantity"].numbers
    telling = np.isfinite(each) & np.isfinite(many) & (many != 1) & (each != 0)
    for column in table.columns:
        if column is seen["revenue"] or not column.is_number or not telling.any():
            continue
        alike = np.isclose(column.numbers[telling], (each * many)[telling], atol=0.02, rtol=1e-3)
        if alike.mean() >= MEANT and not np.isclose(column.numbers[telling], each[telling]).any():
            seen["revenue"] = column
            return


def _take_day_of_winning(table: TableSketch, seen: dict[str, ColumnSketch]) -> None:
    """Take the day on which a deal was won, where there are deals, and not the day on which it began."""
    status = seen.get("status")
    if status is None or not any(likeness(text.lower(), (names.WON,)) == 0 for text in status.values):
        return
    days = [c for c in table.columns if likeness(c.plain, (names.CLOSED,)) == 0 and _fits("ordered_at", c)]
    if days:
        seen["ordered_at"] = days[0]


def _mapped(table: TableSketch, seen: Mapping[str, ColumnSketch], macros: bool) -> MappedTable:
    columns = dict(seen)
    status, cancelled = columns.pop("status", None), columns.pop("cancelled", None)
    if "revenue" in columns:
        for name in ("quantity", "unit_price", "line_discount"):
            columns.pop(name, None)
    elif "line_discount" in columns and "unit_price" not in columns:
        columns.pop("line_discount")
    conditions = [_of_status(status, macros), _of_cancelled(cancelled, macros)]
    return MappedTable(
        "orders", table, "by the names and the cells of its columns",
        {role: Value((Cell(column, macros=macros),)) for role, column in columns.items()},
        tuple(one for one in conditions if one is not None),
    )  # fmt: skip


def _of_status(column: ColumnSketch | None, macros: bool) -> Condition | None:
    """Return which rows count by their status; None where all do."""
    if column is None:
        return None
    won = sorted(text for text in column.values if likeness(text.lower(), (names.WON,)) == 0)
    if won:
        return Condition(Cell(column, macros=macros), tuple(text.lower() for text in won), True, tuple(won))
    gone = sorted(text for text in column.values if likeness(text.lower(), (names.NOT_SOLD,)) == 0)
    if not gone or len(gone) == len(column.values):
        return None
    return Condition(Cell(column, macros=macros), tuple(text.lower() for text in gone), False, tuple(gone))


def _of_cancelled(column: ColumnSketch | None, macros: bool) -> Condition | None:
    if column is None:
        return None
    if column.is_time:
        return Condition(Cell(column, macros=macros), ("*",), False)
    yes = sorted(text for text in column.values if text.lower() in names.YES)
    return Condition(Cell(column, macros=macros), tuple(sorted(names.YES)), False, tuple(yes)) if yes else None


def _with_lines(tables: Sequence[TableSketch], macros: bool) -> list[Candidate | None]:
    """Return orders whose dates and accounts stand in one table, and whose amounts in another."""
    found: list[Candidate | None] = []
    for header in tables:
        seen = roles(header, names.ORDER_ROLES)
        if not {"account_id", "ordered_at", "order_id"} <= set(seen) or not is_unique(seen["order_id"]):
            continue
        for lines in tables:
            if lines is not header and lines.rows:
                found.append(_joined(header, lines, seen, macros))
    return found


def _joined(
    header: TableSketch, lines: TableSketch, seen: Mapping[str, ColumnSketch], macros: bool
) -> Candidate | None:
    ours = seen["order_id"]
    keys = [c for c in lines.columns if c.values and len(c.values & ours.values) >= 0.9 * len(c.values)]
    keys = [
        c for c in keys if likeness(c.plain, names.ORDER_ROLES["order_id"][:4]) is not None or c.plain == ours.plain
    ]
    own = roles(lines, names.ORDER_ROLES)
    _take_price_alone(own)
    if not keys or not ("revenue" in own or _has_price(own)):
        return None
    base = _mapped(header, {role: column for role, column in seen.items() if role != "revenue"}, macros)
    lines_roles = ("revenue",) if "revenue" in own else ("quantity", "unit_price", "line_discount")
    values = {role: Value((Cell(value.first.column, "h", macros),)) for role, value in base.values.items()
              if role not in ("quantity", "unit_price", "line_discount", "product_line", "cost")}  # fmt: skip
    values |= {
        role: Value((Cell(own[role], "l", macros),)) for role in (*lines_roles, "cost", "product_line") if role in own
    }
    conditions = tuple(
        Condition(Cell(one.cell.column, "h", macros), one.values, one.keep, one.shown) for one in base.conditions
    )
    named = bool(likeness(lines.plain, (names.LINES,)) == 0)
    mapped = MappedTable(
        "orders", header, f"with its lines in {lines.name!r}, by the names and the cells of their columns", values,
        conditions, lines=Joined(lines, ours.name, keys[0].name),
    )  # fmt: skip
    return Candidate(mapped, 1.0 + 2.0 * named)


def find_accounts(table: TableSketch, known: frozenset[str], macros: bool) -> MappedTable | None:
    """Return a table as that of the accounts; None where it does not hold those of the orders, each once.

    known : the accounts of the orders.
    """
    column = key_of_accounts(table, known)
    if column is None:
        return None
    seen = roles(table, names.ACCOUNT_ROLES)
    columns = {"account_id": column, **{role: one for role, one in seen.items() if one is not column}}
    values = {role: Value((Cell(one, macros=macros),)) for role, one in columns.items()}
    return MappedTable("accounts", table, f"as its {column.name!r} holds the accounts of the orders", values)


def key_of_accounts(table: TableSketch, known: frozenset[str]) -> ColumnSketch | None:
    """Return the column of a table that names most of the accounts of the orders, each in one row; None without one."""
    held = [(len(column.values & known), column) for column in table.columns if column.filled and is_unique(column)]
    best = max(held, key=lambda one: one[0], default=(0, None))
    return best[1] if known and best[0] >= MEET * len(known) else None


def accounts_of_orders(orders: MappedTable) -> MappedTable | None:
    """Return the accounts as the rows of the orders describe them; None where these say nothing of them."""
    seen = roles(orders.source, names.ACCOUNT_ROLES)
    taken = {id(cell.column) for value in orders.values.values() for cell in value.cells}
    said = {
        role: column
        for role, column in seen.items()
        if role not in ("created_at", "acquisition_channel", "employees") and id(column) not in taken
    }
    if not said or orders.lines is not None:
        return None
    values = {"account_id": orders.values["account_id"], "created_at": orders.values["ordered_at"]}
    values |= {role: Value((Cell(column, macros=values["account_id"].first.macros),)) for role, column in said.items()}
    return MappedTable(
        "accounts", orders.source, "as the rows of the orders describe them, known from their first order on", values,
        per_account=True,
    )  # fmt: skip


def find_other(table: TableSketch, known: frozenset[str], macros: bool) -> MappedTable | None:
    """Return a table as one of tickets, interactions or surveys, by its name and by the accounts in it; else None."""
    for name, (called, patterns) in names.OTHER_TABLES.items():
        if likeness(table.plain, (called,)) is None:
            continue
        seen = roles(table, patterns)
        required = next(iter(patterns))
        held = [(len(c.values & known), -i, c) for i, c in enumerate(table.columns) if c.filled]
        most, _, account = max(held, key=lambda one: one[:2], default=(0, 0, None))
        if account is None or required not in seen or most < MEET * min(len(account.values), len(known)):
            continue
        if name == "surveys" and "score" not in seen:
            continue
        values = {"account_id": Value((Cell(account, macros=macros),))}
        values |= {role: Value((Cell(c, macros=macros),)) for role, c in seen.items() if c is not account}
        return MappedTable(name, table, "by its name, and as it names accounts of the orders", values)
    return None


def lacking(tables: Sequence[TableSketch]) -> tuple[str, ...]:
    """Say what no table has that orders need: what was looked for, what there is, and what to do."""
    if not any(table.rows for table in tables):
        return ("There are no rows in it. Export the orders or invoices, with one row for each or for each line.",)
    best = max(tables, key=lambda table: (len(set(roles(table, names.ORDER_ROLES)) & set(_NEEDED)), table.rows))
    seen = roles(best, names.ORDER_ROLES)
    where = f"{best.name!r} has {listed(column.name for column in best.columns)}."
    said = [
        f"No {what} was found: {looked}. {do}"
        for role, (what, looked, do) in _NEEDED.items()
        if role not in seen and not (role == "revenue" and _has_price(seen))
    ]
    return (*(said or ["No orders were found: no table has an account, a date and an amount."]), where)


_NEEDED: Mapping[str, tuple[str, str, str]] = {
    "account_id": (
        "column of accounts",
        "looked for names such as Customer ID, Klantnummer, Debiteur, Account, Company or Email",
        "Export the number or the name of the customer with each row, or name the column under [tables.orders].",
    ),
    "ordered_at": (
        "column of dates",
        "looked for names such as Order Date, InvoiceDate, Factuurdatum, Created at, of which the cells are dates",
        "Export the day of each order or invoice, or name the column under [tables.orders].",
    ),
    "revenue": (
        "column of amounts",
        "looked for names such as Net Amount, Subtotal, Total, Bedrag, Sales, or Quantity and Unit Price, "
        "of which the cells are numbers",
        "Export the net amount of each row, or name the column under [tables.orders].",
    ),
}
