"""Two pictures: values with their intervals by group, and shares over years by rung."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from markupsafe import Markup

WIDTH, LABEL, RIGHT, ROW, MARK = 760, 190, 90, 12, 14
TALL, LEFT, EDGE = 320, 60, 170
KINDS = ("now", "then")


@dataclass(frozen=True)
class Mark:
    """A value with the ends of its interval, None where it is not known, and the value in words."""

    value: float | None
    low: float | None
    high: float | None
    words: str


def draw_ranges(rows: Sequence[tuple[str, Sequence[Mark]]], series: Sequence[str], told: str) -> Markup:
    """Draw a mark with its interval for each series of each row.

    rows : label, and one mark for each of `series`, which are at most len(KINDS).  told : in words.
    """
    known = [end for _, marks in rows for one in marks for end in (one.value, one.low, one.high) if end is not None]
    if not known:
        return Markup("")
    least, most = min(0.0, *known), max(0.0, *known)
    span = (most - least) or 1.0

    def x(value: float) -> float:
        return round(LABEL + (value - least) / span * (WIDTH - LABEL - RIGHT), 1)

    parts, y = [], 26.0
    for k, words in enumerate(series):
        parts.append(f'<rect class="b-{KINDS[k]}" x="{LABEL + 190 * k}" y="4" width="12" height="12"/>')
        parts.append(f'<text x="{LABEL + 190 * k + 18}" y="15">{escape(words)}</text>')
    for label, marks in rows:
        middle = y + MARK * len(marks) / 2 + 4
        parts.append(f'<text x="{LABEL - 10}" y="{middle:.1f}" text-anchor="end">{escape(label)}</text>')
        for k, one in enumerate(marks):
            at = y + MARK * k + MARK / 2
            if one.value is None:
                continue
            if one.low is not None and one.high is not None:
                parts.append(f'<path class="whisker" d="M{x(one.low)} {at - 3}v6m0 -3H{x(one.high)}m0 -3v6"/>')
            parts.append(f'<circle class="b-{KINDS[k]}" cx="{x(one.value)}" cy="{at}" r="4"/>')
            end = max(end for end in (one.value, one.high) if end is not None)
            parts.append(f'<text class="count" x="{x(end) + 8}" y="{at + 4}">{escape(one.words)}</text>')
        y += MARK * len(marks) + ROW
    parts.append(f'<line class="zero" x1="{x(0)}" x2="{x(0)}" y1="22" y2="{y:.0f}"/>')
    return _whole("ranges", y + 6, parts, told)


def draw_shares(lines: Sequence[tuple[str, Sequence[float | None]]], years: Sequence[str], told: str) -> Markup:
    """Draw a line of shares 0..1 for each rung, its name at the end.

    lines : label, and a share for each of `years`.  told : in words.
    """
    step = (WIDTH - LEFT - EDGE) / max(len(years) - 1, 1)
    parts = []

    def y(share: float) -> float:
        return round(16 + (1 - share) * (TALL - 50), 1)

    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        parts.append(f'<line class="zero" x1="{LEFT}" x2="{WIDTH - EDGE}" y1="{y(share)}" y2="{y(share)}"/>')
        parts.append(f'<text class="count" x="{LEFT - 8}" y="{y(share) + 4}" text-anchor="end">{share:.0%}</text>')
    for k, words in enumerate(years):
        parts.append(f'<text x="{LEFT + k * step:.1f}" y="{TALL - 10}" text-anchor="middle">{escape(words)}</text>')
    drawn = []
    for label, shares in lines:
        points = [(round(LEFT + k * step, 1), y(one)) for k, one in enumerate(shares) if one is not None]
        if points:
            drawn.append((points[-1][1], points, label))
    lowest: dict[float, float] = {}
    for last, points, label in sorted(drawn):
        parts.append(f'<polyline class="line" points="{" ".join(f"{a},{b}" for a, b in points)}"/>')
        parts += [f'<circle class="b-now" cx="{a}" cy="{b}" r="3"/>' for a, b in points]
        x = points[-1][0]
        at = max(last + 4, lowest.get(x, -14.0) + 14)  # names that end at the same year stand one below the other
        lowest[x] = at
        parts.append(f'<text x="{x + 8}" y="{at}">{escape(label)}</text>')
    height = max([TALL, *(one + 8 for one in lowest.values())])
    return _whole("shares", height, parts, told) if drawn else Markup("")


def _whole(kind: str, height: float, parts: Sequence[str], told: str) -> Markup:
    head = f'<svg class="picture {kind}" viewBox="0 0 {WIDTH} {height:.0f}" width="{WIDTH}" height="{height:.0f}" '
    return Markup(f'{head}role="img" aria-label="{escape(told, quote=True)}">{"".join(parts)}</svg>')
