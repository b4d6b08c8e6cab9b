"""What findings say in English, for tests that look at their figures."""

from collections.abc import Iterable

from training.model.findings import Finding
from training.model.text.catalogue import render


def told(findings: Finding | Iterable[Finding], currency: str = "") -> str:
    """All of them, a line each."""
    each = [findings] if isinstance(findings, Finding) else findings
    return "\n".join(render(finding, "en", currency) for finding in each)


def codes(findings: Iterable[Finding]) -> list[str]:
    """Their codes, in their order."""
    return [finding.code for finding in findings]
