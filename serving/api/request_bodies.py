"""A request's body: JSON in UTF-8 and nothing else, of a limited size, read strictly."""

import json
import math
from collections.abc import Callable, Sequence
from typing import Any, NoReturn, TypeVar
from urllib.parse import parse_qsl

from pydantic import BaseModel, ValidationError
from starlette.datastructures import Headers
from starlette.requests import Request

from features.deadlines import check_deadline
from serving.api.errors import HttpError

MOST_BYTES = 8 * 1024 * 1024
"""Two hundred accounts of two hundred rows in each of two tables fit about twice."""
MOST_FORM_BYTES, MOST_FIELDS = 64 * 1024, 200
"""Of a form of the page."""
FORM_TOO_LARGE = "The form is too large."
Hold = Callable[[int], None]
MOST_NAMES = 100
"""Names in a body itself: no request of ours has so many."""


async def read_body(request: Request, hold: Hold) -> bytes:
    """Return the bytes of a JSON body.

    hold : told the size of every part before it is kept; may refuse it.

    Raises
    ------
    HttpError
        415 for another content type or encoding, 413 for more than MOST_BYTES: a declared length before
        anything is read, an undeclared one as soon as it is passed.
    """
    check_headers(request.headers)
    return await _read(request, hold, MOST_BYTES, _too_large)


async def read_form(request: Request, hold: Hold) -> bytes:
    """Return the bytes of a form; like `read_body`.  Raises HttpError 415 for anything else, 413 for too much of it."""
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != "application/x-www-form-urlencoded":
        raise HttpError(415, "unsupported_media_type", "Send the form as the page does.")
    return await _read(request, hold, MOST_FORM_BYTES, lambda: HttpError(413, "body_too_large", FORM_TOO_LARGE))


def parse_form(body: bytes) -> list[tuple[str, str]]:
    """Return the names and values of a form, in its order.  Raises HttpError 400 for what is none."""
    try:
        return parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise HttpError(400, "malformed_form", "The form cannot be read.") from None


async def _read(request: Request, hold: Hold, most: int, too_large: Callable[[], HttpError]) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise too_large()
        hold(len(part))
        parts.append(part)
    return b"".join(parts)


def check_headers(headers: Headers) -> None:
    """Refuse what is not declared as plain JSON: no other format is ever decoded, pickle least of all."""
    media, _, parameters = headers.get("content-type", "").partition(";")
    if media.strip().lower() != "application/json":
        raise HttpError(415, "unsupported_media_type", "Send JSON, with the header Content-Type: application/json.")
    charset = parameters.lower().replace('"', "").replace(" ", "")
    if "charset=" in charset and "charset=utf-8" not in charset:
        raise HttpError(415, "unsupported_charset", "Send the JSON in UTF-8.")
    if headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise HttpError(415, "unsupported_encoding", "Send the body as it is, without Content-Encoding.")
    declared = headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > MOST_BYTES:
        raise _too_large()


def parse_json(body: bytes) -> Any:
    """Return the JSON value in a body.

    Python's parser takes more than JSON is: NaN and Infinity, numbers that overflow to infinity, and the last of
    two equal names. All of them are refused here, before they can become a score.

    Raises
    ------
    HttpError
        400, saying where the body stops being JSON.
    """
    try:
        return _DECODER.decode(body.decode("utf-8-sig"))
    except json.JSONDecodeError as error:
        where = f"{error.msg} (line {error.lineno}, column {error.colno})"
        raise _malformed(where) from None
    except UnicodeDecodeError as error:
        raise _malformed(f"byte {error.start} is not UTF-8") from None
    except RecursionError:
        raise _malformed("it is nested too deeply") from None
    except ValueError:  # the interpreter's own limit on the digits of a whole number
        raise _malformed("it holds a number with thousands of digits") from None


Asked = TypeVar("Asked", bound=BaseModel)


def read_as(model: type[Asked], content: Any, example: str) -> Asked:
    """Return the request that a JSON value holds.  example : what its body looks like.

    Raises
    ------
    HttpError
        422 with the first field that does not keep to the contract.
    """
    if not isinstance(content, dict):
        raise HttpError(422, "not_an_object", f"The body must be an object: {example}.")
    if len(content) > MOST_NAMES:  # else the report of every one of them would be written before the first is told
        raise HttpError(422, "contract", f"The body has {len(content)} fields; it looks as {example}.")
    try:
        return model.model_validate(content)
    except ValidationError as failure:
        first = failure.errors(include_url=False, include_context=False, include_input=False)[0]
        field = ".".join(str(part) for part in first["loc"])[:60]
        raise HttpError(422, "contract", f"{field}: {first['msg']}.", field) from None


def _malformed(why: str) -> HttpError:
    return HttpError(400, "malformed_json", f"The body is not valid JSON: {why}.")


def _too_large() -> HttpError:
    size = f"{MOST_BYTES // 1024 // 1024} MB"
    return HttpError(413, "body_too_large", f"The body is larger than {size}. Send fewer accounts in each request.")


def _refuse_constant(name: str) -> NoReturn:
    raise _malformed(f"{name} is no number in JSON; write null where a value is unknown")


def _finite(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise _malformed("it holds a number that is too large to be held")
    return value


def _distinct(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    check_deadline()
    content = dict(pairs)
    if len(content) < len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise _malformed(f"the name {twice[:60]!r} occurs twice in one object")
    return content


_DECODER = json.JSONDecoder(parse_float=_finite, parse_constant=_refuse_constant, object_pairs_hook=_distinct)
