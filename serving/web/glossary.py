"""What the page's words mean, in one place."""

from starlette.responses import Response

from serving.web.visit import Visit, render

WORDS = (
    "rung loyalty leaving risk reasons margin revenue lifetime gain back advice evidence act_by next win_back control "
    "bonds trigger run"
).split()


def show(visit: Visit) -> Response:
    """Answer GET /glossary."""
    told = [visit.say(f"glossary.{word}").partition(":") for word in WORDS]
    return render(visit, "glossary.html", words=[(before, after or before) for before, _, after in told])
