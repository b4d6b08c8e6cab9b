"""What the data leave open: asked, unless the other columns of the source tell."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from features.schema import Kind
from features.sources.proposals.cells import Cell, Value
from features.sources.proposals.mapped import MappedTable
from features.tables import KNOWN_TABLES


@dataclass(frozen=True)
class Question:
    """What the data leave open.  choices : code and words, the likeliest first."""

    text: str
    choices: tuple[tuple[str, str], ...]


Ask = Callable[[Question], str]
"""Returns the code of the choice."""


def settle(found: Mapping[str, Sequence[MappedTable]], ask: Ask) -> dict[str, list[MappedTable]]:
    """Say how columns are read that can be read in two ways: as the others of the source, else somebody is asked."""
    told = {
        _form(part, role, cell)[0]
        for parts in found.values()
        for part in parts
        for role, value in part.values.items()
        for cell in value.cells
    }
    return {name: [_settled(part, told, ask) for part in parts] for name, parts in found.items()}


def _settled(part: MappedTable, told: set[str], ask: Ask) -> MappedTable:
    values: dict[str, Value] = {}
    for role, value in part.values.items():
        cells = tuple(_decided(cell, *_form(part, role, cell), told, ask) for cell in value.cells)
        values[role] = replace(value, cells=cells)
    return replace(part, values=values)


def _form(part: MappedTable, role: str, cell: Cell) -> tuple[str, Mapping[str, str]]:
    """Return how the cells of a role are read, and what is in doubt of it."""
    declared = KNOWN_TABLES[part.table]
    kind = declared.column(role).kind if role in declared.names else Kind.NUMBER
    if kind is Kind.TIME:
        return cell.column.date_form
    return cell.column.mark if kind in (Kind.MONEY, Kind.NUMBER) else ("", {})


def _decided(cell: Cell, form: str, doubt: Mapping[str, str], told: set[str], ask: Ask) -> Cell:
    if form != "doubtful":
        return cell
    agreed = told & set(doubt)
    if len(agreed) == 1:
        return replace(cell, form=agreed.pop())
    order = sorted(doubt, key=lambda code: code not in _LIKELY)
    choices = tuple((code, f"{doubt[code]} ({code})") for code in order)
    return replace(cell, form=ask(Question(f"How are the cells of {cell.column.name!r} read? The first is", choices)))


_LIKELY = ("dmy", "decimal_point")
"""Readings that come first where nothing tells: most of the world writes the day first."""
