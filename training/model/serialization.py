"""How a trained model is written as plain text and JSON, and read back: no code is executed by reading.

A new kind is a frozen dataclass with the decorator `served`, in `training.model.predictors`. Its fields are what is
written;
their types say how they are read: numbers, texts, tuples, mappings, terms and other predictors.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import cache
from types import UnionType
from typing import Any, Protocol, TypeVar, get_args, get_origin, get_type_hints

from features.errors import BundleError
from features.instants import FloatArray


class Predictor(Protocol):
    """A matrix of features in, one number or one probability per class out."""

    def predict(self, matrix: FloatArray) -> FloatArray:
        """matrix : shape (n, n_features), columns in the order of the bundle.  Returns shape (n, k)."""
        ...


Kind = TypeVar("Kind", bound=type)

KINDS: dict[str, type] = {}
"""What can be read: the name of a class -> the class. Nothing else is ever made from a file."""


def served(kind: Kind) -> Kind:
    """The class, which may from now on be written into bundles and read from them."""
    KINDS[kind.__name__] = kind
    return kind


def to_json(predictor: Predictor) -> dict[str, Any]:
    """The predictor as JSON values; a booster's text goes in whole."""
    return {"kind": type(predictor).__name__, **_fields(predictor)}


def _fields(value: Any) -> dict[str, Any]:
    return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return to_json(value) if type(value).__name__ in KINDS else _fields(value)  # type: ignore[arg-type]
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in sorted(value.items())}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(v) for v in value]
    return value


def from_json(content: Mapping[str, Any]) -> Predictor:
    """The predictor that `to_json` wrote.

    Raises
    ------
    BundleError
        If the content is of no known kind or lacks a field.
    """
    try:
        kind = KINDS[content["kind"]]
        read: Predictor = kind(**{name: _read(hint, content[name]) for name, hint in _hints(kind).items()})
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise BundleError(f"A predictor cannot be read: {type(error).__name__} at {error}. Export it anew.") from None
    return read


@cache
def _hints(kind: type) -> Mapping[str, Any]:
    """Field -> its type."""
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind)}


def _read(hint: Any, value: Any) -> Any:
    """A field of that type."""
    if hint in (str, int, float):
        return hint(value)
    origin, parts = get_origin(hint), get_args(hint)
    if origin is tuple:
        return tuple(_read(parts[0], one) for one in value)
    if origin is UnionType:
        return None if value is None else _read(parts[0], value)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {str(key): _read(parts[1], one) for key, one in value.items()}
    if isinstance(hint, type) and is_dataclass(hint) and hint.__name__ not in KINDS:
        return hint(**value)
    return from_json(value)
