"""The playbook's text for an account, filled in with its own facts; in English where nobody wrote it in German.

Whose text holds: the settings' that the service was started with; else that of the playbook which the scores were made
with; else that of the model which serves. Which play an account has was decided when it was scored.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from features.instants import MICROSECONDS_PER_DAY
from features.tables import NO_INVESTMENT, RUNGS
from serving.scoring.advice.playbook import main_trigger, play_facts
from serving.store.lookups import required_run
from serving.store.summaries import summary_of
from serving.web.ttl_cache import TTLCache
from serving.web.visit import Visit
from training.model.playbook import Play, PlayText, tell
from training.model.text.formats import Formats

_plays: TTLCache[Sequence[Play]] = TTLCache()


def kept_plays(connection: sa.Connection, visit: Visit) -> Sequence[Play]:
    """Return the plays that the scores which stand now may name; what the store knows is kept for a minute."""
    run = required_run(connection).run_id

    def read() -> Sequence[Play]:
        found = summary_of(connection, run)
        return () if found is None else found[1].playbook

    return visit.playbooks.beside(_plays.get((str(visit.engine.url), run), read))


def play_of(
    visit: Visit, plays: Sequence[Play], score: Mapping[Any, Any], profile: Mapping[Any, Any] | None,
    contract_ends: int | None,
) -> PlayText | None:  # fmt: skip
    """Return an account's play in the visitor's language, English where it has none in German; None without a play.

    score : its row.  profile : its name and owner.  contract_ends : days since 1970.
    """
    play = next((play for play in plays if play.key == score["playbook"]), None)
    if play is None:
        return None
    language = play.language(visit.language)
    formats, more = Formats(language, visit.currency), {}
    if contract_ends is not None:
        more["contract_end"] = formats.date(contract_ends * MICROSECONDS_PER_DAY)
    if score["recommended_investment"] not in (None, NO_INVESTMENT):
        more["investment"] = visit.option(score["recommended_investment"])
    if language == visit.language:
        more |= {fact: visit.say(f"rung.{score[fact]}") for fact in ("rung", "next_rung") if score.get(fact) in RUNGS}
        trigger = main_trigger(score)
        if trigger:
            more["trigger"] = visit.say(f"trigger.{trigger}")
    return tell(play, play_facts(score, profile, formats, more), language)


def act_by_words(visit: Visit, score: Mapping[Any, Any]) -> str | None:
    """Return by when to act and why, as `before 12 May: they usually order then`; None where nothing asks for a day."""
    if not score["act_by"] or not score["act_by_cause"]:
        return None
    return visit.say(f"act_by.{score['act_by_cause']}", date=visit.formats.date(score["act_by"]))
