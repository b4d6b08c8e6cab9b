"""Numbers in a column of text: the mark of decimals is settled from all of them together."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.instants import BoolArray, IntArray
from features.sources.cleaning.cells import NUMBER_PATTERN
from features.sources.readings.evidence import Evidence, choose, matches

POINT, COMMA = "decimal_point", "decimal_comma"
_SPACES = "'’ \u00a0\u202f\u2009"
_SIGNS = r"[$€£¥₹₺₽₪₩฿₫₱₦₴]|kr\.?|zł|Kč|Ft|Rs\.?|S?Fr\.?|RM"
_CODE = r"[A-Z]{3}"
_ZERO = rf"\s*(?:{_CODE}|(?:[A-Z]{{1,2}})?(?:{_SIGNS}))\s*[-–—]+\s*"
"""Nothing, as accountants write it: a dash behind the currency."""
_SHAPE = (
    rf"\s*(?P<open>\()?\s*(?P<before>[-+−])?\s*(?P<prefix>(?:{_CODE}|(?:[A-Z]{{1,2}})?(?:{_SIGNS})))?\s*(?P<sign>[-+−])?\s*"
    rf"(?P<inner>\()?\s*(?P<number>[0-9][0-9.,{_SPACES}]*|[.,][0-9]+)(?P<exponent>[eE][-+]?[0-9]+)?\s*(?P<percent>%)?\s*"
    rf"(?P<suffix>(?:{_CODE}|{_SIGNS}))?\s*(?P<behind>-)?(?P<close>\))?\s*"
)
_GROUPS = {
    POINT: rf"(?:[0-9]+|[1-9][0-9]{{0,2}}(?:[,{_SPACES}][0-9]{{3}})+|[1-9][0-9]?(?:,[0-9]{{2}})+,[0-9]{{3}})"
    r"(?:\.[0-9]*)?|\.[0-9]+",
    COMMA: rf"(?:[0-9]+|[1-9][0-9]{{0,2}}(?:[.{_SPACES}][0-9]{{3}})+)(?:,[0-9]*)?|,[0-9]+",
}
"""Mark -> what a number looks like under it, thousands apart or not."""
_THREE = {POINT: r"[1-9][0-9]{0,2}\.[0-9]{3}", COMMA: r"[1-9][0-9]{0,2},[0-9]{3}"}
"""Mark -> a number that is a thousand times larger under the other mark."""
CURRENCIES = {
    "$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR", "kr": "SEK", "kr.": "DKK", "zł": "PLN", "₺": "TRY",
    "₽": "RUB", "₪": "ILS", "₩": "KRW", "฿": "THB", "₫": "VND", "₱": "PHP", "₦": "NGN", "₴": "UAH", "Kč": "CZK",
    "Ft": "HUF", "Rs": "INR", "Rs.": "INR", "Fr": "CHF", "Fr.": "CHF", "SFr": "CHF", "SFr.": "CHF", "RM": "MYR",
    "R$": "BRL", "US$": "USD", "A$": "AUD", "AU$": "AUD", "C$": "CAD", "CA$": "CAD", "NZ$": "NZD", "HK$": "HKD",
    "S$": "SGD", "MX$": "MXN", "NT$": "TWD", "CN¥": "CNY", "EURO": "EUR", "EUROS": "EUR", "DOLLAR": "USD",
    "DOLLARS": "USD", "US DOLLAR": "USD", "POUND": "GBP", "POUNDS": "GBP", "STERLING": "GBP",
}  # fmt: skip
"""Sign or word for a currency -> its code."""
SHARED = {"USD": "AUD CAD NZD SGD HKD MXN TWD ARS CLP COP", "SEK": "NOK DKK ISK", "JPY": "CNY", "INR": "PKR LKR NPR"}
"""Code of a sign -> the currencies that have the same sign."""


def gather(cells: pa.Array, times: IntArray) -> Evidence:
    """Return what distinct cells say about their marks.  times : how often each stands there."""
    seen = Evidence()
    found = _parts(cells)
    there = np.asarray(found.is_valid())
    number = choose(there, pc.utf8_trim_whitespace(found.field("number")), pa.scalar(""))
    fits = {mark: matches(number, pattern) for mark, pattern in _GROUPS.items()}
    three = {mark: matches(number, pattern) for mark, pattern in _THREE.items()}
    seen.see(POINT, there & fits[POINT] & ~fits[COMMA], cells, times)
    seen.see(COMMA, there & fits[COMMA] & ~fits[POINT], cells, times)
    for mark, where in three.items():
        seen.see(f"three_{mark}", where, cells, times)
        seen.see(f"zero_{mark}", where & matches(number, "[0-9.,]*0"), cells, times)
    seen.see("unlike", there & ~matches(cells, rf"\s*{NUMBER_PATTERN}\s*"), cells, times)
    seen.see("small", matches(number, "[0-9]{1,3}"), cells, times)
    seen.see("large", matches(number, "[0-9]{4,}"), cells, times)
    seen.see("percent", there & _filled(found, "percent"), cells, times)
    seen.see(
        "parentheses",
        there & (_filled(found, "open") | _filled(found, "inner") | _filled(found, "behind")),
        cells,
        times,
    )
    seen.see("currency", there & (_filled(found, "prefix") | _filled(found, "suffix")), cells, times)
    seen.see("grouped", there & matches(number, f"[0-9]+[{_SPACES}].*|.*[.,].*[.,].*"), cells, times)
    for name in ("prefix", "suffix"):
        where = there & _filled(found, name)
        if where.any():
            used = np.asarray(found.field(name).filter(pa.array(where)))
            seen.collect("currency", np.array([currency(cell) for cell in used.tolist()]))
    return seen


def _parts(cells: pa.Array) -> pa.Array:
    """Return the parts of each amount; a dash for the cents, as in `12,-`, or for nothing, as in `$ -`, is no sign."""
    cells = pc.replace_substring_regex(cells, r"([0-9][.,])[-–—]{1,2}(\s*\D*)$", r"\100\2")
    zero = matches(cells, _ZERO)
    if zero.any():
        cells = choose(zero, pc.replace_substring_regex(cells, r"[-–—]+\s*$", "0"), cells)
    return pc.extract_regex(cells, f"^{_SHAPE}$")


def currency(sign: str) -> str:
    """Return the code of a currency that stands before or behind an amount, or in a column of its own.

    >>> currency("R$"), currency("eur"), currency("Euro")
    ('BRL', 'EUR', 'EUR')
    """
    return CURRENCIES.get(sign, CURRENCIES.get(sign.upper(), sign.upper()))


def is_currency(sign: str, code: str) -> bool:
    """Return whether an amount with the code of a sign may be in a currency: a dollar may be any country's.

    >>> is_currency("USD", "CAD"), is_currency("EUR", "CAD")
    (True, False)
    """
    code = currency(code)
    return sign == code or code in SHARED.get(sign, "").split()


def settle(seen: Evidence, low: float | None, high: float | None) -> tuple[str, Mapping[str, str]]:
    """Return the code of the reading, and what is in doubt: mark -> how an example would read.

    low, high : the limits of the column; a reading that breaks them is not meant.
    """
    counts = seen.counts
    if counts[POINT] or counts[COMMA]:
        return (COMMA if counts[COMMA] > counts[POINT] else POINT), {}
    with_three = [mark for mark in (POINT, COMMA) if counts[f"three_{mark}"]]
    if not with_three:
        return "whole", {}
    mark = with_three[0]
    other = COMMA if mark == POINT else POINT
    example = seen.examples[f"three_{mark}"]
    large = float(read(pa.array([example]), other)[0][0].as_py())
    if counts["large"] or (high is not None and not (low or -high) <= large <= high):
        return mark, {}  # thousands are written without a mark, so this one begins the decimals
    if len(with_three) == 1 and counts["small"] and counts[f"zero_{mark}"]:
        return other, {}  # decimals would stand everywhere, or end without a nought
    return "doubtful", {m: read(pa.array([example]), m)[0][0].as_py() for m in (mark, other)}


def read(cells: pa.Array, mark: str, share: bool = False) -> tuple[pa.Array, BoolArray]:
    """Return each cell as the contract writes numbers, and whether it could be read.

    mark : POINT or COMMA.  share : the column holds shares, so that per cents count.
    """
    found = _parts(cells)
    there = np.asarray(found.is_valid())

    def text(name: str) -> pa.Array:
        return choose(there, found.field(name), pa.scalar("")).fill_null("")

    number = pc.utf8_trim_whitespace(text("number"))
    percent = _filled(found, "percent") & there
    valid = there & matches(number, _GROUPS.get(mark, _GROUPS[POINT])) & (share | ~percent)
    twice = _filled(found, "open") & _filled(found, "inner")
    opened, closed = (_filled(found, "open") ^ _filled(found, "inner")) & there, _filled(found, "close") & there
    signs = np.stack([np.asarray(pc.not_equal(text(name), "")) for name in ("before", "sign", "behind")])
    valid &= ~twice & (opened == closed) & (signs.sum(axis=0) + opened <= 1)
    minus = opened | np.asarray(pc.is_in(pc.binary_join_element_wise(text("before"), text("sign"), text("behind"), ""),
                                         pa.array(["-", "−"])))  # fmt: skip
    thousands, decimal = (f"[.{_SPACES}]", ",") if mark == COMMA else (f"[,{_SPACES}]", None)
    plain = pc.replace_substring_regex(number, thousands, "")
    if decimal is not None:
        plain = pc.replace_substring(plain, ",", ".")
    sign = choose(minus, pa.scalar("-"), pa.scalar(""))
    written = pc.binary_join_element_wise(sign, plain, text("exponent"), "")
    if percent.any():
        parts = np.asarray(choose(valid & percent, written, pa.scalar("0")).cast(pa.float64())) / 100
        written = choose(percent, pa.array(np.round(parts, 12)).cast(pa.string()), written)
    return choose(valid, written, cells), valid


def symbols(cells: pa.Array) -> pa.Array:
    """Return the code of each cell's currency, null where it has none.  cells : text, an array or in chunks."""
    cells = cells.combine_chunks() if isinstance(cells, pa.ChunkedArray) else cells
    found = _parts(cells)
    there = np.asarray(found.is_valid())
    joined = choose(there, pc.binary_join_element_wise(found.field("prefix"), found.field("suffix"), ""), pa.scalar(""))
    coded = joined.fill_null("").dictionary_encode()
    codes = pa.array([currency(sign) if sign else None for sign in coded.dictionary.to_pylist()], pa.string())
    return codes.take(coded.indices)


def _filled(found: pa.Array, name: str) -> BoolArray:
    filled: BoolArray = np.asarray(pc.not_equal(found.field(name), "").fill_null(False))
    return filled
