"""The serialization of predictors as plain JSON, and the reading of them without running code.

A new kind of predictor is a frozen dataclass with the decorator `served`, in `training.model.predictors`. Its fields
are what is written; their types say how they are read: numbers, texts, tuples, mappings, terms and other predictors.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from functools import cache, wraps
from types import UnionType
from typing import Any, Protocol, TypeVar, get_args, get_origin, get_type_hints

import numpy as np

from features.errors import BundleError, PluginFailed, SettingsError
from features.extensions import packages_of_models
from features.instants import FloatArray


class Predictor(Protocol):
    """A function from a matrix of features to one number, or one probability per class."""

    def predict(self, matrix: FloatArray) -> FloatArray:
        """Predict for every row, shape (n, k).

        matrix : shape (n, n_features), columns in the order of the bundle.
        """
        ...


PredictorClass = TypeVar("PredictorClass", bound=type)

ASKED = 200
"""Rows, about, that are enough to see what an answer is like."""
SERVED_CLASSES: dict[str, type] = {}
"""Name of a class -> the class. Only these are ever built from a file."""


def served(predictor_class: PredictorClass) -> PredictorClass:
    """Register a class of predictors that may be written into bundles and read from them.

    Raises
    ------
    SettingsError
        If another module has a class of that name.
    """
    known = SERVED_CLASSES.get(predictor_class.__name__, predictor_class)
    if known.__module__ != predictor_class.__module__:
        raise SettingsError(
            f"{predictor_class.__module__} has a class of predictors {known.__name__}, and so has {known.__module__}: "
            "bundles know them by their names. Call it otherwise."
        )
    if not _is_ours(predictor_class) and "predict" in vars(predictor_class):
        foreign: Any = predictor_class
        foreign.predict = _careful(foreign, foreign.predict)
    SERVED_CLASSES[predictor_class.__name__] = predictor_class
    return predictor_class


def _is_ours(predictor_class: type) -> bool:
    return predictor_class.__module__.startswith("training.")


def _careful(predictor_class: type, predict: Callable[[Any, FloatArray], Any]) -> Callable[[Any, FloatArray], Any]:
    """Return a prediction of somebody's own whose mistakes are called by its name."""

    @wraps(predict)
    def careful(self: Any, matrix: FloatArray) -> FloatArray:
        try:
            return np.asarray(predict(self, matrix), np.float64)
        except Exception as error:  # whatever foreign code does, it is called by its name
            raise PluginFailed(
                f"The predictor {predictor_class.__name__} of {predictor_class.__module__} failed: "
                f"{type(error).__name__}: {error}. Mend or remove it."
            ) from error

    return careful


def check_served(name: str, predictor: Predictor, matrix: FloatArray, classes: int, *, chances: bool = True) -> None:
    """Refuse a predictor that could not be read back from a bundle, or gives what nobody could use.

    name : of the member or baseline that gave it.  matrix : some rows.  classes : columns of its answer.
    chances : whether it answers with chances; else with money.

    Raises
    ------
    SettingsError
        If its class is not registered by `served`, or its answer has another shape, holds NaN, or is no chance.
    """
    kind = type(predictor)
    if SERVED_CLASSES.get(kind.__name__) is not kind or not is_dataclass(predictor):
        raise SettingsError(
            f"{name!r} gives a {kind.__name__}, which no bundle could hold: a predictor is a frozen dataclass with the "
            "decorator `served` of training.model.serialization."
        )
    asked = matrix[:: max(len(matrix) // ASKED, 1)]
    answer = np.asarray(predictor.predict(asked))
    if answer.shape != (len(asked), classes) or not np.isfinite(answer).all():
        raise SettingsError(
            f"{name!r} gives, of {len(asked)} rows, the shape {answer.shape} or numbers that are none; "
            f"wanted are {classes} numbers a row."
        )
    low, high = (float(answer.min()), float(answer.max())) if answer.size else (0.0, 0.0)
    sums = answer.sum(axis=1)
    if chances and (low < 0 or high > 1 + ROUNDING or (classes > 1 and np.abs(sums - 1).max(initial=0.0) > ROUNDING)):
        raise SettingsError(
            f"{name!r} gives numbers from {low:g} to {high:g}: wanted are chances, 0 to 1"
            f"{', that sum to 1 in each row' if classes > 1 else ''}."
        )
    if low < 0:
        raise SettingsError(f"{name!r} gives {low:g}: wanted are amounts of money, zero or more.")
    if not _is_ours(kind):
        _check_written(name, predictor, asked, answer)


ROUNDING = 1e-6
"""By how much chances may miss 1."""


def _check_written(name: str, predictor: Predictor, asked: FloatArray, answer: FloatArray) -> None:
    """Refuse a predictor that is another once it was written and read."""
    try:
        again = from_json(json.loads(json.dumps(to_json(predictor))))
        same = np.array_equal(again.predict(asked), answer)
    except (BundleError, TypeError, ValueError) as error:
        raise SettingsError(
            f"{name!r} gives a {type(predictor).__name__} that cannot be written and read again: {error}. Its fields "
            "are numbers, texts, tuples, mappings, terms and other predictors, and their types say which."
        ) from error
    if not same:
        raise SettingsError(
            f"{name!r} gives a {type(predictor).__name__} that answers otherwise once it was written and read: all "
            "that it knows must stand in its fields, and the same question get the same answer."
        )


def to_json(predictor: Predictor) -> dict[str, Any]:
    """Return a predictor as JSON values, the texts of its boosters included."""
    return {"kind": type(predictor).__name__, **_fields(predictor)}


def _fields(value: Any) -> dict[str, Any]:
    return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return to_json(value) if type(value).__name__ in SERVED_CLASSES else _fields(value)  # type: ignore[arg-type]
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in sorted(value.items())}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(v) for v in value]
    return value


def from_json(content: Mapping[str, Any]) -> Predictor:
    """Build the predictor that `to_json` wrote.

    Raises
    ------
    BundleError
        If the content is of an unknown class or lacks a field.
    """
    try:
        if content["kind"] not in SERVED_CLASSES:
            packages_of_models()  # whoever adds a member or a baseline registers its predictors when it is loaded
        predictor_class = SERVED_CLASSES[content["kind"]]
        wanted, needed = _hints(predictor_class), _needed(predictor_class)
        fields_read = {
            name: _read(hint, content[name]) for name, hint in wanted.items() if name in content or name in needed
        }
        read: Predictor = predictor_class(**fields_read)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        kind = content.get("kind") if isinstance(content, Mapping) else None
        if isinstance(kind, str) and kind not in SERVED_CLASSES:
            raise BundleError(
                f"The model holds a predictor {kind!r}, which neither this program nor an installed package knows. "
                "Install the package, or name the module, that adds it; or train anew."
            ) from None
        raise BundleError(f"A predictor cannot be read: {type(error).__name__} at {error}. Export it anew.") from None
    return read


@cache
def _hints(predictor_class: type) -> Mapping[str, Any]:
    """Return the type of each field."""
    hints = get_type_hints(predictor_class)
    return {field.name: hints[field.name] for field in fields(predictor_class)}


@cache
def _needed(predictor_class: type) -> frozenset[str]:
    """Return the fields without a default; an earlier program may not have written the others."""
    return frozenset(field.name for field in fields(predictor_class) if field.default is MISSING)


def _read(hint: Any, value: Any) -> Any:
    """Read the value of a field of some type."""
    if hint in (str, int, float):
        return hint(value)
    origin, parts = get_origin(hint), get_args(hint)
    if origin is tuple:
        return tuple(_read(parts[0], item) for item in value)
    if origin is UnionType:
        return None if value is None else _read(parts[0], value)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {str(key): _read(parts[1], item) for key, item in value.items()}
    if isinstance(hint, type) and is_dataclass(hint) and hint.__name__ not in SERVED_CLASSES:
        return hint(**value)
    return from_json(value)
