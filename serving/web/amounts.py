"""Amounts typed into a form, in either language."""

import re


def read_number(text: str) -> float | None:
    """Return an amount typed in either language, such as 20,000 or 20.000 or 1.234,50; None if it is none.

    A single separator that three digits follow parts thousands, in both languages.
    """
    plain = "".join(c for c in text.strip()[:40] if c not in " \u00a0'€$£")
    for shape in _AMOUNTS:
        found = shape.fullmatch(plain)
        if found:
            whole, fraction = re.sub(r"[.,]", "", found["whole"]), found["fraction"] or "0"
            return float(f"{whole}.{fraction}")
    return None


_AMOUNTS = (
    re.compile(r"(?P<whole>[0-9]{1,3}(,[0-9]{3}){1,4})(\.(?P<fraction>[0-9]{1,2}))?"),
    re.compile(r"(?P<whole>[0-9]{1,3}(\.[0-9]{3}){1,4})(,(?P<fraction>[0-9]{1,2}))?"),
    re.compile(r"(?P<whole>[0-9]{1,15})([.,](?P<fraction>[0-9]{1,2}))?"),
)
