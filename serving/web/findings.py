"""The model's report read again: grades, chances beside what came true, coverage; other sentences stay as they are.

`training.evaluation.grading` writes these sentences; a test holds both together.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

_GRADE = re.compile(r"grade of (?P<task>[a-z ]+): (?P<rest>.*)", re.S)
_MARKS = ("clearly better", "a little better", "no better", "worse", "cannot tell", "none")
_BAND = re.compile(
    r"of the accounts that we gave (?P<low>[\d.]+)-(?P<high>[\d.]+) %, (?P<seen>[\d.]+) % (?P<what>climbed|left) "
    r"\[95 %: (?P<least>[\d.]+) to (?P<most>[\d.]+) %\] \((?P<count>[\d,]+) snapshots\)"
)
_FEW = re.compile(
    r"of the accounts that we gave (?P<low>[\d.]+)-(?P<high>[\d.]+) %, too few to tell: it was given "
    r"(?P<times>once|\d+)( times)?"
)
_COVERED = re.compile(r"out of time (?P<share>[\d.]+) % \[.*?\] of the realised (?P<what>rungs|revenues) lay in their")


@dataclass(frozen=True)
class Grade:
    """task : as the report names it.  mark : one of the marks.  words : the whole sentence."""

    task: str
    mark: str
    words: str


@dataclass(frozen=True)
class Chance:
    """Of the accounts that were given low to high per cent, `seen` per cent came true; None where there were few."""

    low: int
    high: int
    times: int
    seen: float | None = None
    least: float | None = None
    most: float | None = None

    @property
    def fits(self) -> bool:
        """Whether what came true may well be what was given."""
        if self.least is None or self.most is None:
            return True
        return 100 * self.least <= self.high and 100 * self.most >= self.low


@dataclass
class Report:
    """bands : climbed or left -> its chances, ascending.  covered : rungs or revenues -> share in per cent."""

    grades: list[Grade] = field(default_factory=list)
    bands: dict[str, list[Chance]] = field(default_factory=dict)
    covered: dict[str, float] = field(default_factory=dict)
    every: Sequence[str] = ()


def read_report(lines: Sequence[str]) -> Report:
    """The report in its parts."""
    report, open_few, kind = Report(every=tuple(lines)), list[Chance](), ""
    for line in lines:
        if (found := _GRADE.match(line)) is not None:
            rest = found["rest"]
            mark = next((mark for mark in _MARKS if rest.startswith(mark)), "cannot tell")
            report.grades.append(Grade(found["task"], mark, line))
        elif (found := _BAND.match(line)) is not None:
            kind = found["what"]
            told = Chance(round(float(found["low"])), round(float(found["high"])), int(found["count"].replace(",", "")),
                          *(float(found[name]) / 100 for name in ("seen", "least", "most")))  # fmt: skip
            mine = report.bands.setdefault(kind, [])
            mine += [*open_few, told]
            open_few = []
        elif (found := _FEW.match(line)) is not None:
            times = 1 if found["times"] == "once" else int(found["times"])
            few = Chance(round(float(found["low"])), round(float(found["high"])), times)
            mine = report.bands.get(kind, [])
            (mine if mine and few.low >= mine[-1].high else open_few).append(few)
        elif (found := _COVERED.match(line)) is not None:
            report.covered[found["what"]] = float(found["share"]) / 100
    return report
