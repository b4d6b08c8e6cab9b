"""The checks that installed packages and modules of one's own add to those before a promotion."""

from features.extensions import CHECKS, Extension, extensions
from training.model.findings import BLOCKER, Finding
from training.promotion.context import PromotionContext


def added_findings(context: PromotionContext) -> list[Finding]:
    """Return what the added checks found, in the words of whoever wrote them.

    One that fails says nothing about the model, and so stands in the way; the training is not lost.
    """
    return [finding for check in extensions(CHECKS) for finding in _findings(check, context)]


def _findings(check: Extension, context: PromotionContext) -> list[Finding]:
    try:
        return [
            Finding.of("added_check", severity, check=check.name, said=" ".join(said.split()))
            for severity, said in check.value(context)
        ]
    except Exception as error:  # noqa: BLE001 - whatever foreign code does, it is called by its name
        failure = f"{type(error).__name__}: {error}"
        return [Finding.of("added_check_failed", BLOCKER, check=check.name, origin=check.origin, failure=failure)]
