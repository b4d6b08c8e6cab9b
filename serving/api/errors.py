"""What the service says instead of an answer, in one shape: {"error": {"code", "message", "field"?}}."""

from typing import Any

from starlette.responses import JSONResponse

SOON = 5
"""Seconds."""


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
        """The answer's body."""
        error = {"code": self.code, "message": self.message}
        return {"error": error if self.field is None else {**error, "field": self.field}}

    @property
    def response(self) -> JSONResponse:
        """The answer."""
        headers = {}
        if self.retry_after is not None:
            headers["Retry-After"] = str(self.retry_after)
        if self.status == 401:
            headers["WWW-Authenticate"] = 'Bearer realm="loyalty-ladder"'
        return JSONResponse(self.content, self.status, headers)
