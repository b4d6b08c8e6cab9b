"""What a check, a grade, an effect or a plan found, as data: a stable code, a severity and plain parameters.

A finding is made where it is computed, stored as JSON (bundle, tracker, store, plan records) and turned into a sentence
only where somebody reads it (`training.model.text.catalogue`), in the language of that reader. Nothing reads a sentence
back: whoever needs a figure takes the parameter.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

OK, NOTE, WARNING, BLOCKER = "ok", "note", "warning", "blocker"
SEVERITIES = (OK, NOTE, WARNING, BLOCKER)
"""Examined and in order; told, and asks for nothing; to be kept in mind; stands in the way."""
DIGITS = 9
"""Significant digits that a parameter keeps: more than any text shows."""
Plain: TypeAlias = "bool | int | float | str | list[Plain] | None"


@dataclass(frozen=True)
class Finding:
    """One thing that was found.

    code : stable name, a row of the text catalogue.  severity : one of SEVERITIES.
    params : what the row's texts need, each a number, a text, None, or a list of such.
    """

    code: str
    severity: str
    params: Mapping[str, Plain] = field(default_factory=dict)

    @classmethod
    def of(cls, code: str, severity: str, /, **params: object) -> "Finding":
        """Return the finding with its parameters made plain: arrays' numbers, tuples and NaN are no JSON.

        >>> Finding.of("late", NOTE, days=(1, 7), share=float("nan")).params
        {'days': [1, 7], 'share': None}

        Raises
        ------
        TypeError
            If a parameter is nothing that JSON can hold: a mistake in code.
        """
        if severity not in SEVERITIES:
            raise TypeError(f"{code} has severity {severity!r}; it is one of {', '.join(SEVERITIES)}")
        return cls(code, severity, {name: _plain(name, value) for name, value in params.items()})

    def to_json(self) -> dict[str, Any]:
        """Return the finding as an object that JSON can hold."""
        return {"code": self.code, "severity": self.severity, "params": dict(self.params)}

    @classmethod
    def from_json(cls, content: object) -> "Finding":
        """Read what `to_json` wrote.

        Raises
        ------
        ValueError
            If it is anything else, down to a missing key or a parameter that is an object.
        """
        if not isinstance(content, dict) or set(content) != {"code", "severity", "params"}:
            raise ValueError(f"a finding has code, severity and params; found {_short(content)}")
        code, severity, params = content["code"], content["severity"], content["params"]
        if not isinstance(code, str) or severity not in SEVERITIES or not isinstance(params, dict):
            raise ValueError(f"a finding is a code, a severity and its params; found {_short(content)}")
        try:
            return cls(code, severity, {str(name): _plain(name, value) for name, value in params.items()})
        except TypeError as error:
            raise ValueError(f"finding {code}: {error}") from None


def to_json(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """Return findings as a list that JSON can hold."""
    return [finding.to_json() for finding in findings]


def from_json(content: object) -> tuple[Finding, ...]:
    """Read the list that `to_json` wrote.  Raises ValueError if it is anything else."""
    if not isinstance(content, list | tuple):
        raise ValueError(f"findings are a list; found {_short(content)}")
    return tuple(map(Finding.from_json, content))


def gravest(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings, the gravest first, equally grave ones in their order."""
    return sorted(findings, key=lambda finding: -SEVERITIES.index(finding.severity))


def _plain(name: str, value: Any) -> Plain:
    """Return the value without arrays' types and NaN, floats to DIGITS significant digits.  Raises TypeError."""
    if hasattr(value, "tolist"):  # NumPy's
        value = value.tolist()
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None
    if isinstance(value, list | tuple):
        return [_plain(name, item) for item in value]
    raise TypeError(f"parameter {name} is a {type(value).__name__}; JSON holds numbers, texts and lists of them")


def _short(content: object) -> str:
    text = repr(content)
    return text if len(text) <= 100 else f"{text[:100]}..."
