"""Families of suppliers that differ in what investments do and in how they were chosen: each a row of a table.

A seed draws a supplier of a family: costs, strengths, what they depend on and how long they last vary from draw to
draw, so that nothing can be settled on one world. Half of the families, by a hash of their name, are kept for judging:
no choice is ever made on them.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np

from training.simulator.scenarios import OPTIONS, Option, Scenario

Change = Callable[[Option], Option]


@dataclass(frozen=True)
class Family:
    """How a supplier of a family differs from the default one.

    options : changes every option.
    scenario : fields of the scenario, and their values.
    """

    what: str
    options: Change = lambda option: option
    scenario: Mapping[str, object] = field(default_factory=dict)


def _becomes(effect: str, **factors: float) -> Change:
    """Return what makes a lift act on something else, with strengths multiplied so that it is worth about as much."""

    def change(option: Option) -> Option:
        scaled = {name: getattr(option, name) * factor for name, factor in factors.items()}
        return replace(option, becomes=effect, **scaled)

    return change


def _strength(factor: float) -> dict[str, float]:
    return dict.fromkeys(("base", "low_contact", "served", "price", "unhappy"), factor)


def _same_for_all(option: Option) -> Option:
    """Return an option whose share of revenue is the same for everybody but for chance."""
    mean = option.base + 0.4 * (option.low_contact + option.served + option.price) + 0.1 * option.unhappy
    return replace(option, base=mean, low_contact=0.0, served=0.0, price=0.0, unhappy=0.0)


def _visits_by_number(option: Option) -> Option:
    return _becomes("orders", **_strength(1.5))(option) if option.name == "visit_programme" else option


def _harms_some(option: Option) -> Option:
    return replace(option, base=option.base - 0.12, low_contact=1.3 * option.low_contact, served=1.3 * option.served)


FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        "moderated": Family("shares of revenue that depend on attention, rhythm, price interest and satisfaction"),
        "proportional": Family("the same share of revenue for everybody", _same_for_all),
        "additive": Family("as many more orders whatever the account's size", _becomes("orders", **_strength(1.5))),
        "additive_same": Family(
            "the same number of orders for everybody",
            lambda option: _becomes("orders", **_strength(1.5))(_same_for_all(option)),
        ),
        "mixed_forms": Family("visits add orders by number, the others shares of revenue", _visits_by_number),
        "by_number": Family(
            "visits are a share of revenue, the others add orders by number",
            lambda option: option if option.name == "visit_programme" else _becomes("orders", **_strength(1.5))(option),
        ),
        "orders_same": Family(
            "the same number of orders for everybody, a smaller one",
            lambda option: _becomes("orders", **_strength(1.2))(_same_for_all(option)),
        ),
        "frequency": Family("orders alone become more", _becomes("frequency")),
        "wallet": Family("our share of what the account buys", _becomes("wallet", **_strength(0.5))),
        "wallet_share": Family(
            "the same gain for everybody in our share of what the account buys",
            lambda option: _becomes("wallet", **_strength(0.5))(_same_for_all(option)),
        ),
        "retention": Family("leaving alone", _becomes("retention", tie=3.0)),
        "saturating": Family("large effects come near to a limit", lambda option: replace(option, limit=0.12)),
        "delayed": Family("nothing for two months", lambda option: replace(option, delay=2, keeps=0.95)),
        "decaying": Family("half is gone after a month", lambda option: replace(option, keeps=0.5)),
        "harmful": Family("many lose", _harms_some),
        "heavy_tail": Family("a few accounts bring most", scenario={"capacity_sigma": 1.4}),
        "few_lots": Family("lots for 2 in 100", scenario={"randomised_share": 0.02}),
        "many_lots": Family("lots for 30 in 100", scenario={"randomised_share": 0.3}),
        "no_lots": Family("no lots", scenario={"randomised_share": 0.0}),
        "by_revenue": Family(
            "chosen by revenue, strictly",
            scenario={"by_revenue": 2.0, "by_complaints": 0.0, "randomised_share": 0.1},
        ),
        "by_complaints": Family("chosen by complaints", scenario={"by_revenue": 0.2, "by_complaints": 2.0}),
        "hidden": Family(
            "chosen by what no table shows",
            scenario={"manager_knowledge": 1.2, "randomised_share": 0.1},
        ),
        "small": Family("800 accounts", scenario={"accounts": 800}),
        "large": Family("12,000 accounts", scenario={"accounts": 12_000}),
        "null": Family("nothing works", scenario={"effect_scale": 0.0}),
        "nothing": Family("nothing works, lots for 10 in 100", scenario={"effect_scale": 0.0, "randomised_share": 0.1}),
        "null_hidden": Family(
            "nothing works, chosen by what no table shows",
            scenario={"effect_scale": 0.0, "manager_knowledge": 1.2, "randomised_share": 0.1},
        ),
    }
)


def kept_for_judging(family: str) -> bool:
    """Return whether a family only judges: by the last bit of the SHA-256 of its name."""
    return hashlib.sha256(family.encode()).digest()[-1] % 2 == 1


def supplier_of(family: str, seed: int) -> Scenario:
    """Draw the laws of one supplier of a family.

    Raises
    ------
    KeyError
        If there is no such family.
    """
    row = FAMILIES[family]
    rng = np.random.default_rng([seed, *family.encode()])
    options = tuple(row.options(_drawn(option, rng)) for option in OPTIONS)
    steepness = float(rng.uniform(0.6, 1.4))
    return replace(Scenario(options=options, choice_steepness=steepness), **row.scenario)  # type: ignore[arg-type]


def _drawn(option: Option, rng: np.random.Generator) -> Option:
    """Return an option with other strengths, costs and decay."""
    strength = {name: getattr(option, name) * float(rng.uniform(0.6, 1.4)) for name in _strength(1.0)}
    return replace(
        option, **strength, cost=round(option.cost * float(np.exp(rng.normal(0.0, 0.3))), -1),
        keeps=float(np.clip(option.keeps + rng.uniform(-0.1, 0.05), 0.4, 0.97)),
    )  # fmt: skip
