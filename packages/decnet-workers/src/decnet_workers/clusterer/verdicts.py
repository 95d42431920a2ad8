# SPDX-License-Identifier: MIT
"""The operator's decisions, which overrule evidence: by what an attacker is bound to others.

Without a decision a core binds those who belong to it, and an attacker without one is bound to nobody. Decisions are
applied in the order in which they were made, so a later one overrules an earlier one:

- together: what binds the one binds the other, so their identities are one, also as they grow.
- apart: the first is bound to nobody any more, if both are in one identity.
- pinned: the attacker is where the founder of the identity is, whatever its own evidence says.
- undone: those that a merge moved are apart from the identity they came to, together; those that a split moved are
  where they came from.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import NamedTuple

from decnet_models.grouping.values import ChangeKind


class Verdict(NamedTuple):
    """A decision about attackers; `other`: the second of together and apart, the founder of an identity otherwise."""

    number: int
    kind: str
    attackers: Collection[str]
    other: str
    undone: ChangeKind | None = None


class Bonds:
    """What binds attackers, given the decisions and the cores of the attackers that they name."""

    def __init__(self, verdicts: Iterable[Verdict], core_of: Callable[[str], str | None]) -> None:
        self._core_of = core_of
        self._own: dict[str, str] = {}
        self._instead: dict[str, str] = {}
        for verdict in verdicts:
            _APPLY[verdict.kind](self, verdict)

    @property
    def decided(self) -> Mapping[str, str]:
        """The attackers whose bond a decision gives, with it."""
        return self._own

    @property
    def replaced(self) -> Mapping[str, str]:
        """By a bond that evidence gives, the one that decisions put in its place."""
        return self._instead

    def of(self, attacker: str, core: str | None) -> str:
        """Return what binds an attacker that belongs to `core`."""
        if (own := self._own.get(attacker)) is not None:
            return own
        bond = core or alone(attacker)
        return self._instead.get(bond, bond)

    def _of(self, attacker: str) -> str:
        return self.of(attacker, self._core_of(attacker))

    def _together(self, verdict: Verdict) -> None:
        for attacker in sorted(verdict.attackers):
            one, other = sorted((self._of(attacker), self._of(verdict.other)))
            if one != other:
                self._replace(other, one)

    def _apart(self, verdict: Verdict) -> None:
        for attacker in sorted(verdict.attackers):
            if attacker != verdict.other and self._of(attacker) == self._of(verdict.other):
                self._own[attacker] = f"={attacker}"

    def _pinned(self, verdict: Verdict) -> None:
        for attacker in sorted(verdict.attackers):
            if attacker != verdict.other:
                self._own[attacker] = self._of(verdict.other)

    def _undone(self, verdict: Verdict) -> None:
        where = self._of(verdict.other)
        if verdict.undone == "split":
            self._own |= dict.fromkeys(verdict.attackers, where)
            return
        here = [attacker for attacker in verdict.attackers if self._of(attacker) == where]
        self._own |= dict.fromkeys(here, f"!{verdict.number}")

    def _replace(self, bond: str, new: str) -> None:
        for known in (self._own, self._instead):
            known |= {name: new for name, value in known.items() if value == bond}
        if not bond.startswith(("=", "!")):
            self._instead[bond] = new


def alone(attacker: str) -> str:
    """Return the bond of an attacker that is bound to nobody."""
    return f"@{attacker}"


_APPLY: dict[str, Callable[[Bonds, Verdict], None]] = {
    "together": Bonds._together,
    "apart": Bonds._apart,
    "pinned": Bonds._pinned,
    "undone": Bonds._undone,
}
