"""What the sections of the settings share: the types of their values, and refusals in words.

A section is a frozen dataclass of pydantic's: its fields tell limits, units and reasons, and however one is made it is
checked, also by `dataclasses.replace`.
"""

from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from typing import Annotated, Any, ClassVar, Self, get_args, get_type_hints

from pydantic import ConfigDict, Field, ModelWrapValidatorHandler, ValidationError, model_validator
from pydantic_core import ErrorDetails

from features.errors import SettingsError

FORBID = ConfigDict(extra="forbid", allow_inf_nan=False, revalidate_instances="always")
MOST = 10**9
"""A limit that only keeps nonsense out."""

Count = Annotated[int, Field(strict=True)]
Days = Annotated[Count, Field(json_schema_extra={"unit": "days"})]
Number = Annotated[float, Field(strict=True)]
Share = Annotated[Number, Field(ge=0, le=1)]
Money = Annotated[Number, Field(ge=0, le=1e6)]

_SHOULD_BE = {
    "int_type": "a whole number", "float_type": "a number", "string_type": "a text", "finite_number": "a finite number",
    "tuple_type": "a list: write it between [ and ]", "dict_type": "a table: write it as { name = value }",
}  # fmt: skip
"""Kind of pydantic's error -> what belongs there."""


class Section:
    """A part of the settings that says only what its fields know.

    Raises
    ------
    SettingsError
        However it is made, if it says something unknown or impossible.
    """

    heading: ClassVar[str] = ""
    """Its name in the file."""

    @model_validator(mode="wrap")
    @classmethod
    def _refuse_in_words(cls, content: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            return handler(content)
        except ValidationError as error:
            raise SettingsError(_sentence(cls, error.errors(include_url=False)[0])) from None


def _sentence(kind: type[Section], error: ErrorDetails) -> str:
    """What pydantic found wrong, in a sentence that begins with the key."""
    first, *rest = error["loc"] or ("",)
    if isinstance(first, int):  # an argument without its name
        first = _names(kind)[first]
    key, value = (
        ".".join(name for name in (kind.heading, first, *rest) if name and isinstance(name, str)),
        error["input"],
    )
    limits = error.get("ctx", {})
    match error["type"]:
        case "unexpected_keyword_argument":
            known = _names(get_type_hints(kind)[first]) if rest else _names(kind)
            return f"{key} is not a setting. Known here: {', '.join(sorted(known))}."
        case "dataclass_type":
            where = f"write [{key}] above its keys" if key else "write them as { section = { key = value } }"
            return f"{key or 'What is set'} = {value!r} should be a section: {where}."
        case "greater_than_equal":
            return f"{key} = {value} is too small: it is at least {limits['ge']:,.10g}."
        case "less_than_equal":
            return f"{key} = {value} is too large: it is at most {limits['le']:,.10g}."
        case "literal_error":
            return f"{key} = {value!r} is none of {limits['expected']}."
        case "missing":
            return f"{key} is missing: write it."
        case "string_pattern_mismatch":
            return f"{key} = {value!r} should be made of letters, digits, spaces, dots, hyphens and underscores."
        case other:
            return f"{key} = {value!r} should be {_SHOULD_BE.get(other, error['msg'])}."


def _names(kind: type) -> Sequence[str]:
    """What a section may say.  kind : a dataclass, or a mapping of such."""
    held = kind if is_dataclass(kind) else get_args(kind)[-1]
    return [field.name for field in fields(held)]
