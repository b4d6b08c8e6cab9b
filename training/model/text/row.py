"""A row of the text catalogue: what a finding's code says in English and in Dutch."""

from typing import NamedTuple


class Row(NamedTuple):
    """texts : the sentence, English and Dutch, with the same holes.  headings : a short form; None where there is none.

    A sentence begins small and has no full stop: it stands in lists, after colons and in tables alike.
    """

    code: str
    texts: tuple[str, str]
    headings: tuple[str, str] | None = None
