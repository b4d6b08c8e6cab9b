"""Pictures as SVG, made here: no script, no style attribute (the page's policy allows none), and a text for whoever
cannot see them. Colours come from the style sheet, so that dark, light and print each have theirs.
"""

import math
from collections.abc import Sequence
from html import escape

from markupsafe import Markup

INTERVAL_WIDTH, INTERVAL_HEIGHT = 132, 18
_EDGE = 4


def interval(
    value: float | None, low: float | None, high: float | None, *, least: float, most: float, told: str
) -> Markup:
    """Draw a value with its interval on the scale from least to most, and a line at zero.

    told : the same in words.  What is missing is not drawn.
    """
    if value is None or not math.isfinite(value):
        return Markup("")
    bottom, top = min(least, 0.0), max(most, 0.0)
    span = (top - bottom) or 1.0

    def x(amount: float) -> float:
        clipped = min(max(amount, bottom), top)
        return round(_EDGE + (clipped - bottom) / span * (INTERVAL_WIDTH - 2 * _EDGE), 1)

    middle = INTERVAL_HEIGHT / 2
    parts = [f'<line class="zero" x1="{x(0)}" x2="{x(0)}" y1="1" y2="{INTERVAL_HEIGHT - 1}"/>']
    if low is not None and high is not None and math.isfinite(low) and math.isfinite(high):
        parts.append(
            f'<rect class="range" x="{x(low)}" y="{middle - 3}" width="{max(round(x(high) - x(low), 1), 1)}" '
            'height="6" rx="3"/>'
        )
    parts.append(f'<circle class="point" cx="{x(value)}" cy="{middle}" r="3.5"/>')
    return _picture("interval", INTERVAL_WIDTH, INTERVAL_HEIGHT, parts, told)


def bar(share: float | None, told: str, kind: str = "share", width: int = 64) -> Markup:
    """Draw a share 0..1 as a bar.  kind : class of the filled part."""
    if share is None or not math.isfinite(share):
        return Markup("")
    filled = round(min(max(share, 0.0), 1.0) * width, 1)
    parts = [
        f'<rect class="track" x="0" y="4" width="{width}" height="8" rx="4"/>',
        f'<rect class="{escape(kind)}" x="0" y="4" width="{max(filled, 2)}" height="8" rx="4"/>',
    ]
    return _picture("bar", width, 16, parts, told)


def break_even(
    spent: float, margin: float | None, *, low: float | None, high: float | None, amounts: tuple[str, str],
    labels: tuple[str, str], told: str,
) -> Markup:  # fmt: skip
    """Draw two bars: what is spent, and below it the expected extra margin with its interval.

    amounts, labels : beside them.  told : the same in words.
    """
    width, left, right = 460, 120, 70
    most = max(spent, margin or 0.0, high or 0.0, 1.0)

    def x(amount: float) -> float:
        return round(left + min(max(amount, 0.0), most) / most * (width - left - right), 1)

    parts = []
    for row, (amount, shown, label, kind) in enumerate(
        ((spent, amounts[0], labels[0], "spent"), (margin or 0.0, amounts[1], labels[1], "share"))
    ):
        y = 6 + 30 * row
        parts.append(f'<text x="{left - 8}" y="{y + 13}" text-anchor="end">{escape(label)}</text>')
        parts.append(f'<rect class="{kind}" x="{left}" y="{y}" width="{max(x(amount) - left, 1):.1f}" height="18"/>')
        parts.append(f'<text x="{width - right + 6}" y="{y + 13}">{escape(shown)}</text>')
    if low is not None and high is not None:
        parts.append(f'<path class="whisker" d="M{x(low)} 57v6m0 -3H{x(high)}m0 -3v6"/>')
    parts.append(f'<line class="zero even" x1="{x(spent)}" x2="{x(spent)}" y1="2" y2="64"/>')
    return _picture("break-even", width, 66, parts, told)


def _picture(kind: str, width: float, height: float, parts: list[str], told: str) -> Markup:
    label = f'role="img" aria-label="{escape(told)}"' if told else 'aria-hidden="true"'
    head = f'<svg class="picture {kind}" viewBox="0 0 {width} {height}" width="{width}" height="{height}" {label}>'
    return Markup(head + "".join(parts) + "</svg>")


def sparkline(values: Sequence[float], told: str, width: int = 96, height: int = 22) -> Markup:
    """Draw a line without axes, its last point marked.  told : the same in words."""
    if len(values) < 2:
        return Markup("")
    low, high = min(*values, 0.0), max(values)
    span = (high - low) or 1.0
    step = (width - 8) / (len(values) - 1)
    points = [
        (round(3 + step * k, 1), round(height - 3 - (v - low) / span * (height - 6), 1)) for k, v in enumerate(values)
    ]
    line = " ".join(f"{x},{y}" for x, y in points)
    last = points[-1]
    parts = [
        f'<polyline class="line" points="{line}"/>',
        f'<circle class="point" cx="{last[0]}" cy="{last[1]}" r="2.5"/>',
    ]
    return _picture("spark", width, height, parts, told)
