"""What the service says instead of an answer, in one shape: {"error": {"code", "message", "field"?}}."""

from typing import Any


class Refusal(Exception):
    """A request that cannot be answered, and what its sender can do about it.

    status : HTTP status.  code : a fixed word for programs.  message : for people; may quote the request, so it is
        sent back but never logged.  field : where in the body, such as `accounts` or `as_of`.
    """

    def __init__(self, status: int, code: str, message: str, field: str | None = None) -> None:
        super().__init__(code)
        self.status, self.code, self.message, self.field = status, code, message, field

    @property
    def content(self) -> dict[str, Any]:
        """The answer's body."""
        error = {"code": self.code, "message": self.message}
        return {"error": error if self.field is None else {**error, "field": self.field}}
