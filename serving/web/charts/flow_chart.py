"""A chart of a year's flows: rungs a year ago on the left, now on the right, a ribbon between each pair."""

from collections.abc import Sequence
from html import escape

from markupsafe import Markup

from features.tables import RUNGS
from serving.store.summaries import LEFT, NEW
from serving.web.visit import Visit

WIDTH, TALL, SIDE, NODE, GAP, TOP = 760, 420, 150, 12, 9, 8
LEAST = 0.004
"""A flow of a smaller part of all accounts is not drawn; the table has it."""


def draw_flows(visit: Visit, flows: Sequence[Sequence[float]], told: str) -> Markup:
    """Draw the flows.  flows : rungs and NEW by rungs and LEFT, accounts.  told : in words."""
    total = sum(map(sum, flows))
    if not total:
        return Markup("")
    order = [*range(len(RUNGS) - 1, -1, -1), NEW]  # the highest rung on top, the new and the gone below
    starts: dict[int, float] = {a: sum(flows[a]) for a in order}
    ends: dict[int, float] = {b: sum(flows[a][b] for a in order) for b in order}
    room = TALL - 2 * TOP - GAP * (len(order) - 1)
    scale = room / total
    left, right = _places(order, starts, scale), _places(order, ends, scale)
    parts: list[str] = []
    begin, end = dict(left), dict(right)
    for a in order:
        for b in order:
            count = flows[a][b]
            thick = count * scale
            if count >= LEAST * total:
                parts.append(_ribbon(begin[a], end[b], thick, _kind(a, b), f"{visit.formats.number(count)}"))
            begin[a] += thick
            end[b] += thick
    for side, places, sums in ((0, left, starts), (1, right, ends)):
        for one in order:
            if sums[one]:
                parts += _node(visit, side=side, which=one, y=places[one], height=sums[one] * scale, count=sums[one])
    head = f'<svg class="picture flows" viewBox="0 0 {WIDTH} {TALL}" width="{WIDTH}" height="{TALL}" role="img" '
    return Markup(f'{head}aria-label="{escape(told, quote=True)}">{"".join(parts)}</svg>')


def _kind(a: int, b: int) -> str:
    if a == NEW and b != LEFT:
        return "fresh"
    if b == LEFT or b < a:
        return "fell"
    return "rose" if b > a else "stayed"


def _places(order: Sequence[int], sums: dict[int, float], scale: float) -> dict[int, float]:
    """Return the top of every node."""
    places, y = {}, float(TOP)
    for one in order:
        places[one] = y
        y += sums[one] * scale + GAP
    return places


def _ribbon(y1: float, y2: float, thick: float, kind: str, count: str) -> str:
    x1, x2 = SIDE + NODE, WIDTH - SIDE - NODE
    bend = (x1 + x2) / 2
    a, b, c, d = (round(one, 1) for one in (y1, y2, y2 + thick, y1 + thick))
    path = f"M{x1} {a}C{bend} {a} {bend} {b} {x2} {b}V{c}C{bend} {c} {bend} {d} {x1} {d}z"
    return f'<path class="ribbon {kind}" d="{path}"><title>{escape(count)}</title></path>'


def _node(visit: Visit, *, side: int, which: int, y: float, height: float, count: float) -> list[str]:
    name = visit.say(("ladder.new", "ladder.left")[side]) if which == NEW else visit.say(f"rung.{RUNGS[which]}")
    x = WIDTH - SIDE - NODE if side else SIDE
    text, anchor = (x + NODE + 6, "start") if side else (x - 6, "end")
    middle = round(y + max(height, 2) / 2 + 4, 1)
    return [
        f'<rect class="node" x="{x}" y="{round(y, 1)}" width="{NODE}" height="{round(max(height, 2), 1)}"/>',
        f'<text x="{text}" y="{middle}" text-anchor="{anchor}">{escape(name)} '
        f'<tspan class="count">{escape(visit.formats.number(count))}</tspan></text>',
    ]
