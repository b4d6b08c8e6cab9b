"""Texts in files that people open in a spreadsheet: none of them may run as a formula there, in any locale.

A spreadsheet runs a cell that begins with = + - or @, also after blanks, also in another width. Where lists are
separated by semicolons it splits a line at every semicolon, since no cell but the first begins with a quotation mark
for it: so a formula may also stand within a text, behind a separator. An apostrophe before the sign makes a text of
either, and reading our own files takes it away again.
"""

import re
from collections.abc import Callable

import pandas as pd

_RUNS = "'*[=+\\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u2212\ufb29\u207a\u207b\u207c\u208a\u208b\u208c]"
"""With all that NFKC, by which some programs read, makes one of the four signs."""
_BLANKS = (
    '[ "\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\xa0\\xad\\u1680\\u180e\\u2000-\\u200f\\u2028-\\u202f\\u205f-\\u206f'
    "\\u3000\\ufeff]*"
)
"""What is not seen, and dropped by some program before it looks at the first sign; and quotation marks."""
_WITHIN, _WITHIN_TAKEN = (re.compile(f"([;|\\t\\r\\n]{_BLANKS}){more}(?={_RUNS})") for more in ("", "'"))
_FIRST, _FIRST_TAKEN = (re.compile(f"^({_BLANKS}){more}(?={_RUNS}|'*[\\t\\r\\n])") for more in ("", "'"))

_PLAIN = re.compile(r"[0-9A-Za-z][^;|\t\r\n]*")
"""Most texts: they begin with a letter or a digit, and nothing within them separates."""


def plain(text: str) -> str:
    """Return the text as no spreadsheet runs it.

    >>> plain("=1+1"), plain("Acme;=1+1"), plain("Acme"), plain("'=1")
    ("'=1+1", "Acme;'=1+1", 'Acme', "''=1")
    """
    return text if _PLAIN.fullmatch(text) else _FIRST.sub(r"\1'", _WITHIN.sub(r"\1'", text))


def unplain(text: str) -> str:
    """Return what `plain` was given."""
    return _WITHIN_TAKEN.sub(r"\1", _FIRST_TAKEN.sub(r"\1", text))


def plain_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with its texts plain, for a CSV file."""
    return _mapped(frame, f"(?:^|[;|\\t\\r\\n]){_BLANKS}(?:{_RUNS}|[\\t\\r\\n])", plain)


def unplain_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame that `plain_frame` was given, read from a CSV file."""
    return _mapped(frame, "'", unplain)


def _mapped(frame: pd.DataFrame, sign: str, change: Callable[[str], str]) -> pd.DataFrame:
    """Change the texts that hold the sign; most have none, and their columns stay as they are."""
    changed = {}
    for name in frame.columns:
        column = frame[name]
        if isinstance(column.dtype, pd.StringDtype) or column.dtype == object:
            texts = column.map(lambda cell: isinstance(cell, str)).to_numpy(bool)
            concerned = texts & column.where(texts, "").astype(str).str.contains(sign, regex=True).to_numpy(bool)
            if concerned.any():
                cells = column.copy()
                cells[concerned] = column[concerned].map(change)
                changed[name] = cells
    return frame.assign(**changed) if changed else frame
