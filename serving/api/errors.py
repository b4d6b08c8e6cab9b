"""The errors of the service in one shape: {"error": {"code", "message", "field"?}}.

Outside serving/api and serving/web nobody knows a status: there, a LadderError says what is wrong, and ANSWERED is the
one table of what a client is told of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import JSONResponse

from features.errors import (
    DeadlinePassed,
    InvalidRequest,
    LadderError,
    NotReady,
    PluginFailed,
    StoreError,
    StoreFull,
    StoreReplaced,
)

SOON = 5
"""Seconds."""
SMALLER = "Ask for less in each request."


class HttpError(Exception):
    """A request that cannot be answered, and what its sender can do about it.

    status : HTTP status.  code : a fixed word for programs.  message : for people; may quote the request, so it is
        sent back but never logged.  field : where in the body, such as `accounts` or `as_of`.
    retry_after : seconds after which another try makes sense; SOON where a 503 says nothing else.
    """

    def __init__(
        self, status: int, code: str, message: str, field: str | None = None, retry_after: int | None = None
    ) -> None:
        super().__init__(code)
        self.status, self.code, self.message, self.field = status, code, message, field
        self.retry_after = SOON if status == 503 and retry_after is None else retry_after

    @property
    def content(self) -> dict[str, Any]:
        """Return the response's body."""
        error = {"code": self.code, "message": self.message}
        return {"error": error if self.field is None else {**error, "field": self.field}}

    @property
    def response(self) -> JSONResponse:
        """Return the response."""
        headers = {}
        if self.retry_after is not None:
            headers["Retry-After"] = str(self.retry_after)
        if self.status == 401:
            headers["WWW-Authenticate"] = 'Bearer realm="loyalty-ladder"'
        return JSONResponse(self.content, self.status, headers)


@dataclass(frozen=True)
class Answered:
    """How an error of the domain is answered.

    status : HTTP status.  code : a fixed word for programs; None = the error's own.  message : for people, in place of
        one that may say where the store stands; None = the error's own.
    """

    status: int
    code: str | None = None
    message: str | None = None


_LATER = "nothing of this request was kept. Try again later."
ANSWERED: Mapping[type[LadderError], Answered] = {
    InvalidRequest: Answered(422),
    NotReady: Answered(503, "not_ready"),
    DeadlinePassed: Answered(503, "too_slow", f"It took too long. {SMALLER}"),
    StoreFull: Answered(503, "storage_full", f"There is no room left where the store stands; {_LATER}"),
    StoreReplaced: Answered(
        503,
        "store_replaced",
        "The store's file was moved or replaced under the service: nothing of this request is kept. Stop the service, "
        "put the file where it belongs, and start it again.",
    ),
    PluginFailed: Answered(
        503,
        "plugin_failed",
        "A feature or a predictor that was added to this program failed on these accounts; its log says where.",
    ),
    StoreError: Answered(503, "store_unavailable", f"The store cannot be used at the moment; {_LATER}"),
}
"""The nearest class counts. What is not here no client can cause: it is a mistake of ours, and answered as one."""


def http_error(error: LadderError) -> HttpError:
    """Return the answer to an error of the domain.  Raises the error itself where ANSWERED does not name it."""
    answered = next((ANSWERED[kind] for kind in type(error).__mro__ if kind in ANSWERED), None)
    if answered is None:
        raise error
    code, field = (error.code, error.field) if isinstance(error, InvalidRequest) else (answered.code, None)
    return HttpError(answered.status, str(code), answered.message or str(error), field)
