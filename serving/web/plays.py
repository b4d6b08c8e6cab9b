"""The playbook's text for an account, filled in with its own facts; in English where nobody wrote another."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from features.instants import MICROSECONDS_PER_DAY
from features.tables import NO_INVESTMENT
from serving.scoring.playbook import play_facts, play_text
from serving.store.lookups import required_run
from serving.store.summaries import summary_of
from serving.web.ttl_cache import TTLCache
from serving.web.visit import Visit
from training.model.playbook import Play, PlayText
from training.model.text.formats import Formats

_plays: TTLCache[Sequence[Play]] = TTLCache()


def kept_plays(connection: sa.Connection, visit: Visit) -> Sequence[Play]:
    """Return the playbook that the scores which stand now were made with; kept for a minute."""
    run = required_run(connection).run_id

    def read() -> Sequence[Play]:
        found = summary_of(connection, run)
        return () if found is None else found[1].playbook

    return _plays.get((str(visit.engine.url), run), read)


def play_of(
    visit: Visit, plays: Sequence[Play], score: Mapping[Any, Any], profile: Mapping[Any, Any] | None,
    contract_ends: int | None,
) -> PlayText | None:  # fmt: skip
    """Return an account's play in `visit.reasons_in`; None where it has none.

    score : its row.  profile : its name and owner.  contract_ends : days since 1970.
    """
    formats, more = Formats(visit.reasons_in, visit.currency), {}
    if contract_ends is not None:
        more["contract_end"] = formats.date(contract_ends * MICROSECONDS_PER_DAY)
    if score["recommended_investment"] not in (None, NO_INVESTMENT):
        more["investment"] = visit.option(score["recommended_investment"])
    return play_text(plays, score["playbook"], play_facts(score, profile, formats, more), visit.reasons_in)


def act_by_words(visit: Visit, score: Mapping[Any, Any]) -> str | None:
    """Return by when to act and why, as `before 12 May: they usually order then`; None where nothing asks for a day."""
    if not score["act_by"] or not score["act_by_cause"]:
        return None
    return visit.say(f"act_by.{score['act_by_cause']}", date=visit.formats.date(score["act_by"]))
