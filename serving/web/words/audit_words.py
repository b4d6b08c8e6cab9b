"""What an entry of the audit log says, in the reader's language: the action, the fields, their values."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from serving.api.endpoints import SCOPES
from serving.store.audit_log import ERASED, RETENTION, RETRAINED, SHORTENED, Change
from serving.store.feedback.work_list import OUTCOMES, STATUSES
from serving.store.people.people import ROLES
from serving.web.text.catalogue import TEXTS
from serving.web.visit import Visit

SILENT = frozenset(("seal", "until", "override", "person"))
"""Fields that the log keeps for programs, or that the entry says elsewhere."""
OF_THE_STORE = frozenset((ERASED, SHORTENED, RETENTION, RETRAINED))
"""Actions that are about no account, plan, key or person."""
Writing = Callable[[Visit, Any], str]


def action_words(visit: Visit, what: str) -> str:
    """Return an action in words; as it stands in the log where an earlier or later program wrote it."""
    return _known(visit, "audit.action.", what.replace(" ", "_"), what)


def about_words(visit: Visit, change: Change) -> str:
    """Return what a change was about: an id, or a part of the store in words."""
    return _known(visit, "audit.about.", change.about, change.about) if change.what in OF_THE_STORE else change.about


def fields_in_words(visit: Visit, fields: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """Return the name and the value of each field of an entry, as they are shown."""
    shown = (fields or {}).items()
    return [
        (_known(visit, "audit.field.", name, name), _WRITTEN.get(name, _plain)(visit, value))
        for name, value in shown
        if name not in SILENT
    ]


def _known(visit: Visit, beginning: str, name: str, plain: str) -> str:
    return visit.say(beginning + name) if beginning + name in TEXTS else plain


def _plain(visit: Visit, value: Any) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return visit.say(f"account.override.{'yes' if value else 'no'}")
    if isinstance(value, int | float):
        return visit.formats.number(value)
    if isinstance(value, Mapping):
        counts = [one for one in value.values() if isinstance(one, int)]
        return visit.formats.number(sum(counts) if counts else len(value))
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _money(visit: Visit, value: Any) -> str:
    return visit.formats.money(value) if isinstance(value, int | float) else _plain(visit, value)


def _date(visit: Visit, value: Any) -> str:
    try:
        return visit.formats.date(str(value)) if value else _plain(visit, value)
    except ValueError:  # a word that stands for one since personal data were erased
        return _plain(visit, value)


def _option(visit: Visit, value: Any) -> str:
    return _plain(visit, value) if not value else visit.option(str(value))


def _owners(visit: Visit, value: Any) -> str:
    """Return whose accounts a key sees: the store keeps them as JSON."""
    return _plain(visit, json.loads(value) if isinstance(value, str) and value.startswith("[") else value)


def _one_of(prefix: str, values: frozenset[str]) -> Writing:
    """Return what writes names of a fixed set, one or several."""

    def written(visit: Visit, value: Any) -> str:
        names = value if isinstance(value, list) else [value]
        return ", ".join(visit.say(prefix + one) if one in values else _plain(visit, one) for one in names)

    return written


_WRITTEN: Mapping[str, Writing] = {
    **dict.fromkeys(("budget", "spent", "expected_gain"), _money),
    **dict.fromkeys(("due", "snoozed_until", "expires_at"), _date),
    **dict.fromkeys(("action", "recommended_investment"), _option),
    "owners": _owners,
    "version": lambda _, value: str(value),
    "role": _one_of("audit.role.", frozenset(ROLES)),
    "scopes": _one_of("audit.scope.", frozenset(SCOPES)),
    "status": _one_of("work.status.", frozenset(STATUSES)),
    "outcome": _one_of("work.outcome.", frozenset(OUTCOMES)),
    "kind": _one_of("audit.kind.", frozenset(("account", "contact"))),
}
"""Field -> how its value is written, where that differs from a plain word or number."""
