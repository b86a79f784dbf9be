"""Sets that are joined one by one: which occurrences belong together."""

from __future__ import annotations

from collections.abc import Hashable


class Sets:
    """Disjoint sets of whatever is put in; each has a first member that stands for it."""

    def __init__(self) -> None:
        self._above: dict[Hashable, Hashable] = {}

    def of(self, member: Hashable) -> Hashable:
        """Return the member that stands for a member's set; a new member is a set of its own."""
        top = member
        while (above := self._above.setdefault(top, top)) != top:
            top = above
        while member != top:  # the way up is shorter next time
            self._above[member], member = top, self._above[member]
        return top

    def join(self, one: Hashable, other: Hashable) -> None:
        """Make one set of two."""
        self._above[self.of(other)] = self.of(one)
