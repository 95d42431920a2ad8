# SPDX-License-Identifier: MIT
"""When an incident is told; pure: the caller passes the time.

The first notification waits a little, until the attacker pauses, so that it can tell the whole of a session; the more
severe, the shorter. After it, more of the same is told at growing intervals, greater severity soon, and that nobody
acknowledges a severe incident a few times. What an operator has acknowledged is told again only if it becomes more
severe; what is closed, never.
"""

import msgspec

from decnet_models.incidents.values import CLOSED, NEW, Incident
from decnet_workers.webhook.incidents.severity import CRITICAL, HIGH

LONGEST_WINDOW_NS = 86_400 * 1_000_000_000
MAX_REMINDERS = 3
MANY = 10
"""So many times the notices that were told of, and at least a hundred, are an escalation."""

OPENED, GREW, BY_SEVERITY, BY_SIZE, UNACKNOWLEDGED = "opened", "grew", "severity", "size", "unacknowledged"


class Policy(msgspec.Struct, frozen=True):
    """All in nanoseconds."""

    wait: int
    """How long after its last notice an incident below high is told first."""
    longest_wait: int
    silence: int
    """An attacker silent for so long begins a new incident."""
    window: int
    """After a notification, how long more of the same is only counted; doubles with each."""
    acknowledge: int
    """How long a severe incident may stay unacknowledged; doubles with each reminder."""

    def wait_for(self, severity: int) -> int:
        return 0 if severity >= CRITICAL else self.wait // 5 if severity >= HIGH else self.wait


def is_live(one: Incident, at: int, policy: Policy) -> bool:
    """Return whether a notice written at `at` belongs to an open incident.

    A clock that was set by more than the silence, either way, begins a new incident too.
    """
    return abs(at - one.touched_at) < policy.silence


def touched(one: Incident, policy: Policy, now: int) -> int:
    """Return when an incident is due that has got another notice."""
    if one.notified_at is None:
        return min(one.opened_at + policy.longest_wait, now + policy.wait_for(one.severity))
    soon = now + policy.wait_for(one.severity) if one.severity > one.notified_severity else _window_end(one, policy)
    return soon if one.due_at is None else min(one.due_at, soon)


def decide(one: Incident, state: str, policy: Policy, now: int) -> str | None:
    """Return what is to be told of an incident that is due, None for nothing."""
    if state == CLOSED:
        return None
    if one.notified_at is None:
        return OPENED
    if one.severity > one.notified_severity:
        return BY_SEVERITY
    return _again(one, policy, now) if state == NEW else None


def _again(one: Incident, policy: Policy, now: int) -> str | None:
    """Return what is to be told of one that is as severe as it was, and that nobody has acknowledged."""
    if _reminds(one) and now >= _reminder(one, policy):
        return UNACKNOWLEDGED
    if not one.fresh or now < _window_end(one, policy):
        return None
    return BY_SIZE if one.notices >= MANY * max(MANY, one.notified_notices) else GREW


def told(one: Incident, what: str | None, state: str, policy: Policy, now: int) -> None:
    """Record that `what` was told of the incident, and set when it is due again."""
    if what is not None:
        one.notified_at, one.notified_severity, one.notified_notices = now, one.severity, one.notices
        if what == UNACKNOWLEDGED:
            one.reminders += 1
        else:
            one.notifications += 1
    ends = [_reminder(one, policy)] if state == NEW and _reminds(one) else []
    if state == NEW and one.fresh:
        ends.append(_window_end(one, policy))
    one.due_at = min(ends, default=None) if one.notified_at is not None else None


def _window_end(one: Incident, policy: Policy) -> int:
    assert one.notified_at is not None
    doubled = policy.window << min(one.notifications - 1, 20) if one.notifications > 0 else policy.window
    return one.notified_at + min(doubled, max(policy.window, LONGEST_WINDOW_NS))


def _reminds(one: Incident) -> bool:
    return one.severity >= HIGH and one.reminders < MAX_REMINDERS


def _reminder(one: Incident, policy: Policy) -> int:
    assert one.notified_at is not None
    return one.notified_at + (policy.acknowledge << one.reminders)
