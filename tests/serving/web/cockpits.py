"""What a test asks of a store behind the page."""

import sqlalchemy as sa

from serving.store.database import reading
from serving.store.scores.scoring_runs import SCORES, current_run
from serving.store.views.first_views import keep_first_views
from tests.serving.sites import Browser
from tests.serving.web.markup import read


def engine_of(browser: Browser) -> sa.Engine:
    found: list[sa.Engine] = []
    browser.store_service.ask(lambda engine, _: found.append(engine))
    return found[0]


def keep_again(connection: sa.Connection) -> None:
    """Keep what a run keeps of its scores, after a test has changed these by hand."""
    current = current_run(connection)
    assert current is not None
    keep_first_views(connection, current.run_id)


def texts_of(answer: str) -> str:
    return " ".join(" ".join(read(answer).texts).split())


def ids_of(browser: Browser, query: str) -> set[str]:
    text = browser.open(f"/accounts.csv{query}").content.decode("utf-8-sig")
    return {line.split(",")[0] for line in text.splitlines()[1:]}


def some(browser: Browser, *where: "sa.ColumnElement[bool]") -> str:
    with reading(engine_of(browser)) as connection:
        query = sa.select(SCORES.c.account_id).where(*where).order_by(SCORES.c.account_id)
        return str(connection.execute(query).scalars().first())
