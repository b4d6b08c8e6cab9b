"""Money in one currency and in the prices of one time; of what cannot be turned into it, the names."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from features.errors import SourceUnreadable
from features.instants import FloatArray, IntArray, iso
from features.sources.cleaning.cells import UNFIT, text_cell
from features.sources.cleaning.cleaning import Columns
from features.sources.cleaning.rules import SourceRules
from features.sources.readings.amounts import currency

AMOUNTS = ("revenue", "cost")
"""The columns of orders that `currency` is about."""


def in_one_currency(orders: Columns, rates: Columns | None, rules: SourceRules) -> tuple[Columns, list[str]]:
    """Return orders with all amounts in one currency, and notes about it.

    rates : the table exchange_rates, if there is one.

    Raises
    ------
    SourceUnreadable
        If there is more than one currency, and not for each a rate.
    """
    if "currency" not in orders:
        return orders, []
    column = orders["currency"]
    names = np.array([currency(name.strip()) for name in column.names], object)
    rows = np.bincount(column.codes[~column.missing], minlength=len(names))
    held: dict[str, int] = {}
    for name, count in zip(names, rows.tolist(), strict=True):
        held[name] = held.get(name, 0) + count if count else held.get(name, 0)
    held = {name: count for name, count in sorted(held.items(), key=lambda each: -each[1]) if count}
    target = currency(rules.currency)
    others = [name for name in held if name != target]
    if not others or (not target and len(held) == 1):
        return orders, []
    tables = _tables(rates)
    constant = {currency(name): rate for name, rate in rules.exchange_rates.items()}
    lacking = [name for name in others if name not in constant and name not in tables]
    if not target or lacking:
        told = [name for name in held if name not in tables] if tables and not target else []
        raise SourceUnreadable(_refusal(held, target, lacking, told[0] if len(told) == 1 else ""))
    factor = np.ones(len(column))
    for code, name in enumerate(names):
        if name in others:
            mine = column.codes == code
            factor[mine] = _rates(tables.get(name), constant.get(name), orders["ordered_at"][mine])
    changed = {name: orders[name] * factor for name in AMOUNTS if name in orders}
    listed = ", ".join(f"{held[name]:,} in {name}" for name in others)
    notes = [f"orders: money is in {target}; turned into it by the exchange rates: {listed}"]
    if column.missing.any() and len(held) > 1:
        notes.append(f"orders: {int(column.missing.sum()):,} rows name no currency; they count as {target}")
    return {**orders, **changed}, notes


def rates_missing(currencies: Sequence[Any], rules: SourceRules) -> dict[int, str]:
    """Return the rows whose currency cannot be turned into that of the rules, each with the reason.

    currencies : raw cells; an empty one names none, and counts as that of the rules. Where the rules name none, it is
        the first row's that counts.
    """
    named = [_name(cell) for cell in currencies]
    target = currency(rules.currency) or next((name for name in named if name), "")
    known = {target, "", *(currency(name) for name in rules.exchange_rates)}
    return {
        row: f"the model's money is {target if rules.currency else 'in one currency'}, and it has no rate for {name}"
        for row, name in enumerate(named)
        if name not in known
    }


def _name(cell: Any) -> str:
    try:
        return currency((text_cell(cell) or "").strip())
    except UNFIT:
        return ""  # the cleaning says what is wrong with it


def in_constant_prices(orders: Columns, rules: SourceRules) -> tuple[Columns, list[str]]:
    """Return orders with all amounts in the prices of index 100, and a note about it; as they are without an index.

    An order from before the index's first day counts by that day's.
    """
    if not rules.deflator or "ordered_at" not in orders:
        return orders, []
    begins = np.array(sorted(rules.deflator))
    index = np.array([rules.deflator[begin] for begin in begins.tolist()])
    factor = 100.0 / _rates((begins, index), None, orders["ordered_at"])
    changed = {name: orders[name] * factor for name in AMOUNTS if name in orders}
    note = (
        f"orders: money is in the prices of index 100 ([source] deflator, {len(begins)} values from {index.min():g} to "
        f"{index.max():g}, the first from {iso(int(begins[0]))[:10]}); money sent to the service must be in them too"
    )
    return {**orders, **changed}, [note]


def _tables(rates: Columns | None) -> Mapping[str, tuple[IntArray, FloatArray]]:
    """Return the table's rates by currency, with the instants from which each holds, ascending."""
    found: dict[str, list[tuple[int, float]]] = {}
    if rates is not None:
        since: Any = rates.get("valid_from", np.zeros(len(rates["rate"]), np.int64))
        for name, begin, rate in zip(rates["currency"].tolist(), since, rates["rate"], strict=True):
            found.setdefault(currency(str(name).strip()), []).append((int(begin), float(rate)))
    return {
        name: (np.array([begin for begin, _ in sorted(own)]), np.array([rate for _, rate in sorted(own)]))
        for name, own in found.items()
    }


def _rates(table: tuple[IntArray, FloatArray] | None, constant: float | None, times: IntArray) -> Any:
    """Return the rate of a currency at each time; before the table's first, that first one."""
    if table is None:
        return constant
    begins, rates = table
    return rates[np.maximum(np.searchsorted(begins, times, side="right") - 1, 0)]


def _key(name: str) -> str:
    """Return a name as a key of TOML."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else f'"{name}"'


def _refusal(held: Mapping[str, int], target: str, lacking: list[str], told: str) -> str:
    """Say why amounts cannot be added up.  told : the currency into which a table of rates turns all others."""
    listed = ", ".join(f"{name} ({count:,})" for name, count in held.items())
    if told:
        return (
            f"orders.currency holds {listed} rows, and exchange_rates has a rate for each but {told}. Say in the "
            f'settings that money is in it: source.currency = "{told}"'
        )
    most = target or next(iter(held))
    rest = ", ".join(f"{_key(name)} = ..." for name in held if name != most)
    what = f"has no rate for {', '.join(lacking)}" if target else "money must be in one currency"
    return (
        f"orders.currency holds {listed} rows: {what}. Bring a table exchange_rates (currency, rate, valid_from), or "
        f"say what a unit of each is worth in {most}, in the settings:"
        f' source = {{ currency = "{most}", exchange_rates = {{ {rest} }} }}'
    )
