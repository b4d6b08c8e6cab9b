"""What log and metrics hold of one request: never a body, a name, an account or a key."""

import re
from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any
from uuid import uuid4

from serving.scoring.scoring import Scored

_PLACE = "ladder.note"
_SANE = re.compile(rb"[A-Za-z0-9._-]{1,64}")


@dataclass
class RequestContext:
    """Filled in on the way.

    request_id : the client's own if it is sane, else ours.  key : the id of the key, which is not the key.
    model : version that answered.  accounts : how many were scored.  missing : mean share of features unknown.
    rungs, p_switch : of the accounts scored, for the distribution of the scores.
    headers : that the answer gets.
    """

    request_id: str
    began: float = field(default_factory=perf_counter)
    key: str | None = None
    model: str | None = None
    accounts: int | None = None
    missing: float = 0.0
    rungs: Sequence[str] = ()
    p_switch: Sequence[float] = ()
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)

    def saw(self, scored: Scored | None) -> None:
        """Record what was scored.  scored : None where nothing was."""
        self.accounts = 0
        if scored is not None:
            self.accounts, self.missing = len(scored.scores["rung"]), scored.missing
            self.rungs, self.p_switch = scored.scores["rung"].tolist(), scored.scores["p_switch"].tolist()


def begin_request_context(scope: MutableMapping[str, Any]) -> RequestContext:
    """Return a new context, kept with the request."""
    wanted = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
    note = RequestContext(wanted.decode("ascii") if _SANE.fullmatch(wanted) else uuid4().hex)
    scope[_PLACE] = note
    return note


def request_context_of(scope: MutableMapping[str, Any]) -> RequestContext:
    """Return the request's context."""
    note = scope.get(_PLACE)
    return note if isinstance(note, RequestContext) else begin_request_context(scope)
