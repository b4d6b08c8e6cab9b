"""Which accounts have somebody in a role: searched for in every language of the page, in any case, with one slip."""

import json
import zlib
from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from features.catalog.families.contacts import ROLES
from serving.store.scores.timelines import TIMELINES
from serving.web.text.catalogue import PAGE_LANGUAGES, say
from serving.web.ttl_cache import TTLCache
from serving.web.visit import Visit

SHORTEST_SLIP = 5
"""Letters of a word in which one slip of the finger is forgiven; in shorter ones too much is alike."""
KEPT_SECONDS = 3600.0
_PEOPLE, _END = b'"people":[', b"]]"
_holders: TTLCache[Mapping[str, tuple[str, ...]]] = TTLCache(KEPT_SECONDS, most=8)


def roles_in(q: str) -> tuple[tuple[str, ...], str]:
    """Return the roles that a search names, and the words of it that name none."""
    roles, rest = [], []
    for word in q.lower().split():
        role = _role(word)
        if role is None:
            rest.append(word)
        else:
            roles.append(role)
    return tuple(roles), " ".join(rest)


def accounts_with(connection: sa.Connection, visit: Visit, run_id: int, roles: Sequence[str]) -> frozenset[str]:
    """Return the accounts at which we know somebody in each of these roles.  Who they are is read once a run."""
    known = _holders.get((str(visit.engine.url), run_id), lambda: _read(connection))
    return frozenset.intersection(*(frozenset(known.get(role, ())) for role in roles))


def _role(word: str) -> str | None:
    for role in ROLES:
        for language in PAGE_LANGUAGES:
            name = say(language, f"role.{role}").lower()
            if word in (name, f"{name}s") or (len(word) >= SHORTEST_SLIP and _one_slip(word, name)):
                return role
    return None


def _one_slip(word: str, name: str) -> bool:
    """Return whether two words differ in one letter, or in two that changed places."""
    at = next((k for k, (one, other) in enumerate(zip(word, name, strict=False)) if one != other), None)
    if at is None:
        return abs(len(word) - len(name)) <= 1
    after, others = word[at:], name[at:]
    swapped = after[1::-1] + after[2:] == others
    return swapped or after[1:] == others[1:] or after[1:] == others or after == others[1:]


def _read(connection: sa.Connection) -> dict[str, tuple[str, ...]]:
    """Return who has whom: role -> accounts.  Only the people are read out of a timeline, not its years of events."""
    found: dict[str, list[str]] = {role: [] for role in ROLES}
    rows = connection.execution_options(yield_per=1_000).execute(sa.select(TIMELINES.c.account_id, TIMELINES.c.content))
    for account, content in rows:
        plain = zlib.decompress(bytes(content))
        begin = plain.find(_PEOPLE)
        if begin < 0 or plain.startswith(b"]", begin + len(_PEOPLE)):
            continue
        end = plain.index(_END, begin) + len(_END)
        people = json.loads(plain[begin + len(_PEOPLE) - 1 : end])
        for role in {one[0] for one in people if one[0] is not None and 0 <= one[0] < len(ROLES)}:
            found[ROLES[role]].append(account)
    return {role: tuple(accounts) for role, accounts in found.items()}
