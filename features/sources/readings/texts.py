"""Ids and names in a column of text: blanks around them, words that mean nothing, and ids that became numbers."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.instants import BoolArray, IntArray
from features.sources.readings.evidence import Evidence, choose, matches

NULL_LIKE = (
    "\\N", "NULL", "null", "(NULL)", "(null)", "<NULL>", "<null>", "[NULL]", "#N/A", "#NV", "#NULL!", "#REF!",
    "#VALUE!", "#NAME?", "#DIV/0!", "NaN", "nan", "NaT", "<NA>",
)  # fmt: skip
"""How SQL tools, spreadsheets and programs write an empty cell. An account may really be called NA, a person Null."""
MISSING_NUMBER = r"(?i:N/?A|n\.a\.|none|nil|-+|–|\?|unknown|onbekend)"
"""What also means nothing where a number or a date belongs."""
MISSING_DATE = (
    r"(0{1,4}[-/.]00[-/.]0{2,4}|(0001-01-01|1753-01-01|1899-12-3[01]|19[07]0-01-01)|0?1[-/.]0?1[-/.](0001|1753|19[07]0))"
    r"([T ]0{1,2}:00(:00(\.0+)?)?Z?)?|0{8}"
)
"""How programs write no date: noughts, or midnight of the first day that they know."""
MISSING_ID = "None"
"""What also means nothing where an id belongs: how Python writes it."""
_NO_WIDTH = "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\x00"
"""Signs that nobody sees: marks of direction and of joints, byte order marks, noughts of fixed records."""
_FORMULA = r'^="(.*)"$'
"""How programs keep a spreadsheet from turning a text into a number."""
_ROUNDED = r"[0-9][.,][0-9]+E\+[0-9]{2,3}"
"""An id that a spreadsheet turned into a number and rounded."""
_POINT_ZERO = r"-?[0-9]+\.0+"
_OTHER_DECIMALS = r"-?[0-9]+\.[0-9]*[1-9][0-9]*"


def is_id(name: str) -> bool:
    """Return whether a column holds ids."""
    return name.endswith("_id")


def trim(cells: pa.Array) -> pa.Array:
    """Return cells without blanks and invisible signs around them, and without the sign of a formula.

    >>> trim(pa.array([" K1\u200b ", '="007"'])).to_pylist()
    ['K1', '007']
    """
    trimmed = pc.utf8_trim_whitespace(pc.utf8_trim(pc.utf8_trim_whitespace(cells), _NO_WIDTH))
    if np.asarray(pc.starts_with(trimmed, '="').fill_null(False)).any():
        trimmed = pc.replace_substring_regex(trimmed, _FORMULA, r"\1")
    return trimmed


def gather(cells: pa.Array, times: IntArray, name: str) -> Evidence:
    """Return what distinct cells say about how they are written.  times : how often each stands there."""
    seen, trimmed = Evidence(), trim(cells)
    seen.see("trimmed", np.asarray(pc.and_(pc.not_equal(trimmed, cells), pc.not_equal(trimmed, ""))), cells, times)
    empty = means_nothing(trimmed, name)
    seen.see("null_like", empty, cells, times)
    if empty.any():
        seen.collect("null_like", np.array(trimmed.filter(pa.array(empty)).to_pylist()))
    if is_id(name) and np.asarray(pc.match_substring(trimmed, "E+")).any():
        seen.see("rounded", matches(trimmed, _ROUNDED), cells, times)
    if is_id(name) and np.asarray(pc.ends_with(trimmed, ".0")).any():
        seen.see("point_zero", matches(trimmed, _POINT_ZERO), cells, times)
        seen.see("other_decimals", matches(trimmed, _OTHER_DECIMALS), cells, times)
    return seen


def means_nothing(trimmed: pa.Array, name: str) -> BoolArray:
    """Return which cells of a column are words for an empty one."""
    words = (*NULL_LIKE, MISSING_ID) if is_id(name) else NULL_LIKE
    nothing: BoolArray = np.asarray(pc.is_in(trimmed, pa.array(words, trimmed.type)))
    return nothing


def read(cells: pa.Array, seen: Evidence, name: str) -> pa.Array:
    """Return each cell of a column as it is meant, null where it means nothing.

    seen : what all cells of the column say.
    """
    trimmed = trim(cells)
    read = choose(means_nothing(trimmed, name), pa.scalar(None, pa.string()), trimmed)
    if seen.counts["point_zero"] and not seen.counts["other_decimals"]:
        read = choose(matches(trimmed, _POINT_ZERO), pc.replace_substring_regex(trimmed, r"\.0+$", ""), read)
    return read
