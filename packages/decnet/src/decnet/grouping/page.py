# SPDX-License-Identifier: MIT
"""A group for a person: members and why they are in it, what they share, and what happened to the group when."""

from collections.abc import Iterator, Sequence
from typing import Any

from decnet.grouping.whole import Whole
from decnet.show.columns import columns
from decnet.show.times import moment
from decnet_models.grouping.shape import Grouping
from decnet_models.grouping.values import Reason


def page(whole: Whole, g: Grouping[Any]) -> str:
    """Return the page; texts of attackers are escaped."""
    one = whole.group
    lines = [f"{g.key} {one.id}: {_number(one.members)}, {moment(one.first_seen)} to {moment(one.last_seen)}"]
    rows = [
        (
            str(member.subject),
            f"{member.weight:.1f}",
            moment(member.first_seen),
            moment(member.last_seen),
            reasons(member.because),
        )
        for member in sorted(whole.members, key=lambda member: (member.first_seen, member.subject))
    ]
    lines += ["", columns((g.subject, "bits", "first seen", "last seen", "because of"), rows)]
    shared = [(f"{each.weight:.1f}", each.kind, each.members, each.everywhere, each.value) for each in whole.common]
    if shared:
        lines += ["", columns(("bits", "in common", "members", "in all", "value"), shared)]
    return "\n".join([*lines, *_history(whole)])


def reasons(because: Sequence[Reason]) -> str:
    """Return reasons as words and numbers, those of the most bits first."""
    ordered = sorted(because, key=lambda reason: -abs(reason[2]))
    return "; ".join(f"{kind} {value} ({bits:+.1f})" for kind, value, bits in ordered if bits or kind == "decision")


def _history(whole: Whole) -> Iterator[str]:
    changes = [
        (
            change.id,
            change.kind,
            str(change.source),
            str(change.target),
            moment(change.ts),
            _undone(change.undone_at),
            reasons(change.because),
        )
        for change in whole.changes
    ]
    if changes:
        yield ""
        yield columns(("change", "kind", "from", "to", "when", "undone", "because of"), changes)
    decided = [
        (one.id, one.kind, str(one.subject or one.change), str(one.other or one.group or ""), one.author, one.reason)
        for one in whole.decisions
    ]
    if decided:
        yield ""
        yield columns(("decision", "kind", "about", "and", "by", "reason"), decided)


def _number(members: int) -> str:
    return f"{members} {'member' if members == 1 else 'members'}"


def _undone(at: int | None) -> str:
    return "" if at is None else moment(at)
