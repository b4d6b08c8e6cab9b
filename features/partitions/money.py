"""The money of orders that are cut into parts: in one currency and in the prices of one time, as if they were whole."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa

from features.instants import BoolArray
from features.sources.cleaning.cleaning import Columns
from features.sources.cleaning.columns import READERS, normalise
from features.sources.cleaning.money import AMOUNTS, in_constant_prices, in_one_currency
from features.sources.cleaning.rules import SourceRules
from features.sources.cleaning.text_column import TextColumn
from features.sources.readings.amounts import currency
from features.tables import TABLE

_ORDERS = TABLE["orders"]


def check_money(held: Mapping[str, int], rates: Columns | None, rules: SourceRules) -> list[str]:
    """Return what is done with the money of orders, in sentences.

    held : currency -> rows, of the whole table.  rates : the table exchange_rates, if there is one.

    Raises
    ------
    SourceUnreadable
        If there is more than one currency, and not for each a rate.
    """
    names = tuple(held)
    rows = np.repeat(np.arange(len(names), dtype=np.int32), [held[name] for name in names])
    columns = {"currency": TextColumn(rows, names), "ordered_at": np.zeros(len(rows), np.int64)} if names else {}
    _, notes = in_one_currency(columns, rates, rules)
    return notes + in_constant_prices({"ordered_at": np.zeros(0, np.int64)}, rules)[1]


def converted(cells: Mapping[str, Any], rates: Columns | None, rules: SourceRules) -> dict[str, Any]:
    """Return a batch of raw orders with its amounts as text, in one currency and in constant prices.

    What cannot be read stays as it stands, so that cleaning sets its row aside.
    """
    read: dict[str, Any] = {}
    bad: dict[str, dict[int, str]] = {}
    for name in ("ordered_at", "currency", *AMOUNTS):
        if name in cells:
            column = READERS[_ORDERS.column(name).kind](_ORDERS.column(name), normalise(cells[name]))
            read[name], bad[name] = column.values, column.bad
    money, _ = in_one_currency(read, rates, replace(rules, currency=rules.currency or _only(read)))
    money, _ = in_constant_prices(money, rules)
    done = dict(cells)
    for name in AMOUNTS:
        if name in read:
            done[name] = _written(cells[name], money[name], _usable(name, read[name], bad[name]))
    if "currency" in read and rules.currency:
        code, there = currency(rules.currency), ~read["currency"].missing
        done["currency"] = pa.array([code if is_there else None for is_there in there.tolist()], pa.string())
    return done


def _only(read: Columns) -> str:
    """Return the one currency of a source that needs no rates: of some batches all rows name none."""
    names = Counter(currency(name.strip()) for name in read["currency"].names) if "currency" in read else {}
    return next(iter(names), "")


def _usable(name: str, values: Any, bad: Mapping[int, str]) -> BoolArray:
    column = _ORDERS.column(name)
    assert column.low is not None
    assert column.high is not None
    usable = (values >= column.low) & (values <= column.high)
    usable[list(bad)] = False
    return np.asarray(usable)


def _written(cells: Any, values: Any, usable: BoolArray) -> pa.Array:
    """Return converted amounts as text, which keeps every bit; what is not usable as it stood."""
    cells = normalise(cells)
    plain = cells.to_pylist() if isinstance(cells, pa.Array) else list(cells)
    texts = pa.array(values, mask=~usable).cast(pa.string()).to_pylist()
    return pa.array(
        [text if text is not None else None if cell is None or cell != cell else str(cell)
         for text, cell in zip(texts, plain, strict=True)], pa.string(),
    )  # fmt: skip
