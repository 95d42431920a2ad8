# SPDX-License-Identifier: MIT
"""The threat score, 0 to 100, as a sum of terms that each give a reason: the behaviour, and the verdict of others.

No clock and no float: the same facts always give the same score, so it can be stored beside the facts and explained
later. Each term covers one kind of action and gives the points of the highest step that is reached. What proves intent
(a canary used, an accepted login, commands, dropped files) weighs more than what only proves presence.
"""

import msgspec

MAX_SCORE = 100


class Facts(msgspec.Struct, frozen=True):
    """The inputs of the score: counts of one attacker."""

    logins: int = 0
    logins_accepted: int = 0
    commands: int = 0
    requests: int = 0
    files: int = 0
    scans: int = 0
    canary_hits: int = 0
    deckies: int = 0
    services: int = 0
    purposes: tuple[str, ...] = ()
    """Purposes of the attacker's tools, sorted, each once (`decnet_workers.profiler.tools`)."""


class Term(msgspec.Struct, frozen=True):
    name: str
    points: int
    reason: str


class _Steps(msgspec.Struct, frozen=True):
    """A term that grows with one count: `steps` are (at least, points), ascending."""

    name: str
    fact: str
    reason: str
    steps: tuple[tuple[int, int], ...]


STEPS = (
    _Steps("canary", "canary_hits", "used canary tokens, times", ((1, 35), (5, 40))),
    _Steps("access", "logins_accepted", "logged in, times", ((1, 20),)),
    _Steps("commands", "commands", "entered commands", ((1, 10), (10, 15), (50, 20))),
    _Steps("files", "files", "dropped files", ((1, 15), (5, 20))),
    _Steps("guessing", "logins", "logins tried", ((1, 2), (10, 6), (100, 10), (1000, 15))),
    _Steps("scans", "scans", "scanned ports, times", ((1, 4), (10, 6))),
    _Steps("requests", "requests", "sent HTTP requests", ((1, 1), (20, 4), (200, 8))),
    _Steps("spread", "deckies", "touched deckies", ((2, 4), (4, 8), (10, 12))),
    _Steps("services", "services", "touched services", ((2, 2), (4, 5))),
)

VERDICT_POINTS = {"malicious": 25, "suspicious": 10, "benign": -10}
"""Points by the worst verdict of others on the address (`decnet_models.intel`); a known survey loses some."""

TOOL_POINTS = {"exploitation": 10, "botnet": 10, "brute force": 8, "scanner": 5, "survey": 1}
"""Points by a tool's purpose; of several, the highest counts. Libraries and plain clients prove nothing."""


def terms(facts: Facts, verdict: str = "unknown") -> tuple[Term, ...]:
    """Return the terms with points, highest first, equal ones by name."""
    every = (*(_stepped(step, facts) for step in STEPS), _tools(facts), _of_verdict(verdict))
    scored = [term for term in every if term is not None]
    return tuple(sorted(scored, key=lambda term: (-term.points, term.name)))


def total(behaviour: int, verdict: str) -> int:
    """Return the whole score of an attacker whose behaviour has that of `score`."""
    return max(0, min(MAX_SCORE, behaviour + VERDICT_POINTS.get(verdict, 0)))


def score(facts: Facts) -> int:
    """Return the sum of the terms of the behaviour, at most MAX_SCORE."""
    points = _of_tools(facts)[0]
    for step in STEPS:
        if count := getattr(facts, step.fact):  # most are 0, which reaches no step
            points += _points(step, count)
    return min(MAX_SCORE, points)


def _points(step: _Steps, count: int) -> int:
    reached = 0
    for least, points in step.steps:
        if count < least:
            break
        reached = points
    return reached


def _stepped(step: _Steps, facts: Facts) -> Term | None:
    count: int = getattr(facts, step.fact)
    points = _points(step, count)
    return Term(step.name, points, f"{step.reason}: {count}") if points else None


def _tools(facts: Facts) -> Term | None:
    points, purpose = _of_tools(facts)
    return Term("tools", points, f"used a tool for: {purpose}") if points else None


def _of_verdict(verdict: str) -> Term | None:
    points = VERDICT_POINTS.get(verdict, 0)
    return Term("verdict", points, f"others call it {verdict}") if points else None


def _of_tools(facts: Facts) -> tuple[int, str]:
    return max(((TOOL_POINTS.get(purpose, 0), purpose) for purpose in facts.purposes), default=(0, ""))
