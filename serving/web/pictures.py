"""Pictures to take along: the same drawings as on the page, each whole in itself, with its own colours."""

from markupsafe import Markup
from starlette.responses import Response

from serving.api.errors import HttpError
from serving.store.database import reading
from serving.store.lookups import required_run
from serving.store.people.visibility import is_limited
from serving.store.summaries import summary_of
from serving.web.charts.flow_chart import draw_flows
from serving.web.ladder import draw_rungs, flow_words, rungs_of
from serving.web.loyalty_pays import pictures_of
from serving.web.visit import Visit, download

_STYLE = (
    "svg{background:#fff;font:13px system-ui,sans-serif}text{fill:#17212b}.count{fill:#536171}.node{fill:#17212b}"
    ".ribbon{fill-opacity:.5}.rose{fill:#1f6b3a}.fell{fill:#a3261c}.stayed{fill:#536171;fill-opacity:.28}"
    ".fresh{fill:#14507a;fill-opacity:.4}.b-now{fill:#14507a}.b-then{fill:#9dbdd4}.b-expected{fill:#536171}"
    ".line{fill:none;stroke:#536171;stroke-width:1.5}.zero{stroke:#c5cdd5}.whisker{fill:none;stroke:#536171}"
)


def show(visit: Visit) -> Response:
    """Answer GET /pictures/NAME.svg.  Raises HttpError 404 where there is no such picture, or nothing to draw."""
    with reading(visit.engine) as connection:
        current = required_run(connection)
        visit = visit.about(current.facts)
        found = summary_of(connection, current.run_id)
        rungs, former = rungs_of(connection, visit, current)
    drawn = Markup("")
    if visit.tail == "rungs.svg":
        drawn = draw_rungs(visit, rungs, current.facts.horizon_days, former)
    elif found is not None and not is_limited(visit.engine):  # the sums are of all accounts
        if visit.tail == "flows.svg":
            drawn = draw_flows(visit, found[0].flows, flow_words(visit, found[0]))
        else:
            named = {f"{one.name}.svg": one.picture for one in pictures_of(visit, found[0])}
            drawn = named.get(visit.tail, drawn)
    if not drawn:
        raise HttpError(404, "not_found", "There is no such picture.")
    whole = str(drawn).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
    whole = whole.replace(">", f"><style>{_STYLE}</style>", 1)
    return download(whole.encode(), "image/svg+xml", visit.tail)
