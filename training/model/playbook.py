"""Which play of the playbook holds for an account, and its text with the account's own facts."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from training.model.text.words import LANGUAGES

GERMAN = "de"
_PART, _HOLE = re.compile(r"\[([^\[\]]*)\]"), re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True)
class Play:
    """A row of the playbook, as `training.settings.playbook.PlayRow` checked it; what is empty holds for all.

    former : whether it is for former customers; else it is for all others.
    do_de, say_de, whom_de : empty where nobody wrote them in German; English stands there then.
    """

    key: str
    do_en: str
    do_nl: str
    say_en: str
    say_nl: str
    whom_en: str
    whom_nl: str
    within_days: int
    rungs: tuple[str, ...] = ()
    triggers: tuple[str, ...] = ()
    customer_types: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()
    former: bool = False
    do_de: str = ""
    say_de: str = ""
    whom_de: str = ""

    def language(self, reader: str) -> str:
        """Return the language that a reader of that one is told it in: English where nobody wrote it in German."""
        return "en" if reader == GERMAN and not self.do_de else reader

    @property
    def chosen_by(self) -> tuple[object, ...]:
        """Return what decides which accounts have it, and by when: all of it but the texts."""
        return (
            self.key, self.rungs, self.triggers, self.customer_types, self.advice, self.former, self.within_days,
        )  # fmt: skip

    @property
    def specific(self) -> int:
        """Return how much it says of whom it is for."""
        return sum(map(bool, (self.rungs, self.triggers, self.customer_types, self.advice)))

    @property
    def width(self) -> int:
        """Return for how many combinations it is."""
        width = 1
        for names in (self.rungs, self.triggers, self.customer_types, self.advice):
            width *= max(len(set(names)), 1)
        return width


@dataclass(frozen=True)
class Situation:
    """What a play is chosen by; None where it is not known.

    trigger : family, of accounts that show a sign of it.
    """

    rung: str
    trigger: str | None
    customer_type: str | None
    advice: str | None
    former: bool


@dataclass(frozen=True)
class PlayText:
    """A play for one account.  language : of its texts.  within_days : by when, from as_of."""

    key: str
    do: str
    say: str
    whom: str
    within_days: int
    language: str


def choose(plays: Sequence[Play], situation: Situation) -> Play | None:
    """Return the play that holds: the most specific that fits.

    Of those that say equally much, one that names a trigger comes first, then advice, then a customer type: what drives
    an account away comes before all else. Of equals the narrower, then the first.
    """

    def place(play: Play) -> tuple[int, bool, bool, bool, int]:
        return (-play.specific, not play.triggers, not play.advice, not play.customer_types, play.width)

    return min((play for play in plays if fits(play, situation)), key=place, default=None)


def fits(play: Play, situation: Situation) -> bool:
    """Return whether a play is for such an account; what is not known of it fits only plays that do not ask for it."""
    asked = (
        (play.rungs, situation.rung), (play.triggers, situation.trigger), (play.advice, situation.advice),
        (play.customer_types, situation.customer_type),
    )  # fmt: skip
    return all(not names or value in names for names, value in asked) and play.former == situation.former


def tell(play: Play, facts: Mapping[str, str], language: str) -> PlayText:
    """Return the texts with the facts in their places; a part between brackets goes where a fact of it is missing.

    facts : name -> as it is written in that language; `account` and `rung` at least.  What nobody wrote in that
    language is told in English.
    """
    if language not in (*LANGUAGES, GERMAN):
        raise ValueError(f"there is no language {language!r}")
    language = play.language(language)
    do, say, whom = (fill(getattr(play, f"{name}_{language}"), facts) for name in ("do", "say", "whom"))
    return PlayText(key=play.key, do=do, say=say, whom=whom, within_days=play.within_days, language=language)


def fill(text: str, facts: Mapping[str, str]) -> str:
    """Return a text with facts in the place of its holes.

    >>> fill("Call {account}[ before {act_by}]", {"account": "Acme"})
    'Call Acme'
    """

    def part(found: "re.Match[str]") -> str:
        inner = found.group(1)
        return inner if all(facts.get(name) for name in _HOLE.findall(inner)) else ""

    return _HOLE.sub(lambda hole: facts.get(hole.group(1), ""), _PART.sub(part, text)).strip()


def play_of(values: Mapping[str, object]) -> Play:
    """Return the play of plain values, lists as JSON or TOML hold them."""
    return Play(**{name: tuple(value) if isinstance(value, list) else value for name, value in values.items()})  # type: ignore[arg-type]
