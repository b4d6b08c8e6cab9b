"""Groups of companies: the account at the top of each chain of parents.

A parent that is no account of ours is the top of those below it. An account that names itself has no parent. A chain
that comes back to its beginning has no top: its accounts, and those below them, belong to the first of its accounts by
name.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Groups:
    """The groups of some accounts.

    root : the top of each account's chain, in the order given; the account itself where it has no parent.
    unknown_parents : different parents that are no account.  cyclic : accounts whose chain comes back to its beginning.
    """

    root: tuple[str, ...]
    unknown_parents: int
    cyclic: int


def groups_of(accounts: Sequence[str], parents: Iterable[str | None]) -> Groups:
    """Return the groups.  parents : one an account, None where it has none.

    >>> groups_of(["A", "B", "C", "D", "E", "F"], ["A", "A", "B", "E", "D", "X"])
    Groups(root=('A', 'A', 'A', 'D', 'D', 'X'), unknown_parents=1, cyclic=2)
    """
    above = {a: p for a, p in zip(accounts, parents, strict=True) if p is not None and p != a}
    top: dict[str, str] = {}
    cyclic: set[str] = set()
    for account in accounts:
        chain: dict[str, None] = {}
        at = account
        while at in above and at not in top and at not in chain:
            chain[at] = None
            at = above[at]
        if at in chain:
            names = list(chain)
            circle = names[names.index(at) :]
            cyclic.update(circle)
            root = min(circle)
        else:
            root = top.get(at, at)
        top.update(dict.fromkeys(chain, root))
        top.setdefault(account, root)
    known = set(accounts)
    strangers = {parent for parent in above.values() if parent not in known}
    return Groups(tuple(top[account] for account in accounts), len(strangers), len(cyclic))
