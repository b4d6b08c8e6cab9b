"""What the page shows first is kept with the run: its figures, its news, the totals of the whole list.

So also a process that has just started need not add up all accounts when somebody opens it.
"""

import sqlalchemy as sa

from serving.store.database import in_turn
from serving.store.views.list_totals import keep_totals
from serving.store.views.news import keep_news
from serving.store.views.run_figures import keep_figures

WHAT = "first views"
"""What `in_turn` is told; whoever deletes such rows otherwise waits for that turn first."""


def keep_first_views(connection: sa.Connection, run_id: int) -> None:
    """Keep them of the scores that stand now, of the run with that number; what was kept before is written anew."""
    in_turn(connection, WHAT)
    keep_figures(connection, run_id)
    keep_news(connection, run_id)
    keep_totals(connection, run_id)
