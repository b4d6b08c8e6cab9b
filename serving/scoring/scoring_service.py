"""POST /score from end to end: a body in, an answer out, by the same path as the batch scores.

JSON rows -> cleaned tables -> histories -> the scorer -> JSON. Nothing here knows HTTP but the refusals.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from features.errors import NotEnoughData
from features.histories.histories import Histories, build_histories
from features.instants import instant, iso
from features.sources.cells import NAT, UNFIT, time_cell
from features.sources.cleaning import Columns, clean
from features.tables import BONDS, TABLE
from serving.api.errors import HttpError
from serving.api.request_bodies import parse_json, read_as
from serving.api.request_context import RequestContext
from serving.api.schemas import MOST_ACCOUNTS, ScoreRequest
from serving.scoring.request_parsing import OPTIONS, Message, ParsedAccount, join, read_account
from serving.scoring.results import results
from serving.scoring.scoring import Scored, Scorer
from training.model.bundle import NAME, Bundle

EARLIEST, LATEST = instant("1900-01-01"), instant("2200-01-01")
"""as_of lies between these: beyond them it is a slip of the pen, and every window would be empty."""


@dataclass(frozen=True)
class ScoreQuery:
    """A request that keeps to the contract; its accounts are not read yet.

    as_of : microseconds; None = the midnight after the last event of all accounts together.
    language : of the reasons.
    """

    as_of: int | None
    explain: bool
    language: str
    horizons: bool
    accounts: Sequence[Any]


class ScoringService:
    """A bundle that answers requests; `score` may be called from several threads.

    blank : the model's tables as they are where no account of a request gives them.
    """

    def __init__(self, bundle: Bundle, version: str) -> None:
        self.scorer = Scorer(bundle, version)
        self.blank = {name: clean(TABLE[name], {}).columns for name in bundle.facts.tables}
        if OPTIONS in self.blank:
            self.blank[OPTIONS] = _declared_options(bundle)
        facts = bundle.facts
        self.model = {
            "name": NAME,
            "version": version,
            "trained_until": iso(facts.trained_until),
            "horizon_days": facts.horizon_days,
        }
        self.facts = {**self.model, "catalog": facts.catalog, "tables": list(facts.tables)}

    def warm(self, example: Mapping[str, Any]) -> None:
        """Score an example, so that the first request does not wait for the boosters to be parsed."""
        self.score(json.dumps(example).encode())

    def score(self, body: bytes, note: RequestContext | None = None) -> bytes:
        """The answer to a request's body, both JSON.

        note : told what was scored.

        Raises
        ------
        Refusal
            If the body as a whole cannot be answered; what is wrong with one account stands in its own result.
        """
        answer = {"model": self.model, "results": self.results(parse_request(parse_json(body)), note)}
        return json.dumps(answer, allow_nan=False, separators=(",", ":")).encode("ascii")

    def results(self, asked: ScoreQuery, note: RequestContext | None = None) -> list[dict[str, Any]]:
        """One result for every account, in the order asked: what the answer holds of them."""
        readings = _name_duplicates([read_account(given, self.blank) for given in asked.accounts])
        scored, readings = self._scored(readings, asked)
        if note is not None and scored is not None:
            note.accounts, note.missing = len(scored.scores["rung"]), scored.missing
            note.rungs, note.p_switch = scored.scores["rung"].tolist(), scored.scores["p_switch"].tolist()
        return results(readings, scored)

    def _scored(self, readings: list[ParsedAccount], asked: ScoreQuery) -> tuple[Scored | None, list[ParsedAccount]]:
        """Scores of all accounts that can be scored, and the readings with the errors of those that cannot."""
        histories, as_of, readings = self._histories(readings, asked.as_of)
        if histories is None or as_of is None:
            return None, readings
        snapshots = histories.known_at(as_of)
        known = set(histories.account_ids[snapshots.account])
        late = f"nothing is known of it before {iso(as_of)}: no event, and no created_at"
        readings = [
            reading if reading.errors or reading.account_id in known else _failed(reading, "not_known", None, late)
            for reading in readings
        ]
        return self.scorer.score(histories, snapshots, asked.explain, asked.language, asked.horizons), readings

    def _histories(
        self, readings: list[ParsedAccount], as_of: int | None
    ) -> tuple[Histories | None, int | None, list[ParsedAccount]]:
        """The accounts' histories, and the instant to look from, asked for or derived.

        An account whose own last event is beyond LATEST would drag every other into that year: it fails instead.
        """
        histories = self._build(readings)
        if as_of is not None:
            return histories, as_of, readings
        end = _end(histories)
        if end is not None and end > LATEST:
            beyond = f"it has an event after {iso(LATEST)}; mend it, or say which as_of is meant"
            readings = [
                _failed(reading, "event_out_of_range", None, beyond)
                if not reading.errors and (_end(self._build([reading])) or EARLIEST) > LATEST
                else reading
                for reading in readings
            ]
            histories = self._build(readings)
            end = _end(histories)
        if end is not None and end >= EARLIEST:
            return histories, end, readings
        nothing = "there is no event to look back from in this request; say which as_of is meant"
        return None, None, [r if r.errors else _failed(r, "not_known", None, nothing) for r in readings]

    def _build(self, readings: Sequence[ParsedAccount]) -> Histories:
        return build_histories(join([r for r in readings if not r.errors], self.blank))


def parse_request(content: Any) -> ScoreQuery:
    """What is asked, checked against the contract but for the accounts' own content.

    Raises
    ------
    Refusal
        422 where the contract is not kept, 413 for more than MOST_ACCOUNTS accounts.
    """
    request = read_as(ScoreRequest, content, '{"accounts": [...]}')
    if len(request.accounts) > MOST_ACCOUNTS:
        found = f"{len(request.accounts)} accounts; a request holds at most {MOST_ACCOUNTS}. Send several requests."
        raise HttpError(413, "too_many_accounts", found, "accounts")
    as_of = None if request.as_of is None else _instant(request.as_of)
    return ScoreQuery(as_of, request.explain, request.language, request.horizons, request.accounts)


def _instant(text: str) -> int:
    try:
        at = time_cell(text)
    except UNFIT:
        at = NAT
    if at == NAT:
        raise HttpError(
            422, "unreadable_time", "as_of must be a date or time, as 2026-01-31 or 2026-01-31T12:00Z.", "as_of"
        )
    if not EARLIEST <= at <= LATEST:
        raise HttpError(422, "out_of_range", f"as_of must lie between {iso(EARLIEST)} and {iso(LATEST)}.", "as_of")
    return at


def _name_duplicates(readings: Sequence[ParsedAccount]) -> list[ParsedAccount]:
    """The readings; of several with one id the first is scored, the others fail."""
    seen: set[str] = set()
    named = []
    for reading in readings:
        if reading.account_id in seen:
            reading = _failed(reading, "duplicate_account", "account_id", "this account_id came earlier in the request")
        elif reading.account_id is not None:
            seen.add(reading.account_id)
        named.append(reading)
    return named


def _failed(reading: ParsedAccount, code: str, field: str | None, message: str) -> ParsedAccount:
    return replace(reading, errors=(*reading.errors, Message(code, field, f"not scored: {message}")))


def _end(histories: Histories) -> int | None:
    try:
        return histories.end
    except NotEnoughData:
        return None


def _declared_options(bundle: Bundle) -> Columns:
    """The model's investment options as a table; what was never declared has no bond and is left out."""
    declared = [option for option in bundle.investments if option.bond >= 0]
    raw = {
        "investment": [option.name for option in declared],
        "bond": [BONDS[option.bond] for option in declared],
        "cost": [option.cost for option in declared],
    }
    return clean(TABLE[OPTIONS], raw).columns
