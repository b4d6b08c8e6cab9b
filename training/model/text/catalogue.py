"""The one text catalogue: findings told in the reader's language.

A row holds a code's English and Dutch template; `GERMAN_ROWS` has those in German that the managers' page shows. A
template's hole names a parameter and how it is written:
`{lost:%1}` a share with one decimal, `{gain:money}`, `{until:date}`, `{task:task}` a name of `names.NAMES`,
`{times:once|# times}` one or many, with a third part first for none; `kinds.KINDS` lists them all.
"""

import string
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from training.model.findings import Finding
from training.model.text.formats import Formats
from training.model.text.german.account_managers import ACCOUNT_MANAGERS
from training.model.text.german.effects import EFFECTS
from training.model.text.german.evaluation import EVALUATION
from training.model.text.german.monitoring import MONITORING
from training.model.text.german.plans import PLANS
from training.model.text.german.training import TRAINING
from training.model.text.kinds import option_name, written
from training.model.text.row import Row
from training.model.text.rows import (
    account_managers,
    advice,
    change_checks,
    effects,
    evaluation,
    model_checks,
    monitoring,
    plan_outcomes,
    plans,
    sources,
    store,
    training,
)
from training.model.text.words import LANGUAGES

_MODULES = (
    evaluation, training, effects, account_managers, model_checks, change_checks, monitoring, plans, plan_outcomes,
    sources, store, advice,
)  # fmt: skip
ROWS: Mapping[str, Row] = {row.code: row for module in _MODULES for row in module.ROWS}
GERMAN_ROWS: Mapping[str, str | tuple[str, str]] = {
    **EVALUATION, **TRAINING, **EFFECTS, **ACCOUNT_MANAGERS, **MONITORING, **PLANS,
}  # fmt: skip
"""What the managers' page may show, in German: a sentence, or a sentence and its short form."""
Escape = Callable[[str], str]


@dataclass(frozen=True)
class Writer:
    """Tells findings to one reader.

    account : how an account's id is shown.  escape : what is done to every value but an account, for HTML.
    """

    formats: Formats
    account: Callable[[str], str] = str
    escape: Escape = str

    def tell(self, finding: Finding) -> str:
        """Return the finding as a sentence without its first capital and full stop.

        One of another version of the program, which this one has no words for, is told by its code and parameters.
        """
        return self._fill(finding, self._templates(finding.code)[0])

    def heading(self, finding: Finding) -> str:
        """Return the finding in a few words; the whole sentence where it has no shorter form."""
        return self._fill(finding, self._templates(finding.code)[1])

    def _templates(self, code: str) -> tuple[str | None, str | None]:
        """Return the sentence and the short form of a code; None where there are no words for it."""
        language = self.formats.language
        if language not in LANGUAGES:
            told = GERMAN_ROWS.get(code)
            return (told, told) if told is None or isinstance(told, str) else told
        row = ROWS.get(code)
        if row is None:
            return None, None
        place = LANGUAGES.index(language)
        return row.texts[place], (row.headings or row.texts)[place]

    def _fill(self, finding: Finding, template: str | None) -> str:
        params = finding.params
        if template is None or not {hole for hole, _ in holes(template)} <= params.keys():
            figures = ", ".join(f"{key} {value}" for key, value in params.items())
            return self.escape(f"{finding.code} ({figures})" if figures else finding.code)
        parts = []
        for literal, hole, kind, _ in string.Formatter().parse(template):
            parts += [literal] if hole is None else [literal, self._value(kind or "", params[hole])]
        return "".join(parts)

    def _value(self, kind: str, value: Any) -> str:
        if kind == "account":
            return self.account(value)
        if kind == "accounts":
            return ", ".join(f"{self.account(one)} ({self.escape(option_name(option))})" for one, option in value)
        return self.escape(written(kind, value, self.formats))


def render(finding: Finding, language: str, currency: str = "") -> str:
    """Return the finding as a sentence in that language.  currency : sign before amounts."""
    return Writer(plain_formats(language, currency)).tell(finding)


def heading(finding: Finding, language: str, currency: str = "") -> str:
    """Return the finding in a few words."""
    return Writer(plain_formats(language, currency)).heading(finding)


def plain_formats(language: str, currency: str = "") -> Formats:
    """Return formats for a terminal or a text file, where a minus is a hyphen."""
    return Formats(language, currency, minus="-")


def holes(template: str) -> Iterator[tuple[str, str]]:
    """Yield every hole's parameter and kind."""
    for _, hole, kind, _ in string.Formatter().parse(template):
        if hole is not None:
            yield hole, kind or ""


def capitalised(text: str) -> str:
    """Return the text with its first letter as a capital, as a sentence or a cell of a table begins."""
    return text[:1].upper() + text[1:]
