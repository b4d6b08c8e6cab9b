"""One table of the source as one of the contract: its columns, its rows that count, and the query that says so."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from features.instants import BoolArray, IntArray
from features.schema import Kind
from features.sources.proposals.cells import Condition, Value, quoted
from features.sources.proposals.sketches import TableSketch
from features.tables import KNOWN_TABLES

CONSTANT = 0.95
"""Share of the orders with several rows in which an amount must be the same everywhere to be the order's total."""
REPEATED = 0.02
"""A smaller share of rows that repeat an order's number are double rows, which reading sorts out, and not its lines."""
FEW = 0.01
"""A larger share of rows without an account is left out by the query, and named."""


@dataclass(frozen=True)
class Joined:
    """Lines of orders whose dates and accounts stand in another table.  ours, theirs : the keys that meet."""

    table: TableSketch
    ours: str
    theirs: str


@dataclass(frozen=True)
class MappedTable:
    """How rows of a table become rows of a table of the contract.

    origin : by whom it was recognised, in words.  values : column of the contract, or of a line -> what it is made of.
    conditions : which rows count.  sign : of the amounts.  lines : joined to the table.
    per_account : one row for each account, of rows that are about something else.
    """

    table: str
    source: TableSketch
    origin: str
    values: Mapping[str, Value]
    conditions: tuple[Condition, ...] = ()
    sign: int = 1
    lines: Joined | None = None
    per_account: bool = False
    remarks: tuple[str, ...] = field(default=(), compare=False)

    def kept(self) -> BoolArray:
        """Return which rows pass the conditions on single rows and name an account, shape (rows,)."""
        keep = np.ones(self.source.rows, bool)
        for one in self.conditions:
            if one not in self._order_level():
                keep &= one.rows() == one.keep
        return keep

    def per_order(self) -> bool:
        """Return whether an order has more than one row, so that its rows are added up."""
        if self.table != "orders" or "order_id" not in self.values:
            return False
        if self.lines is not None:
            return True
        orders = self._orders()[self.kept()]
        orders = orders[orders >= 0]
        return len(orders) - len(np.unique(orders)) > REPEATED * len(orders)

    def once(self) -> bool:
        """Return whether every row of an order repeats the amount of the whole order."""
        revenue = self.values.get("revenue")
        if revenue is None or not self.per_order() or self.lines is not None:
            return False
        keep = self.kept() & (self._orders() >= 0) & ~revenue.first.column.empty
        orders, amounts = self._orders()[keep], revenue.first.column.codes[keep]
        rows = np.bincount(orders)
        pairs = np.unique(np.column_stack([orders, amounts]), axis=0)[:, 0]
        different = np.bincount(pairs, minlength=len(rows))
        several = rows >= 2
        return bool(several.sum() >= 2) and bool((different[several] == 1).mean() >= CONSTANT)

    def _orders(self) -> IntArray:
        column = self.values["order_id"].first.column
        return np.where(column.empty, -1, column.codes)

    def _order_level(self) -> tuple[Condition, ...]:
        """Return the conditions whose column is filled in one row of an order only."""
        if self.table != "orders" or "order_id" not in self.values or self.lines is not None:
            return ()
        orders = self._orders()
        lines = orders >= 0
        rows = np.bincount(orders[lines]) if lines.any() else np.array([0])
        several = lines & (rows[np.maximum(orders, 0)] > 1)
        found = []
        for one in self.conditions:
            empty = one.cell.column.empty
            one_of_each = len(np.unique(orders[several & ~empty])) if several.any() else 0
            if one_of_each and (several & ~empty).sum() == one_of_each and (several & empty).any():
                found.append(one)
        return tuple(found)

    def without_account(self) -> int:
        """Return how many rows name no account, where an order does not name it in another row."""
        value = self.values.get("account_id")
        if value is None or (self.lines is None and self.per_order() and not self._accounts_everywhere()):
            return 0
        return int((value.first.column.empty & self.kept()).sum())

    def _accounts_everywhere(self) -> bool:
        """Return whether rows without an account belong to orders without one."""
        named = ~self.values["account_id"].first.column.empty
        orders = self._orders()
        known = np.unique(orders[named & (orders >= 0)])
        return not np.isin(orders[~named & (orders >= 0)], known).any()

    def query(self) -> str:
        """Return the SELECT."""
        grouped, per_order = self.per_account, self.per_order()
        columns = self._grouped() if per_order else self._by_account() if grouped else self._plain()
        lines = [f"select {columns[0]}", *(f"       {column}" for column in columns[1:])]
        text = ",\n".join(lines) + f"\nfrom {self._from()}"
        late = self._order_level() if per_order else ()
        where = [one.where() for one in self.conditions if one not in late]
        account = self.values.get("account_id")
        if account is not None and (grouped or self.without_account() > FEW * max(self.source.rows, 1)):
            cell = account.first
            where.append(f"as_id({cell.sql()}) is not null" if cell.macros else f"{cell.sql()} is not null")
        if where:
            text += "\nwhere " + "\n  and ".join(where)
        if per_order:
            text += f"\ngroup by {self.values['order_id'].sql()}"
        elif grouped:
            text += f"\ngroup by {self.values['account_id'].sql()}"
        if late:
            text += "\nhaving " + "\n  and ".join(one.having() for one in late)
        return text

    def _from(self) -> str:
        if self.lines is None:
            return quoted(self.source.name)
        keys = f"h.{quoted(self.lines.ours)} = l.{quoted(self.lines.theirs)}"
        return f"{quoted(self.source.name)} h join {quoted(self.lines.table.name)} l on {keys}"

    def reckoned(self) -> str:
        """Return the amount of one row."""
        if "revenue" in self.values:
            text = self.values["revenue"].amount()
        else:
            text = f"{self.values['quantity'].amount()} * {self.values['unit_price'].amount()}"
            if "line_discount" in self.values:
                text += f" * (1 - coalesce({self.values['line_discount'].amount()}, 0))"
        return f"-({text})" if self.sign < 0 else text

    def _plain(self) -> list[str]:
        found = []
        for name, value in self._contract():
            as_it_stands = name not in ("revenue", "cost") or (not value.template and self.sign > 0)
            text = value.sql() if as_it_stands else f"-({value.amount()})" if self.sign < 0 else value.amount()
            found.append(f"{text} as {name}")
        if self.table == "orders" and "revenue" not in self.values:
            found.append(f"{self.reckoned()} as revenue")
        return found

    def _grouped(self) -> list[str]:
        found: list[str] = []
        once, macros = self.once(), self.values["order_id"].first.macros

        def together(amount: str) -> str:
            if once:
                return f"max({amount})"
            return (
                f"round(sum({amount}), 4)" if macros else f"sum({amount})"
            )  # sums in parallel differ in their last bits

        for name, value in self._contract():
            if name == "order_id":
                text = value.sql()
            elif name == "ordered_at":
                text = f"min({value.date()})"
            elif name in ("revenue", "cost"):
                text = together(self.reckoned() if name == "revenue" else value.amount())
            elif name == "product_line" and value.first.macros:
                text = f"arg_max({value.sql()}, {self.reckoned()})"
            else:
                text = f"min({value.sql()})"
            found.append(f"{text} as {name}")
        if "revenue" not in self.values:
            found.append(f"{together(self.reckoned())} as revenue")
        return found

    def _by_account(self) -> list[str]:
        return [
            f"{value.sql() if name == 'account_id' else _least(self.table, name, value)} as {name}"
            for name, value in self._contract()
        ]

    def _contract(self) -> list[tuple[str, Value]]:
        """Return the columns of the contract in its order."""
        declared = KNOWN_TABLES[self.table].columns
        return [(column.name, self.values[column.name]) for column in declared if column.name in self.values]

    def reading(self) -> dict[str, str]:
        """Return how columns are read that somebody had to decide, and that the query gives as they stand."""
        if self.per_order() or self.per_account:
            return {}
        return {name: value.first.form for name, value in self._contract() if value.first.form and not value.template}


def _least(table: str, name: str, value: Value) -> str:
    is_time = KNOWN_TABLES[table].column(name).kind is Kind.TIME
    return f"min({value.date() if is_time else value.sql()})"


def joined(parts: Sequence[MappedTable]) -> str:
    """Return the query of tables that become one, each with the columns of all."""
    names = [name for name, _ in parts[0]._contract()]
    same = all([name for name, _ in part._contract()] == names for part in parts)
    between = "\nunion all\n" if same else "\nunion all by name\n"
    by = ", ".join(str(at + 1) for at in range(min(len(names), 3)))
    text = between.join(part.query() for part in parts)
    if parts[0].table == "accounts" and len(parts) > 1:  # an account may stand in several of them
        every = list(dict.fromkeys(name for part in parts for name, _ in part._contract()))
        columns = [name if name == "account_id" else f"min({name}) as {name}" for name in every]
        text = f"select {', '.join(columns)}\nfrom (\n{text}\n) accounts\ngroup by account_id"
    return f"{text}\norder by {by}" if "\ngroup by " in text else text  # groups come in any order
