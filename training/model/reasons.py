"""A reason as data: what a booster looked at, on which side it weighs and how much; a sentence only for a reader.

`training.model.text.words.render_reason` puts one into words, in English or Dutch. The store and files for programs
hold reasons as JSON. Release 0.1 kept the sentences themselves, in the language of the scoring run: those are texts in
the same lists, and every reader passes them through as they are.
"""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from features.catalog import catalog

LEAVING, CLIMBING = "leaving", "climbing"
OUTCOMES = (LEAVING, CLIMBING)
Value: TypeAlias = "float | str | None"
_FIELDS = frozenset(("outcome", "feature", "value", "peer", "direction", "strength"))


@dataclass(frozen=True)
class Reason:
    """One reason for an outcome, or against it.

    outcome : one of OUTCOMES.  feature : by its name in the catalogue.
    value : the account's; of a category its name, or its code where the model has no name for it; None = missing.
    peer : the median of similar accounts; None where it is not known, and of a category.
    direction : 1 speaks for the outcome, -1 against it.  strength : log odds, of all features of the topic together.
    """

    outcome: str
    feature: str
    value: Value
    peer: float | None
    direction: int
    strength: float

    @property
    def lever(self) -> bool:
        """Whether somebody of ours can act on it; not so for a feature that the catalogue no longer has."""
        return self.feature in catalog.BY_NAME and catalog.BY_NAME[self.feature].lever

    def to_json(self) -> dict[str, Any]:
        """Return the reason as an object that JSON can hold."""
        return {
            "outcome": self.outcome, "feature": self.feature, "value": self.value, "peer": self.peer,
            "direction": self.direction, "strength": self.strength,
        }  # fmt: skip

    @classmethod
    def from_json(cls, content: object) -> "Reason":
        """Read what `to_json` wrote.

        Raises
        ------
        ValueError
            If it is anything else, down to a number that is not finite.
        """
        if not isinstance(content, Mapping) or set(content) != _FIELDS:
            raise ValueError(f"a reason has {', '.join(sorted(_FIELDS))}; found {_short(content)}")
        value, peer, direction = content["value"], content["peer"], content["direction"]
        sound = (
            content["outcome"] in OUTCOMES
            and isinstance(content["feature"], str)
            and (value is None or isinstance(value, str) or _is_number(value))
            and (peer is None or _is_number(peer))
            and _is_number(direction) and direction in (1, -1)
            and _is_number(content["strength"])
        )  # fmt: skip
        if not sound:
            raise ValueError(
                f"a reason is an outcome ({' or '.join(OUTCOMES)}), a feature, its value, that of its peers, a "
                f"direction (1 or -1) and a strength; found {_short(content)}"
            )
        figure = value if value is None or isinstance(value, str) else float(value)
        return cls(
            outcome=content["outcome"],
            feature=content["feature"],
            value=figure,
            peer=None if peer is None else float(peer),
            direction=int(direction),
            strength=float(content["strength"]),
        )


Stored: TypeAlias = "Reason | str"
"""A reason, or the sentence that an earlier release kept in its place."""
_DECODER = json.JSONDecoder()
_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def write_reasons(reasons: Iterable[Stored]) -> str:
    """Return an account's reasons as JSON text; a sentence stays one."""
    content = [reason if isinstance(reason, str) else reason.to_json() for reason in reasons]
    return _ENCODER.encode(content)


def read_reasons(text: str, most: int | None = None) -> tuple[Stored, ...]:
    """Return an account's reasons, so many at most, from the text that `write_reasons`, or an earlier release, wrote.

    Raises
    ------
    ValueError
        If it is no list of reasons or sentences.
    """
    content = json.loads(text)
    if not isinstance(content, list):
        raise ValueError(f"reasons are a list; found {_short(content)}")
    return tuple(one if isinstance(one, str) else Reason.from_json(one) for one in content[:most])


def first_reason(text: str) -> "Stored | None":
    """Return the first of an account's reasons, without reading the others; None where there is none.

    Raises ValueError as `read_reasons` does, for what is read.
    """
    if text.startswith("[{"):
        return Reason.from_json(_DECODER.raw_decode(text, 1)[0])
    return next(iter(read_reasons(text, 1)), None)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _short(content: object) -> str:
    text = repr(content)
    return text if len(text) <= 100 else f"{text[:100]}..."
