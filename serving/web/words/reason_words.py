"""Reasons in the visitor's language; what stands in them as a code is told as people call it."""

from dataclasses import replace

from features.catalog import catalog
from serving.web.visit import Visit
from training.model.reasons import Reason, Stored, read_reasons
from training.model.text.words import CODE, render_reason, render_statement

COUNTRY = "country_code"


def reasons_of(visit: Visit, text: str, most: int | None = None) -> list[str]:
    """Return an account's reasons as sentences, so many at most.  text : as the store has them."""
    return [reason_words(visit, one) for one in read_reasons(text, most)]


def reason_words(visit: Visit, reason: Stored) -> str:
    """Return a reason as a sentence."""
    told = render_reason(_called(visit, reason) if isinstance(reason, Reason) else reason, visit.reasons_in)
    return _unbroken(told)


def statement_words(visit: Visit, reason: Reason) -> str:
    """Return what a reason says of the account, without what it speaks for."""
    return _unbroken(render_statement(_called(visit, reason), visit.reasons_in))


def _unbroken(text: str) -> str:
    """Return a text whose percentages stay on one line."""
    return text.replace(" %", "\u00a0%")


def _called(visit: Visit, reason: Reason) -> Reason:
    """Return the reason with its country, industry, segment or channel under the name that people know."""
    value, feature = reason.value, catalog.BY_NAME.get(reason.feature)
    if not isinstance(value, str) or feature is None or feature.unit != CODE:
        return reason
    return replace(reason, value=visit.country(value) if feature.name == COUNTRY else visit.called(value, value))
