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
MISSING_ID = "None"
"""What also means nothing where an id belongs: how Python writes it."""
_POINT_ZERO = r"-?[0-9]+\.0+"
_OTHER_DECIMALS = r"-?[0-9]+\.[0-9]*[1-9][0-9]*"


def is_id(name: str) -> bool:
    """Return whether a column holds ids."""
    return name.endswith("_id")


def gather(cells: pa.Array, times: IntArray, name: str) -> Evidence:
    """Return what distinct cells say about how they are written.  times : how often each stands there."""
    seen, trimmed = Evidence(), pc.utf8_trim_whitespace(cells)
    seen.see("trimmed", np.asarray(pc.and_(pc.not_equal(trimmed, cells), pc.not_equal(trimmed, ""))), cells, times)
    empty = means_nothing(trimmed, name)
    seen.see("null_like", empty, cells, times)
    if empty.any():
        seen.collect("null_like", np.array(trimmed.filter(pa.array(empty)).to_pylist()))
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
    trimmed = pc.utf8_trim_whitespace(cells)
    read = choose(means_nothing(trimmed, name), pa.scalar(None, pa.string()), trimmed)
    if seen.counts["point_zero"] and not seen.counts["other_decimals"]:
        read = choose(matches(trimmed, _POINT_ZERO), pc.replace_substring_regex(trimmed, r"\.0+$", ""), read)
    return read
