"""A chart of an account's three years: the rung of every quarter, and a row of marks for each kind of event."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from html import escape

from markupsafe import Markup

from features.accounts.account_timeline import AccountTimeline, quarter_days
from features.instants import MICROSECONDS_PER_DAY
from features.tables import RUNGS
from serving.web.visit import Visit
from serving.web.words.timeline_events import LANE, LANES, TimelineEvent, day_text

WIDTH, LEFT, RIGHT = 940, 104, 12
HEAD, LANE_HEIGHT, FOOT = 26, 28, 22
Scale = Callable[[float], float]
"""A day's place across the picture."""
_SHAPES = {
    "orders": "bar", "interactions": "dot", "inquiries": "up", "inquiries_closed": "up", "tickets": "square",
    "breaches": "cross", "nps": "diamond", "csat": "diamond", "ces": "diamond", "contracts": "span",
    "referrals": "star", "investments": "up", "triggers": "down", "switches": "cross",
}  # fmt: skip


def draw_timeline(visit: Visit, timeline: AccountTimeline, events: Sequence[TimelineEvent], as_of: int) -> Markup:
    """Draw the timeline.  as_of : microseconds, its right edge."""
    first, last = timeline["since"], as_of // MICROSECONDS_PER_DAY
    lanes = [lane for lane, kinds in LANES.items() if any(event.kind in kinds for event in events)]
    bottom = HEAD + LANE_HEIGHT * max(len(lanes), 1)
    height = bottom + FOOT

    def x(day: float) -> float:
        inside = min(max(day, first), last)
        place: float = round(LEFT + (inside - first) / max(last - first, 1) * (WIDTH - LEFT - RIGHT), 1)
        return place

    parts = [
        *_band(visit, timeline["rungs"], [*quarter_days(as_of), last], bottom, x),
        *_years(first, last, bottom, x),
    ]
    largest = max((event.size for event in events), default=0.0) or 1.0
    for number, lane in enumerate(lanes):
        middle = HEAD + LANE_HEIGHT * number + LANE_HEIGHT / 2
        parts.append(f'<text class="lane" x="0" y="{middle + 4}">{escape(visit.say(f"lane.{lane}"))}</text>')
        parts.append(f'<line class="rule" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{middle}" y2="{middle}"/>')
        for event in sorted((one for one in events if LANE[one.kind] == lane), key=lambda one: one.day):
            ends = last if event.until is None else event.until
            parts.append(_mark(event, x(event.day), x(max(ends, event.day)), middle, event.size / largest))
    told = escape(
        visit.say("account.timeline.told", since=day_text(visit, first), until=day_text(visit, last)), quote=True
    )
    head = f'<svg class="picture timeline" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img" '
    return Markup(f'{head}aria-label="{told}">{"".join(parts)}</svg>')


def _band(visit: Visit, rungs: Sequence[int | None], edges: Sequence[int], bottom: float, x: Scale) -> list[str]:
    """Return a column for every quarter, and the rung's name where it changes and there is room."""
    parts, shown, free = [], None, 0.0
    for rung, begin, end in zip(rungs, edges[:-1], edges[1:], strict=True):
        if rung is None:
            shown = None
            continue
        left, width = x(begin), round(x(end) - x(begin), 1)
        parts.append(f'<rect class="band band{rung}" x="{left}" y="{HEAD - 20}" width="{width}" '
                     f'height="{bottom - HEAD + 20}"/>')  # fmt: skip
        if rung != shown and left >= free:
            name = visit.say(f"rung.{RUNGS[rung]}")
            room = len(name) * 6.4
            if left + room < WIDTH - RIGHT + 6:
                parts.append(f'<text class="rung" x="{left + 3}" y="{HEAD - 7}">{escape(name)}</text>')
                free = left + room
                shown = rung
    return parts


def _years(first: int, last: int, bottom: float, x: Scale) -> list[str]:
    parts = []
    for day in range(first, last + 1):
        date = datetime.fromtimestamp(day * 86_400, UTC)
        if date.day == 1 and date.month in (1, 7):
            at = x(day)
            kind = "year" if date.month == 1 else "half"
            label = f"{date.year}" if date.month == 1 and at < WIDTH - RIGHT - 30 else ""
            parts.append(f'<line class="{kind}" x1="{at}" x2="{at}" y1="{HEAD - 4}" y2="{bottom + 4}"/>')
            parts.append(f'<text class="year" x="{at + 3}" y="{bottom + 15}">{label}</text>')
    return parts


def _mark(event: TimelineEvent, x: float, until: float, middle: float, share: float) -> str:
    shape, tone = _SHAPES[event.kind], f"mark {event.kind} {event.tone}".strip()
    if shape == "bar":
        height = round(min(max(abs(share) * 22, 2), 22), 1)
        return f'<rect class="{tone}" x="{x - 1}" y="{round(middle + 12 - height, 1)}" width="2" height="{height}"/>'
    if shape == "span":
        return (
            f'<rect class="{tone}" x="{x}" y="{middle - 4}" width="{max(round(until - x, 1), 3)}" height="8" rx="2"/>'
        )
    if shape == "dot":
        return f'<circle class="{tone}" cx="{x}" cy="{middle}" r="3.2"/>'
    if shape == "square":
        return f'<rect class="{tone}" x="{x - 3.5}" y="{middle - 3.5}" width="7" height="7"/>'
    path = {
        "up": f"M{x - 5} {middle + 4}h10l-5 -9z",
        "down": f"M{x - 5} {middle - 4}h10l-5 9z",
        "diamond": f"M{x} {middle - 5}l5 5l-5 5l-5 -5z",
        "star": f"M{x} {middle - 6}l2 4l4 .5l-3 3l.8 4.5l-3.8 -2l-3.8 2l.8 -4.5l-3 -3l4 -.5z",
        "cross": f"M{x - 4} {middle - 4}l8 8m0 -8l-8 8",
    }[shape]
    return f'<path class="{tone} {shape}" d="{path}"/>'
