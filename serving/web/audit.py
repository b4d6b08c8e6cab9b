"""The audit log for admins: who changed what, when, before and after, and whether the log is whole."""

import json
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from serving.api.errors import HttpError
from serving.store.audit_log import changes, verify
from serving.store.database import reading
from serving.web.ttl_cache import TTLCache
from serving.web.visit import Visit, render

ROWS = 100
"""Changes on a page."""
_verified: TTLCache[Any] = TTLCache()
"""Looking over the whole log takes a second for every hundred thousand rows."""


def show(visit: Visit) -> Response:
    """Answer GET /audit.  `?about=` narrows it to one account, plan or key.  Raises HttpError 403 but for an admin."""
    if visit.visitor is None or not visit.visitor.may("admin"):
        raise HttpError(403, "scope_missing", "The audit log is for admins.")
    about = visit.query.get("about", "").strip().replace("\x00", "")[:200] or None
    below = visit.query.get("below", "")
    limit = int(below) if below.isascii() and below.isdecimal() and len(below) <= 9 else None
    with reading(visit.engine) as connection:
        rows = changes(connection, about, ROWS + 1, limit)
        found = _verified.get(str(visit.engine.url), lambda: verify(connection))
    more = rows[ROWS - 1].seq if len(rows) > ROWS else None
    return render(visit, "audit.html", rows=rows[:ROWS], about=about, more=more, verified=found, told=_told)


def _told(what: Mapping[str, Any] | None) -> str:
    """Return what an entry holds, as text."""
    return "" if not what else json.dumps(dict(what), ensure_ascii=False, sort_keys=True)
