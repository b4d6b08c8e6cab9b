"""The investment options: what can be done, which bond it serves and what it costs."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from features.sources.source import Source
from features.tables import NO_INVESTMENT


@dataclass(frozen=True)
class Options:
    """The investment options, sorted by name.

    bonds : position of each option's bond in BONDS, -1 = unknown.
    costs : planned cost per account, money.
    words : option -> its label_en, label_nl and customer_benefit (money), those that are given.
    """

    names: tuple[str, ...] = ()
    bonds: tuple[int, ...] = ()
    costs: tuple[float, ...] = ()
    words: Mapping[str, Mapping[str, str | float | None]] = field(default_factory=dict)


def investment_options(source: Source) -> Options:
    """Return the declared options, and any investment that was made without being declared.

    An undeclared option has no bond, and the mean of what it was seen to cost.
    """
    declared: dict[str, tuple[int, float]] = {}
    if "investment_options" in source.tables:
        table = source.tables["investment_options"]
        rows = zip(table["investment"].tolist(), table["bond"], table["cost"], strict=True)
        declared = {name: (int(bond), float(cost)) for name, bond, cost in rows if name != NO_INVESTMENT}
    if "investments" in source.tables:
        made = source.tables["investments"]
        costs = made.get("cost", np.full(len(made["investment"]), np.nan))
        seen: dict[str, list[float]] = {}
        for name, cost in zip(made["investment"].tolist(), costs.tolist(), strict=True):
            if name != NO_INVESTMENT and name not in declared:
                seen.setdefault(name, []).append(cost)
        for name in sorted(seen):
            known = np.sort([cost for cost in seen[name] if cost == cost])
            declared[name] = (-1, float(known.mean()) if len(known) else 0.0)
    names = tuple(sorted(declared))
    bonds, costs = (tuple(declared[n][k] for n in names) for k in (0, 1))
    return Options(names, tuple(map(int, bonds)), costs, _words(source))


def _words(source: Source) -> dict[str, dict[str, str | float | None]]:
    """Return what people call the declared options, and what they are planned to be worth to the customer."""
    table = source.tables.get("investment_options", {})
    words: dict[str, dict[str, str | float | None]] = {}
    for column in ("label_en", "label_nl", "customer_benefit"):
        if column in table:
            for name, value in zip(table["investment"].tolist(), table[column].tolist(), strict=True):
                if value is not None and value == value:
                    words.setdefault(str(name), {})[column] = value
    return {name: words[name] for name in sorted(words)}
