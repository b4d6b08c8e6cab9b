"""What speaks for a mapping: a line for each thing that was seen, written into the settings as remarks."""

from features.sources.proposals import inference
from features.sources.proposals.mapped import FEW, MappedTable


def evidence_of(part: MappedTable, known: frozenset[str]) -> list[str]:
    """Say what a table was recognised by, and what its rows are."""
    rows = part.source.rows
    looked = "" if part.source.whole else " that were looked at"
    said = [f"{part.source.name!r}, {rows:,} rows{looked}: taken {part.origin}", *part.remarks]
    for name, value in part.values.items():
        column = value.first.column
        detail = f"{len(column.values):,} different in {column.filled:,} cells"
        if name == "ordered_at":
            detail = f"read as {value.first.form or column.date_form[0]}"
        elif name in ("revenue", "unit_price"):
            detail = f"read as {value.first.form or column.mark[0]}"
        said.append(f"  {name}: {' and '.join(repr(cell.column.name) for cell in value.cells)}, {detail}")
    for one in part.conditions:
        count = int(one.rows().sum())
        which, rows_of = "Only" if one.keep else "Left out:", "row" if count == 1 else "rows"
        said.append(f"{which} {count:,} {rows_of} with {one.words()}")
    nobody = part.without_account()
    if nobody > FEW * rows:
        said.append(f"Left out: {nobody:,} of {rows:,} rows that name no account")
    if part.table == "orders":
        said += _rows_of_orders(part)
    elif part.table == "accounts" and known:
        met = len(known & part.values["account_id"].first.column.values)
        said.append(f"{met:,} of the {len(known):,} accounts with orders stand in it")
    return said


def _rows_of_orders(part: MappedTable) -> list[str]:
    if part.lines is not None:
        return [f"An order is the sum of its lines, {part.lines.table.rows:,} in all"]
    if "order_id" not in part.values:
        return ["No number of an order was found: each row is one, and equal rows of one day may be copies"]
    accounts, orders = (part.values[name].first.column for name in ("account_id", "order_id"))
    said = []
    if part.per_order():
        what = "repeat the total of the order, which counts once" if part.once() else "are its lines, and are added up"
        said.append(f"An order has several rows, {part.source.rows:,} of {len(orders.values):,} orders: they {what}")
    if len(accounts.values) > 0.95 * len(orders.values) and len(orders.values) >= inference.SEEN:
        said.append(f"Nearly every order has an account of its own in {accounts.name!r}: is it the customer's key?")
    return said
