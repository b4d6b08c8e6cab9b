"""The whole list as a file for a spreadsheet, read in one pass: a row an account, in the list's order."""

import csv
import io
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from starlette.responses import Response

from features.spreadsheets import plain
from serving.scoring.scoring import INSUFFICIENT
from serving.store.database import reading
from serving.store.lookups import required_run
from serving.store.scores.scoring_runs import ACCOUNTS, INVESTMENT_SCORES, SCORES
from serving.store.views.list_totals import ALONE, PAYS, UNKNOWN, state_is
from serving.store.views.run_figures import MAIN_TRIGGER
from serving.web.lists.filters import Filters, Order, chosen, filters_of, forgiving, order_of
from serving.web.lists.former_customers import OF_CUSTOMERS, first_reason_shown
from serving.web.visit import Visit, download
from serving.web.words.reason_words import reason_words

CSV_COLUMNS = (
    "account_id name owner rung next_rung p_upgrade p_downgrade p_switch switch_trigger state advice "
    "recommended_investment bond cost expected_gain gain_low gain_high roi reason act_by act_by_cause former "
    "p_win_back win_back_value lifetime_value loyalty"
).split()
_OF_ACCOUNT = frozenset(("name", "owner"))
_OF_OPTION = frozenset(("bond", "cost", "gain_low", "gain_high"))
_IF_IT_PAYS = (*_OF_OPTION, "recommended_investment", "expected_gain", "roi")
_PLACE = {name: place for place, name in enumerate(CSV_COLUMNS)}
_STATE, _REASON, _FORMER = (_PLACE[name] for name in ("state", "reason", "former"))
_FREE_TEXTS = [
    _PLACE[name]
    for name in ("account_id", "name", "owner", "switch_trigger", "recommended_investment", "bond", "reason")
]
"""Of which anybody but us says what they hold."""
_NOT_OF_FORMER, _NOT_IF_IDLE = (
    [_PLACE[name] for name in names if name in _PLACE] for names in (OF_CUSTOMERS, _IF_IT_PAYS)
)


def download_list(visit: Visit) -> Response:
    """Answer GET /accounts.csv: all accounts that pass the filter, in the list's order."""
    asked, order = filters_of(visit.query), order_of(visit.query)
    with reading(visit.engine) as connection:
        visit = visit.about(required_run(connection).facts)
        asked = forgiving(connection, visit, asked)
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\r\n")
        writer.writerow(CSV_COLUMNS)
        writer.writerows(_rows(connection, visit, asked, order))
    return download(b"\xef\xbb\xbf" + text.getvalue().encode(), "text/csv; charset=utf-8", "accounts.csv")


def safe_cell(cell: object) -> object:
    """Return a cell that no spreadsheet runs as a formula."""
    return plain(cell) if isinstance(cell, str) else "" if cell is None else cell


def _rows(connection: sa.Connection, visit: Visit, asked: Filters, order: Order) -> Iterator[list[object]]:
    """Yield the cells of each account."""
    columns = [_column(name) for name in CSV_COLUMNS]
    for found in connection.execute(chosen(visit, asked, order, columns)):
        row = list(found)
        if row[_FORMER]:
            for place in _NOT_OF_FORMER:
                row[place] = None
        if row[_STATE] != PAYS:
            for place in _NOT_IF_IDLE:
                row[place] = None
        reason = first_reason_shown(row[_REASON], row[_FORMER])
        row[_REASON] = None if reason is None else reason_words(visit, reason)
        row[_FORMER] = bool(row[_FORMER])
        for place in _FREE_TEXTS:
            if row[place] is not None:
                row[place] = plain(row[place])
        yield row


def _column(name: str) -> "sa.ColumnElement[Any]":
    if name == "state":
        option = INVESTMENT_SCORES.alias("any_option").c
        told = sa.select(option.account_id).where(
            option.account_id == SCORES.c.account_id, option.basis != INSUFFICIENT, option.gain.is_not(None)
        )
        known = told.correlate(SCORES).exists()
        return sa.case((state_is(PAYS), PAYS), (known, ALONE), else_=UNKNOWN)
    if name == "reason":
        return SCORES.c.reasons
    if name == "switch_trigger":
        return MAIN_TRIGGER
    if name in _OF_ACCOUNT:
        return ACCOUNTS.c[name]
    return INVESTMENT_SCORES.c[name] if name in _OF_OPTION else SCORES.c[name]
