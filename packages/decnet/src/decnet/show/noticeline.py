# SPDX-License-Identifier: MIT
"""One notice on one line of a terminal."""

import msgspec

from decnet.show.times import clock
from decnet_core.events.notices import (
    AttackerObserved,
    CanaryTriggered,
    CredentialCaptured,
    Notice,
    SessionEnded,
    TechniqueTagged,
    notice_kind,
)
from decnet_core.text import for_terminal

_LIMIT = 300
_MILD = frozenset({"informational", "low"})
_OF_THE_LINE = frozenset({"ts", "attacker", "decky"})
"""Fields that have a place of their own on the line."""


def is_alert(notice: Notice) -> bool:
    """Tell whether somebody should look: not for the first sight of an address, a guessed password, a mild rule."""
    if isinstance(notice, TechniqueTagged):
        return notice.level not in _MILD
    if isinstance(notice, CredentialCaptured):
        return notice.accepted
    return not isinstance(notice, AttackerObserved | SessionEnded)


def cells(notice: Notice) -> tuple[str, str, str, str]:
    """Return time of day, attacker, decky and what it is about, each safe to show."""
    return (
        clock(notice.ts),
        for_terminal(str(getattr(notice, "attacker", None) or "-"), 45),
        for_terminal(str(getattr(notice, "decky", None) or "-"), 64),
        for_terminal(summary(notice), _LIMIT),
    )


def summary(notice: Notice) -> str:
    """Return what happened; it contains attacker input, so escape it before display."""
    if isinstance(notice, CanaryTriggered):
        return f"canary token used: {notice.label}"
    if isinstance(notice, TechniqueTagged):
        return f"{notice.technique} {notice.title}" + (f": {notice.action}" if notice.action else "")
    if isinstance(notice, CredentialCaptured):
        return f"logged in by {notice.service} as {notice.username} / {notice.password or '(key)'}"
    title = getattr(notice, "title", "")
    if title:
        return str(title)
    fields = msgspec.structs.asdict(notice).items()
    words = [f"{key}={value}" for key, value in fields if value and key not in _OF_THE_LINE]
    return " ".join([notice_kind(notice), *words])
