"""The advice of an account in words, with what it rests on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from serving.scoring.advice.advice import INVEST, TEST
from serving.web.visit import Visit


@dataclass(frozen=True)
class AdviceWords:
    """advice : the machine name.  title : in a few words.  why : what it rests on."""

    advice: str
    title: str
    why: str


def advice_words(visit: Visit, score: Mapping[Any, Any], options: Sequence[Mapping[Any, Any]]) -> AdviceWords | None:
    """Return an account's advice; None of scores that release 0.2 wrote.

    options : its rows of `investment_scores`.
    """
    advice = score["advice"]
    if advice is None:
        return None
    key = f"advice.{advice}.why"
    if advice not in (INVEST, TEST):
        return AdviceWords(advice, visit.say(f"advice.{advice}"), visit.say(key))
    best = next(option for option in options if option["investment"] == score["recommended_investment"])
    if advice == TEST and raises_leaving(best):
        key = "advice.test.raises"
    chance = visit.formats.percent(best["p_gain"])
    option = visit.option(str(best["investment"]))
    return AdviceWords(advice, visit.say(f"advice.{advice}"), visit.say(key, option=option, chance=chance))


def raises_leaving(option: Mapping[Any, Any]) -> bool:
    """Return whether an option raises the chance of leaving beyond the interval of that change."""
    low = option["p_switch_change_low"]
    return low is not None and low > 0
