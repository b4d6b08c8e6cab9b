"""What stands where the scores will be before there are any: how far one is, and the command that comes next."""

import shlex
from dataclasses import dataclass

from starlette.responses import Response

from serving.api.errors import SOON
from serving.web.visit import Visit, render


@dataclass(frozen=True)
class Standing:
    """How far the service is.

    trained : whether a model serves.  data, settings : the source and its settings file as the service was started with
    them; empty where nobody said.
    """

    trained: bool = False
    data: str = ""
    settings: str = ""


@dataclass(frozen=True)
class Step:
    """One step to the first scores.  state : `done`, `next` or `later`.  command : as it is typed."""

    name: str
    state: str
    command: str


def show(visit: Visit, standing: Standing, status: int) -> Response:
    """Return the page of a service that has no scores."""
    store = visit.engine.url.render_as_string(hide_password=True)
    answer = render(visit, "start.html", status, steps=steps(standing, store))
    if status == 503:
        answer.headers["Retry-After"] = str(SOON)
    return answer


def steps(standing: Standing, store: str) -> list[Step]:
    """Return the steps to the first scores, of which one is next."""
    data, settings = standing.data or "exports", standing.settings or "ladder.toml"
    source = f"--data {shlex.quote(data)}"
    mapped = f"{source} --config {shlex.quote(settings)}"
    commands = {
        "read": (f"ladder init {source} --out {shlex.quote(settings)}", bool(standing.settings) or standing.trained),
        "check": (f"ladder check {mapped}", standing.trained),
        "train": (f"ladder train {mapped}", standing.trained),
        "score": (f"ladder score {mapped} --to {shlex.quote(store)}", False),
    }
    following = next(name for name, (_, done) in commands.items() if not done)
    return [
        Step(name, "done" if done else "next" if name == following else "later", command)
        for name, (command, done) in commands.items()
    ]
