"""The audit log for admins: who changed what, when, before and after, and whether the log is whole."""

from functools import partial
from typing import Any

from starlette.responses import Response

from serving.api.errors import HttpError
from serving.store.audit_log import changes, verify
from serving.store.database import reading
from serving.store.scores.scoring_runs import current_run
from serving.web.ttl_cache import TTLCache
from serving.web.visit import Visit, render
from serving.web.words.audit_words import about_words, action_words, fields_in_words

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
        more = rows[ROWS - 1].seq if len(rows) > ROWS else None
        found = _verified.get(str(visit.engine.url), lambda: verify(connection))
        current = current_run(connection)
    visit = visit if current is None else visit.about(current.facts)
    return render(
        visit, "audit.html", rows=rows[:ROWS], about=about, more=more, verified=found,
        action=partial(action_words, visit), subject=partial(about_words, visit),
        fields=partial(fields_in_words, visit),
    )  # fmt: skip
