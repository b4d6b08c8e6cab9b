"""The play of every account, and its text filled in with the account's own facts, for whoever shows it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from features.instants import FloatArray
from features.tables import RUNGS
from serving.scoring.horizons import Column
from training.model.bundle import Bundle
from training.model.playbook import Play, PlayText, Situation, choose, play_of, tell
from training.model.text.formats import Formats
from training.model.text.kinds import option_name
from training.model.text.names import name
from training.model.text.words import LANGUAGES


def with_plays(bundle: Bundle, plays: Sequence[Play], whose: str = "settings") -> Bundle:
    """Return the bundle with another playbook; as it is where that is empty.  whose : `Facts.playbook_from`."""
    if not plays:
        return bundle
    return replace(bundle, facts=replace(bundle.facts, playbook=tuple(plays), playbook_from=whose))


def together(*playbooks: Sequence[Play]) -> tuple[Play, ...]:
    """Return the plays of several playbooks; of one key the first."""
    found: dict[str, Play] = {}
    for play in (play for plays in playbooks for play in plays):
        found.setdefault(play.key, play)
    return tuple(found.values())


@dataclass(frozen=True)
class Playbooks:
    """Beside the playbook that is kept with the scores.  first, last : plays whose texts go before it, and after."""

    first: tuple[Play, ...] = ()
    last: tuple[Play, ...] = ()

    def beside(self, kept: Sequence[Play]) -> tuple[Play, ...]:
        """Return all plays that there are texts of."""
        return together(self.first, kept, self.last)


def read_playbooks(file: str) -> Playbooks:
    """Return the plays of the settings, and of a folder of scores, as they were written down for the service.

    file : empty where nobody wrote any.
    """
    told = json.loads(Path(file).read_text(encoding="utf-8")) if file else {}
    return Playbooks(*(tuple(map(play_of, told.get(name, ()))) for name in ("settings", "scores")))


def plays_of(plays: Sequence[Play], scores: Mapping[str, Column], trigger: Column) -> tuple[Column, FloatArray]:
    """Return the key of every account's play, None where none fits, and within how many days to act, shape (n,) each.

    trigger : family of which the account shows a sign; None where it shows none.
    """
    chosen: dict[Situation, Play | None] = {}
    columns = (scores["rung"], trigger, scores["customer_type"], scores["advice"], scores["former"])
    keys, days = np.full(len(trigger), None, object), np.full(len(trigger), np.nan)
    for row, values in enumerate(zip(*(column.tolist() for column in columns), strict=True)):
        situation = Situation(*values)
        if situation not in chosen:
            chosen[situation] = choose(plays, situation)
        play = chosen[situation]
        if play is not None:
            keys[row], days[row] = play.key, float(play.within_days)
    return keys, days


LEAST_TRIGGER_SHARE = 0.34
"""The share in leaving from which on a trigger is named as the main one. Of three, each has a third where nothing that
is on record tells them apart."""


def main_trigger(score: Mapping[Any, Any]) -> str | None:
    """Return the main trigger of an account's row, where anything tells the three apart."""
    family = score.get("switch_trigger")
    return family if family and (score[f"trigger_{family}"] or 0.0) >= LEAST_TRIGGER_SHARE else None


def told_trigger(main: Column, signs: Mapping[str, FloatArray], last: Column, former: Column) -> Column:
    """Return the trigger that a play is chosen by: the main one where there is any sign of it.

    Of a former customer it is the recorded reason of its last switch.  signs : family -> how many signs.
    """
    found = np.full(len(main), None, object)
    for family, number in signs.items():
        shows = (main == family) & (np.nan_to_num(number) > 0)
        found[shows] = family
    return np.where(former.astype(bool), last, found)


def play_facts(
    score: Mapping[Any, Any], profile: Mapping[Any, Any] | None, formats: Formats, more: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return what a text may hold of an account, as it is written for the reader; what is not known is not there.

    score : a row of the scores.  profile : name and owner, if they are known.  more : further facts, as `contract_end`.
    """
    profile = profile or {}
    facts: dict[str, str] = {
        "account": str(profile.get("name") or score["account_id"]), "rung": _rung(score["rung"], formats),
    }  # fmt: skip
    if profile.get("owner"):
        facts["owner"] = str(profile["owner"])
    if score.get("next_rung"):
        facts["next_rung"] = _rung(score["next_rung"], formats)
    for fact, column in (("act_by", "act_by"), ("next_order", "next_order_on")):
        if score.get(column):
            facts[fact] = formats.date(str(score[column]))
    if score.get("overdue_days"):
        facts["overdue_days"] = formats.number(score["overdue_days"])
    if score.get("recommended_investment") not in (None, "none"):
        facts["investment"] = option_name(score["recommended_investment"])
        facts |= _money(score, {"gain": "expected_gain"}, formats)
    trigger = main_trigger(score)
    if trigger:
        facts["trigger"] = _name("trigger", trigger, formats)
    if score.get("p_win_back"):
        facts["win_back_odds"] = formats.number(max(1.0, 1.0 / score["p_win_back"]))
    columns = ("expected_revenue", "value_at_risk", "lifetime_value", "win_back_value")
    return {**facts, **_money(score, {column: column for column in columns}, formats), **(more or {})}


def _money(score: Mapping[Any, Any], columns: Mapping[str, str], formats: Formats) -> dict[str, str]:
    return {
        fact: formats.money(score[column])
        for fact, column in columns.items()
        if score.get(column) is not None and score[column] > 0
    }


def _rung(rung: str, formats: Formats) -> str:
    return _name("rung", rung, formats) if rung in RUNGS else rung


def _name(kind: str, value: str, formats: Formats) -> str:
    """Return the words for a machine name, in English where the catalogue has none in the reader's language."""
    return name(kind, value, formats.language if formats.language in LANGUAGES else LANGUAGES[0])


def play_text(plays: Sequence[Play], key: str | None, facts: Mapping[str, str], language: str) -> PlayText | None:
    """Return the text of the play with that key; None where there is none of that key.

    facts : written in the language that the play is told in, see `Play.language`.
    """
    play = next((play for play in plays if play.key == key), None)
    return None if play is None else tell(play, facts, language)
