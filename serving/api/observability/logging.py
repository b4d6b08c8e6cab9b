"""The log: one JSON object a line on standard error, with a fixed set of fields.

What clients send is never among them, and an exception is told by its type and its place in the code, since its
message may hold a value.
"""

import json
import logging
import select
import sys
import traceback
from datetime import UTC, datetime
from typing import Any, TextIO

FIELDS = "ladder_fields"
_log = logging.getLogger("serving")


def configure_logging() -> None:
    """Write what the service logs as JSON lines from now on, and only so."""
    handler = Patient(sys.stderr)
    handler.setFormatter(JsonLines())
    _log.handlers, _log.propagate = [handler], False
    _log.setLevel(logging.INFO)


def tell(event: str, level: int = logging.INFO, **fields: Any) -> None:
    """Log one line.  event : a fixed word.  Fields that are None are left out."""
    if _log.isEnabledFor(level):
        known = {name: value for name, value in fields.items() if value is not None}
        _log.log(level, event, extra={FIELDS: known})


def place(error: BaseException) -> str:
    """Return the innermost lines of code of an exception, without any value."""
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    return " < ".join(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in reversed(frames))


class Patient(logging.StreamHandler[TextIO]):
    """Writes where there is room: whoever stops reading the log loses lines, and does not stop the service."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record, or let it go where the pipe is full."""
        if self._room():
            super().emit(record)

    def _room(self) -> bool:
        try:
            waiting = select.poll()
            waiting.register(self.stream.fileno(), select.POLLOUT)
            return bool(waiting.poll(0))
        except (AttributeError, OSError, ValueError):  # no poll on this system, or no file behind the stream
            return True


class JsonLines(logging.Formatter):
    """A record as one line of JSON; line breaks and whatever else within are escaped."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a log record."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {"at": at, "level": record.levelname.lower(), "event": record.getMessage()}
        return json.dumps(line | getattr(record, FIELDS, {}), default=str)
