"""Whether a feature of one's own is the same when it is computed again: no chance, no clock, no other account.

A score must be the same to the last bit whenever and with whomever it is computed; a feature that is not would be
learnt as one thing and served as another.
"""

import inspect
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from types import CodeType, FrameType
from typing import Any

import numpy as np

from features.catalog.declarations import Context, Feature
from features.errors import PluginFailed
from features.histories.views import View

MOST_SNAPSHOTS = 200
"""That a feature is computed for again."""
_OF_TIME = frozenset({"time", "time_ns", "ctime", "gmtime", "localtime", "strftime"})
_OF_DATES, _OF_PANDAS = frozenset({"now", "today", "utcnow"}), frozenset({"Timestamp", "datetime64", "to_datetime"})


def check_steady(view: View, context: Context, features: Sequence[Feature]) -> None:
    """Refuse a feature that chance, the clock or other accounts have a part in.

    Raises
    ------
    PluginFailed
        With the name of the first.
    """
    if not features or not len(view):
        return
    rows = np.arange(0, len(view), -(-len(view) // MOST_SNAPSHOTS))
    part = View(view.histories, view.snapshots.take(rows))
    half = View(view.histories, view.snapshots.take(rows[::2]))
    for feature in features:
        if not view.histories.tables.issuperset(feature.tables):
            continue
        clocks: set[str] = _named_clocks(feature.compute)
        with _noting_clocks(feature.compute, clocks):
            first = feature.compute(part, context)
        again, alone = feature.compute(part, context), feature.compute(half, context)
        if clocks:
            _refuse(feature, f"asks what time it is now ({', '.join(sorted(clocks))})", "the as_of of each snapshot")
        if not np.array_equal(first, again, equal_nan=True):
            _refuse(feature, "gives other numbers when it is computed again", "what does not change, not chance")
        if not np.array_equal(first[::2], alone, equal_nan=True):
            _refuse(
                feature, "gives an account other numbers when others are left out", "each account's own history alone"
            )


def _refuse(feature: Feature, what: str, wanted: str) -> None:
    raise PluginFailed(
        f"The feature {feature.name} {what}: it would be learnt as one thing and served as another. Compute it of "
        f"{wanted}, or leave it out."
    )


def _code(function: Callable[..., Any]) -> CodeType | None:
    inner = inspect.unwrap(function)
    code: CodeType | None = getattr(inner, "__code__", None) or getattr(type(inner).__call__, "__code__", None)
    return code


def _named_clocks(function: Callable[..., Any]) -> set[str]:
    """Return the ways in which a function asks pandas or NumPy for now, which no profile sees."""
    code = _code(function)
    if code is None or not _OF_PANDAS.intersection(code.co_names):
        return set()
    asked = {f"{name!r}" for name in code.co_consts if name in ("now", "today")}
    if "Timestamp" in code.co_names:
        asked |= {f"Timestamp.{name}" for name in _OF_DATES.intersection(code.co_names)}
    return asked


@contextmanager
def _noting_clocks(function: Callable[..., Any], found: set[str]) -> Iterator[None]:
    """Note the clocks that are read within the file of a function while the block runs."""
    code, before = _code(function), sys.getprofile()

    def note(frame: FrameType, event: str, called: Any) -> None:
        if event != "c_call" or code is None or frame.f_code.co_filename != code.co_filename:
            return
        name, of = called.__name__, getattr(called, "__self__", None)
        if getattr(of, "__name__", None) == "time" and name in _OF_TIME:
            found.add(f"time.{name}")
        elif isinstance(of, type) and issubclass(of, date) and name in _OF_DATES:
            found.add(f"{of.__name__}.{name}")

    sys.setprofile(note)
    try:
        yield
    finally:
        sys.setprofile(before)
