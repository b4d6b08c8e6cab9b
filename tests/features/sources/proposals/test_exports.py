"""Exports of known and of other programs, mapped without a word from anybody and read as they are mapped.

The folders beside this file have the columns of the programs' exports, with invented rows. What they hold was added up
by hand: in most, two accounts with four orders, one of them a credit note.
"""

import tomllib
from pathlib import Path
from typing import NamedTuple

import pytest

from features.sources.cleaning.rules import SourceRules
from features.sources.proposals.doubts import Question
from features.sources.proposals.proposal import Proposal, propose
from features.sources.proposals.recipes import RECIPES
from features.sources.proposals.settings_text import settings_text
from features.sources.source import Source, open_source, read_source
from training.settings import parse_settings

HERE = Path(__file__).parent
RULES = SourceRules(until=1_780_000_000_000_000)


class Held(NamedTuple):
    """What an export holds.  accounts : rows of that table; None where nothing describes them."""

    orders: int
    revenue: float
    accounts: int | None
    others: tuple[str, ...] = ()


KNOWN = {
    "salesforce": Held(3, 29_700.5, 3, ("inquiries", "tickets")),
    "hubspot": Held(3, 29_700.5, 3, ("inquiries",)),
    "dynamics": Held(3, 29_700.5, 2),
    "exact": Held(4, 2950.5, 3),
    "afas": Held(3, 2870.5, 2),
    "odoo": Held(3, 2970.5, 3),
    "sap_b1": Held(4, 2950.5, 2),
    "shopify": Held(3, 2950.5, 2),
    "woocommerce": Held(3, 2970.5, None),
    "stripe": Held(3, 2950.5, 2),
    "lightspeed": Held(4, 2950.5, 2),
    "superstore": Held(3, 2970.5, 2),
    "online_retail": Held(4, 2950.5, 2),
}
OTHERS = {
    "quickbooks": Held(4, 2950.5, None),
    "xero": Held(3, 2970.5, 2),
    "pipedrive": Held(3, 2970.5, 3),
    "zoho": Held(3, 2970.5, 2),
    "magento": Held(3, 2970.5, None),
    "square": Held(4, 2950.5, 2),
    "twinfield": Held(4, 2950.5, 2),
    "olist": Held(3, 2970.5, 4),
}


def unasked(question: Question) -> str:
    raise AssertionError(f"nobody is there to answer {question}")


def mapped(folder: Path) -> tuple[Proposal, Source]:
    with open_source(folder, {}, RULES) as connector:
        proposal = propose(connector, RULES, unasked)
    settings = parse_settings(tomllib.loads(settings_text(proposal, str(folder))))
    return proposal, read_source(folder, settings.tables, rules=RULES)


@pytest.mark.parametrize(
    ("folder", "held"),
    [("exports/" + k, v) for k, v in KNOWN.items()] + [("inferred/" + k, v) for k, v in OTHERS.items()],
)
def test_an_export_maps_without_an_edit(folder: str, held: Held) -> None:
    proposal, source = mapped(HERE / folder)
    assert not proposal.lacking
    assert source.set_aside == ()
    assert source.rows("orders") == held.orders
    assert float(source.tables["orders"]["revenue"].sum()) == pytest.approx(held.revenue)
    assert (source.rows("accounts") if "accounts" in source.tables else None) == held.accounts
    assert set(source.tables) - {"orders", "accounts"} == set(held.others)
    assert all(join.met == join.accounts for join in source.joins), "the accounts of all tables meet"


@pytest.mark.parametrize("program", KNOWN)
def test_a_known_export_is_called_by_its_name(program: str) -> None:
    proposal, _ = mapped(HERE / "exports" / program)
    names = {"sap_b1": "SAP Business One", "dynamics": "Dynamics 365", "online_retail": "Online Retail"}
    first = proposal.tables["orders"].evidence[0].casefold()
    assert f"taken as {names.get(program, program)}".casefold() in first


def test_every_program_of_the_recipes_has_an_export_among_the_tests() -> None:
    assert len({recipe.program for recipe in RECIPES}) == len(KNOWN)


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: f"{recipe.program}: {recipe.export}, {recipe.table}")
def test_a_recipe_is_sound(recipe: object) -> None:
    """Whatever a recipe names is of the contract, or of a line."""
    from features.sources.proposals.recipes import Recipe
    from features.tables import TABLE

    assert isinstance(recipe, Recipe)
    lines = {"quantity", "unit_price", "line_discount"}
    assert set(recipe.columns) <= TABLE[recipe.table].names | lines
    assert set(TABLE[recipe.table].required) - {"revenue"} <= set(recipe.columns)
    assert recipe.needs
    values = [value for wanted in (*recipe.only.values(), *recipe.without.values()) for value in wanted]
    assert values == [value.lower() for value in values]


def test_a_source_that_follows_the_contract_needs_no_mapping(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text("account_id,ordered_at,revenue\nK1,2025-01-01,5\n")
    proposal, source = mapped(tmp_path)
    assert (proposal.tables, proposal.as_they_stand) == ({}, ("orders",))
    assert source.rows("orders") == 1
