"""The currencies that amounts themselves name, as in `$ 12.50` or `EUR 5`."""

from collections.abc import Mapping

from features.errors import SourceError, SourceUnreadable
from features.schema import Kind, Table
from features.sources.cleaning.column_names import listed
from features.sources.cleaning.rules import SourceRules
from features.sources.readings.amounts import is_currency
from features.sources.readings.columns import ColumnEvidence


def name_currencies(table: Table, found: Mapping[str, ColumnEvidence], rules: SourceRules) -> bool:
    """Return whether the amounts of orders name their own currencies: several, or one that is not that of the rules."""
    if table.name != "orders" or "currency" in found:
        return False
    signs = _signs(found, "revenue")
    return len(signs) > 1 or bool(rules.currency and any(not is_currency(sign, rules.currency) for sign in signs))


def refuse_mixed(table: Table, found: Mapping[str, ColumnEvidence], rules: SourceRules) -> list[SourceError]:
    """Refuse amounts in several currencies, or in another than the revenue, that nothing turns into one."""
    if table.name == "orders" and "currency" in found:
        return []
    revenue = _signs(found, "revenue") if table.name == "orders" else frozenset()
    ours = rules.currency or (next(iter(revenue)) if len(revenue) == 1 else "")
    refusals: list[SourceError] = []
    for column in table.columns:
        signs = _signs(found, column.name)
        if column.kind is not Kind.MONEY or not signs or column.name == "revenue":
            continue
        others = [sign for sign in signs if ours and not is_currency(sign, ours)]
        if len(signs) > 1 or others:
            text = f"{table.name}.{column.name} holds amounts in {listed(sorted(signs))}"
            text += f", where money is in {ours}" if ours else ""
            refusals.append(
                SourceUnreadable(
                    f"{text}. Money must be in one currency: map a query that turns it into one, or leaves the column "
                    "out:"
                    f' tables.{table.name}.query = "select * exclude ({column.name}) from {table.name}"'
                )
            )
    return refusals


def _signs(found: Mapping[str, ColumnEvidence], name: str) -> frozenset[str]:
    return frozenset(found[name].seen.different.get("currency", ())) if name in found else frozenset()
