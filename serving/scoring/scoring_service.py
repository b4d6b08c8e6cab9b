"""Accounts scored from their own rows, as POST /score and MLflow give them, by the same path as the batch scores.

Rows -> cleaned tables -> histories -> the scorer -> results. An account's result depends on its own rows only, but for
its rank, which is among the accounts that are scored together.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from features.errors import InvalidRequest
from features.histories.histories import Histories, build_histories
from features.instants import ALWAYS, IntArray, instant, iso
from features.sources.cleaning.cells import NAT, UNFIT, time_cell
from features.sources.cleaning.cleaning import Columns, clean
from features.tables import BONDS, TABLE
from serving.scoring.request_parsing import BENEFITS, OPTIONS, Message, ParsedAccount, join, read_account
from serving.scoring.results import AccountResult, ServedModel, account_results, check_language
from serving.scoring.scoring import Scored, Scorer
from training.model.bundle import Bundle
from training.model.text.words import DEFAULT_LANGUAGE

EARLIEST, LATEST = instant("1900-01-01"), instant("2200-01-01")
"""as_of lies between these: beyond them it is a slip of the pen, and every window would be empty."""


@dataclass(frozen=True)
class ScoreQuery:
    """Accounts to score; they are not read yet.

    accounts : each a mapping of account_id and its rows by table, plain values that are not cleaned yet.
    as_of : microseconds; None = for each account the midnight after its own last event.  language : of the reasons.

    Raises
    ------
    InvalidRequest
        If as_of lies beyond EARLIEST or LATEST, or nobody writes reasons in the language.
    """

    accounts: Sequence[Any]
    as_of: int | None = None
    explain: bool = True
    language: str = DEFAULT_LANGUAGE
    horizons: bool = False

    def __post_init__(self) -> None:
        if self.as_of is not None and not EARLIEST <= self.as_of <= LATEST:
            between = f"as_of must lie between {iso(EARLIEST)} and {iso(LATEST)}."
            raise InvalidRequest(between, "out_of_range", "as_of")
        check_language(self.language)


@dataclass(frozen=True)
class ScoreAnswer:
    """results : one an account, in the order asked.  scored : the columns that they came from; None where nothing was
    scored."""

    model: ServedModel
    results: Sequence[AccountResult]
    scored: Scored | None


class ScoringService:
    """A bundle that answers queries; `score` may be called from several threads.

    blank : the model's tables as they are where no account of a query gives them.
    """

    def __init__(self, bundle: Bundle, version: str) -> None:
        self.scorer = Scorer(bundle, version)
        self.blank = {name: clean(TABLE[name], {}).columns for name in bundle.facts.tables}
        if OPTIONS in self.blank:
            self.blank[OPTIONS] = _declared_options(bundle)
        if BENEFITS in self.blank and bundle.facts.benefits:
            names = [column.name for column in TABLE[BENEFITS].columns]
            raw = {name: [row.get(name) for row in bundle.facts.benefits] for name in names}
            self.blank[BENEFITS] = clean(TABLE[BENEFITS], raw).columns
        self.model = ServedModel(version, bundle.facts.trained_until, bundle.facts.horizon_days)

    def score(self, query: ScoreQuery) -> ScoreAnswer:
        """Score the accounts; what is wrong with one of them stands in its own result."""
        rules = self.scorer.bundle.facts.source_rules
        readings = _name_duplicates([read_account(given, self.blank, rules) for given in query.accounts])
        scored, readings = self._scored(readings, query)
        return ScoreAnswer(self.model, account_results(readings, scored, query.language), scored)

    def _scored(self, readings: list[ParsedAccount], query: ScoreQuery) -> tuple[Scored | None, list[ParsedAccount]]:
        """Return the scores of all accounts that can be scored, and the requests with the errors of the others."""
        usable = [reading for reading in readings if not reading.errors]
        if not usable:
            return None, readings
        histories = build_histories(join(usable, self.blank), profiles=False)
        ends = histories.own_ends() if query.as_of is None else np.full(len(histories.account_ids), query.as_of)
        snapshots = histories.known_at(np.where((ends >= EARLIEST) & (ends <= LATEST), ends, ALWAYS))
        readings = _name_unknown(readings, histories, ends, snapshots.account, query.as_of)
        if not len(snapshots):
            return None, readings
        return self.scorer.score(histories, snapshots, query.explain, query.horizons), readings


def read_as_of(text: str) -> int:
    """Return the instant that a text says, microseconds.

    Raises
    ------
    InvalidRequest
        If it says none.
    """
    try:
        at = time_cell(text)
    except UNFIT:
        at = NAT
    if at == NAT:
        written = "as_of must be a date or time, as 2026-01-31 or 2026-01-31T12:00Z."
        raise InvalidRequest(written, "unreadable_time", "as_of")
    return at


def _name_duplicates(readings: Sequence[ParsedAccount]) -> list[ParsedAccount]:
    """Return the parsed accounts; of several with one id the first is scored, the others fail."""
    seen: set[str] = set()
    named = []
    for reading in readings:
        if reading.account_id in seen:
            reading = _failed(reading, "duplicate_account", "account_id", "this account_id came earlier in the request")
        elif reading.account_id is not None:
            seen.add(reading.account_id)
        named.append(reading)
    return named


def _name_unknown(
    readings: Sequence[ParsedAccount], histories: Histories, ends: IntArray, known: IntArray, as_of: int | None
) -> list[ParsedAccount]:
    """Return the parsed accounts, with an error where nothing is known of one.

    ends : the instant that each account is looked at from.  known : positions of the accounts that are known then.
    """
    place = {account: k for k, account in enumerate(histories.account_ids)}
    scored = set(known.tolist())

    def named(reading: ParsedAccount) -> ParsedAccount:
        at = place.get(str(reading.account_id))
        if reading.errors or at in scored:
            return reading
        end = ALWAYS if at is None else int(ends[at])
        if as_of is None and end > LATEST:
            beyond = f"it has an event after {iso(LATEST)}; mend it, or say which as_of is meant"
            return _failed(reading, "event_out_of_range", None, beyond)
        if as_of is None and end < EARLIEST:
            nothing = "it has no event to look back from; say which as_of is meant"
            return _failed(reading, "not_known", None, nothing)
        since = iso(end if as_of is None else as_of)
        return _failed(
            reading, "not_known", None, f"nothing is known of it before {since}: no event, and no created_at"
        )

    return [named(reading) for reading in readings]


def _failed(reading: ParsedAccount, code: str, field: str | None, message: str) -> ParsedAccount:
    return replace(reading, errors=(*reading.errors, Message(code, field, f"not scored: {message}")))


def _declared_options(bundle: Bundle) -> Columns:
    """Return the model's investment options as a table; what was never declared has no bond and is left out."""
    declared = [option for option in bundle.investments if option.bond >= 0]
    raw = {
        "investment": [option.name for option in declared],
        "bond": [BONDS[option.bond] for option in declared],
        "cost": [option.cost for option in declared],
    }
    return clean(TABLE[OPTIONS], raw).columns
