"""What we have to offer, and to whom it matters: the table `benefits` as values."""

from dataclasses import dataclass

from features.sources.cleaning.text_column import TextColumn
from features.sources.source import Source
from features.tables import INTERESTS, ROLES


@dataclass(frozen=True)
class Benefit:
    """One thing that we have to offer.

    interest : whom it speaks to, one of INTERESTS.  role : one of ROLES, None = whoever has the interest.
    investment : the option that gives it, if any.  text_en, text_nl : what to say; None where nobody wrote it.
    """

    name: str
    interest: str
    role: str | None = None
    investment: str | None = None
    text_en: str | None = None
    text_nl: str | None = None

    def row(self) -> dict[str, str | None]:
        """Return the benefit as a row of its table."""
        return {
            "benefit": self.name, "interest": self.interest, "investment": self.investment, "role": self.role,
            "text_en": self.text_en, "text_nl": self.text_nl,
        }  # fmt: skip

    def speaks_to(self, interest: int, role: int) -> bool:
        """Return whether it is meant for a person with that interest and role (codes, -1 = unknown)."""
        wanted = self.role is None or (role >= 0 and ROLES[role] == self.role)
        return wanted and interest >= 0 and INTERESTS[interest] == self.interest


def benefits_of(source: Source) -> tuple[Benefit, ...]:
    """Return the declared benefits, sorted by name; those without a known interest are left out."""
    if "benefits" not in source.tables:
        return ()
    table = source.tables["benefits"]
    number = len(table["interest"])
    names = table["benefit"].tolist()
    roles = table["role"].tolist() if "role" in table else [-1] * number
    empty = TextColumn.empty(number)
    texts = [table.get(name, empty).tolist() for name in ("investment", "text_en", "text_nl")]
    rows = zip(names, table["interest"].tolist(), roles, *texts, strict=True)
    found = [
        Benefit(str(name), INTERESTS[interest], None if role < 0 else ROLES[role], *said)
        for name, interest, role, *said in rows
        if interest >= 0
    ]
    return tuple(sorted(found, key=lambda benefit: benefit.name))
