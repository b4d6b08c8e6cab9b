"""ladder init: look at an export, and write the settings that map it."""

from __future__ import annotations

import shlex
import sys
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from commands.checking import data_report
from commands.inputs import Loaded, load_source
from commands.options import CommonOptions, Data, Option
from commands.progress_lines import progress_bar
from commands.terminal import Figures, show_table
from features.errors import SettingsError, SourceUnreadable

if TYPE_CHECKING:
    from features.sources.proposals.doubts import Question
    from features.sources.proposals.proposal import Proposal
    from training.settings import Settings

ROWS = 3
"""Rows of each table that are shown as they are mapped."""


@dataclass(frozen=True, kw_only=True)
class InitOptions(CommonOptions):
    data: Data
    out: Annotated[Path, Option(metavar="FILE", help="the settings that are written")] = Path("ladder.toml")
    yes: Annotated[bool, Option(help="ask nothing: take the likeliest, and say so")] = False
    overwrite: Annotated[bool, Option(help="replace the file if it is there")] = False


def init_command(options: InitOptions) -> Figures:
    from features.atomic_write import write_whole
    from features.sources.proposals.settings_text import settings_text
    from training.settings import parse_settings, read_settings
    from training.tracking.tracker import without_secrets

    if options.out.exists() and not options.overwrite:
        raise SettingsError(
            f"{options.out} is there already, and is not overwritten. Give another --out, or --overwrite to replace it."
        )
    answers = Answers(options.yes)
    proposal = look_at(options.data, read_settings(options.config), answers)
    if proposal.lacking:
        raise SourceUnreadable(" ".join(proposal.lacking))
    named = without_secrets(options.data)  # a database's address may hold a password
    text = settings_text(proposal, named, answers.taken)
    settings = parse_settings(tomllib.loads(text))
    _show_proposal(proposal)
    refusals, ladder = _try(options.data, settings)
    for taken in answers.taken:
        print(f"Taken as the likeliest: {taken}")
    write_whole(options.out, text)
    print(f"\n{options.out} written; its remarks say what every table was recognised by.")
    for refusal in refusals:
        print(f"Training would refuse it as it is: {refusal}")
    if refusals:
        print(f"Mend that in {options.out}, then:")
    print(f"\nladder check --data {shlex.quote(named)} --config {shlex.quote(str(options.out))}")
    return {
        "out": str(options.out), "tables": list(proposal.tables), "as_they_stand": list(proposal.as_they_stand),
        "taken": list(answers.taken), "refusals": list(refusals), "ladder": ladder,
    }  # fmt: skip


def is_refused(_: InitOptions, figures: Figures) -> bool:
    """Return whether training would refuse what was written."""
    return bool(figures["refusals"])


class Answers:
    """Who answers what the data leave open: somebody at the terminal, or the likeliest.  taken : in sentences."""

    def __init__(self, likeliest: bool) -> None:
        self._likeliest = likeliest
        self.taken: list[str] = []

    def __call__(self, question: Question) -> str:
        """Return the code of the choice.

        Raises
        ------
        SettingsError
            If nobody is at the terminal, and the likeliest was not asked for.
        """
        if self._likeliest:
            code, words = question.choices[0]
            self.taken.append(f"{question.text} {words}")
            return code
        if not sys.stdin.isatty():
            ways = " or ".join(words for _, words in question.choices)
            raise SettingsError(f"{question.text} {ways}. Run it at a terminal to say so, or with --yes.")
        print(f"\n{question.text}")
        for number, (_, words) in enumerate(question.choices, 1):
            print(f"  {number}  {words}")
        while True:
            said = input(f"1 to {len(question.choices)} [1]: ").strip() or "1"
            if said.isdigit() and 1 <= int(said) <= len(question.choices):
                return question.choices[int(said) - 1][0]


def look_at(data: str, settings: Settings, answers: Answers) -> Proposal:
    """Return how a source would be mapped."""
    from features.sources.proposals.proposal import propose
    from features.sources.source import open_source

    rules = settings.source.rules(time.time_ns() // 1000)
    with open_source(data, {}, rules) as connector, progress_bar() as progress:
        progress("looking", 0.0)
        return propose(connector, rules, answers)


def _show_proposal(proposal: Proposal) -> None:
    for name, table in proposal.tables.items():
        print(f"\n{name}")
        for remark in table.evidence:
            print(f"  {remark}")
    if proposal.as_they_stand:
        print(f"\nAs they stand: {', '.join(proposal.as_they_stand)}")
    for error in proposal.unreadable:
        print(f"Note: {error}")


def _try(data: str, settings: Settings) -> tuple[list[str], dict[str, int]]:
    """Read the source as it is mapped, show its first rows and the ladder, and return what would be refused."""
    loaded = load_source(data, settings, accept_bad_rows=True)
    _show_rows(loaded)
    report = data_report(loaded)
    show_table(f"The ladder at {report.as_of}", ["rung", "accounts"], [[k, f"{v:,}"] for k, v in report.ladder.items()])
    limit = settings.source.max_bad_share
    bad = [
        f"{aside:,} of {read:,} rows of {name} cannot be used; `ladder check` shows why."
        for name, (read, aside) in report.tables.items()
        if aside > limit * max(read, 1)
    ]
    return [*report.refusals, *bad], report.ladder


def _show_rows(loaded: Loaded) -> None:
    """Show the first rows of every table as they are understood."""
    from features.sources.frames import frame_of

    for name in loaded.source.tables:
        frame = frame_of(name, loaded.source.tables[name], ROWS)
        rows = frame.astype("str").mask(frame.isna(), "").to_numpy().tolist()
        show_table(f"{name}, {loaded.source.rows(name):,} rows", [str(column) for column in frame.columns], rows)
